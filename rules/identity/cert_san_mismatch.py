"""A server certificate does not cover a name of the server that presents it.

Clients compare the name they asked for with the subjectAltName of the certificate, and with nothing else:
the common name does not count (RFC 9525). A wildcard stands for exactly one label: `*.example.com` covers
`api.example.com`, but neither `example.com` nor `a.b.example.com`. An IP address needs an entry of its own
kind. If no entry fits, clients refuse the connection; nginx and `nginx -t` say nothing.

Each name of `server_name` is judged, for each certificate of the server: clients choose between an RSA and
an EC certificate, so that both must cover it. Not judged: `_`, the empty name, `localhost` and names below
`.local`; a regular expression, `mail.*` or a variable are reported as not evaluated.

Have the certificate issued with all names, or move the name to a server with a certificate for it.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/other-name.pem;
    ssl_certificate_key /pki/other-name.key;
}
```
```nginx
# A wildcard does not cover the domain itself.
server {
    listen 443 ssl;
    server_name example.com *.example.com;
    ssl_certificate     /pki/wildcard.pem;
    ssl_certificate_key /pki/wildcard.key;
}
```

Good:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
}
```
```nginx
server {
    listen 443 ssl;
    server_name api.example.com *.example.com;
    ssl_certificate     /pki/wildcard.pem;
    ssl_certificate_key /pki/wildcard.key;
}
```

References:
- RFC 9525, sections 4.1 and 6.3
- https://nginx.org/en/docs/http/server_names.html
"""

from mtls_lint.api import (
    Certificate,
    Confidence,
    Context,
    Finding,
    Findings,
    NameKind,
    Related,
    ServerCertificate,
    ServerName,
    Severity,
    VirtualServer,
    certificates_of,
    covers,
    listed,
    rule,
)

_UNDECIDED = {
    NameKind.REGEX: "the names that a regular expression stands for",
    NameKind.TRAILING_WILDCARD: "the names that a trailing wildcard stands for",
    NameKind.VARIABLE: "the value of a variable",
}
_UNDECIDED_KINDS = tuple(_UNDECIDED)
_LOCAL = ("localhost", "local", "invalid")


@rule(
    id="cert-san-mismatch",
    severity=Severity.ERROR,
    since="0.1",
    controls=("RFC 9525 4.1",),
    needs=("ssl_certificate",),
)
def check(pair: ServerCertificate, ctx: Context) -> Findings:
    chain = ctx.chain(pair)
    leaf = chain.own if chain is not None else None
    if leaf is None or not (leaf.dns_names or leaf.ip_addresses):
        return  # without any name: cert-without-san
    presenters = ctx.presenters(pair)
    replaced = _replaced(pair, ctx) if presenters else []
    for server in presenters:
        if server.module == "mail":
            continue  # its names are for the greeting, not for the handshake
        _note_undecided(server, ctx)
        for name in server.names:
            if not name.is_concrete or _is_local(name.text):
                continue
            asked = name.meant or (name.text,)
            if all(covers(leaf, each) is not False for each in asked):
                continue
            if not any(covers(other, each) for other in replaced for each in asked):
                yield _finding(name, leaf, pair, server)  # else: cert-replaced-by-another


def _finding(name: ServerName, leaf: Certificate, pair: ServerCertificate, server: VirtualServer) -> Finding:
    names = listed([*leaf.dns_names, *leaf.ip_addresses])
    lacking = name.text
    if name.kind is NameKind.DOTTED:
        lacking = " and ".join(n for n in (name.text[1:], f"*{name.text}") if not covers(leaf, n))
    # Which names below a wildcard clients ask for is not known: single entries may be all of them.
    partly = name.kind is not NameKind.EXACT and any(
        entry.lower().endswith(name.text.removeprefix("*")) for entry in leaf.dns_names
    )
    return Finding(
        f"the certificate {pair.certificate.written} of server {server.label} does not cover {lacking} (it is"
        f" for {names}): clients that ask for {'other names' if partly else 'it'} refuse the connection",
        name.span,
        f"have the certificate issued with {lacking} as subjectAltName, or serve the name from a server that"
        " has a certificate for it",
        related=(Related(pair.certificate.span, "the certificate"),),
        severity=Severity.WARNING if partly else None,
        confidence=Confidence.LIKELY if partly else None,
    )


def _note_undecided(server: VirtualServer, ctx: Context) -> None:
    for name in server.names:
        if name.kind in _UNDECIDED_KINDS:
            reason = f"{_UNDECIDED[name.kind]} ({name}) cannot be compared with the certificate"
            ctx.not_evaluated(name.span, reason)
            return


def _is_local(name: str) -> bool:
    return name.rpartition(".")[2] in _LOCAL


def _replaced(pair: ServerCertificate, ctx: Context) -> list[Certificate]:
    """The certificates whose place this one takes."""
    if len(pair.listed) == 1:
        return []
    own = certificates_of(ctx.configuration, pair.servers[0])
    replaced = [other for other in own if ctx.replacement(other) == pair.certificate]
    return [leaf for other in replaced if (leaf := ctx.leaf(other.certificate)) is not None]
