"""Backends with names of their own network are verified by the CAs of the web.

No public CA may issue a certificate for `app.internal` or `backend` (CA/Browser Forum Baseline Requirements:
no Internal Names), so that with these CAs alone no backend of such a name passes: requests end with 502.
Where a CA of one's own stands in the same file, backends pass, and all the others are trusted for nothing:
the day the name changes to one of the public DNS, everybody who can get a certificate for it is believed.

It is fine for a backend with a public name, wherever it runs: set `proxy_ssl_name` to that name.

Name a file that holds the CA of the backend alone.

Bad:
```nginx
server {
    listen 80;
    server_name www.example.com;
    location / {
        proxy_pass https://192.0.2.10:8443;
        proxy_ssl_verify              on;
        proxy_ssl_trusted_certificate /pki/public-bundle.pem;
        proxy_ssl_name                app.internal;
    }
}
```

Good:
```nginx
server {
    listen 80;
    server_name www.example.com;
    location / {
        proxy_pass https://192.0.2.10:8443;
        proxy_ssl_verify              on;
        proxy_ssl_trusted_certificate /pki/root.pem;
        proxy_ssl_name                app.internal;
    }
}
```
```nginx
server {
    listen 80;
    server_name www.example.com;
    location / {
        proxy_pass https://192.0.2.10:8443;
        proxy_ssl_verify              on;
        proxy_ssl_trusted_certificate /pki/public-bundle.pem;
        proxy_ssl_name                app.example.com;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ssl_trusted_certificate
- https://cabforum.org/working-groups/server/baseline-requirements/
- OWASP ASVS 5.0, 12.3.4
"""

from mtls_lint.api import (
    Confidence,
    Configuration,
    Context,
    ExpectedName,
    FileReference,
    FileState,
    Finding,
    Findings,
    NameSource,
    Related,
    Severity,
    UpstreamPass,
    is_private,
    is_system_bundle,
    names_of,
    passes_in_words,
    public_cas,
    rule,
    verifying,
)


@rule(
    id="upstream-trust-public",
    severity=Severity.WARNING,
    since="0.1",
    controls=("OWASP ASVS 5.0 12.3.4",),
    needs=("proxy_ssl_verify", "grpc_ssl_verify", "uwsgi_ssl_verify"),
)
def check(_: Configuration, ctx: Context) -> Findings:
    """Report each file of public CAs by which a name that is not public is verified."""
    found: dict[tuple[FileReference, str], list[tuple[UpstreamPass, ExpectedName]]] = {}
    for passing in verifying(ctx):
        trusted = passing.trusted
        for expected in names_of(passing) if trusted is not None else ():
            if trusted is not None and _is_internal(expected):
                found.setdefault((trusted, expected.text), []).append((passing, expected))
    for (trusted, name), places in found.items():
        yield from _finding(trusted, name, places, ctx)


def _is_internal(expected: ExpectedName) -> bool:
    """Whether it is a host's name, and not one of the public DNS; those that fit nothing have their rules."""
    if not expected.is_sendable or expected.text.endswith("."):
        return False
    return is_private(expected.text) and (expected.source is not NameSource.BLOCK or "." in expected.text)


def _finding(
    trusted: FileReference, name: str, places: list[tuple[UpstreamPass, ExpectedName]], ctx: Context
) -> Findings:
    file = ctx.file(trusted)
    if file is None:
        return
    where = passes_in_words([passing for passing, _ in places])
    by_path = file.state is not FileState.READ
    certificates = [one for one in dict.fromkeys(file.certificates) if one.is_ca] if not by_path else []
    public = public_cas(certificates)
    if by_path and not is_system_bundle(file.path):
        ctx.not_evaluated(trusted.span, f"{trusted.written}: {file.reason}")
    if not (public or (by_path and is_system_bundle(file.path))):
        return
    # To the bundle of an operating system CAs of one's own may have been added.
    alone = not by_path and len(public) == len(certificates)
    consequence = (
        "none of them may issue for such a name, so that no backend passes and requests end with 502"
        if alone
        else "it takes the CA of the backend alone to verify it, and all others are trusted as well"
    )
    yield Finding(
        f'"{name}", the name that {where} expects, is none of the public DNS, and {trusted.written} holds the'
        f" CAs of the web: {consequence}",
        trusted.span,
        "name a file with the CA of the backend alone",
        (Related(places[0][1].span, "the name"),),
        severity=None if alone else Severity.INFO,
        confidence=Confidence.LIKELY if by_path else None,
    )
