"""Real files with real modes: who can read the keys, and who can replace what nginx trusts."""

import grp
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mtls_lint.lint.runner import Report
from mtls_lint.testing import lint_text
from mtls_lint.testing.catalogue import materialise

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")

NOBODY = pwd.getpwnam("nobody")
WORKER_GROUP = grp.getgrgid(NOBODY.pw_gid).gr_name
USER = f"user nobody {WORKER_GROUP};"
STRANGER, STRANGERS = 54321, 54321
NAMES = (
    "server.pem",
    "server.key",
    "root.pem",
    "crl.pem",
    "client.pem",
    "client.key",
    "passwords.txt",
    "ticket.key",
)


@pytest.fixture
def conf() -> Iterator[Path]:
    """A directory that everybody can enter, as /etc/nginx; pytest's own keep others out."""
    directory = Path(tempfile.mkdtemp(prefix="mtls-lint-files-")).resolve()
    directory.chmod(0o755)
    materialise(directory, NAMES)
    yield directory
    shutil.rmtree(directory)


def lint(rule: str, conf: Path, *lines: str, main: str = USER) -> Report:
    body = "\n".join(lines) or f"ssl_client_certificate {conf}/root.pem; ssl_verify_client on;"
    text = (
        f"{main} events {{}} http {{ server {{ listen 443 ssl; server_name a.test;\n"
        f"ssl_certificate {conf}/server.pem; ssl_certificate_key {conf}/server.key;\n{body} }} }}"
    )
    report = lint_text(text, rules=[rule])
    assert report.crashes == ()
    return report


def said(report: Report) -> list[tuple[str, str]]:
    return [(found.severity.value, found.finding.message) for found in report.findings]


def group_of(name: str) -> int:
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        pytest.skip(f"this machine has no group {name}")


@pytest.mark.parametrize(
    ("mode", "owner", "group", "severity", "words"),
    [
        (0o600, 0, 0, None, ""),
        (0o400, 0, 0, None, ""),
        (0o644, 0, 0, "error", "every user of this machine (mode 0644)"),
        (0o604, 0, 0, "error", "every user of this machine (mode 0604)"),
        (0o640, 0, STRANGERS, "error", f"the group {STRANGERS} (mode 0640)"),
        (0o640, 0, NOBODY.pw_gid, "warning", f"the group {WORKER_GROUP}, the web server's own (mode 0640)"),
        (0o600, STRANGER, STRANGERS, None, ""),
        (0o620, 0, STRANGERS, None, ""),
    ],
)
def test_modes_of_a_key(
    conf: Path, mode: int, owner: int, group: int, severity: str | None, words: str
) -> None:
    os.chown(conf / "server.key", owner, group)
    (conf / "server.key").chmod(mode)
    report = lint("key-permissions", conf)
    assert report.not_evaluated == ()
    if severity is None:
        assert said(report) == []
    else:
        ((found, message),) = said(report)
        assert found == severity
        assert words in message


def test_the_group_for_keys_of_debian(conf: Path) -> None:
    os.chown(conf / "server.key", 0, group_of("ssl-cert"))
    (conf / "server.key").chmod(0o640)
    assert said(lint("key-permissions", conf)) == []


def test_the_group_root_without_members_lets_nobody_in(conf: Path) -> None:
    if grp.getgrgid(0).gr_mem not in ([], ["root"]):
        pytest.skip("the group root has members here")
    (conf / "server.key").chmod(0o640)
    assert said(lint("key-permissions", conf)) == []


@pytest.mark.parametrize("directory_mode", [0o700, 0o750, 0o710])
def test_a_closed_directory_closes_what_is_in_it(conf: Path, directory_mode: int) -> None:
    (conf / "server.key").chmod(0o644)
    conf.chmod(directory_mode)
    assert said(lint("key-permissions", conf)) == []
    conf.chmod(0o711)
    assert len(said(lint("key-permissions", conf))) == 1


