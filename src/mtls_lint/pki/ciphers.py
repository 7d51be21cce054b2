"""What a cipher string yields, asked of the OpenSSL behind Python's ``ssl``.

That OpenSSL is not the one of the server: builds leave different old algorithms out. ``openssl_version``
belongs into every message, and the words of the string that ask for something weak are judged by
themselves, whatever this build still knows.
"""

from __future__ import annotations

from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from mtls_lint.expressions import expression
from mtls_lint.pki.strength import LEVEL_BITS

if TYPE_CHECKING:
    from typing import TypedDict

    class _Description(TypedDict, total=False):
        """One entry of ``SSLContext.get_ciphers``."""

        name: str
        protocol: str
        strength_bits: int
        symmetric: str | None
        digest: str | None
        kea: str
        auth: str
        aead: bool


class Weakness(Enum):
    """Why a suite is weak; RFC 9325 4.1 and 4.2, RFC 10015 for the key exchanges."""

    ANONYMOUS = "no server authentication"
    NULL = "no encryption"
    EXPORT = "export-grade key"
    RC4 = "RC4"
    BLOCK_64 = "cipher with 64-bit blocks (3DES, DES, IDEA, RC2)"
    MD5 = "MD5"
    STATIC_KEY = "no forward secrecy"
    DHE = "finite-field Diffie-Hellman"
    CBC = "CBC mode"


class Suite(Struct, frozen=True):
    """One suite for TLS 1.2 or below; ``bits`` is the strength of its encryption."""

    name: str
    protocol: str
    bits: int
    key_exchange: str
    authentication: str
    aead: bool
    weaknesses: frozenset[Weakness]

    @property
    def usable(self) -> bool:
        """Whether nginx can ever negotiate it: it sets up neither pre-shared keys nor SRP."""
        return "psk" not in self.key_exchange and self.key_exchange != "srp" and self.authentication != "psk"

    def allowed_at(self, level: int) -> bool:
        """Whether OpenSSL's security level leaves it (ssl_security_default_callback in ssl/ssl_cert.c)."""
        if level <= 0:
            return True
        barred = {Weakness.ANONYMOUS, Weakness.NULL, Weakness.MD5}
        if level >= 2:
            barred.add(Weakness.RC4)
        if level >= 3:
            barred.add(Weakness.STATIC_KEY)
        return self.bits >= LEVEL_BITS[min(level, 5)] and not self.weaknesses & barred


class CipherEvaluation(Struct, frozen=True):
    """What became of a cipher string.

    ``accepted`` is None when builds differ: a distribution's PROFILE, or nothing but algorithms that this
    OpenSSL was built without. ``security_level`` is the one in the string, None for OpenSSL's default.
    ``requested`` are words of the string that ask for something weak by name, with the reason.
    """

    text: str
    accepted: bool | None
    reason: str | None
    suites: tuple[Suite, ...]
    requested: tuple[tuple[str, Weakness], ...]
    security_level: int | None
    openssl_version: str

    def weak(self, *wanted: Weakness) -> tuple[Suite, ...]:
        """Usable suites with one of these weaknesses (with any, when none is named)."""
        kinds = frozenset(wanted) or frozenset(Weakness)
        return tuple(suite for suite in self.suites if suite.usable and suite.weaknesses & kinds)


_LEVEL = expression(r"@SECLEVEL=([0-5])")
_SEPARATORS = expression(r"[:, ;]+")
_WORDS = (
    (expression(r"(?:^|[-+_])A?NULL-|^NULL|(?:^|\+)eNULL(?:$|\+)"), Weakness.NULL),
    (expression(r"^(?:ADH|AECDH)(?:$|[-+])|(?:^|\+)aNULL(?:$|\+)"), Weakness.ANONYMOUS),
    (expression(r"^EXP"), Weakness.EXPORT),
    (expression(r"RC4"), Weakness.RC4),
    (expression(r"3DES|DES-CBC|(?:^|\+)DES(?:$|\+)|IDEA|RC2|(?:^|\+)LOW(?:$|\+)"), Weakness.BLOCK_64),
    (expression(r"MD5"), Weakness.MD5),
)
# Keywords that take a weakness away again (``!3DES``), as ciphers(1) explains them.
_EXCLUSIONS = {
    Weakness.NULL: frozenset({"NULL", "eNULL"}),
    Weakness.ANONYMOUS: frozenset({"aNULL"}),
    Weakness.EXPORT: frozenset({"EXP", "EXPORT"}),
    Weakness.RC4: frozenset({"RC4"}),
    Weakness.MD5: frozenset({"MD5"}),
}
_OPTIONAL = frozenset({Weakness.EXPORT, Weakness.RC4, Weakness.BLOCK_64, Weakness.MD5})
_BLOCK_64 = ("des", "idea", "rc2")


