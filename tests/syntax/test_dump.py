"""What ``nginx -T`` prints, split into the files it holds: by real nginx's own output."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mtls_lint.syntax.dump import Dump, is_dump, split
from mtls_lint.syntax.loader import load_text
from mtls_lint.syntax.source import SourceFile
from mtls_lint.syntax.tree import Problem, ProblemKind
from mtls_lint.testing.nginx import NginxBinary


def dump_of(nginx: NginxBinary, directory: Path) -> str | None:
    """What ``nginx -T`` prints for ``directory/nginx.conf``; None when it refuses it."""
    command = [str(nginx.path), "-T", "-p", str(directory), "-c", f"{directory}/nginx.conf"]
    done = subprocess.run(command, capture_output=True, check=False, timeout=30)
    return done.stdout.decode("utf-8", "surrogateescape") if done.returncode == 0 else None


def dumped(nginx: NginxBinary, directory: Path) -> str:
    text = dump_of(nginx, directory)
    assert text is not None
    return text


def write(directory: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8", "surrogateescape"))


def texts(dump: Dump | Problem) -> dict[str, str]:
    assert isinstance(dump, Dump)
    return {name: source.text for name, source in dump.files.items()}


MAIN = "pid nginx.pid; error_log stderr;\nevents {}\n"


def test_files_are_those_that_nginx_read(nginx: NginxBinary, tmp_path: Path) -> None:
    files = {
        "nginx.conf": f"{MAIN}http {{\n include conf.d/*.conf; include ./x.inc; include {tmp_path}/x.inc; }}",
        "conf.d/b.conf": "server { listen 127.0.0.1:1;\n}",
        "conf.d/a.conf": "map $uri $x {\r\n include rows; }\r\n",
        "rows": "a b;\n~^x c;\n\n\n",
        "x.inc": "\n",
    }
    write(tmp_path, files)
    found = texts(split(SourceFile("-", dumped(nginx, tmp_path))))
    assert found == {
        f"{tmp_path}/{name}": files[name.removeprefix("./")]
        for name in ("nginx.conf", "conf.d/a.conf", "rows", "conf.d/b.conf", "./x.inc", "x.inc")
    }


def test_lines_that_only_look_like_a_beginning(nginx: NginxBinary, tmp_path: Path) -> None:
    mark = f"# configuration file {tmp_path}/a.conf:"
    files = {
        "nginx.conf": f"{MAIN}# configuration file /etc/passwd:\n"
        f"http {{\n{mark}\nserver {{ listen 127.0.0.1:1; return 200 '\n{mark}\n'; }}\n"
        f" include\n{mark}\n a.conf; }}\n",
        "a.conf": f"\n map $uri\n{mark}\n$y {{ x y; }} {mark}\n",
    }
    write(tmp_path, files)
    found = texts(split(SourceFile("-", dumped(nginx, tmp_path))))
    assert found == {f"{tmp_path}/{name}": text for name, text in files.items()}


def test_what_cannot_be_told_is_said(nginx: NginxBinary, tmp_path: Path) -> None:
    mark = f"# configuration file {tmp_path}/b.conf:"
    files = {"nginx.conf": f"{MAIN}http {{ include ?.conf; }}", "a.conf": f"{mark}\n", "b.conf": ""}
    write(tmp_path, files)
    tree = load_text(SourceFile("-", dumped(nginx, tmp_path)))
    (problem,) = tree.problems
    assert problem.kind is ProblemKind.UNREADABLE
    assert "for the second time" in problem.message
    assert problem.span is not None
    assert problem.span.text == mark


def test_the_words_of_nginx_around_it(nginx: NginxBinary, tmp_path: Path) -> None:
    write(tmp_path, {"nginx.conf": MAIN + "# end"})
    text = dumped(nginx, tmp_path)
    said = (
        f"nginx: the configuration file {tmp_path}/nginx.conf syntax is ok\n"
        f"nginx: configuration file {tmp_path}/nginx.conf test is successful\n"
    )
    for whole in (said + text, text + said, "nginx: [warn] x\n" + text):
        assert texts(split(SourceFile("-", whole))) == {f"{tmp_path}/nginx.conf": MAIN + "# end"}


def test_the_tree_is_that_of_the_files(nginx: NginxBinary, tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "nginx.conf": MAIN + "http {\n include conf.d/*;\n}\n",
            "conf.d/a": "server {\n listen 127.0.0.1:1;\n}\n",
            "conf.d/.hidden": "broken",
        },
    )
    tree = load_text(SourceFile("dump.txt", dumped(nginx, tmp_path)))
    assert not tree.problems
    assert tree.from_dump
    assert (tree.path, tree.main_directory) == (f"{tmp_path}/nginx.conf", str(tmp_path))
    (listen,) = (directive for directive in tree.walk() if directive.name == "listen")
    assert str(listen.span) == f"{tmp_path}/conf.d/a:2:2"
    assert listen.source.real_path == "dump.txt"


def test_a_dump_that_was_cut_off(nginx: NginxBinary, tmp_path: Path) -> None:
    rows = {name: f"map $uri ${name} {{ x y; }}\n" for name in "ab"}
    write(tmp_path, {"nginx.conf": MAIN + "http {\n include a; include b;\n}\n", **rows})
    text = dumped(nginx, tmp_path)
    tree = load_text(SourceFile("-", text[: text.index(" $a {") + 6]))
    assert [problem.path for problem in tree.problems] == [f"{tmp_path}/a", f"{tmp_path}/b"]
    assert "is not in the dump" in tree.problems[1].message


@pytest.mark.parametrize(
    "text", ["", "# configuration file nginx.conf:\n", "events {}\n# configuration file /x:\n"]
)
def test_what_is_no_dump(text: str) -> None:
    assert not is_dump(text)


PIECES = st.sampled_from(
    [
        "MARK",
        " MARK",
        "set $x 'MARK';",
        "server { listen 127.0.0.1:1; }",
        "map $uri $VAR {",
        "}",
        '"',
        "'",
        "a b;",
        "# {",
        "\\",
        "\r",
        "\n",
        "x",
        ";",
        "  ",
    ]
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)
@given(pieces=st.lists(PIECES, max_size=14), second=st.lists(PIECES, max_size=8), named=st.booleans())
def test_any_files(
    pieces: list[str], second: list[str], named: bool, nginx: NginxBinary, tmp_path: Path
) -> None:
    """Whatever nginx takes comes back as it was, or is called ambiguous because it is."""
    mark = f"\n# configuration file {tmp_path}/{'b.inc' if named else 'other.inc'}:\n"

    def text(pieces: list[str]) -> str:
        return "".join(piece.replace("MARK", mark).replace("VAR", f"v{n}") for n, piece in enumerate(pieces))

    files = {
        "nginx.conf": f"{MAIN}http {{ include a.inc; include ?.inc; }}",
        "a.inc": text(pieces),
        "b.inc": text(second),
    }
    write(tmp_path, files)
    dumped = dump_of(nginx, tmp_path)
    if dumped is None:
        return
    dump = split(SourceFile("-", dumped))
    if isinstance(dump, Problem):
        assert named
        assert "for the second time" in dump.message
    else:
        assert texts(dump) == {f"{tmp_path}/{name}": text for name, text in files.items()}
