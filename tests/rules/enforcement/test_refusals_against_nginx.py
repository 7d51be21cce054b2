"""Certificates, CAs and modes in all combinations: nginx refuses exactly what the rules call fatal."""

import random
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from mtls_lint.testing import NginxBinary, lint_text, with_material

RULES = ("verify-client-without-ca", "listen-ssl-without-certificate", "ssl-on-removed")

PAIR = "ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key;"
CONTEXTS = ("", PAIR, "ssl_reject_handshake on;", f"ssl_reject_handshake on; {PAIR}")
MODES = ("", "ssl_verify_client on;", "ssl_verify_client optional;", "ssl_verify_client optional_no_ca;")
CAS = (
    "",
    "ssl_client_certificate /pki/root.pem;",
    "ssl_trusted_certificate /pki/root.pem;",
    'ssl_client_certificate "";',
    "ssl_conf_command VerifyCAFile /pki/root.pem;",
)
OUTER = ("", PAIR, "ssl_client_certificate /pki/root.pem;", "ssl_verify_client on;")
LISTENS = ("listen 127.0.0.1:12345 ssl;", "listen 127.0.0.1:12345;")
SSL = ("", "ssl on;", "ssl off;")
COUNT = 150


def http_configurations() -> Iterator[str]:
    servers = [" ".join(words) for words in product(LISTENS, CONTEXTS, MODES, CAS, SSL)]
    chosen = random.Random(7)
    for _ in range(COUNT):
        first, second = chosen.choices(servers, k=2)
        # `ssl on` alone decides so much that it would hide the rest if it stood in most configurations.
        if chosen.random() < 0.8:
            first, second = first.replace("ssl on;", ""), second.replace("ssl on;", "")
            first, second = first.replace("ssl off;", ""), second.replace("ssl off;", "")
        others = f"server {{ server_name b; {second} }}" if chosen.random() < 0.6 else ""
        yield f"events {{}}\nhttp {{ {chosen.choice(OUTER)}\nserver {{ {first} }}\n{others} }}\n"


def stream_configurations(version: tuple[int, int, int]) -> Iterator[str]:
    contexts = CONTEXTS if version >= (1, 25, 5) else CONTEXTS[:2]
    for listen, context, mode, ca, outer in product(LISTENS, contexts, MODES[:2], CAS[:3], OUTER):
        yield f'events {{}}\nstream {{ {outer}\nserver {{ {listen} {context} {mode} {ca} return ""; }} }}\n'


def disagreements(nginx: NginxBinary, texts: Iterator[str], directory: Path) -> tuple[list[str], int]:
    wrong, refusals = [], 0
    for text in texts:
        report = lint_text(text, rules=RULES, version=nginx.version)
        assert report.crashes == ()
        fatal = [found.finding.message for found in report.findings if found.finding.fatal]
        result = nginx.check(with_material(text), directory)
        refusals += not result.accepted
        if result.accepted == bool(fatal):
            wrong.append(f"{text}rules: {fatal}\nnginx: {result.output}")
    return wrong, refusals


def test_http(nginx: NginxBinary, tmp_path: Path) -> None:
    wrong, refusals = disagreements(nginx, http_configurations(), tmp_path)
    assert not wrong, "\n\n".join(wrong)
    assert COUNT / 5 < refusals < COUNT * 4 / 5


def test_stream(nginx: NginxBinary, tmp_path: Path) -> None:
    if not nginx.can_run("stream {}"):
        pytest.skip(f"{nginx} has no stream module")
    wrong, refusals = disagreements(nginx, stream_configurations(nginx.version), tmp_path)
    assert not wrong, "\n\n".join(wrong)
    assert refusals
