"""What a path on the command line means."""

from pathlib import Path

import pytest

from mtls_lint.syntax.discovery import Input, discover
from mtls_lint.syntax.tree import Problem, ProblemKind


def found(path: Path) -> list[tuple[str, str]]:
    inputs = discover(str(path))
    assert isinstance(inputs, tuple), inputs.message
    return [(Path(item.path).relative_to(path).as_posix(), item.kind) for item in inputs]


def make(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


SERVER = "server {\n    listen 443 ssl;\n}\n"
MAIN = "events {}\nhttp {\n}\n"


def test_a_file_is_itself(tmp_path: Path) -> None:
    assert discover("-") == (Input("-", "auto", named=True),)
    assert discover(str(tmp_path / "nothing")) == (Input(str(tmp_path / "nothing"), "auto", named=True),)


def test_a_directory_is_its_main_file(tmp_path: Path) -> None:
    make(tmp_path, {"nginx.conf": MAIN, "conf.d/a.conf": SERVER, "sub/nginx.conf": MAIN})
    assert found(tmp_path) == [("nginx.conf", "main")]


def test_an_nginx_conf_that_is_a_fragment_is_not_called_a_main_file(tmp_path: Path) -> None:
    make(tmp_path, {"nginx.conf": SERVER})
    assert found(tmp_path) == [("nginx.conf", "auto")]


def test_all_main_files_below_in_order(tmp_path: Path) -> None:
    make(
        tmp_path,
        {
            "b/nginx.conf": MAIN,
            "a/z/nginx.conf": MAIN,
            "a/x.conf": SERVER,
            "node_modules/m/nginx.conf": MAIN,
            ".git/nginx.conf": MAIN,
            ".venv/nginx.conf": MAIN,
        },
    )
    assert found(tmp_path) == [("a/z/nginx.conf", "main"), ("b/nginx.conf", "main")]


def test_fragments_when_there_is_no_main_file(tmp_path: Path) -> None:
    make(
        tmp_path,
        {
            "conf.d/b.conf": SERVER,
            "conf.d/a.conf": "  ssl_verify_client on;\n",
            "conf.d/other.conf": "[section]\nkey = value\n",
            "sites-enabled/default": SERVER,
            "sites-enabled/README": "nothing\n",
            "elsewhere/default": SERVER,
            ".hidden/c.conf": SERVER,
        },
    )
    assert found(tmp_path) == [
        ("conf.d/a.conf", "fragment"),
        ("conf.d/b.conf", "fragment"),
        ("sites-enabled/default", "fragment"),
    ]


@pytest.mark.parametrize("files", [{}, {"readme.md": SERVER}, {"a.conf": "LoadModule x y\n"}])
def test_nothing_found_says_what_was_looked_for(tmp_path: Path, files: dict[str, str]) -> None:
    make(tmp_path, files)
    problem = discover(str(tmp_path))
    assert isinstance(problem, Problem)
    assert problem.kind is ProblemKind.ABSENT
    assert "sites-enabled" in problem.message
    assert problem.hint


def test_templates(tmp_path: Path) -> None:
    names = ["api.conf.j2", "b.tmpl", "c.erb", "default.conf.template", "d.epp"]
    make(tmp_path, {**dict.fromkeys(names, SERVER), "values.j2": "a: 1\n", "server.py": SERVER})
    assert found(tmp_path) == [(name, "fragment") for name in sorted(names)]
