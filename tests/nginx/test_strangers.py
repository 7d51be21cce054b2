"""Clients that write into their certificate what a configuration looks for."""

import pytest

from mtls_lint.nginx.clients import Stranger
from mtls_lint.nginx.model import build
from mtls_lint.nginx.strangers import NOBODY, strangers
from mtls_lint.syntax.loader import load_text


def tried(directives: str, before: str = "") -> list[Stranger]:
    configuration = build(load_text(f"{before} server {{ {directives} }}", "site.conf", context=("http",)))
    return list(strangers(configuration, configuration.servers[0]))


@pytest.mark.parametrize(
    ("directives", "before", "expected"),
    [
        ("", "", []),
        ("if ($ssl_client_verify = NONE) { return 403; }", "", []),
        ('if ($ssl_client_s_dn != "CN=a,O=b") { return 403; }', "", [Stranger("CN=a,O=b")]),
        ('if ($ssl_client_i_dn != "CN=ca") { return 403; }', "", [Stranger(issuer="CN=ca")]),
        (r'if ($ssl_client_s_dn !~ "^CN=a\.b$") { return 403; }', "", [Stranger("CN=a.b")]),
        ('if ($ssl_client_s_dn !~* "alice") { return 403; }', "", [Stranger("CN=alice")]),
        ('if ($ssl_client_s_dn != "/O=a/CN=b") { return 403; }', "", []),
        ('if ($ssl_client_s_dn_legacy != "/O=a/CN=b") { return 403; }', "", [Stranger("CN=b,O=a")]),
        ("if ($ssl_client_serial != 0A1B) { return 403; }", "", [Stranger(serial="0A1B")]),
        (
            "if ($ok = 0) { return 403; }",
            'map $ssl_client_s_dn $ok { "CN=x" 1; ~*^CN=y 1; }',
            [Stranger("CN=x"), Stranger("CN=y")],
        ),
        ("", 'map $ssl_client_s_dn $ok { "CN=x" 1; }', []),
        ('ssl_crl x.pem; if ($ssl_client_s_dn = "CN=a") { return 403; }', "", [Stranger("CN=a", NOBODY)]),
    ],
)
def test_names_to_try(directives: str, before: str, expected: list[Stranger]) -> None:
    first, *others = tried(directives, before)
    assert first.subject == "CN=stranger"
    assert others == expected
