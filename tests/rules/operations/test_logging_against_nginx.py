"""What real nginx writes about clients that it refuses, where, and at which level."""

import re
import time
from pathlib import Path

import pytest

from mtls_lint.lint.finding import Severity
from mtls_lint.testing import lint_text
from mtls_lint.testing.nginx import NginxBinary, RunningNginx, request

RULES = ("client-identity-not-logged", "client-refusals-not-logged")
FORMAT = "'$status [$ssl_client_verify] [$ssl_client_s_dn] [$ssl_client_fingerprint]'"

# What the client presents, to which server; what nginx writes at info, and as $ssl_client_verify.
REFUSALS = [
    (None, "plain", "client sent no required SSL certificate", "NONE"),
    ("stranger", "plain", "unable to verify the first certificate", "FAILED:unable to verify"),
    ("self-signed-client", "plain", "self-signed certificate", "FAILED:self-signed certificate"),
    ("expired-client", "plain", "certificate has expired", "FAILED:certificate has expired"),
    ("server-eku-client", "plain", "unsuitable certificate purpose", "FAILED:unsuitable certificate purpose"),
    ("revoked-client", "crl", "certificate revoked", "FAILED:certificate revoked"),
    ("client", "old-crl", "CRL has expired", "FAILED:CRL has expired"),
]


def asking(pki: Path, port: str, more: str) -> str:
    return (
        f"server {{ listen 127.0.0.1:PORT_{port} ssl; ssl_certificate {pki}/server.pem;"
        f" ssl_certificate_key {pki}/server.key; ssl_client_certificate {pki}/root.pem; ssl_verify_client on;"
        f" {more} }}"
    )


def configuration(pki: Path, directory: Path, errors: str) -> str:
    ends = {"plain": "", "crl": f"ssl_crl {pki}/crl.pem;", "old_crl": f"ssl_crl {pki}/crl-expired.pem;"}
    servers = [asking(pki, port, f"{more} location / {{ return 200 ok; }}") for port, more in ends.items()]
    streams = [asking(pki, f"stream_{port}", f"{more} return ok;") for port, more in ends.items()]
    return (
        f"error_log {directory}/main.log debug; events {{}}\n"
        f"http {{ log_format who {FORMAT}; access_log {directory}/access.log who; {errors}\n"
        + "\n".join(servers)
        + f"\n}}\nstream {{ log_format who {FORMAT}; access_log {directory}/access.log who; {errors}\n"
        + "\n".join(streams)
        + "\n}\n"
    )


def ask(
    server: RunningNginx, port: str, pki: Path, client: str | None, *, payload: bytes | None = None
) -> None:
    request(
        server.ports[port],
        sni="www.example.com",
        host="www.example.com",
        payload=payload,
        certificate=pki / f"{client}.pem" if client else None,
        key=pki / f"{client}.key" if client else None,
    )


def lines(path: Path, count: int = 1) -> list[str]:
    """The lines of a log, waited for."""
    deadline = time.monotonic() + 5
    while True:
        found = path.read_text().splitlines() if path.exists() else []
        if len(found) >= count or time.monotonic() > deadline:
            return found
        time.sleep(0.01)


@pytest.mark.parametrize("module", ["http", "stream"])
def test_refusals_are_told_at_info_and_by_the_variable(
    module: str, nginx: NginxBinary, pki: Path, tmp_path: Path
) -> None:
    text = configuration(pki, tmp_path, f"error_log {tmp_path}/info.log info;")
    if not nginx.can_run(text):
        pytest.skip("no stream")
    prefix, payload = ("stream_", b"") if module == "stream" else ("", None)
    with nginx.run(text, tmp_path) as server:
        for number, (client, port, words, verdict) in enumerate(REFUSALS, 1):
            ask(server, prefix + port.replace("-", "_"), pki, client, payload=payload)
            last = lines(tmp_path / "access.log", number)[-1]
            assert f"[{verdict}" in last
            assert last.startswith("500 " if module == "stream" else "400 ")
            told = [line for line in lines(tmp_path / "info.log") if words in line]
            assert told, words
            assert all("[info]" in line for line in told)


