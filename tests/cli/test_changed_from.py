"""``--changed-from``: the whole tree is read, and findings outside the change are counted, not shown."""

import json
import subprocess
from pathlib import Path

import pytest

from cli.conftest import Run
from mtls_lint.testing import with_material

SERVER = """server {
    listen 443 ssl;
    server_name %s;
    ssl_certificate %s;
    ssl_certificate_key %s;
    ssl_protocols %s;
}
"""
SELECT = ("--select", "tls-legacy-only,cert-expired")


def git(directory: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *identity, *arguments], cwd=directory, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two servers of one configuration, each in its file, and both with a finding."""
    pair = (with_material("/pki/server.pem"), with_material("/pki/server.key"))
    (tmp_path / "nginx" / "conf.d").mkdir(parents=True)
    (tmp_path / "nginx" / "nginx.conf").write_text("events {}\nhttp { include conf.d/*.conf; }\n")
    for name in "ab":
        text = SERVER % (f"{name}.example", *pair, "TLSv1")
        (tmp_path / "nginx" / "conf.d" / f"{name}.conf").write_text(text)
    git(tmp_path, "init")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--message", "first")
    return tmp_path


def files(report: str) -> list[str]:
    return [finding["file"] for finding in json.loads(report)["findings"]]


def test_only_what_has_changed_is_reported(cli: Run, repository: Path) -> None:
    whole = cli("nginx", "--format", "json", *SELECT)
    assert files(whole.stdout) == ["nginx/conf.d/a.conf", "nginx/conf.d/b.conf"]
    changed = repository / "nginx" / "conf.d" / "b.conf"
    changed.write_text(changed.read_text() + "# a comment\n")
    done = cli("nginx", "--format", "json", "--changed-from", "HEAD", *SELECT)
    assert files(done.stdout) == ["nginx/conf.d/b.conf"]
    assert json.loads(done.stdout)["summary"]["left_out"] == 1
    assert done.returncode == 1
    text = cli("nginx", "--changed-from", "HEAD", *SELECT)
    assert "1 outside the change left out" in " ".join(text.stdout.split())


def test_nothing_has_changed(cli: Run, repository: Path) -> None:
    done = cli("nginx", "--format", "json", "--changed-from", "HEAD", *SELECT, cwd=repository)
    assert files(done.stdout) == []
    assert json.loads(done.stdout)["summary"]["left_out"] == 2
    assert done.returncode == 0


def test_committed_and_new_files_count(cli: Run, repository: Path) -> None:
    directory = repository / "nginx" / "conf.d"
    (directory / "b.conf").write_text((directory / "b.conf").read_text() + "\n")
    git(repository, "commit", "--all", "--message", "second")
    (directory / "c.conf").write_text((directory / "a.conf").read_text().replace("a.example", "c.example"))
    found = cli("nginx", "--format", "json", "--changed-from", "HEAD~1", *SELECT)
    assert files(found.stdout) == ["nginx/conf.d/b.conf", "nginx/conf.d/c.conf"]
    assert files(cli("nginx", "--format", "json", "--changed-from", "HEAD", *SELECT).stdout) == [
        "nginx/conf.d/c.conf"
    ]


def test_a_related_place_in_what_has_changed_will_do(cli: Run, repository: Path) -> None:
    """The server was there before; what it switches off is new."""
    main, site = repository / "nginx" / "nginx.conf", repository / "nginx" / "conf.d" / "a.conf"
    content = "ssl_verify_client off; location / { proxy_pass http://127.0.0.1:8080; }\n}\n"
    site.write_text(site.read_text().replace("TLSv1;", "TLSv1.2;").removesuffix("}\n") + content)
    git(repository, "commit", "--all", "--message", "second")
    trust = with_material("ssl_client_certificate /pki/root.pem; ssl_verify_client on;")
    main.write_text(main.read_text().replace("http {", f"http {{ {trust}"))
    select = ("--select", "verify-client-off-override")
    done = cli("nginx", "--format", "json", "--changed-from", "HEAD", *select)
    assert files(done.stdout) == ["nginx/conf.d/a.conf"]


def test_a_certificate_that_has_changed(cli: Run, repository: Path) -> None:
    """The configuration is as it was; the file it names is not."""
    certificate, key = repository / "nginx" / "site.pem", repository / "nginx" / "site.key"
    for path, name in ((certificate, "server"), (key, "server")):
        path.write_bytes(Path(with_material(f"/pki/{name}{path.suffix}")).read_bytes())
    site = repository / "nginx" / "conf.d" / "a.conf"
    site.write_text(SERVER % ("a.example", "site.pem", "site.key", "TLSv1.2"))
    git(repository, "add", "--all")
    git(repository, "commit", "--message", "second")
    later = ("--now", "2126-01-01", "--select", "cert-expired", "--format", "json", "--changed-from", "HEAD")
    assert files(cli("nginx", *later).stdout) == []
    certificate.write_bytes(certificate.read_bytes() + b"\n")
    assert files(cli("nginx", *later).stdout) == ["nginx/conf.d/a.conf"]


@pytest.mark.parametrize("reference", ["no-such-branch", "--output=x", "HEAD:nginx"])
def test_what_is_no_commit_is_refused(cli: Run, repository: Path, reference: str) -> None:
    done = cli("nginx", f"--changed-from={reference}")
    assert done.returncode == 2
    assert "--changed-from" in done.stderr
    assert not (repository / "x").exists()


def test_outside_a_repository_it_is_refused(cli: Run, tmp_path: Path) -> None:
    (tmp_path / "nginx.conf").write_text("events {}\n")
    done = cli("nginx.conf", "--changed-from", "HEAD")
    assert done.returncode == 2
    assert "git rev-parse failed" in done.stderr


def test_programs_that_the_repository_names_are_not_run(cli: Run, repository: Path) -> None:
    script = repository / "evil.sh"
    script.write_text(f"#!/bin/sh\ntouch {repository}/was-run\n")
    script.chmod(0o755)
    for key in ("core.fsmonitor", "diff.external"):
        git(repository, "config", key, str(script))
    cli("nginx", "--changed-from", "HEAD")
    assert not (repository / "was-run").exists()
