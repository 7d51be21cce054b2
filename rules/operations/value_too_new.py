"""A value is of a kind that the nginx it is meant for does not know.

Directives grow: keys in an OpenSSL store (`ssl_certificate_key store:...`, 1.29.0), variables and `data:`
in certificates and keys (1.15.9 and 1.15.10), `engine:` (1.7.9). An older nginx takes the words for the
name of a file, does not find it, and refuses to start.

Upgrade nginx, or put the key into a file.

Bad:
```nginx version=1.22.1
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate      /pki/server.pem;
    ssl_certificate_key  store:file:/pki/server.key;
}
```

Good:
```nginx version=1.31.3
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate      /pki/server.pem;
    ssl_certificate_key  store:file:/pki/server.key;
}
```
```nginx version=1.22.1
map $ssl_server_name $certificate {
    default /pki/server.pem;
}
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate      $certificate;
    ssl_certificate_key  /pki/server.key;
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_certificate_key
- https://nginx.org/en/CHANGES (1.7.9, 1.15.9, 1.15.10, 1.29.0)
"""

from mtls_lint.api import Configuration, Context, Directive, Finding, Findings, Severity, rule

_NAMES = ("ssl_certificate", "ssl_certificate_key")
_PREFIXES = {
    "store:": (1, 29, 0),
    "data:": (1, 15, 10),
    "engine:": (1, 7, 9),
}
_VARIABLES = (1, 15, 9)


@rule(id="value-too-new", severity=Severity.ERROR, since="0.1", needs=_NAMES)
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report certificates and keys of a kind that the chosen version takes for a file's name."""
    seen: set[Directive] = set()
    names = [name for name in _NAMES if any(map(_is_no_file, configuration.directives.get(name, ())))]
    for server in configuration.servers if names else ():
        if not server.has_ssl_context or server.module == "mail":
            continue  # mail takes files alone, in every version
        for name in names:
            for directive in server.setting(name).directives:
                if directive not in seen:
                    seen.add(directive)
                    yield from _judge(directive, ctx)


def _is_no_file(directive: Directive) -> bool:
    return bool(directive.args) and ("$" in directive.args[0] or ":" in directive.args[0])


def _judge(directive: Directive, ctx: Context) -> Findings:
    value = str(directive.args[0]) if directive.args else ""
    found = next((prefix for prefix in _PREFIXES if value.startswith(prefix)), None)
    if found == "engine:" and not directive.name.endswith("_key"):
        return
    since = _PREFIXES[found] if found is not None else _VARIABLES if "$" in value else None
    if since is None or ctx.version >= since:
        return
    first = ".".join(map(str, since))
    what = f"`{found}`" if found is not None else "a variable"
    yield Finding(
        f"{what} in {directive.name} appeared in {first}: nginx {ctx.version} takes `{value}` for the name"
        " of a file and refuses to start",
        directive.arg_span(0),
        f"run nginx {first} or later, or name a file",
        fatal=True,
    )
