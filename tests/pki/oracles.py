"""What OpenSSL and nginx say of a chain."""

import re
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

from msgspec.structs import replace

from mtls_lint.pki.verify_errors import VerifyError
from mtls_lint.testing.catalogue import content
from mtls_lint.testing.pki import CLOCK
from pki.chains import DELTA_ALONE, Case, pem


def openssl_errors(case: Case, directory: Path) -> tuple[bool, list[int]]:
    """Whether ``openssl verify`` accepts, and the errors that it prints until its callback gives up."""
    (directory / "leaf.pem").write_bytes(case.sent[0].pem)
    (directory / "sent.pem").write_bytes(pem(case.sent))
    (directory / "trusted.pem").write_bytes(pem(case.trusted))
    (directory / "crls.pem").write_bytes(b"".join(case.crls))
    command = (
        f"openssl verify -purpose ssl{case.peer.label} -auth_level {case.level} -verify_depth {case.depth}"
        f" -no-CApath -no-CAstore -CAfile trusted.pem -untrusted sent.pem -attime {int(CLOCK.timestamp())}"
    )
    if case.crls:
        command += " -crl_check_all -CRLfile crls.pem"
    result = subprocess.run(
        [*command.split(), "leaf.pem"], cwd=directory, capture_output=True, text=True, check=False
    )
    return result.returncode == 0, [
        int(number) for number in re.findall(r"(?m)^error (\d+) at", result.stderr)
    ]


def ignores_deltas(directory: Path) -> bool:
    """Whether this OpenSSL passes over delta CRLs; older ones take them for complete."""
    accepted, errors = openssl_errors(DELTA_ALONE, directory)
    assert (accepted, errors) in [(True, []), (False, [VerifyError.UNABLE_TO_GET_CRL.value])]
    return not accepted


def check(case: Case, directory: Path) -> bool:
    """Compare with OpenSSL, errors and their order included, and say whether the chain was accepted."""
    accepted, printed = openssl_errors(case, directory)
    verdict = case.verdict(deltas=not (case.crls and ignores_deltas(directory)))
    ours = [int(error) for error, _ in verdict.errors]
    assert verdict.ok is accepted, (printed, ours)
    assert ours[: len(printed)] == printed, (printed, ours)
    return accepted


def server_block(number: int, case: Case, directory: Path) -> str:
    (directory / f"{number}.trusted").write_bytes(pem(case.trusted))
    (directory / f"{number}.sent").write_bytes(pem(case.sent))
    (directory / f"{number}.key").write_bytes(case.sent[0].key_pem())
    revocation = ""
    if case.crls:
        (directory / f"{number}.crl").write_bytes(b"".join(case.crls))
        revocation = f"ssl_crl {number}.crl;"
    return f"""
        server {{
            listen unix:{directory}/socket ssl;
            server_name c{number}.test;
            ssl_certificate server.pem;
            ssl_certificate_key server.key;
            ssl_client_certificate {number}.trusted;
            ssl_verify_client optional_no_ca;
            ssl_verify_depth {case.depth};
            ssl_ciphers DEFAULT:@SECLEVEL={case.level};
            {revocation}
            error_page 495 =200 /hard;
            location / {{ return 200 "soft $ssl_client_verify"; }}
            location = /hard {{ return 200 "hard $ssl_client_verify"; }}
        }}"""


@contextmanager
def running_nginx(binary: str, cases: Sequence[Case]) -> Iterator[Path]:
    """A server for each case, told apart by its name, on one socket (whose path has to be short)."""
    with tempfile.TemporaryDirectory(prefix="verify") as name:
        directory = Path(name)
        (directory / "server.pem").write_bytes(content("server.pem"))
        (directory / "server.key").write_bytes(content("server.key"))
        servers = "".join(server_block(number, case, directory) for number, case in enumerate(cases))
        temporary = "".join(
            f"{module}_temp_path {module};" for module in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (directory / "nginx.conf").write_text(
            "daemon off; master_process off; pid pid; error_log error.log; events {}"
            f" http {{ access_log off; server_names_hash_max_size 4096; {temporary} {servers} }}"
        )
        process = subprocess.Popen(
            [binary, "-p", name, "-c", f"{name}/nginx.conf"], stderr=subprocess.DEVNULL
        )
        try:
            deadline = time.monotonic() + 10
            while not answers(directory / "socket"):
                assert process.poll() is None, (directory / "error.log").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.01)
            yield directory
        finally:
            process.terminate()
            process.wait()


def answers(path: Path) -> bool:
    """Whether somebody listens; the file alone is there before that."""
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0


def ask(directory: Path, number: int) -> str:
    """What nginx says of the client of a case."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.load_cert_chain(directory / f"{number}.sent", directory / f"{number}.key")
    with socket.socket(socket.AF_UNIX) as plain:
        plain.settimeout(10)
        plain.connect(str(directory / "socket"))
        with context.wrap_socket(plain, server_hostname=f"c{number}.test") as secured:
            secured.sendall(f"GET / HTTP/1.0\r\nHost: c{number}.test\r\n\r\n".encode())
            answer = b""
            while part := secured.recv(4096):
                answer += part
    return answer.partition(b"\r\n\r\n")[2].decode()


def expected(case: Case, *, deltas: bool = True) -> set[str]:
    """What nginx may say: where two anchors have one name, the C library's sort decides which comes first."""
    cases = (case, replace(case, trusted=case.trusted[::-1]))
    verdicts = [one.verdict(datetime.now(timezone.utc), deltas=deltas) for one in cases]
    return {f"{'soft' if found.ok or found.soft else 'hard'} {found.text}" for found in verdicts}


def compare_with_nginx(binary: str, cases: Sequence[Case]) -> None:
    with running_nginx(binary, [DELTA_ALONE, *cases]) as directory:
        probed, *answers = [ask(directory, number) for number in range(len(cases) + 1)]
    allowed = [expected(DELTA_ALONE, deltas=deltas) for deltas in (False, True)]
    assert {probed} in allowed
    deltas = {probed} == allowed[True]
    wrong = {
        number: (answer, expected(case, deltas=deltas))
        for number, (case, answer) in enumerate(zip(cases, answers, strict=True))
        if answer not in expected(case, deltas=deltas)
    }
    assert not wrong
