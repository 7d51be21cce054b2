"""Backends that write down what nginx sends them, one for each protocol."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from msgspec import Struct

_SECONDS = 10.0
_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\nCache-Control: max-age=60\r\n\r\nok"


class Recorder(Struct):
    """What came to ``port`` so far: of each request the raw ``head``, or its ``parameters``."""

    port: int
    heads: list[bytes] = []
    parameters: list[list[tuple[str, str]]] = []

    def clear(self) -> None:
        self.heads.clear()
        self.parameters.clear()

    def values(self, name: str) -> list[str]:
        """All values of a header (its name has no case) or parameter, of all requests."""
        lines = [line.partition(b": ") for head in self.heads for line in head.split(b"\r\n")[1:]]
        found = [v.decode() for k, _, v in lines if k.decode("latin-1").lower() == name.lower()]
        return found + [v for request in self.parameters for k, v in request if k == name]


@contextmanager
def recording(protocol: str = "http") -> Iterator[Recorder]:
    """A backend of ``http``, ``fastcgi``, ``uwsgi`` or ``scgi`` on a free port of loopback."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        recorder = Recorder(listening.getsockname()[1])
        thread = threading.Thread(target=_serve, args=(listening, recorder, protocol), daemon=True)
        thread.start()
        yield recorder
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
    thread.join(_SECONDS)


def _serve(listening: socket.socket, recorder: Recorder, protocol: str) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        with connection, suppress(OSError):
            connection.settimeout(_SECONDS)
            _PROTOCOLS[protocol](connection, recorder)


def _http(connection: socket.socket, recorder: Recorder) -> None:
    received = b""
    while b"\r\n\r\n" not in received and (part := connection.recv(65536)):
        received += part
    recorder.heads.append(received.partition(b"\r\n\r\n")[0])
    connection.sendall(_OK)


def _exactly(connection: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size and (part := connection.recv(size - len(received))):
        received += part
    return received


def _fastcgi(connection: socket.socket, recorder: Recorder) -> None:
    parameters, over = b"", False
    while not over:
        _, kind, _, size, padding = struct.unpack(">BBHHBx", _exactly(connection, 8))
        content = _exactly(connection, size + padding)[:size]
        parameters += content if kind == 4 else b""
        over = kind == 5 and not size
    found, position = [], 0
    while position < len(parameters):
        sizes = []
        for _ in range(2):
            size = parameters[position]
            if size & 0x80:
                size = struct.unpack_from(">I", parameters, position)[0] & 0x7FFFFFFF
            position += 4 if parameters[position] & 0x80 else 1
            sizes.append(size)
        name, value = parameters[position:][: sizes[0]], parameters[position + sizes[0] :][: sizes[1]]
        found.append((name.decode(), value.decode()))
        position += sum(sizes)
    recorder.parameters.append(found)
    answer = b"Content-Type: text/plain\r\nCache-Control: max-age=60\r\n\r\nok"
    connection.sendall(struct.pack(">BBHHBx", 1, 6, 1, len(answer), 0) + answer)
    connection.sendall(struct.pack(">BBHHBx", 1, 3, 1, 8, 0) + bytes(8))


def _uwsgi(connection: socket.socket, recorder: Recorder) -> None:
    (size,) = struct.unpack("<xHx", _exactly(connection, 4))
    content, texts, position = _exactly(connection, size), [], 0
    while position < len(content):
        (length,) = struct.unpack_from("<H", content, position)
        texts.append(content[position + 2 :][:length].decode())
        position += 2 + length
    recorder.parameters.append(list(zip(texts[::2], texts[1::2], strict=True)))
    connection.sendall(_OK)


def _scgi(connection: socket.socket, recorder: Recorder) -> None:
    size = b""
    while (digit := _exactly(connection, 1)) != b":":
        size += digit
    texts = [text.decode() for text in _exactly(connection, int(size) + 1).split(b"\0")[:-1]]
    recorder.parameters.append(list(zip(texts[::2], texts[1::2], strict=True)))
    connection.sendall(b"Status: 200 OK\r\nContent-Type: text/plain\r\n\r\nok")


_PROTOCOLS = {"http": _http, "fastcgi": _fastcgi, "uwsgi": _uwsgi, "scgi": _scgi}
