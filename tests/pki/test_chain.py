from collections.abc import Sequence
from functools import partial

from mtls_lint.pki.certificate import Certificate
from mtls_lint.pki.chain import ChainReport, Missing, inspect_chain, issuers_of
from mtls_lint.testing.catalogue import authority, identity
from mtls_lint.testing.pki import Identity


def facts(issued: Identity) -> Certificate:
    return Certificate.from_der(issued.der)


def inspected(certificates: Sequence[Certificate], others: Sequence[Certificate] = ()) -> ChainReport:
    return inspect_chain(certificates, partial(issuers_of, candidates=others))


ROOT = facts(authority("root"))
INTERMEDIATE = facts(authority("intermediate"))
ISSUING = facts(authority("issuing"))
OTHER = facts(authority("other-root"))
LEAF = facts(identity("server-chain"))
DIRECT = facts(identity("server"))
DEEP = facts(authority("issuing").server("a.example.com"))
PINNED = facts(identity("self-signed-client"))


def test_good_chains() -> None:
    for certificates in ([DIRECT], [PINNED]):
        report = inspected(certificates, [ROOT])
        assert report.missing is Missing.NO
    report = inspected([LEAF, INTERMEDIATE], [ROOT, INTERMEDIATE])
    assert (report.leaf, report.path, report.top) == (LEAF, (LEAF, INTERMEDIATE), INTERMEDIATE)
    assert (report.missing, report.unrelated, report.misplaced_leaf, report.root) == (
        Missing.NO,
        (),
        None,
        None,
    )


def test_any_order_behind_the_leaf() -> None:
    report = inspected([DEEP, INTERMEDIATE, ISSUING], [ROOT])
    assert report.path == (DEEP, ISSUING, INTERMEDIATE)
    assert report.unrelated == ()


def test_root_included() -> None:
    report = inspected([LEAF, INTERMEDIATE, ROOT])
    assert (report.root, report.missing, report.unrelated) == (ROOT, Missing.NO, ())


def test_wrong_order() -> None:
    report = inspected([INTERMEDIATE, LEAF], [ROOT])
    assert (report.misplaced_leaf, report.missing, report.unrelated) == (LEAF, Missing.NO, ())
    assert inspected([ROOT, INTERMEDIATE, ISSUING, DEEP]).misplaced_leaf == DEEP


def test_unrelated_and_duplicates() -> None:
    report = inspected([LEAF, INTERMEDIATE, OTHER, INTERMEDIATE])
    assert (report.unrelated, report.duplicates) == ((OTHER,), (INTERMEDIATE,))


def test_missing_intermediate() -> None:
    report = inspected([LEAF], [ROOT, INTERMEDIATE])
    assert (report.missing, report.missing_issuer) == (Missing.CERTAIN, INTERMEDIATE)
    report = inspected([DEEP, ISSUING], [INTERMEDIATE])
    assert (report.missing, report.missing_issuer) == (Missing.CERTAIN, INTERMEDIATE)
    assert inspected([LEAF]).missing is Missing.LIKELY  # it names its issuer's address
    assert inspected([DIRECT]).missing is Missing.UNKNOWN
    assert inspected([LEAF, INTERMEDIATE]).missing is Missing.UNKNOWN


def test_same_name_with_another_key_is_no_issuer() -> None:
    impostor = facts(authority("other-root").intermediate("Example Intermediate CA", subject_key=False))
    assert inspected([LEAF, impostor]).unrelated == (impostor,)
    assert inspected([LEAF], [impostor]).missing is Missing.LIKELY


def test_nothing() -> None:
    assert inspected([]).top is None
