"""Requests that came with a client certificate go on to another machine without TLS.

Mutual TLS ends at nginx. What goes on by `http://`, `grpc://`, `uwsgi_pass` or `fastcgi_pass` to another host
can be read and changed on the way, passwords and tokens included; and whoever reaches the backend's port
himself can pass for nginx: the backend has nothing but nginx's word, and the headers it sends, for who the
client is.

Another container, and another machine of the same private network, is another host: that is a note only,
because such networks are often out of everybody else's reach. A backend with a public name or address is a
warning. Nothing is said of loopback addresses, Unix sockets and the machine that a container runs on.

It is fine where the network itself is encrypted: WireGuard, IPsec, a service mesh.

Let the backend speak TLS (`https://` with `proxy_ssl_verify on`), best with a client certificate of nginx,
and let it listen to nobody but nginx.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate         /pki/server.pem;
    ssl_certificate_key     /pki/server.key;
    ssl_client_certificate  /pki/root.pem;
    ssl_verify_client       on;
    location / {
        proxy_pass http://192.0.2.10:8080;
    }
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
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
    location /orders/ {
        proxy_pass https://192.0.2.10:8443;
        proxy_ssl_certificate         /pki/client.pem;
        proxy_ssl_certificate_key     /pki/client.key;
        proxy_ssl_trusted_certificate /pki/root.pem;
        proxy_ssl_verify              on;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass
- OWASP ASVS 5.0, 12.3.3
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import chain

from msgspec import Struct

from mtls_lint.api import (
    Confidence,
    Configuration,
    Context,
    Directive,
    Finding,
    Findings,
    Guards,
    Location,
    Related,
    Scope,
    Severity,
    Span,
    Target,
    UpstreamPass,
    VirtualServer,
    backend_addresses,
    backend_is_told,
    client_checks,
    is_housekeeping,
    is_private,
    is_this_machine,
    is_unix,
    listed,
    rule,
    server_passes,
)

_SHOWN = 6
"""Places that are named beside the finding; there may be thousands."""
_MORE = ("fastcgi_pass", "scgi_pass")
"""What never speaks TLS."""


class Hop(Struct, frozen=True):
    """Where requests of a place go without TLS.

    ``directive`` hands them on, ``scope`` is the level it stands in; ``hosts`` are other machines; ``guard``
    is what asks for the certificate; ``doubt`` is the reason when it is not known where they go.
    """

    directive: Directive
    scope: Scope
    hosts: frozenset[str]
    guard: Span
    doubt: str | None = None

    @property
    def span(self) -> Span:
        """Where the address stands; the whole directive where that never speaks TLS."""
        directive = self.directive
        by_word = directive.args and directive.name not in _MORE
        return directive.arg_span(0) if by_word else directive.span

    def tells(self, configuration: Configuration) -> bool:
        """Whether the backend is told of the certificate."""
        return self.scope.module == "http" and backend_is_told(configuration, self.scope)


@rule(
    id="upstream-plaintext-after-mtls",
    severity=Severity.WARNING,
    since="0.1",
    confidence=Confidence.LIKELY,
    controls=("OWASP ASVS 5.0 12.3.3",),
    needs=("ssl_verify_client",),
)
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report the other machines that get such requests, once for each check of certificates."""
    found: dict[tuple[int, int, bool], list[Hop]] = {}
    for server in configuration.servers:
        for hop in _hops(configuration, server):
            if hop.doubt is not None:
                ctx.not_evaluated(hop.span, hop.doubt)
            elif hop.hosts:
                private = _are_private(hop.hosts)
                found.setdefault((id(hop.guard.source), hop.guard.start, private), []).append(hop)
    for (_, _, private), hops in found.items():
        yield _finding(configuration, hops, private=private)


