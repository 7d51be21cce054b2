r"""A regular expression is not one.

nginx compiles every regular expression when it reads the configuration, and refuses to start when one is
broken: a parenthesis or a bracket that is never closed, a quantifier with nothing in front of it. A `;` or
a `{` inside an expression that is not quoted ends the directive too early and leaves half an expression
behind.

Judged by PCRE2, the library that nginx is built with. A newer one may know more than this one.

Close the group, escape the character (`\(`), or quote the whole expression.

Bad:
```nginx
server {
    listen 80;
    location ~ \.(php|html$ {
        return 404;
    }
}
```
```nginx
map $ssl_client_s_dn $allowed {
    default 0;
    "~*CN=(alice" 1;
}
```

Good:
```nginx
server {
    listen 80;
    location ~ \.(php|html)$ {
        return 404;
    }
    location ~ "^/[0-9]{4}/" {
        return 404;
    }
}
```

References:
- nginx: ngx_regex_compile in src/core/ngx_regex.c
- https://www.pcre.org/current/doc/html/pcre2pattern.html
"""

from collections.abc import Iterator

from mtls_lint.api import Context, Directive, Finding, Findings, Severity, Span, Unknown, compile_regex, rule

_OPERATORS = {"~", "~*", "!~", "!~*"}
_MARKS = ("<%", "{{", "{%", "${")


@rule(
    id="regular-expression-refused",
    severity=Severity.ERROR,
    since="0.1",
    directives=("if", "location", "map", "rewrite", "server_name"),
)
def check(directive: Directive, ctx: Context) -> Findings:
    """Compile every expression; visited are the directives that take one."""
    for pattern, span in _expressions(directive):
        if any(mark in pattern for mark in _MARKS):
            ctx.not_evaluated(span, f"the expression `{pattern}` is what a template fills in")
            continue
        if any("\ud800" <= letter <= "\udfff" for letter in pattern):
            ctx.not_evaluated(span, "the expression has bytes that are no UTF-8, and those were not compiled")
            continue
        compiled = compile_regex(pattern)
        if isinstance(compiled, Unknown):
            yield Finding(
                f"{compiled.reason}: nginx refuses to start",
                span,
                "close every group and class, and escape or quote what is meant literally",
                fatal=True,
            )


def _expressions(directive: Directive) -> Iterator[tuple[str, Span]]:
    words = directive.args
    if directive.name == "rewrite" and words:
        yield str(words[0]), directive.arg_span(0)
    elif directive.name == "location" and words:
        yield from _of_location(directive)
    elif directive.name == "if" and len(words) > 2 and words[-2] in _OPERATORS:
        if words[-1] != ")":
            yield words[-1].removesuffix(")"), directive.arg_span(len(words) - 1)
    elif directive.name == "if" and len(words) > 3 and words[-1] == ")" and words[-3] in _OPERATORS:
        yield str(words[-2]), directive.arg_span(len(words) - 2)
    elif directive.name == "server_name":
        for index, word in enumerate(words):
            if word.startswith("~") and len(word) > 1:
                yield word[1:], directive.arg_span(index)
    elif directive.name == "map":
        for row in directive.children:
            if row.name.startswith("~") and len(row.args) == 1:
                yield row.name[1:].removeprefix("*"), row.span


def _of_location(directive: Directive) -> Iterator[tuple[str, Span]]:
    words = directive.args
    if len(words) == 2 and words[0] in {"~", "~*"}:
        yield str(words[1]), directive.arg_span(1)
    elif len(words) == 1 and words[0].startswith("~"):
        yield words[0][1:].removeprefix("*"), directive.arg_span(0)
