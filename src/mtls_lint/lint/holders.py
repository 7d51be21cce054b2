"""Holders of certificates: who they are, which CA vouches for them, and what they get of a server."""

from collections.abc import Callable, Iterable, Iterator
from functools import cache, cached_property
from itertools import chain, islice, product
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from mtls_lint.lint.context import Context
from mtls_lint.lint.finding import ClientCertificate
from mtls_lint.lint.witnesses import Door
from mtls_lint.nginx.anonymous import Served, Visitor, content_places
from mtls_lint.nginx.clients import (
    FRESH_SERIAL,
    NO_FINGERPRINT,
    SOMEBODY_ELSE,
    Facts,
    KnownClient,
    Stranger,
)
from mtls_lint.nginx.entrances import uris_to
from mtls_lint.nginx.identity_tests import (
    SERIAL,
    IdentityTest,
    comparisons,
)
from mtls_lint.nginx.material import FileReference, client_trust, crl_file
from mtls_lint.nginx.memory import kept
from mtls_lint.nginx.model import Configuration, Location, VirtualServer
from mtls_lint.nginx.passage import lets_clients_in
from mtls_lint.nginx.strangers import NOBODY
from mtls_lint.pki.name_forms import as_rfc2253, name_of, openssl_subject, read_name
from mtls_lint.pki.public_cas import is_bundle

if TYPE_CHECKING:
    from mtls_lint.pki.certificate import Certificate
    from mtls_lint.syntax.tree import Directive

_MOST_VALUES, _MOST_HOLDERS, _MOST_ROWS = 5, 12, 5
"""How many values of one variable, certificates with one value, and rows of one map are tried.

That is what people write by hand; longer lists are made by programs, and their rows are alike.
"""


class Issuer(Struct, frozen=True):
    """A CA whose clients a server accepts; ``certificate`` is None where the file is not there to be read."""

    reference: FileReference
    certificate: "Certificate | None" = None

    @property
    def name(self) -> str | None:
        """Its name as ``$ssl_client_i_dn`` shows it."""
        return as_rfc2253(name_of(self.certificate.native.subject)) if self.certificate is not None else None


class Holder(Struct, frozen=True):
    """Somebody with a certificate of ``issuer`` that says ``facts``."""

    issuer: Issuer
    facts: Facts

    @property
    def client(self) -> KnownClient:
        """The holder as ``decide`` knows clients."""
        return KnownClient(self.issuer.reference.path, self.facts)

    def another(self, subject: str, issuer: Issuer | None = None) -> "Holder":
        """Somebody else, with a certificate for ``subject``; of another CA it has the same serial number."""
        if issuer is None:
            return Holder(self.issuer, Facts(subject, self.facts.issuer))
        return Holder(issuer, Facts(subject, issuer.name, self.facts.serial))

    @property
    def certificate(self) -> ClientCertificate | None:
        """The certificate of a witness; None where OpenSSL's commands could not make it."""
        subject = openssl_subject(self.facts.subject)
        if subject is None:
            return None
        name = self.issuer.name
        serial = self.facts.serial if self.facts.serial != FRESH_SERIAL else None
        called = openssl_subject(name) if name is not None else None
        return ClientCertificate(self.issuer.reference.written, subject, called, serial)


_Question = tuple[KnownClient | Stranger, tuple[str, ...] | None]
"""A client, with the URIs that are asked for; None for those of all places."""


@cache
def _is_bundle(read: "frozenset[Certificate]") -> bool:
    return is_bundle(read)  # asked of the same files for thousands of servers


