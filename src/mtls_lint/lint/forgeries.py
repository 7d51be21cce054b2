"""Forgeries: how a client writes into a header what its backend takes for the word of nginx.

A header carries identity towards a backend where one path sets it from the client's certificate. Every
other path to that backend has to set or clear it; where one passes on what clients send, this module looks
for the request that gets through.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice

from msgspec import Struct
from msgspec.structs import replace

from mtls_lint.lint.carriers import Backends, Carrier, carrying_paths, may_ask, share_backend
from mtls_lint.lint.context import Context
from mtls_lint.lint.finding import ClientCertificate, Witness
from mtls_lint.lint.holders import Holder, Reception
from mtls_lint.lint.openings import Cause, find_openings, unknown_visitors
from mtls_lint.lint.witnesses import Door, witness_of
from mtls_lint.nginx.anonymous import Served, Visitor, content_places, uris_of
from mtls_lint.nginx.answering import repeats_another
from mtls_lint.nginx.asking import asks
from mtls_lint.nginx.backends import destination
from mtls_lint.nginx.entrances import uris_to
from mtls_lint.nginx.forwarding import Fate, Forwarded, ForwardingPath, forwarding_paths
from mtls_lint.nginx.head import takes_underscores
from mtls_lint.nginx.material import client_trust
from mtls_lint.nginx.memory import kept
from mtls_lint.nginx.model import Configuration, VirtualServer
from mtls_lint.syntax.tree import Directive

_FORGED = {
    "ssl_client_verify": "SUCCESS",
    "ssl_client_s_dn": "CN=forged",
    "ssl_client_i_dn": "CN=forged",
    "ssl_client_s_dn_legacy": "/CN=forged",
    "ssl_client_i_dn_legacy": "/CN=forged",
}
_UNDERSCORES = frozenset({"underscores_in_headers", "ignore_invalid_headers"})
"""What lets headers with underscores in."""

_MOST = 20
"""Names, and URIs of other paths, to try for one path."""


class Forgery(Struct, frozen=True):
    """A path that passes on what clients send in headers that carry identity.

    ``carriers`` are those headers. ``displaced`` tells that an outer block sets them and an inner one drops
    them; otherwise other paths to the same backend set them. ``door`` is the request that forges them; None
    where nobody gets through, or it is not known (``doubt``). ``same_uri`` tells that the backend gets the
    URI of a carrier's path.
    """

    path: ForwardingPath
    carriers: tuple[Carrier, ...]
    displaced: bool
    door: Door | None = None
    same_uri: bool = False
    doubt: str | None = None

    @property
    def names(self) -> list[str]:
        """The headers or parameters as they are written where they are set."""
        return list(dict.fromkeys(one.forwarded.name for one in self.carriers))

    @property
    def claim(self) -> str:
        """What clients can make of it, in words."""
        if self.by_anyone:
            return "everybody can claim to be any client"
        return "every client with a certificate can claim to be another one"

    @property
    def by_anyone(self) -> bool:
        """Whether no certificate is needed for it."""
        return self.door is not None and self.door.certificate is None


def find_forgeries(ctx: Context, *, displaced: bool) -> Iterator[Forgery]:
    """The forgeries of a configuration of one kind (see ``Forgery.displaced``), those that fail included."""
    carrying = carrying_paths(ctx.configuration)
    for path in forwarding_paths(ctx.configuration):
        told = carrying.elsewhere(path)
        if not told and not path.displaced:
            continue
        lost = path.displaced if told or may_ask(path.server) else {}
        if displaced:
            told = {key: Carrier(path, key, forwarded) for key, forwarded in lost.items()}
        found = (told[key] for key in told if displaced or key not in lost)
        carriers = tuple(one for one in found if path.fate(one.key) is Fate.CLIENT)
        if carriers:
            yield _forgery(ctx, Forgery(path, carriers, displaced))


def lets_forge(configuration: Configuration, protected: Served, place: Served) -> bool:
    """Whether identity that a backend is told at a ``protected`` place can be forged at another one."""
    paths = forwarding_paths(configuration, (protected.server, place.server))
    ways = [path for path in paths if path.leads(protected)]
    told = {key for path in ways for key in (*path.told.identity, *path.displaced)}
    return any(path.fate(key) is Fate.CLIENT for path in paths if path.leads(place) for key in told)


def _forgery(ctx: Context, forgery: Forgery) -> Forgery:
    path = forgery.path
    doubt = path.doubt or (None if path.server.complete else "part of the server is not given")
    if not any(one.path is path or share_backend(one.path, path) for one in forgery.carriers):
        doubt = doubt or f"a variable decides which backend `{path.directive.text}` leads to"
    if doubt is not None:
        return replace(forgery, doubt=doubt)
    headers = forged_headers(path, forgery.carriers)
    others = {one.path for one in forgery.carriers} - {path}
    arriving = {uri for other in others for uri in _arriving(ctx, other)}
    first: Door | None = None
    for door in doors(ctx, path, headers, sorted(arriving)):
        if door.doubts:
            doubt = doubt or door.doubts[0]
            continue
        there = destination(ctx.configuration, door.served)
        if there is not None and there.uri in arriving:
            return replace(forgery, door=door, same_uri=True)
        first = first or door
    return replace(forgery, door=first, doubt=doubt if first is None else None)


def _arriving(ctx: Context, path: ForwardingPath) -> Iterator[str]:
    """The URIs that a backend gets on a path."""
    for door in islice(doors(ctx, path), _MOST):
        there = destination(ctx.configuration, door.served)
        if there is not None:
            yield there.uri


def doors(
    ctx: Context,
    path: ForwardingPath,
    headers: tuple[tuple[str, str], ...] = (),
    uris: Iterable[str] = (),
) -> Iterator[Door]:
    """The requests with these headers that go a path, without a certificate first.

    Sockets that only this machine reaches are left out. ``uris`` are asked for besides those of the server.
    """
    return _doors(ctx, path, _visitors(ctx, path, headers), uris)


def unverified_doors(ctx: Context, path: ForwardingPath) -> Iterator[Door]:
    """The requests by clients with certificates of their own making that go a path.

    Error pages for such certificates, and checks that are too weak, are told of by other rules.
    """
    openings = find_openings(ctx.configuration, path.server, ctx.now)
    if next(openings.of(Cause.WEAK), None) is None:
        for door in _unverified(ctx.configuration, path.server, ctx.now):
            if path.leads(door.served):
                yield door


@kept
def _unverified(configuration: Configuration, server: VirtualServer, now: datetime) -> tuple[Door, ...]:
    """Where clients with certificates of their own making get, whichever path that is."""
    found = _places(configuration, server, now, unknown_visitors(configuration, server), uris_of(server))
    return tuple(
        door
        for door in found
        if door.served.decision.error is None and door.served.decision.client_verify.startswith("FAILED")
    )


def _doors(
    ctx: Context,
    path: ForwardingPath,
    visitors: Iterable[tuple[Visitor, ClientCertificate | None]],
    uris: Iterable[str],
) -> Iterator[Door]:
    wanted = (*uris_to(path.server, path.location), *islice(uris, _MOST))
    for door in _places(ctx.configuration, path.server, ctx.now, visitors, wanted):
        if path.leads(door.served):
            yield door


def _places(
    configuration: Configuration,
    server: VirtualServer,
    now: datetime,
    visitors: Iterable[tuple[Visitor, ClientCertificate | None]],
    uris: Sequence[str],
) -> Iterator[Door]:
    for visitor, certificate in visitors:
        for socket in server.sockets:
            if socket.key.is_local or repeats_another(socket) or (visitor.client and not socket.ssl):
                continue
            for place in content_places(configuration, server, socket, now, visitor, uris):
                yield Door(socket, place, certificate)


def _visitors(
    ctx: Context, path: ForwardingPath, headers: tuple[tuple[str, str], ...]
) -> Iterator[tuple[Visitor, ClientCertificate | None]]:
    method = _method(path)
    yield Visitor(headers=headers, method=method), None
    references = client_trust(ctx.configuration, path.server)
    if not asks(path.server) or not references:
        return
    any_certificate = ClientCertificate(references[0].written)
    yield Visitor(ctx.trusted_client(path.server), headers=headers, method=method), any_certificate
    for holder in islice(_holders(ctx, path.server), _MOST):
        if holder.certificate is not None:
            yield Visitor(holder.client, headers=headers, method=method), holder.certificate


def _holders(ctx: Context, server: VirtualServer) -> Iterator[Holder]:
    """Clients with what the checks of a server look for in their certificates."""
    reception = Reception(ctx, server)
    for test in reception.sample(lambda _: True):
        for value in test.passing:
            yield from reception.holders(test, value)


def _method(path: ForwardingPath) -> str:
    """One that a ``limit_except`` around the path is for."""
    if path.location.kind != "limit_except":
        return "GET"
    others = {str(word).upper() for word in path.location.directive.args}
    return next((method for method in ("POST", "PUT", "DELETE", "PATCH") if method not in others), "OPTIONS")


def forged_headers(path: ForwardingPath, carriers: Iterable[Carrier]) -> tuple[tuple[str, str], ...]:
    """What a client would write into its headers, to have the backend get it in those that carry identity."""
    found: dict[str, str] = {}
    for carrier in carriers:
        given = path.forwarded.get(carrier.key)
        sources = sorted(given.sources) if given is not None else []
        named = next((name for name in sources if name.startswith("http_")), None)
        own = carrier.forwarded.name if path.has_headers else path.header(carrier.key)
        header = named[5:].replace("_", "-").title() if named is not None else own
        if header is not None:
            found[header] = forged_value(carrier.forwarded)
    return tuple(found.items())


def forged_value(forwarded: Forwarded) -> str:
    """Somebody else's identity in a header that carries one."""
    return _FORGED.get(forwarded.value.lower().strip("${}"), "forged")


