"""Who has the key of session tickets comes in as any client: a ticket is opened, changed and closed again."""

import base64
import hashlib
import hmac
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.serialization import Encoding

from mtls_lint.testing.catalogue import identity, materialise
from mtls_lint.testing.nginx import NginxBinary

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="Python's ssl writes no sessions")

TEXT = """events {}
http {
    server {
        listen 127.0.0.1:PORT_tls ssl; server_name a.test;
        ssl_certificate server.pem; ssl_certificate_key server.key; ssl_session_ticket_key ticket-80.key;
        ssl_client_certificate root.pem; ssl_verify_client on; ssl_crl crl.pem;
        return 200 "$ssl_client_verify $ssl_client_s_dn";
    }
}
"""
KEY = bytes(range(80))
"""16 bytes of name, 32 of the key for HMAC, 32 of that for AES (ngx_ssl_session_ticket_keys)."""

PEER, VERIFY_RESULT, TICKET = 0xA3, 0xA5, 0xAA
"""Tags of SSL_SESSION (ssl/ssl_asn1.c of OpenSSL)."""

_BEGIN, _END = (f"-----{word} SSL SESSION PARAMETERS-----\n" for word in ("BEGIN", "END"))
Field = tuple[int, bytes]


def split(data: bytes) -> list[Field]:
    """The elements that follow each other, each with its tag."""
    found = []
    while data:
        length, start = data[1], 2
        if length & 0x80:
            start += length & 0x7F
            length = int.from_bytes(data[2:start], "big")
        found.append((data[0], data[start : start + length]))
        data = data[start + length :]
    return found


def join(tag: int, content: bytes) -> bytes:
    length = len(content).to_bytes(4, "big").lstrip(b"\0") or b"\0"
    head = length if len(content) < 0x80 else bytes([0x80 | len(length)]) + length
    return bytes([tag]) + head + content


def sequence(fields: list[Field]) -> bytes:
    return join(0x30, b"".join(join(*field) for field in fields))


def forge(ticket: bytes, certificate: bytes) -> bytes:
    """The ticket with this certificate for the client's, and no error of its check."""
    name, signing, cipher = KEY[:16], KEY[16:48], algorithms.AES(KEY[48:])
    assert ticket[:16] == name
    assert hmac.digest(signing, ticket[:-32], hashlib.sha256) == ticket[-32:]
    mode = modes.CBC(ticket[16:32])
    decryptor, unpadder = Cipher(cipher, mode).decryptor(), padding.PKCS7(128).unpadder()
    plain = unpadder.update(decryptor.update(ticket[32:-32])) + unpadder.finalize()
    ((_, session),) = split(plain)
    fields = [field for field in split(session) if field[0] not in {PEER, VERIFY_RESULT}]
    fields = sorted([*fields, (PEER, certificate)], key=lambda field: field[0] if field[0] >= 0xA0 else 0)
    encryptor, padder = Cipher(cipher, mode).encryptor(), padding.PKCS7(128).padder()
    changed = encryptor.update(padder.update(sequence(fields)) + padder.finalize())
    body = ticket[:32] + changed
    return body + hmac.digest(signing, body, hashlib.sha256)


def test_a_client_without_a_certificate_is_any_client(nginx: NginxBinary, tmp_path: Path) -> None:
    materialise(tmp_path)
    (tmp_path / "ticket-80.key").write_bytes(KEY)
    with nginx.run(TEXT, tmp_path) as running:
        client = (
            f"openssl s_client -quiet -tls1_2 -servername a.test -connect 127.0.0.1:{running.ports['tls']}"
        )

        def ask(options: str) -> str:
            command = f'printf "GET / HTTP/1.0\\nHost: a.test\\n\\n" | timeout 5 {client} {options}'
            done = subprocess.run(
                ["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=20
            )
            return done.stdout

        refused = ask("-sess_out own.pem")
        own = (tmp_path / "own.pem").read_text().partition(_BEGIN)[2].partition(_END)[0]
        ((_, session),) = split(base64.b64decode(own))
        fields = split(session)
        ((_, ticket),) = split(dict(fields)[TICKET])
        forged = join(0x04, forge(ticket, identity("client").certificate.public_bytes(Encoding.DER)))
        mine = sequence([(tag, forged if tag == TICKET else content) for tag, content in fields])
        (tmp_path / "forged.pem").write_text(f"{_BEGIN}{base64.encodebytes(mine).decode()}{_END}")
        entered = ask("-sess_in forged.pem")
    assert "400 No required SSL certificate was sent" in refused
    assert entered.endswith("SUCCESS CN=alice")
