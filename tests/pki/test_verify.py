"""Chain verification against ``openssl verify`` and against nginx itself."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings, strategies

from mtls_lint.pki.certificate import Certificate
from mtls_lint.pki.crl import RevocationList
from mtls_lint.pki.peer import Peer
from mtls_lint.pki.pem import split_blocks
from mtls_lint.pki.store import PemStore
from mtls_lint.pki.verify import can_anything_pass, verify
from mtls_lint.pki.verify_errors import VerifyError
from mtls_lint.testing.catalogue import authority, identity
from mtls_lint.testing.pki import CLOCK, Identity
from pki.chains import (
    CASES,
    DELTA_ALONE,
    INTERMEDIATE,
    ISSUING,
    ROOT,
    SERVER_CASES,
    Case,
    name_cases,
    random_case,
    some_case,
)
from pki.oracles import check, compare_with_nginx, expected


def test_random_chains(tmp_path: Path) -> None:
    accepted = sum(check(random_case(seed), tmp_path) for seed in range(300))
    assert 40 < accepted < 260  # else the chains would show nothing


@pytest.mark.sweep
@settings(max_examples=3000, deadline=None, suppress_health_check=list(HealthCheck))
@given(pick=strategies.randoms(use_true_random=False))
def test_many_chains(pick: Random, tmp_path_factory: pytest.TempPathFactory) -> None:
    check(some_case(pick), tmp_path_factory.mktemp("chain"))


def test_random_chains_of_servers(tmp_path: Path) -> None:
    accepted = sum(check(random_case(seed, Peer.SERVER), tmp_path) for seed in range(30000, 30150))
    assert 20 < accepted < 130


@pytest.mark.sweep
@settings(max_examples=3000, deadline=None, suppress_health_check=list(HealthCheck))
@given(pick=strategies.randoms(use_true_random=False))
def test_many_chains_of_servers(pick: Random, tmp_path_factory: pytest.TempPathFactory) -> None:
    check(some_case(pick, Peer.SERVER), tmp_path_factory.mktemp("chain"))


@pytest.mark.parametrize("name", SERVER_CASES)
def test_known_cases_of_servers(name: str, tmp_path: Path) -> None:
    case, error = SERVER_CASES[name]
    verdict = case.verdict()
    assert (verdict.error.text if verdict.error is not None else "") == error
    check(case, tmp_path)


@pytest.mark.parametrize("name", CASES)
def test_known_cases(name: str, tmp_path: Path) -> None:
    case, answer = CASES[name]
    assert expected(case) == {answer}
    check(case, tmp_path)


def test_delta_crls_have_two_readings() -> None:
    assert expected(DELTA_ALONE, deltas=True) == {"soft SUCCESS"}
    assert expected(DELTA_ALONE, deltas=False) == {"hard FAILED:unable to get certificate CRL"}


def test_known_cases_in_nginx(any_nginx: str) -> None:
    compare_with_nginx(any_nginx, [case for case, _ in CASES.values()])


def test_name_constraints(tmp_path: Path) -> None:
    accepted = [check(case, tmp_path) for case in name_cases()]
    assert 50 < sum(accepted) < len(accepted) - 50


@pytest.fixture
def trusted_block(tmp_path: Path) -> Callable[[Identity, str], Certificate]:
    """Makes a TRUSTED CERTIFICATE block with ``openssl x509`` and reads it."""

    def make(issued: Identity, setting: str) -> Certificate:
        plain, trusted = tmp_path / "plain.pem", tmp_path / "trusted.pem"
        plain.write_bytes(issued.pem)
        command = ["openssl", "x509", "-trustout", *setting.split(), "-in", str(plain), "-out", str(trusted)]
        subprocess.run(command, check=True)
        return PemStore().read(str(trusted)).certificates[0]

    return make


@pytest.mark.parametrize(
    ("setting", "error"),
    [
        ("-addtrust clientAuth", None),
        ("-addtrust serverAuth", VerifyError.INVALID_PURPOSE),
        ("-addreject clientAuth", VerifyError.INVALID_PURPOSE),
        ("-addreject serverAuth", VerifyError.UNABLE_TO_GET_ISSUER_CERT),
    ],
)
def test_trust_settings_of_an_intermediate(
    setting: str, error: VerifyError | None, trusted_block: Callable[[Identity, str], Certificate]
) -> None:
    leaf = Certificate.from_der(identity("client-chain").der)
    anchor = trusted_block(INTERMEDIATE, setting)
    assert verify([leaf], [anchor], 1, CLOCK).error is error


def facts(issued: Identity) -> Certificate:
    return Certificate.from_der(issued.der)


def test_a_synthetic_client_fares_as_a_real_one() -> None:
    for name in (
        "root",
        "intermediate",
        "rsa-root",
        "ca-any-eku",
        "ca-no-cert-sign",
        "ca-v1",
        "ca-weak-rsa",
        "ca-expired",
    ):
        ca = authority(name)
        real = Case([ca.client("x")], [ca]).verdict()
        synthetic = can_anything_pass([facts(ca)], facts(ca), 1, CLOCK)
        assert [error for error, _ in synthetic.errors] == [error for error, _ in real.errors], name


def test_what_a_verdict_says() -> None:
    store = [facts(ROOT), facts(INTERMEDIATE), facts(ISSUING)]
    deep = can_anything_pass(store, facts(ISSUING), 9, CLOCK)
    assert (deep.ok, deep.intermediates, deep.text) == (True, 2, "SUCCESS")
    assert not can_anything_pass(store, facts(ISSUING), 1, CLOCK).ok
    expired = can_anything_pass([facts(authority("ca-expired"))], facts(authority("ca-expired")), 1, CLOCK)
    assert expired.sentence == "Expired Root CA has expired"
    assert expired.text == "FAILED:certificate has expired"
    assert not expired.soft
    sent = can_anything_pass([facts(ROOT)], facts(INTERMEDIATE), 1, CLOCK, sent=[facts(INTERMEDIATE)])
    assert sent.ok
    assert sent.sentence == "a client of Example Intermediate CA is accepted"


def test_a_crl_of_its_ca_does_not_list_a_flawless_client() -> None:
    root = authority("root")
    crl = RevocationList.from_der(split_blocks(root.crl(identity("revoked-client")))[0].der)
    assert can_anything_pass([facts(root)], facts(root), 1, CLOCK, [crl]).ok
    assert not can_anything_pass([facts(root)], facts(root), 1, CLOCK, []).ok


def test_every_error_has_words() -> None:
    for error in VerifyError:
        assert error.text
        assert error.meaning
    assert {error.value for error in VerifyError if error.soft} == {18, 19, 20, 21, 27}


def test_random_chains_in_nginx(any_nginx: str) -> None:
    compare_with_nginx(any_nginx, [random_case(seed) for seed in range(7000, 7150)])


@pytest.mark.sweep
def test_many_random_chains_in_nginx(any_nginx: str) -> None:
    for first in range(8000, 11000, 300):
        compare_with_nginx(any_nginx, [random_case(seed) for seed in range(first, first + 300)])
