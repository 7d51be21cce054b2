r"""A private key lies below the directory of a web site.

nginx serves the files below `root` and `alias` to whoever asks. Only the permissions of the key then stand
between it and the internet: one `chmod -R` of a deployment script, one backup that is unpacked by another
user, and it can be downloaded. The same goes for the file of `ssl_password_file`.

Move keys out of every document root, for example to /etc/nginx/keys. If the key could be downloaded,
replace it.

Fine is what nginx never serves: where the location for its URI denies everybody, passes requests on, or
returns something else, nothing is said.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name www.example.com;
    root /pki/;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
}
```

Good:
```nginx
server {
    listen 443 ssl;
    server_name www.example.com;
    root /srv/www;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
}
```
```nginx
server {
    listen 443 ssl;
    server_name www.example.com;
    root /pki/;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;

    location ~ \.key$ {
        deny all;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_core_module.html#root
- CIS NGINX Benchmark v2.1.0 and v3.0.0, 4.1.3
"""

from mtls_lint.api import (
    KEYS,
    PASSWORDS,
    Confidence,
    Configuration,
    Context,
    Finding,
    Findings,
    Related,
    Severity,
    rule,
)


@rule(id="key-in-webroot", severity=Severity.ERROR, since="0.1", needs=("root", "alias"))
def check(_: Configuration, ctx: Context) -> Findings:
    """Report keys and pass phrases that have a URI; each file once."""
    for use, _related in ctx.files(KEYS | PASSWORDS):
        roots = ctx.webroots(use.reference)
        if not roots:
            continue
        first = roots[0]
        what = "private key" if use.purpose in KEYS else "file of pass phrases"
        yield Finding(
            f"the {what} {use.reference.written} lies below `{first.directive.text}` of"
            f" {first.server.label}: who asks for {first.uri} gets it, unless its permissions keep the"
            " workers out",
            use.reference.span,
            "move it out of the directories that nginx serves, and replace it if it could be downloaded",
            tuple(Related(root.directive.span, f"serves it as {root.uri}") for root in roots),
            confidence=Confidence.LIKELY if first.doubt else None,
        )
