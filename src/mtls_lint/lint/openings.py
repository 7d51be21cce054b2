"""Openings: how a client without a proper certificate gets past what a server asks and checks.

So does a client with a proper certificate that is not the one a check is for. This is about servers that ask
their clients for a certificate. Every opening is a decision of ``decide``: this module only chooses whom to
send where, and says which of the server's directives lets the request through.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct

from mtls_lint.lint.finding import ClientCertificate
from mtls_lint.lint.guards import Guards
from mtls_lint.lint.witnesses import Door
from mtls_lint.nginx.anonymous import ANYONE, Served, Visitor, content_places, open_places, uris_of
from mtls_lint.nginx.answering import handshake_name
from mtls_lint.nginx.answers import error_page_codes
from mtls_lint.nginx.backends import place_addresses
from mtls_lint.nginx.checks import Check, client_checks
from mtls_lint.nginx.clients import SOMEBODY_ELSE, Facts, KnownClient
from mtls_lint.nginx.decision import Answer, Fault
from mtls_lint.nginx.material import client_trust
from mtls_lint.nginx.memory import kept
from mtls_lint.nginx.model import Configuration, Location, Socket, VirtualServer
from mtls_lint.nginx.regex import search
from mtls_lint.nginx.select_location import Selected, select_location
from mtls_lint.nginx.strangers import strangers
from mtls_lint.pki.name_forms import openssl_subject

if TYPE_CHECKING:
    from mtls_lint.syntax.tree import Directive

_GATE = frozenset({495, 496, 497})
"""nginx's own codes for what it refuses before any check of the configuration."""

_EARLY = frozenset({400, 405, 414, 421, 494, 501, 505})
"""The codes for a head that nginx refuses before it looks at the certificate (docs/evidence.md: request)."""


_MOST_PLACES = 50
"""Places of a server that are all tried below each guarded location: enough for what people write by hand."""

_METHODS = ("POST", "GET", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "MKCOL")
"""Methods to try, the most usual first."""


class Cause(Enum):
    """Why the request is let through."""

    UNCHECKED = "unchecked"
    """Nothing in the server refuses for want of a certificate."""
    ELSEWHERE = "elsewhere"
    """Other locations refuse, or other requests; this one is left open."""
    WEAK = "weak"
    """A check is made, and lets it pass."""
    BYPASSED = "bypassed"
    """The check of this very place is not reached."""
    ERROR_PAGE = "error page"
    """nginx refuses, and an ``error_page`` answers with content."""
    EARLY = "early"
    """nginx refuses the head, before it looks at the certificate, and an ``error_page`` gives content."""
    UNDONE = "undone"
    """A check refuses, and an ``error_page`` answers with content."""


class Opening(Struct, frozen=True):
    """One way in; ``check`` is the check that is too weak, not reached or undone."""

    cause: Cause
    door: Door
    check: Check | None = None

    @property
    def whoever(self) -> str:
        """Who gets in by it, as the subject of a sentence."""
        certificate = self.door.certificate
        if certificate is None or certificate.ca is None:
            return "everybody"
        return f"whoever has a certificate of {certificate.ca}"

    @property
    def by_case(self) -> bool:
        """Whether the check is bypassed by capital letters alone, which a backend may take for small ones."""
        guarded = self.check.location if self.check is not None else None
        if self.cause is not Cause.BYPASSED or guarded is None or guarded.modifier in {"~", "~*"}:
            return False
        return not self.door.served.request.uri.startswith(guarded.pattern)


class Openings(Struct, frozen=True):
    """The certain ways into a server, one for each cause and check; ``doubt`` when there may be others."""

    found: tuple[Opening, ...]
    doubt: str | None = None

    def of(self, *causes: Cause) -> Iterator[Opening]:
        """Those with one of these causes."""
        return (opening for opening in self.found if opening.cause in causes)