def test_links_lead_to_the_file_that_counts(conf: Path) -> None:
    archive = conf / "archive"
    archive.mkdir(mode=0o700)
    shutil.copy(conf / "server.key", archive / "key1.pem")
    (archive / "key1.pem").chmod(0o644)
    (conf / "server.key").unlink()
    (conf / "server.key").symlink_to("archive/key1.pem")
    assert said(lint("key-permissions", conf)) == []
    archive.chmod(0o755)
    assert len(said(lint("key-permissions", conf))) == 1


def test_the_kernel_agrees_about_who_can_read(conf: Path) -> None:
    for mode in (0o600, 0o640, 0o604, 0o644):
        for directory_mode in (0o700, 0o711, 0o750, 0o755):
            (conf / "server.key").chmod(mode)
            conf.chmod(directory_mode)
            command = [
                "setpriv",
                "--reuid=54321",
                "--regid=54321",
                "--clear-groups",
                "cat",
                str(conf / "server.key"),
            ]
            reads = subprocess.run(command, capture_output=True, check=False).returncode == 0
            assert bool(said(lint("key-permissions", conf))) is reads


def test_a_key_named_in_many_places_is_one_finding(conf: Path) -> None:
    (conf / "client.key").chmod(0o644)
    line = (
        f"location /%s {{ proxy_pass https://b; proxy_ssl_certificate {conf}/client.pem;"
        f" proxy_ssl_certificate_key {conf}/client.key; }}"
    )
    report = lint("key-permissions", conf, line % "a", line % "b")
    assert [len(found.finding.related) for found in report.findings] == [1]


def test_a_key_that_nginx_does_not_open(conf: Path) -> None:
    (conf / "client.key").chmod(0o644)
    line = (
        f"location / {{ proxy_pass http://b; proxy_ssl_certificate {conf}/client.pem;"
        f" proxy_ssl_certificate_key {conf}/client.key; }}"
    )
    assert said(lint("key-permissions", conf, line)) == []


@pytest.mark.parametrize(
    ("rule", "name", "directive"),
    [
        ("password-file-exposed", "passwords.txt", "ssl_password_file"),
        ("ticket-key-exposed", "ticket.key", "ssl_session_ticket_key"),
    ],
)
def test_other_secrets(conf: Path, rule: str, name: str, directive: str) -> None:
    line = f"{directive} {conf}/{name};"
    assert said(lint(rule, conf, line)) == []
    (conf / name).chmod(0o644)
    ((severity, message),) = said(lint(rule, conf, line))
    assert severity == "error"
    assert "every user of this machine" in message
    assert said(lint("key-permissions", conf, line)) == []


Change = Callable[[Path], None]


def _give(name: str, owner: int, group: int = 0) -> Change:
    return lambda conf: os.chown(conf / name, owner, group)


def _mode(name: str, mode: int, group: int = 0) -> Change:
    def change(conf: Path) -> None:
        os.chown(conf / name, 0, group)
        (conf / name).chmod(mode)

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_mode("root.pem", 0o644), ""),
        (
            _mode("root.pem", 0o666),
            "root.pem (mode 0666) can be written by every user of this machine: that",
        ),
        (_mode("root.pem", 0o664), ""),
        (_mode("root.pem", 0o664, STRANGERS), ""),
        (
            _mode("root.pem", 0o664, NOBODY.pw_gid),
            f"who is in its group {WORKER_GROUP}: that is enough",
        ),
        (
            _give("root.pem", NOBODY.pw_uid),
            "the user of nginx's workers, who owns it: that is enough",
        ),
        (_give("root.pem", STRANGER), ""),
        (_mode("server.key", 0o602), "put another file in its place"),
        (_mode(".", 0o777), "the directory"),
        (_mode(".", 0o1777), ""),
        (_mode(".", 0o775, NOBODY.pw_gid), "the directory"),
        (_mode(".", 0o775, STRANGERS), ""),
        (_give(".", NOBODY.pw_uid), "the directory"),
        (_mode(".", 0o772), ""),
    ],
)
def test_who_can_write(conf: Path, change: Change, words: str) -> None:
    change(conf)
    report = lint("trust-file-writable", conf)
    assert report.not_evaluated == ()
    if not words:
        assert said(report) == []
    else:
        ((severity, message),) = said(report)
        assert severity == "error"
        assert words in message


