"""A variable of TLS is newer than the nginx it is meant for.

The chosen nginx (`--nginx-version`) does not know the variable and refuses to start: `unknown "..."
variable`, wherever it stands, in a log format that nobody uses, too.

Upgrade nginx, or leave the variable out. A configuration may make a variable of that name itself (`map`,
`set`): then nothing is said.

Bad:
```nginx version=1.22.1
log_format tls '$remote_addr $ssl_client_verify $ssl_client_sigalg';
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate      /pki/server.pem;
    ssl_certificate_key  /pki/server.key;
}
```

Good:
```nginx version=1.31.3
log_format tls '$remote_addr $ssl_client_verify $ssl_client_sigalg';
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate      /pki/server.pem;
    ssl_certificate_key  /pki/server.key;
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#variables
- https://nginx.org/en/CHANGES
"""

from collections.abc import Iterator

from mtls_lint.api import (
    Configuration,
    Context,
    Directive,
    Finding,
    Findings,
    Severity,
    is_made,
    rule,
    variables_in,
)

_SINCE = {
    "ssl_alpn_protocol": (1, 21, 4),
    "ssl_ciphers": (1, 11, 7),
    "ssl_client_escaped_cert": (1, 13, 5),
    "ssl_client_fingerprint": (1, 7, 1),
    "ssl_client_i_dn_legacy": (1, 11, 6),
    "ssl_client_s_dn_legacy": (1, 11, 6),
    "ssl_client_sigalg": (1, 29, 3),
    "ssl_client_v_end": (1, 11, 7),
    "ssl_client_v_remain": (1, 11, 7),
    "ssl_client_v_start": (1, 11, 7),
    "ssl_curve": (1, 21, 5),
    "ssl_curves": (1, 11, 7),
    "ssl_early_data": (1, 15, 3),
    "ssl_server_name": (1, 7, 0),
    "ssl_session_reused": (1, 5, 11),
    "ssl_sigalg": (1, 29, 3),
    "ssl_sigalgs": (1, 31, 2),
}

# What surely compiles its arguments, wherever it stands in http, and from which argument on.
_USERS = {
    "add_header": 1,
    "fastcgi_param": 1,
    "grpc_set_header": 1,
    "if": 0,
    "log_format": 1,
    "map": 0,
    "proxy_pass": 0,
    "proxy_set_header": 1,
    "return": 0,
    "rewrite": 1,
    "scgi_param": 1,
    "set": 1,
    "uwsgi_param": 1,
}


@rule(id="variable-too-new", severity=Severity.ERROR, since="0.1", needs=tuple(_USERS))
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report the first variable of each directive that the chosen version has not yet."""
    late = frozenset(name for name, since in _SINCE.items() if ctx.version < since)
    for name in _USERS if late else ():
        # A large configuration says the same words in thousands of places.
        harmless: set[tuple[str, ...]] = set()
        for directive in configuration.directives.get(name, ()):
            if directive.args in harmless:
                continue
            found = [
                (place, index, variable)
                for place, index, word in _words(directive)
                for variable in (variables_in(word) if "$" in word else ())
                if variable in late
            ]
            if found:
                yield from _judge(directive, found, ctx)
            elif name != "map":
                harmless.add(directive.args)


def _judge(directive: Directive, found: list[tuple[Directive, int, str]], ctx: Context) -> Findings:
    """Report the first of these variables that is really nginx's."""
    for place, index, name in found:
        if _is_http(directive, ctx) and not is_made(ctx.configuration, name):
            first = ".".join(map(str, _SINCE[name]))
            yield Finding(
                f"${name} appeared in {first}: nginx {ctx.version} refuses to start"
                f' (unknown "{name}" variable)',
                place.arg_span(index),
                f"run nginx {first} or later, or leave the variable out",
                fatal=True,
            )
            return


def _is_http(directive: Directive, ctx: Context) -> bool:
    around = [str(block.name) for block in directive.ancestors]
    return "http" in around or ctx.configuration.tree.context[0] == "http"


def _words(directive: Directive) -> Iterator[tuple[Directive, int, str]]:
    """What is compiled: not the name that `map` or `set` makes, no regular expression; of `map`, its rows."""
    if directive.name == "map":
        rows = [(row, 0, row.args[0]) for row in directive.children if row.args]
        yield from [(directive, 0, word) for word in directive.args[:1]] + rows
        return
    first = _USERS[directive.name]
    for index, word in enumerate(directive.args):
        is_pattern = directive.name == "if" and index > 0 and "~" in directive.args[index - 1]
        if index >= first and not is_pattern:
            yield directive, index, word
