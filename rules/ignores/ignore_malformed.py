"""A comment that addresses mtls-lint is no ignore that it understands.

The comment was written to hide a finding and hides nothing: a slip in its form, an `until=` that is no
date or stands behind the reason, an `ignore-file` behind the first directive, or nothing behind it that
it could cover.

An ignore stands behind a directive in the same line, or in a line of its own before a directive or
block, and then covers all of the block. `ignore-file` stands before the first directive of a file. The
findings are shown until the form is right, so nothing gets lost by this.

Write `# mtls-lint: ignore[rule-id, ...] until=2027-01-31 reason`; `until=` may be left out.

Bad:
```nginx
server {
    listen 80;
    # mtls-lint: ignore revocation-none, the CA is ours
    return 204;
}
```
```nginx
server {
    listen 80;
    return 204; # mtls-lint: ignore[revocation-none] until=soon the CA is ours
}
```
```nginx
server {
    listen 80;
    return 204;
    # mtls-lint: ignore[revocation-none] no directive follows in this block
}
```

Good:
```nginx
# mtls-lint: context=http
server {
    listen 80;
    # mtls-lint: ignore[revocation-none] until=2027-01-31 the CA is ours
    return 204;
}
```

References: docs/ignores.md
"""

from mtls_lint.api import Context, Finding, Findings, Ignore, Severity, rule


@rule(id="ignore-malformed", severity=Severity.WARNING, since="0.1")
def check(ignore: Ignore, ctx: Context) -> Findings:  # noqa: ARG001
    """Report a comment that tries to be an ignore."""
    if ignore.defect:
        yield Finding(
            f"this ignore hides nothing: {ignore.defect}",
            ignore.span,
            "write `# mtls-lint: ignore[rule-id, ...] until=2027-01-31 reason` behind or before a directive",
            path=ignore.path,
        )
