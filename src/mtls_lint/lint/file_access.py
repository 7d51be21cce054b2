"""Who besides root and the owner can read a secret, or replace a file that nginx trusts."""

from collections.abc import Iterator

from msgspec import Struct

from mtls_lint.lint.accounts import group_members, group_name
from mtls_lint.lint.finding import Severity
from mtls_lint.pki.permissions import EVERYBODY, Access, Account, Status
from mtls_lint.syntax.tree import Unknown

_FOR_KEYS = frozenset({"ssl-cert"})
"""Groups whose purpose is to read private keys: Debian's package ssl-cert makes one."""

_OF_SERVERS = frozenset({"nginx", "www-data", "www", "http"})
"""Groups that distributions give to web servers."""

GROUP_WRITES = 0o020
"""The bit of a mode that lets the group write."""

_ROOT = 0
_OTHERS_READ = 0o044


class Readers(Struct, frozen=True):
    """Who can read a file that only root should, and how bad that is."""

    who: str
    severity: Severity
    mode: str


class Writer(Struct, frozen=True):
    """A file or directory that somebody can write, and who."""

    status: Status
    who: str


def readers(access: Access, worker: Account | Unknown) -> Readers | Unknown | None:
    """Who can read the file; None when it is only root, the owner, or a group that is there for keys.

    The master process reads keys as root, so that not even the workers need them. A group without listed
    members that is root's own lets nobody in.
    """
    file = access.file
    if not file.mode & _OTHERS_READ:
        return None
    mode = f"{file.mode:04o}"
    if access.reads(EVERYBODY):
        return Readers("every user of this machine", Severity.ERROR, mode)
    if not access.reads(Account(None, frozenset({file.group}))):
        return None
    if any(one.acl for one in access.all):
        return Unknown("it, or a directory above it, has an access control list, which is not read")
    name = group_name(file.group)
    if file.group == _ROOT:
        members = [member for member in group_members(_ROOT) if member != "root"]
        who = f"the members of the group {name} ({', '.join(members)})"
        return Readers(who, Severity.WARNING, mode) if members else None
    if name in _FOR_KEYS:
        return None
    if name in _OF_SERVERS or (isinstance(worker, Account) and file.group in worker.groups):
        return Readers(f"the group {name}, the web server's own", Severity.WARNING, mode)
    return Readers(f"the group {name}", Severity.ERROR, mode)


def writers(access: Access, worker: Account | Unknown) -> Iterator[Writer | Unknown]:
    """What others, or the workers' user, can write of the file and the directories above it.

    An Unknown where that hangs on who the workers are, or on an access control list. Workers that run as
    root can write everything, whatever stands here.
    """
    for status in access.changes(EVERYBODY):
        yield Writer(status, "every user of this machine")
    if any(one.mode & GROUP_WRITES and one.acl for one in access.all):
        yield Unknown("it, or a directory above it, has an access control list, which is not read")
        return
    if isinstance(worker, Unknown):
        if any(one.owner != _ROOT or (one.mode & GROUP_WRITES and one.group != _ROOT) for one in access.all):
            yield worker
        return
    if worker.uid == _ROOT:
        return
    for status in access.changes(worker):
        if not status.may_change(EVERYBODY):
            how = "owns it" if status.owner == worker.uid else f"is in its group {group_name(status.group)}"
            yield Writer(status, f"the user of nginx's workers, who {how}")
