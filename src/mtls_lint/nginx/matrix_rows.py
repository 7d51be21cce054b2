"""The rows of the access matrix, and the words they are said in."""

from collections.abc import Collection, Mapping

from msgspec import Struct

from mtls_lint.nginx.decision import Answer, Decision
from mtls_lint.nginx.flaws import Flaw
from mtls_lint.nginx.model import Socket, VirtualServer
from mtls_lint.syntax.source import Span

ANYONE, ANY_CERTIFICATE, CERTIFICATES, NOBODY, REDIRECT, BACKEND = (
    "anyone",
    "any certificate",
    "certificates",
    "nobody",
    "redirect",
    "backend decides",
)


class Who(Struct, frozen=True):
    """Who gets an answer that is no refusal: one of the words above; ``cas`` are the files of CAs.

    The backend decides where nginx passes on what a client sends, and the TLS is with the backend.

    With a ``flaw`` only those of them are meant whose certificates have it.
    """

    kind: str
    cas: tuple[str, ...] = ()
    flaw: Flaw | None = None

    def exceeds(self, other: "Who") -> bool:
        """Whether this lets in somebody whom the other does not."""
        rank = {NOBODY: 0, REDIRECT: 0, BACKEND: 0, CERTIFICATES: 1, ANY_CERTIFICATE: 2, ANYONE: 3}
        if self.kind == other.kind == CERTIFICATES:
            return not set(self.cas) <= set(other.cas)
        return rank[self.kind] > rank[other.kind]


class Hole(Struct, frozen=True):
    """A way around: with this SNI (None for none) in the handshake, ``who`` gets in.

    Who has a flaw is refused by the settings of the row's server, but not by those that count.
    """

    sni: str | None
    who: Who


class Row(Struct, frozen=True):
    """One group of locations of one server on one socket: who gets in, by which directive, and the holes.

    ``uri`` leads to the first of the ``places``. Those of a stream server are what it passes connections to,
    those of a mail server the ways to a login. ``asked`` are the URIs that were asked, each with its place.
    """

    socket: Socket
    server: VirtualServer
    name: str
    uri: str
    places: tuple[str, ...]
    who: Who
    by: Span | None
    holes: tuple[Hole, ...] = ()
    uncertain: tuple[str, ...] = ()
    asked: tuple[tuple[str, str], ...] = ()


def who_of(decisions: Mapping[str | None, Decision], served: Collection[str | None]) -> Who:
    """Who gets in, of the classes of clients: ``""`` without a certificate, None with one nobody trusts."""
    if "" in served:
        return Who(ANYONE)
    if None in served:
        return Who(ANY_CERTIFICATE)
    if served:
        return Who(CERTIFICATES, tuple(ca for ca in decisions if ca and ca in served))
    redirected = any(decision.answer is Answer.REDIRECT for decision in decisions.values())
    return Who(REDIRECT if redirected else NOBODY)
