"""What a backend receives of a request that needed a client certificate: all of it, readable."""

import socket
import threading
from pathlib import Path

from mtls_lint.testing import NginxBinary, lint_text, request
from mtls_lint.testing.catalogue import content

TEXT = """\
events {{}}
http {{
    server {{
        listen 127.0.0.1:PORT_front ssl;
        ssl_certificate server.pem;
        ssl_certificate_key server.key;
        ssl_client_certificate root.pem;
        ssl_verify_client on;
        location / {{
            proxy_set_header X-Client $ssl_client_s_dn;
            proxy_pass http://{backend};
        }}
    }}
}}
"""
ANSWER = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"


def test_the_backend_reads_it_without_a_key(nginx: NginxBinary, tmp_path: Path) -> None:
    for name in ("server.pem", "server.key", "root.pem", "client.pem", "client.key"):
        (tmp_path / name).write_bytes(content(name))
    received: list[bytes] = []

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            received.append(connection.recv(65536))
            connection.sendall(ANSWER)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        backend = f"127.0.0.1:{listener.getsockname()[1]}"
        text = TEXT.format(backend=backend)
        rules = ["upstream-plaintext-after-mtls"]
        elsewhere = text.replace("PORT_front", "443").replace(backend, "192.0.2.10:8080")
        assert [one.rule for one in lint_text(elsewhere, rules=rules).findings] == rules
        with nginx.run(text, tmp_path) as server:
            port = server.ports["front"]
            assert request(port).status == 400
            certificate, key = tmp_path / "client.pem", tmp_path / "client.key"
            reply = request(port, certificate=certificate, key=key, headers=["Authorization: Basic secret"])
        thread.join(10)
    assert reply.status == 204
    assert b"X-Client: CN=alice\r\n" in received[0]
    assert b"Authorization: Basic secret\r\n" in received[0]
