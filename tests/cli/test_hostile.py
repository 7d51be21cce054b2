"""Trees that want to do harm: each ends, with a message, and nothing else is opened, written or asked."""

import json
import os
import resource
import socket
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from cli.conftest import SOURCES
from mtls_lint.lint.running import PID_FILES  # where a running nginx says so
from mtls_lint.testing.catalogue import content

SECONDS = 20
"""CPU time within which a run ends; a slow machine gets four times what is asked."""
MEMORY = 1024 * 1024 * 1024
"""Bytes of address space that suffice."""

# Runs the program and tells, at its end, every file it opened and everything else it asked of the system.
AUDITED = """
import json, os, sys
seen = []
WATCHED = ("open", "socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.remove",
           "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.chmod", "os.chown",
           "os.truncate", "shutil.")
def hook(event, arguments):
    if event.startswith(WATCHED):
        seen.append((event, [str(argument) for argument in arguments]))
sys.addaudithook(hook)
from mtls_lint.__main__ import main
sys.argv[0] = "mtls-lint"
try:
    code = main()
except SystemExit as end:
    code = end.code
told = list(seen)
with open(os.environ["SEEN"], "w") as file:
    json.dump(told, file)
sys.exit(code)
"""


def limited() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def run(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The program, with little time and memory."""
    return subprocess.run(
        [sys.executable, "-m", "mtls_lint", *arguments],
        cwd=directory,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCES), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        preexec_fn=limited,
    )


def links(directory: Path) -> str:
    (directory / "a").symlink_to("b")
    (directory / "b").symlink_to("a")
    (directory / "d").mkdir()
    (directory / "d" / "up").symlink_to("..")
    return "events {} http { include a; include d/*/d/*/d/*/d/*/d/*/d/*/d/*/d/*/*; }"


def multiplying(directory: Path) -> str:
    for level in range(9):
        (directory / f"{level}").write_text(f"include {level + 1};\n" * 10)
    (directory / "9").write_text("access_log off;\n" * 10)
    return "events {} http { include 0; }"


def things(directory: Path) -> str:
    os.mkfifo(directory / "fifo")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(directory / "socket"))
    names = ("/dev/zero", "/dev/stdin", "/proc/self/mem", "fifo", "socket")
    includes = " ".join(f"include {name};" for name in names)
    files = " ".join(
        f"server {{ listen {port} ssl; ssl_certificate {name}; ssl_certificate_key {name};"
        f" ssl_client_certificate {name}; ssl_crl {name}; ssl_verify_client on; }}"
        for port, name in enumerate(names, 8000)
    )
    return f"pid fifo; events {{}} http {{ {includes} {files} }}"


def rows(directory: Path) -> str:  # noqa: ARG001
    map_ = "".join(f"~^client-{number}$ {number};\n" for number in range(150_000))
    return f"events {{}}\nhttp {{ map $ssl_client_s_dn $x {{\n{map_}}}\n server {{ listen 80; }} }}"


def bundle(directory: Path) -> str:
    one = content("root.pem")
    (directory / "ca.pem").write_bytes(one * (12 * 1024 * 1024 // len(one)))
    (directory / "large.pem").write_bytes(one * (17 * 1024 * 1024 // len(one)))
    tls = "ssl_certificate a; ssl_certificate_key b; ssl_verify_client on;"
    return (
        "events {} http { "
        + " ".join(
            f"server {{ listen {port} ssl; {tls} ssl_client_certificate {name}; }}"
            for port, name in ((1, "ca.pem"), (2, "large.pem"))
        )
        + " }"
    )


def backtracking(directory: Path) -> str:  # noqa: ARG001
    evil = "^(([a-z])+.)+[A-Z]([a-z])+$"
    locations = "".join(f'location ~ "{evil}{number}" {{ deny all; }}' for number in range(20))
    uri = "/" + "a" * 60
    return (
        f'events {{}} http {{ map $uri $x {{ "~{evil}" 1; default 0; }} server {{ listen 443 ssl; '
        f"server_name ~{evil}; ssl_certificate a; ssl_certificate_key b; ssl_client_certificate c; "
        f"ssl_verify_client optional; location {uri} {{ if ($x) {{ return 403; }} proxy_pass http://b; }} "
        f"{locations} }} }}"
    )


def numbers(directory: Path) -> str:  # noqa: ARG001
    long = "9" * 5000
    return (
        f"events {{}} http {{ server {{ listen 80; listen 1-65535; ssl_verify_depth {'9' * 3000}; "
        f"ssl_session_timeout {'9' * 3000}; error_page {'9' * 3000} /x; return {'9' * 3000}; }} }} # {long}"
    )


@pytest.mark.parametrize(
    ("make", "code", "words"),
    [
        (links, 3, "loop"),
        (multiplying, 3, "the includes multiply"),
        (things, 3, "FIFO"),
        (rows, 1, "asks for a client certificate"),
        (bundle, 3, "more than the"),
        (backtracking, 1, ""),
        (numbers, 3, ""),
    ],
)
def test_it_ends_with_a_message(make: object, code: int, words: str, tmp_path: Path) -> None:
    assert callable(make)
    (tmp_path / "nginx.conf").write_text(make(tmp_path))
    done = run(tmp_path, "nginx.conf", "-v")
    assert "Traceback" not in done.stdout + done.stderr
    assert "crashed" not in done.stdout
    assert done.returncode in {1, code}, (done.returncode, done.stderr[-2000:])
    assert words in done.stdout


@pytest.mark.parametrize("command", ["check", "matrix", "inventory"])
def test_what_is_opened_is_named_and_nothing_is_written_or_asked(command: str, tmp_path: Path) -> None:
    named = {
        "nginx.conf": b"events {} http { include conf.d/*.conf; }",
        "conf.d/a.conf": b"server { listen 443 ssl; server_name a.example; ssl_certificate /etc/passwd;"
        b" ssl_certificate_key k.pem; ssl_client_certificate ca.pem; ssl_crl crl.pem; ssl_verify_client on;"
        b" ssl_ocsp on; ssl_stapling on; resolver 127.0.0.1; location / { proxy_pass https://b.example; } }",
        "k.pem": content("server.key"),
        "ca.pem": content("root.pem"),
    }
    others = {
        "other.conf": b"server { listen 80; }",
        "private.key": content("server.key"),
        "rules/x.py": b"boom",
    }
    for name, data in {**named, **others}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    seen = tmp_path.with_suffix(".json")
    done = subprocess.run(
        [sys.executable, "-B", "-c", AUDITED, command, "nginx.conf"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCES), "SEEN": str(seen)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode in {1, 3, 0}, done.stderr
    installed = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    own = (*filter(None, installed), str(SOURCES.parent), sys.prefix, sys.base_prefix)
    opened = set()
    for event, arguments in json.loads(seen.read_text()):
        assert event == "open", (event, arguments)
        path, mode, flags = (*arguments, "0", "0")[:3]
        if path.startswith(own) or path.isdecimal():
            continue
        assert not set(mode) & set("wax+"), arguments
        assert not int(flags) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT), arguments
        opened.add(path)
    allowed = {*named, "/etc/passwd", "crl.pem", "/etc/group", "/proc/meminfo", "/proc/stat", *PID_FILES}
    found = {os.path.normpath(path) for path in opened}
    assert found <= {os.path.normpath(path) for path in allowed}
    assert {"nginx.conf", "conf.d/a.conf"} <= found
    left = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert left == sorted((*named, *others))
