"""Fragments of one directory are one configuration."""

import pytest

from mtls_lint.syntax.loader import load_each, load_text
from mtls_lint.syntax.source import SourceFile
from mtls_lint.syntax.together import together
from mtls_lint.syntax.tree import Tree

SERVER = "server { listen 443 ssl; }"


def paths(*trees: Tree, given: bool) -> list[list[str]]:
    return [[source.path for source in tree.sources] for tree in together((tree, given) for tree in trees)]


@pytest.mark.parametrize("given", [True, False])
def test_one_directory(given: bool) -> None:
    a, b = (load_text(SERVER, f"etc/conf.d/{name}.conf") for name in "ab")
    (tree,) = together([(a, given), (b, given)])
    assert [directive.source.path for directive in tree.directives] == [a.path, b.path]
    assert tree.context == ("http",)
    assert tree.is_fragment


def test_directories_of_other_names() -> None:
    a, b = (load_text(SERVER, f"examples/{name}.conf") for name in "ab")
    assert paths(a, b, given=False) == [["examples/a.conf"], ["examples/b.conf"]]
    assert paths(a, b, given=True) == [["examples/a.conf", "examples/b.conf"]]


def test_what_stays_by_itself() -> None:
    server = load_text(SERVER, "conf.d/a.conf")
    others = [
        load_text(SERVER, "sites-enabled/a.conf"),
        load_text("ssl_verify_client on;", "conf.d/snippet.conf"),
        load_text("server { proxy_pass x:1; ssl_preread on; }", "conf.d/stream.conf"),
        load_text("events {} http {}", "conf.d/main.conf"),
        *load_each(SourceFile("conf.d/a.md", f"```nginx\n{SERVER}\n```\n```nginx\n{SERVER}\n```\n")),
    ]
    assert all(len(group) == 1 for group in paths(server, *others, given=True))


def test_problems_are_kept_once() -> None:
    a, b = (load_text(f"{SERVER} include {name};", f"conf.d/{name}.conf") for name in "ab")
    (tree,) = together([(a, True), (b, True)])
    assert len(tree.problems) == 2