class Alias(Struct, frozen=True):
    """Another spelling of headers that carry identity, which a ``path`` to the backend passes on.

    Backends that fold names cannot tell it from the ``carriers``, whose path sets these. ``setting`` is what
    lets underscores in, None where the spelling has dashes. ``door`` and ``doubt`` are those of ``Forgery``;
    ``others`` are directives that set the same headers for the same backend elsewhere.
    """

    path: ForwardingPath
    carriers: tuple[Carrier, ...]
    spellings: tuple[str, ...]
    setting: Directive | None
    door: Door | None = None
    doubt: str | None = None
    others: tuple[Directive, ...] = ()

    @property
    def witness(self) -> Witness | None:
        """The request; None where it needs headers in front of the Host, which curl cannot send."""
        if self.setting is not None and not takes_underscores(self.path.server):
            return None
        return witness_of(self.door)


def find_aliases(ctx: Context) -> Iterator[Alias]:
    """The aliases of each set of such headers: one with dashes and one with underscores at most.

    FastCGI, uwsgi and SCGI are not meant: there nginx folds the names itself (docs/evidence.md: forwarding).
    """
    configuration = ctx.configuration
    paths = [path for path in forwarding_paths(configuration) if path.protocol == "proxy"]
    carrying = dict.fromkeys(path for path in carrying_paths(configuration).paths if path.protocol == "proxy")
    alike: dict[tuple[frozenset[str], frozenset[str]], list[ForwardingPath]] = {}
    for path in _with_aliases(configuration, paths, carrying):
        alike.setdefault((path.addresses, frozenset(path.told.identity)), []).append(path)
    silent = Backends(path for path in paths if path not in carrying) if alike else Backends(())
    for own in alike.values():
        carriers = [Carrier(own[0], key, forwarded) for key, forwarded in own[0].identity.items()]
        others = silent.sharing(own[0])
        for spell in (_dashed, _underscored):
            aliases = (_alias(ctx, path, carriers, spell) for path in (*own, *others))
            found = list(islice((alias for alias in aliases if alias is not None), _MOST))
            found.sort(key=lambda one: (one.door is None, bool(one.door and one.door.certificate)))
            for alias in found[:1]:
                places = (next(iter(path.identity.values())).directive for path in own[1:])
                yield replace(alias, others=tuple(dict.fromkeys(places)))


