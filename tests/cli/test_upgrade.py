"""``upgrade``: its formats and exit codes."""

import json
from pathlib import Path

import pytest

from cli.conftest import Run
from mtls_lint.testing import with_material
from mtls_lint.testing.nginx import find_nginx

TEXT = """\
events {}
http {
    server {
        listen 443 ssl; server_name a.test; PROTOCOLS
        ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key;
        ssl_client_certificate /pki/root.pem; ssl_verify_client on; ssl_crl /pki/crl.pem;
        ssl_session_cache shared:tls:1m; ssl_session_tickets off;
        location / { proxy_pass http://127.0.0.1:1; }
    }
}
"""
FROM_TO = ("--from", "1.22.1", "--to", "1.31.3", "--now", "2026-06-01")


def write(directory: Path, protocols: str = "") -> Path:
    path = directory / "nginx.conf"
    path.write_text(with_material(TEXT.replace("PROTOCOLS", protocols)))
    return path


def test_text(cli: Run, tmp_path: Path) -> None:
    write(tmp_path)
    result = cli("upgrade", "nginx.conf", *FROM_TO, cwd=tmp_path)
    assert (result.returncode, result.stderr) == (1, "")
    start = """\
TLS versions
  nginx.conf:4: a.test:443 on *:443
      1.22.1  TLSv1, TLSv1.1, TLSv1.2
      1.31.3  TLSv1.2, TLSv1.3
      (the default of ssl_protocols)
"""
    assert result.stdout.startswith(start)
    assert "nginx 1.22.1 and 1.31.3 differ in" in result.stdout


def test_json(cli: Run, tmp_path: Path) -> None:
    write(tmp_path)
    result = cli("upgrade", "nginx.conf", *FROM_TO, "--format", "json", cwd=tmp_path)
    document = json.loads(result.stdout)
    assert list(document) == [
        "version", "from", "to", "differs", "complete", "differences", "findings", "notes", "not_compared",
    ]  # fmt: skip
    first = document["differences"][0]
    assert list(first) == ["kind", "where", "before", "after", "why", "file", "line"]
    assert (first["kind"], first["after"], first["line"]) == ("protocols", ["TLSv1.2, TLSv1.3"], 4)
    assert {one["change"] for one in document["findings"]} <= {"new", "gone"}
    assert (document["differs"], document["complete"]) == (True, True)


def test_nothing_differs(cli: Run, tmp_path: Path) -> None:
    path = write(tmp_path, "ssl_protocols TLSv1.2;")
    result = cli("upgrade", path, "--from", "1.30.1", "--to", "1.30.7", "--now", "2026-06-01")
    assert result.returncode == 0
    assert "nginx 1.30.1 and 1.30.7 do the same with this configuration" in result.stdout


def test_what_is_broken_is_3(cli: Run, tmp_path: Path) -> None:
    path = write(tmp_path, "include absent.conf;")
    assert cli("upgrade", path, *FROM_TO).returncode == 3


def test_a_binary_instead_of_a_number(cli: Run, tmp_path: Path) -> None:
    if not find_nginx():
        pytest.skip("no nginx")
    path, binary = write(tmp_path), find_nginx()[-1]
    result = cli("upgrade", path, "--nginx-binary", binary.path, "--to", "1.31.3", "--format", "json")
    assert json.loads(result.stdout)["from"] == str(binary.version)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "--from VERSION, or --nginx-binary"),
        (("--from", "1.22.1", "--nginx-binary", "nginx"), "--from VERSION, or --nginx-binary"),
        (("--from", "old"), "not an nginx version"),
        (("--from", "1.22.1", "--to", "new"), "not an nginx version"),
    ],
)
def test_usage(cli: Run, tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    result = cli("upgrade", write(tmp_path), *arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert words in " ".join(result.stderr.split())
