"""The names of files for a forge: those of its repository."""

from pathlib import Path

from mtls_lint.report.paths import Paths
from mtls_lint.syntax.dump import Dump, split
from mtls_lint.syntax.source import SourceFile, Span


def test_what_is_below_the_working_directory_is_relative(tmp_path: Path) -> None:
    paths = Paths(str(tmp_path))
    for name in ("nginx/a.conf", "./nginx/a.conf", "x/../nginx/a.conf", str(tmp_path / "nginx" / "a.conf")):
        assert paths.of(SourceFile(name, "")) == "nginx/a.conf"
    assert paths.of(SourceFile("../a.conf", "")) == str(tmp_path.parent / "a.conf")
    assert paths.of(SourceFile("/etc/nginx/nginx.conf", "")) == "/etc/nginx/nginx.conf"
    assert paths.of(SourceFile("-", "")) == "-"


def test_a_link_is_what_it_leads_to_unless_that_is_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "repository" / "available").mkdir(parents=True)
    (tmp_path / "repository" / "enabled").mkdir()
    (tmp_path / "repository" / "enabled" / "api").symlink_to("../available/api")
    (tmp_path / "repository" / "enabled" / "shared").symlink_to(tmp_path / "shared")
    paths = Paths(str(tmp_path / "repository"))
    assert paths.of(SourceFile("enabled/api", "")) == "available/api"
    assert paths.of(SourceFile("enabled/shared", "")) == "enabled/shared"


def test_a_mapped_file_is_the_one_that_was_read(tmp_path: Path) -> None:
    source = SourceFile("/etc/nginx/nginx.conf", "a;\nb;\n", "copy/nginx.conf")
    paths = Paths(str(tmp_path), [source])
    assert paths.place(Span(source, 3, 4)) == "copy/nginx.conf:2:1"
    assert paths.entry("/etc/nginx/nginx.conf", 2) == ("copy/nginx.conf", 2)
    assert paths.entry("elsewhere.conf", 7) == ("elsewhere.conf", 7)


def test_a_dump_has_lines_of_its_own(tmp_path: Path) -> None:
    text = (
        "nginx: the configuration file /etc/nginx/nginx.conf syntax is ok\n"
        "# configuration file /etc/nginx/nginx.conf:\n"
        "events {}\nhttp { include b.conf; }\n\n"
        "# configuration file /etc/nginx/b.conf:\n"
        "server {\n    listen 80;\n}\n\n"
    )
    dump = split(SourceFile("nginx.dump", text))
    assert isinstance(dump, Dump)
    lines = text.split("\n")
    paths = Paths(str(tmp_path), dump.files.values())
    for name, words in (("nginx.conf", "http"), ("b.conf", "listen")):
        source = dump.files[f"/etc/nginx/{name}"]
        span = Span(source, source.text.index(words), source.text.index(words) + 4)
        assert paths.of(source) == "nginx.dump"
        assert words in lines[paths.line(source, span.line) - 1]
    assert paths.entry("/etc/nginx/b.conf", 2) == ("nginx.dump", 8)
    piped = split(SourceFile("-", text))
    assert isinstance(piped, Dump)
    source = piped.files["/etc/nginx/b.conf"]
    assert (paths.of(source), paths.line(source, 2)) == ("/etc/nginx/b.conf", 2)
