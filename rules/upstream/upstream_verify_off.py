"""nginx speaks TLS to a backend and does not look at its certificate.

`proxy_pass https://...` encrypts, and no more: `proxy_ssl_verify` is off by default in every version of nginx
(and so are `grpc_ssl_verify`, `uwsgi_ssl_verify` and that of stream). Whatever certificate comes is taken, an
expired one, one for another name, one that somebody has just made himself. Whoever gets between nginx and the
backend, by DNS, ARP, a route or the backend's old address, reads and changes every request and answers in the
backend's place. `nginx -t` says nothing, and nothing is in the log.

`proxy_ssl_trusted_certificate` and `proxy_ssl_crl` change nothing about it: without `proxy_ssl_verify on` the
files are not even opened. A location can switch off what the server around it has switched on.

A backend on this machine (loopback, Unix socket) is a note only: whoever can stand in for it is on the
machine already.

Switch the verification on, name a file with the CA of the backend, and say which name its certificate has
where that is not the host in `proxy_pass`.

Bad:
```nginx
server {
    listen 80;
    server_name www.example.com;
    location / {
        proxy_pass https://192.0.2.10:8443;
    }
}
```
```nginx
# The file of CAs is not opened.
server {
    listen 80;
    server_name www.example.com;
    location / {
        grpc_pass grpcs://192.0.2.10:8443;
        grpc_ssl_trusted_certificate /pki/no-such-file.pem;
    }
}
```
```nginx
# The location undoes what the server says.
server {
    listen 80;
    server_name www.example.com;
    proxy_ssl_verify              on;
    proxy_ssl_trusted_certificate /pki/root.pem;
    location /old/ {
        proxy_pass       https://192.0.2.10:8443;
        proxy_ssl_verify off;
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
        proxy_ssl_name                app.example.com;
    }
}
```
```nginx
server {
    listen 80;
    server_name www.example.com;
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ssl_verify
- https://nginx.org/en/docs/stream/ngx_stream_proxy_module.html#proxy_ssl_verify
- OWASP ASVS 5.0, 12.3.2
- NIST SP 800-52 Rev. 2, section 4.5
"""

from mtls_lint.api import (
    Confidence,
    Configuration,
    Context,
    FileState,
    Finding,
    Findings,
    Fix,
    Related,
    Severity,
    Span,
    UpstreamPass,
    fix,
    insert_after,
    listed,
    passes_in_words,
    rule,
    set_word,
)

_IDLE = ("ssl_trusted_certificate", "ssl_crl")


@rule(
    id="upstream-verify-off",
    severity=Severity.ERROR,
    since="0.1",
    controls=("OWASP ASVS 5.0 12.3.2",),
    needs=("proxy_pass", "grpc_pass", "uwsgi_pass"),
)
def check(_: Configuration, ctx: Context) -> Findings:
    """Report a directive that switches it off once, and the default once for each server and backend."""
    found: dict[tuple[object, ...], list[UpstreamPass]] = {}
    for passing in ctx.upstream_passes:
        if passing.tls is False or passing.verify.is_on:
            continue
        verify = passing.verify
        if commands := passing.conf_commands("VerifyMode"):
            ctx.not_evaluated(commands[0].span, "VerifyMode makes OpenSSL verify in nginx's place")
        elif verify.unknown is not None:
            ctx.not_evaluated(passing.span, f"{verify.name} may be set elsewhere: {verify.unknown.reason}")
        elif not any(target.tls for target in passing.targets):
            ctx.not_evaluated(passing.span, f"whether {passing.written} means TLS is not known")
        elif verify.directive is not None:
            found.setdefault((verify.directive.span,), []).append(passing)
        else:
            server = passing.server.directive or passing.server
            found.setdefault((server.span, passing.prefix, _backends(passing)), []).append(passing)
    for passes in found.values():
        yield _finding(passes, ctx)


def _backends(passing: UpstreamPass) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.authority for one in passing.targets if one.tls))


def _finding(passes: list[UpstreamPass], ctx: Context) -> Finding:
    first = passes[0]
    verify = first.verify
    backends = tuple(dict.fromkeys(name for one in passes for name in _backends(one)))
    said = "is off" if verify.directive is not None else "is off by default"
    switched = ", over the `on` around it" if any(one.args[:1] == ("on",) for one in verify.overrides) else ""
    local = all(_is_local(passing) for passing in passes)
    consequence = (
        "whoever can take its place on this machine is believed"
        if local
        else "whoever gets in between reads and changes every request, and answers in its place"
    )
    idle = [file.written for name in _IDLE if (file := first.file(name)) is not None]
    unread = f"; {listed(idle)}: not even opened" if idle else ""
    return Finding(
        f"nginx does not verify the certificate of {listed(backends, 3)} ({verify.name} {said}{switched}) in"
        f" {passes_in_words(passes)}: {consequence}{unread}",
        verify.span or first.span,
        f"set `{verify.name} on;` and name the backend's CA in {first.name_of('ssl_trusted_certificate')}",
        _related(passes, verify.span or first.span),
        severity=Severity.INFO if local else None,
        confidence=Confidence.LIKELY if verify.assumed or ctx.configuration.tree.is_fragment else None,
        path=first.server.logical_path,
        fix=_fix(first, ctx),
    )


def _fix(passing: UpstreamPass, ctx: Context) -> Fix | None:
    """Switch it on where the backend's CAs are named: nginx would not start without them."""
    verify, trusted = passing.verify, passing.trusted
    if verify.assumed or trusted is None or trusted.path is None:
        return None
    file = ctx.file(trusted)
    if file is None or file.state is not FileState.READ or file.certificate_defect is not None:
        return None
    if verify.directive is not None:
        return fix("verify the backend's certificate", set_word(verify.directive, 0, "on"))
    return fix("verify the backend's certificate", insert_after(trusted.directive, f"{verify.name} on;"))


def _is_local(passing: UpstreamPass) -> bool:
    spoken = [target for target in passing.targets if target.tls]
    return all(target.is_here for target in spoken)


def _related(passes: list[UpstreamPass], shown: Span) -> tuple[Related, ...]:
    first = passes[0]
    places = dict.fromkeys(passing.span for passing in passes)
    related = [Related(span, "not verified here") for span in places if span != shown]
    related += [Related(one.span, "what it overrides") for one in first.verify.overrides]
    files = (first.file(name) for name in _IDLE)
    related += [Related(file.span, "without effect") for file in files if file is not None]
    return tuple(related)
