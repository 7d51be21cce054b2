"""The trees of the benchmarks: nginx takes them, mtls-lint reads all of them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.plan import MAIN
from benchmarks.trees import write_hosts, write_small

from mtls_lint.testing.nginx import NginxBinary

ROOT = Path(__file__).resolve().parent.parent.parent


def linted(directory: Path, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "mtls_lint", *arguments],
        cwd=directory,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def accepted(nginx: NginxBinary, directory: Path) -> None:
    if nginx.version < (1, 25, 1):
        pytest.skip("the trees say `http2 on`, and are measured with a newer one")
    result = nginx.check(directory / MAIN, directory)
    assert result, result.output


@pytest.mark.parametrize("options", [{}, {"one_socket": True}, {"operators": True}], ids=str)
def test_nginx_takes_a_tree(nginx: NginxBinary, options: dict[str, bool], tmp_path: Path) -> None:
    write_hosts(tmp_path / "tree", 8, **options)
    accepted(nginx, tmp_path / "tree")


def test_nginx_takes_the_small_file(nginx: NginxBinary, tmp_path: Path) -> None:
    write_small(tmp_path / "small", certificates=True)
    accepted(nginx, tmp_path / "small")


def test_every_kind_of_host_is_read_with_its_certificate(tmp_path: Path) -> None:
    write_hosts(tmp_path / "tree", 20)
    code, out = linted(tmp_path / "tree", MAIN, "--format", "json")
    report = json.loads(out)
    assert code in {0, 1}
    assert report["summary"]["servers"] == 22
    assert report["summary"]["error"] == report["summary"]["warning"] == 0
    regex = "the names that a regular expression stands for"
    assert {
        entry["reason"].partition(" (")[0] for entry in report["not_evaluated"] if entry["rule"] != "versions"
    } == {regex}


def test_the_matrix_of_one_socket_is_decided(tmp_path: Path) -> None:
    write_hosts(tmp_path / "tree", 20, one_socket=True)
    code, out = linted(tmp_path / "tree", "matrix", MAIN, "--format", "json")
    assert code == 0
    assert {row["socket"] for row in json.loads(out)["rows"]} == {"*:8443"}


def test_a_key_is_its_owners_alone(tmp_path: Path) -> None:
    write_hosts(tmp_path / "tree", 3)
    keys = list((tmp_path / "tree" / "tls").glob("*.key"))
    assert [key.stat().st_mode & 0o077 for key in keys] == [0, 0, 0]


def test_the_small_file_without_its_certificates(tmp_path: Path) -> None:
    write_small(tmp_path / "small", certificates=False)
    assert not list((tmp_path / "small" / "tls").iterdir())
    assert linted(tmp_path / "small", MAIN)[0] in {0, 1}
