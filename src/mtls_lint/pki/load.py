"""Blocks of a PEM file to certificates, keys and CRLs, and why nginx would refuse the file."""

from __future__ import annotations

import warnings
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct

from mtls_lint.pki import content, der
from mtls_lint.pki.certificate import Certificate
from mtls_lint.pki.crl import RevocationList
from mtls_lint.pki.facts import Facts
from mtls_lint.pki.key import PrivateKey, key_blocks, load_key
from mtls_lint.pki.pem import BlockKind, PemBlock

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeVar

    Fact = TypeVar("Fact", Certificate, RevocationList, PrivateKey)
    Known = dict[tuple[bytes, int, bytes | None], Certificate]

_CERTIFICATE_KINDS = (BlockKind.CERTIFICATE, BlockKind.TRUSTED_CERTIFICATE)
_KEY_KINDS = (BlockKind.KEY,)
_CRL_KINDS = (BlockKind.CRL,)


class _Reading(Struct, frozen=True):
    """The blocks of one purpose: ``damage`` is the first that OpenSSL refuses too, ``doubts`` the others."""

    damage: str | None
    doubts: tuple[str, ...]


def facts_from(data: bytes, blocks: Sequence[PemBlock], known: Known | None = None) -> Facts:
    """Everything that the blocks of one file say.

    ``known`` are certificates that other files hold behind their first one. An intermediate stands in as many
    files as it has issued certificates: what it says is worked out once.
    """
    if not blocks:
        defect = f"the file is {content.describe(data)}"
        return Facts(certificate_defect=defect, key_defect=defect, crl_defect=defect)
    with warnings.catch_warnings():
        # The library warns of old habits (a serial number of 0, NULL parameters); rules say what matters.
        warnings.simplefilter("ignore")
        certificate = partial(_certificate, {} if known is None else known, blocks[0])
        certificates, certificate_reading = _load(blocks, _CERTIFICATE_KINDS, certificate)
        crls, crl_reading = _load(blocks, _CRL_KINDS, _revocation_list)
        keys, key_reading = _load(tuple(key_blocks(blocks)), _KEY_KINDS, load_key)
    return Facts(
        certificates,
        keys,
        crls,
        _defect(blocks, _CERTIFICATE_KINDS, "certificate", certificate_reading),
        _key_defect(blocks, keys, key_reading),
        _defect(blocks, _CRL_KINDS, "CRL", crl_reading),
        certificate_reading.doubts + crl_reading.doubts + key_reading.doubts,
    )


def _certificate(known: Known, first: PemBlock, block: PemBlock) -> Certificate:
    der_value, trailing = der.split_trailing(block.data)
    aux = trailing if block.kind is BlockKind.TRUSTED_CERTIFICATE else None
    if block is first:
        return Certificate.from_der(der_value, block.line, aux)
    key = (der_value, block.line, aux)
    certificate = known.get(key)
    if certificate is None:
        certificate = known[key] = Certificate.from_der(der_value, block.line, aux)
    return certificate


def _revocation_list(block: PemBlock) -> RevocationList:
    return RevocationList.from_der(block.der, block.line)


def _load(
    blocks: Sequence[PemBlock], kinds: tuple[BlockKind, ...], load: Callable[[PemBlock], Fact]
) -> tuple[tuple[Fact, ...], _Reading]:
    found: list[Fact] = []
    damage = None
    doubts = []
    for block in blocks:
        if block.broken or block.kind not in kinds:
            continue
        try:
            found.append(load(block))
        except ValueError as error:
            words = f"{_place(block)} cannot be read: {error}"
            if block.kind is not BlockKind.KEY and der.looks_like_certificate(block.der):
                doubts.append(words)
            else:
                damage = damage or words
    return tuple(found), _Reading(damage, tuple(doubts))


def _place(block: PemBlock) -> str:
    return f"the {block.label} block in line {block.line}"


def _broken(blocks: Sequence[PemBlock]) -> str | None:
    for block in blocks:
        if block.broken:
            return f"{_place(block)} is broken: {block.broken}"
    return None


def _defect(
    blocks: Sequence[PemBlock], kinds: tuple[BlockKind, ...], wanted: str, reading: _Reading
) -> str | None:
    """Certificates and CRLs alike are read in a loop until "no start line": one bad block ends it."""
    damage = _broken(blocks) or reading.damage or _header(blocks, kinds)
    if damage or any(block.kind in kinds for block in blocks):
        return damage
    return _nothing_but(blocks, wanted)


def _header(blocks: Sequence[PemBlock], kinds: tuple[BlockKind, ...]) -> str | None:
    for block in blocks:
        if block.kind in kinds and block.header:
            return f"{_place(block)} is encrypted"
    return None


def _key_defect(blocks: Sequence[PemBlock], keys: Sequence[PrivateKey], reading: _Reading) -> str | None:
    """Reading a key goes on behind damaged blocks and ends at the first good one."""
    if keys:
        return None
    return reading.damage or _broken(blocks) or _nothing_but(blocks, "private key")


def _nothing_but(blocks: Sequence[PemBlock], wanted: str) -> str:
    kinds = dict.fromkeys(
        f"a {block.kind.value}" if block.kind is not BlockKind.OTHER else block.label for block in blocks
    )
    return f"there is no {wanted} in it, only {' and '.join(kinds)}"
