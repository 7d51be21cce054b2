"""Ignores: how they are written, what they cover, and what is said about them."""

from datetime import datetime, timezone
from pathlib import Path
from textwrap import dedent

import pytest

from mtls_lint.lint.finding import Reported, Severity, Suppression
from mtls_lint.lint.ignore import Ignore, parse_ignore
from mtls_lint.lint.pack import built_in_pack, directory_pack, load_packs
from mtls_lint.lint.runner import Report, merge, run
from mtls_lint.lint.settings import Settings
from mtls_lint.nginx.model import build
from mtls_lint.syntax.loader import load_each, load_text
from mtls_lint.syntax.source import Comment, SourceFile
from mtls_lint.testing.pki import CLOCK

PAGE = (
    '"""A title.\n\nText.\n\nBad:\n```nginx\nx;\n```\n\nGood:\n```nginx\ny;\n```\n\nReferences: none\n"""\n'
)
IMPORTS = "from mtls_lint.api import Context, Directive, Finding, Findings, Related, Severity, VirtualServer, rule\n"
LISTEN = """
@rule(id="a-listen", severity=Severity.ERROR, since="1", directives=("listen",))
def check(directive: Directive, ctx: Context) -> Findings:
    for block in directive.ancestors:
        related = (Related(block.span, "in this server"),)
        break
    yield Finding("found", directive.span, "mend it", related)
"""
RETURN = """
@rule(id="a-return", severity=Severity.ERROR, since="1", directives=("return",))
def check(directive: Directive, ctx: Context) -> Findings:
    yield Finding("found", directive.span, "mend it")
"""
UNSURE = """
@rule(id="a-doubt", severity=Severity.ERROR, since="1", directives=("server_name",))
def check(directive: Directive, ctx: Context) -> Findings:
    ctx.not_evaluated(directive.span, "nobody knows")
    yield from ()
"""


@pytest.fixture(scope="session")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("packs") / "p"
    for name, body in (("a_listen", LISTEN), ("a_return", RETURN), ("a_doubt", UNSURE)):
        file = directory / "demo" / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(PAGE + IMPORTS + body)
    return directory


def lint(
    text: str | SourceFile,
    pack: Path,
    *,
    settings: Settings | None = None,
    context: tuple[str, ...] | None = None,
    label: str = "nginx.conf",
) -> Report:
    rules = load_packs([built_in_pack(), directory_pack(pack)])
    chosen = [one for one in rules if one.family in {"demo", "ignores"}]
    text = dedent(text) if isinstance(text, str) else text
    tree = load_text(text, label, context=context)
    report = run(build(tree), chosen, settings or Settings(), CLOCK, known=rules)
    assert report.crashes == ()
    return report


def shown(report: Report) -> list[tuple[str, int]]:
    return [(f.rule.removeprefix("p/"), f.span.line) for f in report.findings if f.suppressed is None]


def hidden(report: Report) -> list[Reported]:
    return [f for f in report.findings if f.suppressed is not None]


def parsed(text: str) -> Ignore | None:
    return parse_ignore(SourceFile("x", f"#{text}"), Comment(text, 0, len(text) + 1, own_line=True), CLOCK)


@pytest.mark.parametrize(
    ("text", "selectors", "until", "reason"),
    [
        (" mtls-lint: ignore[a-b] why", ["a-b"], None, "why"),
        ("mtls-lint:ignore[a,b , c-*] why not", ["a", "b", "c-*"], None, "why not"),
        (" mtls-lint: ignore [a] until=2027-01-31 -- why", ["a"], "2027-01-31", "why"),
        (" mtls-lint: ignore[a] until=2027-01-31", ["a"], "2027-01-31", ""),
        (" mtls-lint: ignore-file[p/a] — why", ["p/a"], None, "why"),
        (" mtls-lint: ignore[a]\twhy [sic]", ["a"], None, "why [sic]"),
    ],
)
def test_the_form(text: str, selectors: list[str], until: str | None, reason: str) -> None:
    found = parsed(text)
    assert found is not None
    assert not found.defect
    assert [one.text for one in found.selectors] == selectors
    assert [one.span.text for one in found.selectors] == selectors
    assert (str(found.until) if found.until else None, found.reason) == (until, reason)
    assert found.whole_file is ("-file" in text)