class Reception:
    """What holders of certificates get of one http server on its first TLS socket; each is asked once."""

    def __init__(self, ctx: Context, server: VirtualServer) -> None:
        self.ctx = ctx
        self.server = server
        self.comparisons = comparisons(ctx.configuration, server)
        # What is not known of the trust is recorded here, whoever asks for the issuers.
        self._trust = client_trust(ctx.configuration, server)
        read = ctx.certificates_in(self._trust)
        self._check = None if read is None or _is_bundle(read) else ctx.chain_check(server)
        self._looked_for: dict[str, list[str]] = {}
        self._known: dict[_Question, tuple[dict[str, Served], str | None]] = {}

    @cached_property
    def issuers(self) -> tuple[Issuer, ...]:
        """The CAs whose clients the server accepts; where that is not known, its files with nameless CAs."""
        if self._check is None:
            return tuple(map(Issuer, self._trust))
        found: dict[Certificate, Issuer] = {}
        for reference in self._trust:
            for certificate in self.ctx.certificates(reference) or ():
                if certificate.is_ca and certificate not in found:
                    found[certificate] = Issuer(reference, certificate)
        return tuple(one for ca, one in found.items() if lets_clients_in(self._check, ca, self.ctx.now))

    def given(self, client: KnownClient | Stranger, uris: tuple[str, ...] | None = None) -> dict[str, Served]:
        """The content that the client gets for certain, by URI; of these URIs if they are given."""
        return self._ask(client, uris)[0]

    def doubt(self, client: KnownClient) -> str | None:
        """Why the client may get more than that."""
        return self._ask(client)[1]

    def _ask(
        self, client: KnownClient | Stranger, uris: tuple[str, ...] | None = None
    ) -> tuple[dict[str, Served], str | None]:
        known = self._known.get((client, None)) or self._known.get((client, uris))
        if known is None:
            socket, now = self.server.tls_sockets[0], self.ctx.now
            places = list(
                content_places(self.ctx.configuration, self.server, socket, now, Visitor(client), uris)
            )
            doubt = next((place.doubts[0] for place in places if place.doubts), None)
            known = {p.request.uri: p for p in places if not p.doubts}, doubt
            self._known[client, uris] = known
        return known

    def anybody(self, issuer: Issuer) -> Holder:
        """Somebody of that CA whom no configuration knows."""
        return Holder(issuer, Facts(SOMEBODY_ELSE, issuer.name))

    def somebody(self, test: IdentityTest, value: str) -> Holder | None:
        """A holder of a certificate with this ``value``, the plainest one; None where no CA issues any."""
        found = next(self.holders(test, value), None)
        return found or (self.anybody(self.issuers[0]) if self.issuers else None)

    def privileges(self, holder: Holder, test: IdentityTest | None = None) -> dict[str, Served]:
        """What the holder gets, but for what anybody of the same CA gets; all, or what the test is made for.

        Nor does it count where nobody verifies the chain, and a client of its own making gets the same.
        """
        uris = self._uris_of(test) if test is not None else None
        ordinary = dict(self.given(self.anybody(holder.issuer).client, uris))
        if self.server.verify_client == "optional_no_ca":
            facts = holder.facts
            ordinary |= self.given(Stranger(facts.subject, facts.issuer or NOBODY, facts.serial), uris)
        return {uri: place for uri, place in self.given(holder.client, uris).items() if uri not in ordinary}

    def _uris_of(self, test: IdentityTest) -> tuple[str, ...] | None:
        """The URIs by which a test is made; None where it may be any, or the test stands in a snippet."""
        if not test.in_condition or test.block.includes:
            return None
        location = _blocks(self.server)[test.block].parent
        return uris_to(self.server, location) if location is not None else None

    def privileged(self, test: IdentityTest, value: str) -> Holder | None:
        """The first holder of a certificate with this ``value`` who gets more than anybody of its CA."""
        for holder in self.holders(test, value):
            # Most get it where the test is made, and need not be asked for all other places.
            if self.privileges(holder, test) or self.privileges(holder):
                return holder
        return None

    def holders(self, test: IdentityTest, value: str | None) -> Iterator[Holder]:
        """Holders of certificates with this ``value``, with what other tests may want; the plainest first.

        Without a value they are those that are nobody's.
        """
        return islice(self._holders(test, value), _MOST_HOLDERS)

    def _holders(self, test: IdentityTest, value: str | None) -> Iterator[Holder]:
        wanted = as_rfc2253(read_name(value) or ()) if value is not None and test.is_name else value
        issuers: Iterable[Issuer] = self.issuers
        subjects = self._values("s_dn", SOMEBODY_ELSE)
        serials = self._values("serial", FRESH_SERIAL)
        prints = self._values("fingerprint", NO_FINGERPRINT)
        if wanted is not None and test.of_issuer:
            issuers = [issuer for issuer in self.issuers if issuer.name in {wanted, None}]
        elif wanted is not None and test.is_name:
            subjects = [wanted]
        elif wanted is not None and test.variable == SERIAL:
            serials = [wanted]
        elif wanted is not None:
            prints = [wanted]
        for printed, serial, subject, issuer in product(prints, serials, subjects, issuers):
            name = issuer.name or (wanted if test.of_issuer else None)
            yield Holder(issuer, Facts(subject, name, serial, printed))

    def sample(self, about: Callable[[IdentityTest], bool]) -> list[IdentityTest]:
        """The tests of these variables; of those in one block the first few only."""
        found = (one.tests[:_MOST_ROWS] for one in self.comparisons if about(one.first))
        return list(chain.from_iterable(found))

    def _values(self, fact: str, usual: str) -> list[str]:
        """Values that the tests look for: of ``s_dn``, ``serial`` or ``fingerprint``."""
        if fact not in self._looked_for:
            self._looked_for[fact] = self._find_values(fact, usual)
        return self._looked_for[fact]

    def _find_values(self, fact: str, usual: str) -> list[str]:
        found = (
            as_rfc2253(read_name(value) or ()) if test.is_name else value
            for test in self.sample(
                lambda one: one.variable.removeprefix("ssl_client_").removesuffix("_legacy") == fact
            )
            for value in test.passing
        )
        return [usual, *islice(dict.fromkeys(found), _MOST_VALUES)]

    def door(self, holder: Holder, place: Served) -> Door:
        """The request by which the holder gets what is served at a place."""
        return Door(self.server.tls_sockets[0], place, holder.certificate)