@kept
def find_openings(configuration: Configuration, server: VirtualServer, now: datetime) -> Openings:
    """The openings of an http server that asks for certificates on a TLS socket; none for others.

    For clients with a certificate that nginx accepts they are bypassed and undone checks of who a client is.
    """
    openings = _find(configuration, server, now)
    said = {opening.check for opening in openings.of(Cause.BYPASSED, Cause.UNDONE)}
    others = (one for one in _past_identity_checks(configuration, server, now) if one.check not in said)
    return Openings((*openings.found, *others), openings.doubt)


def _find(configuration: Configuration, server: VirtualServer, now: datetime) -> Openings:
    if server.module != "http" or server.verify_client == "off":
        return Openings(())
    if server.setting("ssl_reject_handshake").is_on:
        return Openings(())
    if server.verify_client == "on" and not (_GATE | _EARLY) & error_page_codes(server.scope):
        return Openings(())
    checks = client_checks(configuration, server)
    places = tuple(uris_of(server))
    uris = (*places, *_escapes(server, places, checks))
    guards = Guards(checks)
    found: list[Opening] = []
    doubt = None if server.complete else "part of the server is not given"
    for socket in server.tls_sockets:
        for door in _doors(configuration, server, socket, now, uris):
            found += [] if door.doubts else [_opening(configuration, door, guards)]
            doubt = doubt or next(iter(door.doubts), None)
        for door in _early_doors(configuration, server, socket, now):
            found += [] if door.doubts else [Opening(Cause.EARLY, door)]
            doubt = doubt or next(iter(door.doubts), None)
    return Openings(_one_each(found), doubt)


@kept
def identity_check(configuration: Configuration, server: VirtualServer, now: datetime) -> Check | None:
    """The first check of a server that looks at who its client is; if there is one, of the whole server.

    One that refuses nobody whom it does not name is none: a list of the unwanted, or what only sorts.
    """
    found = [check for check in client_checks(configuration, server) if check.identifies]
    if not found:
        return None
    visitor, _ = _somebody_else(configuration, server)
    passed: set[Directive] = set()
    refused: set[Directive] = set()
    for socket in server.tls_sockets if server.module == "http" else ():
        for place in open_places(configuration, server, socket, now, visitor):
            judged = {condition.directive for condition in place.decision.conditions}
            if place.answer in {Answer.CONTENT, Answer.FIXED} and not place.doubts:
                passed |= judged
            else:
                refused |= judged
    found = [check for check in found if check.directive in refused or check.directive not in passed]
    return next((check for check in found if check.location is None), found[0] if found else None)


def _somebody_else(
    configuration: Configuration, server: VirtualServer
) -> tuple[Visitor, ClientCertificate | None]:
    """A client of a CA that the server trusts, with a name that no configuration knows."""
    trust = client_trust(configuration, server)
    visitor = Visitor(KnownClient(trust[0].path if trust else None, Facts(SOMEBODY_ELSE)))
    subject = openssl_subject(SOMEBODY_ELSE) or ""
    return visitor, ClientCertificate(trust[0].written, subject) if trust else None


def _past_identity_checks(
    configuration: Configuration, server: VirtualServer, now: datetime
) -> tuple[Opening, ...]:
    """How a client whom a check is to refuse, with a certificate of a trusted CA, gets past that check."""
    checks = tuple(check for check in client_checks(configuration, server) if check.identifies)
    if server.module != "http" or server.verify_client == "off" or not checks:
        return ()
    visitor, certificate = _somebody_else(configuration, server)
    if certificate is None:
        return ()
    places = tuple(uris_of(server))
    uris = (*places, *_escapes(server, places, checks))
    guards = Guards(checks)
    found: list[Opening] = []
    for socket in server.tls_sockets:
        asked = list(open_places(configuration, server, socket, now, visitor, uris))
        conditions = (condition for place in asked for condition in place.decision.conditions)
        refused = {condition.directive for condition in conditions if condition.held}
        for place in content_places(configuration, server, socket, now, visitor, uris):
            opening = _opening(configuration, Door(socket, place, certificate), guards)
            meant = opening.check is not None and opening.check.directive in refused
            if meant and not place.doubts and opening.cause in {Cause.BYPASSED, Cause.UNDONE}:
                found.append(opening)
    return _one_each(found)


