"""Strings without a suite: sure, likely, and what nginx takes all the same."""

from collections.abc import Callable

import pytest

from mtls_lint.lint.runner import Report
from mtls_lint.testing import NginxBinary, with_material

Check = Callable[..., Report]
Around = Callable[[str], str]

SURE = [
    "TLS_AES_128_GCM_SHA256",
    "'TLS_AES_128_GCM_SHA256 @SECLEVEL=1'",
    "HIGH@SECLEVEL=9",
    "HIGH:@FOO",
    "''",
    "'!aNULL'",
]
LIKELY = ["NONSENSE", "ECDHE-RSA-AES128-GCM-SHA265", "RC4-MD5"]
FINE = ["ECDHE+AESGCM:NONSENSE", "HIGH:@STRENGTH", "ECDHE+AESGCM:@SECLEVEL=1:@SECLEVEL=0"]


@pytest.mark.parametrize("string", SURE + LIKELY)
def test_found(check: Check, server: Around, string: str) -> None:
    (found,) = check(server(f"ssl_ciphers {string};")).findings
    assert (found.span.line, found.severity.value, found.finding.fatal) == (7, "error", True)
    assert "nginx refuses to start" in found.finding.message
    assert found.confidence.value == ("certain" if string in SURE else "likely")


@pytest.mark.parametrize("string", FINE)
def test_silent(check: Check, server: Around, string: str) -> None:
    report = check(server(f"ssl_ciphers {string};"))
    assert (report.findings, report.not_evaluated) == ((), ())


def test_nginx_agrees(check: Check, server: Around, nginx: NginxBinary) -> None:
    for string in SURE + LIKELY + FINE:
        text = server(f"ssl_ciphers {string};")
        refused = bool(check(text).findings)
        assert nginx.check(with_material(text)).accepted is not refused, string


def test_names_of_the_rfcs_are_known_to_newer_openssl(check: Check, server: Around) -> None:
    findings = check(server("ssl_ciphers TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256;")).findings
    assert [found.finding.fatal for found in findings] in ([], [False])  # by the OpenSSL behind Python
    assert all("older than 3.2" in found.finding.message for found in findings)


def test_the_reason_is_named(check: Check, server: Around) -> None:
    (found,) = check(server("ssl_ciphers TLS_AES_128_GCM_SHA256;")).findings
    assert "suites of TLS 1.3 are not set with a cipher string" in found.finding.message


def test_a_command(check: Check, server: Around) -> None:
    (found,) = check(server("ssl_conf_command CipherString NONSENSE;")).findings
    assert (found.span.line, found.span.text) == (7, "NONSENSE")


@pytest.mark.parametrize("string", ["PROFILE=SYSTEM", "$CIPHERS"])
def test_not_evaluated(check: Check, server: Around, string: str) -> None:
    report = check(server(f"ssl_ciphers {string};"))
    assert report.findings == ()
    assert [entry.line for entry in report.not_evaluated if entry.rule] == [7]


def test_nobody_reads_it_without_a_certificate(check: Check, http: Around) -> None:
    assert check(http("server { listen 80; ssl_ciphers NONSENSE; }")).findings == ()


def test_in_a_fragment_the_certificate_may_be_elsewhere(check: Check) -> None:
    (found,) = check("ssl_ciphers TLS_AES_128_GCM_SHA256;", context=("http",)).findings
    assert (found.span.line, found.confidence.value) == (1, "likely")
