"""Requests in TLS 1.3 early data: which of them reach a backend that is not told of it."""

from collections.abc import Iterator

from mtls_lint.nginx.answers import PASSING
from mtls_lint.nginx.asking import TELLING
from mtls_lint.nginx.checks import made_of
from mtls_lint.nginx.model import Configuration, Location, VirtualServer
from mtls_lint.nginx.variables import variables_in

_SAFE = frozenset({"get", "head", "options"})
"""Methods that change nothing, so that a repetition does no harm (RFC 9110 section 9.2.1)."""


def repeatable_places(configuration: Configuration, server: VirtualServer) -> Iterator[Location]:
    """The locations whose backend gets requests of early data without being told.

    Left out are those that let safe methods through only, and those where an ``if`` that depends on
    ``$ssl_early_data`` or ``$request_method`` refuses.
    """
    early = made_of(configuration, server, frozenset({"ssl_early_data"}))
    watched = early | made_of(configuration, server, frozenset({"request_method"}))
    if any(_refuses(block, watched) for block in server.locations):
        return
    for location in server.all_locations():
        scope = location.scope
        if location.kind == "limit_except" or not any(scope.find(name) for name in PASSING):
            continue
        told = any(
            not early.isdisjoint(variables_in(word)) for name in TELLING for word in scope.setting(name).words
        )
        limited = any(_only_safe(block) or _refuses(block, watched) for block in location.children)
        if not told and not limited:
            yield location


def _refuses(block: Location, watched: frozenset[str]) -> bool:
    if block.kind != "if" or watched.isdisjoint(variables_in(block.pattern)):
        return False
    return any(d.args[0].isdecimal() and int(d.args[0]) >= 400 for d in block.scope.find("return") if d.args)


def _only_safe(block: Location) -> bool:
    methods = {str(word).lower() for word in block.directive.args}
    return block.kind == "limit_except" and methods <= _SAFE and bool(block.scope.find("deny"))
