"""Reports to render: one with everything a finding can have, and texts that no format takes as they are."""

from collections.abc import Callable
from functools import cache
from typing import Any

from hypothesis import example
from hypothesis import strategies as st
from msgspec.structs import replace

from mtls_lint.lint.finding import (
    Confidence,
    Finding,
    NotEvaluated,
    Related,
    Reported,
    Severity,
    Witness,
)
from mtls_lint.lint.pack import built_in_pack, load_packs
from mtls_lint.lint.rule import Rule
from mtls_lint.lint.runner import Crash, Report
from mtls_lint.report.paths import Paths
from mtls_lint.syntax.source import SourceFile, Span
from mtls_lint.syntax.tree import Problem, ProblemKind

DIRECTORY = "/nowhere/checkout"
MAIN = SourceFile("conf/nginx.conf", "http {\n\tserver {\n\t\tlisten 80;  # schön\n    }\n}\n")
OTHER = SourceFile("conf/tls.conf", "ssl_verify_client on;\n")
RULE = "tls-legacy-only"

SPECIAL = (
    *(
        "::",
        "%",
        "%0A",
        "%25",
        "##[add-path]/x",
        "::error::",
        "\n",
        "\r",
        "\t",
        "\0",
        "\x1b[31m",
        "\x85",
        "\u2028",
    ),
    *(
        "`",
        "``",
        "|",
        "*",
        "_",
        "__",
        "<b>",
        "<script>",
        "<!--",
        "&amp;",
        "]]>",
        "[x](y)",
        "](",
        "![",
        "[",
        "]",
    ),
    *(
        "{0}",
        "{",
        "}",
        "\\",
        "@name",
        "#12",
        "GH-1",
        "https://x.test/",
        "www.x.test",
        "~~",
        "$x$",
        "- ",
        "1. ",
        "+ ",
    ),
    *(
        "\udcff",
        "\udc80",
        "\ufffe",
        "\u202e",
        "\ufeff",
        "é",
        "\U0001f600",
        " ",
        "=",
        "# ",
        "> ",
        '"',
        "'",
        ",",
        ":",
    ),
)
HOSTILE = (
    st.lists(
        st.one_of(st.sampled_from(SPECIAL), st.text(max_size=4), st.sampled_from(("a", "server", "x1"))),
        max_size=12,
    )
    .map("".join)
    .filter(lambda text: not any("\ud800" <= one < "\udc80" or "\udcff" < one <= "\udfff" for one in text))
)
"""Bytes that are no UTF-8 are read as surrogates; other surrogates there are not in what was read."""


def specials(arguments: int = 1) -> Callable[[Any], Any]:
    """Has a property tried with each of the texts, alone and with words around it, whatever else is drawn."""

    def decorate(test: Any) -> Any:
        together = ("".join(SPECIAL), " ".join(SPECIAL), "~~a~~", "_a_", "__a__", "`` ` ``", "a\\")
        for text in (*SPECIAL, *together):
            for whole in (text, f"a{text}b", f"a {text} b", f"{text}a{text}"):
                test = example(*[whole] * arguments)(test)
        return test

    return decorate


@cache
def rules() -> tuple[Rule, ...]:
    return load_packs([built_in_pack()])


def span(source: SourceFile, words: str) -> Span:
    start = source.text.index(words)
    return Span(source, start, start + len(words))


def finding(**changes: object) -> Reported:
    facts = {
        "message": "the listener is open, TLS was expected, everybody gets in",
        "span": span(MAIN, "listen 80;"),
        "remedy": "write `listen 443 ssl;`",
        "related": (Related(span(OTHER, "ssl_verify_client on;"), "asked for here"),),
        "witness": Witness(tls=False, address="*", port=80, host="a.example.com", uri="/x?y=1&z=2"),
        "fatal": True,
        **changes,
    }
    found = Finding(**facts)  # type: ignore[arg-type]
    return Reported(RULE, Severity.ERROR, Confidence.LIKELY, found, "0123456789abcdef", ("RFC 1",))


def report(*findings: Reported) -> Report:
    unsure = tuple(
        NotEvaluated(rule, "conf/nginx.conf", 3, "a.pem: absent") for rule in ("ca-weak-key", "ca-expired")
    )
    found = findings or (finding(),)
    return Report(findings=found, not_evaluated=unsure, sources=(MAIN, OTHER), servers=1, rules=len(rules()))


def incomplete() -> Report:
    """A file that cannot be read and a rule that crashes."""
    problem = Problem(ProblemKind.SYNTAX, "conf/bad.conf", None, "unexpected end of file", "Close the block.")
    entries = (
        NotEvaluated("", "conf/bad.conf", 1, f"{problem.message}. {problem.hint}"),
        NotEvaluated("ca-expired", "conf/nginx.conf", 1, "the rule crashed: KeyError: 'x'"),
    )
    crash = Crash("ca-expired", "KeyError: 'x'", "Traceback ...")
    return replace(report(), not_evaluated=entries, problems=(problem,), crashes=(crash,), unreadable=True)


def paths() -> Paths:
    return Paths(DIRECTORY, (MAIN, OTHER))