@pytest.mark.parametrize(
    "text",
    [
        " mtls-lint: ingore[a] why",
        " mtls-lint: ignore a why",
        " mtls-lint: ignore[] why",
        " mtls-lint: ignore[ , ] why",
        " mtls-lint: ignore[a",
        " mtls-lint: ignore[a]why",
        " mtls-lint: ignore[a] until=tomorrow why",
        " mtls-lint: ignore[a] until=2027-02-30 why",
        " mtls-lint: ignore[a] until=20270131 why",
        " mtls-lint: ignore[a] until= why",
        " mtls-lint: ignore[a] why until=2027-01-31",
        " mtls-lint: off",
        " mtls-lint:",
    ],
)
def test_what_addresses_the_tool_in_another_form_is_said(text: str) -> None:
    found = parsed(text)
    assert found is not None
    assert found.defect


@pytest.mark.parametrize(
    "text", [" context of mtls-lint: see there", "mtls-lint", " mtls-lint: context=http"]
)
def test_other_comments_are_left_alone(text: str) -> None:
    assert parsed(text) is None


WHOLE = "events {{}}\nhttp {{\n{0}\n}}\n"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("server {\nlisten 80; # mtls-lint: ignore[p/a-listen] r\nlisten 81;\n}", [("a-listen", 5)]),
        ("server {\n# mtls-lint: ignore[p/a-listen] r\nlisten 80;\nlisten 81;\n}", [("a-listen", 6)]),
        ("server {\n# mtls-lint: ignore[p/a-listen] r\n# more\n\nlisten 80;\nlisten 81;\n}", [("a-listen", 8)]),
        # Several in front of one directive.
        ("server {\n# mtls-lint: ignore[p/a-return] r\n# mtls-lint: ignore[p/a-listen] r\nlisten 80;\n}",
         [("ignore-unused", 4)]),
        # A block's ignore covers the block, however it is written.
        ("# mtls-lint: ignore[p/a-listen] r\nserver {\nlisten 80;\nlisten 81;\n}\nserver { listen 82; }",
         [("a-listen", 8)]),
        ("server { # mtls-lint: ignore[p/a-return] r\nlisten 80;\nlocation / {\nreturn 204;\n}\n}\n",
         [("a-listen", 4)]),
        # A related place is as good as the main one: here the server's own line, by a simple place of it.
        ("server\n{ # mtls-lint: ignore[p/a-listen] r\nlisten 80;\n}", []),
        # A directive over several lines, with the comment anywhere in it.
        ("server {\nlisten # mtls-lint: ignore[p/a-listen] r\n80;\n}", []),
        ("server {\nlisten\n80; # mtls-lint: ignore[p/a-listen] r\n}", []),
        ("server {\nlisten\n# mtls-lint: ignore[p/a-listen] r\n80;\nlisten 81;\n}", [("a-listen", 7)]),
        # Families, patterns and all rules.
        ("server {\nlisten 80; # mtls-lint: ignore[demo] r\n}", []),
        ("server {\nlisten 80; # mtls-lint: ignore[p/a-*] r\n}", []),
        ("server {\nlisten 80; # mtls-lint: ignore[all] r\n}", []),
        # Not across the end of a block.
        ("server {\nlisten 80;\n# mtls-lint: ignore[p/a-return] r\n}\nserver { return 204; }",
         [("a-listen", 4), ("ignore-malformed", 5), ("a-return", 7)]),
        ("server {\nlisten 80;\n# mtls-lint: ignore[p/a-return] r\n# } is no end\nreturn 204;\n}", [("a-listen", 4)]),
        # Behind a closing brace there is nothing.
        ("server {\nlisten 80;\n} # mtls-lint: ignore[p/a-listen] r", [("a-listen", 4), ("ignore-unused", 5)]),
        # Two that hide the same are both needed.
        ("# mtls-lint: ignore[p/a-listen] r\nserver {\nlisten 80; # mtls-lint: ignore[demo] s\n}", []),
        # One word of several.
        ("server {\nlisten 80; # mtls-lint: ignore[p/a-listen, p/a-return] r\n}", [("ignore-unused", 4)]),
        # What has no effect.
        ("server {\nlisten 80; # mtls-lint: ignore[p/a-lisen] r\n}", [("a-listen", 4), ("ignore-unknown-rule", 4)]),
        ("server {\nlisten 80; # mtls-lint: ignore[p/a-listen]\n}", [("a-listen", 4), ("ignore-without-reason", 4)]),
        ("server {\nlisten 80; # mtls-lint: ignore[p/a-listen] until=2026-05-31 r\n}",
         [("a-listen", 4), ("ignore-expired", 4)]),
        ("server {\nlisten 80; # mtls-lint: ignore[p/a-listen] until=2026-06-01 r\n}", []),
        ("server {\nlisten 80; # mtls-lint: ignor[p/a-listen] r\n}", [("a-listen", 4), ("ignore-malformed", 4)]),
        # Other rules are not concerned; comments in quotes are none.
        ("server {\nlisten 80;\nreturn 200 '# mtls-lint: ignore[demo] r';\n}", [("a-listen", 4), ("a-return", 5)]),
        # Rules about ignores can be ignored as well, and nobody asks whether that is needed.
        ("# mtls-lint: ignore[ignore-unused] r\nserver {\n# mtls-lint: ignore[p/a-return] r\nlisten 80;\n}",
         [("a-listen", 6)]),
    ],
)  # fmt: skip
def test_what_an_ignore_covers(text: str, left: list[tuple[str, int]], pack: Path) -> None:
    assert shown(lint(WHOLE.format(text), pack)) == left


