from collections.abc import Iterable, Iterator

import pytest

from mtls_lint.nginx.contexts import context_inside, top_context
from mtls_lint.syntax.loader import load_text
from mtls_lint.syntax.tree import Directive

TEXT = """\
a1;
events { a2; }
http {
    a3;
    map $x $y { default a; }
    upstream u { a4; }
    server {
        a5;
        if ($x) { a6; if ($y) { a7; } }
        location / {
            a8;
            if ($x) { a9; }
            limit_except GET { a10; }
            location /x { a11; }
            lua_block { unknown1; }
        }
    }
    location /wrong { unknown2; }
}
stream { b1; server { b2; } upstream u { b3; } }
mail { c1; server { c2; } }
"""

EXPECTED = {
    "a1": "main",
    "a2": "events",
    "a3": "http",
    "a4": "upstream",
    "a5": "server",
    "a6": "server if",
    "a7": "server if",
    "a8": "location",
    "a9": "location if",
    "a10": "limit_except",
    "a11": "location",
    "b1": "stream",
    "b2": "stream server",
    "b3": "stream upstream",
    "c1": "mail",
    "c2": "mail server",
    "unknown1": None,
    "unknown2": None,
    "default": None,
}


def contexts(directives: Iterable[Directive], context: str | None) -> Iterator[tuple[str, str | None]]:
    """Every directive's name with its context, the blocks inside with theirs."""
    for directive in directives:
        yield str(directive.name), context
        if directive.block:
            inside = context_inside(context, directive.name) if context is not None else None
            yield from contexts(directive.block, inside)


def test_every_context_of_a_configuration() -> None:
    tree = load_text(TEXT, context=("main",))
    found = dict(contexts(tree.directives, top_context(tree.context)))
    assert {name: found[name] for name in EXPECTED} == EXPECTED


@pytest.mark.parametrize(
    ("context", "word"),
    [
        (("main",), "main"),
        (("http",), "http"),
        (("http", "server"), "server"),
        (("http", "server", "location"), "location"),
        (("http", "server", "if"), "server if"),
        (("http", "server", "location", "if"), "location if"),
        (("http", "upstream"), "upstream"),
        (("stream", "server"), "stream server"),
        (("mail",), "mail"),
        (("nonsense",), None),
        (("http", "nonsense", "server"), None),
    ],
)
def test_the_top_of_a_fragment(context: tuple[str, ...], word: str | None) -> None:
    assert top_context(context) == word


def test_a_block_in_the_wrong_place_has_no_context() -> None:
    assert context_inside("limit_except", "if") is None
    assert context_inside("main", "server") is None
