"""Fixes of the built-in rules: afterwards the finding is gone, and nginx takes the configuration."""

from datetime import datetime

import pytest
from msgspec import Struct

from mtls_lint.lint.finding import Reported
from mtls_lint.lint.fixing import Plan, plan
from mtls_lint.lint.runner import Report, run
from mtls_lint.lint.settings import Settings
from mtls_lint.nginx.model import build
from mtls_lint.nginx.version import NEWEST_STABLE, parse_version
from mtls_lint.pki.store import PemStore
from mtls_lint.syntax.loader import load_text
from mtls_lint.syntax.tree import Tree
from mtls_lint.testing import CLOCK, ExampleCase, examples_of, find_nginx, with_material
from mtls_lint.testing.examples import wrapped

SAFE = {"client-refusals-not-logged", "ssl-key-log-enabled", "upstream-client-key-without-cert"}
UNSAFE = {
    "cert-header-raw-multiline",
    "early-data-with-client-certificates",
    "listen-without-ssl",
    "mtls-not-enforced",
    "seclevel-lowered",
    "ssl-on-removed",
    "tls-legacy-only",
    "tls-legacy-protocol",
    "tls13-missing",
    "upstream-sni-not-sent",
    "upstream-verify-off",
    "verify-client-off-override",
    "verify-client-optional-unchecked",
}


class Text(Struct, frozen=True):
    """A Bad example: as it stands on the page, a fragment mostly, or as a whole configuration."""

    case: ExampleCase
    whole: bool

    @property
    def text(self) -> str:
        text = with_material(self.case.example.text)
        return wrapped(text, self.tree(text).context) if self.whole else text

    def tree(self, text: str) -> Tree:
        options = self.case.example.options
        context = tuple(options["context"].split(",")) if "context" in options and not self.whole else None
        return load_text(text, "nginx.conf", context=context, main_directory="/nonexistent")

    def __str__(self) -> str:
        return f"{self.case}-{'whole' if self.whole else 'page'}"


def lint(example: Text, text: str) -> Report:
    """The rule of the example on a text in its place; the options are those of the example's fence."""
    options = example.case.example.options
    version = parse_version(options["version"]) if "version" in options else NEWEST_STABLE
    settings = Settings(version, tuple(filter(None, options.get("require", "").split(","))))
    now = datetime.fromisoformat(options["now"]).replace(tzinfo=CLOCK.tzinfo) if "now" in options else CLOCK
    return run(build(example.tree(text), version), [example.case.rule], settings, now, PemStore())


def fixed(example: Text) -> tuple[list[Reported], str, Plan]:
    """The findings with a fix, and the text when they are made."""
    text = example.text
    findings = [one for one in lint(example, text).findings if one.finding.fix is not None]
    chosen = plan(findings, unsafe=True, key_of=lambda source: source.path, refusal=lambda _: None)
    return findings, chosen.changed("nginx.conf").decode() if chosen.edits else text, chosen


BAD = [Text(case, whole) for case in examples_of() if case.kind == "bad" for whole in (False, True)]
# Found when the tests are collected.
FIXABLE = [example for example in BAD if example.case.rule.id in SAFE | UNSAFE and fixed(example)[0]]


def test_these_rules_have_fixes() -> None:
    assert {example.case.rule.id for example in FIXABLE} == SAFE | UNSAFE


@pytest.mark.parametrize("example", [one for one in BAD if one.whole and one not in FIXABLE], ids=str)
def test_no_other_example_has_one(example: Text) -> None:
    assert fixed(example)[0] == []


@pytest.mark.parametrize("example", FIXABLE, ids=str)
def test_a_fix_is_called_safe_only_where_it_is(example: Text) -> None:
    for one in fixed(example)[0]:
        assert one.finding.fix is not None
        assert one.finding.fix.safe is (example.case.rule.id in SAFE)


@pytest.mark.parametrize("example", FIXABLE, ids=str)
def test_a_fixed_example_has_no_finding_and_nginx_takes_it(example: Text) -> None:
    findings, text, chosen = fixed(example)
    assert len(chosen.made) == len(findings)
    left = lint(example, text)
    assert left.problems == ()
    assert len(left.findings) == len(lint(example, example.text).findings) - len(findings)
    assert [one for one in left.findings if one.finding.fix is not None] == []
    whole = text if example.whole else wrapped(text, example.tree(text).context)
    asked = [binary.check(whole) for binary in find_nginx() if binary.can_run(whole)]
    assert [result.output for result in asked if not result.accepted] == []
