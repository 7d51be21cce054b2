"""Where the files of another machine lie on this one: ``/etc/nginx`` in ``./nginx``."""

import os.path
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PathMap:
    """Pairs of a directory (or file) on that machine, absolute, and its place on this one."""

    pairs: tuple[tuple[str, str], ...] = ()

    def here(self, path: str) -> str:
        """The place of ``path`` on this machine; itself where no pair is about it. The longest counts."""
        return self._moved(path, self.pairs)

    def there(self, path: str) -> str:
        """What ``path`` of this machine is called on the other one: the inverse of ``here``."""
        return self._moved(path, tuple((to, origin) for origin, to in self.pairs))

    @staticmethod
    def _moved(path: str, pairs: tuple[tuple[str, str], ...]) -> str:
        for origin, to in sorted(pairs, key=lambda pair: len(pair[0]), reverse=True):
            if path == origin or path.startswith(f"{origin.rstrip('/')}/"):
                return os.path.join(to, path[len(origin.rstrip("/")) :].lstrip("/")) if path != origin else to
        return path


def parse_pair(text: str) -> tuple[str, str]:
    """``FROM=TO``; ValueError says what is wrong with it."""
    origin, equals, to = text.partition("=")
    if not equals or not to:
        raise ValueError(f"{text!r} is not FROM=TO, such as /etc/nginx=./nginx")
    if not origin.startswith("/"):
        raise ValueError(f"{origin!r} is not absolute: FROM is a path of the machine where nginx runs")
    return origin.rstrip("/") or "/", to
