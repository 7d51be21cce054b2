"""Who may log in where in mail: ``decide``, asked for every way to begin and every class of client."""

from collections.abc import Iterator
from datetime import datetime

from mtls_lint.nginx.asking import asking
from mtls_lint.nginx.clients import ClassClient
from mtls_lint.nginx.decision import Answer, Connection, Decision, Outcome, Story
from mtls_lint.nginx.mail_decide import decide_mail
from mtls_lint.nginx.material import ca_files
from mtls_lint.nginx.matrix_rows import Row, who_of
from mtls_lint.nginx.model import Configuration, Socket, VirtualServer
from mtls_lint.nginx.tls import spoken_protocols
from mtls_lint.syntax.source import Span


def mail_rows(configuration: Configuration, socket: Socket, now: datetime) -> Iterator[Row]:
    """The rows of one mail socket: one without TLS and one after STARTTLS, where there may be both.

    Who gets in is who may log in: ``auth_http`` decides about passwords.
    """
    if socket.module != "mail" or socket.key.family == "unix":
        return
    server = socket.default_server
    ways = [("login within TLS", True, False)] if socket.ssl else [("login without TLS", False, False)]
    if server.starts_tls and not socket.ssl:
        ways.append(("login after STARTTLS", True, True))
    for place, tls, starttls in ways:
        told = dict(_decisions(configuration, socket, now, tls=tls, starttls=starttls))
        first = told[""]
        served = {
            ca for ca, d in told.items() if d.outcome is Outcome.RESPONSE and d.answer is Answer.CONTENT
        }
        doubts = tuple(dict.fromkeys(reason for decision in told.values() for reason in decision.uncertain))
        by = _by(server, first, starttls=not tls)
        yield Row(socket, server, socket.key.address, "", (place,), who_of(told, served), by, (), doubts)


def _decisions(
    configuration: Configuration, socket: Socket, now: datetime, *, tls: bool, starttls: bool
) -> Iterator[tuple[str | None, Decision]]:
    """The answers by class of client: ``""`` none, None one that nobody trusts, else a file of CAs."""
    server = socket.default_server
    clients: list[str | None] = [""]
    if tls:
        files = ca_files(configuration, server) if asking(server).asked else ()
        clients += [None, *(reference.path for reference in files if reference.path is not None)]
    spoken = ("1.3" if "TLSv1.3" in spoken_protocols(server) else "1.2") if tls else None
    connection = Connection(socket.key.address, socket.key.port, spoken, starttls=starttls)
    for ca in clients:
        client = None if ca == "" else ClassClient(ca)
        yield ca, decide_mail(configuration, connection, client, now, socket, Story())


def _by(server: VirtualServer, anonymous: Decision, *, starttls: bool) -> Span | None:
    """What decides: what refuses a client without a certificate, else what lets it log in."""
    if anonymous.outcome is not Outcome.RESPONSE:
        return server.setting("ssl_verify_client").span or server.span
    if starttls and server.setting("starttls").is_set:
        return server.setting("starttls").span
    return anonymous.by or server.span
