"""Protocol only adds; MinProtocol and MaxProtocol only narrow."""

from collections.abc import Callable

import pytest

from mtls_lint.lint.runner import Report

Check = Callable[..., Report]
Around = Callable[[str], str]


@pytest.mark.parametrize(
    ("text", "line", "severity", "words"),
    [
        (
            "ssl_protocols TLSv1.2;\nssl_conf_command Protocol TLSv1.3;",
            8,
            "warning",
            "switches on TLSv1.3, which `ssl_protocols` leaves out",
        ),
        (
            "ssl_protocols TLSv1.2 TLSv1.3;\nssl_conf_command Protocol ALL;",
            8,
            "error",
            "TLSv1 and TLSv1.1",
        ),
        (
            "ssl_protocols TLSv1.3;\nssl_conf_command protocol ALL,-TLSv1,-TLSv1.1;",
            8,
            "warning",
            "switches on TLSv1.2,",
        ),
        (
            "ssl_conf_command Protocol TLSv1.1;",
            7,
            "error",
            "nginx's default leaves out",
        ),
    ],
)
def test_found(check: Check, server: Around, text: str, line: int, severity: str, words: str) -> None:
    (found,) = check(server(text)).findings
    assert (found.span.line, found.severity.value, found.finding.fatal) == (line, severity, False)
    assert words in found.finding.message


@pytest.mark.parametrize(
    "text",
    [
        "ssl_protocols TLSv1.2 TLSv1.3;\nssl_conf_command Protocol ALL,-TLSv1,-TLSv1.1;",
        "ssl_protocols TLSv1.2 TLSv1.3;\nssl_conf_command Protocol -ALL,TLSv1.3;",
        "ssl_protocols TLSv1.2;\nssl_conf_command Protocol ALL;\nssl_conf_command MinProtocol TLSv1.3;\n"
        "ssl_protocols TLSv1.3;",
        "ssl_protocols TLSv1.2;\nssl_conf_command MinProtocol TLSv1;",
        "ssl_protocols TLSv1.2;\nssl_conf_command MaxProtocol TLSv1.3;",
    ],
)
def test_silent(check: Check, server: Around, text: str) -> None:
    report = check(server(text))
    assert report.findings == ()
    assert report.not_evaluated == ()


def test_what_the_version_allows_anyway(check: Check, server: Around) -> None:
    assert check(server("ssl_conf_command Protocol TLSv1;"), version="1.22.1").findings == ()


def test_servers_elsewhere(check: Check) -> None:
    report = check("ssl_protocols TLSv1.2;\nssl_conf_command Protocol ALL;", context=("http",))
    assert report.findings == ()
    assert [entry.line for entry in report.not_evaluated] == [2]