def _finding(configuration: Configuration, hops: list[Hop], *, private: bool) -> Finding:
    first = hops[0]
    one, *more = (_in_order(hosts) for hosts in dict.fromkeys(hop.hosts for hop in hops))
    hosts = tuple(dict.fromkeys(chain(one, *more))) if more else one
    told = any(hop.tells(configuration) for hop in hops)
    telling = ", what nginx tells of the certificate included" if told else ""
    return Finding(
        f"requests that need a client certificate go on to {listed(hosts)} without TLS"
        f" ({first.directive.text}): on the way they can be read and changed{telling}, and the backend"
        " cannot tell nginx from others who reach its port",
        first.span,
        "let the backend speak TLS, verify it, and best let nginx present a client certificate; or keep the"
        " backend on this machine",
        (
            Related(first.guard, "clients need a certificate by this"),
            *(Related(hop.span, "goes on in the clear, too") for hop in hops[1:_SHOWN]),
        ),
        severity=Severity.INFO if private else None,
    )


def _hops(configuration: Configuration, server: VirtualServer) -> Iterator[Hop]:
    if server.verify_client == "off" or not server.tls_sockets or server.module == "mail":
        return
    checks = client_checks(configuration, server) if server.verify_client != "on" else ()
    guards = Guards(checks) if checks else None
    for one in server_passes(configuration, server):
        plain = [target for target in one.targets if target.tls is not True]
        guard = _guard(server, one.location, guards) if plain and not _is_refused(one) else None
        if guard is None:
            continue
        unknown = [target for target in plain if _is_unknown(one, target)]
        known = [target for target in plain if target not in unknown] if unknown else plain
        hosts = _together([target.other_hosts for target in known])
        doubt = f"where {unknown[0].authority} leads is not known" if unknown and not hosts else None
        yield Hop(one.directive, one.scope, hosts, guard, doubt)
    more = [name for name in _MORE if name in configuration.directives]
    for location in server.all_locations() if more else ():
        for directive in (each for name in more for each in location.scope.find(name)):
            guard = _guard(server, location, guards)
            if guard is not None:
                # A name without a port is that of an upstream, which was not given.
                found = backend_addresses(configuration, location, directive)
                others = _hosts(found)
                doubt = None if others is not None else f"where {directive.text} leads is not known"
                yield Hop(directive, location.scope, others or frozenset(), guard, doubt)


def _together(sets: list[frozenset[str]]) -> frozenset[str]:
    # One upstream has one set, for the thousands of places that lead to it.
    return sets[0] if len(sets) == 1 else frozenset[str]().union(*sets)


@lru_cache(maxsize=1024)
def _hosts(addresses: frozenset[str]) -> frozenset[str] | None:
    """The other machines among these; None where there are no addresses but names of upstreams."""
    given = [address for address in addresses if not address.endswith(":")]
    named = (one if is_unix(one) else one.rpartition(":")[0] for one in given)
    return frozenset(host for host in named if not is_this_machine(host)) if given else None


@lru_cache(maxsize=1024)
def _in_order(hosts: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(hosts))


@lru_cache(maxsize=1024)
def _are_private(hosts: frozenset[str]) -> bool:
    return all(map(is_private, hosts))


def _is_refused(one: UpstreamPass) -> bool:
    """Whether nginx refuses the address: ``proxy_pass`` of http needs a scheme."""
    if one.prefix != "proxy_" or one.location is None:
        return False
    written = one.written
    return "://" not in written and "$" not in written


def _is_unknown(one: UpstreamPass, target: Target) -> bool:
    """Whether it is not known where a target is, or whether by TLS.

    A name without port and dot may be that of an ``upstream`` which was not given.
    """
    if target.host is None or target.tls is None:
        return True
    if target.block is not None or "." in target.authority or ":" in target.authority:
        return False
    around = one.configuration.scopes.get(one.server.module)
    return one.configuration.tree.is_fragment or (around is not None and bool(around.unread))


def _guard(server: VirtualServer, location: Location | None, guards: Guards | None) -> Span | None:
    """What keeps clients without a certificate away from a place; None where nothing does."""
    if location is not None and is_housekeeping(location.pattern):
        return None
    if server.verify_client == "on":
        return server.setting("ssl_verify_client").span
    check = guards.around(location) if guards is not None and location is not None else None
    return check.directive.span if check is not None else None
