"""What a build says of itself, and what its package's changelog names."""

import pytest
from msgspec.structs import replace

from mtls_lint.nginx.build import Package, parse_build, read_changelog
from mtls_lint.nginx.version import NginxVersion

DEBIAN = """\
nginx version: nginx/1.22.1
built with OpenSSL 3.0.15 3 Sep 2024 (running with OpenSSL 3.0.22 25 Aug 2026)
TLS SNI support enabled
configure arguments: --with-cc-opt='-g -O2' --prefix=/usr/share/nginx --with-http_ssl_module \
--with-stream=dynamic
"""


def test_version_options_and_modules() -> None:
    build = parse_build("/usr/sbin/nginx", DEBIAN)
    assert build is not None
    assert (build.name, build.version, build.package) == ("nginx", NginxVersion(1, 22, 1), None)
    assert dict(build.options)["prefix"] == "/usr/share/nginx"
    assert build.modules == {"http_ssl_module", "stream"}


@pytest.mark.parametrize(
    ("said", "name", "openssl"),
    [
        ("nginx version: nginx/1.31.3\nbuilt with OpenSSL 3.3.7 7 Apr 2026\n", "nginx", "3.3.7"),
        (
            "nginx version: nginx/1.31.3\nbuilt with OpenSSL 3.3.7 x\nrunning with OpenSSL 3.5.0 y\n",
            "nginx", "3.5.0",
        ),
        ("nginx version: openresty/1.27.1.2\n", "openresty", ""),
        ("nginx version: nginx/1.27.4 (nginx-plus-r34)\n", "nginx-plus", ""),
        ("Tengine version: Tengine/3.1.0\nnginx version: nginx/1.24.0\n", "Tengine", ""),
    ],
)  # fmt: skip
def test_forks(said: str, name: str, openssl: str) -> None:
    build = parse_build("nginx", said)
    assert build is not None
    assert (build.name, build.openssl) == (name, openssl)
    # Somebody else's patches may be in a fork.
    assert build.carries_fix("CVE-2026-97629") is (False if name == "nginx" else None)


@pytest.mark.parametrize("said", ["", "Server version: Apache/2.4.62", "nginx version: angie/1.8.0"])
def test_what_is_no_nginx(said: str) -> None:
    assert parse_build("x", said) is None


CHANGELOG = """\
nginx (1.22.1-9+deb12u7) bookworm-security; urgency=medium
  * resolver use-after-free in OCSP (CVE-2026-40701)
    - d/p/CVE-2025-23419.patch add
"""


def test_a_changelog() -> None:
    package = read_changelog("nginx", "1.22.1-9+deb12u7", CHANGELOG)
    assert package == Package("nginx", "1.22.1-9+deb12u7", frozenset({"CVE-2026-40701", "CVE-2025-23419"}))
    assert str(package) == "nginx 1.22.1-9+deb12u7"
    cut = "# Older entries have been removed from this changelog.\n"
    assert not read_changelog("nginx", "1", CHANGELOG + cut).complete
    assert read_changelog("nginx", "1", None, "why").fixed is None


@pytest.mark.parametrize(
    ("package", "answer"),
    [
        (None, False),
        (Package("nginx", "1", frozenset({"CVE-1"})), True),
        (Package("nginx", "1", frozenset()), False),
        (Package("nginx", "1", frozenset(), complete=False), None),
        (Package("nginx", "1", frozenset({"CVE-1"}), complete=False), True),
        (Package("nginx", "1", None), None),
    ],
)
def test_whether_a_fix_is_in_it(package: Package | None, answer: bool | None) -> None:
    build = parse_build("x", DEBIAN)
    assert build is not None
    assert replace(build, package=package).carries_fix("CVE-1") is answer
