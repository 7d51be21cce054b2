"""The nginx harness itself: it says what nginx says, touches nothing else, and cleans up."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mtls_lint.testing.client import client_context
from mtls_lint.testing.nginx import NginxBinary, find_nginx, free_ports, request

HELLO = "events {} http { server { listen 127.0.0.1:PORT_web; return 200 hello; } }"

TLS = """
events {{}}
http {{
    ssl_certificate {pki}/server.pem;
    ssl_certificate_key {pki}/server.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_client_certificate {pki}/root.pem;
    server {{
        listen 127.0.0.1:PORT_tls ssl;
        server_name www.example.com;
        ssl_verify_client on;
        return 200 "$ssl_client_verify $ssl_client_s_dn $ssl_server_name";
    }}
    server {{
        listen 127.0.0.1:PORT_tls ssl;
        server_name api.example.com;
        return 200 "$ssl_client_verify $ssl_server_name";
    }}
}}
"""


def running(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    return True


def test_binaries_are_found_once_and_newest_first() -> None:
    versions = [binary.version for binary in find_nginx()]
    assert versions == sorted(versions, reverse=True)
    assert len({binary.path for binary in find_nginx()}) == len(versions)


def test_check_tells_good_from_bad(nginx: NginxBinary) -> None:
    assert nginx.check("events {} http { server { listen 8443; } }")
    refused = nginx.check("events {} http { server { nonsense; } }")
    assert not refused.accepted
    assert 'unknown directive "nonsense"' in refused.output
    assert "nginx.conf:1" in refused.output
    assert not nginx.check("events {").accepted


def test_check_does_not_blame_the_configuration_for_the_machine(nginx: NginxBinary) -> None:
    assert nginx.check("events {} http { server { listen 192.0.2.1:443; listen 443; listen [::]:443; } }")


def test_check_of_a_file_resolves_beside_it(nginx: NginxBinary, tmp_path: Path) -> None:
    configuration = tmp_path / "conf"
    (configuration / "conf.d").mkdir(parents=True)
    main = configuration / "main.conf"
    main.write_text("events {} http { include conf.d/*.conf; }")
    (configuration / "conf.d" / "a.conf").write_text("server { listen 8443; }")
    private = tmp_path / "private"
    private.mkdir()
    assert nginx.check(main, private)
    (configuration / "conf.d" / "a.conf").write_text("server { nonsense; }")
    assert "conf.d/a.conf:1" in nginx.check(main, private).output
    assert sorted(path.name for path in configuration.rglob("*")) == ["a.conf", "conf.d", "main.conf"]


def test_check_loads_the_modules_that_are_needed(nginx: NginxBinary) -> None:
    text = "events {} stream { server { listen 127.0.0.1:4433; return x; } }"
    if not nginx.can_run(text):
        pytest.skip(f"{nginx} has no stream module")
    assert nginx.check(text)


def test_everything_is_created_inside_the_directory(nginx: NginxBinary, tmp_path: Path) -> None:
    with nginx.run(HELLO, tmp_path) as server:
        opened = Path(f"/proc/{(tmp_path / 'nginx.pid').read_text().strip()}/fd")
        files = [os.readlink(entry) for entry in opened.iterdir()] if opened.is_dir() else []
        assert request(server.ports["web"], tls=False).body == "hello"
    assert all(name.startswith((str(tmp_path), "/dev/", "socket:", "anon_inode:", "pipe:")) for name in files)


def test_run_ends_with_the_block(nginx: NginxBinary, tmp_path: Path) -> None:
    def fail() -> None:
        with nginx.run(HELLO, tmp_path) as server:
            seen[(tmp_path / "nginx.pid").read_text().strip()] = server.ports["web"]
            raise KeyError

    seen: dict[str, int] = {}
    with pytest.raises(KeyError):
        fail()
    ((pid, port),) = seen.items()
    # On a busy machine it is killed and not waited for, and stays a zombie until init looks.
    deadline = time.monotonic() + 30
    while running(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not running(pid)
    assert request(port, tls=False).error == "ConnectionRefusedError"


def test_run_says_why_it_does_not_start(nginx: NginxBinary, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="nonsense"), nginx.run("events {} nonsense;", tmp_path):
        pass


def test_nothing_survives_a_killed_test_process(nginx: NginxBinary, tmp_path: Path) -> None:
    program = f"""
import sys, time
from pathlib import Path
from mtls_lint.testing.nginx import find_nginx
binary = next(b for b in find_nginx() if str(b.path) == {str(nginx.path)!r})
with binary.run({HELLO!r}, Path({str(tmp_path)!r})) as server:
    print("up", flush=True)
    time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        pid = (tmp_path / "nginx.pid").read_text().strip()
        process.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while running(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not running(pid)


def test_requests(nginx: NginxBinary, tmp_path: Path, pki: Path) -> None:
    www, api = "www.example.com", "api.example.com"
    certificate, key = pki / "client.pem", pki / "client.key"
    with nginx.run(TLS.format(pki=pki), tmp_path) as server:
        port = server.ports["tls"]
        for version in ("1.2", "1.3"):
            client = client_context(
                certificate=certificate, key=key, ca=pki / "root.pem", minimum=version, maximum=version
            )
            reply = request(port, context=client, sni=www, host=www)
            assert (reply.status, reply.body) == (200, "SUCCESS CN=alice www.example.com")
            assert reply.tls_version == f"TLSv{version}"
        refused = request(port, sni=www, host=www)
        assert refused.status == 400
        assert "No required SSL certificate was sent" in refused.body
        assert request(port, sni=api, host=api).body == "NONE api.example.com"
        assert request(port, host=api, certificate=certificate, key=key).body == "SUCCESS "
        assert request(port, sni=api, host=www).status == 421
        assert request(port, tls=False).status == 400
        assert request(port, minimum="1.0", maximum="1.1", security_level=0).error
        assert request(port, ca=pki / "other-root.pem").error == "CERTIFICATE_VERIFY_FAILED"


def test_sessions_resume(nginx: NginxBinary, tmp_path: Path, pki: Path) -> None:
    with nginx.run(TLS.format(pki=pki), tmp_path) as server:
        context = client_context(maximum="1.2")
        first = request(server.ports["tls"], context=context, host="api.example.com", sni="api.example.com")
        again = request(
            server.ports["tls"],
            context=context,
            session=first.session,
            host="api.example.com",
            sni="api.example.com",
        )
    assert (first.reused, again.reused) == (False, True)


def test_a_silent_server_does_not_hold_us() -> None:
    import socket  # noqa: PLC0415

    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = time.monotonic()
        reply = request(silent.getsockname()[1], tls=False, timeout=0.2)
    assert reply.error == "TimeoutError"
    assert time.monotonic() - started < 5


def test_free_ports_are_distinct() -> None:
    assert len(set(free_ports(20))) == 20
