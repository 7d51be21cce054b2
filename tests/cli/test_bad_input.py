"""Bad input gets a message for people and an exit code: no traceback, no hang, no silent "clean"."""

import json
import os
from pathlib import Path

import pytest

from cli.conftest import Run

GOOD = "events {}\nhttp { server { listen 443 ssl; ssl_reject_handshake on; } }\n"


def deep(levels: int) -> bytes:
    return b"events {}\nhttp { server { " + b"location / { " * levels + b"}" * levels + b" } }\n"


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (bytes(range(256)) * 20, 3, "binary"),
        (b"\x7fELF\x02\x01\x01\0\0\0" + b"\0" * 500, 3, "binary"),
        (b"events {}\nhttp { server { listen 80 } }\n", 3, 'unexpected "}"'),
        (b"events {}\nhttp { server { listen 80;\n", 3, 'expecting "}"'),
        (b"events {}\nhttp { } }\n", 3, 'unexpected "}"'),
        (b'events {}\nhttp { log_format x "unfinished; }\n', 3, "never closed"),
        (b"\xef\xbb\xbf" + GOOD.encode(), 3, "byte order mark"),
        (b"events {}\nhttp { log_format x '" + b"y" * 1_000_000 + b"'; }\n", 3, "too long parameter"),
        (deep(2000), 3, "levels"),
        (b"events {}\nhttp { include nginx.conf; }\n", 3, "include"),
        (b"events {}\nhttp { include missing/tls.conf; }\n", 3, "missing/tls.conf"),
    ],
    ids=[
        *("binary", "elf", "missing-semicolon", "missing-brace", "brace-too-many", "open-quote"),
        *("byte-order-mark", "long-word", "deep", "include-loop", "absent-include"),
    ],
)
def test_each_has_its_message_and_its_exit_code(
    cli: Run, tmp_path: Path, data: bytes, code: int, words: str
) -> None:
    (tmp_path / "nginx.conf").write_bytes(data)
    result = cli("nginx.conf", env={"COLUMNS": "200"})
    assert result.returncode == code
    assert words in result.stdout
    assert "nginx.conf" in result.stdout
    assert "Traceback" not in result.stdout + result.stderr
    assert max(map(len, result.stdout.splitlines())) <= 200


def test_each_place_is_named_in_the_json(cli: Run, tmp_path: Path) -> None:
    (tmp_path / "nginx.conf").write_text("events {}\nhttp {\n  server {\n    listen 80\n  }\n}\n")
    report = json.loads(cli("nginx.conf", "--format", "json").stdout)
    (finding,) = report["findings"]
    assert (finding["rule"], finding["fatal"], finding["file"]) == ("syntax-error", True, "nginx.conf")
    assert (finding["line"], finding["column"]) == (5, 3)
    assert any(entry["file"] == "nginx.conf" and entry["line"] == 5 for entry in report["not_evaluated"])


def test_a_line_of_a_megabyte_is_read_and_not_shown_whole(cli: Run, tmp_path: Path) -> None:
    servers = "server { listen 443 ssl; ssl_protocols TLSv1; } " * 20_000
    (tmp_path / "nginx.conf").write_text(f"events {{}}\nhttp {{ {servers} }}\n")
    result = cli("nginx.conf", "--select", "tls-legacy-protocol", "--format", "concise")
    assert result.returncode == 1
    assert len(result.stdout.splitlines()) >= 20_000
    short = cli("nginx.conf", "--select", "tls-legacy-protocol", env={"COLUMNS": "80"})
    assert max(map(len, short.stdout.splitlines())) <= 80


def test_latin_1_is_data(cli: Run, tmp_path: Path) -> None:
    (tmp_path / "nginx.conf").write_bytes(GOOD.encode() + "# Prüfung für alle\n".encode("latin-1"))
    (tmp_path / "bad.conf").write_bytes(b"events {}\nhttp { server { ssl_verfy_client \xe9; } }\n")
    assert cli("nginx.conf", "--fail-on", "error").returncode == 0
    result = cli("bad.conf")
    assert result.returncode == 1
    assert "\\xe9" in result.stdout


@pytest.mark.parametrize("where", ["nginx.conf", "included.conf"])
def test_a_fifo_is_not_waited_for(cli: Run, tmp_path: Path, where: str) -> None:
    os.mkfifo(tmp_path / where)
    if where != "nginx.conf":
        (tmp_path / "nginx.conf").write_text("events {}\nhttp { include included.conf; }\n")
    result = cli("nginx.conf")
    assert result.returncode == 3
    assert "FIFO" in result.stdout + result.stderr


def test_a_directory_without_permission_is_named(cli: Run, tmp_path: Path) -> None:
    closed = tmp_path / "conf"
    closed.mkdir()
    (closed / "nginx.conf").write_text(GOOD)
    (tmp_path / "nginx.conf").write_text("events {}\nhttp { include conf/*.conf; }\n")
    closed.chmod(0o000)
    try:
        direct = cli("conf", unprivileged=True)
        included = cli("nginx.conf", unprivileged=True, env={"COLUMNS": "200"})
    finally:
        closed.chmod(0o755)
    assert direct.returncode == 3
    assert "ermission" in direct.stdout + direct.stderr
    assert included.returncode == 3
    assert "nginx.conf:2:" in included.stdout
    assert "conf" in included.stdout


@pytest.mark.parametrize(
    ("argument", "code", "words"),
    [
        ("no-such-file", 2, "no-such-file"),
        ("empty-directory", 2, "nginx.conf"),
        ("empty.conf", 0, "No findings"),
    ],
)
def test_nothing_there(cli: Run, tmp_path: Path, argument: str, code: int, words: str) -> None:
    (tmp_path / "empty-directory").mkdir()
    (tmp_path / "empty.conf").touch()
    result = cli(argument)
    assert result.returncode == code
    assert words in result.stdout + result.stderr
