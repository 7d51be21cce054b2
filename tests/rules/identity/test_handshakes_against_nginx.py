"""What nginx accepts and then cannot use: pairs of unlike kinds, and the order of the chain."""

from pathlib import Path

import pytest

from mtls_lint.testing import NginxBinary, lint_text, request
from mtls_lint.testing.catalogue import authority, content

TEXT = """\
events {{}}
http {{
    server {{
        listen 127.0.0.1:PORT_web ssl;
        {directives}
        return 200;
    }}
}}
"""
RULES = ("cert-chain-wrong-order", "cert-key-mismatch")


def pair(certificate: str, key: str) -> str:
    return f"ssl_certificate {certificate}; ssl_certificate_key {key};"


@pytest.mark.parametrize(
    ("directives", "works", "said"),
    [
        (pair("server.pem", "server.key"), True, []),
        (pair("server.pem", "rsa.key"), False, ["cert-key-mismatch error"]),
        (pair("server.pem", "rsa.key") + pair("rsa.pem", "server.key"), True, []),
        (
            pair("server.pem", "rsa.key") + pair("rsa.pem", "rsa.key"),
            True,
            ["cert-key-mismatch warning"],
        ),
        (
            pair("server.pem", "server.key") + pair("wildcard.pem", "rsa.key"),
            False,
            ["cert-key-mismatch error"],
        ),
        (pair("wildcard.pem", "rsa.key") + pair("server.pem", "server.key"), True, []),
        (pair("mixed.pem", "mixed.key"), False, ["cert-chain-wrong-order error"]),
    ],
)
def test_handshakes_and_findings_agree(
    directives: str, works: bool, said: list[str], nginx: NginxBinary, tmp_path: Path
) -> None:
    leaf = authority("rsa-root").server("www.example.com")
    files = {
        name: content(name) for name in ("server.pem", "server.key", "rsa.pem", "rsa.key", "wildcard.pem")
    }
    files |= {"mixed.pem": authority("rsa-root").pem + leaf.pem, "mixed.key": leaf.key_pem()}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    text = TEXT.format(directives=directives)
    report = lint_text(
        text.replace("PORT_web", "443"), rules=RULES, version=nginx.version, directory=tmp_path
    )
    assert [f"{f.rule} {f.severity.value}" for f in report.findings] == said
    assert not any(f.finding.fatal for f in report.findings)
    with nginx.run(text, tmp_path) as server:
        reply = request(server.ports["web"])
    assert (reply.status == 200) is works, reply
