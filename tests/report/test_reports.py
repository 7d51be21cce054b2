"""The output formats: everything a finding has is shown, safely, in every width."""

import json
import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from mtls_lint.lint.finding import (
    ClientCertificate,
    NotEvaluated,
    Witness,
)
from mtls_lint.lint.runner import Report
from mtls_lint.report.concise import concise_lines
from mtls_lint.report.json import render_json
from mtls_lint.report.lines import coloured, plain
from mtls_lint.report.text import TextReport
from mtls_lint.syntax.source import SourceFile, Span
from report.samples import MAIN, OTHER, finding, span


def report(**changes: object) -> Report:
    reported = replace(finding(**changes), rule="some-rule")
    unsure = tuple(NotEvaluated(rule, "conf/nginx.conf", 3, "nobody knows") for rule in ("a-rule", "b-rule"))
    return Report(findings=(reported,), not_evaluated=unsure, sources=(MAIN, OTHER), servers=1, rules=3)


def text(shown: Report, columns: int = 80, verbosity: int = 0) -> str:
    return plain(TextReport(columns=columns, verbosity=verbosity).lines(shown))


def test_a_finding_with_everything() -> None:
    assert (
        text(report())
        == """\
error[some-rule]: the listener is open, TLS was expected, everybody gets in
 --> conf/nginx.conf:3:3
  |
3 |         listen 80;  # schön
  |         ^^^^^^^^^^
 ::: conf/tls.conf:1:1
  |
1 | ssl_verify_client on;
  | --------------------- asked for here
  = this request gets in:
      curl -i 'http://a.example.com/x?y=1&z=2'
  = nginx refuses to start with this
  = confidence: likely
  = help: write `listen 443 ssl;`

Not evaluated
  conf/nginx.conf:3: nobody knows
      (a-rule, b-rule)

1 error in 2 files (1 server, 3 rules); 2 checks not evaluated at 1 place.
"""
    )


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
def test_no_line_is_wider_than_the_terminal_but_the_command(columns: int) -> None:
    for line in text(report(message="word " * 60), columns).splitlines():
        assert len(line) <= columns or "curl" in line


def test_nothing_of_a_configuration_reaches_the_terminal_as_a_command() -> None:
    evil = SourceFile.from_bytes("nginx.conf", b"listen \x1b]0;title\x07\x1b[31m 80; \xff\n")
    shown = text(report(span=Span(evil, 0, 10), related=(), message="\x1b[31mred\x07 [bold]x[/bold] \udcff"))
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert "[bold]x[/bold]" in shown
    shown.encode("utf-8")


def test_a_very_long_line_is_cut_around_the_place() -> None:
    long = SourceFile("nginx.conf", "a" * 5000 + " listen 80; " + "b" * 5000)
    shown = text(report(span=span(long, "listen 80;"), related=()))
    assert "listen 80;" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_a_span_of_several_lines() -> None:
    shown = text(report(span=Span(MAIN, MAIN.text.index("server"), MAIN.text.index("80;") + 3), related=()))
    assert "server {" in shown
    assert "listen 80;" in shown


def test_what_has_one_reason_stands_together_until_all_is_asked_for() -> None:
    entries = [("n.conf", 1, "a.key: absent"), ("n.conf", 2, "a.key: absent"), ("n.conf", 2, "b.key: absent")]
    entries += [("n.conf", 3, "odd"), *(("m.conf", line, f"{line}.pem: far") for line in range(30))]
    shown = Report(not_evaluated=tuple(NotEvaluated("a-rule", *entry) for entry in entries))
    lines = text(shown).splitlines()
    assert lines[:5] == [
        "Not evaluated",
        "  absent:",
        "      n.conf:1, 2: a.key",
        "      n.conf:2: b.key",
        "  n.conf:3: odd",
    ]
    assert lines[5] == "      (a-rule)"
    assert "      and 13 more places; -v lists them all" in lines
    assert text(shown, verbosity=1).count("far") == 30


def test_colour_adds_nothing_but_colour() -> None:
    lines = list(TextReport().lines(report()))
    bare = re.sub(r"\x1b(\[[0-9;]*m|\]8;[^\x1b]*\x1b\\)", "", coloured(lines, links=True))
    assert bare == plain(lines)


