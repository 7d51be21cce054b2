"""What nginx does with a connection to a stream server (docs/evidence.md: stream).

The order is that of nginx's phases: access rules and ``set`` of the default server, handshake, preread of the
ClientHello, content. There is no status: who is refused finds the connection closed.
"""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from mtls_lint.nginx.access import by_address
from mtls_lint.nginx.decision import Answer, Client, Connection, Decision, Outcome, Story
from mtls_lint.nginx.handshake import Failed, Handshake, gate, shake_hands
from mtls_lint.nginx.lookup import NameTable, normalise_host
from mtls_lint.nginx.model import Configuration, Socket, VirtualServer
from mtls_lint.nginx.stream_targets import (
    content_directive,
    mentioned_variables,
    own_listener,
    split_address,
    stream_target,
)
from mtls_lint.nginx.variables import Variables
from mtls_lint.nginx.version import NginxVersion
from mtls_lint.syntax.source import Span
from mtls_lint.syntax.tree import Directive, Unknown


class Onward(Struct, frozen=True):
    """A connection that goes on to another listener of the same nginx.

    ``handshake`` is the one that was made before (``pass`` hands the connection over with its TLS); without,
    TLS is still to come.
    """

    address: str
    port: int
    handshake: Handshake | None


def mixes_modes(version: NginxVersion) -> bool:
    """Whether nginx may enforce the default server's ``ssl_verify_client`` in place of another's.

    CVE-2026-120967 (docs/evidence.md: stream); before 1.25.5 a stream socket has one server.
    """
    return (1, 25, 5) <= version < (1, 30, 7) or (1, 31, 0) <= version < (1, 31, 9)


def decide_stream(
    configuration: Configuration,
    connection: Connection,
    client: Client | None,
    now: datetime,
    socket: Socket,
    story: Story,
    handshake: Handshake | None = None,
) -> tuple[Decision, Onward | None]:
    """What the servers of a stream socket do with a connection, and where it goes on, if it does.

    ``handshake`` is given for a connection that ``pass`` has handed over after its handshake.
    """
    return _Decider(configuration, connection, client, now, socket, story, handshake).decide()


