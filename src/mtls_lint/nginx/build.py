"""What a build of nginx says of itself (``nginx -V``), and what its package's changelog says was mended."""

import re
from collections.abc import Iterable

from msgspec import Struct

from mtls_lint.expressions import expression
from mtls_lint.nginx.version import NginxVersion

# OpenResty counts on behind nginx's own three numbers. Other forks have numbers of their own.
_VERSION = expression(
    r"^nginx version: (?P<name>nginx|openresty)/(\d+)\.(\d+)\.(\d+)(?P<rest>.*)$", re.MULTILINE
)
_OTHER = expression(r"^\w+ version: (\S+)$", re.MULTILINE)
_OPENSSL = expression(r"^(?:built|running) with OpenSSL (\S+)", re.MULTILINE)
_OPTION = expression(r"--([a-z0-9_-]+)=('[^']*'|\S*)")
_MODULE = expression(r"--with-(\w+)(?=[\s=]|$)")
_CVE = expression(r"\bCVE-\d{4}-\d{4,}\b")
_TRUNCATED = expression(r"^# (?:Older|For older) .*changelog", re.MULTILINE | re.IGNORECASE)


class Package(Struct, frozen=True):
    """The package of a distribution that a binary comes from.

    ``fixed`` are the advisories that its changelog names; None where that could not be read, with ``reason``.
    ``complete`` is False where the changelog was cut off, as Ubuntu does.
    """

    name: str
    version: str
    fixed: frozenset[str] | None
    complete: bool = True
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.version}".rstrip()


class Build(Struct, frozen=True):
    """One binary of nginx: ``openssl`` is what it runs with, ``options`` what it was configured with.

    ``package`` is None where no package of a distribution owns the file: then it is what its number says,
    unless the ``name`` (``openresty``, ``nginx-plus``) says that somebody else's patches are in it.
    """

    path: str
    name: str
    version: NginxVersion
    openssl: str = ""
    options: tuple[tuple[str, str], ...] = ()
    modules: frozenset[str] = frozenset()
    package: Package | None = None

    def __str__(self) -> str:
        said = f"{self.path} ({self.name} {self.version}"
        if self.package is not None:
            said += f", package {self.package}"
        return said + (f", OpenSSL {self.openssl})" if self.openssl else ")")

    def carries_fix(self, cve: str) -> bool | None:
        """Whether the package has the fix in spite of the version's number; None where that is not known."""
        if self.package is None:
            return False if self.name == "nginx" else None
        if self.package.fixed is None:
            return None
        if cve in self.package.fixed:
            return True
        return False if self.package.complete else None


def parse_build(path: str, said: str) -> Build | None:
    """What ``nginx -V`` said; None for what is no nginx, or a fork whose numbers are its own."""
    version = _VERSION.search(said)
    if version is None:
        return None
    name = "nginx-plus" if "nginx-plus" in version[5] else version[1]
    # Tengine and its like say their own version first.
    for other in _OTHER.findall(said):
        if other not in version[0]:
            name = other.partition("/")[0]
            break
    openssl = _OPENSSL.findall(said)
    return Build(
        path,
        name,
        NginxVersion(int(version[2]), int(version[3]), int(version[4])),
        # Where both are said, nginx runs with the second.
        openssl[-1] if openssl else "",
        tuple((option, value.strip("'")) for option, value in _OPTION.findall(said)),
        frozenset(_MODULE.findall(said)),
    )


def read_changelog(name: str, version: str, changelog: str | None, reason: str = "") -> Package:
    """The package with what its changelog names; None stands for one that could not be read."""
    if changelog is None:
        return Package(name, version, None, complete=False, reason=reason)
    return Package(name, version, advisories_in(changelog.splitlines()), _TRUNCATED.search(changelog) is None)


def advisories_in(lines: Iterable[str]) -> frozenset[str]:
    """Every advisory that these lines name."""
    return frozenset(cve for line in lines for cve in _CVE.findall(line))