def test_quiet_is_the_findings_alone() -> None:
    shown = text(report(), verbosity=-1)
    assert "Not evaluated" not in shown
    assert "2 files" not in shown


def test_concise_is_one_line_each() -> None:
    assert plain(concise_lines(report(message="two\nlines"))).splitlines() == [
        "conf/nginx.conf:3:3: error some-rule two lines",
        "conf/nginx.conf:3: not-evaluated a-rule nobody knows",
        "conf/nginx.conf:3: not-evaluated b-rule nobody knows",
    ]


def test_the_json_contract() -> None:
    document = json.loads(render_json(report()))
    (finding,) = document["findings"]
    assert list(document) == ["version", "findings", "not_evaluated", "nginx", "baseline", "summary"]
    assert list(finding) == [
        "rule", "severity", "confidence", "message", "file", "line", "column", "end_line", "end_column",
        "related", "remedy", "witness", "fix", "fatal", "fingerprint", "controls", "suppressed",
        "suppressed_by",
    ]  # fmt: skip
    assert list(finding["related"][0]) == ["file", "line", "column", "message"]
    assert finding["witness"]["curl"] == "curl -i 'http://a.example.com/x?y=1&z=2'"
    assert finding["witness"]["outcome"] == "response"
    assert (finding["line"], finding["column"], finding["end_line"], finding["end_column"]) == (3, 3, 3, 13)
    assert document["not_evaluated"][0] == {
        "rule": "a-rule", "file": "conf/nginx.conf", "line": 3, "reason": "nobody knows",
    }  # fmt: skip
    assert document["summary"] == {
        "files": 2, "servers": 1, "error": 1, "warning": 0, "info": 0, "suppressed": 0,
        "left_out": 0, "not_evaluated": 2,
    }  # fmt: skip


def test_json_of_bytes_that_are_no_utf_8() -> None:
    odd = SourceFile.from_bytes("n\udcffx.conf", b"listen \xff;")
    document = render_json(report(span=Span(odd, 0, 6), message="\udcff and é", related=()))
    assert json.loads(document.encode("utf-8"))["findings"][0]["message"] == "\\xff and é"


def test_the_witness_names_its_socket() -> None:
    def curl(address: str) -> str:
        return Witness(tls=True, address=address, port=8443, host="a.test", sni="a.test").curl

    assert curl("*") == "curl -i -k https://a.test:8443/"
    assert curl("[::]") == "curl -i -k -6 https://a.test:8443/"
    assert curl("192.0.2.1") == "curl -i -k --connect-to ::192.0.2.1:8443 https://a.test:8443/"


def test_a_witness_without_sni_asks_for_an_address() -> None:
    def curl(address: str, sni: str | None = None) -> str:
        return Witness(tls=True, address=address, port=443, host="a.test", sni=sni).curl

    assert curl("*") == "curl -i -k https://127.0.0.1/ -H 'Host: a.test'"
    assert curl("[::]") == "curl -i -k -6 'https://[::1]/' -H 'Host: a.test'"
    assert curl("192.0.2.1") == "curl -i -k https://192.0.2.1/ -H 'Host: a.test'"
    assert curl("*", "b.test") == "curl -i -k https://b.test/ -H 'Host: a.test'"


def test_a_witness_makes_its_certificate() -> None:
    def curl(certificate: ClientCertificate) -> str:
        return Witness(True, "*", 443, "a.test", sni="a.test", certificate=certificate).curl

    request = "curl -i -k --cert stranger.pem https://a.test/"
    made = curl(ClientCertificate())
    assert made.endswith(f">> stranger.pem && {request}")
    assert made.startswith(
        "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=stranger -keyout stranger.pem"
    )
    assert "-CA ca.pem -CAkey ca.key" in curl(ClientCertificate(issuer="/CN=x"))
    issued = curl(ClientCertificate(ca="tls/partner-ca.pem"))
    assert issued == "curl -i -k --cert client-of-partner-ca.pem https://a.test/"


def test_the_readme_shows_what_the_tool_prints() -> None:
    root = Path(__file__).resolve().parent.parent.parent
    readme = (root / "README.md").read_text(encoding="utf-8")
    assert "error[tls-legacy-only]: `ssl_protocols` allows TLSv1 and TLSv1.1 only: nginx" in readme
