"""Includes: where they lead, where they stand, and what is said when they lead nowhere."""

import gc
import os
import time
from pathlib import Path
from typing import ClassVar

import pytest

from mtls_lint.nginx.model import build
from mtls_lint.syntax import loader
from mtls_lint.syntax.input_files import Disk
from mtls_lint.syntax.loader import load, load_text
from mtls_lint.syntax.nginx_glob import Matches
from mtls_lint.syntax.source import SourceFile
from mtls_lint.syntax.tree import Directive, Problem, ProblemKind, Tree

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus"


def make(root: Path, files: dict[str, str]) -> str:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return str(root / "nginx.conf")


def names(tree: Tree) -> list[str]:
    return [directive.text for directive in tree.walk()]


def only_problem(tree: Tree) -> Problem:
    (problem,) = tree.problems
    assert problem.hint
    return problem


def include_of(tree: Tree) -> Directive:
    return next(d for d in tree.walk() if d.name == "include")


def test_included_directives_stand_behind_their_include(tmp_path: Path) -> None:
    tree = load(
        make(
            tmp_path,
            {
                "nginx.conf": "events {}\nhttp { a 1; include conf.d/*.conf; z 1; }",
                "conf.d/b.conf": "server { include sub/x; }",
                "conf.d/a.conf": "b 1;",
                "conf.d/.h.conf": "hidden 1;",
                # Relative to the main file's directory, not to the including file's.
                "sub/x": "c 1;",
            },
        )
    )
    assert not tree.problems
    assert names(tree) == [
        "events", "http", "a 1", "include conf.d/*.conf", "b 1", "server", "include sub/x", "c 1", "z 1",
    ]  # fmt: skip
    assert tree.context == ("main",)
    assert tree.main_directory == str(tmp_path)
    assert [Path(source.path).name for source in tree.sources] == ["nginx.conf", "a.conf", "b.conf", "x"]
    inner = next(d for d in tree.walk() if d.text == "c 1")
    assert [include.text for include in inner.includes] == ["include conf.d/*.conf", "include sub/x"]
    assert inner.parent is not None
    assert inner.parent.name == "server"
    assert inner in inner.parent.children
    assert str(inner.span) == f"{tmp_path}/sub/x:1:1"


def test_a_file_included_twice_is_read_once_and_spliced_twice(tmp_path: Path) -> None:
    files = {"nginx.conf": "events {} http { server { include s; } server { include s; } }", "s": "x { y; }"}
    tree = load(make(tmp_path, files))
    first, second = (d for d in tree.walk() if d.name == "x")
    assert first is not second
    assert first.parent is not second.parent
    assert first.includes != second.includes
    assert first.source is second.source
    assert all(child.parent is x for x in (first, second) for child in x.children)
    assert len(tree.sources) == 2


def test_blocks_of_one_kind_share_the_simple_directives_of_an_included_file(tmp_path: Path) -> None:
    files = {
        "nginx.conf": "events {} stream { server { include s; } }"
        " http { server { include s; } server { include s; location / { include s; } } }",
        "s": "a 1; include t;",
        "t": "b 2;",
    }
    tree = load(make(tmp_path, files))
    for text in ("a 1", "b 2"):
        stream, first, second, location = (d for d in tree.walk() if d.text == text)
        assert first is second
        assert first.parent is [d for d in tree.walk() if d.name == "server"][1]
        assert [d.parent is not None and d.parent.name for d in (location, stream)] == ["location", "server"]
        assert len({id(d) for d in (first, location, stream)}) == 3
    assert len({id(d) for d in tree.walk() if d.text == "include t"}) == 4
    assert [d.text for d in build(tree).directives["a"]] == ["a 1"] * 3


def test_what_one_block_includes_twice_are_two_directives(tmp_path: Path) -> None:
    files = {"nginx.conf": "events {} http { server { include s; include s; } }", "s": "root /a;"}
    tree = load(make(tmp_path, files))
    first, second = (d for d in tree.walk() if d.name == "root")
    assert first is not second
    (refused,) = build(tree).refusals.found
    assert (refused.kind, refused.directive, refused.earlier) == ("duplicate", second, first)


