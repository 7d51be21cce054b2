"""Names of certificates as nginx compares them, against OpenSSL."""

import subprocess
from pathlib import Path
from random import Random

import pytest

from mtls_lint.pki.certificate import Certificate
from mtls_lint.pki.host_check import host_matches
from mtls_lint.testing.catalogue import authority
from mtls_lint.testing.pki import Deviation, Identity

ROOT = authority("root")


def server(subject: str = "CN=other.example", **deviation: object) -> Identity:
    names: Deviation = {"subject": subject, **deviation}  # type: ignore[typeddict-item]
    return ROOT.client("x", **names)


def agrees(issued: Identity, name: str, directory: Path) -> bool:
    """Our answer, which has to be that of ``openssl x509 -checkhost``."""
    path = directory / "leaf.pem"
    path.write_bytes(issued.pem)
    command = ["openssl", "x509", "-in", str(path), "-noout", "-checkhost", name]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    found = host_matches(Certificate.from_der(issued.der), name)
    assert found is ("does match" in said), (name, said)
    return found


NAMES: list[tuple[Identity, dict[str, bool]]] = [
    (
        server(dns=("App.back.test", "b.test")),
        {"app.back.test": True, "APP.BACK.TEST": True, "app.back.test.": False, "other.example": False},
    ),
    (server(), {"other.example": True, "OTHER.example": True, "x.other.example": False}),
    (server("CN=a.test,CN=b.test"), {"a.test": True, "b.test": True}),
    (server(emails=("a@a.test",)), {"other.example": True}),
    (server(ips=("127.0.0.1",)), {"127.0.0.1": False, "other.example": True}),
    (server(dns=("127.0.0.1",)), {"127.0.0.1": True}),
    (
        server(dns=("*.back.test",)),
        {
            "a.back.test": True,
            "a.b.back.test": False,
            "back.test": False,
            ".back.test": True,
            "xn--a.back.test": True,
            "a_b.back.test": False,
            "*.back.test": True,
        },
    ),
    (server(dns=("*.test",)), {"a.test": False, "*.test": True}),
    (server(dns=("b*.back.test",)), {"bx.back.test": True, "b.back.test": True, "a.back.test": False}),
    (server(dns=("*b.back.test",)), {"xb.back.test": True, "xn--ab.back.test": False}),
    (server(dns=("a*b.back.test",)), {"axb.back.test": False}),
    (server(dns=("a-*.back.test",)), {"a-x.back.test": False}),
    (server(dns=("xn--*.back.test",)), {"xn--x.back.test": False}),
    (server(dns=("a.*.test",)), {"a.b.test": False}),
    (server(dns=("*.ba_ck.test",)), {"a.ba_ck.test": False}),
    (server(dns=("back_end",)), {"back_end": True}),
]


@pytest.mark.parametrize(("issued", "names"), NAMES)
def test_names(issued: Identity, names: dict[str, bool], tmp_path: Path) -> None:
    assert {name: agrees(issued, name, tmp_path) for name in names} == names


def test_many_names(tmp_path: Path) -> None:
    pick = Random(1)
    parts = ["a", "b", "*", "-", ".", "xn--", ".t.test", "_", "A", "*."]
    words = ["".join(pick.choices(parts, k=pick.randrange(1, 6))) for _ in range(400)]
    matched = 0
    for _ in range(150):
        issued = server(dns=(pick.choice(words) + ".t.test",))
        (pattern,) = Certificate.from_der(issued.der).dns_names
        for name in (pattern.replace("*", pick.choice(["a", "ab", "xn--a", ""])), pick.choice(words)):
            matched += bool(name.strip(".")) and agrees(issued, name, tmp_path)
    assert matched > 50


def test_no_name_fits_nothing() -> None:
    assert not host_matches(Certificate.from_der(server(dns=("",)).der), "")
