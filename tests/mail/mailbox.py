"""A mail client, and the server of ``auth_http`` with the headers that nginx sends it."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from msgspec import Struct

STARTTLS = {"imap": b"a STARTTLS\r\n", "pop3": b"STLS\r\n", "smtp": b"STARTTLS\r\n"}
LOGIN = {
    "imap": [b"a LOGIN user password\r\n"],
    "pop3": [b"USER user\r\n", b"PASS password\r\n"],
    "smtp": [b"AUTH PLAIN AHVzZXIAcGFzc3dvcmQ=\r\n"],
}


_PATIENCE = 0.7
"""Seconds after which no greeting comes any more."""


class Authority(Struct):
    """What the server behind ``auth_http`` was asked; it lets nobody in."""

    port: int
    asked: list[dict[str, str]] = []


@contextmanager
def authority() -> Iterator[Authority]:
    """A server for ``auth_http`` on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append(dict(self.headers))
            self.send_response(200)
            self.send_header("Auth-Status", "Invalid login")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Authority(server.server_address[1])
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def log_in(port: int, protocol: str, context: ssl.SSLContext | None, *, starttls: bool) -> str:
    """All that a client hears that logs in: in plain (without ``context``), after STARTTLS, or within TLS.

    ``handshake failed`` stands at the end where there was none, ``closed`` where nginx closed without a word.
    """
    heard: list[str] = []
    with socket.create_connection(("127.0.0.1", port), timeout=3) as plain:
        connection = plain
        if context is not None and not starttls:
            with suppress(OSError):
                connection = context.wrap_socket(plain)
            if connection is plain:
                return "handshake failed"
        connection.settimeout(_PATIENCE)
        heard.append(_line(connection))
        connection.settimeout(3)
        if not heard[0]:
            # A TLS socket waits for the client's first bytes, and these are none of TLS.
            return _say(connection, LOGIN[protocol][0]) or "closed"
        if protocol == "smtp":
            heard.append(_say(connection, b"EHLO client\r\n"))
        if context is not None and starttls:
            heard.append(_say(connection, STARTTLS[protocol]))
            with suppress(OSError):
                connection = context.wrap_socket(plain)
            if connection is plain:
                return "".join([*heard, "handshake failed"])
            if protocol == "smtp":
                heard.append(_say(connection, b"EHLO client\r\n"))
        heard += [_say(connection, line) for line in LOGIN[protocol]]
        connection.close()
    return "".join(heard) or "closed"


def _say(connection: socket.socket, line: bytes) -> str:
    with suppress(OSError):
        connection.sendall(line)
    return _line(connection)


def _line(connection: socket.socket) -> str:
    """The next lines, to the last of an answer; what there is when nothing more comes."""
    heard = b""
    with suppress(OSError):
        while part := connection.recv(4096):
            heard += part
            if heard.endswith(b"\r\n") and not heard.rstrip().rpartition(b"\r\n")[2].startswith(b"250-"):
                break
    return heard.decode()
