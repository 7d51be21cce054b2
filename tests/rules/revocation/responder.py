"""An OCSP responder for tests: it answers for the CAs it is given, on a free port of loopback."""

import base64
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp
from msgspec import Struct

from mtls_lint.testing import Authority, Identity


class Responder(Struct):
    """Its port, the certificates it calls revoked, and the serial numbers it was asked about."""

    port: int
    known: list[Identity]
    revoked: list[Identity] = []
    asked: list[int] = []

    def answer(self, data: bytes) -> bytes:
        """The response to one request."""
        request = ocsp.load_der_ocsp_request(data)
        self.asked.append(request.serial_number)
        found = [one for one in self.known if one.certificate.serial_number == request.serial_number]
        if not found:
            unauthorized = ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.UNAUTHORIZED)
            return unauthorized.public_bytes(serialization.Encoding.DER)
        return response(found[0], revoked=found[0] in self.revoked)


def response(identity: Identity, *, revoked: bool = False) -> bytes:
    """What the issuer of a certificate says of it."""
    issuer = identity.issuer
    assert isinstance(issuer, Authority)
    now = datetime.now(timezone.utc)
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=identity.certificate,
        issuer=issuer.certificate,
        algorithm=hashes.SHA1(),
        cert_status=ocsp.OCSPCertStatus.REVOKED if revoked else ocsp.OCSPCertStatus.GOOD,
        this_update=now - timedelta(hours=1),
        next_update=now + timedelta(days=1),
        revocation_time=now - timedelta(hours=1) if revoked else None,
        revocation_reason=None,
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, issuer.certificate)
    return builder.sign(issuer.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


@contextmanager
def responding() -> Iterator[Responder]:
    """A responder that runs until the block ends; what it knows is filled in by the test."""
    responder = Responder(0, [])

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._reply(responder.answer(base64.b64decode(unquote(self.path.lstrip("/")))))

        def do_POST(self) -> None:
            self._reply(responder.answer(self.rfile.read(int(self.headers["Content-Length"]))))

        def _reply(self, data: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/ocsp-response")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    responder.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield responder
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def all_of(*identities: Identity) -> Sequence[Identity]:
    """Certificates and the intermediates above them: what a responder must know of their chains."""
    found: list[Identity] = []
    for identity in identities:
        current: Identity | None = identity
        while current is not None and current.issuer is not None:
            found.append(current)
            current = current.issuer
    return found
