"""``--fix`` and ``--diff``: what is written, what is not, and that all else stays as it was."""

import os
import subprocess
from pathlib import Path

import pytest

from cli.conftest import Run
from mtls_lint.testing import NginxBinary, with_material

BEFORE = b"""# \xff is no UTF-8, and this is: \xc3\xbc\r
events {}\r
http {\r
    log_format clients $ssl_client_s_dn; access_log access.log clients;\r
    server {\r
        listen 443 ssl;  # keep\r
        server_name api.example.com;\r
        ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key;\r
        ssl_client_certificate /pki/root.pem;  # our \xfe CA\r
        ssl_protocols TLSv1 TLSv1.1\tTLSv1.2;\r
        error_log error.log warn;\r
        location / { return 200; }\r
    }\r
}"""
SAFE = BEFORE.replace(b"error.log warn", b"error.log info")
AFTER = SAFE.replace(b"# our \xfe CA\r\n", b"# our \xfe CA\r\n        ssl_verify_client on;\r\n").replace(
    b" TLSv1 TLSv1.1\tTLSv1.2", b"\tTLSv1.2 TLSv1.3"
)
CERTIFICATE = "ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key;"
VERIFIED = BEFORE.replace(b"root.pem;", b"root.pem; ssl_verify_client on;")


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    path = tmp_path / "nginx" / "nginx.conf"
    path.parent.mkdir()
    path.write_bytes(material(BEFORE))
    return path


def pair() -> str:
    return with_material(CERTIFICATE)


