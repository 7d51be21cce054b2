"""What the user chose for a run."""

from collections.abc import Mapping

from msgspec import Struct, field

from mtls_lint.lint.finding import Severity
from mtls_lint.lint.requirements import Requirements
from mtls_lint.nginx.build import Build
from mtls_lint.nginx.version import NEWEST_STABLE, NginxVersion


class Settings(Struct, frozen=True):
    """The parameters that rules may read.

    ``require`` are the server names that must ask for a client certificate (``--require``);
    ``expiry_days`` the horizon for expiry in days, None for a third of each lifetime. ``version_told`` is
    False where nobody said which nginx it is, and ``nginx_version`` is the newest stable one; ``build`` is
    the binary that was asked (``--nginx-binary``).

    ``severities`` are those of rules, by id, in place of what the rules say themselves. ``ignores`` is False
    where the ignores of the configuration are not to be heeded (``--no-ignores``), and
    ``ignores_need_reason`` whether one without a reason hides nothing. ``requirements`` are those of
    a profile (``--profile``).
    """

    nginx_version: NginxVersion = NEWEST_STABLE
    require: tuple[str, ...] = ()
    expiry_days: int | None = None
    version_told: bool = False
    build: Build | None = None
    severities: Mapping[str, Severity] = {}
    ignores: bool = True
    ignores_need_reason: bool = True
    requirements: Requirements = field(default_factory=Requirements)