def test_rows_are_included_into_blocks_of_rows(tmp_path: Path) -> None:
    files = {
        "nginx.conf": "events {} http { map $a $b { include rows; } split_clients $a $c { include x; } }",
        "rows": "~x 1;\ninclude more;",
        "more": "y 2;",
    }
    tree = load(make(tmp_path, files))
    assert not tree.problems
    assert "y 2" in names(tree)


def test_a_variable_in_an_include_is_text(tmp_path: Path) -> None:
    files = {"nginx.conf": "events {} include $x.conf;", "$x.conf": "user a;"}
    assert names(load(make(tmp_path, files))) == ["events", "include $x.conf", "user a"]


def test_a_directory_whose_name_looks_like_a_pattern(tmp_path: Path) -> None:
    files = {"nginx.conf": "events {} include a.conf; include *.inc;", "a.conf": "user a;", "b.inc": "pid b;"}
    tree = load(make(tmp_path / "x[1]*", files))
    assert names(tree) == ["events", "include a.conf", "user a", "include *.inc", "pid b"]


@pytest.mark.parametrize(
    "spelling", ["nginx.conf", "./nginx.conf", "link.conf", "*.conf", "via/../nginx.conf"]
)
def test_a_loop_is_refused_where_it_closes(tmp_path: Path, spelling: str) -> None:
    (tmp_path / "link.conf").symlink_to("nginx.conf")
    (tmp_path / "via").mkdir()
    tree = load(make(tmp_path, {"nginx.conf": f"events {{}}\ninclude {spelling};"}))
    assert {problem.kind for problem in tree.problems} == {ProblemKind.REFUSED}
    assert " -> " in tree.problems[0].message
    assert include_of(tree).problem is tree.problems[0]
    assert tree.problems[0].span == include_of(tree).arg_span(0)


def test_a_loop_over_several_files_names_them(tmp_path: Path) -> None:
    tree = load(make(tmp_path, {"nginx.conf": "events {} include a;", "a": "include b;", "b": "include a;"}))
    problem = only_problem(tree)
    assert f"{tmp_path}/a -> {tmp_path}/b -> {tmp_path}/a" in problem.message
    assert problem.place == f"{tmp_path}/b:1:9"


def test_includes_that_multiply_come_to_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "MAX_INCLUSIONS", 2_000)
    files = {f"f{level}": f"include f{level + 1};\n" * 10 for level in range(12)}
    begun = time.process_time()
    tree = load(make(tmp_path, {**files, "f12": "a 1;", "nginx.conf": "events {} include f0;"}))
    assert only_problem(tree).kind is ProblemKind.UNREADABLE
    assert "multiply" in only_problem(tree).message
    assert time.process_time() - begun < 10


def test_directives_that_multiply_come_to_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "MAX_SPLICED", 500)
    files = {"nginx.conf": "events {}" + "include f;" * 9, "f": "a 1;" * 100}
    tree = load(make(tmp_path, files))
    assert names(tree).count("a 1") == 500
    assert [d.problem is not None for d in tree.directives if d.name == "include"] == [False] * 5 + [True] * 4
    assert only_problem(tree).kind is ProblemKind.UNREADABLE


def test_a_long_chain_and_deep_blocks_come_to_an_end(tmp_path: Path) -> None:
    files = {f"f{level}": f"include f{level + 1};" for level in range(500)}
    tree = load(make(tmp_path, {**files, "nginx.conf": "events {} include f0;"}))
    assert "chain" in only_problem(tree).message
    deep = {"nginx.conf": "events {}" + "a {" * 150 + "include d;" + "}" * 150, "d": "b {" * 150 + "}" * 150}
    assert "deeper" in only_problem(load(make(tmp_path, deep))).message


def test_2000_levels_are_a_problem_with_a_place(tmp_path: Path) -> None:
    problem = only_problem(load(make(tmp_path, {"nginx.conf": "a {\n" * 2000 + "}" * 2000})))
    assert problem.kind is ProblemKind.UNREADABLE
    assert problem.span is not None


