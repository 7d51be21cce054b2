"""A backend is a server of this same configuration, and its certificate does not pass.

nginx verifies the backend, and the backend is nginx itself: its certificate is at hand. It was put to the
verification as nginx does it, with the CAs, the CRLs and the depth of the place that connects, and with the
name that is expected there. It does not pass: every such request ends with 502.

Looked for are backends on loopback addresses, Unix sockets, and addresses that a `listen` names. Which server
answers depends on SNI: nginx sends the name only with `proxy_ssl_server_name on`, and without it the default
server of the socket shows its certificate.

Set `proxy_ssl_name` to a name of the certificate, send it where the socket has several servers, and trust the
CA that issued it.

Bad:
```nginx
events {}
http {
    server {
        listen 80;
        location / {
            proxy_pass https://127.0.0.1:8443;
            proxy_ssl_verify              on;
            proxy_ssl_trusted_certificate /pki/other-root.pem;
            proxy_ssl_name                api.example.com;
        }
    }
    server {
        listen 127.0.0.1:8443 ssl;
        server_name api.example.com;
        ssl_certificate     /pki/server.pem;
        ssl_certificate_key /pki/server.key;
    }
}
```
```nginx
# Without SNI the first server answers.
events {}
http {
    server {
        listen 80;
        location / {
            proxy_pass https://127.0.0.1:8443;
            proxy_ssl_verify              on;
            proxy_ssl_trusted_certificate /pki/root.pem;
            proxy_ssl_name                api.example.com;
        }
    }
    server {
        listen 127.0.0.1:8443 ssl;
        server_name other.example.net;
        ssl_certificate     /pki/other-name.pem;
        ssl_certificate_key /pki/other-name.key;
    }
    server {
        listen 127.0.0.1:8443 ssl;
        server_name api.example.com;
        ssl_certificate     /pki/server.pem;
        ssl_certificate_key /pki/server.key;
    }
}
```

Good:
```nginx
events {}
http {
    server {
        listen 80;
        location / {
            proxy_pass https://127.0.0.1:8443;
            proxy_ssl_verify              on;
            proxy_ssl_trusted_certificate /pki/root.pem;
            proxy_ssl_name                api.example.com;
        }
    }
    server {
        listen 127.0.0.1:8443 ssl;
        server_name api.example.com;
        ssl_certificate     /pki/server.pem;
        ssl_certificate_key /pki/server.key;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ssl_verify
- https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ssl_server_name
- RFC 5280, section 6.1; RFC 9525, section 6
"""

from mtls_lint.api import (
    Configuration,
    Context,
    ExpectedName,
    Finding,
    Findings,
    NameSource,
    Related,
    Severity,
    ShownCertificate,
    UpstreamPass,
    VerifyError,
    names_of,
    rule,
    shown_certificates,
    verifying,
)

_DATES = {VerifyError.CERT_HAS_EXPIRED, VerifyError.CERT_NOT_YET_VALID}


@rule(
    id="upstream-certificate-refused",
    severity=Severity.ERROR,
    since="0.1",
    controls=("RFC 9525 6",),
    needs=("proxy_ssl_verify", "grpc_ssl_verify", "uwsgi_ssl_verify"),
)
def check(_: Configuration, ctx: Context) -> Findings:
    """Report each place whose backend's own certificate is refused there."""
    for passing in verifying(ctx):
        for expected in names_of(passing):
            shown = shown_certificates(passing, expected, ctx) if expected.is_known else ()
            for one in _refused(shown or ()):
                if not _is_said_elsewhere(passing, expected, one, ctx):
                    yield _finding(passing, expected, one)


def _refused(shown: tuple[ShownCertificate, ...]) -> list[ShownCertificate]:
    """One certificate of each server of which none passes."""
    by_server: dict[object, list[ShownCertificate]] = {}
    for one in shown:
        by_server.setdefault(one.server, []).append(one)
    return [all_[0] for all_ in by_server.values() if not any(one.verdict.ok and one.named for one in all_)]


def _is_said_elsewhere(
    passing: UpstreamPass, expected: ExpectedName, shown: ShownCertificate, ctx: Context
) -> bool:
    """Whether the certificate's dates, the CAs, the CRLs or the expected name are at fault by themselves."""
    if shown.verdict.error in _DATES:
        return True
    if shown.verdict.error is None:
        unusual = expected.is_address or expected.text.endswith(".") or not expected.text
        return unusual or (expected.source is NameSource.BLOCK and "." not in expected.text)
    check_ = ctx.upstream_check(passing)
    return check_ is None or not any(
        check_.clients_of(one, ctx.now).ok if one.is_ca else check_.verify((one,), ctx.now).ok
        for one in check_.store
    )


def _finding(passing: UpstreamPass, expected: ExpectedName, shown: ShownCertificate) -> Finding:
    error = shown.verdict.error
    name = shown.leaf.display_name
    if error is not None:
        why = f"OpenSSL refuses it ({error.text})"
        file = passing.name_of("ssl_trusted_certificate")
        remedy = f"name the CA that issued it ({shown.leaf.issuer}) in {file}"
        span = passing.trusted.span if passing.trusted is not None else passing.span
    else:
        why = f'it is not for "{expected.text}"'
        sent = "" if passing.sends_name or not expected.is_sendable else " (no SNI is sent)"
        why += sent
        remedy = f"set {passing.name_of('ssl_name')} to a name of that certificate"
        if sent:
            remedy = f"set `{passing.name_of('ssl_server_name')} on;`, or " + remedy.removeprefix("set ")
        span = expected.span
    return Finding(
        f"{passing.label} connects to {passing.written}, where {shown.server.label} shows the certificate"
        f' "{name}": {why}, so that requests end with 502',
        span,
        remedy,
        (
            Related(shown.reference.span, "the certificate of the backend"),
            *((Related(passing.span, "connects here"),) if span != passing.span else ()),
        ),
        path=passing.server.logical_path,
    )
