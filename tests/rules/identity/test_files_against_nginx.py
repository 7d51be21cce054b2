"""Every file of the catalogue as certificate and as key: nginx refuses it exactly where the rules say so."""

from pathlib import Path

import pytest

from mtls_lint.testing import NginxBinary, catalogue, lint_text, request, with_material

TEXT = """\
events {{}}
http {{
    server {{
        listen 127.0.0.1:12345 ssl;
        server_name api.example.com;
        {directives}
    }}
}}
"""
RULES = (
    "cert-chain-wrong-order",
    "cert-key-mismatch",
    "cert-weak-key",
    "cert-weak-signature",
    "certificate-file-missing",
    "certificate-file-unusable",
    "certificate-without-key",
    "key-encrypted-without-password",
    "key-file-missing",
    "key-file-unusable",
)
LEVELS = ("", "ssl_ciphers HIGH:@SECLEVEL=1;", "ssl_ciphers HIGH:@SECLEVEL=0;")
WEAK = ("weak-rsa", "sha1")


def disagreements(nginx: NginxBinary, candidates: list[str], directory: Path) -> list[str]:
    wrong = []
    for directives in candidates:
        text = with_material(TEXT.format(directives=directives))
        report = lint_text(text, rules=RULES, version=nginx.version)
        fatal = [found.finding.message for found in report.findings if found.finding.fatal]
        result = nginx.check(text, directory)
        if result.accepted == bool(fatal):
            wrong.append(f"{directives} {fatal} {result.output}")
    return wrong


def pair(certificate: str, key: str) -> str:
    return f"ssl_certificate /pki/{certificate}; ssl_certificate_key /pki/{key};"


def test_every_file_as_certificate(nginx: NginxBinary, tmp_path: Path) -> None:
    names = set(catalogue.names())
    candidates = []
    for name in (*names, "no-such.pem"):
        own = f"{name.partition('.')[0]}.key"
        stem = (
            "server-chain"
            if name.startswith(("server-chain", "server-leaf", "server-with-root"))
            else "server"
        )
        candidates.append(pair(name, own if own in names else f"{stem}.key"))
    assert disagreements(nginx, candidates, tmp_path) == []


def test_every_file_as_key(nginx: NginxBinary, tmp_path: Path) -> None:
    candidates = [pair("server.pem", name) for name in (*catalogue.names(), "no-such.key")]
    assert disagreements(nginx, candidates, tmp_path) == []


def test_weak_certificates_at_every_level(nginx: NginxBinary, tmp_path: Path) -> None:
    candidates = [f"{pair(f'{name}.pem', f'{name}.key')} {level}" for name in WEAK for level in LEVELS]
    assert disagreements(nginx, candidates, tmp_path) == []


def test_passwords(nginx: NginxBinary, tmp_path: Path) -> None:
    files = ("passwords.txt", "wrong-passwords.txt", "empty.pem", "no-such.txt")
    keys = ("encrypted.key", "encrypted-legacy.key", "server.key")
    candidates = [pair("server.pem", key) for key in keys]
    candidates += [
        f"{pair('server.pem', key)} ssl_password_file /pki/{file};" for key in keys for file in files
    ]
    assert disagreements(nginx, candidates, tmp_path) == []


def test_several_pairs(nginx: NginxBinary, tmp_path: Path) -> None:
    candidates = [
        pair("server.pem", "server.key") + pair("rsa.pem", "rsa.key"),
        pair("server.pem", "rsa.key") + pair("rsa.pem", "server.key"),
        pair("server.pem", "server.key") + pair("wildcard.pem", "wildcard.key"),
        pair("server.pem", "wildcard.key") + pair("wildcard.pem", "server.key"),
        pair("server.pem", "server.key") + "ssl_certificate /pki/rsa.pem;",
    ]
    assert disagreements(nginx, candidates, tmp_path) == []


LATE = [
    ("certificate-file-missing", pair("no-such.pem", "server.key")),
    ("certificate-file-unusable", pair("garbage.pem", "server.key")),
    ("key-file-missing", pair("server.pem", "no-such.key")),
    ("key-file-unusable", pair("server.pem", "empty.pem")),
    ("key-encrypted-without-password", pair("server.pem", "encrypted.key")),
    (
        "key-encrypted-without-password",
        f"{pair('server.pem', 'encrypted.key')} ssl_password_file /pki/wrong-passwords.txt;",
    ),
    ("cert-key-mismatch", pair("server.pem", "wildcard.key")),
    ("cert-chain-wrong-order", pair("server-chain-reversed.pem", "server-chain.key")),
    ("cert-weak-key", pair("weak-rsa.pem", "weak-rsa.key")),
]


@pytest.mark.parametrize(("rule", "directives"), LATE)
def test_beside_a_variable_nothing_is_opened_before_the_handshake(
    rule: str, directives: str, nginx: NginxBinary, tmp_path: Path
) -> None:
    text = beside_a_variable(directives, tmp_path)
    report = lint_text(text.replace("PORT_web", "443"), rules=[rule], version=nginx.version)
    (found,) = report.findings
    assert not found.finding.fatal
    assert "every handshake with server api.example.com:443 fails" in found.finding.message
    with nginx.run(text, tmp_path) as server:
        assert request(server.ports["web"], sni="rsa").error == "TLSV1_ALERT_INTERNAL_ERROR"


def test_a_sound_pair_beside_a_variable_is_no_hindrance(nginx: NginxBinary, tmp_path: Path) -> None:
    with nginx.run(beside_a_variable(pair("server.pem", "server.key"), tmp_path), tmp_path) as server:
        assert request(server.ports["web"], sni="rsa").status == 200
        assert request(server.ports["web"], sni="absent").error == "TLSV1_ALERT_INTERNAL_ERROR"


def beside_a_variable(directives: str, directory: Path) -> str:
    """A server with a second pair, whose path holds the SNI; there are files for ``rsa``."""
    catalogue.materialise(directory, ["rsa.pem", "rsa.key"])
    late = pair("$ssl_server_name.pem", "$ssl_server_name.key").replace("/pki", str(directory))
    text = with_material(TEXT.format(directives=f"return 200; {directives}"))
    return text.replace("return 200;", f"return 200; {late}").replace("12345", "PORT_web")
