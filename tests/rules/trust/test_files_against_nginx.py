"""Every file of the catalogue as a CA file: nginx refuses it exactly where the rules say so."""

from pathlib import Path

import pytest

from mtls_lint.testing import NginxBinary, catalogue, lint_text, with_material

TEXT = """\
events {{}}
http {{
    server {{
        listen 127.0.0.1:12345 ssl;
        server_name api.example.com;
        ssl_certificate     /pki/server.pem;
        ssl_certificate_key /pki/server.key;
        {directive}
        ssl_verify_client   {mode};
    }}
}}
"""
RULES = ("ca-file-missing", "ca-file-unusable")
ODD = ("crl.pem", "trusted.pem", "key-only.pem", "empty.pem", "ca-with-crl.pem", "broken.pem", "ca.der")


def disagreements(nginx: NginxBinary, directives: list[str], mode: str, directory: Path) -> list[str]:
    wrong = []
    for directive in directives:
        text = with_material(TEXT.format(directive=directive, mode=mode))
        report = lint_text(text, rules=RULES, version=nginx.version)
        assert all(found.finding.fatal for found in report.findings)
        result = nginx.check(text, directory)
        if result.accepted == bool(report.findings):
            wrong.append(f"{directive} {[f.finding.message for f in report.findings]} {result.output}")
    return wrong


def test_every_file_as_client_ca(nginx: NginxBinary, tmp_path: Path) -> None:
    directives = [f"ssl_client_certificate /pki/{name};" for name in (*catalogue.names(), "no-such.pem")]
    assert disagreements(nginx, directives, "on", tmp_path) == []


@pytest.mark.parametrize("mode", ["off", "optional_no_ca"])
def test_odd_files_as_trusted_ca(nginx: NginxBinary, mode: str, tmp_path: Path) -> None:
    directives = [f"ssl_trusted_certificate /pki/{name};" for name in (*ODD, "no-such.pem")]
    assert disagreements(nginx, directives, mode, tmp_path) == []


def test_a_directory(nginx: NginxBinary, tmp_path: Path) -> None:
    (tmp_path / "cas").mkdir()
    assert disagreements(nginx, [f"ssl_client_certificate {tmp_path}/cas;"], "on", tmp_path) == []


def test_no_client_certificates_wanted_and_the_client_ca_is_not_opened(
    nginx: NginxBinary, tmp_path: Path
) -> None:
    directives = ["ssl_client_certificate /pki/no-such.pem;", "ssl_client_certificate /pki/empty.pem;"]
    assert disagreements(nginx, directives, "off", tmp_path) == []
