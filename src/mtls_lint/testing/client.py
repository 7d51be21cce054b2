"""A small HTTP client for tests: one request over TLS or without, everything about it chosen."""

from __future__ import annotations

import socket
import ssl
import time
import warnings
from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

TLS_VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}


class Reply(Struct, frozen=True):
    """What came back. ``status`` is None without an HTTP answer; ``error`` then says what went wrong."""

    status: int | None = None
    body: str = ""
    headers: dict[str, str] = {}
    """By lower-case name; of equal ones the last."""
    error: str = ""
    """OpenSSL's reason (``TLSV1_UNRECOGNIZED_NAME``) or the exception's name; empty when all went well."""
    tls_version: str | None = None
    session: ssl.SSLSession | None = None
    """To resume with: pass it to the next request, with the same ``context``."""
    reused: bool = False
    raw: bytes = b""
    """Everything received, for servers that do not speak HTTP."""


def client_context(
    *,
    certificate: Path | None = None,
    key: Path | None = None,
    ca: Path | None = None,
    minimum: str | None = None,
    maximum: str | None = None,
    security_level: int | None = None,
) -> ssl.SSLContext:
    """A TLS client. ``certificate`` holds the leaf first, then what is sent along.

    The server is verified (without its name) only when ``ca`` is given; ``minimum`` and ``maximum`` are
    ``1.0`` to ``1.3``; ``security_level`` 0 allows the weak keys and digests that OpenSSL refuses.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED if ca is not None else ssl.CERT_NONE
    if security_level is not None:
        context.set_ciphers(f"ALL:@SECLEVEL={security_level}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # TLS 1.0 and 1.1 are meant
        if minimum is not None:
            context.minimum_version = TLS_VERSIONS[minimum]
        if maximum is not None:
            context.maximum_version = TLS_VERSIONS[maximum]
    if ca is not None:
        context.load_verify_locations(ca)
    if certificate is not None:
        context.load_cert_chain(certificate, key)
    return context


def request(
    port: int,
    *,
    address: str = "127.0.0.1",
    tls: bool = True,
    context: ssl.SSLContext | None = None,
    sni: str | None = None,
    host: str | None = "localhost",
    uri: str = "/",
    method: str = "GET",
    headers: Iterable[str] = (),
    payload: bytes | None = None,
    certificate: Path | None = None,
    key: Path | None = None,
    ca: Path | None = None,
    minimum: str | None = None,
    maximum: str | None = None,
    security_level: int | None = None,
    session: ssl.SSLSession | None = None,
    timeout: float = 10.0,
) -> Reply:
    """Send one request and read until the server closes or ``timeout`` seconds are over.

    ``sni`` None sends no server name, ``host`` None no Host header. ``payload`` replaces the whole
    request by these bytes. The TLS parameters are those of ``client_context``, or the ready ``context``.
    """
    if payload is None:
        lines = [f"{method} {uri} HTTP/1.1", "Connection: close", *headers]
        lines += [f"Host: {host}"] if host is not None else []
        payload = "\r\n".join([*lines, "", ""]).encode("latin-1")
    if tls and context is None:
        context = client_context(
            certificate=certificate,
            key=key,
            ca=ca,
            minimum=minimum,
            maximum=maximum,
            security_level=security_level,
        )
    deadline = time.monotonic() + timeout
    try:
        with socket.create_connection((address, port), timeout=timeout) as plain:
            if context is None or not tls:
                plain.sendall(payload)
                return _reply(_receive(plain, deadline))
            with context.wrap_socket(plain, server_hostname=sni, session=session) as secure:
                with suppress(OSError):  # the server may have refused already, and said why
                    secure.sendall(payload)
                raw = _receive(secure, deadline)
                return _reply(raw, secure.version(), secure.session, bool(secure.session_reused))
    except ssl.SSLError as error:
        return Reply(error=error.reason or type(error).__name__)
    except OSError as error:
        return Reply(error=type(error).__name__)


def _receive(connection: socket.socket, deadline: float) -> bytes:
    received = bytearray()
    with suppress(ssl.SSLEOFError, ConnectionResetError):
        while (left := deadline - time.monotonic()) > 0:
            connection.settimeout(left)
            part = connection.recv(65536)
            if not part:
                return bytes(received)
            received += part
        raise TimeoutError
    return bytes(received)


def _reply(
    raw: bytes, version: str | None = None, session: ssl.SSLSession | None = None, reused: bool = False
) -> Reply:
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split(" ", 2)
    if not first.startswith("HTTP/") or len(words) < 2 or not words[1].isdecimal():
        return Reply(error="NO_HTTP_ANSWER", tls_version=version, session=session, reused=reused, raw=raw)
    pairs = (line.partition(":") for line in lines)
    return Reply(
        status=int(words[1]),
        body=_unchunked(body, head).decode("utf-8", "replace"),
        headers={name.lower(): value.strip() for name, _, value in pairs},
        tls_version=version,
        session=session,
        reused=reused,
        raw=raw,
    )


def _unchunked(body: bytes, head: bytes) -> bytes:
    if b"transfer-encoding: chunked" not in head.lower():
        return body
    parts = []
    while body:
        size, _, body = body.partition(b"\r\n")
        length = int(size.split(b";")[0] or b"0", 16)
        parts.append(body[:length])
        body = body[length + 2 :]
    return b"".join(parts)