@lru_cache(maxsize=1024)
def evaluate(cipher_string: str) -> CipherEvaluation:
    """What OpenSSL makes of ``ssl_ciphers`` with this value."""
    import ssl  # noqa: PLC0415  (costs a start that needs no ciphers 10 ms)

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    accepted: bool | None = True
    reason = None
    suites: tuple[Suite, ...] = ()
    requested = _requested(cipher_string)
    try:
        context.set_ciphers(cipher_string)
        suites = tuple(
            _suite(description)  # type: ignore[arg-type]
            for description in context.get_ciphers()
            if description["protocol"] != "TLSv1.3"  # not taken from the string
        )
    except (ssl.SSLError, ValueError):
        varies = cipher_string.startswith("PROFILE=") or any(kind in _OPTIONAL for _, kind in requested)
        accepted = None if varies else False
        reason = "no cipher match"
    levels = _LEVEL.findall(cipher_string)
    return CipherEvaluation(
        cipher_string,
        accepted,
        reason,
        suites,
        requested,
        int(levels[-1]) if levels else None,
        ssl.OPENSSL_VERSION,
    )


def _requested(cipher_string: str) -> tuple[tuple[str, Weakness], ...]:
    """Words that add something weak, unless a word with ``!`` bars it for good.

    Words with ``-`` remove what may come back, and those with ``+`` only move it.
    """
    words = [word for word in _SEPARATORS.split(cipher_string) if word]
    barred = frozenset(word[1:] for word in words if word[0] == "!")
    return tuple(
        (word, kind)
        for word in words
        if word[0] not in "!-+@" and not barred & {word, *word.split("+")}
        for pattern, kind in _WORDS
        if pattern.search(word) and not barred & _exclusions(word, kind)
    )


def _exclusions(word: str, kind: Weakness) -> frozenset[str]:
    if kind is not Weakness.BLOCK_64:
        return _EXCLUSIONS[kind]
    # DES means single DES only: it leaves 3DES in.
    algorithm = "3DES" if "3DES" in word or "DES-CBC3" in word else "DES"
    return frozenset({next((name for name in ("IDEA", "RC2", "LOW") if name in word), algorithm)})


def _suite(description: _Description) -> Suite:
    name = description["name"]
    exchange = description["kea"].removeprefix("kx-")
    authentication = description["auth"].removeprefix("auth-")
    return Suite(
        name,
        description["protocol"],
        description["strength_bits"],
        exchange,
        authentication,
        description["aead"],
        _weaknesses(
            name, description.get("symmetric") or "", description.get("digest"), exchange, authentication
        ),
    )


def _weaknesses(
    name: str, symmetric: str, digest: str | None, exchange: str, authentication: str
) -> frozenset[Weakness]:
    tests = {
        Weakness.ANONYMOUS: authentication == "null",
        Weakness.NULL: not symmetric,
        Weakness.EXPORT: name.startswith("EXP"),
        Weakness.RC4: symmetric.startswith("rc4"),
        Weakness.BLOCK_64: symmetric.startswith(_BLOCK_64),
        Weakness.MD5: digest == "md5",
        Weakness.STATIC_KEY: exchange in {"rsa", "ecdh", "dh", "psk", "rsa-psk"},
        Weakness.DHE: exchange.startswith("dhe"),
        Weakness.CBC: symmetric.endswith("-cbc"),
    }
    return frozenset(kind for kind, found in tests.items() if found)
