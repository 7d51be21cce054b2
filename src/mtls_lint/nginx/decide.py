"""What nginx answers to a connection, a request and a client certificate.

The steps are those of docs/evidence.md: sockets, names, handshake, request.
"""

from dataclasses import dataclass
from datetime import datetime

from mtls_lint.nginx.decision import Client, Connection, Decision, Outcome, Request, Story, Verdict
from mtls_lint.nginx.exchange import Exchange
from mtls_lint.nginx.lookup import NameTable, find_socket, normalise_host
from mtls_lint.nginx.material import TrustFile, ca_files
from mtls_lint.nginx.model import Configuration, Socket, VirtualServer
from mtls_lint.nginx.variables import Variables
from mtls_lint.syntax.source import Span
from mtls_lint.syntax.tree import Unknown

_ASKING_COMMANDS = frozenset({"verifymode", "verifycafile", "verifycapath"})
_PROTOCOL_COMMANDS = frozenset({"protocol", "minprotocol", "maxprotocol"})


@dataclass(frozen=True, slots=True)
class _Handshake:
    """What the TLS handshake left: whose settings counted, the name that matched, the chain's verdict."""

    server: VirtualServer
    current: VirtualServer
    name: str | None
    presented: bool
    verdict: Verdict


_NOTHING_CHECKED = Verdict(ok=True)


def decide(
    configuration: Configuration,
    connection: Connection,
    request: Request,
    client: Client | None,
    now: datetime,
) -> Decision:
    """What nginx answers to ``request`` on ``connection`` by ``client`` (None: without a certificate).

    Pure but for what ``client`` reads to verify its chain; ``now`` is the moment of the handshake. Only http
    sockets are looked at.
    """
    return _Decider(configuration, connection, request, client, now).decide()