def material(text: bytes) -> bytes:
    return with_material(text.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def test_unsafe_fixes_change_these_words_and_no_byte_beside_them(cli: Run, conf: Path) -> None:
    conf.chmod(0o640)
    done = cli("nginx", "--fix", "--unsafe-fixes", "--format", "json")
    assert conf.read_bytes() == material(AFTER.replace(b"error.log info", b"error.log warn"))
    assert conf.stat().st_mode & 0o7777 == 0o640
    assert os.listdir(conf.parent) == ["nginx.conf"]
    assert "3 findings fixed in 1 file" in done.stderr
    # What is found in the mended configuration is for the next run.
    assert '"client-refusals-not-logged"' in done.stdout
    assert "1 finding fixed" in cli("nginx", "--fix").stderr
    assert conf.read_bytes() == material(AFTER)


def test_a_second_run_changes_nothing(cli: Run, conf: Path) -> None:
    for _ in range(2):
        cli("nginx", "--fix", "--unsafe-fixes")
    state, data = conf.stat(), conf.read_bytes()
    done = cli("nginx", "--fix", "--unsafe-fixes")
    assert (conf.stat().st_ino, conf.read_bytes()) == (state.st_ino, data)
    assert "fixed" not in done.stderr


def test_nginx_takes_the_mended_file(cli: Run, conf: Path, nginx: NginxBinary) -> None:
    cli("nginx", "--fix", "--unsafe-fixes")
    # The harness takes text; both bytes that are none stand in comments.
    result = nginx.check(conf.read_bytes().decode("utf-8", "replace"))
    assert result.accepted, result.output


def test_safe_fixes_alone(cli: Run, conf: Path) -> None:
    conf.write_bytes(material(VERIFIED))
    done = cli("nginx", "--fix")
    assert conf.read_bytes() == material(VERIFIED.replace(b"error.log warn", b"error.log info"))
    assert "1 finding fixed in 1 file; 2 more with --unsafe-fixes" in done.stderr


def test_exit_codes_are_for_what_is_left(cli: Run, conf: Path) -> None:
    conf.write_bytes(conf.read_bytes().replace(b"\xff", b"").replace(b"\xfe", b""))
    assert cli("nginx").returncode == 1
    assert cli("nginx", "--diff", "--unsafe-fixes").returncode == 1
    select = ("--select", "mtls-not-enforced,tls-legacy-protocol")
    assert cli("nginx", "--fix", "--unsafe-fixes", *select).returncode == 0
    assert cli("nginx", "--diff", "--unsafe-fixes", *select).returncode == 0


def test_a_diff_writes_nothing_and_is_a_patch(cli: Run, conf: Path, tmp_path: Path) -> None:
    before = conf.read_bytes()
    shown = subprocess.run(
        [*cli("--version").args[:3], "nginx", "--diff", "--unsafe-fixes"],
        cwd=tmp_path, env={"PYTHONPATH": os.environ.get("PYTHONPATH", "")}, capture_output=True, check=False,
    )  # fmt: skip
    assert conf.read_bytes() == before
    assert shown.returncode == 1
    (tmp_path / "fixes.patch").write_bytes(shown.stdout)
    subprocess.run(["git", "apply", "-p0", "fixes.patch"], cwd=tmp_path, check=True)
    patched = conf.read_bytes()
    conf.write_bytes(before)
    cli("nginx", "--fix", "--unsafe-fixes")
    assert conf.read_bytes() == patched != before


def test_the_last_line_may_have_no_end(cli: Run, conf: Path) -> None:
    conf.write_bytes(b"server { listen 443 ssl; ssl_protocols TLSv1; }")
    done = cli("nginx/nginx.conf", "--diff", "--unsafe-fixes", "--select", "tls-legacy-only")
    assert done.stdout.endswith(
        "+server { listen 443 ssl; ssl_protocols TLSv1.2 TLSv1.3; }\n\\ No newline at end of file\n"
    )


class TestRefused:
    def test_stdin(self, cli: Run) -> None:
        done = cli("-", "--diff", "--unsafe-fixes", stdin=BEFORE)
        assert done.returncode == 2
        assert "stdin cannot be changed" in done.stderr

    def test_an_include_from_outside_the_paths(self, cli: Run, conf: Path, tmp_path: Path) -> None:
        outside = tmp_path / "tls.conf"
        outside.write_text("ssl_protocols TLSv1;\n")
        conf.write_text(f"events {{}}\nhttp {{ include {outside}; server {{ listen 443 ssl; {pair()} }} }}\n")
        done = cli("nginx", "--fix", "--unsafe-fixes", "--select", "tls-legacy-only")
        assert outside.read_text() == "ssl_protocols TLSv1;\n"
        assert done.returncode == 1
        assert "not fixed:" in done.stderr
        assert "is not among the given paths" in done.stderr
        cli("nginx", outside, "--fix", "--unsafe-fixes", "--select", "tls-legacy-only")
        assert outside.read_text() == "ssl_protocols TLSv1.2 TLSv1.3;\n"

    def test_a_dump(self, cli: Run, conf: Path) -> None:
        dump = b"# configuration file /etc/nginx/nginx.conf:\n" + material(BEFORE)
        conf.write_bytes(dump)
        done = cli(conf, "--fix", "--unsafe-fixes", "--select", "tls-legacy-protocol")
        assert conf.read_bytes() == dump
        assert "output of nginx -T" in done.stderr

    def test_what_a_template_fills_in(self, cli: Run, conf: Path) -> None:
        text = (
            "server {\n    listen 443 ssl;\n    server_name {{ name }};\n"
            "    {% if old %}\n    ssl_protocols TLSv1;\n    {% endif %}\n}\n"
        )
        conf.write_text(text)
        cli(conf, "--fix", "--unsafe-fixes", "--select", "tls-legacy-only")
        assert conf.read_text() == text

    def test_what_stands_inside_another_file(self, cli: Run, conf: Path) -> None:
        page = conf.with_name("page.md")
        text = "```nginx\nserver {\n    listen 443 ssl;\n    ssl_protocols TLSv1;\n}\n```\n"
        page.write_text(text)
        done = cli(page, "--fix", "--unsafe-fixes", "--select", "tls-legacy-only")
        assert "tls-legacy-only" in done.stdout
        assert page.read_text() == text

    def test_further_hard_links(self, cli: Run, conf: Path) -> None:
        os.link(conf, conf.with_name("same"))
        done = cli(conf, "--fix", "--unsafe-fixes")
        assert conf.read_bytes() == material(BEFORE)
        assert "hard links" in done.stderr

    def test_a_directory_that_may_not_be_written(self, cli: Run, conf: Path) -> None:
        conf.chmod(0o644)
        conf.parent.chmod(0o555)
        try:
            done = cli("nginx", "--fix", "--unsafe-fixes", unprivileged=True)
        finally:
            conf.parent.chmod(0o755)
        assert conf.read_bytes() == material(BEFORE)
        assert done.returncode == 3
        assert "cannot be written" in done.stderr

    @pytest.mark.usefixtures("conf")
    def test_unsafe_fixes_without_a_way_to_see_them(self, cli: Run) -> None:
        assert cli("nginx", "--unsafe-fixes").returncode == 2


def test_a_link_stays_a_link(cli: Run, conf: Path) -> None:
    available = conf.with_name("sites-available")
    conf.rename(available)
    conf.symlink_to("sites-available")
    cli("nginx", "--fix", "--unsafe-fixes")
    assert conf.is_symlink()
    assert b"ssl_verify_client on;" in available.read_bytes()


def test_a_file_that_is_included_twice_is_changed_once(cli: Run, conf: Path) -> None:
    shared = conf.with_name("tls.inc")
    shared.write_text("ssl_protocols TLSv1;\n")
    server = f"server {{ listen 443 ssl; server_name %s; {pair()} include tls.inc; }}\n"
    conf.write_text("events {}\nhttp {\n" + server % "a.example" + server % "b.example" + "}\n")
    cli("nginx", "--fix", "--unsafe-fixes", "--select", "tls-legacy-only")
    assert shared.read_text() == "ssl_protocols TLSv1.2 TLSv1.3;\n"
