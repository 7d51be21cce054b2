import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mtls_lint.pki.certificate import Certificate
from mtls_lint.pki.identity import covers, to_ascii
from mtls_lint.testing.catalogue import authority, identity
from mtls_lint.testing.pki import make_key

KEY = make_key("p256")


def with_names(*dns: str, ips: tuple[str, ...] = ()) -> Certificate:
    issued = authority("root").server("fallback.example.com", dns=dns, ips=ips, own_key=KEY)
    return Certificate.from_der(issued.der)


@pytest.mark.parametrize(
    ("san", "name", "expected"),
    [
        ("www.example.com", "www.example.com", True),
        ("www.example.com", "WWW.Example.COM.", True),
        ("WWW.example.com.", "www.example.com", True),
        ("www.example.com", "example.com", False),
        ("*.example.com", "a.example.com", True),
        ("*.example.com", "a.b.example.com", False),
        ("*.example.com", "example.com", False),
        ("*.example.com", ".example.com", False),
        ("*.example.com", "*.example.com", True),
        ("a.example.com", "*.example.com", False),
        ("*.b.example.com", "*.example.com", False),
        ("*.example.com", "*.b.example.com", False),
        ("w*.example.com", "www.example.com", False),
        ("*w.example.com", "www.example.com", False),
        ("a.*.example.com", "a.b.example.com", False),
        ("*", "localhost", False),
        ("*.com", "example.com", False),
        ("localhost", "localhost", True),
        ("*.*.example.com", "a.b.example.com", False),
        ("xn--bcher-kva.example", "b\u00fccher.example", True),
        ("xn--bcher-kva.example", "XN--Bcher-KVA.example", True),
        ("*.example.com", "xn--bcher-kva.example.com", True),
        ("xn--strae-oqa.example", "stra\u00dfe.example", True),
        ("strasse.example", "stra\u00dfe.example", False),
        ("192.0.2.1", "192.0.2.1", False),
        ("*.0.2.1", "192.0.2.1", False),
        ("www.example.com", "www..example.com", False),
        ("www.example.com", "a" * 70 + "\u00fc.example.com", False),
        ("www.example.com", "_", None),
        ("www.example.com", "", None),
        ("www.example.com", "~^www", None),
        ("mail.example.com", "mail.*", None),
    ],
)
def test_covers(san: str, name: str, expected: bool | None) -> None:
    assert covers(with_names(san), name) is expected


def test_common_name_never_counts() -> None:
    assert covers(Certificate.from_der(identity("cn-only").der), "www.example.com") is False


def test_leading_dot_wants_both() -> None:
    assert covers(with_names("example.com", "*.example.com"), ".example.com") is True
    assert covers(with_names("example.com"), ".example.com") is False


def test_addresses() -> None:
    certificate = with_names("*.example.com", ips=("192.0.2.1", "2001:db8::1"))
    assert covers(certificate, "192.0.2.1") is True
    assert covers(certificate, "192.0.2.2") is False
    assert covers(certificate, "[2001:DB8:0::1]") is True
    assert covers(certificate, "2001:db8::1") is True
    assert covers(certificate, "[2001:db8::2]") is False


@given(st.text(max_size=80))
def test_any_text_has_an_answer(name: str) -> None:
    to_ascii(name)
    assert covers(WILDCARD, name) in {True, False, None}


WILDCARD = with_names("*.example.com")

LABEL = st.sampled_from(["a", "b", "www", "xn--bcher-kva", "1", "a-b"])
NAME = st.lists(LABEL, min_size=2, max_size=4).map(lambda labels: ".".join([*labels, "com"]))
PATTERN = st.one_of(NAME, NAME.map("*.{}".format), NAME.map("www*.{}".format), NAME.map("a.*.{}".format))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pattern=PATTERN, name=NAME, related=st.booleans())
def test_agrees_with_openssl(tmp_path: Path, pattern: str, name: str, related: bool) -> None:
    if related:  # else hardly any pair would match
        name = pattern.replace("*", "b")
    issued = authority("root").server("x", dns=(pattern,), own_key=KEY)
    path = tmp_path / "leaf.pem"
    path.write_bytes(issued.pem)
    # OpenSSL allows w*.example.com, which RFC 9525 does not
    partial = "*" in pattern.partition(".")[0] and not pattern.startswith("*.")
    command = ["openssl", "x509", "-in", str(path), "-noout", "-checkhost", name]
    output = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    if not partial:
        assert covers(Certificate.from_der(issued.der), name) is ("does match" in output), output
