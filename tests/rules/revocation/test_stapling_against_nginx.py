"""Where nginx ignores ``ssl_stapling``, and whether a stapled answer is sent."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from mtls_lint.testing import Identity, NginxBinary, lint_text
from mtls_lint.testing.catalogue import authority, content
from rules.revocation.responder import response

TEXT = """\
events {{}}
http {{
    server {{
        listen 127.0.0.1:PORT_web ssl;
        ssl_certificate     {directory}/leaf.pem;
        ssl_certificate_key {directory}/leaf.key;
        {directives}
    }}
}}
"""
ON = "ssl_stapling on;"
ROOT, INTERMEDIATE = authority("root"), authority("intermediate")
URL = "http://127.0.0.1:9/"
TRUSTED = "ssl_trusted_certificate {directory}/root.pem;"
# That a name cannot be looked up here is not the configuration's fault.
IGNORED = re.compile(r'"ssl_stapling" ignored, (?!host not found)')

STAPLED = ROOT.server("a.example", ocsp=URL)
MUTE = ROOT.server("a.example")
DEMANDING = ROOT.server("a.example", must_staple=True)
BELOW = INTERMEDIATE.server("a.example", ocsp=URL)

CASES = [
    ("all is there", STAPLED, STAPLED.pem, f"{ON} {TRUSTED}", ""),
    ("no responder", MUTE, MUTE.pem, f"{ON} {TRUSTED}", "names no OCSP responder"),
    ("off", MUTE, MUTE.pem, "", ""),
    ("must-staple without responder", DEMANDING, DEMANDING.pem, f"{ON} {TRUSTED}", "demands it"),
    (
        "https",
        ROOT.server("a.example", ocsp="https://127.0.0.1/"),
        None,
        f"{ON} {TRUSTED}",
        "by http:// only",
    ),
    ("a responder in its place", MUTE, MUTE.pem, f"{ON} {TRUSTED} ssl_stapling_responder {URL};", ""),
    ("no issuer", STAPLED, STAPLED.pem, ON, "without that of its issuer"),
    ("the issuer in the file", BELOW, BELOW.chain_pem(), ON, ""),
    ("the issuer is not in the file", BELOW, BELOW.pem, f"{ON} {TRUSTED}", "without that of its issuer"),
    (
        "the issuer is a client CA",
        STAPLED,
        STAPLED.pem,
        f"{ON} ssl_client_certificate {{directory}}/root.pem; ssl_verify_client on;",
        "",
    ),
    (
        "the client CA is not opened",
        STAPLED,
        STAPLED.pem,
        f"{ON} ssl_client_certificate {{directory}}/root.pem;",
        "without that of its issuer",
    ),
    ("a file", MUTE, MUTE.pem, f"{ON} ssl_stapling_file {{directory}}/answer.der;", ""),
    ("no responder and no issuer", MUTE, MUTE.pem, ON, "names no OCSP responder"),
]


def lay_out(leaf: Identity, pem: bytes | None, directives: str, directory: Path) -> str:
    (directory / "leaf.pem").write_bytes(pem or leaf.pem)
    (directory / "leaf.key").write_bytes(leaf.key_pem())
    (directory / "root.pem").write_bytes(content("root.pem"))
    (directory / "answer.der").write_bytes(response(leaf))
    return TEXT.format(directory=directory, directives=directives.format(directory=directory))


@pytest.mark.parametrize(
    ("leaf", "pem", "directives", "words"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_ignored_exactly_where_the_rule_says(
    nginx: NginxBinary, tmp_path: Path, leaf: Identity, pem: bytes | None, directives: str, words: str
) -> None:
    text = lay_out(leaf, pem, directives, tmp_path).replace("PORT_web", "12345")
    report = lint_text(text, rules=["stapling-dead"], version=nginx.version)
    said = [found.finding.message for found in report.findings]
    assert len(said) == bool(words)
    assert words in "".join(said)
    result = nginx.check(text, tmp_path)
    assert result.accepted
    assert bool(IGNORED.search(result.output)) is bool(words), result.output


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl command")
@pytest.mark.parametrize(
    ("file", "sent"), [("", False), (f"{ON} ssl_stapling_file {{directory}}/answer.der;", True)]
)
def test_without_stapling_no_answer_is_sent(
    nginx: NginxBinary, tmp_path: Path, file: str, sent: bool
) -> None:
    text = lay_out(DEMANDING, None, file, tmp_path)
    report = lint_text(
        text.replace("PORT_web", "443"), rules=["must-staple-without-stapling"], version=nginx.version
    )
    assert bool(report.findings) is not sent
    with nginx.run(text, tmp_path) as server:
        done = subprocess.run(
            ["openssl", "s_client", "-status", "-connect", f"127.0.0.1:{server.ports['web']}"],
            input="",
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
    assert ("OCSP Response Status: successful" in done.stdout) is sent
    assert ("OCSP response: no response sent" in done.stdout) is not sent
