"""A certificate, key, CA file or CRL, or a directory above it, can be written by others.

Who can write a file of client CAs can add a CA of his own, and at the next reload his certificates get in;
who can write the CRL takes a revocation back; who can write the certificate or the key replaces them. Write
access to a directory is enough: the file in it can be moved away and another put in its place. The same
holds for the user of nginx's workers: whoever takes over a worker, or another program of that user, must
not decide whom nginx trusts next.

Let root own the files and every directory above them, and nobody else write there. A directory with the
sticky bit, such as /tmp, is fine: others cannot take entries of root away.

The workers' user is that of the `user` directive, where this machine knows it. In a working copy (git ...)
permissions are those of the checkout: then relative paths are not evaluated.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/writable-ca.pem;
    ssl_verify_client       on;
}
```

Good:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
}
```

References:
- https://nginx.org/en/docs/ngx_core_module.html#user
- CIS NGINX Benchmark v3.0.0, 2.3.1 and 2.3.2
"""

from mtls_lint.api import (
    Configuration,
    Context,
    FileUse,
    Finding,
    Findings,
    Purpose,
    Related,
    Severity,
    Writer,
    rule,
)

_CONSEQUENCES = {
    Purpose.CLIENT_CA: "add a CA whose clients get in",
    Purpose.TRUSTED_CA: "add a CA whose clients get in",
    Purpose.CLIENT_CRL: "take revocations back",
    Purpose.UPSTREAM_CA: "make nginx trust any backend",
    Purpose.UPSTREAM_CRL: "take revocations of backends back",
}


@rule(
    id="trust-file-writable",
    severity=Severity.ERROR,
    since="0.1",
    controls=("CIS NGINX 3.0.0 2.3.1", "CIS NGINX 3.0.0 2.3.2"),
)
def check(_: Configuration, ctx: Context) -> Findings:
    """Report what others can write, each file and directory once however many files stand below it."""
    found: dict[Writer, list[FileUse]] = {}
    for use, _related in ctx.files(set(Purpose)):
        for writer in ctx.writers(use.reference):
            found.setdefault(writer, []).append(use)
    for writer, uses in found.items():
        # The most telling consequence first: what lets clients in.
        first = min(uses, key=lambda use: _ORDER.get(use.purpose, len(_ORDER)))
        status = writer.status
        what = "the directory " if status.is_directory else ""
        which = f", above {first.reference.written}" if status.is_directory else ""
        yield Finding(
            f"{what}{status.path} (mode {status.mode:04o}{which}) can be written by {writer.who}: that"
            f" is enough to {_CONSEQUENCES.get(first.purpose, 'put another file in its place')}",
            first.reference.span,
            f"let root own {status.path} and nobody else write it (chmod go-w)",
            tuple(Related(use.reference.span, "also used here") for use in uses if use is not first),
        )


_ORDER = {purpose: index for index, purpose in enumerate(_CONSEQUENCES)}
