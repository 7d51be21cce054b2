"""Dumps, other roots, fragments, templates and embedded configurations, as people give them."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import Run
from mtls_lint.testing.catalogue import content

MAIN = """events {}
http {
    include /etc/nginx/sites-enabled/*;
}
"""
SITE = """server {
    listen 443 ssl; server_name www.example.com;
    ssl_certificate /etc/nginx/tls/server.pem; ssl_certificate_key /etc/nginx/tls/server.key;
    ssl_client_certificate /etc/ssl/ca.pem; ssl_verify_client on;
    location / { proxy_pass http://127.0.0.1:1; }
}
"""
DUMP = f"""# configuration file /etc/nginx/nginx.conf:
{MAIN}
# configuration file /etc/nginx/sites-enabled/site:
{SITE}
"""


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """The file system of another machine, with links that count from its root."""
    root = tmp_path / "image"
    for name, data in {
        "etc/nginx/nginx.conf": MAIN.encode(),
        "etc/nginx/sites-available/site": SITE.encode(),
        "etc/nginx/tls/server.pem": content("server.pem"),
        "etc/nginx/tls/server.key": content("server.key"),
        "srv/ca.pem": content("ca-expired.pem"),
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    (root / "etc/nginx/sites-enabled").mkdir()
    (root / "etc/nginx/sites-enabled/site").symlink_to("/etc/nginx/sites-available/site")
    (root / "etc/ssl").mkdir()
    (root / "etc/ssl/ca.pem").symlink_to("../../../../srv/ca.pem")
    return tmp_path


def report(cli: Run, *arguments: object, cwd: Path, stdin: str = "") -> dict[str, Any]:
    options = ("--now", "2026-06-01", "--format", "json")
    result = cli(*arguments, *options, cwd=cwd, stdin=stdin.encode())
    assert result.returncode in {0, 1}, result.stderr + result.stdout
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def places(found: dict[str, Any], rule: str) -> list[tuple[str, int]]:
    return [(one["file"], one["line"]) for one in found["findings"] if one["rule"] == rule]


@pytest.mark.parametrize("path", ["/etc/nginx", "/etc/nginx/nginx.conf", "image/etc/nginx", "image"])
def test_a_mounted_image(cli: Run, image: Path, path: str) -> None:
    found = report(cli, path, "--root", "image", cwd=image)
    assert places(found, "ca-expired") == [("/etc/nginx/sites-enabled/site", 4)]
    assert not [one for one in found["not_evaluated"] if "no such file" in one["reason"]]


def test_links_do_not_lead_out_of_it(cli: Run, image: Path) -> None:
    outside = image / "outside.conf"
    outside.write_text("server { listen 80; }")
    (image / "image/etc/nginx/sites-enabled/x").symlink_to(outside)
    result = cli("/etc/nginx", "--root", "image", "--format", "json", cwd=image)
    assert result.returncode == 3
    assert "does not exist" in result.stdout


@pytest.mark.parametrize("by", ["stdin", "file"])
def test_a_dump(cli: Run, image: Path, by: str) -> None:
    (image / "dump.txt").write_text(DUMP)
    given = ("-",) if by == "stdin" else ("dump.txt",)
    stdin = DUMP if by == "stdin" else ""
    alone = report(cli, *given, cwd=image, stdin=stdin)
    assert places(alone, "revocation-none") == [("/etc/nginx/sites-enabled/site", 4)]
    assert any("say with --root or --map" in one["reason"] for one in alone["not_evaluated"])
    assert not places(alone, "certificate-file-missing")
    rooted = report(cli, *given, "--root", "image", cwd=image, stdin=stdin)
    assert places(rooted, "ca-expired") == [("/etc/nginx/sites-enabled/site", 4)]
    mapped = report(cli, *given, "--map", "/etc/ssl=image/srv", cwd=image, stdin=stdin)
    assert places(mapped, "ca-expired") == [("/etc/nginx/sites-enabled/site", 4)]


def test_a_dump_of_this_machine(cli: Run, image: Path) -> None:
    dump = DUMP.replace("/etc/", f"{image}/image/etc/").replace("/etc/ssl/ca.pem", "/srv/ca.pem")
    found = report(cli, "-", "--root", "/", cwd=image, stdin=dump)
    assert places(found, "ca-expired") == [(f"{image}/image/etc/nginx/sites-enabled/site", 4)]


@pytest.mark.parametrize("command", ["matrix", "inventory"])
def test_other_commands_read_dumps(cli: Run, image: Path, command: str) -> None:
    result = cli(command, "-", "--root", "image", "--now", "2026-06-01", cwd=image, stdin=DUMP.encode())
    assert result.returncode == 0, result.stderr
    assert "example.com" in result.stdout


def test_a_prefix(cli: Run, image: Path) -> None:
    (image / "snippets").mkdir()
    (image / "snippets/tls.conf").write_text(
        "ssl_certificate a; ssl_certificate_key b; ssl_verify_client on; ssl_client_certificate srv/ca.pem;"
    )
    found = report(cli, "snippets/tls.conf", "--prefix", "image", cwd=image)
    assert places(found, "ca-expired") == [("snippets/tls.conf", 1)]


def test_a_context(cli: Run, tmp_path: Path) -> None:
    (tmp_path / "a.conf").write_text("error_log /dev/null;")
    for context in ("http,server", "stream", "main"):
        result = cli("a.conf", "--context", context, "-v", cwd=tmp_path)
        where = (
            f"a fragment for {context.replace(',', '/')}" if context != "main" else "a whole configuration"
        )
        assert where in result.stderr
    assert cli("a.conf", "--context", "http,upstream,x", cwd=tmp_path).returncode == 2


def test_fragments_given_together(cli: Run, tmp_path: Path) -> None:
    tls = "ssl_certificate a; ssl_certificate_key b; ssl_client_certificate c; ssl_verify_client on;"
    app = "location / { proxy_pass http://127.0.0.1:1; }"
    (tmp_path / "a.conf").write_text(f"server {{ listen 443 ssl; server_name a.example; {tls} {app} }}")
    (tmp_path / "b.conf").write_text(f"server {{ listen 80; server_name a.example; {app} }}")
    alone = report(cli, "a.conf", cwd=tmp_path)
    assert not places(alone, "same-app-without-client-certificate")
    both = report(cli, "a.conf", "b.conf", cwd=tmp_path)
    assert places(both, "same-app-without-client-certificate")


def test_a_template_with_values(cli: Run, tmp_path: Path) -> None:
    text = "server {\n  listen {{ port }} ssl;\n  ssl_protocols {{ protocols }};\n  ssl_certificate a;\n}\n"
    (tmp_path / "site.conf.j2").write_text(text)
    unknown = report(cli, "site.conf.j2", cwd=tmp_path)
    assert any("a template (Jinja2) fills in values" in one["reason"] for one in unknown["not_evaluated"])
    given = ("--define", "port=443", "--define", "protocols=TLSv1")
    known = report(cli, "site.conf.j2", *given, cwd=tmp_path)
    assert places(known, "tls-legacy-only") == [("site.conf.j2", 3)]


@pytest.mark.parametrize(
    ("option", "value"), [("--define", "x"), ("--root", "none"), ("--prefix", "none"), ("--context", "x")]
)
def test_values_that_are_none(cli: Run, tmp_path: Path, option: str, value: str) -> None:
    result = cli("-", option, value, cwd=tmp_path, stdin=b"")
    assert result.returncode == 2
    assert option in result.stderr


def test_markdown(cli: Run, tmp_path: Path) -> None:
    fence = "```nginx\nserver {\n listen 443 ssl;\n ssl_protocols TLSv1;\n}\n```\n"
    (tmp_path / "README.md").write_text(f"# Setup\n\n{fence}\nand\n\n{fence}")
    found = report(cli, "README.md", cwd=tmp_path)
    assert places(found, "tls-legacy-only") == [("README.md", 6), ("README.md", 15)]
