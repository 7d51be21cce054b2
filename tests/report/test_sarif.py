"""SARIF: valid by its schema, complete, and within what GitHub takes."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft4Validator
from msgspec.structs import replace

from mtls_lint.lint.finding import Compared, Related, Severity, Suppression
from mtls_lint.lint.runner import Report
from mtls_lint.report.characters import visible
from mtls_lint.report.sarif import FINGERPRINT, LONGEST, render_sarif
from mtls_lint.syntax.source import SourceFile, Span
from report.samples import HOSTILE, RULE, finding, incomplete, paths, report, rules, specials

SCHEMA = Draft4Validator(
    json.loads((Path(__file__).parent / "sarif" / "sarif-2.1.0-rtm.5.json").read_text(encoding="utf-8"))
)
# An embedded link of a plain text message (SARIF 2.1.0, 3.11.6).
ESCAPE = re.compile(r"\\([\[\]\\])")
LINK = re.compile(r"\[((?:[^\[\]\\]|\\[\[\]\\])*)\]\(([^)]*)\)")


def run_of(shown: Report, *, every: bool = False) -> dict[str, Any]:
    """The one run of a valid log: of all rules, or of a single one, which is faster."""
    known = rules() if every else [rule for rule in rules() if rule.id == RULE]
    log = json.loads(render_sarif(shown, known, paths()).encode("utf-8"))
    SCHEMA.validate(log)
    (run,) = log["runs"]
    return dict(run)


def test_a_finding_with_everything() -> None:
    run = run_of(report())
    (result,) = run["results"]
    assert result["ruleId"] == run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == RULE
    assert result["level"] == "error"
    assert result["message"]["text"].splitlines() == [
        "the listener is open, TLS was expected, everybody gets in",
        "This request gets in: curl -i 'http://a.example.com/x?y=1&z=2'",
        "nginx refuses to start with this.",
        "Remedy: write `listen 443 ssl;`",
        "See: [asked for here](1)",
    ]
    assert result["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "conf/nginx.conf", "uriBaseId": "SRCROOT"},
                "region": {"startLine": 3, "startColumn": 3, "endLine": 3, "endColumn": 13},
            }
        }
    ]
    (related,) = result["relatedLocations"]
    assert (related["id"], related["message"]["text"]) == (1, "asked for here")
    assert related["physicalLocation"]["artifactLocation"]["uri"] == "conf/tls.conf"
    assert result["partialFingerprints"] == {FINGERPRINT: "0123456789abcdef"}
    assert result["suppressions"] == []
    assert "baselineState" not in result
    assert result["properties"]["confidence"] == "likely"
    assert result["properties"]["witness"]["outcome"] == "response"
    assert [one["location"]["uri"] for one in run["artifacts"]] == ["conf/nginx.conf", "conf/tls.conf"]
    assert run["columnKind"] == "unicodeCodePoints"


def test_a_clean_run_has_results_and_says_what_was_looked_for() -> None:
    run = run_of(Report(rules=len(rules())), every=True)
    assert run["results"] == []
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [rule.id for rule in rules()]
    (invocation,) = run["invocations"]
    assert invocation == {"executionSuccessful": True, "toolExecutionNotifications": []}


def test_every_rule_is_what_github_asks_for() -> None:
    known = run_of(report(), every=True)["tool"]["driver"]["rules"]
    assert sum("helpUri" in rule for rule in known) > 0.95 * len(known)
    for rule in known:
        assert 0 < len(rule["shortDescription"]["text"]) <= LONGEST
        assert 0 < len(rule["fullDescription"]["text"]) <= LONGEST
        assert rule["help"]["text"]
        assert f"# {rule['id']}\n" in rule["help"]["markdown"]
        assert rule["defaultConfiguration"]["level"] in {"error", "warning", "note"}
        assert 0 < float(rule["properties"]["security-severity"]) <= 9
        assert rule["properties"]["precision"] in {"very-high", "high", "medium", "low"}
        assert "security" in rule["properties"]["tags"]
        assert len(rule["properties"]["tags"]) <= 10
        assert rule.get("helpUri", "https://").startswith("https://")


def test_what_was_not_evaluated_is_a_note_and_the_run_a_success() -> None:
    (invocation,) = run_of(report())["invocations"]
    assert invocation["executionSuccessful"] is True
    (notification,) = invocation["toolExecutionNotifications"]
    assert (notification["descriptor"]["id"], notification["level"]) == ("not-evaluated", "note")
    assert notification["message"]["text"] == "a.pem: absent"
    assert notification["properties"]["rules"] == ["ca-weak-key", "ca-expired"]
    (location,) = notification["locations"]
    assert location["physicalLocation"]["region"] == {"startLine": 3}


def test_an_incomplete_run_is_no_success() -> None:
    run = run_of(incomplete())
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    said = {one["descriptor"]["id"]: one for one in invocation["toolExecutionNotifications"]}
    assert set(said) == {"not-read", "rule-crashed"}
    assert {one["level"] for one in said.values()} == {"error"}
    assert said["rule-crashed"]["exception"] == {"kind": "KeyError", "message": "'x'"}
    assert set(said) <= {one["id"] for one in run["tool"]["driver"]["notifications"]}


@pytest.mark.parametrize(
    ("suppression", "kind"),
    [
        (Suppression.COMMENT, "inSource"),
        (Suppression.SETTINGS, "external"),
        (Suppression.BASELINE, "external"),
    ],
)
def test_suppressed_findings_stay_with_their_reason(suppression: Suppression, kind: str) -> None:
    hidden = replace(finding(), suppressed="agreed in 2026", suppression=suppression)
    (result,) = run_of(report(hidden))["results"]
    assert result["suppressions"] == [{"kind": kind, "justification": "agreed in 2026"}]


def test_beside_a_baseline_results_are_new_or_known() -> None:
    known = replace(finding(), suppressed="known", suppression=Suppression.BASELINE)
    hidden = replace(finding(), suppressed="agreed", suppression=Suppression.COMMENT)
    shown = replace(report(finding(), known, hidden), baseline=Compared("known.json", 1, ()))
    states = [result.get("baselineState") for result in run_of(shown)["results"]]
    assert states == ["new", "unchanged", None]


def test_the_severity_of_a_finding_counts_not_that_of_its_rule() -> None:
    (result,) = run_of(report(replace(finding(), severity=Severity.INFO)))["results"]
    assert result["level"] == "note"


def test_files_elsewhere_have_absolute_names_and_odd_names_are_encoded() -> None:
    elsewhere = SourceFile("/etc/nginx/a b.conf", "x;")
    odd = SourceFile.from_bytes("a:b/\udcff#?.conf", b"x;")
    shown = report(*(finding(span=Span(source, 0, 1), related=()) for source in (elsewhere, odd)))
    found = [one["locations"][0]["physicalLocation"]["artifactLocation"] for one in run_of(shown)["results"]]
    assert found == [
        {"uri": "file:///etc/nginx/a%20b.conf"},
        {"uri": "a%3Ab/%FF%23%3F.conf", "uriBaseId": "SRCROOT"},
    ]


def test_two_runs_give_the_same_bytes_and_no_path_of_the_machine() -> None:
    once, again = (render_sarif(report(), rules(), paths()) for _ in range(2))
    assert once == again
    assert paths().directory not in once


@settings(max_examples=150, deadline=None)
@given(HOSTILE, HOSTILE)
@specials(2)
def test_any_message_comes_out_as_it_is(message: str, label: str) -> None:
    related = (Related(finding().span, label),)
    shown = report(finding(message=message, remedy=message, related=related, witness=None, fatal=False))
    (result,) = run_of(shown)["results"]
    text = result["message"]["text"]
    assert [(found[2], plain(ESCAPE.sub(r"\1", found[1]))) for found in LINK.finditer(text)] == [
        ("1", said(label))
    ]
    first = plain(text.split("\n")[0])
    assert first.replace("] (", "](") == said(message).replace("] (", "](")


def said(text: str) -> str:
    return visible(" ".join(text.split("\n")))


def plain(text: str) -> str:
    """What a reader of SARIF shows, who takes single braces for a placeholder."""
    assert not re.search("[{}]", text.replace("{{", "").replace("}}", ""))
    return text.replace("{{", "{").replace("}}", "}")
