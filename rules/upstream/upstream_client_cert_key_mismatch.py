"""The key of a client certificate for backends does not belong to it.

A key of the same kind (RSA for RSA, EC for EC) that belongs to another certificate makes `nginx -t` fail
(`key values mismatch`): nginx does not start, and a reload keeps the old configuration.

With a key of *another* kind (an RSA key for an EC certificate) `nginx -t` is content, and nginx makes its
handshakes with the backend without any client certificate, and says nothing. A backend that requires one
refuses every request; one that only asks for it serves nginx as a stranger.

Usually one of the two files was renewed and the other was not, or a location sets one of the two directives
and inherits the other: they are inherited each by itself.

Name the key that the certificate was issued for. To compare: `openssl x509 -in C -noout -pubkey` and
`openssl pkey -in K -pubout` print the same.

Bad:
```nginx
server {
    listen 127.0.0.1:8080;
    location / {
        proxy_pass https://192.0.2.10;
        proxy_ssl_certificate     /pki/client.pem;
        proxy_ssl_certificate_key /pki/stranger.key;
    }
}
```
```nginx
server {
    listen 127.0.0.1:8080;
    location / {
        proxy_pass https://192.0.2.10;
        proxy_ssl_certificate     /pki/client.pem;
        proxy_ssl_certificate_key /pki/rsa.key;
    }
}
```
```nginx
events {}
http {
    proxy_ssl_certificate     /pki/client.pem;
    proxy_ssl_certificate_key /pki/client.key;
    server {
        listen 127.0.0.1:8080;
        location /partner/ {
            proxy_pass https://192.0.2.10;
            proxy_ssl_certificate /pki/stranger.pem;
        }
    }
}
```

Good:
```nginx
events {}
http {
    proxy_ssl_certificate     /pki/client.pem;
    proxy_ssl_certificate_key /pki/client.key;
    server {
        listen 127.0.0.1:8080;
        location /partner/ {
            proxy_pass https://192.0.2.10;
            proxy_ssl_certificate     /pki/stranger.pem;
            proxy_ssl_certificate_key /pki/stranger.key;
        }
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ssl_certificate_key
"""

from mtls_lint.api import (
    Certificate,
    Context,
    Finding,
    Findings,
    Origin,
    Related,
    Severity,
    UpstreamCertificate,
    load_failure,
    passes_in_words,
    rule,
)


@rule(
    id="upstream-client-cert-key-mismatch",
    severity=Severity.ERROR,
    since="0.1",
    needs=("proxy_ssl_certificate", "grpc_ssl_certificate", "uwsgi_ssl_certificate"),
)
def check(pair: UpstreamCertificate, ctx: Context) -> Findings:
    if pair.key is None:
        return
    certificates = ctx.certificates(pair.certificate)
    key = ctx.key(pair) if certificates else None
    if not certificates or key is None:
        return
    leaf = certificates[0]
    fits = key.matches(leaf)
    if fits is None:
        kind = "encrypted and could not be opened" if key.encrypted else "of an unknown kind"
        ctx.not_evaluated(pair.key.span, f"{pair.key.written}: the key is {kind}")
        return
    if fits:
        return
    behind = next((one for one in certificates[1:] if key.matches(one)), None)
    consequence = (
        load_failure(pair)
        if key.algorithm == leaf.key_algorithm
        else f"nginx starts all the same, and presents no client certificate to {pair.passes[0].written}"
        f" ({passes_in_words(pair.passes)})"
    )
    yield Finding(
        f"the key {pair.key.written} ({key.algorithm}) does not belong to the certificate"
        f' "{leaf.display_name}" ({leaf.key_algorithm}) in {pair.certificate.written}: {consequence}',
        pair.key.span,
        _remedy(behind),
        (Related(pair.certificate.span, _label(pair, leaf)),),
        fatal=key.algorithm == leaf.key_algorithm and not pair.loaded_late,
    )


def _label(pair: UpstreamCertificate, leaf: Certificate) -> str:
    origins = {
        name: pair.passes[0].setting(name).origin for name in ("ssl_certificate", "ssl_certificate_key")
    }
    inherited = [name for name, origin in origins.items() if origin is Origin.INHERITED]
    if len(inherited) != 1:
        return f"the certificate ({leaf.key_algorithm})"
    return f"the certificate ({leaf.key_algorithm}); each of the two directives is inherited by itself"


def _remedy(behind: Certificate | None) -> str:
    if behind is not None:
        return f'put "{behind.display_name}", which the key belongs to, first in the file of the certificate'
    return "name the key that the certificate was issued for, or the certificate that was issued for the key"
