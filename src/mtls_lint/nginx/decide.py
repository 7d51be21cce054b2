"""What nginx answers to a connection, a request and a client certificate.

The steps are those of docs/evidence.md: sockets, names, handshake, request.
"""

from datetime import datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace

from mtls_lint.nginx.decision import Answer, Client, Connection, Decision, Fault, Outcome, Request, Story
from mtls_lint.nginx.exchange import Exchange
from mtls_lint.nginx.handshake import Failed, Handshake, shake_hands
from mtls_lint.nginx.head import RequestLine, read_line, takes_underscores
from mtls_lint.nginx.lookup import NameTable, find_socket, normalise_host
from mtls_lint.nginx.mail_decide import decide_mail
from mtls_lint.nginx.model import Configuration, Socket, VirtualServer
from mtls_lint.nginx.rewrite import Target
from mtls_lint.nginx.stream_decide import decide_stream
from mtls_lint.nginx.variables import Variables
from mtls_lint.syntax.source import Span
from mtls_lint.syntax.tree import Unknown

if TYPE_CHECKING:
    from mtls_lint.nginx.regex import Matched


def decide(
    configuration: Configuration,
    connection: Connection,
    request: Request,
    client: Client | None,
    now: datetime,
) -> Decision:
    """What nginx answers to ``request`` on ``connection`` by ``client`` (None: without a certificate).

    Pure but for what ``client`` reads to verify its chain; ``now`` is the moment of the handshake. A
    connection to stream is followed to other listeners of the same configuration, where it is passed on to
    one; ``request`` then counts only where that belongs to http. Mail clients log in.
    """
    story = Story()
    handshake: Handshake | None = None
    for hop in range(_MOST_HOPS):
        # Between two listeners of nginx a connection that nobody takes is closed.
        lost = Outcome.REFUSED if hop == 0 else _lost(connection, handshake)
        socket = _find_socket(configuration, connection, story)
        if socket is None:
            return _ended(story, lost, handshake)
        if socket.module == "mail" and hop == 0:
            return decide_mail(configuration, connection, client, now, socket, story)
        if socket.module == "mail":
            story.doubt(f"{socket.key} belongs to mail, which is not followed")
            return _ended(story, Outcome.RESPONSE, handshake)
        if socket.module == "http":
            return _Decider(configuration, connection, request, client, now, story, handshake).decide(socket)
        decision, onward = decide_stream(configuration, connection, client, now, socket, story, handshake)
        if onward is None:
            return decision
        connection = replace(connection, address=onward.address, port=onward.port)
        handshake = onward.handshake
    story.doubt("connections are passed on in a circle")
    return _ended(story, _lost(connection, handshake), handshake)


_MOST_HOPS = 10


def _lost(connection: Connection, handshake: Handshake | None) -> Outcome:
    """What a client sees of a connection that is closed on its way."""
    before_tls = connection.tls is not None and handshake is None
    return Outcome.HANDSHAKE_FAILED if before_tls else Outcome.RESPONSE


def _find_socket(configuration: Configuration, connection: Connection, story: Story) -> Socket | None:
    """The socket that takes a connection; None where none does, or it is not known."""
    socket, unknown = None, None
    for module in ("http", "stream", "mail"):
        found = find_socket(configuration, module, connection.address, connection.port)
        if isinstance(found, Socket):
            socket = found
            break
        unknown = found or unknown
    where = f"{connection.address}:{connection.port}" if connection.port else connection.address
    if socket is not None:
        of_module = "" if socket.module == "http" else f" of {socket.module}"
        kind = f"{'TLS' if socket.ssl else 'plain'}{of_module}"
        story.say(f"the socket {socket.key} ({kind}) takes the connection", _listen_span(socket))
    elif unknown is not None:
        story.doubt(unknown.reason)
    else:
        story.say(f"nobody listens on {where}")
    return socket


def _listen_span(socket: Socket) -> Span:
    server, listen = socket.members[0]
    return listen.directive.span if listen.directive is not None else server.span


