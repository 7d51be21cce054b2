"""Which URIs a file of this machine has: the document roots above it."""

import os.path
import posixpath
from collections.abc import Iterator

from msgspec import Struct

from mtls_lint.nginx.answers import PASSING
from mtls_lint.nginx.inheritance import Scope
from mtls_lint.nginx.model import Configuration, Location, VirtualServer
from mtls_lint.nginx.select_location import select_location
from mtls_lint.syntax.tree import Directive, Unknown


class Webroot(Struct, frozen=True):
    """A ``root`` or ``alias`` (``directive``) by which ``server`` serves a file as ``uri``.

    ``doubt`` tells that some location's regular expression could not be run.
    """

    directive: Directive
    server: VirtualServer
    uri: str
    doubt: bool = False


class Webroots:
    """The document roots of a configuration, by directory.

    Only absolute ones: a relative one counts from the directory nginx was built for, which is not known.
    """

    def __init__(self, configuration: Configuration) -> None:
        self._roots: dict[str, list[_Root]] = {}
        self._ways: dict[str, tuple[tuple[str, list[_Root]], ...]] = {}
        for server in _servers_with_roots(configuration):
            if server.scope.find("return"):  # answers every request before a file is looked for
                continue
            for location in (None, *server.all_locations()):
                root = _root(server, location)
                if root is not None:
                    self._roots.setdefault(posixpath.normpath(root.base), []).append(root)

    def above(self, path: str) -> Iterator[Webroot]:
        """Where a file is served from, by its absolute path alone: no link and no permission is looked at."""
        home = path[: path.rfind("/") + 1]
        way = self._ways.get(home)
        if way is None:
            way = self._ways[home] = tuple(self._on_the_way(os.path.abspath(home)))
        if not way:
            return
        wanted = os.path.abspath(path)
        seen = set()
        for directory, roots in way:
            inside = wanted[len(directory.rstrip("/")) + 1 :]
            for root in roots:
                found = _served(root, inside)
                if found is not None and (found.directive.start, found.uri) not in seen:
                    seen.add((found.directive.start, found.uri))
                    yield found

    def _on_the_way(self, directory: str) -> "Iterator[tuple[str, list[_Root]]]":
        """The directories from this one up that are document roots: thousands of keys stand in one."""
        while True:
            if directory in self._roots:
                yield directory, self._roots[directory]
            above = posixpath.dirname(directory)
            if above == directory:
                return
            directory = above


def _servers_with_roots(configuration: Configuration) -> Iterator[VirtualServer]:
    """The servers of http that have a root or an alias somewhere, or take one over from the level around."""
    places = [place for name in ("root", "alias") for place in configuration.directives.get(name, ())]
    around = {next((block for block in place.ancestors if block.name == "server"), None) for place in places}
    for server in configuration.servers_of("http") if around else ():
        if None in around or server.directive in around:
            yield server


class _Root(Struct, frozen=True):
    directive: Directive
    base: str
    server: VirtualServer
    location: Location | None


def _root(server: VirtualServer, location: Location | None) -> _Root | None:
    if location is not None and (location.kind != "location" or location.modifier == "@"):
        return None
    scope = server.scope if location is None else location.scope
    named = _directory(scope)
    if named is None or not _serves_files(scope):
        return None
    directive, base = named
    if directive.name == "alias" and (location is None or location.modifier in {"~", "~*"}):
        return None  # an alias there holds captures
    return _Root(directive, base, server, location)


def _served(root: _Root, inside: str) -> Webroot | None:
    """What the file ``inside`` the root's directory is served as."""
    uri = f"/{inside}"
    if root.directive.name == "alias" and root.location is not None:
        # nginx puts the alias in place of the location's prefix, with or without a slash at its end.
        uri = root.location.pattern + (inside if root.base.endswith("/") else uri)
    selected = select_location(root.server, uri)
    if isinstance(selected, Unknown):
        return Webroot(root.directive, root.server, uri, doubt=True)
    served = selected.location is root.location and not selected.redirect
    return Webroot(root.directive, root.server, uri) if served else None


def _directory(scope: Scope) -> tuple[Directive, str] | None:
    directive = next(iter(scope.find("alias")), None) or scope.setting("root").directive
    if directive is None or not directive.args:
        return None
    base = str(directive.args[0])
    return (directive, base) if posixpath.isabs(base) and "$" not in base else None


def _serves_files(scope: Scope) -> bool:
    """Whether the level hands out files: nothing answers, denies or rewrites away before them."""
    if any(scope.find(name) for name in (*PASSING, "return", "internal", "stub_status", "empty_gif")):
        return False
    denied = scope.setting("deny").words == ("all",) and not scope.setting("allow").is_set
    tries = scope.find("try_files")
    return not denied and (not tries or any("$" in word for word in tries[0].args))