def test_a_line_of_a_megabyte(tmp_path: Path) -> None:
    tree = load(make(tmp_path, {"nginx.conf": "events {} " + "server_name a b;" * 65_536}))
    assert not tree.problems
    assert len(tree.directives) == 65_537


def test_a_missing_file_is_named_at_the_include(tmp_path: Path) -> None:
    tree = load(make(tmp_path, {"nginx.conf": "events {}\nhttp {\n  include tls/x.conf;\n  a 1;\n}"}))
    problem = only_problem(tree)
    assert problem.kind is ProblemKind.ABSENT
    assert problem.path == f"{tmp_path}/tls/x.conf"
    assert problem.place == f"{tmp_path}/nginx.conf:3:11"
    assert "nginx: open()" in problem.message
    assert not problem.harmless
    assert include_of(tree).problem is problem
    assert names(tree)[-1] == "a 1"


@pytest.mark.parametrize(
    ("name", "harmless"),
    [
        ("mime.types", True),
        ("/etc/nginx-is-not-here/fastcgi_params", True),
        ("/etc/nginx-is-not-here/modules-enabled/*.conf", True),
        ("/etc/nginx-is-not-here/options-ssl-nginx.conf", False),
        ("/etc/nginx-is-not-here/conf.d/*.conf", False),
    ],
)
def test_files_of_the_distribution_are_harmless(tmp_path: Path, name: str, harmless: bool) -> None:
    tree = load(make(tmp_path, {"nginx.conf": f"events {{}} http {{ include {name}; }}"}))
    assert only_problem(tree).kind is ProblemKind.ABSENT
    assert only_problem(tree).harmless is harmless


