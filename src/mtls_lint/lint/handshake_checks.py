"""What one server's handshake holds a client's certificate to, and whom it lets through beyond another's."""

from collections.abc import Hashable
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from mtls_lint.lint.context import Context
from mtls_lint.lint.words import listed
from mtls_lint.nginx.chain_check import verify_depth
from mtls_lint.nginx.material import client_trust, crl_file
from mtls_lint.nginx.memory import kept
from mtls_lint.nginx.model import VirtualServer
from mtls_lint.nginx.tls import conf_commands
from mtls_lint.pki.client_trust import ClientTrust
from mtls_lint.pki.store import FileState
from mtls_lint.syntax.source import Span

if TYPE_CHECKING:
    from mtls_lint.pki.certificate import Certificate
    from mtls_lint.pki.crl import RevocationList

_SETTINGS = (
    "ssl_verify_client",
    "ssl_client_certificate",
    "ssl_trusted_certificate",
    "ssl_crl",
    "ssl_verify_depth",
)
_REPLACING = ("VerifyCAFile", "VerifyCAPath", "VerifyCAStore", "VerifyMode")


class HandshakeChecks(Struct, frozen=True, dict=True):
    """The CAs, CRLs and depth of one server.

    ``unread`` are the files of CAs that could not be read, ``crls`` None where there is no ``ssl_crl`` or
    it could not be read. OCSP is none of them: nginx asks for that again when a session is resumed
    (docs/evidence.md: resumption).
    """

    anchors: frozenset["Certificate"]
    unread: frozenset[str]
    crl: str | None
    crls: tuple["RevocationList", ...] | None
    depth: int

    @property
    def kind(self) -> tuple[object, ...]:
        """What ``excess`` goes by: servers that are alike here let the same clients through."""
        return self.anchors, self.unread, self.crl is None, self.revocation, self.depth

    @property
    def revocation(self) -> Hashable:
        """What is equal for the same CRLs: a file has the same ones wherever it is named, as copies have."""
        return self.crl if self.crls is None else self.crls

    @cached_property
    def ends(self) -> frozenset[Hashable]:
        """Where clients' chains end: a CA's renewed certificate has its name and key."""
        return frozenset(map(_end, self.anchors))

    @cached_property
    def trusted(self) -> frozenset[Hashable]:
        """The same, and the files that may hold more."""
        return self.ends | self.unread if self.unread else self.ends


class Excess(Struct, frozen=True):
    """Whom one server lets through its handshake and another does not.

    ``who`` are words for them; ``grave`` says that there are such clients, not only may be one day;
    ``sure`` that all files were read; ``span`` is where the configuration makes the difference.
    """

    who: str
    grave: bool
    sure: bool
    span: Span


def handshake_checks(ctx: Context, server: VirtualServer) -> HandshakeChecks | None:
    """The checks of a server that verifies clients; None (and recorded) when they are not known."""
    known = _answers(ctx)
    alike = (*[id(server.setting(name)) for name in _SETTINGS], id(server.setting("ssl_conf_command")))
    answer = known.get(alike) or _handshake_checks(ctx, server)
    if answer is not None:
        known[alike] = answer
    return answer


@kept
def _answers(_: Context) -> dict[tuple[int, ...], HandshakeChecks]:
    """What is known by settings that are the same objects, as those of an included text are."""
    return {}


@kept
def _anchors(_: Context, certificates: "frozenset[Certificate]") -> "frozenset[Certificate]":
    """Those of the certificates at which a client's chain can end."""
    return frozenset(ClientTrust(tuple(certificates)).anchors)


def _handshake_checks(ctx: Context, server: VirtualServer) -> HandshakeChecks | None:
    for name in _SETTINGS:
        if (unknown := server.setting(name).unknown) is not None:
            ctx.not_evaluated(server.span, unknown.reason)
            return None
    for command in _REPLACING:
        for directive in conf_commands(server, command):
            ctx.not_evaluated(directive.span, f"ssl_conf_command {command} changes how clients are verified")
            return None
    read = []
    unread = set()
    for reference in client_trust(ctx.configuration, server):
        file = ctx.file(reference)
        if file is not None and file.state is FileState.READ and not file.doubts:
            read.append(reference)
        elif reference.directive.name != "ssl_crl":
            unread.add(reference.path or reference.written)
    crl = crl_file(ctx.configuration, server)
    crls = None
    if crl is not None:
        file = ctx.file(crl)
        crls = file.crls if file is not None and file.state is FileState.READ else None
    return HandshakeChecks(
        _anchors(ctx, ctx.certificates_in(read) or frozenset()),
        frozenset(unread),
        crl.path if crl is not None else None,
        crls,
        verify_depth(server),
    )


def is_laxer(checks: HandshakeChecks, others: HandshakeChecks) -> bool:
    """Whether somebody gets through ``checks`` and not through ``others``."""
    if not checks.trusted <= others.trusted:
        return True
    return bool(checks.trusted) and (_revokes_others(others, checks) or checks.depth > others.depth)


def _revokes_others(checks: HandshakeChecks, others: HandshakeChecks) -> bool:
    """Whether there is a CRL, and it is not the one of ``others``."""
    return checks.crl is not None and checks.revocation != others.revocation


def excess(
    ctx: Context, one: VirtualServer, checks: HandshakeChecks, other: VirtualServer, others: HandshakeChecks
) -> Excess | None:
    """Whom ``one`` lets through and ``other`` does not; None where that is nobody."""
    if not is_laxer(checks, others):
        return None
    if not checks.ends <= others.ends:
        more = {certificate for certificate in checks.anchors if _end(certificate) not in others.ends}
        names = sorted(certificate.display_name for certificate in more)
        span = _span_of_anchor(ctx, one, more)
        return Excess(f"certificates of {listed(names, 3)}", True, not others.unread, span)
    if unread := sorted(checks.unread - others.unread):
        span = next(r.span for r in client_trust(ctx.configuration, one) if unread[0] in {r.path, r.written})
        return Excess(f"certificates of the CAs in {listed(unread, 3)}", True, False, span)
    if _revokes_others(others, checks):
        directive = other.setting("ssl_crl").directive
        revoked = others.crls is not None and any(crl.revoked_count for crl in others.crls)
        span = directive.span if directive is not None else other.span
        who = f"clients that the ssl_crl of {other.label} revokes"
        return Excess(who, revoked and checks.crl is None, others.crls is not None, span)
    span = one.setting("ssl_verify_depth").span or one.span
    who = f"clients with chains longer than the ssl_verify_depth {others.depth} of {other.label}"
    return Excess(who, False, True, span)


def _end(certificate: "Certificate") -> Hashable:
    """What is equal for certificates at which the same clients' chains end."""
    key = certificate.public_key
    return certificate if key is None else (certificate.canonical_subject, key)


def _span_of_anchor(ctx: Context, server: VirtualServer, more: set["Certificate"]) -> Span:
    """The first file of CAs of the server that holds one of ``more``."""
    references = client_trust(ctx.configuration, server)
    for reference in references:
        file = ctx.file(reference)
        if file is not None and not more.isdisjoint(file.certificates):
            return reference.span
    return references[0].span
