import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtls_lint.pki.ciphers import Weakness, evaluate


def test_modern_string() -> None:
    found = evaluate("ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256")
    assert found.accepted is True
    assert [suite.name for suite in found.suites] == [
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES128-GCM-SHA256",
    ]
    assert found.weak() == ()
    suite = found.suites[0]
    assert (suite.protocol, suite.bits, suite.key_exchange, suite.authentication) == (
        "TLSv1.2",
        128,
        "ecdhe",
        "ecdsa",
    )
    assert suite.aead
    assert suite.usable
    assert found.security_level is None
    assert found.openssl_version


@pytest.mark.parametrize(
    ("text", "weakness"),
    [
        ("aNULL", Weakness.ANONYMOUS),
        ("ALL", Weakness.ANONYMOUS),
        ("NULL-SHA256", Weakness.NULL),
        ("NULL-MD5", Weakness.MD5),
        ("AES128-GCM-SHA256", Weakness.STATIC_KEY),
        ("DHE-RSA-AES128-GCM-SHA256", Weakness.DHE),
        ("ECDHE-RSA-AES128-SHA", Weakness.CBC),
    ],
)
def test_weak_suites(text: str, weakness: Weakness) -> None:
    found = evaluate(text)
    assert found.accepted is True
    assert found.weak(weakness)
    assert set(found.weak(weakness)) <= set(found.weak())


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("HIGH:RC4:!3DES", {Weakness.RC4}),
        ("ECDHE-RSA-RC4-SHA", {Weakness.RC4}),
        ("HIGH:DES-CBC3-SHA", {Weakness.BLOCK_64}),
        ("HIGH:+3DES:-RC4:!MD5:!aNULL", set()),
        ("EXP-RC4-MD5", {Weakness.EXPORT, Weakness.RC4, Weakness.MD5}),
        ("eNULL", {Weakness.NULL}),
        ("kECDHE+aNULL", {Weakness.ANONYMOUS}),
        ("AECDH-NULL-SHA", {Weakness.ANONYMOUS, Weakness.NULL}),
        ("ECDHE-RSA-AES128-GCM-SHA256", set()),
        ("EECDH+AESGCM:EECDH+aRSA+RC4:RC4:!aNULL:!RC4", set()),
        ("HIGH:DES-CBC3-SHA:!DES", {Weakness.BLOCK_64}),
        ("HIGH:DES-CBC3-SHA:EDH-RSA-DES-CBC3-SHA:!3DES", set()),
        ("HIGH:ADH-AES128-SHA:!ADH-AES128-SHA", set()),
        ("HIGH:ADH:!aNULL", set()),
    ],
)
def test_requested(text: str, kinds: set[Weakness]) -> None:
    assert {kind for _, kind in evaluate(text).requested} == kinds


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        ("", False),
        ("NOSUCH", False),
        ("TLS_AES_128_GCM_SHA256", False),
        ("PROFILE=SYSTEM", None),
        ("a\0b", False),
    ],
)
def test_refused(text: str, accepted: bool | None) -> None:
    found = evaluate(text)
    assert found.accepted is accepted
    assert found.reason == "no cipher match"
    assert found.suites == ()


@pytest.mark.parametrize(
    ("text", "level"),
    [("HIGH", None), ("HIGH:@SECLEVEL=0", 0), ("HIGH@SECLEVEL=2:@SECLEVEL=1", 1), ("@SECLEVEL=3:HIGH", 3)],
)
def test_security_level(text: str, level: int | None) -> None:
    assert evaluate(text).security_level == level


def test_what_a_level_leaves() -> None:
    suites = {suite.name: suite for suite in evaluate("ALL:NULL-SHA256").suites}
    anonymous, static = suites["ADH-AES128-SHA"], suites["AES128-SHA"]
    assert anonymous.allowed_at(0)
    assert not anonymous.allowed_at(1)
    assert not suites["NULL-SHA256"].allowed_at(1)
    assert static.allowed_at(2)
    assert not static.allowed_at(3)


def test_pre_shared_keys_are_never_used() -> None:
    assert evaluate("PSK").accepted is True
    assert evaluate("PSK").weak() == ()


@given(st.text(max_size=30))
def test_any_text_has_an_answer(text: str) -> None:
    assert evaluate(text).accepted in {True, False, None}
