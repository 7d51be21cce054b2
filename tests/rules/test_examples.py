"""The examples of the built-in rules, each a case of its own; and that the harness can fail."""

from pathlib import Path

import pytest

from mtls_lint.testing import ExampleCase, check_example, check_pack, examples_of
from mtls_lint.testing.examples import TEMPLATE_MARKER

RULE = '''
"""A server listens on port 81.

Port 81 is taken.

Bad:
```nginx
{bad}
```
Good:
```nginx
{good}
```
References: none.
"""

from mtls_lint.api import Context, Finding, Findings, Severity, VirtualServer, rule


@rule(id="port-taken", severity=Severity.ERROR, since="1")
def check(server: VirtualServer, ctx: Context) -> Findings:
    """{comment}"""
    for listen in server.listens:
        if listen.key.port == 81:
            yield Finding("port 81", server.span, "take another", fatal={fatal})
        {crash}
'''

BAD = "server { listen 81; }"
GOOD = "server { listen 82; }"


def problems(
    directory: Path,
    bad: str = BAD,
    good: str = GOOD,
    fatal: bool = False,
    crash: str = "",
    comment: str = "Check.",
) -> list[str]:
    text = RULE.format(bad=bad, good=good, fatal=fatal, crash=crash, comment=comment).lstrip()
    pack = directory / "acme"
    pack.mkdir()
    (pack / "port_taken.py").write_text(text)
    results = check_pack(pack)
    assert [(r.rule, r.kind, r.index) for r in results] == [
        ("acme/port-taken", "page", 0),
        ("acme/port-taken", "bad", 1),
        ("acme/port-taken", "good", 1),
    ]
    assert all(result.ok is (not result.problem) for result in results)
    return [f"{result.kind}: {result.problem}" for result in results if not result.ok]


@pytest.mark.parametrize("case", examples_of(), ids=str)
def test_an_example_shows_what_its_rule_says(case: ExampleCase) -> None:
    result = check_example(case)
    assert result.ok, result.problem


def test_no_text_of_the_template_is_left() -> None:
    left = {case.rule.file for case in examples_of() if TEMPLATE_MARKER in Path(case.rule.file).read_text()}
    assert left == set()


def test_a_sound_pack_has_no_problems(tmp_path: Path) -> None:
    assert problems(tmp_path) == []


def test_a_good_block_that_triggers_is_a_problem(tmp_path: Path) -> None:
    assert problems(tmp_path, good=BAD) == ["good: a Good block has findings: line 1: port 81"]


def test_a_bad_block_that_does_not_trigger_is_a_problem(tmp_path: Path) -> None:
    assert problems(tmp_path, bad=GOOD) == ["bad: a Bad block has no finding"]


def test_a_rule_that_crashes_is_a_problem(tmp_path: Path) -> None:
    found = problems(tmp_path, crash="raise LookupError('lost')")
    assert len(found) == 2
    assert all("LookupError: lost" in problem for problem in found)


def test_template_text_is_a_problem(tmp_path: Path) -> None:
    assert problems(tmp_path, comment=TEMPLATE_MARKER) == ["page: text of the template is left in it"]


def test_an_example_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    found = problems(tmp_path, good="server { listen 82;")
    assert len(found) == 1
    assert "nginx.conf:" in found[0]


@pytest.mark.usefixtures("nginx")
class TestWithNginx:
    def test_a_good_block_that_nginx_refuses_is_a_problem(self, tmp_path: Path) -> None:
        found = problems(tmp_path, good="server { listen 82; ssl_verify_client maybe; }")
        assert len(found) == 1
        assert 'invalid value "maybe"' in found[0]

    def test_a_fatal_finding_that_nginx_does_not_share_is_a_problem(self, tmp_path: Path) -> None:
        found = problems(tmp_path, fatal=True)
        assert len(found) == 1
        assert "accepts the configuration" in found[0]
