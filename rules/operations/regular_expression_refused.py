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

from mtls_lint.api import (
    Configuration,
    Context,
    Directive,
    Finding,
    Findings,
    Severity,
    Unknown,
    compile_regex,
    rule,
)

_OPERATORS = {"~", "~*", "!~", "!~*"}
_TAKING = ("if", "location", "map", "rewrite", "server_name")
_MARKS = ("<%", "{{", "{%", "${")

_Expression = tuple[str, Directive, int | None]


@rule(id="regular-expression-refused", severity=Severity.ERROR, since="0.1", needs=_TAKING)
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Compile every expression of the directives that take one."""
    for name in _TAKING:
        # A large configuration says the same words in thousands of places.
        harmless: set[tuple[str, ...]] = set()
        for directive in configuration.directives.get(name, ()):
            if directive.args in harmless:
                continue
            suspects = [one for one in _expressions(directive) if not _compiles(one[0])]
            if suspects:
                yield from _judge(suspects, ctx)
            elif name != "map":
                harmless.add(directive.args)


def _compiles(pattern: str) -> bool:
    return _doubt(pattern) is None and not isinstance(compile_regex(pattern), Unknown)


def _doubt(pattern: str) -> str | None:
    """Why an expression is not compiled."""
    if any(mark in pattern for mark in _MARKS):
        return f"the expression `{pattern}` is what a template fills in"
    if any("\ud800" <= letter <= "\udfff" for letter in pattern):
        return "the expression has bytes that are no UTF-8, and those were not compiled"
    return None


def _judge(suspects: list[_Expression], ctx: Context) -> Findings:
    for pattern, directive, index in suspects:
        span = directive.span if index is None else directive.arg_span(index)
        doubt = _doubt(pattern)
        if doubt is not None:
            ctx.not_evaluated(span, doubt)
            continue
        compiled = compile_regex(pattern)
        if isinstance(compiled, Unknown):
            yield Finding(
                f"{compiled.reason}: nginx refuses to start",
                span,
                "close every group and class, and escape or quote what is meant literally",
                fatal=True,
            )


def _expressions(directive: Directive) -> Iterator[_Expression]:
    """The expressions of a directive, where they stand: in a directive or row, in which of its words."""
    words = directive.args
    if directive.name == "rewrite" and words:
        yield str(words[0]), directive, 0
    elif directive.name == "location" and words:
        yield from _of_location(directive)
    elif directive.name == "if" and len(words) > 2 and words[-2] in _OPERATORS:
        if words[-1] != ")":
            yield words[-1].removesuffix(")"), directive, len(words) - 1
    elif directive.name == "if" and len(words) > 3 and words[-1] == ")" and words[-3] in _OPERATORS:
        yield str(words[-2]), directive, len(words) - 2
    elif directive.name == "server_name":
        for index, word in enumerate(words):
            if "~" in word and word.startswith("~") and len(word) > 1:
                yield word[1:], directive, index
    elif directive.name == "map":
        for row in directive.children:
            if row.name.startswith("~") and len(row.args) == 1:
                yield row.name[1:].removeprefix("*"), row, None


def _of_location(directive: Directive) -> Iterator[_Expression]:
    words = directive.args
    if len(words) == 2 and words[0] in {"~", "~*"}:
        yield str(words[1]), directive, 1
    elif len(words) == 1 and words[0].startswith("~"):
        yield words[0][1:].removeprefix("*"), directive, 0