def _ended(story: Story, outcome: Outcome, handshake: Handshake | Failed | None = None) -> Decision:
    """A decision that no server answers; a connection that came so far is closed."""
    return Decision(
        outcome,
        answer=Answer.REFUSAL if outcome is Outcome.RESPONSE else None,
        client_verify=handshake.client_verify if isinstance(handshake, Handshake) else "",
        tls_server=handshake.server if handshake is not None else None,
        uncertain=tuple(story.uncertain),
        way=tuple(story.way),
    )


class _Decider:
    """One decision while it is made."""

    def __init__(
        self,
        configuration: Configuration,
        connection: Connection,
        request: Request,
        client: Client | None,
        now: datetime,
        story: Story,
        handshake: Handshake | None,
    ) -> None:
        self.configuration = configuration
        self.connection = connection
        self.request = request
        self.client = client
        self.now = now
        self.story = story
        self.handshake = handshake
        # What of the request's head was read so far.
        self.line = RequestLine(None, "", Target(""))
        self.host = ""
        self.host_header = ""
        self.captures: Matched | None = None

    def decide(self, socket: Socket) -> Decision:
        """The handshake, where none was made before, and the request."""
        connection = self.connection
        if connection.tls is not None and self.handshake is None:
            if not socket.ssl:
                self.story.say("TLS is spoken to a plain socket")
                return _ended(self.story, Outcome.HANDSHAKE_FAILED)
            handshake = shake_hands(self.configuration, connection, self.client, self.now, socket, self.story)
            if isinstance(handshake, Failed):
                return _ended(self.story, Outcome.HANDSHAKE_FAILED, handshake)
            self.handshake = handshake
        elif self.handshake is not None:
            # `pass` of stream hands the connection over with its TLS: SNI is not looked at again
            # (docs/evidence.md: stream).
            self.handshake = replace(self.handshake, current=socket.default_server, name=None)
        return self._request(socket)

    def _request(self, socket: Socket) -> Decision:
        """Read the head as nginx does: line, authority, Host, other headers; then the certificate counts."""
        handshake, request, fault = self.handshake, self.request, self.request.fault
        current = handshake.current if handshake is not None else socket.default_server
        if fault is not None and fault.in_line:
            return self._faulty(current, fault)
        merges = current.setting("merge_slashes").lower != "off"
        line = read_line(request, self.configuration.version, merge_slashes=merges)
        if isinstance(line, Unknown):
            self.story.say(f"{line.reason} (400)")
            return self._error(current, 400)
        self.line = line
        server: VirtualServer | Decision = current
        if line.authority is not None:
            server = self._server_for(line.authority, current, socket)
        if isinstance(server, Decision):
            return server
        if request.host is not None:
            self.host_header = request.host
            if line.authority is None:
                server = self._server_for(request.host, current, socket)
            elif not normalise_host(request.host, self.configuration.version):
                return self._invalid_host(server)
        if isinstance(server, Decision):
            return server
        if fault is not None and fault.in_headers:
            return self._faulty(server, fault)
        if line.authority is None and request.host is None:
            server = self._server_for(None, current, socket)
        if isinstance(server, Decision):
            return server
        return self._without_fault(server, socket) if fault is None else self._faulty(server, fault)

    def _without_fault(self, server: VirtualServer, socket: Socket) -> Decision:
        method, handshake = self.request.method, self.handshake
        # CONNECT has been refused since 1.21.1 (docs/evidence.md: request).
        if method == "TRACE" or (method == "CONNECT" and self.configuration.version >= (1, 21, 1)):
            self.story.say(f"{method} is refused before the certificate is looked at (405)")
            return self._error(server, 405)
        if socket.ssl and handshake is None:
            self.story.say("plain HTTP was sent to a TLS socket (497)")
            return self._error(server, 497, Outcome.PLAIN_TO_HTTPS)
        if socket.ssl and handshake is not None and (gate := self._gate(server, handshake)) is not None:
            return self._error(server, *gate)
        return self._answered(server, None, Outcome.RESPONSE)

    def _faulty(self, server: VirtualServer, fault: Fault) -> Decision:
        # In HTTP/1.0 any Transfer-Encoding is a bad request (ngx_http_process_request_header).
        code = 400 if fault is Fault.ENCODING and self.request.host is None else fault.code
        self.story.say(f"the request has {fault.value} ({code})")
        return self._error(server, code)

    def _invalid_host(self, server: VirtualServer) -> Decision:
        self.story.say("the Host is not valid (400)")
        return self._error(server, 400)

    def _server_for(
        self, host: str | None, current: VirtualServer, socket: Socket
    ) -> VirtualServer | Decision:
        """The server for a Host, or what is answered to one that is invalid or not the name of the SNI."""
        name = "" if host is None else normalise_host(host, self.configuration.version)
        if name is None or (host is not None and name == ""):
            return self._invalid_host(current)
        handshake = self.handshake
        table = NameTable.of(socket)
        self.captures = table.captures(name)
        if handshake is not None and handshake.name is not None and handshake.name == name:
            self.host = name
            return current
        found = table.find(name)
        if isinstance(found, Unknown):
            self.story.doubt(found.reason)
            found = None
        server = found or socket.default_server
        shown = host if host is not None else "none"
        how = "selects" if found is not None else "matches no server: the default is"
        if table.used:
            self.story.say(f"Host {shown} {how} server {server.label}", server.span)
        mode = server.setting("ssl_verify_client")
        if handshake is not None and handshake.name is not None and mode.lower != "off":
            what = f"SNI {self.connection.sni} and Host {shown} differ, and {server.label} verifies clients"
            self.story.say(f"{what} (421)", mode.span)
            return self._error(current, 421, Outcome.MISDIRECTED)
        self.host = name
        return server

    def _gate(self, server: VirtualServer, handshake: Handshake) -> tuple[int, Outcome] | None:
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

    def _error(self, server: VirtualServer, code: int, outcome: Outcome = Outcome.RESPONSE) -> Decision:
        return self._answered(server, code, outcome)

    def _answered(self, server: VirtualServer, error: int | None, outcome: Outcome) -> Decision:
        """The answer of ``server``: to ``error``, or to the request itself."""
        handshake = self.handshake
        exchange = Exchange(
            server, self.line.target, self.request.method, self._variables(server), self.story
        )
        answered = exchange.answer() if error is None else exchange.fail(error)
        if exchange.error_page is not None:
            outcome = Outcome.RESPONSE  # the configuration answers after all
        return Decision(
            outcome,
            status=answered.status,
            answer=answered.answer,
            client_verify=handshake.client_verify if handshake is not None else "",
            tls_server=handshake.server if handshake is not None else None,
            server=server,
            location=answered.location,
            by=answered.by,
            error_page=exchange.error_page,
            error=exchange.error,
            uncertain=tuple(self.story.uncertain),
            way=tuple(self.story.way),
        )

    def _variables(self, server: VirtualServer) -> Variables:
        connection, handshake = self.connection, self.handshake
        first = server.names[0].text.removeprefix(".") if server.names else ""
        given: dict[str, str | Unknown] = {
            "scheme": "https" if handshake is not None else "http",
            "https": "on" if handshake is not None else "",
            "server_port": str(connection.port),
            "server_addr": connection.address,
            "server_name": first,
            "host": self.host or first,
            "http_host": self.host_header,
            "request_uri": self.line.sent,
            "request_method": self.request.method,
            "ssl_server_name": connection.sni or "" if handshake is not None else "",
            "ssl_protocol": f"TLSv{connection.tls}" if handshake is not None else "",
            "ssl_client_verify": handshake.client_verify if handshake is not None else "",
        }
        for name in ("s_dn", "i_dn", "s_dn_legacy", "i_dn_legacy", "serial", "fingerprint", "cert"):
            given[f"ssl_client_{name}"] = ""
        if handshake is not None and handshake.presented and self.client is not None:
            given.update(self.client.variables())
        # A dash in a header's name is an underscore in its variable's (ngx_http_variable_unknown_header).
        given.update(
            (f"http_{header.lower().replace('-', '_')}", value)
            for header, value in self.request.headers
            if "_" not in header or takes_underscores(server)
        )
        variables = Variables(self.configuration, given)
        if self.captures is not None:
            variables.capture(self.captures)
        return variables
