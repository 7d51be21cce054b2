"""The TLS handshake: which server's settings count, who is asked for a certificate, what is said of it.

The facts are those of docs/evidence.md: handshake.
"""

from datetime import datetime

from msgspec import Struct

from mtls_lint.nginx.asking import asking
from mtls_lint.nginx.decision import Client, Connection, Outcome, Story, Verdict
from mtls_lint.nginx.lookup import NameTable, normalise_host
from mtls_lint.nginx.material import TrustFile, ca_files, opens_ca_files_unasked
from mtls_lint.nginx.model import Configuration, Socket, VirtualServer
from mtls_lint.nginx.tls import conf_commands, in_order, negotiable_protocols
from mtls_lint.syntax.tree import Unknown

_UNPREDICTABLE = ("VerifyCAPath", "VerifyCAStore", "ClientSignatureAlgorithms")
"""Commands after which the verdict on a certificate depends on what is not looked at here."""


class Handshake(Struct, frozen=True):
    """What a handshake left: whose settings counted, the name that matched, the chain's verdict.

    ``current`` is the server that SNI chose, ``server`` the one whose TLS context was used: another one
    where the first has no certificate.
    """

    server: VirtualServer
    current: VirtualServer
    name: str | None
    presented: bool
    verdict: Verdict

    @property
    def client_verify(self) -> str:
        """The value of ``$ssl_client_verify``."""
        if not self.presented:
            return "NONE"
        return "SUCCESS" if self.verdict.ok else f"FAILED:{self.verdict.text}"


class Failed(Struct, frozen=True):
    """A handshake that ended with an alert, by the settings of ``server``."""

    server: VirtualServer


_NOTHING_CHECKED = Verdict(ok=True)


def shake_hands(
    configuration: Configuration,
    connection: Connection,
    client: Client | None,
    now: datetime,
    socket: Socket,
    story: Story,
) -> Handshake | Failed:
    """The handshake of ``client`` on a TLS ``socket``; ``story`` takes its steps and doubts."""
    default = socket.default_server
    current, name = _server_by_name(configuration, connection, socket, story)
    rejecting = current.setting("ssl_reject_handshake")
    if rejecting.is_on:
        story.say("ssl_reject_handshake: alert unrecognized_name", rejecting.span)
        return Failed(current)
    server = current if current.has_ssl_context else default
    if server is not current:
        story.say(
            f"{current.label} has no certificate of its own: the handshake stays with {default.label}",
            default.span,
        )
    tls = connection.tls or ""
    if not _speaks(server, default, tls, story):
        return Failed(server)
    if not _is_asked(server, tls, story):
        return Handshake(server, current, name, False, _NOTHING_CHECKED)
    if client is None:
        required = asking(server)
        story.say("the client sends none")
        if required.required and required.command is not None:
            story.say(f"{required.command.text}: the handshake fails", required.command.span)
            return Failed(server)
        return Handshake(server, current, name, False, _NOTHING_CHECKED)
    verdict = _verdict(configuration, server, client, now, story)
    if not verdict.ok and _refuses_in_the_handshake(server):
        story.say("nginx has not told OpenSSL to go on with such a certificate: the handshake fails")
        return Failed(server)
    return Handshake(server, current, name, True, verdict)


def _refuses_in_the_handshake(server: VirtualServer) -> bool:
    """Whether a certificate that does not verify ends the handshake, by OpenSSL's own rule.

    nginx sets a callback that lets all of them pass, but in stream before 1.27.2 only where
    ``ssl_verify_client`` asks; here it is ``VerifyMode`` that does (docs/evidence.md: stream).
    """
    return server.verify_client == "off" and not opens_ca_files_unasked(server)


def _server_by_name(
    configuration: Configuration, connection: Connection, socket: Socket, story: Story
) -> tuple[VirtualServer, str | None]:
    """The server that SNI chooses, with the name that matched; the default server without one."""
    default, table, sni = socket.default_server, NameTable.of(socket), connection.sni
    name = normalise_host(sni, configuration.version) if sni else None
    found = table.find(name) if name else None
    if isinstance(found, Unknown):
        story.doubt(found.reason)
    elif found is not None:
        story.say(f"SNI {sni} selects server {found.label}", found.span)
        return found, name
    if not table.used:
        story.say(f"the socket's only server, {default.label}, does the handshake", default.span)
    else:
        why = f"SNI {sni} matches no server" if sni else "no SNI"
        story.say(f"{why}: the default server {default.label} does the handshake", default.span)
    return default, None


def _speaks(server: VirtualServer, default: VirtualServer, tls: str, story: Story) -> bool:
    protocols = negotiable_protocols(server, default)
    wanted = f"TLSv{tls}"
    if wanted in protocols:
        return True
    owner = server if server.scope.version >= (1, 29, 2) else default
    offered = " ".join(in_order(protocols)) or "none"
    span = owner.setting("ssl_protocols").span or owner.setting("ssl_conf_command").span
    story.say(f"{wanted} is not among the protocols of {owner.label} ({offered})", span)
    return False


def _is_asked(server: VirtualServer, tls: str, story: Story) -> bool:
    mode = server.setting("ssl_verify_client")
    if mode.unknown is not None:
        story.doubt(mode.unknown.reason)
    how = asking(server)
    if how.is_asked_in(tls):
        why = mode.lower if how.command is None else how.command.text
        span = mode.span if how.command is None else how.command.span
        story.say(f"{server.label} asks for a client certificate ({why})", span)
        return True
    if how.asked and how.command is not None:
        story.say(f"{how.command.text}: nobody asks for a certificate in TLS 1.3", how.command.span)
    else:
        story.say(f"{server.label} asks for no client certificate", mode.span)
    return False


def _verdict(
    configuration: Configuration, server: VirtualServer, client: Client, now: datetime, story: Story
) -> Verdict:
    for command in _UNPREDICTABLE:
        for directive in conf_commands(server, command):
            story.doubt(f"{directive.span}: {directive.text} changes how clients are verified")
    trust = tuple(TrustFile(one, (server,)) for one in ca_files(configuration, server))
    verdict = client.verify(server, trust, now)
    if verdict.unknown is not None:
        story.doubt(verdict.unknown)
    said = "accepts it" if verdict.ok else f"says: {verdict.text}"
    detail = f" ({verdict.explanation})" if verdict.explanation else ""
    story.say(f"the chain check {said}{detail}", trust[0].directive.span if trust else None)
    return verdict


def gate(server: VirtualServer, handshake: Handshake) -> Outcome | None:
    """What the mode of a stream or mail server makes of a handshake; None when the connection may go on."""
    mode, verdict = server.verify_client, handshake.verdict
    if mode == "off":
        return None
    if not verdict.ok and not (mode == "optional_no_ca" and verdict.soft):
        return Outcome.CERTIFICATE_ERROR
    return Outcome.NO_CERTIFICATE if mode == "on" and not handshake.presented else None