def test_handshakes_that_fail_are_told_at_info_and_in_no_access_log(
    nginx: NginxBinary, pki: Path, tmp_path: Path
) -> None:
    text = configuration(pki, tmp_path, f"error_log {tmp_path}/info.log info;")
    with nginx.run(text, tmp_path) as server:
        request(server.ports["plain"], minimum="1.0", maximum="1.1", security_level=0)
        request(server.ports["plain"], ca=pki / "other-root.pem")
        assert len(told := lines(tmp_path / "info.log", 2)) == 2
        assert all("[info]" in line and "SSL_do_handshake() failed" in line for line in told)
    assert lines(tmp_path / "access.log", 0) == []


@pytest.mark.parametrize("level", ["", "notice", "warn", "error", "crit", "alert", "emerg"])
def test_every_other_level_is_silent(level: str, nginx: NginxBinary, pki: Path, tmp_path: Path) -> None:
    text = configuration(pki, tmp_path, f"error_log {tmp_path}/quiet.log {level};")
    with nginx.run(text, tmp_path) as server:
        for client, port, _, _ in REFUSALS:
            ask(server, port.replace("-", "_"), pki, client)
        assert len(lines(tmp_path / "access.log", len(REFUSALS))) == len(REFUSALS)
    assert not re.search(r"certificate|CRL|SSL", (tmp_path / "quiet.log").read_text())


def test_a_refused_client_is_in_the_log_of_the_server_not_of_a_location(
    nginx: NginxBinary, pki: Path, tmp_path: Path
) -> None:
    inner = f"access_log {tmp_path}/inner.log who; error_log {tmp_path}/inner-errors.log info;"
    server = asking(
        pki, "web", f"error_log {tmp_path}/outer-errors.log info; location / {{ {inner} return 200 ok; }}"
    )
    text = (
        f"error_log {tmp_path}/main.log info; events {{}} http {{ log_format who {FORMAT};"
        f" access_log {tmp_path}/outer.log who; {server} }}"
    )
    with nginx.run(text, tmp_path) as running:
        ask(running, "web", pki, None)
        assert lines(tmp_path / "outer.log")[0].startswith("400 [NONE]")
        ask(running, "web", pki, "client")
        assert lines(tmp_path / "inner.log")[0].startswith("200 [SUCCESS] [CN=alice]")
    assert len(lines(tmp_path / "outer.log")) == 1
    assert "no required SSL certificate" in (tmp_path / "outer-errors.log").read_text()
    assert (tmp_path / "inner-errors.log").read_text() == ""
    assert "certificate" not in (tmp_path / "main.log").read_text()  # the server's own takes its place


def test_off_wins_over_another_log_of_its_level(nginx: NginxBinary, pki: Path, tmp_path: Path) -> None:
    log = f"access_log {tmp_path}/a.log who;"
    servers = [
        asking(pki, "before", f"access_log off; {log} location / {{ return 200 ok; }}"),
        asking(pki, "behind", f"{log} access_log off; location / {{ return 200 ok; }}"),
        asking(pki, "other", f"access_log {tmp_path}/b.log who; location / {{ return 200 ok; }}"),
    ]
    text = f"events {{}} http {{ log_format who {FORMAT}; {' '.join(servers)} }}"
    with nginx.run(text, tmp_path) as running:
        for port in ("before", "behind", "other"):
            ask(running, port, pki, "client")
        assert len(lines(tmp_path / "b.log")) == 1
    assert (tmp_path / "a.log").read_text() == ""


def test_turned_down_and_off_there_is_no_trace_at_all(nginx: NginxBinary, pki: Path, tmp_path: Path) -> None:
    """The rule calls this a warning."""
    server = asking(
        pki, "web", f"access_log off; error_log {tmp_path}/e.log crit; location / {{ return 200; }}"
    )
    text = f"events {{}}\nhttp {{ {server} }}\n"
    report = lint_text(text.replace("PORT_web", "443"), rules=list(RULES), version=str(nginx.version))
    severities = {found.rule: found.severity for found in report.findings}
    assert severities == {RULES[0]: Severity.INFO, RULES[1]: Severity.WARNING}
    with nginx.run(text, tmp_path) as running:
        ask(running, "web", pki, None)
        ask(running, "web", pki, "stranger")
    assert (tmp_path / "e.log").read_text() == ""
