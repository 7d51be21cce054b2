"""Settings of `ssl_ocsp` contradict each other or name a responder nginx cannot ask.

nginx refuses to start when `ssl_ocsp` is used with `ssl_verify_client optional_no_ca`, and when
`ssl_ocsp_responder` is not an `http://` address.

Use `on` or `optional` with OCSP, and name the responder with `http://`: OCSP responses are signed.

Bad:
```nginx
server {
    listen 443 ssl;
    ssl_certificate        /pki/server.pem;
    ssl_certificate_key    /pki/server.key;
    ssl_client_certificate /pki/root.pem;
    ssl_verify_client      optional_no_ca;
    ssl_ocsp               on;
}
```
```nginx
server {
    listen 443 ssl;
    ssl_certificate        /pki/server.pem;
    ssl_certificate_key    /pki/server.key;
    ssl_client_certificate /pki/root.pem;
    ssl_verify_client      on;
    ssl_ocsp               on;
    ssl_ocsp_responder     https://127.0.0.1/;
}
```

Good:
```nginx
server {
    listen 443 ssl;
    ssl_certificate        /pki/server.pem;
    ssl_certificate_key    /pki/server.key;
    ssl_client_certificate /pki/root.pem;
    ssl_verify_client      on;
    ssl_ocsp               on;
    ssl_ocsp_responder     http://127.0.0.1/;
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_ocsp
- nginx: ngx_http_ssl_merge_srv_conf in src/http/modules/ngx_http_ssl_module.c
"""

import re

from mtls_lint.api import Context, Finding, Findings, Related, Severity, VirtualServer, rule

_HTTP = re.compile("http://.", re.IGNORECASE | re.DOTALL)


@rule(id="ssl-ocsp-refused", severity=Severity.ERROR, since="0.1", needs=("ssl_ocsp",))
def check(server: VirtualServer, ctx: Context) -> Findings:
    """Report what nginx refuses of a server's OCSP settings."""
    ocsp = server.setting("ssl_ocsp")
    if ocsp.directive is None or ocsp.lower == "off" or not server.has_ssl_context:
        return
    verify = server.setting("ssl_verify_client")
    if verify.directive is not None and verify.lower == "optional_no_ca":
        yield Finding(
            "ssl_ocsp is incompatible with ssl_verify_client optional_no_ca: nginx refuses to start",
            ocsp.directive.span,
            "write `ssl_verify_client on;` or `optional`, or leave `ssl_ocsp` out",
            (Related(verify.directive.span, "the mode"),),
            fatal=True,
        )
    responder = server.setting("ssl_ocsp_responder")
    if responder.directive is None or not responder.value or _HTTP.match(responder.value):
        return
    if "$" in responder.value or responder.unknown is not None:
        ctx.not_evaluated(responder.directive.span, f"`{responder.value}` is what a template fills in")
    else:
        yield Finding(
            f"nginx asks OCSP responders by http:// only, not {responder.value}: it refuses to start",
            responder.directive.arg_span(0),
            "name the responder with http://; its answers are signed",
            fatal=True,
        )
