"""Names where nginx runs, and places here."""

from pathlib import Path

import pytest

from mtls_lint.pki.store import FileState, PemStore
from mtls_lint.syntax.input_files import Disk
from mtls_lint.syntax.path_map import PathMap, parse_pair
from mtls_lint.syntax.tree import Problem

MAP = PathMap((("/etc/nginx", "./nginx"), ("/etc/nginx/tls", "/srv/copies"), ("/opt/x.pem", "x.pem")))


@pytest.mark.parametrize(
    ("there", "here"),
    [
        ("/etc/nginx", "./nginx"),
        ("/etc/nginx/nginx.conf", "./nginx/nginx.conf"),
        ("/etc/nginx/conf.d/*.conf", "./nginx/conf.d/*.conf"),
        ("/etc/nginx/tls/a.pem", "/srv/copies/a.pem"),
        ("/opt/x.pem", "x.pem"),
        ("/etc/nginx2/a.pem", "/etc/nginx2/a.pem"),
        ("nginx.conf", "nginx.conf"),
    ],
)
def test_here(there: str, here: str) -> None:
    assert MAP.here(there) == here


def test_the_root_of_an_image() -> None:
    image = PathMap((("/", "/tmp/image"),))
    assert image.here("/etc/nginx/a.pem") == "/tmp/image/etc/nginx/a.pem"
    assert image.here("a.pem") == "a.pem"


def test_a_file_system_below_a_directory(tmp_path: Path) -> None:
    (tmp_path / "etc/nginx").mkdir(parents=True)
    (tmp_path / "etc/nginx/enabled").symlink_to("/etc/../../etc/available")
    (tmp_path / "etc/nginx/one").symlink_to("../two/./three")
    (tmp_path / "etc/host").symlink_to("/etc/nginx")
    root = PathMap((("/etc/ssl", "/srv/ssl"),), str(tmp_path))
    assert root.here("/etc/nginx/enabled/a") == f"{tmp_path}/etc/available/a"
    assert root.here("/etc/host/one") == f"{tmp_path}/etc/two/three"
    assert root.here("/../../x/../etc/passwd") == f"{tmp_path}/etc/passwd"
    assert root.here("/etc/ssl/a.pem") == "/srv/ssl/a.pem"
    assert root.here("certs/a.pem") == "certs/a.pem"
    assert root.there(f"{tmp_path}/etc/host/nginx.conf") == "/etc/host/nginx.conf"
    assert root.there(str(tmp_path)) == "/"
    assert root.there(f"{tmp_path}-2/x") is None
    assert PathMap().there("/etc") is None


def test_a_loop_of_links_is_not_followed_out(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("/b")
    (tmp_path / "b").symlink_to("/a")
    root = PathMap((), str(tmp_path))
    with pytest.raises(OSError, match="symbolic links"):
        root.here("/a")
    assert isinstance(Disk(root).read("/a/nginx.conf", "/a/nginx.conf"), Problem)
    assert Disk(root).glob("/a/*").unreadable == ("/a/",)
    assert PemStore(root.here).read("/a").state is FileState.UNREADABLE


def test_what_is_on_another_machine() -> None:
    dump = PathMap((("/etc/ssl", "/srv/ssl"),)).of_another_machine()
    assert dump.here("/etc/ssl/a.pem") == "/srv/ssl/a.pem"
    assert dump.here("/etc/passwd") is None
    file = PemStore(dump.here).read("/etc/passwd")
    assert file.state is FileState.ABSENT
    assert "not looked for" in (file.reason or "")
    assert PathMap((), "/mnt").of_another_machine().here("/x") == "/mnt/x"


@pytest.mark.parametrize("text", ["", "x", "/etc/nginx", "/etc/nginx=", "etc/nginx=./nginx", "=x"])
def test_what_is_no_pair(text: str) -> None:
    with pytest.raises(ValueError, match=r"FROM|absolute"):
        parse_pair(text)


def test_pairs() -> None:
    assert parse_pair("/etc/nginx/=./nginx") == ("/etc/nginx", "./nginx")
    assert parse_pair("/=image") == ("/", "image")
    assert parse_pair("/a=b=c") == ("/a", "b=c")