def _doors(
    configuration: Configuration,
    server: VirtualServer,
    socket: Socket,
    now: datetime,
    uris: Sequence[str],
) -> Iterator[Door]:
    for visitor, certificate in _visitors(configuration, server):
        for place in content_places(configuration, server, socket, now, visitor, uris):
            yield Door(socket, place, certificate, visitor.speaks_tls)


def _early_doors(
    configuration: Configuration, server: VirtualServer, socket: Socket, now: datetime
) -> Iterator[Door]:
    """Through an ``error_page`` for a head that nginx refuses; one URI shows it."""
    for visitor in _early_visitors(server, socket):
        for place in content_places(configuration, server, socket, now, visitor, ("/",)):
            if place.decision.error in _EARLY:
                yield Door(socket, place)


def _one_each(openings: Sequence[Opening]) -> tuple[Opening, ...]:
    """The first opening of each cause and check, or error page.

    Where a location takes the requests of another one's check, that it is open besides is no news.
    """
    bypassed = (one for one in openings if one.cause is Cause.BYPASSED and not one.by_case)
    bypassing = {one.door.served.location for one in bypassed}
    chosen: dict[tuple[object, ...], Opening] = {}
    for opening in openings:
        if opening.cause is not Cause.ELSEWHERE or opening.door.served.location not in bypassing:
            page = opening.door.served.decision.error_page if opening.cause is Cause.EARLY else None
            chosen.setdefault((opening.cause, opening.check, page), opening)
    return tuple(chosen.values())


def leads_to_app(configuration: Configuration, opening: Opening) -> bool:
    """Whether the backend behind an opening is one that other locations of the server pass requests to."""
    served = opening.door.served
    here = place_addresses(configuration, served.location or served.server)
    known = _leading(configuration, served.server)
    return any(one is not served.location for address in here for one in known.get(address, ()))


@kept
def _leading(configuration: Configuration, server: VirtualServer) -> dict[str, list[Location]]:
    """For each backend two locations of a server that lead there: one is another than that at hand."""
    found: dict[str, list[Location]] = {}
    for location in server.all_locations():
        for address in place_addresses(configuration, location):
            known = found.setdefault(address, [])
            if len(known) < 2:
                known.append(location)
    return found


def _visitors(
    configuration: Configuration, server: VirtualServer
) -> Iterator[tuple[Visitor, ClientCertificate | None]]:
    yield ANYONE, None
    for method in sorted(_limited_methods(server)):
        yield Visitor(method=method), None
    codes = error_page_codes(server.scope)
    if 497 in codes:
        yield Visitor(speaks_tls=False), None
    if server.verify_client == "optional_no_ca" or 495 in codes:
        yield from unknown_visitors(configuration, server)


def unknown_visitors(
    configuration: Configuration, server: VirtualServer
) -> Iterator[tuple[Visitor, ClientCertificate]]:
    """Visitors with certificates of their own making, with the names that a server looks for."""
    for stranger in strangers(configuration, server):
        subject = openssl_subject(stranger.subject)
        issuer = openssl_subject(stranger.issuer) if stranger.issuer is not None else None
        if subject is not None and (issuer is None) is (stranger.issuer is None):
            yield Visitor(stranger), ClientCertificate(None, subject, issuer, stranger.serial)


def _limited_methods(server: VirtualServer) -> set[str]:
    """A method for each ``limit_except`` block: with it, the location's ``if`` and ``return`` are not run."""
    named = (
        {str(word).upper() for word in block.directive.args}
        for block in server.all_locations()
        if block.kind == "limit_except"
    )
    found = (next((method for method in _METHODS if method not in allowed), None) for allowed in named)
    return {method for method in found if method is not None}