class _Decider:
    """One decision while it is made."""

    def __init__(
        self,
        configuration: Configuration,
        connection: Connection,
        client: Client | None,
        now: datetime,
        socket: Socket,
        story: Story,
        handshake: Handshake | None,
    ) -> None:
        self.configuration = configuration
        self.connection = connection
        self.client = client
        self.now = now
        self.socket = socket
        self.story = story
        self.handshake = handshake
        self.server = socket.default_server
        self.preread: str | None = None
        self.variables = Variables(configuration, self._known(), module="stream")

    @property
    def passes_tls_through(self) -> bool:
        """Whether the client speaks TLS, and not with this socket."""
        return self.connection.tls is not None and self.handshake is None

    def decide(self) -> tuple[Decision, Onward | None]:
        """All phases."""
        default = self.socket.default_server
        if by_address(default.scope, self.story) is False:
            return self._closed(self.story.place)
        early = self._run_set(default)
        if self.socket.ssl and self.connection.tls is None:
            self.story.say("a plain client speaks to a TLS socket: the connection is closed")
            return self._decision(Outcome.PLAIN_TO_HTTPS), None
        if self.socket.ssl:
            refused = self._shake_hands()
            if refused is not None:
                return refused, None
        elif self.passes_tls_through:
            self._read_client_hello()
        for name, value in self._known().items():
            if name not in early:
                self.variables.assign(name, value)
        return self._content()

    def _shake_hands(self) -> Decision | None:
        """The handshake and the check of the certificate; the decision where one of them ends it."""
        given = self.handshake
        if given is None:
            made = shake_hands(
                self.configuration, self.connection, self.client, self.now, self.socket, self.story
            )
            if isinstance(made, Failed):
                return self._decision(Outcome.HANDSHAKE_FAILED, tls_server=made.server)
            self.handshake, self.server = made, made.current
            self._capture()
        handshake = self.handshake
        outcome = gate(self.server, handshake) if handshake is not None else None
        mode = self.server.setting("ssl_verify_client")
        if mode.unknown is not None:
            self.story.doubt(mode.unknown.reason)
        self._doubt_mixed_modes(outcome)
        if outcome is None:
            self.story.say(f"{self.server.label} lets the connection pass ({mode.lower})", mode.span)
            return None
        missing = outcome is Outcome.NO_CERTIFICATE
        why = "requires a certificate, and there is none" if missing else "refuses one that does not verify"
        self.story.say(f"{self.server.label} {why}: the connection is closed after the handshake", mode.span)
        return self._decision(outcome)

    def _doubt_mixed_modes(self, outcome: Outcome | None) -> None:
        default, handshake = self.socket.default_server, self.handshake
        if handshake is None or not mixes_modes(self.configuration.version):
            return
        if gate(default, handshake) is not outcome:
            self.story.doubt(
                f"nginx {self.configuration.version} at times enforces ssl_verify_client"
                f" {default.verify_client} of the default server {default.label} in place of"
                f" {self.server.verify_client} of {self.server.label} (CVE-2026-120967)"
            )

    def _capture(self) -> None:
        """The captures of the server name that the SNI has matched."""
        name = normalise_host(self.connection.sni or "", self.configuration.version)
        matched = NameTable.of(self.socket).captures(name) if name else None
        if matched is not None:
            self.variables.capture(matched)

    def _read_client_hello(self) -> None:
        """``ssl_preread``: that of the default server decides; since 1.25.5 the name chooses a server."""
        default = self.server
        preread = default.setting("ssl_preread")
        if preread.unknown is not None:
            self.story.doubt(preread.unknown.reason)
        if not preread.is_on:
            self.story.say(f"{default.label} takes the bytes of the client as they are", default.span)
            return
        sni = self.preread = self.connection.sni or ""
        read = f"the SNI {sni}" if sni else "no SNI"
        self.story.say(f"ssl_preread finds {read} and leaves the handshake to others", preread.span)
        name = normalise_host(sni, self.configuration.version) if sni else None
        table = NameTable.of(self.socket)
        found = table.find(name) if name and self.configuration.version >= (1, 25, 5) else None
        if isinstance(found, Unknown):
            self.story.doubt(found.reason)
        elif found is not None:
            self.server = found
            self._capture()
            self.story.say(f"SNI {sni} selects server {found.label}", found.span)
        elif table.used:
            self.story.say(f"no name matches: the default server {default.label} goes on", default.span)

    def _run_set(self, default: VirtualServer) -> frozenset[str]:
        """Run ``set``: that of the default server, before the handshake. Gives what it has looked at.

        A variable is looked up once, so those keep the value they had (docs/evidence.md: stream).
        """
        seen: set[str] = set()
        for directive in default.scope.find("set"):
            if len(directive.args) == 2:
                value = self.variables.expand(str(directive.args[1]))
                self.variables.assign(str(directive.args[0]).lstrip("$"), value)
                seen |= mentioned_variables(self.configuration, str(directive.args[1]))
        return frozenset(seen)

    def _content(self) -> tuple[Decision, Onward | None]:
        directive = content_directive(self.server)
        if directive is None or not directive.args:
            if not self.server.complete:
                self.story.doubt("what the connection is passed to is not given")
                return self._decision(Outcome.RESPONSE), None
            self.story.say(f"{self.server.label} has nothing to answer with", self.server.span)
            return self._closed()
        text = self.variables.expand(str(directive.args[0]))
        if directive.name == "return":
            return self._returned(directive, text)
        if isinstance(text, Unknown):
            self.story.doubt(f"{directive.span}: {text.reason}")
            return self._decision(Outcome.RESPONSE, Answer.CONTENT, by=directive.span), None
        self.story.say(f"{directive.name} {text or 'to nowhere'}", directive.span)
        return self._passed(directive, text) if directive.name == "pass" else self._proxied(directive, text)

    def _returned(self, directive: Directive, text: str | Unknown) -> tuple[Decision, Onward | None]:
        self.story.say(directive.text, directive.span)
        if self.passes_tls_through:
            self.story.say("plain text is answered to a client that speaks TLS")
            return self._decision(Outcome.HANDSHAKE_FAILED, by=directive.span), None
        if text == "":
            return self._closed(directive.span)
        return self._decision(Outcome.RESPONSE, Answer.FIXED, by=directive.span), None

    def _proxied(self, directive: Directive, text: str) -> tuple[Decision, Onward | None]:
        target = stream_target(self.configuration, text)
        if target is None:
            return self._closed(directive.span)
        decision = self._decision(Outcome.RESPONSE, Answer.CONTENT, by=directive.span, backend=text)
        if self.handshake is not None:
            return decision, None
        # The client's own bytes go there.
        encrypts, only = self.server.setting("proxy_ssl"), target.only
        if only is not None and not encrypts.is_on and own_listener(self.configuration, *only) is not None:
            return decision, Onward(*only, None)
        if not self.passes_tls_through:
            return decision, None
        self.story.say(f"the client's TLS goes on to {text}, which decides alone")
        return self._again(decision), None

    def _passed(self, directive: Directive, text: str) -> tuple[Decision, Onward | None]:
        address = split_address(text)
        if address is None:
            return self._closed(directive.span)
        preread = self.server.setting("ssl_preread")
        if preread.is_on and self.handshake is not None:
            # Within TLS nothing can be looked at without taking it (ngx_stream_pass_handler).
            self.story.say("what ssl_preread has read cannot be handed over", preread.span)
            return self._closed(directive.span)
        decision = self._decision(Outcome.RESPONSE, Answer.CONTENT, by=directive.span, backend=text)
        return decision, Onward(*address, self.handshake)

    def _closed(self, by: Span | None = None) -> tuple[Decision, Onward | None]:
        """The connection is closed without an answer."""
        self.story.say("the connection is closed")
        if self.connection.tls is not None and self.handshake is None:
            return self._decision(Outcome.HANDSHAKE_FAILED, by=by), None
        return self._decision(Outcome.RESPONSE, Answer.REFUSAL, by=by), None

    def _decision(
        self,
        outcome: Outcome,
        answer: Answer | None = None,
        *,
        tls_server: VirtualServer | None = None,
        by: Span | None = None,
        backend: str | None = None,
    ) -> Decision:
        handshake = self.handshake
        return self._again(
            Decision(
                outcome,
                answer=answer,
                client_verify=handshake.client_verify if handshake is not None else "",
                tls_server=handshake.server if handshake is not None else tls_server,
                server=None if outcome is Outcome.HANDSHAKE_FAILED else self.server,
                by=by,
                backend=backend,
            )
        )

    def _again(self, decision: Decision) -> Decision:
        """The decision with all that was said and doubted so far."""
        return replace(decision, uncertain=tuple(self.story.uncertain), way=tuple(self.story.way))

    def _known(self) -> dict[str, str | Unknown]:
        """The variables that the connection fixes, as far as it has come."""
        handshake, connection = self.handshake, self.connection
        first = self.server.names[0].text.removeprefix(".") if self.server.names else ""
        known: dict[str, str | Unknown] = {
            "protocol": "TCP",
            "server_addr": connection.address,
            "server_port": str(connection.port),
            "server_name": first,
            "ssl_server_name": connection.sni or "" if handshake is not None else "",
            "ssl_protocol": f"TLSv{connection.tls}" if handshake is not None else "",
            "ssl_client_verify": handshake.client_verify if handshake is not None else "",
            "ssl_preread_server_name": self.preread or "",
            "ssl_preread_protocol": f"TLSv{connection.tls}" if self.preread is not None else "",
            "ssl_preread_alpn_protocols": "",
        }
        for name in ("s_dn", "i_dn", "s_dn_legacy", "i_dn_legacy", "serial", "fingerprint", "cert"):
            known[f"ssl_client_{name}"] = ""
        if handshake is not None and handshake.presented and self.client is not None:
            known.update(self.client.variables())
        return known
