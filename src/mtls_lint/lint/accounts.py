"""The users and groups of this machine."""

import os
from functools import cache

from mtls_lint.nginx.model import Configuration
from mtls_lint.pki.permissions import Account
from mtls_lint.syntax.tree import Unknown, index_by_name


def worker(configuration: Configuration) -> Account | Unknown:
    """The user of nginx's workers, by the ``user`` directive and this machine's list of users.

    Without the directive it is what nginx was built with. The group is the second word, else the group
    with the user's name, and the user's other groups come on top (ngx_set_user, initgroups(3)).
    """
    found = index_by_name(configuration.tree.directives).get("user", ())
    if configuration.tree.is_fragment or not found or not found[0].args:
        return Unknown("the user of the workers is not known: there is no `user` directive here")
    words = [str(word) for word in found[0].args]
    account = _account(words[0], words[1] if len(words) > 1 else words[0])
    return account or Unknown(f"this machine does not know the workers' user or group ({' '.join(words)})")


@cache
def _account(user: str, group: str) -> Account | None:
    import grp  # noqa: PLC0415 - only there where the system has users of this kind
    import pwd  # noqa: PLC0415

    try:
        uid, gid = pwd.getpwnam(user).pw_uid, grp.getgrnam(group).gr_gid
    except (KeyError, ValueError):
        return None
    return Account(uid, frozenset(os.getgrouplist(user, gid)))


@cache
def group_name(gid: int) -> str:
    """The name of a group; its number where this machine has no name for it."""
    import grp  # noqa: PLC0415

    try:
        return grp.getgrgid(gid).gr_name
    except (KeyError, OverflowError):
        return str(gid)


@cache
def group_members(gid: int) -> tuple[str, ...]:
    """Who is listed as a member of a group (those whose first group it is are not)."""
    import grp  # noqa: PLC0415

    try:
        return tuple(grp.getgrgid(gid).gr_mem)
    except (KeyError, OverflowError):
        return ()