def _with_aliases(
    configuration: Configuration, paths: Iterable[ForwardingPath], carrying: Iterable[ForwardingPath]
) -> Iterable[ForwardingPath]:
    """Those of the ``carrying`` paths whose headers may have another spelling that gets through."""
    if not _UNDERSCORES.isdisjoint(configuration.directives) and any(p.takes_underscores for p in paths):
        return carrying
    # Then only names that have an underscore themselves have one with dashes.
    suspect = {told for told in {path.told for path in carrying} if "_" in "".join(told.identity)}
    return [path for path in carrying if path.told in suspect] if suspect else ()


def _dashed(name: str) -> str:
    return name.replace("_", "-")


def _underscored(name: str) -> str:
    return name.replace("-", "_")


def _alias(
    ctx: Context, path: ForwardingPath, carriers: list[Carrier], spell: Callable[[str], str]
) -> Alias | None:
    told = {spell(one.forwarded.name): one for one in carriers if path.fate(one.key) is not Fate.CLIENT}
    keys = {name: path.key(name) for name in told}
    # A name that is set and passed on all the same is an alias of itself.
    passed = {
        name: told[name] for name, key in keys.items() if path.fate(key) is Fate.CLIENT or path.is_added(key)
    }
    if not passed:
        return None
    with_underscores = any("_" in name for name in passed)
    setting = path.lets_underscores_in if with_underscores else None
    alias = Alias(path, tuple(passed.values()), tuple(passed), setting)
    doubt = path.doubt or (None if path.server.complete else "part of the server is not given")
    if doubt is not None:
        return replace(alias, doubt=doubt)
    headers = tuple((name, forged_value(one.forwarded)) for name, one in passed.items())
    for door in doors(ctx, path, headers):
        if not door.doubts:
            return replace(alias, door=door)
        doubt = doubt or door.doubts[0]
    return replace(alias, doubt=doubt)
