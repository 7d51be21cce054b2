"""Indexes that spare comparisons of all pairs: they find what comparing all would."""

import random

from msgspec import Struct

from mtls_lint.lint.handshake_checks import HandshakeChecks, is_laxer
from mtls_lint.lint.laxer import LaxerIndex
from mtls_lint.lint.session_index import Lot
from mtls_lint.nginx.resumption import SessionContext
from mtls_lint.pki.certificate import Certificate
from mtls_lint.testing.pki import CA, FUTURE, Authority

ROOT = Authority.root("CA 1")
ANCHORS = [
    Certificate.from_der(one.der)
    for one in (
        ROOT,
        Authority.root("CA 1", own_key=ROOT.key, validity=FUTURE),
        Authority.root("CA 2", validity=CA),
        Authority.root("CA 3"),
    )
]
CONTEXTS = [SessionContext((name,), ()) for name in "abc"]


class Maker(Struct, frozen=True):
    order: int
    checks: HandshakeChecks
    context: SessionContext
    habit: str = ""


def makers(chance: random.Random) -> list[Maker]:
    return [Maker(order, checks(chance), chance.choice(CONTEXTS)) for order in range(chance.randint(1, 12))]


def checks(chance: random.Random) -> HandshakeChecks:
    few = chance.choice((1, 2, 4))
    crl = chance.choice((None, None, "a.pem", "b.pem", "copy-of-b.pem"))
    crls: dict[str | None, object] = {None: None, "a.pem": None, "b.pem": ("b",), "copy-of-b.pem": ("b",)}
    return HandshakeChecks(
        frozenset(chance.sample(ANCHORS, chance.randint(0, few))),
        frozenset(chance.sample(["x.pem", "y.pem"], chance.choice((0, 0, 1, 2)))),
        crl,
        crls[crl],  # type: ignore[arg-type]
        chance.randint(1, 3),
    )


def sort(one: HandshakeChecks, than: HandshakeChecks) -> str:
    """For what it is laxer, in the order in which ``excess`` asks."""
    if not one.ends <= than.ends:
        return "anchors"
    if not one.unread <= than.unread:
        return "unread"
    if than.crl is not None and one.revocation != than.revocation:
        return "no CRL" if one.crl is None else "another CRL"
    return "depth"


def test_what_is_laxer_is_found_as_by_asking_all() -> None:
    for seed in range(500):
        chance = random.Random(seed)
        index: LaxerIndex[Maker] = LaxerIndex()
        all_of_them = makers(chance)
        for maker in all_of_them:
            index.add(maker)
        than = checks(chance)
        found = index.laxer(than)
        laxer = [maker for maker in all_of_them if is_laxer(maker.checks, than)]
        assert all(maker in laxer for maker in found)
        assert found[:1] == laxer[:1]
        # Both are as grave where not all files of the other server can be read.
        for wanted in ({"anchors"}, {"anchors", "unread"}, {"no CRL"}, {"another CRL"}, {"depth"}):
            first = next((maker for maker in laxer if sort(maker.checks, than) in wanted), None)
            assert first is None or first in found


def test_what_differs_is_found_as_by_asking_all() -> None:
    for seed in range(500):
        chance = random.Random(seed)
        lot: Lot[Maker] = Lot()
        all_of_them = makers(chance)
        for maker in all_of_them:
            lot.add(maker)
        for one in all_of_them:
            for context in CONTEXTS:
                differing = (m for m in all_of_them if m.checks != one.checks and m.context != context)
                assert lot.unlike(one.checks, context) == next(differing, None)
