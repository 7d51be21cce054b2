"""`ssl_verify_depth` is too small for a CA of the file: its clients are refused.

The number says how many intermediates may stand between a client's certificate and the root; the two ends
do not count. Without the directive it is 1. A client below a second intermediate is then refused, although
every CA above it is in the file, and the reason that nginx gives leads astray: `unable to get issuer
certificate` or `unable to get local issuer certificate`, never that the chain is too long. `nginx -t` says
nothing.

Fine: a small number where all clients are issued by the root or by the first intermediate. Then leave the
CAs further down out of the file.

Set the number of intermediates above the clients of the lowest CA.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/two-intermediates-bundle.pem;
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
    ssl_client_certificate  /pki/two-intermediates-bundle.pem;
    ssl_verify_client       on;
    ssl_verify_depth        2;
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_verify_depth
- https://docs.openssl.org/3.3/man3/SSL_CTX_set_verify/
"""

from mtls_lint.api import (
    Barrier,
    ChainCheck,
    Confidence,
    Context,
    Directive,
    Finding,
    Findings,
    Severity,
    TrustFile,
    VirtualServer,
    listed,
    rule,
    servers_in_words,
)


@rule(
    id="verify-depth-too-small",
    severity=Severity.ERROR,
    since="0.1",
    needs=("ssl_client_certificate", "ssl_trusted_certificate"),
)
def check(trust: TrustFile, ctx: Context) -> Findings:
    """Report the CAs of a file whose clients would get in with a larger depth, once for each directive."""
    if trust.may_be_for_stapling:
        return
    checks = ctx.chain_checks(trust)
    if ctx.certificates(trust.reference) is None:
        return
    found: dict[Directive | None, list[VirtualServer]] = {}
    shut: dict[Directive | None, list[Barrier]] = {}
    for chain_check, servers in checks.items():
        lenient = {server: server.verify_client == "optional_no_ca" for server in servers}
        deep = {soft: _too_deep(chain_check, trust, ctx, soft=soft) for soft in set(lenient.values())}
        for server, soft in lenient.items():
            depth = server.setting("ssl_verify_depth")
            if depth.unknown is not None:
                ctx.not_evaluated(server.span, depth.unknown.reason)
            elif deep[soft]:
                found.setdefault(depth.directive, []).append(server)
                shut.setdefault(depth.directive, []).extend(deep[soft])
    for directive, servers_of in found.items():
        yield _finding(trust, directive, servers_of, shut[directive])


def _too_deep(chain_check: ChainCheck, trust: TrustFile, ctx: Context, *, soft: bool) -> list[Barrier]:
    found = ctx.barriers(trust.reference, chain_check, soft_passes=soft)
    return [barrier for barrier in found if barrier.needed is not None]


def _finding(
    trust: TrustFile, directive: Directive | None, servers: list[VirtualServer], shut: list[Barrier]
) -> Finding:
    names = listed([f'"{ca.display_name}"' for ca in dict.fromkeys(barrier.ca for barrier in shut)])
    needed = max(barrier.needed or 0 for barrier in shut)
    value = "is 1 without the directive" if directive is None else f"is {directive.args[0]}"
    assumed = any(server.setting("ssl_verify_depth").assumed for server in servers)
    return Finding(
        f"ssl_verify_depth {value}, and clients of {names} in {trust.reference.written} are below {needed}"
        f" intermediates: {servers_in_words(servers)} refuse{'s' if len(servers) == 1 else ''} them"
        f" ({shut[0].error.text})",
        trust.reference.span if directive is None else directive.span,
        f"set `ssl_verify_depth {needed};`, or leave these CAs out of the file if they have no clients",
        confidence=Confidence.LIKELY if assumed else None,
    )
