"""An ignore names a rule that does not exist.

What it was to hide is shown, because the word in the brackets means no rule, no family and no pattern
that fits one: a slip of the pen, a rule that has got another name, or one of a pack that is not loaded
in this run.

It is fine where some runs use a pack that others lack: then select `ignores` in those alone that have
it.

Write the id as the finding shows it; `mtls-lint rules` lists all of them.

Bad:
```nginx
server {
    listen 443 ssl; # mtls-lint: ignore[revocation-nonne] the CA is ours
    ssl_certificate /pki/server.pem;
    ssl_certificate_key /pki/server.key;
}
```

Good:
```nginx
server {
    listen 443 ssl; # mtls-lint: ignore[revocation-none, trust, cert-*] the CA is ours
    ssl_certificate /pki/server.pem;
    ssl_certificate_key /pki/server.key;
}
```

References: docs/ignores.md
"""

from mtls_lint.api import Context, Finding, Findings, Ignore, Severity, rule


@rule(id="ignore-unknown-rule", severity=Severity.WARNING, since="0.1")
def check(ignore: Ignore, ctx: Context) -> Findings:  # noqa: ARG001
    """Report each word in the brackets that means no rule."""
    for selector in () if ignore.defect else ignore.selectors:
        if not selector.rules:
            close = selector.suggestion
            yield Finding(
                f"this ignore names `{selector.text}`, which is no rule or family: it hides nothing",
                selector.span,
                f"write `{close}` if that is meant" if close else "`mtls-lint rules` lists the rules",
                path=f"{ignore.path}/{selector.text}",
            )
