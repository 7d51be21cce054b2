"""A request in early data is recorded and sent again: real nginx takes it for the client's each time."""

import shutil
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

from mtls_lint.testing.catalogue import materialise
from mtls_lint.testing.nginx import NginxBinary

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="Python's ssl has no early data")

TEXT = """events {{}}
http {{
    ssl_protocols TLSv1.3;
    log_format line '$request $ssl_client_verify $ssl_client_s_dn early=$ssl_early_data $status';
    server {{
        listen 127.0.0.1:PORT_tls ssl default_server; server_name d.test; {default}
        ssl_certificate wildcard.pem; ssl_certificate_key wildcard.key;
    }}
    server {{
        listen 127.0.0.1:PORT_tls ssl; server_name a.test; {own}
        ssl_certificate server.pem; ssl_certificate_key server.key;
        ssl_client_certificate root.pem; ssl_verify_client on; access_log access.log line;
        return 200;
    }}
}}
"""
ON, OFF = "ssl_early_data on;", "ssl_early_data off;"
REFUSE = "if ($ssl_early_data) { return 425; }"
REQUEST = b"POST /pay HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def listener() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


def receive(wire: socket.socket) -> bytes:
    """What a client sends before it has heard anything."""
    connection, _ = wire.accept()
    recorded = b""
    with connection:
        connection.settimeout(0.5)
        with suppress(TimeoutError):
            while part := connection.recv(65536):
                recorded += part
    return recorded


def repeat(port: int, recorded: bytes) -> None:
    """Send it, and wait until nginx gives up on a handshake that nobody can finish."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(recorded)
        connection.settimeout(0.3)
        with suppress(OSError):
            while connection.recv(65536):
                pass


@pytest.mark.parametrize(
    ("default", "own", "repeated"),
    [(ON, "", "200"), (ON, OFF, "200"), ("", ON, None), (OFF, ON, None), (ON, REFUSE, "425")],
)
def test_a_recorded_request_is_taken_again(
    default: str, own: str, repeated: str | None, nginx: NginxBinary, tmp_path: Path
) -> None:
    materialise(tmp_path)
    (tmp_path / "request").write_bytes(REQUEST)
    pair = "-cert client.pem -key client.key"
    client = f"timeout 5 openssl s_client -quiet -tls1_3 -servername a.test {pair} -connect"
    with nginx.run(TEXT.format(default=default, own=own), tmp_path) as running, listener() as wire:
        first = f"{client} 127.0.0.1:{running.ports['tls']} -sess_out s.pem <request"
        subprocess.run(["bash", "-c", first], cwd=tmp_path, capture_output=True, check=False, timeout=20)
        # What the client would send next to nginx goes to whoever listens on the wire.
        second = f"{client} 127.0.0.1:{wire.getsockname()[1]} -sess_in s.pem -early_data request"
        with subprocess.Popen(
            ["bash", "-c", second], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ):
            recorded = receive(wire)
        before = (tmp_path / "access.log").read_text()
        for _ in range(2):
            repeat(running.ports["tls"], recorded)
        time.sleep(0.1)
        after = (tmp_path / "access.log").read_text()[len(before) :].splitlines()
    line = f"POST /pay HTTP/1.1 SUCCESS CN=alice early=1 {repeated}"
    assert after == ([line] * 2 if repeated else [])
