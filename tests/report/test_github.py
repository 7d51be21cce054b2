"""Annotations of GitHub Actions, read back as the runner reads them."""

import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from mtls_lint.lint.finding import Related, Reported, Severity
from mtls_lint.lint.runner import Report
from mtls_lint.report.characters import visible
from mtls_lint.report.github import render_github
from mtls_lint.syntax.source import SourceFile, Span
from report.samples import HOSTILE, finding, incomplete, paths, report, specials

COMMANDS = {"error", "warning", "notice"}


def read(line: str) -> tuple[str, dict[str, str], str]:
    """Command, properties and message of a line, as ``ActionCommand.TryParseV2`` takes it apart."""
    line = line.lstrip()
    assert line.startswith("::")
    end = line.index("::", 2)
    name, _, words = line[2:end].partition(" ")
    assert name in COMMANDS
    pairs = [word.split("=", 1) for word in words.strip().split(",") if word]
    properties = {key: unescape(value, {"%3A": ":", "%2C": ","}) for key, value in pairs}
    return name, properties, unescape(line[end + 2 :], {})


def unescape(text: str, more: dict[str, str]) -> str:
    for code, character in {"%0D": "\r", "%0A": "\n", **more, "%25": "%"}.items():
        text = text.replace(code, character)
    return text


def commands(shown: Report) -> list[tuple[str, dict[str, str], str]]:
    text = render_github(shown, paths())
    text.encode("utf-8")
    assert text == render_github(shown, paths())
    # The runner reads lines as .NET does: CR, LF or both end one.
    lines = text.removesuffix("\n").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return [read(line) for line in lines] if text else []


def test_a_finding_with_everything() -> None:
    overview, (kind, properties, message) = commands(report())
    assert overview[0] == "notice"
    assert "1 error in 2 files" in overview[2]
    assert kind == "error"
    assert properties == {
        "file": "conf/nginx.conf",
        "line": "3",
        "endLine": "3",
        "col": "3",
        "endColumn": "13",
        "title": "mtls-lint tls-legacy-only",
    }
    assert message.splitlines() == [
        "the listener is open, TLS was expected, everybody gets in",
        "this request gets in:",
        "curl -i 'http://a.example.com/x?y=1&z=2'",
        "nginx refuses to start with this",
        "help: write `listen 443 ssl;`",
        "conf/tls.conf:1:1: asked for here",
    ]


def test_nothing_found_is_nothing_said() -> None:
    assert render_github(Report(), paths()) == ""


def test_what_was_not_evaluated_is_said() -> None:
    ((kind, properties, message),) = commands(replace(report(), findings=()))
    assert (kind, properties) == ("notice", {"title": "mtls-lint"})
    assert "2 checks not evaluated at 1 place" in message


def test_what_could_not_be_read_is_an_error() -> None:
    kind, properties, message = commands(incomplete())[0]
    assert (kind, properties["file"], properties["title"]) == ("error", "conf/bad.conf", "not read")
    assert message == "unexpected end of file\nClose the block."


def test_a_suppressed_finding_is_left_out() -> None:
    assert [kind for kind, _, _ in commands(report(replace(finding(), suppressed="agreed")))] == ["notice"]


def test_the_worst_come_first_and_more_than_github_shows_is_said() -> None:
    def at(severity: Severity, number: int) -> list[Reported]:
        return [replace(finding(message=f"m{each}"), severity=severity) for each in range(number)]

    found = commands(report(*at(Severity.INFO, 10), *at(Severity.WARNING, 10), *at(Severity.ERROR, 12)))
    assert [kind for kind, _, _ in found] == ["notice", *["error"] * 12, *["warning"] * 10, *["notice"] * 10]
    assert "GitHub shows 10 of 12 errors; all are in the log of this step." in found[0][2]
    assert "of 10 warnings" not in found[0][2]
    # The overview takes one of the places.
    assert "GitHub shows 9 of 10 notices" in found[0][2]


def test_columns_only_for_what_stands_in_one_line() -> None:
    source = SourceFile("nginx.conf", "server {\n listen 80;\n}\n")
    (_, properties, _) = commands(report(finding(span=Span(source, 0, len(source.text) - 1))))[1]
    assert (properties["line"], properties["endLine"]) == ("1", "3")
    assert "col" not in properties


def test_stdin_is_no_file() -> None:
    (_, properties, _) = commands(report(finding(span=Span(SourceFile("-", "x;"), 0, 1))))[1]
    assert "file" not in properties


@settings(max_examples=300, deadline=None)
@given(HOSTILE, HOSTILE)
@specials(2)
def test_any_message_comes_out_as_it_is(message: str, name: str) -> None:
    source = SourceFile(f"{name}x.conf", "listen 80;")
    related = (Related(finding().span, message),)
    shown = report(finding(message=message, span=Span(source, 0, 6), remedy="", related=related))
    _, (kind, properties, found) = commands(shown)
    said = visible(" ".join(message.split("\n")))
    assert kind == "error"
    assert (found.split("\n")[0] == said) if said else found.startswith("this request")
    assert found.split("\n")[-1] == f"conf/nginx.conf:3:3: {said}"
    if "/" not in name and "\0" not in name:
        assert properties["file"] == visible(" ".join(source.path.split("\n")))


@pytest.mark.parametrize(
    "text", ["##[set-env name=PATH]/x", "\n::warning::x", "\r::warning::x", "%0A::warning::x"]
)
def test_a_message_is_no_command(text: str) -> None:
    assert [kind for kind, _, _ in commands(report(finding(message=text)))] == ["notice", "error"]
