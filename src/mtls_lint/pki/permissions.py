"""Who may read or replace a file: what stat says of it and of every directory on the way to it."""

import errno
import os
import stat
from functools import cached_property

from msgspec import Struct

_LINKS = 40
"""Symbolic links that Linux follows in one path (path_resolution(7))."""

_READ, _WRITE, _ENTER = 4, 2, 1
_ACL = "system.posix_acl_access"


class Account(Struct, frozen=True):
    """A user as the kernel sees one: None and no groups stand for everybody else."""

    uid: int | None = None
    groups: frozenset[int] = frozenset()


EVERYBODY = Account()
"""A user who owns nothing here and is in no group."""


class Status(Struct, frozen=True, dict=True):
    """What stat says of one file or directory; ``path`` has no links in it."""

    path: str
    owner: int
    group: int
    mode: int
    is_directory: bool

    @cached_property
    def acl(self) -> bool:
        """Whether there is an access control list: the bits of the group are its mask then, and say little.

        Asked for only where these bits let somebody in.
        """
        ask = getattr(os, "getxattr", None)  # Linux only
        try:
            return ask is not None and bool(ask(self.path, _ACL, follow_symlinks=False))
        except OSError:
            return False

    def allows(self, account: Account, right: int) -> bool:
        """Whether the permission bits give the right; the first class that fits decides (chmod(1))."""
        if account.uid is not None and account.uid == self.owner:
            return bool(self.mode >> 6 & right)
        if self.group in account.groups:
            return bool(self.mode >> 3 & right)
        return bool(self.mode & right)

    def may_change(self, account: Account) -> bool:
        """Whether the account can write it: directories by what they hold, the owner by chmod.

        In a sticky directory only the owner of an entry, or of the directory, can take it away.
        """
        if account.uid is not None and account.uid == self.owner:
            return True
        if self.is_directory:
            sticky = bool(self.mode & stat.S_ISVTX)
            return not sticky and self.allows(account, _WRITE) and self.allows(account, _ENTER)
        return self.allows(account, _WRITE)


class Access(Struct, frozen=True):
    """A file, and every directory that is passed on the way, links followed, from the root on.

    ``changed`` is when the file, or a link on the way, was last written: seconds since 1970.
    """

    file: Status
    directories: tuple[Status, ...]
    changed: float

    def reads(self, account: Account) -> bool:
        """Whether the account can open the file, and get to it."""
        return self.file.allows(account, _READ) and self._reaches(account, len(self.directories))

    def changes(self, account: Account) -> tuple[Status, ...]:
        """The file and the directories that the account can write, and so replace the file."""
        ways = (*self.directories, self.file)
        return tuple(
            one for index, one in enumerate(ways) if one.may_change(account) and self._reaches(account, index)
        )

    @property
    def all(self) -> tuple[Status, ...]:
        """The file and the directories."""
        return (self.file, *self.directories)

    def _reaches(self, account: Account, count: int) -> bool:
        return all(directory.allows(account, _ENTER) for directory in self.directories[:count])


class AccessStore:
    """Asks stat, once for each file and directory; nothing is opened."""

    def __init__(self) -> None:
        """Nothing asked yet."""
        self._here = os.getcwd()
        self._known: dict[str, os.stat_result] = {}
        # Directories that hold files asked for, without a link on the way: their own path, and all of it.
        self._ways: dict[str, tuple[str, tuple[Status, ...]]] = {}
        self._answers: dict[str, Access | str] = {}

    def of(self, path: str) -> Access | str:
        """The permissions of the file at ``path``, or why they are not known."""
        answer = self._answers.get(path)
        if answer is None:
            try:
                answer = self._walk(path)
            except (OSError, ValueError) as error:  # ValueError: a NUL in the path
                answer = _why(error)
            self._answers[path] = answer
        return answer

    def _walk(self, path: str) -> Access | str:
        whole = path if path.startswith("/") else os.path.join(self._here, path)
        above, _, last = whole.rpartition("/")
        way = self._ways.get(above)
        if way is not None and last not in {"", ".", ".."}:
            name = f"{way[0].rstrip('/')}/{last}"
            found = self._lstat(name)
            if stat.S_ISREG(found.st_mode):
                return Access(self._status(name), way[1], max(0.0, found.st_mtime))
        parts = whole.split("/")[::-1]
        here, links, changed = "/", 0, 0.0
        directories = [self._status("/")]
        while parts:
            part = parts.pop()
            if part in {"", "."}:
                continue
            if part == "..":
                here = os.path.dirname(here)
                continue
            name = os.path.join(here, part)
            found = self._lstat(name)
            if stat.S_ISLNK(found.st_mode):
                links += 1
                if links > _LINKS:
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
                target = os.readlink(name)
                changed = max(changed, found.st_mtime)
                here = "/" if target.startswith("/") else here
                parts += target.split("/")[::-1]
            elif stat.S_ISDIR(found.st_mode):
                directories.append(self._status(name))
                here = name
            elif stat.S_ISREG(found.st_mode) and not any(parts):
                changed = max(changed, found.st_mtime)
                way = (here, tuple(dict.fromkeys(directories)))
                if not links and part == last:
                    self._ways[above] = way
                return Access(self._status(name), way[1], changed)
            else:
                break
        return "it is no regular file"

    def _lstat(self, path: str) -> os.stat_result:
        known = self._known.get(path)
        if known is None:
            known = self._known[path] = os.lstat(path)
        return known

    def _status(self, path: str) -> Status:
        found = self._lstat(path)
        mode = stat.S_IMODE(found.st_mode)
        return Status(path, found.st_uid, found.st_gid, mode, stat.S_ISDIR(found.st_mode))


def _why(error: OSError | ValueError) -> str:
    number = error.errno if isinstance(error, OSError) else None
    if number in {errno.ENOENT, errno.ENOTDIR}:
        return "there is no such file on this machine; permissions can be judged only where nginx runs"
    if number in {errno.EACCES, errno.EPERM}:
        return "this user may not look into its directory; run as root"
    return f"its permissions cannot be asked for ({os.strerror(number) if number else error})"
