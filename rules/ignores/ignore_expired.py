"""The day of an ignore has passed.

Whoever wrote `until=` wanted to look again by that day. Since then the ignore hides nothing, and its
findings are shown and count.

Mend what it hid, or judge it again and write another day. Without what it hid, delete it.

Bad:
```nginx now=2027-02-01
server {
    listen 80; # mtls-lint: ignore[revocation-none] until=2027-01-31 the CA gets its CRL in January
    return 204;
}
```

Good:
```nginx now=2027-01-31
server {
    listen 80; # mtls-lint: ignore[revocation-none] until=2027-01-31 the CA gets its CRL in January
    return 204;
}
```

References: docs/ignores.md
"""

from mtls_lint.api import Context, Finding, Findings, Ignore, Severity, rule


@rule(id="ignore-expired", severity=Severity.WARNING, since="0.1")
def check(ignore: Ignore, ctx: Context) -> Findings:  # noqa: ARG001
    """Report an ignore whose day has passed."""
    if ignore.is_expired and not ignore.defect:
        yield Finding(
            f"this ignore held until {ignore.until} and hides nothing any more",
            ignore.span,
            "mend what it hid and delete it, or judge it again and write another day",
            path=ignore.path,
        )