def test_a_sticky_directory_keeps_only_what_is_not_ones_own(conf: Path) -> None:
    conf.chmod(0o1777)
    os.chown(conf / "root.pem", NOBODY.pw_uid, 0)
    ((_, message),) = said(lint("trust-file-writable", conf))
    assert message.startswith(f"{conf}/root.pem")


def test_a_directory_is_one_finding_that_tells_the_worst(conf: Path) -> None:
    conf.chmod(0o777)
    (found,) = lint("trust-file-writable", conf).findings
    assert "add a CA whose clients get in" in found.finding.message
    assert len(found.finding.related) == 2


def test_a_directory_behind_a_closed_one_is_out_of_reach(conf: Path) -> None:
    inner = conf / "inner"
    inner.mkdir()
    shutil.copy(conf / "root.pem", inner)
    inner.chmod(0o777)
    line = f"ssl_client_certificate {inner}/root.pem; ssl_verify_client on;"
    assert len(said(lint("trust-file-writable", conf, line))) == 1
    conf.chmod(0o700)
    assert said(lint("trust-file-writable", conf, line)) == []


def test_the_directory_of_a_link_counts(conf: Path) -> None:
    (conf / "links").mkdir()
    (conf / "links" / "ca.pem").symlink_to(conf / "root.pem")
    (conf / "links").chmod(0o777)
    line = f"ssl_client_certificate {conf}/links/ca.pem; ssl_verify_client on;"
    ((_, message),) = said(lint("trust-file-writable", conf, line))
    assert f"{conf}/links" in message


def test_who_the_workers_are_may_not_be_known(conf: Path) -> None:
    assert lint("trust-file-writable", conf, main="").not_evaluated == ()  # it does not matter
    os.chown(conf / "root.pem", STRANGER, 0)
    report = lint("trust-file-writable", conf, main="")
    assert said(report) == []
    assert ["no `user` directive" in entry.reason for entry in report.not_evaluated] == [True]
    report = lint("trust-file-writable", conf, main="user no-such-user;")
    assert ["does not know" in entry.reason for entry in report.not_evaluated] == [True]
    assert lint("trust-file-writable", conf, main="user root;").not_evaluated == ()


def test_absent_files_are_not_evaluated(conf: Path) -> None:
    (conf / "server.key").unlink()
    for rule in ("key-permissions", "trust-file-writable"):
        report = lint(rule, conf)
        assert said(report) == []
        assert ["no such file" in entry.reason for entry in report.not_evaluated] == [True]


def test_relative_paths_in_a_working_copy_are_not_evaluated(conf: Path) -> None:
    (conf / "server.key").chmod(0o644)
    text = "server { listen 443 ssl; ssl_certificate server.pem; ssl_certificate_key server.key; }"
    assert len(said(lint_text(text, rules=["key-permissions"], directory=conf))) == 1
    (conf / ".git").mkdir()
    report = lint_text(text, rules=["key-permissions"], directory=conf)
    assert said(report) == []
    assert "working copy" in report.not_evaluated[0].reason
    absolute = text.replace("server.key", f"{conf}/server.key")
    assert len(said(lint_text(absolute, rules=["key-permissions"], directory=conf))) == 1


def test_an_access_control_list_is_not_read(conf: Path) -> None:
    key = conf / "server.key"
    os.chown(key, 0, STRANGERS)
    key.chmod(0o640)
    # As the kernel keeps it: version 2, then user::rw-, user:65534:r--, mask::r-- and nothing else
    no_one = 0xFFFFFFFF
    entries = (
        (1, 6, no_one),
        (2, 4, 65534),
        (4, 0, no_one),
        (16, 4, no_one),
        (32, 0, no_one),
    )
    data = (2).to_bytes(4, "little") + b"".join(
        tag.to_bytes(2, "little") + right.to_bytes(2, "little") + who.to_bytes(4, "little")
        for tag, right, who in entries
    )
    try:
        os.setxattr(key, "system.posix_acl_access", data)
    except OSError:
        pytest.skip("the file system has no access control lists")
    report = lint("key-permissions", conf)
    assert said(report) == []
    assert "access control list" in report.not_evaluated[0].reason