def test_what_is_hidden_stays_in_the_report(pack: Path) -> None:
    text = WHOLE.format(
        "server {\nlisten 80; # mtls-lint: ignore[p/a-listen] until=2027-01-31 - a partner calls\n}"
    )
    report = lint(text, pack)
    (one,) = hidden(report)
    assert (one.suppressed, one.suppression) == ("a partner calls (until 2027-01-31)", Suppression.COMMENT)
    assert (report.suppressed, report.count(Severity.ERROR)) == (1, 0)


def test_identities_do_not_depend_on_ignores(pack: Path) -> None:
    plain = lint(WHOLE.format("server {\nlisten 80;\nlisten 80;\n}"), pack)
    ignored = lint(
        WHOLE.format("server {\nlisten 80; # mtls-lint: ignore[p/a-listen] r\n\nlisten 80;\n}"), pack
    )
    assert [f.fingerprint for f in plain.findings] == [f.fingerprint for f in ignored.findings]


def test_a_whole_file(pack: Path, tmp_path: Path) -> None:
    main = "events {}\nhttp {\ninclude a.conf;\nserver { listen 80; }\n}"
    (tmp_path / "nginx.conf").write_text(main)
    (tmp_path / "a.conf").write_text(
        "# Sites.\n# mtls-lint: ignore-file[p/a-listen] old\nserver { listen 81; }\nserver { return 204; }\n"
    )
    report = lint(SourceFile(str(tmp_path / "nginx.conf"), main), pack)
    assert [(Path(f.span.path).name, f.rule) for f in hidden(report)] == [("a.conf", "p/a-listen")]
    assert shown(report) == [("a-return", 4), ("a-listen", 4)]


def test_a_whole_file_only_at_its_top(pack: Path) -> None:
    text = WHOLE.format("# mtls-lint: ignore-file[p/a-listen] r\nserver { listen 80; }")
    assert shown(lint(text, pack)) == [("ignore-malformed", 3), ("a-listen", 4)]


