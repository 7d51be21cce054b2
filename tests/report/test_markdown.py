"""The report as Markdown, read back by a parser: what it shows is what was said, and nothing more."""

import re

import pytest
from hypothesis import given, settings
from markdown_it import MarkdownIt
from markdown_it.token import Token
from msgspec.structs import replace

from mtls_lint.lint.finding import Related, Reported
from mtls_lint.lint.runner import Report
from mtls_lint.report.characters import visible
from mtls_lint.report.markdown import code, inline, render_markdown
from mtls_lint.syntax.source import SourceFile, Span
from report.samples import HOSTILE, RULE, finding, incomplete, paths, report, rules, specials

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
BLOCKS = {
    "heading",
    "paragraph",
    "fence",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "bullet_list",
    "list_item",
}


def document(shown: Report, *, everything: bool = False) -> str:
    known = [rule for rule in rules() if rule.id == RULE]
    text = render_markdown(shown, known, paths(), everything=everything)
    assert text == render_markdown(shown, known, paths(), everything=everything)
    return text


def parsed(text: str) -> list[Token]:
    """The tokens of a document, which holds nothing but text, code, and the one word that is strong."""
    text.encode("utf-8")
    tokens = PARSER.parse(text)
    for token in tokens:
        assert re.sub("_(open|close)$", "", token.type) in BLOCKS | {"inline"}, token
        strong = [child for child in token.children or () if child.type.startswith("strong")]
        assert not strong or token.content.startswith("**Remedy:**")
        kinds = {child.type for child in token.children or ()} - {"strong_open", "strong_close"}
        assert kinds <= {"text", "code_inline", "softbreak"}, token
    return tokens


def shown_text(token: Token) -> str:
    return "".join(child.content for child in token.children or ())


def test_a_finding_with_everything() -> None:
    text = document(report())
    parsed(text)
    assert text.startswith(
        """\
# mtls-lint

1 error in 2 files (1 server, 194 rules); 2 checks not evaluated at 1 place.

| severity | rule | findings | what it is |
|---|---|---|---|
| error | `tls-legacy-only` | 1 | Only TLS versions are allowed that OpenSSL refuses to speak. |

## error: `tls-legacy-only`

the listener is open, TLS was expected, everybody gets in

```text
 --> conf/nginx.conf:3:3
  |
3 |         listen 80;  # schön
  |         ^^^^^^^^^^
 ::: conf/tls.conf:1:1
  |
1 | ssl_verify_client on;
  | --------------------- asked for here
```

This request gets in:

```sh
curl -i 'http://a.example.com/x?y=1&z=2'
```

nginx refuses to start with this.

**Remedy:** write `listen 443 ssl;`

Confidence: likely; controls: RFC 1; fingerprint: `0123456789abcdef`.

## Not evaluated

- absent
  - `conf/nginx.conf:3`: a.pem (`ca-weak-key`, `ca-expired`)
""".replace("194", str(len(rules())))
    )


def test_many_rules_are_counted_unless_all_is_asked_for() -> None:
    entries = report().not_evaluated
    more = tuple(replace(entries[0], rule=f"r{number}") for number in range(5))
    assert "(5 rules)" in document(replace(report(), not_evaluated=more))
    assert "`r4`" in document(replace(report(), not_evaluated=more), everything=True)


def test_what_is_suppressed_and_what_was_not_read_have_their_places() -> None:
    text = document(report(replace(finding(), suppressed="agreed *in* 2026")))
    assert "## Suppressed\n\n- `conf/nginx.conf:3:3` `tls-legacy-only`: agreed \\*in\\* 2026\n" in text
    assert "## Not read: unexpected end of file\n\n`conf/bad.conf`\n\nClose the block." in document(
        incomplete()
    )


def test_clean_is_one_sentence() -> None:
    text = document(Report())
    assert text.splitlines()[2] == "No findings in 0 files (0 servers, 0 rules); everything evaluated."


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("`a` and b", "`a` and b"),
        ("server_name of api.example.com:443", "server_name of api.example.com:443"),
        ("<b> & *x* [y](z)", r"\<b\> \& \*x\* \[y\](z)"),
        ("to @backend, #12", "to `@backend,` `#12`"),
        ("$uri at https://x.test", r"\$uri at https\://x.test"),
        ("1. - a", r"1\. - a"),
        ("# a", r"\# a"),
        ("`a|b`", "`a|b`"),
        ("one ` alone", r"one \` alone"),
        ("two\nlines", "two lines"),
    ],
)
def test_messages_are_text_with_code(text: str, written: str) -> None:
    assert inline(text) == written


def test_pipes_in_a_table() -> None:
    assert inline("a|b `c|d`", cell=True) == r"a\|b `c\|d`"
    assert code("`") == "`` ` ``"


def bare(text: str) -> str:
    return re.sub(r"[`\s]", "", text)


@settings(max_examples=500, deadline=None)
@given(HOSTILE)
@specials()
def test_any_message_is_one_paragraph_that_says_the_same(message: str) -> None:
    written = inline(message)
    if not written:
        assert not bare(message)
        return
    opened, token, _ = parsed(written)
    assert opened.type == "paragraph_open"
    assert bare(shown_text(token)) == bare(visible(" ".join(message.split())))
    # Links that GitHub makes of text by itself, and names and numbers it looks for.
    loose = "".join(child.content if child.type == "text" else "`" for child in token.children or ())
    assert not re.search(r"@|#\d|GH-\d", loose)
    assert not re.search(r"(?<!\\)://|www\.", re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", written))


@settings(max_examples=300, deadline=None)
@given(HOSTILE)
@specials()
def test_any_message_is_one_cell_of_a_table(message: str) -> None:
    table = f"| a | b |\n|---|---|\n| {inline(message, cell=True)} | {code(message, cell=True)} |\n"
    cells = [token for token in parsed(table) if token.type == "td_open"]
    assert len(cells) == 2


@settings(max_examples=150, deadline=None)
@given(HOSTILE, HOSTILE)
@specials(2)
def test_a_report_of_anything_is_nothing_but_a_report(message: str, line: str) -> None:
    source = SourceFile("nginx.conf", f"x;\n{line}\nlisten 80;")

    def found(text: str) -> Reported:
        related = (Related(Span(source, 0, 1), text),)
        return finding(message=text, remedy=text, span=Span(source, 3, len(source.text)), related=related)

    hidden = replace(found("x"), suppressed=message)
    shown = report(found(message), hidden)
    entries = tuple(replace(entry, reason=message, path=f"{message}.conf") for entry in shown.not_evaluated)
    tokens = parsed(document(replace(shown, not_evaluated=entries)))
    headings = [tokens[at + 1].content for at, token in enumerate(tokens) if token.type == "heading_open"]
    assert headings == ["mtls-lint", "error: `tls-legacy-only`", "Suppressed", "Not evaluated"]
