"""Checks of identity on real nginx: who is locked out, who passes, and near misses that hold."""

from pathlib import Path
from textwrap import dedent

import pytest

from mtls_lint.nginx.identity_tests import IdentityTest, identity_tests
from mtls_lint.nginx.model import build
from mtls_lint.pki.certificate import Certificate
from mtls_lint.syntax.loader import load_text
from mtls_lint.testing.catalogue import authority
from mtls_lint.testing.nginx import NginxBinary, request
from mtls_lint.testing.pki import Deviation, Identity
from rules.cases import Case
from rules.identity.client_cases import CASES
from rules.live import CONTENT, runnable, write_files

MATCHING = CASES["client-identity-never-matches"]


def only_test(text: str) -> IdentityTest:
    """The first comparison of a configuration of one server."""
    configuration = build(load_text(text, "site.conf", context=("http",)))
    return next(identity_tests(configuration, configuration.servers[0]))


def meant(test: IdentityTest, shown: str) -> Identity:
    """A certificate for which nginx writes ``shown`` into the variable that is tested."""
    deviation: Deviation = {"subject": "CN=x"}
    if test.variable == "ssl_client_serial":
        deviation["serial"] = int(shown, 16)
    elif test.is_name and not test.of_issuer:
        legacy = test.variable.endswith("legacy")
        deviation["subject"] = ",".join(reversed(shown.strip("/").split("/"))) if legacy else shown
    return authority("root").client("x", **deviation)


@pytest.mark.parametrize("case", [pytest.param(case, id=str(case)) for case in MATCHING if case.lines])
def test_what_never_matches_does_not(case: Case, nginx: NginxBinary, tmp_path: Path) -> None:
    """The certificate that is meant is treated as any other, and one that is written so otherwise."""
    text = dedent(case.text)
    test = only_test(text)
    shown = case.words.split("`")[1] if case.words.startswith("`") else test.shown(test.examples[0])
    if shown is None or test.variable == "ssl_client_fingerprint":
        pytest.skip("nobody has such a certificate")
    answers = []
    write_files(tmp_path)
    with nginx.run(runnable(text, tmp_path), tmp_path) as server:
        for one in (meant(test, shown), authority("root").client("somebody else")):
            own = tmp_path / "own.pem"
            own.write_bytes(one.pem + one.key_pem())
            answers.append(request(server.ports["p443"], certificate=own).status)
    refused = "locked out" in case.words or " != " in text or "default 0" in text
    assert answers == ([403, 403] if refused else [200, 200])


@pytest.mark.parametrize(
    ("condition", "fits"),
    [
        ("$ssl_client_fingerprint != {lower}", True),
        ("$ssl_client_fingerprint != {upper}", False),
        ("$ssl_client_fingerprint != {colons}", False),
        ("$ssl_client_fingerprint !~* {upper}", True),
        ("$ssl_client_serial != {serial}", True),
        ("$ssl_client_serial != {small}", False),
        ("$ssl_client_serial != 0x{serial}", False),
        ("$ssl_client_serial !~* ^{small}$", True),
        ("$ssl_client_s_dn != CN=alice,O=Acme", True),
        ("$ssl_client_s_dn != cn=alice,o=Acme", False),
        ("$ssl_client_s_dn != O=Acme,CN=alice", False),
        ("$ssl_client_s_dn_legacy != /O=Acme/CN=alice", True),
        ("$known_serial = 0", True),
        ("$known_print = 0", True),
        ("$known_name = 0", True),
    ],
)
def test_one_way_to_write_each(condition: str, fits: bool, nginx: NginxBinary, tmp_path: Path) -> None:
    client = authority("root").client("x", subject="CN=alice,O=Acme", serial=0x0A1B2C)
    certificate = Certificate(client.der)
    digits = certificate.sha1
    pairs = (digits[at : at + 2] for at in range(0, len(digits), 2))
    words = {
        "lower": digits,
        "upper": digits.upper(),
        "colons": ":".join(pairs),
        "serial": certificate.serial,
        "small": certificate.serial.lower(),
    }
    text = (
        "map $ssl_client_serial $known_serial { default 0; 0a1b2c 1; }"
        f" map $ssl_client_fingerprint $known_print {{ default 0; {digits.upper()} 1; }}"
        ' map $ssl_client_s_dn $known_name { default 0; "cn=ALICE,o=acme" 1; }'
        " server { listen 443 ssl; ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key;"
        " ssl_client_certificate /pki/root.pem; ssl_verify_client on;"
        f" if ({condition.format(**words)}) {{ return 403; }} root /srv; }}"
    )
    write_files(tmp_path)
    with nginx.run(runnable(text, tmp_path), tmp_path) as server:
        own = tmp_path / "own.pem"
        own.write_bytes(client.pem + client.key_pem())
        reply = request(server.ports["p443"], certificate=own)
    assert (reply.status, reply.body == CONTENT) == ((200, True) if fits else (403, False))