class _Decider:
    """One decision while it is made."""

    def __init__(
        self,
        configuration: Configuration,
        connection: Connection,
        request: Request,
        client: Client | None,
        now: datetime,
    ) -> None:
        self.configuration = configuration
        self.connection = connection
        self.request = request
        self.client = client
        self.now = now
        self.story = Story()

    def decide(self) -> Decision:
        connection = self.connection
        where = f"{connection.address}:{connection.port}"
        socket = find_socket(self.configuration, "http", connection.address, connection.port)
        if isinstance(socket, Unknown):
            self.story.doubt(socket.reason)
            return self._ended(Outcome.REFUSED)
        if socket is None:
            self.story.say(f"nobody listens on {where}")
            return self._ended(Outcome.REFUSED)
        self.story.say(
            f"the socket {socket.key} ({'TLS' if socket.ssl else 'plain'}) takes the connection",
            self._listen_span(socket),
        )
        table = NameTable.of(socket)
        if connection.tls is None:
            return self._request(socket, table, None)
        if not socket.ssl:
            self.story.say("TLS is spoken to a plain socket")
            return self._ended(Outcome.HANDSHAKE_FAILED)
        handshake = self._handshake(socket, table)
        if isinstance(handshake, Decision):
            return handshake
        return self._request(socket, table, handshake)

    @staticmethod
    def _listen_span(socket: Socket) -> Span:
        server, listen = socket.members[0]
        return listen.directive.span if listen.directive is not None else server.span

    def _ended(self, outcome: Outcome, tls_server: VirtualServer | None = None) -> Decision:
        """A decision that no server answers."""
        return Decision(
            outcome,
            tls_server=tls_server,
            uncertain=tuple(self.story.uncertain),
            steps=tuple(self.story.steps),
        )

    # -- TLS ---------------------------------------------------------------------------------------------

    def _handshake(self, socket: Socket, table: NameTable) -> "_Handshake | Decision":
        default = socket.default_server
        current, matched = default, None
        sni = self.connection.sni
        name = normalise_host(sni) if sni else None
        found = table.find(name) if name else None
        if isinstance(found, Unknown):
            self.story.doubt(found.reason)
        elif found is not None:
            current, matched = found, name
        if matched is not None:
            self.story.say(f"SNI {sni} selects server {current.label}", current.span)
        elif not table.used:
            self.story.say(f"the socket's only server, {default.label}, does the handshake", default.span)
        else:
            why = f"SNI {sni} matches no server" if sni else "no SNI"
            self.story.say(f"{why}: the default server {default.label} does the handshake", default.span)
        rejecting = current.setting("ssl_reject_handshake")
        if rejecting.is_on:
            self.story.say("ssl_reject_handshake: alert unrecognized_name", rejecting.span)
            return self._ended(Outcome.HANDSHAKE_FAILED, tls_server=current)
        server = current if current.has_ssl_context else default
        if server is not current:
            self.story.say(
                f"{current.label} has no certificate of its own: the handshake stays with {default.label}",
                default.span,
            )
        if (refused := self._protocol(server, default)) is not None:
            return refused
        presented, verdict = self._check_chain(server)
        return _Handshake(server, current, matched, presented, verdict)

    def _protocol(self, server: VirtualServer, default: VirtualServer) -> Decision | None:
        # Before 1.29.2 the protocols are chosen before the server is known (docs/evidence.md: handshake).
        owner = server if self.configuration.version >= (1, 29, 2) else default
        protocols = owner.setting("ssl_protocols")
        for directive in owner.setting("ssl_conf_command").directives:
            if str(directive.args[0]).lower() in _PROTOCOL_COMMANDS:
                self.story.doubt(f"{directive.span}: {directive.text} changes the protocols")
        wanted = f"TLSv{self.connection.tls}"
        if wanted.lower() in {word.lower() for word in protocols.words}:
            return None
        offered = " ".join(protocols.words)
        self.story.say(f"{wanted} is not among the protocols of {owner.label} ({offered})", protocols.span)
        return self._ended(Outcome.HANDSHAKE_FAILED, tls_server=server)

    def _check_chain(self, server: VirtualServer) -> tuple[bool, Verdict]:
        for directive in server.setting("ssl_conf_command").directives:
            if str(directive.args[0]).lower() in _ASKING_COMMANDS:
                self.story.doubt(f"{directive.span}: {directive.text} changes how clients are verified")
        mode = server.setting("ssl_verify_client")
        if mode.unknown is not None:
            self.story.doubt(mode.unknown.reason)
        if mode.lower == "off":
            self.story.say(f"{server.label} asks for no client certificate", mode.span)
            return False, _NOTHING_CHECKED
        self.story.say(f"{server.label} asks for a client certificate ({mode.lower})", mode.span)
        if self.client is None:
            self.story.say("the client sends none")
            return False, _NOTHING_CHECKED
        trust = tuple(TrustFile(one, (server,)) for one in ca_files(self.configuration, server))
        verdict = self.client.verify(server, trust, self.now)
        if verdict.unknown is not None:
            self.story.doubt(verdict.unknown)
        said = "accepts it" if verdict.ok else f"says: {verdict.text}"
        detail = f" ({verdict.explanation})" if verdict.explanation else ""
        self.story.say(f"the chain check {said}{detail}", trust[0].directive.span if trust else None)
        return True, verdict

    # -- the request -------------------------------------------------------------------------------------

    def _request(self, socket: Socket, table: NameTable, handshake: _Handshake | None) -> Decision:
        current = handshake.current if handshake is not None else socket.default_server
        target, misdirected = self._host(socket, table, handshake)
        if isinstance(target, int):
            return self._answered(current, handshake, target, Outcome.RESPONSE)
        if misdirected:
            return self._answered(current, handshake, 421, Outcome.MISDIRECTED)
        if self.request.method.upper() == "TRACE":
            self.story.say("TRACE is refused before the certificate is looked at (405)")
            return self._answered(target, handshake, 405, Outcome.RESPONSE)
        if socket.ssl and handshake is None:
            self.story.say("plain HTTP was sent to a TLS socket (497)")
            return self._answered(target, handshake, 497, Outcome.PLAIN_TO_HTTPS)
        if handshake is not None and (gate := self._gate(target, handshake)) is not None:
            code, outcome = gate
            return self._answered(target, handshake, code, outcome)
        return self._answered(target, handshake, None, Outcome.RESPONSE)

    def _host(
        self, socket: Socket, table: NameTable, handshake: _Handshake | None
    ) -> tuple[VirtualServer | int, bool]:
        """The server for the request, or the status of a malformed one; and whether it is misdirected."""
        default = socket.default_server
        host = self.request.host
        name = "" if host is None else normalise_host(host)
        if name is None or (host is not None and name == ""):
            self.story.say("the Host is not valid (400)")
            return 400, False
        if handshake is not None and handshake.name is not None and handshake.name == name:
            return handshake.current, False
        found = table.find(name)
        if isinstance(found, Unknown):
            self.story.doubt(found.reason)
            found = None
        server = found or default
        shown = host if host is not None else "none"
        how = "selects" if found is not None else "matches no server: the default is"
        if table.used:
            self.story.say(f"Host {shown} {how} server {server.label}", server.span)
        if handshake is None or handshake.name is None:
            return server, False
        mode = server.setting("ssl_verify_client")
        if mode.lower != "off":
            what = f"SNI {self.connection.sni} and Host {shown} differ, and {server.label} verifies clients"
            self.story.say(f"{what} (421)", mode.span)
            return server, True
        return server, False

    def _gate(self, server: VirtualServer, handshake: _Handshake) -> tuple[int, Outcome] | None:
        mode = server.setting("ssl_verify_client")
        if mode.unknown is not None:
            self.story.doubt(mode.unknown.reason)
        if mode.lower == "off":
            self.story.say(f"{server.label} requires no client certificate", mode.span)
            return None
        verdict = handshake.verdict
        if not verdict.ok and not (mode.lower == "optional_no_ca" and verdict.soft):
            self.story.say(f"{server.label} refuses a certificate that does not verify (495)", mode.span)
            return 495, Outcome.CERTIFICATE_ERROR
        if mode.lower == "on" and not handshake.presented:
            self.story.say(f"{server.label} requires a certificate and there is none (496)", mode.span)
            return 496, Outcome.NO_CERTIFICATE
        self.story.say(f"{server.label} lets the request pass ({mode.lower})", mode.span)
        return None

    def _answered(
        self,
        server: VirtualServer,
        handshake: _Handshake | None,
        error: int | None,
        outcome: Outcome,
    ) -> Decision:
        """The answer of ``server``: to ``error``, or to the request itself."""
        exchange = Exchange(server, self.request, self._variables(server, handshake), self.story)
        answered = exchange.answer() if error is None else exchange.fail(error)
        if exchange.error_page is not None:
            outcome = Outcome.RESPONSE  # the configuration answers after all
        return Decision(
            outcome,
            status=answered.status,
            answer=answered.answer,
            client_verify=_client_verify(handshake),
            tls_server=handshake.server if handshake is not None else None,
            server=server,
            location=answered.location,
            by=answered.by,
            error_page=exchange.error_page,
            error=exchange.error,
            conditions=tuple(self.story.conditions),
            uncertain=tuple(self.story.uncertain),
            steps=tuple(self.story.steps),
        )

    def _variables(self, server: VirtualServer, handshake: _Handshake | None) -> Variables:
        connection, request = self.connection, self.request
        host = normalise_host(request.host or "") or ""
        first = str(server.names[0]) if server.names else ""
        given: dict[str, str | Unknown] = {
            "scheme": "https" if handshake is not None else "http",
            "https": "on" if handshake is not None else "",
            "server_port": str(connection.port),
            "server_addr": connection.address,
            "server_name": first.removeprefix("."),
            "host": host or first,
            "http_host": request.host or "",
            "request_uri": request.uri,
            "request_method": request.method,
            "ssl_server_name": connection.sni or "" if handshake is not None else "",
            "ssl_protocol": f"TLSv{connection.tls}" if handshake is not None else "",
            "ssl_client_verify": _client_verify(handshake),
        }
        for name in ("s_dn", "i_dn", "s_dn_legacy", "i_dn_legacy", "serial", "fingerprint", "cert"):
            given[f"ssl_client_{name}"] = ""
        if handshake is not None and handshake.presented and self.client is not None:
            given.update(self.client.variables())
        return Variables(self.configuration, given)


def _client_verify(handshake: _Handshake | None) -> str:
    if handshake is None:
        return ""
    if not handshake.presented:
        return "NONE"
    return "SUCCESS" if handshake.verdict.ok else f"FAILED:{handshake.verdict.text}"
