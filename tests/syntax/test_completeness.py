"""What stands in the text is in the tree, or it is said."""

import pytest

from mtls_lint.syntax.completeness import lost
from mtls_lint.syntax.loader import load_text
from mtls_lint.syntax.source import SourceFile
from mtls_lint.syntax.tree import ProblemKind

TEXT = """server {
    ssl_verify_client on; ssl_verify_depth 2;
    # ssl_crl x;
    return 200 "
    ssl_client_certificate x;
    ";
    content_by_lua_block {
        ssl_trusted_certificate = "}"
    }
    location / {proxy_ssl_verify on;}
}
"""


def test_nothing_is_lost() -> None:
    assert load_text(TEXT).problems == ()


@pytest.mark.parametrize("name", ["ssl_verify_client", "ssl_verify_depth", "proxy_ssl_verify"])
def test_what_is_lost_is_said(name: str) -> None:
    tree = load_text(SourceFile("x.conf", TEXT))
    (problem,) = lost(tree.sources, [one for one in tree.walk() if one.name != name])
    assert problem.kind is ProblemKind.UNREADABLE
    assert problem.span is not None
    assert problem.span.text == name
    assert "not fully read" in problem.message