def _early_visitors(server: VirtualServer, socket: Socket) -> Iterator[Visitor]:
    """Those whose head nginx refuses, where an ``error_page`` waits for that; the most telling first."""
    codes = error_page_codes(server.scope)
    if 400 in codes:
        yield Visitor(host="not..valid")
    if 421 in codes and socket.ssl:
        others = (one for one in socket.servers if one is not server and one.verify_client != "off")
        yield from (Visitor(host=name) for one in others if (name := handshake_name(one)) is not None)
    if 405 in codes:
        yield Visitor(method="TRACE")
    faults = (Fault.ENCODING, Fault.LONG_LINE, Fault.LONG_HEADER, Fault.VERSION)
    yield from (Visitor(fault=fault) for fault in faults if fault.code in codes)


def _escapes(server: VirtualServer, places: Sequence[str], checks: tuple[Check, ...]) -> Iterator[str]:
    """URIs below the guarded locations that other locations may take, such as ``/admin/example.php``.

    Of many places only those of regular expressions are tried there: it is these that take what is below.
    """
    prefixes = {
        check.location.pattern.rstrip("/")
        for check in checks
        if check.refuses and check.location is not None and check.location.modifier in {"", "^~"}
    }
    if len(places) > _MOST_PLACES:
        places = [uri for uri in places if _takes_by_regex(server, uri)][:_MOST_PLACES]
    for prefix in sorted(prefixes - {""}):
        yield from (prefix + uri for uri in places if not uri.startswith(prefix))
        if prefix.swapcase() != prefix:
            yield prefix.swapcase()


def _takes_by_regex(server: VirtualServer, uri: str) -> bool:
    selected = select_location(server, uri)
    return isinstance(selected, Selected) and selected.match is not None


def _opening(configuration: Configuration, door: Door, guards: Guards) -> Opening:
    place, decision = door.served, door.served.decision
    judged = {condition.directive: condition.held for condition in decision.conditions}
    if decision.error in _GATE:
        return Opening(Cause.ERROR_PAGE, door)
    made = guards.among(judged)
    held = [check for check in made if judged[check.directive]]
    if decision.error is not None and held:
        return Opening(Cause.UNDONE, door, held[-1])
    for check in made:
        if not judged[check.directive] and not check.mixed:
            return Opening(Cause.WEAK, door, check)
    for check in guards.near(place):
        if check.directive in judged:
            continue
        if _is_about(check, place) or _is_about_in_other_case(configuration, check, place):
            return Opening(Cause.BYPASSED, door, check)
    others = len(held) < len(guards.refusing)
    return Opening(Cause.ELSEWHERE if others else Cause.UNCHECKED, door)


def _is_about(check: Check, place: Served) -> bool:
    """Whether the check stands where it should have seen the request."""
    guarded = check.location
    if guarded is None or is_inside(place.location, guarded):
        return True
    uri = place.request.uri
    if guarded.modifier in {"~", "~*"}:
        return bool(search(guarded.pattern, uri, caseless=guarded.modifier == "~*"))
    return guarded.modifier in {"", "^~"} and guarded.pattern != "/" and uri.startswith(guarded.pattern)


def _is_about_in_other_case(configuration: Configuration, check: Check, place: Served) -> bool:
    """Whether a backend that tells no case apart gets what the check guards, with other letters."""
    guarded = check.location
    if guarded is None or guarded.modifier not in {"", "^~", "="} or guarded.pattern == "/":
        return False
    here, there = (place_addresses(configuration, one) for one in (place.location or place.server, guarded))
    return place.request.uri.lower().startswith(guarded.pattern.lower()) and bool(here & there)


def is_inside(location: Location | None, outer: Location) -> bool:
    """Whether ``location`` is ``outer`` or nested in it."""
    while location is not None and location is not outer:
        location = location.parent
    return location is outer
