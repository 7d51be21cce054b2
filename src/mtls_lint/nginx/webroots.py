"""Which URIs a file of this machine has: the document roots above it."""

import os.path
from collections.abc import Iterator
from dataclasses import dataclass

from mtls_lint.nginx.answers import PASSING
from mtls_lint.nginx.inheritance import Scope
from mtls_lint.nginx.model import Configuration, Location, VirtualServer
from mtls_lint.nginx.select_location import select_location
from mtls_lint.syntax.tree import Directive, Unknown


@dataclass(frozen=True, slots=True)
class Webroot:
    """A ``root`` or ``alias`` (``directive``) by which ``server`` serves a file as ``uri``.

    ``doubt`` tells that some location's regular expression could not be run.
    """

    directive: Directive
    server: VirtualServer
    uri: str
    doubt: bool = False


def webroots_above(configuration: Configuration, path: str) -> tuple[Webroot, ...]:
    """Where a file is served from, by its absolute path alone; links and permissions are not looked at.

    Only absolute roots: a relative one counts from the directory nginx was built for, which is not known.
    """
    wanted = os.path.normpath(path)
    found: dict[tuple[int, str], Webroot] = {}
    for server in configuration.servers_of("http"):
        if server.scope.find("return"):  # answers every request before a file is looked for
            continue
        for location in (None, *server.all_locations()):
            for root in _of_place(server, location, wanted):
                found.setdefault((root.directive.start, root.uri), root)
    return tuple(found.values())


def _of_place(server: VirtualServer, location: Location | None, path: str) -> Iterator[Webroot]:
    scope = server.scope if location is None else location.scope
    if location is not None and (location.kind != "location" or location.modifier == "@"):
        return
    named = _directory(scope)
    if named is None or not _serves_files(scope):
        return
    directive, base = named
    inside = path.removeprefix(base.rstrip("/"))
    if inside == path or not (base.endswith("/") or inside.startswith("/")):
        return
    uri = "/" + inside.lstrip("/")
    if directive.name == "alias":
        if location is None or location.modifier in {"~", "~*"}:
            return  # an alias there holds captures
        uri = location.pattern + path[len(base) :]
    selected = select_location(server.locations, uri)
    if isinstance(selected, Unknown):
        yield Webroot(directive, server, uri, doubt=True)
    elif selected.location is location and not selected.redirect:
        yield Webroot(directive, server, uri)


def _directory(scope: Scope) -> tuple[Directive, str] | None:
    directive = next(iter(scope.find("alias")), None) or scope.setting("root").directive
    if directive is None or not directive.args:
        return None
    base = str(directive.args[0])
    return (directive, base) if os.path.isabs(base) and "$" not in base else None


def _serves_files(scope: Scope) -> bool:
    """Whether the level hands out files: nothing answers, denies or rewrites away before them."""
    if any(scope.find(name) for name in (*PASSING, "return", "internal", "stub_status", "empty_gif")):
        return False
    denied = scope.setting("deny").words == ("all",) and not scope.setting("allow").is_set
    tries = scope.find("try_files")
    return not denied and (not tries or any("$" in word for word in tries[0].args))
