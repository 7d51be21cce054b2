"""Blocks of a PEM file to certificates, keys and CRLs, and why nginx would refuse the file."""

from __future__ import annotations

import warnings
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from mtls_lint.pki import content, der
from mtls_lint.pki.certificate import Certificate
from mtls_lint.pki.crl import RevocationList
from mtls_lint.pki.facts import Facts
from mtls_lint.pki.key import PrivateKey, key_blocks, load_key
from mtls_lint.pki.pem import BlockKind, PemBlock, kind_of, split_blocks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeVar

    Fact = TypeVar("Fact", Certificate, RevocationList, PrivateKey)
    Known = dict[tuple[bytes, int, bytes | None], Certificate]


class _Reading(Struct, frozen=True):
    """The blocks of one purpose: ``damage`` is the first that OpenSSL refuses too, ``doubts`` the others."""

    damage: str | None
    doubts: tuple[str, ...]


_SOUND = _Reading(None, ())


def blocks_and_facts(data: bytes, known: Known) -> tuple[tuple[PemBlock, ...], Facts]:
    """What a store keeps of a file: its blocks, for the keys among them, and everything that they say."""
    blocks = split_blocks(data)
    facts = facts_from(data, blocks, known)
    if BlockKind.KEY not in [kind_of(block.label) for block in blocks]:
        return _outlines(tuple([(block.label, block.line) for block in blocks])), facts
    # A password may come for a key; of everything else the facts are enough.
    emptied = [block if block.kind is BlockKind.KEY else replace(block, data=b"") for block in blocks]
    return tuple(emptied), facts


@lru_cache(maxsize=64)
def _outlines(blocks: tuple[tuple[str, int], ...]) -> tuple[PemBlock, ...]:
    """Blocks without their data; thousands of files have the same."""
    return tuple([PemBlock(label, line, 0, 0, b"") for label, line in blocks])


def facts_from(data: bytes, blocks: Sequence[PemBlock], known: Known | None = None) -> Facts:
    """Everything that the blocks of one file say.

    ``known`` are certificates that other files hold behind their first one. An intermediate stands in as many
    files as it has issued certificates: what it says is worked out once.
    """
    if not blocks:
        defect = f"the file is {content.describe(data)}"
        return Facts(certificate_defect=defect, key_defect=defect, crl_defect=defect)
    broken = None
    for_certificates, for_crls, with_key = [], [], False
    for block in blocks:
        kind = kind_of(block.label)
        if block.broken:
            broken = broken or f"{_place(block)} is broken: {block.broken}"
        elif kind is BlockKind.CERTIFICATE or kind is BlockKind.TRUSTED_CERTIFICATE:
            for_certificates.append(block)
        elif kind is BlockKind.CRL:
            for_crls.append(block)
        elif kind is BlockKind.KEY:
            with_key = True
    with warnings.catch_warnings():
        # The library warns of old habits (a serial number of 0, NULL parameters); rules say what matters.
        warnings.simplefilter("ignore")
        certificate = partial(_certificate, {} if known is None else known, blocks[0])
        certificates, certificate_reading = _load(for_certificates, certificate)
        crls, crl_reading = _load(for_crls, _revocation_list) if for_crls else ((), _SOUND)
        keys, key_reading = _load(tuple(key_blocks(blocks)), load_key) if with_key else ((), _SOUND)
    # Certificates and CRLs alike are read in a loop until "no start line": one bad block ends it. Reading a
    # key goes on behind damaged blocks and ends at the first good one.
    certificate_defect = broken or certificate_reading.damage
    crl_defect = broken or crl_reading.damage
    key_defect = None if keys else key_reading.damage or broken
    labels = tuple([block.label for block in blocks])
    if certificate_defect is None and not for_certificates:
        certificate_defect = _nothing_but(labels, "certificate")
    if crl_defect is None and not for_crls:
        crl_defect = _nothing_but(labels, "CRL")
    if key_defect is None and not keys:
        key_defect = _nothing_but(labels, "private key")
    doubts = certificate_reading.doubts + crl_reading.doubts + key_reading.doubts
    return Facts(certificates, keys, crls, certificate_defect, key_defect, crl_defect, doubts)


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


def _load(blocks: Sequence[PemBlock], load: Callable[[PemBlock], Fact]) -> tuple[tuple[Fact, ...], _Reading]:
    found: list[Fact] = []
    damage = encrypted = None
    doubts = []
    for block in blocks:
        if block.header and block.kind is not BlockKind.KEY:
            encrypted = encrypted or f"{_place(block)} is encrypted"
        try:
            found.append(load(block))
        except ValueError as error:
            words = f"{_place(block)} cannot be read: {error}"
            if block.kind is not BlockKind.KEY and der.looks_like_certificate(block.der):
                doubts.append(words)
            else:
                damage = damage or words
    damage = damage or encrypted
    return tuple(found), _Reading(damage, tuple(doubts)) if damage or doubts else _SOUND


def _place(block: PemBlock) -> str:
    return f"the {block.label} block in line {block.line}"


@lru_cache(maxsize=64)
def _nothing_but(labels: tuple[str, ...], wanted: str) -> str:
    """What is there instead; thousands of files hold the same, and share the words."""
    kinds = dict.fromkeys(
        f"a {kind.value}" if (kind := kind_of(label)) is not BlockKind.OTHER else label for label in labels
    )
    return f"there is no {wanted} in it, only {' and '.join(kinds)}"