def test_a_pattern_without_match(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert not load(make(tmp_path, {"nginx.conf": "events {} include empty/*.conf;"})).problems
    problem = only_problem(load(make(tmp_path, {"nginx.conf": "events {} include none/*.conf;"})))
    assert problem.kind is ProblemKind.ABSENT
    assert "does not exist" in problem.message


def test_what_a_pattern_should_not_meet(tmp_path: Path) -> None:
    path = make(tmp_path, {"nginx.conf": "events {} include d/*;", "d/c": "user a;"})
    (tmp_path / "d" / "a").mkdir()
    (tmp_path / "d" / "b").symlink_to("nowhere")
    os.mkfifo(tmp_path / "d" / "f")
    tree = load(path)
    assert [problem.kind for problem in tree.problems] == [
        ProblemKind.REFUSED,
        ProblemKind.ABSENT,
        ProblemKind.UNREADABLE,
    ]
    assert "user a" in names(tree)


def test_a_directory_that_may_not_be_listed_is_said(tmp_path: Path) -> None:
    class Locked(Disk):
        def glob(self, pattern: str) -> Matches:
            return Matches((), unreadable=(os.path.dirname(pattern),))

    tree = load(make(tmp_path, {"nginx.conf": "events {} include d/*;"}), files=Locked())
    assert only_problem(tree).kind is ProblemKind.UNREADABLE
    assert "silently includes nothing" in only_problem(tree).message


def test_a_syntax_problem_in_an_included_file_is_shown_there_once(tmp_path: Path) -> None:
    files = {"nginx.conf": "events {} http { include b; } include b; include b;", "b": "a {\n 1\n}\n"}
    tree = load(make(tmp_path, files))
    problem = only_problem(tree)
    assert problem.kind is ProblemKind.SYNTAX
    assert problem.place == f"{tmp_path}/b:3:1"
    assert all(d.problem is problem for d in tree.walk() if d.name == "include")


def test_a_problem_in_the_main_file_leaves_an_empty_tree(tmp_path: Path) -> None:
    tree = load(make(tmp_path, {"nginx.conf": "events {"}))
    assert tree.directives == ()
    assert only_problem(tree).kind is ProblemKind.SYNTAX
    assert [source.path for source in tree.sources] == [tree.path]


def test_files_that_are_not_there_or_no_text(tmp_path: Path) -> None:
    assert only_problem(load(str(tmp_path / "no.conf"))).kind is ProblemKind.ABSENT
    assert only_problem(load(str(tmp_path))).kind is ProblemKind.REFUSED
    (tmp_path / "elf").write_bytes(b"\x7fELF\0\1\2\0")
    assert "binary" in only_problem(load(str(tmp_path / "elf"))).message
    (tmp_path / "utf16").write_bytes("events {}\nhttp {}\n".encode("utf-16"))
    assert "UTF-16" in only_problem(load(str(tmp_path / "utf16"))).message


def test_nul_bytes_alone_are_no_problem(tmp_path: Path) -> None:
    tree = load(make(tmp_path, {"nginx.conf": "events {} user 'a\0b';"}))
    assert not tree.problems


def test_an_empty_file_is_a_valid_tree(tmp_path: Path) -> None:
    tree = load(make(tmp_path, {"nginx.conf": ""}))
    assert (tree.directives, tree.problems, tree.context) == ((), (), ("main",))


def test_a_fragment_belongs_to_the_main_file_above(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(
        tmp_path,
        {"nginx.conf": "", "snippets/s": "root /x;", "conf.d/more/a.conf": "server { include snippets/s; }"},
    )
    tree = load(f"{tmp_path}/conf.d/more/a.conf")
    assert (tree.context, tree.is_fragment, tree.problems) == (("http",), True, ())
    assert tree.main_directory == str(tmp_path)
    monkeypatch.chdir(tmp_path / "conf.d")
    tree = load("more/a.conf")
    assert tree.main_directory == ".."
    assert [source.path for source in tree.sources] == ["more/a.conf", "../snippets/s"]
    monkeypatch.chdir(tmp_path / "conf.d" / "more")
    assert load("a.conf").main_directory == "../.."


def test_a_fragment_without_main_file_resolves_beside_itself(tmp_path: Path) -> None:
    make(tmp_path, {"d/a.conf": "server { include s; }", "d/s": "root /x;"})
    tree = load(f"{tmp_path}/d/a.conf")
    assert tree.main_directory == f"{tmp_path}/d"
    assert not tree.problems


def test_what_is_given_is_not_inferred(tmp_path: Path) -> None:
    make(tmp_path, {"a.conf": "server { include s; }", "m/s": "root /x;"})
    tree = load(f"{tmp_path}/a.conf", context=("stream",), main_directory=f"{tmp_path}/m", display="shown")
    assert (tree.context, tree.path, tree.problems) == (("stream",), "shown", ())
    assert tree.directives[0].span.path == "shown"


def test_a_comment_gives_the_context() -> None:
    assert load_text("# mtls-lint: context=http,server,location\nroot /x;").context[-1] == "location"


def test_a_text_from_elsewhere(tmp_path: Path) -> None:
    make(tmp_path, {"s": "root /x;"})
    assert load_text("server { listen 80; }").directives[0].span.path == "-"
    tree = load_text("server { include s; }", "stdin", main_directory=str(tmp_path))
    assert not tree.problems
    source = SourceFile("shown", "server { include s; }", f"{tmp_path}/real.conf")
    tree = load_text(source)
    assert (tree.path, tree.problems) == ("shown", ())


def test_files_can_come_from_elsewhere() -> None:
    class Dump:
        texts: ClassVar = {"/etc/nginx/a": "x 1;", "/etc/nginx/b": "y 1;"}

        def read(self, path: str, display: str) -> SourceFile | Problem:
            return SourceFile(display, self.texts[path])

        def glob(self, pattern: str) -> Matches:
            assert pattern == "/etc/nginx/*"
            return Matches(tuple(self.texts))

        def identity(self, path: str) -> object:
            return path

    tree = load_text("events {} include *;", "/etc/nginx/nginx.conf", files=Dump())
    assert names(tree) == ["events", "include *", "x 1", "y 1"]


def test_the_collector_runs_again() -> None:
    load_text("events {} include a")
    assert gc.isenabled()


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not part of the repository")
def test_every_file_of_the_corpus_gives_a_tree() -> None:
    for path in sorted(CORPUS.rglob("*")):
        if path.is_file():
            tree = load(str(path))
            assert tree.directives or tree.problems or not path.read_text().strip()
