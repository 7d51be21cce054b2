"""What nginx does with a connection to a mail server (docs/evidence.md: mail).

TLS begins with the connection (``listen ... ssl``) or, where ``starttls`` allows it, when the client asks for
it. The certificate is looked at behind each handshake, and nowhere else. Who comes to a login is not in yet:
the server of ``auth_http`` decides by the password, and is told of the certificate in headers.
"""

from datetime import datetime

from msgspec.structs import replace

from mtls_lint.nginx.decision import Answer, Client, Connection, Decision, Outcome, Story
from mtls_lint.nginx.handshake import Failed, Handshake, gate, shake_hands
from mtls_lint.nginx.model import Configuration, Socket, VirtualServer


def decide_mail(
    configuration: Configuration,
    connection: Connection,
    client: Client | None,
    now: datetime,
    socket: Socket,
    story: Story,
) -> Decision:
    """What the server of a mail socket says to a client that connects, changes to TLS perhaps, and logs in.

    A mail socket has one server; nginx refuses a second.
    """
    server = socket.default_server
    early = _before_tls(connection, socket, server, story)
    if early is not None:
        return _told(early, story)
    if connection.tls is None:
        return _told(_login(server, None, story), story)
    # No name chooses between servers here.
    made = shake_hands(configuration, replace(connection, sni=None), client, now, socket, story)
    if isinstance(made, Failed):
        return _told(Decision(Outcome.HANDSHAKE_FAILED, tls_server=made.server), story)
    outcome = gate(server, made)
    mode = server.setting("ssl_verify_client")
    if mode.unknown is not None:
        story.doubt(mode.unknown.reason)
    if outcome is None:
        return _told(_login(server, made, story), story)
    missing = outcome is Outcome.NO_CERTIFICATE
    why = "requires a certificate, and there is none" if missing else "refuses one that does not verify"
    story.say(f"{server.label} {why}: it says so and closes the connection", mode.span)
    return _told(_decision(outcome, server, made), story)


def _before_tls(
    connection: Connection, socket: Socket, server: VirtualServer, story: Story
) -> Decision | None:
    """What becomes of a connection before its handshake, or its login without; None where it goes on."""
    starttls = server.setting("starttls")
    if starttls.unknown is not None and not socket.ssl:
        story.doubt(starttls.unknown.reason)
    if socket.ssl:
        if connection.tls is None or connection.starttls:
            story.say("a plain client speaks to a TLS socket: the connection is closed")
            return _decision(Outcome.PLAIN_TO_HTTPS, server)
        return None
    if connection.tls is not None and not connection.starttls:
        story.say("the socket speaks no TLS before STARTTLS: the handshake fails")
        return Decision(Outcome.HANDSHAKE_FAILED, tls_server=server)
    if connection.starttls:
        if server.starts_tls:
            story.say(f"STARTTLS: starttls {starttls.lower} lets the client change to TLS", starttls.span)
            return None
        story.say("STARTTLS is refused: starttls is off", starttls.span)
        return Decision(Outcome.HANDSHAKE_FAILED, tls_server=server)
    if starttls.lower == "only":
        story.say("starttls only refuses commands before STARTTLS", starttls.span)
        return replace(_decision(Outcome.RESPONSE, server), answer=Answer.REFUSAL, by=starttls.span)
    return None


def _login(server: VirtualServer, handshake: Handshake | None, story: Story) -> Decision:
    mode, auth = server.setting("ssl_verify_client"), server.setting("auth_http")
    if handshake is None and mode.lower != "off":
        story.say(f"without TLS nothing is checked: ssl_verify_client {mode.lower} is passed over", mode.span)
    if auth.unknown is not None:
        story.doubt(auth.unknown.reason)
    told = f" (Auth-SSL-Verify: {handshake.client_verify})" if handshake and mode.lower != "off" else ""
    story.say(f"logins go to the server behind auth_http{told}, which decides by the password", auth.span)
    decision = _decision(Outcome.RESPONSE, server, handshake)
    return replace(decision, answer=Answer.CONTENT, by=auth.span, backend=auth.value)


def _decision(outcome: Outcome, server: VirtualServer, handshake: Handshake | None = None) -> Decision:
    return Decision(
        outcome,
        client_verify=handshake.client_verify if handshake is not None else "",
        tls_server=handshake.server if handshake is not None else None,
        server=server,
    )


def _told(decision: Decision, story: Story) -> Decision:
    """The decision with all that was said and doubted."""
    return replace(decision, uncertain=tuple(story.uncertain), way=tuple(story.way))