def unread_cas(reception: Reception, about: Callable[[IdentityTest], bool]) -> None:
    """Record that the CAs of the clients are not known, where such a test decides what somebody gets."""
    values = [(test, value) for test in reception.sample(about) for value in test.passing[:1]]
    unread = [issuer for issuer in reception.issuers if issuer.certificate is None] if values else []
    if unread and any(reception.privileged(test, value) for test, value in values):
        for issuer in unread:
            file = reception.ctx.file(issuer.reference)
            reason = (
                file.reason if file is not None and file.reason else "which of its CAs it is, is not asked"
            )
            reception.ctx.not_evaluated(issuer.reference.span, f"{issuer.reference.written}: {reason}")


@kept
def _blocks(server: VirtualServer) -> dict["Directive", Location]:
    """The locations and ``if`` blocks of a server by their directives."""
    return {block.directive: block for block in server.all_locations()}


def supposing(holder: Holder, test: IdentityTest, value: str) -> KnownClient:
    """The holder, if nginx showed ``value`` in the variable that is tested."""
    return replace(holder.client, supposed=(test.variable, value))


def was_judged(test: IdentityTest, place: Served) -> bool:
    """Whether the test was made on the way: that of a map may have been, that of an ``if`` is recorded."""
    conditions = (condition.directive.span for condition in place.decision.conditions)
    return not test.in_condition or test.span in conditions


@kept
def receiving_servers(configuration: Configuration) -> tuple[VirtualServer, ...]:
    """The servers of http whose clients can be told apart by their certificates, because they ask for them.

    Of those that compare nothing, and trust the same files by the same words, the first stands for all: about
    these there is nothing to say but what could not be read.
    """
    found: dict[object, VirtualServer] = {}
    for server in configuration.servers_of("http"):
        if server.verify_client != "off" and server.tls_sockets:
            compares = comparisons(configuration, server)
            found.setdefault(server if compares else _trust_as_written(configuration, server), server)
    return tuple(found.values())


def _trust_as_written(configuration: Configuration, server: VirtualServer) -> object:
    """What is the same for servers that check the chains of clients by the same words of the same files."""
    setting = server.setting
    if setting("ssl_client_certificate").unknown or setting("ssl_trusted_certificate").unknown:
        return server
    files = [reference.directive for reference in client_trust(configuration, server)]
    crl = crl_file(configuration, server)
    commands = setting("ssl_conf_command").directives
    words = (*files, *commands) if crl is None else (*files, *commands, crl.directive)
    return tuple([(id(directive.source), directive.start) for directive in words])
