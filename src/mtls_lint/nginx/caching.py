"""What nginx keeps of backends' answers, and by which key it finds them again."""

from msgspec import Struct

from mtls_lint.nginx.checks import sources_of
from mtls_lint.nginx.forwarding import ForwardingPath
from mtls_lint.nginx.model import Configuration
from mtls_lint.nginx.variables import variables_in
from mtls_lint.syntax.tree import Directive

_PROXY_KEY = "$scheme$proxy_host$request_uri"
"""What proxy_cache_key is by default; those of other protocols are empty."""


class Cache(Struct, frozen=True):
    """The cache of a path: its zone, its key as written, and the variables that the key comes from.

    ``bypass`` are the variables by which answers are neither kept nor taken from the cache.
    """

    directive: Directive
    zone: str
    key: str
    sources: frozenset[str]
    bypass: frozenset[str]
    has_times: bool
    """Whether the configuration itself says how long answers are kept; else the backend has to."""

    @property
    def named(self) -> frozenset[str]:
        """The variables in the key."""
        return variables_in(self.key)


def cache_of(configuration: Configuration, path: ForwardingPath) -> Cache | None:
    """The cache in force on a path; None where there is none, or nothing is kept in it."""
    scope, protocol = path.location.scope, path.protocol
    setting = scope.setting(f"{protocol}_cache")
    if setting.directive is None or setting.value is None or setting.lower == "off":
        return None
    key_setting = scope.setting(f"{protocol}_cache_key")
    default = _PROXY_KEY if protocol == "proxy" else ""
    key = str(key_setting.value) if key_setting.is_set else default
    never, past = scope.setting(f"{protocol}_no_cache").words, scope.setting(f"{protocol}_cache_bypass").words
    if any("$" not in word and word not in {"", "0"} for word in never):
        return None
    sources = sources_of(configuration, path.server)
    return Cache(
        setting.directive,
        setting.value,
        key,
        sources.of(key),
        sources.of(" ".join(never)) & sources.of(" ".join(past)),
        scope.setting(f"{protocol}_cache_valid").is_set,
    )
