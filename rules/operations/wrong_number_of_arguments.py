"""A directive has too many or too few arguments, or a block where none belongs.

nginx refuses to start. A missing `;` on the line before is a frequent cause: then the next line's words have
become arguments.

Bad:
```nginx
server {
    listen 443 ssl;
    ssl_certificate      /pki/server.pem /pki/server.key;
    ssl_certificate_key  /pki/server.key;
}
```
```nginx
server {
    listen 443 ssl;
    ssl_certificate      /pki/server.pem
    ssl_certificate_key  /pki/server.key;
}
```

Good:
```nginx
server {
    listen 443 ssl;
    ssl_certificate      /pki/server.pem;
    ssl_certificate_key  /pki/server.key;
}
```

References:
- nginx: ngx_conf_handler in src/core/ngx_conf_file.c
- https://nginx.org/en/docs/dirindex.html
"""

from itertools import pairwise

from mtls_lint.api import Configuration, Context, Directive, Finding, Findings, Severity, rule


@rule(id="wrong-number-of-arguments", severity=Severity.ERROR, since="0.1")
def check(configuration: Configuration, ctx: Context) -> Findings:  # noqa: ARG001
    """Report wrong numbers of arguments and wrong endings of a directive."""
    for refused in configuration.refusals.of_kind("arity", "block"):
        expected = f" (it takes {refused.detail})" if refused.detail else ""
        remedy = "see the directive's documentation for its arguments"
        if _spans_lines(refused.directive):
            remedy = "is a `;` missing at the end of a line above?"
        yield Finding(
            f"{refused.text}{expected}: nginx refuses to start", refused.directive.span, remedy, fatal=True
        )


def _spans_lines(directive: Directive) -> bool:
    """Whether a line ends between two words of the directive."""
    text = directive.source.text
    return any("\n" in text[word.end : following.start] for word, following in pairwise(directive.word_spans))
