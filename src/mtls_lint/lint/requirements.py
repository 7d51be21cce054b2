"""What a profile asks for beyond what every rule knows: lists and limits that rules read."""

from typing import Any

from msgspec import Struct


class Requirements(Struct, frozen=True):
    """The parameters of a profile; None, False or 0 where it asks for nothing, and the rules are silent.

    ``profile`` is its name, for messages. ``protocols`` are the versions that may be spoken with clients
    (``upstream_protocols``: with backends), in the words of ``ssl_protocols``; ``protocols_written`` says
    that they have to be written down. ``ciphers`` are suites of TLS 1.2 in OpenSSL's names (patterns:
    ``ECDHE-*``), ``ciphersuites`` those of TLS 1.3, ``groups`` are for key exchange. ``server_order`` says
    whose order of suites counts, and ``session_tickets`` whether there are to be tickets. ``rsa_bits`` and
    ``ec_bits`` are the least sizes of keys in certificates, ``key_types`` (``RSA``, ``EC``) and ``curves``
    theirs, ``digests`` those of their signatures, ``lifetime_days`` the longest life of a server's
    certificate. ``unknown_names_refused`` asks that a handshake for a name that no server has is refused,
    and ``upstream_certificate`` that nginx presents a certificate to every backend it speaks TLS with.
    """

    profile: str = ""
    protocols: tuple[str, ...] | None = None
    upstream_protocols: tuple[str, ...] | None = None
    protocols_written: bool = False
    ciphers: tuple[str, ...] | None = None
    ciphersuites: tuple[str, ...] | None = None
    groups: tuple[str, ...] | None = None
    server_order: bool | None = None
    session_tickets: bool | None = None
    rsa_bits: int = 0
    ec_bits: int = 0
    key_types: tuple[str, ...] | None = None
    curves: tuple[str, ...] | None = None
    digests: tuple[str, ...] | None = None
    lifetime_days: int = 0
    unknown_names_refused: bool = False
    upstream_certificate: bool = False


NAMES = frozenset(Requirements.__struct_fields__) - {"profile"}
"""The parameters that a profile may set."""


def requirements(profile: str, values: dict[str, Any]) -> Requirements:
    """The requirements of a profile's file. Raises ValueError for a parameter that there is not."""
    if unknown := sorted(set(values) - NAMES):
        raise ValueError(f"profile {profile}: unknown parameters {', '.join(unknown)}")
    given: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
    }
    return Requirements(profile, **given)
