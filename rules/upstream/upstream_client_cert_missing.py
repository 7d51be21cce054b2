"""nginx presents no certificate to a backend, and the chosen profile wants one.

Without `--profile`, and with profiles that do not ask for it, this rule is silent: whether a backend
wants a certificate is for the backend to say. The CIS benchmark wants mutual TLS between nginx and every
backend that it speaks TLS with, so that a backend can tell the proxy from anybody else in the network.

A place that has no certificate while another one presents it to the same backend is a finding of
`upstream-client-cert-missing-here`, profile or not.

It is fine for a backend of somebody else that has another way to know its callers; ignore it with that
reason.

Set `proxy_ssl_certificate` and `proxy_ssl_certificate_key` (`grpc_`, `uwsgi_`).

Bad:

```nginx profile=cis-3.0.0
server {
    listen 80;
    location / {
        proxy_pass https://127.0.0.1:8443;
        proxy_ssl_protocols TLSv1.3;
    }
}
```

Good:

```nginx profile=cis-3.0.0
server {
    listen 80;
    location / {
        proxy_pass https://127.0.0.1:8443;
        proxy_ssl_protocols       TLSv1.3;
        proxy_ssl_certificate     /pki/client.pem;
        proxy_ssl_certificate_key /pki/client.key;
    }
}
```

```nginx
server {
    listen 80;
    location / {
        proxy_pass https://127.0.0.1:8443;
    }
}
```

References:
- nginx: https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ssl_certificate
- CIS NGINX Benchmark 2.1.0 and 3.0.0, 4.1.9
"""

from mtls_lint.api import (
    Configuration,
    Context,
    Finding,
    Findings,
    Severity,
    UpstreamPass,
    passes_in_words,
    rule,
)


@rule(
    id="upstream-client-cert-missing",
    severity=Severity.WARNING,
    since="0.1",
    needs=("proxy_pass", "grpc_pass", "uwsgi_pass"),
    profiled=True,
)
def check(_: Configuration, ctx: Context) -> Findings:
    """Report, once for each address, the places that present no certificate there."""
    if not ctx.settings.requirements.upstream_certificate:
        return
    backends: dict[str, list[UpstreamPass]] = {}
    for one in ctx.upstream_passes:
        if one.tls:
            backends.setdefault(one.written, []).append(one)
    for written, passes in backends.items():
        if any(one.certificate is not None for one in passes):
            continue
        lacking = []
        for one in passes:
            setting = one.setting("ssl_certificate")
            if setting.unknown is not None:
                ctx.not_evaluated(one.span, setting.unknown.reason)
            elif not setting.is_set and one.key is None:
                lacking.append(one)
        if lacking:
            yield Finding(
                f"{passes_in_words(lacking)} presents no client certificate to {written}, and"
                f" {ctx.settings.requirements.profile} wants mutual TLS with every backend",
                lacking[0].span,
                f"set {lacking[0].name_of('ssl_certificate')} and its key",
            )
