"""``--map``: files of the machine with nginx, found in a copy."""

import json
from pathlib import Path

import pytest

from cli.conftest import Run
from mtls_lint.testing.catalogue import content

TEXT = """events {}
http {
    include /etc/nginx/conf.d/*.conf;
}
"""
SITE = """server {
    listen 443 ssl; server_name www.example.com;
    ssl_certificate /etc/nginx/tls/server.pem; ssl_certificate_key /etc/nginx/tls/server.key;
    ssl_client_certificate /etc/nginx/tls/ca.pem; ssl_verify_client on;
    location / { proxy_pass http://127.0.0.1:1; }
}
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name, data in {
        "nginx/nginx.conf": TEXT.encode(),
        "nginx/conf.d/site.conf": SITE.encode(),
        "nginx/tls/server.pem": content("server.pem"),
        "nginx/tls/server.key": content("server.key"),
        "nginx/tls/ca.pem": content("ca-expired.pem"),
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    return tmp_path


def test_includes_and_certificates_are_found(cli: Run, copy: Path) -> None:
    arguments = ("nginx", "--map", "/etc/nginx=nginx", "--now", "2026-06-01", "--format", "json")
    report = json.loads(cli(*arguments, cwd=copy).stdout)
    (finding,) = [one for one in report["findings"] if one["rule"] == "ca-expired"]
    assert (finding["file"], finding["line"]) == ("/etc/nginx/conf.d/site.conf", 4)
    assert not [one for one in report["not_evaluated"] if "no such file" in one["reason"]]


def test_permissions_of_a_copy_are_not_judged(cli: Run, copy: Path) -> None:
    (copy / "nginx" / "tls" / "server.key").chmod(0o644)
    arguments = ("nginx", "--map", "/etc/nginx=nginx", "--select", "files", "--format", "json")
    report = json.loads(cli(*arguments, cwd=copy).stdout)
    assert report["findings"] == []
    assert any("copy" in one["reason"] for one in report["not_evaluated"])


def test_without_it_the_reason_names_it(cli: Run, copy: Path) -> None:
    (copy / "one.conf").write_text(f"events {{}} http {{ {SITE} }}")
    result = cli("one.conf", "-v", cwd=copy)
    assert "say with --map where a copy is" in " ".join(result.stdout.split())


@pytest.mark.parametrize("command", ["matrix", "inventory"])
def test_other_commands_have_it(cli: Run, copy: Path, command: str) -> None:
    result = cli(command, "nginx", "--map", "/etc/nginx=nginx", "--now", "2026-06-01", cwd=copy)
    assert result.returncode == 0
    assert "example.com" in result.stdout


def test_trace_has_it(cli: Run, copy: Path) -> None:
    certificate = copy / "client.pem"
    certificate.write_bytes(content("client.pem"))
    arguments = ("trace", "nginx", "--connect", "127.0.0.1:443", "--host", "www.example.com")
    named = ("--client-cert", certificate, "--map", "/etc/nginx=nginx", "--now", "2026-06-01")
    result = cli(*arguments, *named, cwd=copy)
    assert result.returncode == 0
    assert "refuses a certificate that does not verify (495)" in " ".join(result.stdout.split())


@pytest.mark.parametrize("text", ["x", "etc=y", "/etc/nginx="])
def test_a_pair_that_is_none(cli: Run, copy: Path, text: str) -> None:
    result = cli("nginx", "--map", text, cwd=copy)
    assert result.returncode == 2
    assert "--map" in result.stderr
