"""Packs, selection, the runner, identities, and when a file is missing."""

import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from mtls_lint.lint.documentation import DocumentationError, parse_documentation
from mtls_lint.lint.finding import Reported
from mtls_lint.lint.pack import built_in_pack, directory_pack, load_packs
from mtls_lint.lint.rule import RuleError
from mtls_lint.lint.runner import merge
from mtls_lint.lint.selection import SelectionError, select_rules
from mtls_lint.testing import lint_text

PAGE = (
    '"""A title.\n\nText.\n\nBad:\n```nginx\nx;\n```\n\nGood:\n```nginx\ny;\n```\n\nReferences: none\n"""\n'
)
IMPORTS = "from mtls_lint.api import Context, Directive, Finding, Findings, Severity, VirtualServer, rule\n"
LISTEN = """
@rule(id="{id}", severity=Severity.ERROR, since="1", directives=("listen",))
def check(directive: Directive, ctx: Context) -> Findings:
    yield Finding("found", directive.span, "mend it")
"""
CRASH = """
@rule(id="{id}", severity=Severity.ERROR, since="1")
def check(server: VirtualServer, ctx: Context) -> Findings:
    yield Finding("before", server.span, "mend it")
    raise LookupError("broken")
"""
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_rule(name: str, body: str = LISTEN) -> Path:
        file = tmp_path / "my pack" / "family" / f"{name.replace('-', '_')}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(PAGE + IMPORTS + body.format(id=name))
        return tmp_path / "my pack"

    return write_rule


def found(text: str, pack: Path) -> list[Reported]:
    return list(lint_text(dedent(text), packs=[pack]).findings)


def test_a_pack_of_a_directory_has_its_name_in_front(write: Write) -> None:
    (rule,) = load_packs([directory_pack(write("some-rule"))])
    assert (rule.id, rule.family, rule.pack, rule.title) == (
        "my-pack/some-rule",
        "family",
        "my-pack",
        "A title.",
    )


def test_loading_leaves_no_trace(write: Write) -> None:
    pack, before = write("some-rule"), list(sys.path)
    load_packs([directory_pack(pack)])
    assert sys.path == before
    assert list(pack.rglob("__pycache__")) == []
    assert "some_rule" not in sys.modules


DECLARED = '@rule(id="{id}", severity=Severity.ERROR, since="1")\n'


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (DECLARED + "def check(x: int, ctx: Context): ...", "takes one of"),
        (DECLARED.replace("{id}", "No_Kebab") + "def check(): ...", "kebab-case"),
        (DECLARED.replace("{id}", "r\u00e8gle") + "def check(): ...", "kebab-case"),
        ("class Socket: ...\n" + DECLARED + "def check(x: 'Socket', ctx: 'Context'): ...", "takes one of"),
        (DECLARED + "def check(x: 'Nothing', ctx: Context): ...", "takes one of"),
        (
            DECLARED.replace("{id}", "other") + "def check(d: Directive, ctx: Context): ...",
            "must be other.py",
        ),
        ("1 / 0", "ZeroDivisionError"),
        ("", "exactly one function"),
    ],
)
def test_a_rule_that_is_not_right_says_why(write: Write, body: str, words: str) -> None:
    pack = write("some-rule", body)
    with pytest.raises(RuleError, match=r"some_rule\.py") as error:
        load_packs([directory_pack(pack)])
    assert words in str(error.value)


@pytest.mark.parametrize("cut", ["A title.", "Text.", "Bad:", "Good:", "References: none"])
def test_a_page_has_all_its_parts(cut: str) -> None:
    page = PAGE.strip('"\n')
    assert parse_documentation(page).title == "A title."
    with pytest.raises(DocumentationError, match="lacks"):
        parse_documentation(page.replace(cut, "x" if cut == "A title." else ""))


def test_a_crash_ends_one_rule_and_is_told(write: Write) -> None:
    write("first-rule", CRASH)
    report = lint_text("server { listen 80; }", packs=[write("second-rule")])
    assert [f.rule for f in report.findings] == ["my-pack/first-rule", "my-pack/second-rule"]
    (crash,) = report.crashes
    assert (crash.rule, crash.error) == ("my-pack/first-rule", "LookupError: broken")
    assert any("crashed" in entry.reason for entry in report.not_evaluated)


def test_what_many_servers_include_is_said_once(write: Write) -> None:
    pack = write("some-rule")
    report = lint_text(
        "server { include l.conf; }\nserver { include l.conf; }", packs=[pack], files={"l.conf": "listen 80;"}
    )
    assert len(report.findings) == 1
    assert len(report.sources) == 2


def test_an_identity_outlives_edits(write: Write) -> None:
    pack = write("some-rule")
    (before,) = found("server { listen 80; server_name a.test; }", pack)
    edited = "server { server_name b.test; listen 81; }\nserver {\n  listen   80;\n  server_name a.test; }"
    after = {f.fingerprint for f in found(edited, pack)}
    assert before.fingerprint in after
    assert len(after) == 2


def test_equal_lines_have_identities_of_their_own(write: Write) -> None:
    same = found("server { server_name a; listen 80; listen 80; }", write("some-rule"))
    assert len({f.fingerprint for f in same}) == 2


def test_reports_of_several_trees_add_up(write: Write) -> None:
    pack = write("some-rule")
    one, two = (lint_text(f"server {{ listen {port}; }}", packs=[pack]) for port in (80, 81))
    both = merge([one, two])
    assert (len(both.findings), both.servers, both.rules, len(both.sources)) == (2, 2, 1, 2)


def test_selection_takes_ids_families_and_patterns() -> None:
    rules = load_packs([built_in_pack()])
    assert select_rules(rules, [], []) == rules
    assert {rule.family for rule in select_rules(rules, ["trust"], [])} == {"trust"}
    assert {rule.id for rule in select_rules(rules, ["cert-exp*"], [])} == {"cert-expired", "cert-expiring"}
    assert "ca-expired" not in {rule.id for rule in select_rules(rules, ["trust"], ["ca-expired"])}
    with pytest.raises(SelectionError, match="did you mean 'cert-expired'"):
        select_rules(rules, ["cert-expird"], [])


SERVER = "server {{ listen 443 ssl; ssl_certificate {0}/s.pem; ssl_certificate_key {0}/s.key; }}"


@pytest.mark.parametrize(
    ("files", "where", "missing"),
    [
        ({}, "certs", False),
        ({"certs/s.key": "x"}, "certs", True),
        ({"elsewhere/s.key": "x"}, "certs", False),
        ({}, "/etc/no-such-place/certs", False),
    ],
)
def test_a_file_is_missing_where_its_neighbours_are(
    tmp_path: Path, files: dict[str, str], where: str, missing: bool
) -> None:
    report = lint_text(
        SERVER.format(where), rules=["certificate-file-missing"], files=files, directory=tmp_path
    )
    assert bool(report.findings) is missing
    assert bool(report.not_evaluated) is not missing


def test_a_path_into_the_very_tree_that_is_linted_is_missing(tmp_path: Path) -> None:
    text = f"events {{}}\nhttp {{ {SERVER.format(tmp_path / 'certs')} }}"
    report = lint_text(text, rules=["certificate-file-missing"], directory=tmp_path)
    assert len(report.findings) == 1
