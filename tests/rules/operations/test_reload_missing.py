"""Files that the running nginx has not read: asked of one that really runs, and reloads."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from mtls_lint.lint.running import running
from mtls_lint.nginx.model import Configuration, build
from mtls_lint.syntax.loader import load
from mtls_lint.testing.nginx import NginxBinary, RunningNginx, request

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc")

FILES = ("server.pem", "server.key", "root.pem", "revoked-client.pem", "revoked-client.key")


def configuration(directory: Path, more: str = "") -> str:
    return f"""
pid {directory}/nginx.pid;
worker_processes 2;
events {{}}
http {{
    server {{
        listen 127.0.0.1:PORT_web ssl;
        server_name www.example.com;
        ssl_certificate {directory}/server.pem;
        ssl_certificate_key {directory}/server.key;
        ssl_client_certificate {directory}/root.pem;
        ssl_crl {directory}/crl.pem;
        ssl_verify_client on;
        ssl_session_tickets off;
        location / {{ return 200 in; }}
        {more}
    }}
}}
"""


@pytest.fixture
def directory(pki: Path, tmp_path: Path) -> Path:
    """Certificates, and a CRL that revokes nobody; made a while ago."""
    for name in FILES:
        shutil.copy(pki / name, tmp_path)
    shutil.copy(pki / "crl-empty.pem", tmp_path / "crl.pem")
    age(tmp_path)
    return tmp_path


def age(directory: Path) -> None:
    """Files that were written an hour ago."""
    then = time.time() - 3600
    for path in directory.glob("*.*"):
        os.utime(path, (then, then), follow_symlinks=False)


def found(main: Path, now: datetime | None = None) -> list[tuple[str, str]]:
    """The severities and messages of the rule, by the command as people call it."""
    moment = (now or datetime.now(timezone.utc)).isoformat()
    command = [sys.executable, "-m", "mtls_lint", str(main), "--select", "reload-missing", "--format", "json"]
    done = subprocess.run([*command, "--now", moment], capture_output=True, text=True, check=False)
    return [(one["severity"], one["message"]) for one in json.loads(done.stdout)["findings"]]


def gets_in(server: RunningNginx, directory: Path) -> bool:
    reply = request(
        server.ports["web"],
        sni="www.example.com",
        certificate=directory / "revoked-client.pem",
        key=directory / "revoked-client.key",
    )
    assert reply.status in {200, 400}
    return reply.status == 200


def reload(server: RunningNginx) -> None:
    """Tell nginx to read its files anew, and wait until no worker with the old ones accepts connections."""
    before = workers(server.pid)
    os.kill(server.pid, signal.SIGHUP)
    deadline = time.monotonic() + 30
    while (len(workers(server.pid)) < 2 or workers(server.pid) & before) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not workers(server.pid) & before


def test_a_new_crl_counts_from_the_reload_on(nginx: NginxBinary, pki: Path, directory: Path) -> None:
    main = directory / "nginx.conf"
    with nginx.run(configuration(directory), directory, master=True) as server:
        assert found(main) == []
        time.sleep(2.5)  # the kernel's clock of processes has whole seconds for its beginning
        shutil.copy(pki / "crl.pem", directory / "crl.pem")
        assert gets_in(server, directory)
        [(severity, message)] = found(main)
        assert severity == "info"
        assert f"(process {server.pid})" in message
        assert "clients that it revokes still get in" in message
        [(severity, _)] = found(main, datetime.now(timezone.utc) + timedelta(hours=2))
        assert severity == "warning"
        reload(server)
        deadline = time.monotonic() + 10
        while gets_in(server, directory):  # a worker closes its sockets right behind changing its title
            assert time.monotonic() < deadline
        assert found(main) == []


def test_a_worker_that_was_replaced_has_read_nothing_anew(
    nginx: NginxBinary, pki: Path, directory: Path
) -> None:
    with nginx.run(configuration(directory), directory, master=True) as server:
        time.sleep(2.5)
        shutil.copy(pki / "crl.pem", directory / "crl.pem")
        time.sleep(2.5)
        first = workers(server.pid)
        os.kill(min(first), signal.SIGKILL)
        deadline = time.monotonic() + 10
        while len(workers(server.pid) - first) != 1 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert gets_in(server, directory)
        assert len(found(directory / "nginx.conf")) == 1


def workers(master: int) -> set[int]:
    """Those that accept connections: one that is shutting down says so in its title."""
    found = set()
    for path in children(master):
        with suppress(OSError):
            title = path.joinpath("cmdline").read_bytes().rstrip(b" \0")
            if title == b"nginx: worker process":
                found.add(int(path.name))
    return found


def children(master: int) -> Iterator[Path]:
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parent = path.joinpath("stat").read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue
        if int(parent) == master:
            yield path


def test_a_link_that_points_elsewhere_now_is_a_change(nginx: NginxBinary, pki: Path, directory: Path) -> None:
    """certbot and Kubernetes replace links; the new file may be older than the link."""
    (directory / "crl.pem").rename(directory / "old.pem")
    shutil.copy(pki / "crl.pem", directory / "new.pem")
    (directory / "crl.pem").symlink_to("old.pem")
    age(directory)
    with nginx.run(configuration(directory), directory, master=True) as server:
        assert found(directory / "nginx.conf") == []
        time.sleep(2.5)
        (directory / "next").symlink_to("new.pem")
        (directory / "next").rename(directory / "crl.pem")
        assert gets_in(server, directory)
        assert len(found(directory / "nginx.conf")) == 1


def test_files_that_nginx_does_not_open_are_left_out(nginx: NginxBinary, pki: Path, directory: Path) -> None:
    shutil.copy(pki / "other-root.pem", directory)
    text = configuration(directory, "proxy_ssl_trusted_certificate other-root.pem;")
    with nginx.run(text, directory, master=True):
        later = time.time() + 60
        os.utime(directory / "other-root.pem", (later, later))
        assert found(directory / "nginx.conf") == []
        os.utime(directory / "server.key", (later, later))  # comes and goes with its certificate
        assert found(directory / "nginx.conf") == []


@contextmanager
def changed(nginx: NginxBinary, directory: Path) -> Iterator[RunningNginx]:
    """An nginx that runs, and a CRL that is newer."""
    with nginx.run(configuration(directory), directory, master=True) as server:
        later = time.time() + 60
        os.utime(directory / "crl.pem", (later, later))
        deadline = time.monotonic() + 10
        while len(workers(server.pid)) < 2 and time.monotonic() < deadline:  # they come after the pid file
            time.sleep(0.02)
        yield server


def model(main: Path) -> Configuration:
    return build(load(str(main)))


def test_another_configuration_is_none_of_its_business(nginx: NginxBinary, directory: Path) -> None:
    with changed(nginx, directory) as server:
        main = directory / "nginx.conf"
        master = running(model(main))
        assert master is not None
        assert master.pid == server.pid
        copy = directory / "copy.conf"
        shutil.copy(main, copy)
        assert running(model(copy)) is None
        assert found(copy) == []
        link = directory / "link.conf"
        link.symlink_to(main)
        assert running(model(link)) is not None


@pytest.mark.parametrize("content", ["", "no number", "999999999", "-1", "0"])
def test_a_stale_process_id(content: str, nginx: NginxBinary, directory: Path) -> None:
    with changed(nginx, directory) as server:
        pid = server.pid
        (directory / "nginx.pid").write_text(content)
        assert running(model(directory / "nginx.conf")) is None
        (directory / "nginx.pid").write_text(str(os.getpid()))  # somebody else's process by now
        assert running(model(directory / "nginx.conf")) is None
        (directory / "nginx.pid").write_text(str(pid))


def test_nothing_runs(directory: Path) -> None:
    main = directory / "nginx.conf"
    main.write_text(configuration(directory).replace("PORT_web", "443"))
    assert running(model(main)) is None
    assert found(main) == []


def test_a_single_process_does_not_tell(nginx: NginxBinary, directory: Path) -> None:
    with nginx.run(configuration(directory), directory):
        assert running(model(directory / "nginx.conf")) is None


def test_a_relative_configuration_counts_from_the_prefix(nginx: NginxBinary, tmp_path: Path) -> None:
    """Its title has the command line as it was given."""
    (tmp_path / "conf").mkdir()
    main = tmp_path / "conf" / "site.conf"
    main.write_text(f"daemon off; pid {tmp_path}/nginx.pid; error_log {tmp_path}/e.log; events {{}}")
    command = [str(nginx.path), "-p", f"{tmp_path}/", "-c", "conf/site.conf", "-g", "worker_processes 1;"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + 10
            while (master := running(model(main))) is None and time.monotonic() < deadline:
                time.sleep(0.02)
            assert master is not None
            assert master.pid == process.pid
        finally:
            process.terminate()


def test_a_pid_file_that_nobody_writes_to_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pid")
    (tmp_path / "nginx.conf").write_text(f"pid {tmp_path}/pid; events {{}}")
    assert running(build(load(str(tmp_path / "nginx.conf")))) is None