def test_no_ignores(pack: Path) -> None:
    text = WHOLE.format("server {\nlisten 80; # mtls-lint: ignore[p/a-listen, p/a-return] r\n}")
    assert shown(lint(text, pack, settings=Settings(ignores=False))) == [("a-listen", 4)]


def test_reasons_can_be_dispensed_with(pack: Path) -> None:
    text = WHOLE.format("server {\nlisten 80; # mtls-lint: ignore[p/a-listen]\n}")
    report = lint(text, pack, settings=Settings(ignores_need_reason=False))
    assert [one.suppressed for one in hidden(report)] == ["no reason given"]
    assert shown(report) == []


def test_what_a_rule_could_not_decide_may_need_the_ignore(pack: Path) -> None:
    text = WHOLE.format(
        "server {\nlisten 80; # mtls-lint: ignore[p/a-doubt, p/a-listen] r\nserver_name a;\n}"
    )
    report = lint(text, pack)
    assert shown(report) == []
    assert [
        (e.line, e.reason)
        for e in report.not_evaluated
        if e.rule == "ignore-unused"
    ] == [(4, "whether this ignore is needed: p/a-doubt could not decide everything")]  # fmt: skip


def test_the_whole_may_need_what_a_part_does_not(pack: Path) -> None:
    report = lint("server {\nlisten 80; # mtls-lint: ignore[p/a-return] r\n}", pack, context=("http",))
    assert shown(report) == [("a-listen", 2)]
    assert "the whole may need it" in report.not_evaluated[-1].reason


def test_a_file_of_two_trees_is_judged_once(pack: Path, tmp_path: Path) -> None:
    shared = tmp_path / "shared.conf"
    shared.write_text("# mtls-lint: ignore[p/a-listen, p/a-return] r\nserver {\ninclude extra.conf;\n}\n")
    reports = []
    for name, extra in (("one", "listen 80;"), ("two", "server_tokens off;")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "extra.conf").write_text(extra)
        main = f"events {{}}\nhttp {{\ninclude {shared};\n}}\n"
        reports.append(lint(SourceFile(str(tmp_path / name / "nginx.conf"), main), pack))
    assert [len(hidden(report)) for report in reports] == [1, 0]
    assert [len(shown(report)) for report in reports] == [1, 2]
    merged = merge(reports)
    assert [f.span.text for f in merged.findings if f.suppressed is None] == ["p/a-return", "p/a-return"]


def test_templates_and_embedded_configurations(pack: Path) -> None:
    template = (
        "{% if a %}\nserver {\n    listen {{ port }}; # mtls-lint: ignore[p/a-listen] r\n}\n{% endif %}\n"
    )
    report = lint(SourceFile("a.conf.j2", template), pack, context=("http",))
    assert (shown(report), len(hidden(report))) == ([], 1)
    text = "# Title\n\n```nginx\nserver {\n    # mtls-lint: ignore[p/a-listen] r\n    listen 80;\n}\n```\n"
    (tree,) = load_each(SourceFile("a.md", text))
    rules = load_packs([built_in_pack(), directory_pack(pack)])
    report = run(build(tree), [one for one in rules if one.family == "demo"], Settings(), CLOCK, known=rules)
    assert [(one.span.line, one.suppressed) for one in report.findings] == [(6, "r")]


def test_the_day_is_that_of_the_run() -> None:
    text = " mtls-lint: ignore[a] until=2026-06-01 r"
    comment = Comment(text, 0, len(text) + 1, own_line=True)
    for hour, expired in ((datetime(2026, 6, 1, 23, tzinfo=timezone.utc), False),
                          (datetime(2026, 6, 2, 0, tzinfo=timezone.utc), True)):  # fmt: skip
        found = parse_ignore(SourceFile("x", f"#{text}"), comment, hour)
        assert found is not None
        assert found.is_expired is expired
