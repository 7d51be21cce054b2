"""nginx versions."""

import re
from typing import NamedTuple

from mtls_lint.expressions import expression


class NginxVersion(NamedTuple):
    """A version of open-source nginx; compares as nginx's own numbers do."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


NEWEST_STABLE = NginxVersion(1, 30, 7)
"""The newest stable release that the facts in this package know of; the default of ``--nginx-version``."""

_VERSION = expression(r"\s*(?:nginx(?: version:)?\s*(?:nginx)?/?)?(\d+)\.(\d+)\.(\d+)\s*", re.ASCII)


def parse_version(text: str) -> NginxVersion:
    """Read ``1.22.1`` or what ``nginx -v`` prints (``nginx version: nginx/1.22.1``).

    Raises ValueError for anything else.
    """
    match = _VERSION.fullmatch(text)
    if match is None:
        raise ValueError(f"not an nginx version: {text!r} (expected three numbers, such as {NEWEST_STABLE})")
    return NginxVersion(int(match[1]), int(match[2]), int(match[3]))
