"""A variable chooses the client certificate for a backend, and TLS sessions are resumed across its values.

`proxy_ssl_certificate` takes variables (from 1.21.0 on), so that each tenant, or each host name, can have a
certificate of its own. But nginx keeps a TLS session with the backend, not with the certificate, and resumes
it for the next request, whatever its certificate would be. A resumed session belongs to the certificate it
was made with: the second tenant acts at the backend as the first one. Nothing in the logs of nginx says so.

From 1.29.7 on an `upstream` keeps its connections open as well (`keepalive 32 local` by itself), and the next
request of the same location uses them: with `proxy_ssl_session_reuse off` alone the same thing happens.

It is fine where the backend is addressed by a variable (`proxy_pass https://$tenant_host`), for which nginx
keeps neither, and where the variable has a single value.

Set `proxy_ssl_session_reuse off;`, and `keepalive 0;` in the `upstream`; or give each certificate a location
and an `upstream` of its own.

Bad:
```nginx
server {
    listen 127.0.0.1:8080;
    location / {
        proxy_pass https://192.0.2.10:8443;
        proxy_ssl_certificate     /etc/nginx/tenants/$http_x_tenant.pem;
        proxy_ssl_certificate_key /etc/nginx/tenants/$http_x_tenant.key;
    }
}
```

Good:
```nginx
server {
    listen 127.0.0.1:8080;
    location / {
        proxy_pass https://192.0.2.10:8443;
        proxy_ssl_certificate     /etc/nginx/tenants/$http_x_tenant.pem;
        proxy_ssl_certificate_key /etc/nginx/tenants/$http_x_tenant.key;
        proxy_ssl_session_reuse   off;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ssl_certificate
- https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ssl_session_reuse
- https://nginx.org/en/docs/http/ngx_http_upstream_module.html#keepalive
"""

import re

from mtls_lint.api import (
    Confidence,
    Configuration,
    Context,
    Finding,
    Findings,
    Related,
    Severity,
    possible_texts,
    rule,
    shared_by_requests,
    variables_in,
)


@rule(
    id="upstream-client-cert-by-variable",
    severity=Severity.ERROR,
    since="0.1",
    confidence=Confidence.LIKELY,
    needs=("proxy_ssl_certificate", "grpc_ssl_certificate", "uwsgi_ssl_certificate"),
)
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report each place with such a certificate whose requests share sessions or connections."""
    for one in ctx.upstream_passes:
        certificate = one.certificate
        if certificate is None or "$" not in certificate.written:
            continue
        if certificate.directive.is_templated or _is_made_elsewhere(configuration, certificate.written):
            ctx.not_evaluated(certificate.span, f"what {certificate.written} holds is not said here")
            continue
        sharing = shared_by_requests(one)
        values = possible_texts(configuration, one.location or one.server, certificate.written)
        if sharing is None or (len(values) == 1 and "$" not in values[0]):
            continue
        reuse = one.setting("ssl_session_reuse")
        if reuse.unknown is not None and not reuse.is_set:
            ctx.not_evaluated(certificate.span, reuse.unknown.reason)
            continue
        shared = "open connections" if sharing.connections else "TLS sessions"
        yield Finding(
            f"the client certificate {certificate.written} depends on the request, and requests of"
            f" {one.label} share their {shared} with {sharing.backend}: a request goes with the certificate"
            " of an earlier one",
            certificate.span,
            "set `keepalive 0;` in the upstream"
            if sharing.connections
            else f"set `{one.name_of('ssl_session_reuse')} off;`, and `keepalive 0;` in an upstream block",
            (Related(one.span, "the backend that sessions are kept with"),),
        )


# What nginx itself makes that may tell one request from another.
_OF_NGINX = re.compile(r"(?:ssl|http|arg|cookie|remote|server|request)_\w+|host|uri|args|scheme|hostname")


def _is_made_elsewhere(configuration: Configuration, written: str) -> bool:
    """Whether a fragment names a variable that it does not make: it may be a placeholder of its author's."""
    made = {*configuration.makers.maps, *configuration.makers.assigned}
    names = [name for name in variables_in(written) if _OF_NGINX.fullmatch(name) is None]
    return configuration.tree.is_fragment and not made.issuperset(names)
