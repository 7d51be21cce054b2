"""An ignore hides nothing.

What it hid is gone, or it stands at a place that the finding does not have. An ignore that is left
behind hides the next finding of its rule there, which nobody has judged.

It is judged in whole configurations alone, where everything it names has run and could decide; a rule
may still find something on the machine with nginx that it cannot see elsewhere (permissions, files that
were replaced).

Delete it, or the word in its brackets that is not needed any more. Findings say their places: an ignore
works at the main one and at each related one.

Bad:
```nginx
events {}
http {
    server {
        # mtls-lint: ignore[tls-legacy-only] old devices
        ssl_protocols TLSv1.2 TLSv1.3;
        listen 80;
        return 204;
    }
}
```

Good:
```nginx
events {}
http {
    server {
        # mtls-lint: ignore[tls-legacy-only] old devices
        ssl_protocols TLSv1;
        listen 443 ssl;
        ssl_certificate /pki/server.pem;
        ssl_certificate_key /pki/server.key;
        return 204;
    }
}
```

References: docs/ignores.md
"""

from mtls_lint.api import Context, Finding, Findings, Ignore, Severity, rule


@rule(id="ignore-unused", severity=Severity.INFO, since="0.1")
def check(ignore: Ignore, ctx: Context) -> Findings:
    """Report each word in the brackets that hid nothing."""
    if ignore.undecided:
        ctx.not_evaluated(ignore.span, f"whether this ignore is needed: {ignore.undecided}")
    for selector in ignore.unused:
        yield Finding(
            f"this ignore hides nothing by `{selector.text}` in this run: it would hide the next finding, "
            "which nobody has judged",
            selector.span,
            f"delete `{selector.text}` from it" if len(ignore.selectors) > 1 else "delete the ignore",
            path=f"{ignore.path}/{selector.text}",
        )
