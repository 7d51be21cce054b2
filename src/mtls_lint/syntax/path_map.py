"""Where the files of another machine lie on this one: ``/etc/nginx`` in ``./nginx``, or all in an image."""

import os.path

from msgspec import Struct
from msgspec.structs import replace

from mtls_lint.syntax.rooted import resolve_in


class PathMap(Struct, frozen=True):
    """Where nginx runs, and where its files are found here.

    ``pairs`` are directories (or files) of that machine, absolute, with their places on this one; ``root``
    is a directory of this machine that holds that one's whole file system: absolute names, and the
    symbolic links on the way, count from there and never lead out of it. ``elsewhere``: what neither
    tells of is not on this machine (a dump); otherwise it is where it is there.
    """

    pairs: tuple[tuple[str, str], ...] = ()
    root: str | None = None
    elsewhere: bool = False

    def here(self, path: str) -> str | None:
        """The place of ``path`` on this machine; None when it is not on it. The longest pair counts.

        Raises OSError for a loop of symbolic links in ``root``.
        """
        for origin, to in sorted(self.pairs, key=lambda pair: len(pair[0]), reverse=True):
            if path == origin:
                return to
            if path.startswith(f"{origin.rstrip('/')}/"):
                return os.path.join(to, path[len(origin.rstrip("/")) :].lstrip("/"))
        if not path.startswith("/"):
            return path
        if self.root is not None:
            return resolve_in(self.root, path)
        return None if self.elsewhere else path

    def there(self, path: str) -> str | None:
        """What ``path`` of this machine is called where nginx runs; None when it does not lie in ``root``."""
        if self.root is None:
            return None
        for form in (os.path.abspath, os.path.realpath):
            root, inside = form(self.root), form(path)
            if os.path.commonpath((root, inside)) == root:
                return os.path.join("/", os.path.relpath(inside, root)) if inside != root else "/"
        return None

    def of_another_machine(self) -> "PathMap":
        """The same for a text that says itself that it is from elsewhere."""
        return self if self.root is not None else replace(self, elsewhere=True)


def parse_pair(text: str) -> tuple[str, str]:
    """``FROM=TO``; ValueError says what is wrong with it."""
    origin, equals, to = text.partition("=")
    if not equals or not to:
        raise ValueError(f"{text!r} is not FROM=TO, such as /etc/nginx=./nginx")
    if not origin.startswith("/"):
        raise ValueError(f"{origin!r} is not absolute: FROM is a path of the machine where nginx runs")
    return origin.rstrip("/") or "/", to
