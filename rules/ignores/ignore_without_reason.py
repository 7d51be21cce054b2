"""An ignore gives no reason.

A finding that nobody explains away is a finding: whoever reads the configuration next, or audits it,
cannot tell a judgement from a shortcut. So an ignore without a reason hides nothing.

Write the reason behind the brackets, in a few words; reports show it beside what is hidden. Where
reasons stand elsewhere, `ignores-need-reason = false` in the settings lets ignores do without.

Bad:
```nginx
server {
    listen 80; # mtls-lint: ignore[revocation-none] until=2027-01-31
    return 204;
}
```

Good:
```nginx
server {
    listen 80; # mtls-lint: ignore[revocation-none] certificates of this CA live for a day
    return 204;
}
```

References: docs/ignores.md
"""

from mtls_lint.api import Context, Finding, Findings, Ignore, Severity, rule


@rule(id="ignore-without-reason", severity=Severity.WARNING, since="0.1")
def check(ignore: Ignore, ctx: Context) -> Findings:  # noqa: ARG001
    """Report an ignore that lacks the reason it needs."""
    if ignore.lacks_reason:
        yield Finding(
            "this ignore gives no reason, and so hides nothing",
            ignore.span,
            "write behind the brackets why what it hides is right here",
            path=ignore.path,
        )
