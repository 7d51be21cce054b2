"""Whether real clients get in past a CRL file, and what the rules say about the same files."""

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from msgspec import Struct

from mtls_lint.lint.runner import Report
from mtls_lint.testing import Authority, Identity, NginxBinary, lint_text, request
from mtls_lint.testing.catalogue import authority, content, identity
from mtls_lint.testing.pki import make_key

NOW = datetime.now(timezone.utc)
DAY = timedelta(days=1)
TEXT = """\
events {{}}
http {{
    server {{
        listen 127.0.0.1:PORT_web ssl;
        ssl_certificate     {directory}/server.pem;
        ssl_certificate_key {directory}/server.key;
        ssl_verify_client   {mode};
{directives}
        return 200;
    }}
}}
"""
RULES = (
    "crl-chain-incomplete",
    "crl-delta",
    "crl-expired",
    "crl-expiring",
    "crl-file-with-certificate",
    "crl-not-yet-valid",
    "crl-weak-signature",
    "pinned-client-with-crl",
    "revocation-none",
    "revocation-without-verification",
)
OLD = (1, 27, 2)
"""Below it the CRL file is read for certificates too."""


class Trial(Struct, frozen=True):
    """CA and CRL files, a client, whether it gets in, and the findings (``rule severity``).

    ``before`` is what was so before 1.27.2 (entering, findings), where that is something else; ``only`` is
    "old" or "new" where other versions refuse the file.
    """

    what: str
    ca: bytes
    crl: bytes
    client: Identity
    enters: bool
    said: tuple[str, ...] = ()
    before: tuple[bool, tuple[str, ...]] | None = None
    sent: bytes = b""
    trusted: bytes = b""
    mode: str = "on"
    only: str = ""

    def __str__(self) -> str:
        return self.what.replace(" ", "-")

    def expected(self, nginx: NginxBinary) -> tuple[bool, tuple[str, ...]]:
        return self.before if self.before is not None and nginx.version < OLD else (self.enters, self.said)


ROOT, OTHER, INTERMEDIATE = authority("root"), authority("other-root"), authority("intermediate")
CHAIN = content("chain-bundle.pem")
BOTH = content("two-roots.pem")
ALICE, BOB = ROOT.client("alice"), INTERMEDIATE.client("bob")
MALLORY = ROOT.client("mallory")


def crl(ca: Authority, *revoked: Identity, last: int = -1, next_: int = 400, **other: object) -> bytes:
    """A CRL that was made ``last`` days from now and counts until ``next_``."""
    return ca.crl(*revoked, last_update=NOW + last * DAY, next_update=NOW + next_ * DAY, **other)  # type: ignore[arg-type]


EXPIRED_CRL = crl(ROOT, last=-60, next_=-30)
INCOMPLETE = ("crl-chain-incomplete error",)


def pinned(usage: tuple[str, ...]) -> tuple[Identity, bytes]:
    key = make_key("p256")
    own = Identity.self_signed("own list", own_key=key, key_usage=usage)
    as_authority = Authority(own.certificate, own.key)
    return own, as_authority.crl()


LISTED, OWN_CRL = pinned(("digitalSignature", "cRLSign"))

TRIALS = [
    Trial("a fresh CRL", ROOT.pem, crl(ROOT), ALICE, enters=True),
    Trial("revoked", ROOT.pem, crl(ROOT, MALLORY), MALLORY, enters=False),
    Trial("no CRL", ROOT.pem, b"", MALLORY, True, ("revocation-none info",)),
    # dates
    Trial("expired", ROOT.pem, EXPIRED_CRL, ALICE, False, ("crl-expired error",)),
    Trial(
        "expired and optional", ROOT.pem, EXPIRED_CRL, ALICE, False, ("crl-expired error",), mode="optional"
    ),
    Trial(
        "expired and optional_no_ca",
        ROOT.pem,
        EXPIRED_CRL,
        ALICE,
        enters=False,
        said=("crl-expired error",),
        mode="optional_no_ca",
    ),
    Trial("expired beside a fresh one", ROOT.pem, EXPIRED_CRL + crl(ROOT), ALICE, enters=True),
    Trial("a fresh one before an expired", ROOT.pem, crl(ROOT) + EXPIRED_CRL, ALICE, enters=True),
    Trial(
        "expired of a CA that is not trusted",
        ROOT.pem,
        crl(ROOT) + crl(OTHER, last=-60, next_=-30),
        ALICE,
        enters=True,
        said=("crl-expired warning",),
    ),
    Trial(
        "expired of an intermediate that clients send",
        ROOT.pem,
        crl(ROOT) + crl(INTERMEDIATE, last=-60, next_=-30),
        BOB,
        enters=False,
        said=("crl-expired warning",),
        sent=INTERMEDIATE.pem,
    ),
    Trial(
        "expired of the root above",
        CHAIN,
        EXPIRED_CRL + crl(INTERMEDIATE),
        BOB,
        enters=False,
        said=("crl-expired error",),
    ),
    Trial("soon", ROOT.pem, crl(ROOT, last=-28, next_=2), ALICE, True, ("crl-expiring warning",)),
    Trial("soon beside a fresh one", ROOT.pem, crl(ROOT, last=-28, next_=2) + crl(ROOT), ALICE, enters=True),
    Trial("of the future", ROOT.pem, crl(ROOT, last=30), ALICE, False, ("crl-not-yet-valid error",)),
    Trial("of the future beside a present one", ROOT.pem, crl(ROOT, last=30) + crl(ROOT), ALICE, enters=True),
    # whose
    Trial("another CA's", ROOT.pem, crl(OTHER), ALICE, False, INCOMPLETE),
    Trial("only the root's, a client of the root", CHAIN, crl(ROOT), ALICE, True, INCOMPLETE),
    Trial("only the root's, a client of the intermediate", CHAIN, crl(ROOT), BOB, False, INCOMPLETE),
    Trial("only the intermediate's", CHAIN, crl(INTERMEDIATE), BOB, False, INCOMPLETE),
    Trial("both", CHAIN, crl(ROOT) + crl(INTERMEDIATE), BOB, enters=True),
    Trial(
        "both, the intermediate is revoked", CHAIN, crl(ROOT, INTERMEDIATE) + crl(INTERMEDIATE), BOB, False
    ),
    Trial(
        "the root of the other file",
        INTERMEDIATE.pem,
        crl(INTERMEDIATE),
        BOB,
        False,
        INCOMPLETE,
        trusted=ROOT.pem,
    ),
    Trial(
        "a CA for stapling needs none",
        ROOT.pem,
        crl(ROOT),
        ALICE,
        enters=True,
        trusted=OTHER.pem,
    ),
    Trial("one of two CAs", BOTH, crl(ROOT), OTHER.client("eve"), False, INCOMPLETE),
    Trial("one of two CAs, a client of that", BOTH, crl(ROOT), ALICE, True, INCOMPLETE),
    Trial("by an old key", ROOT.pem, Authority.root("Example Root CA").crl(), ALICE, False, INCOMPLETE),
    Trial(
        "by a stranger who says nothing of keys",
        ROOT.pem,
        Authority.root("Example Root CA").crl(authority_key=False),
        ALICE,
        enters=False,
        said=INCOMPLETE,
    ),
    Trial("without AKI", ROOT.pem, crl(ROOT, authority_key=False), ALICE, enters=True),
    Trial(
        "a CA without cRLSign",
        content("ca-no-crl-sign.pem"),
        crl(authority("ca-no-crl-sign")),
        authority("ca-no-crl-sign").client("c"),
        enters=False,
        said=INCOMPLETE,
    ),
    Trial(
        "in the CA file",
        ROOT.pem + crl(ROOT),
        crl(OTHER),
        ALICE,
        enters=False,
        said=INCOMPLETE,
        before=(True, ()),  # one lookup reads both files
    ),
    # certificates in the file
    Trial("only certificates", ROOT.pem, OTHER.pem, ALICE, enters=False, said=INCOMPLETE, only="old"),
    Trial(
        "a CA with its CRL",
        ROOT.pem,
        crl(ROOT) + crl(OTHER) + OTHER.pem,
        OTHER.client("eve"),
        enters=False,
        said=("crl-file-with-certificate info",),
        before=(True, ("crl-file-with-certificate error",)),
    ),
    Trial(
        "a CA without its CRL",
        ROOT.pem,
        crl(ROOT) + OTHER.pem,
        OTHER.client("eve"),
        enters=False,
        said=("crl-file-with-certificate info",),
        before=(False, ("crl-file-with-certificate warning",)),
    ),
    Trial(
        "the CA of the clients",
        ROOT.pem,
        crl(ROOT) + ROOT.pem,
        ALICE,
        enters=True,
        said=("crl-file-with-certificate info",),
    ),
    # pinned clients
    Trial(
        "pinned",
        ROOT.pem + identity("self-signed-client").pem,
        crl(ROOT),
        identity("self-signed-client"),
        enters=False,
        said=("pinned-client-with-crl error",),
    ),
    Trial(
        "pinned without a CRL file",
        identity("self-signed-client").pem,
        b"",
        identity("self-signed-client"),
        True,
    ),
    Trial("pinned with a CRL of its own", LISTED.pem, OWN_CRL, LISTED, enters=True),
    # signatures
    Trial(
        "SHA-1",
        content("rsa-root.pem"),
        crl(authority("rsa-root"), digest="sha1"),
        authority("rsa-root").client("c"),
        enters=True,
        said=("crl-weak-signature warning",),
    ),
    Trial(
        "MD5",
        content("rsa-root.pem"),
        crl(authority("rsa-root"), digest="md5"),
        authority("rsa-root").client("c"),
        enters=True,
        said=("crl-weak-signature warning",),
    ),
    Trial(
        "SHA-1, revoked",
        content("rsa-root.pem"),
        crl(authority("rsa-root"), identity("rsa"), digest="sha1"),
        identity("rsa"),
        enters=False,
        said=("crl-weak-signature warning",),
    ),
    # nobody is asked
    Trial(
        "off",
        b"",
        crl(ROOT, MALLORY),
        MALLORY,
        enters=True,
        said=("revocation-without-verification warning",),
        mode="off",
    ),
]


def lay_out(trial: Trial, directory: Path) -> str:
    """Write the files and give the configuration."""
    lines = []
    for directive, data in (
        ("ssl_client_certificate", trial.ca),
        ("ssl_trusted_certificate", trial.trusted),
        ("ssl_crl", trial.crl),
    ):
        if data:
            (directory / f"{directive}.pem").write_bytes(data)
            lines.append(f"        {directive} {directory}/{directive}.pem;")
    for name in ("server.pem", "server.key"):
        (directory / name).write_bytes(content(name))
    (directory / "client.pem").write_bytes(trial.client.pem + trial.sent)
    (directory / "client.key").write_bytes(trial.client.key_pem())
    return TEXT.format(directory=directory, directives="\n".join(lines), mode=trial.mode)


def lint(text: str, nginx: NginxBinary) -> Report:
    return lint_text(text.replace("PORT_web", "443"), rules=RULES, version=nginx.version, now=NOW)


def said(report: Report) -> tuple[str, ...]:
    assert report.crashes == ()
    return tuple(f"{found.rule} {found.severity.value}" for found in report.findings)


def status(nginx: NginxBinary, text: str, directory: Path) -> int | None:
    with nginx.run(text, directory) as server:
        reply = request(
            server.ports["web"],
            certificate=directory / "client.pem",
            key=directory / "client.key",
            security_level=0,
        )
    return reply.status


@pytest.mark.parametrize("trial", TRIALS, ids=str)
def test_clients_and_findings_agree(trial: Trial, nginx: NginxBinary, tmp_path: Path) -> None:
    if trial.only == "old" and nginx.version >= OLD:
        pytest.skip("nginx refuses the file")
    text = lay_out(trial, tmp_path)
    enters, findings = trial.expected(nginx)
    report = lint(text, nginx)
    assert said(report) == findings, [f.finding.message for f in report.findings]
    assert status(nginx, text, tmp_path) == (200 if enters else 400)


class TestDelta:
    """What OpenSSL makes of a delta CRL depends on its version; the rule names both, and one is seen."""

    BASE = crl(ROOT, MALLORY, last=-3)

    def reply(self, nginx: NginxBinary, directory: Path, data: bytes, client: Identity) -> int | None:
        text = lay_out(Trial("delta", ROOT.pem, data, client, enters=True), directory)
        report = lint(text, nginx)
        assert "crl-delta warning" in said(report)
        assert "older OpenSSL takes it for complete" in report.findings[0].finding.message
        return status(nginx, text, directory)

    @pytest.fixture
    def passes_over(self, nginx: NginxBinary, tmp_path: Path) -> bool:
        """Whether the OpenSSL of this nginx passes over delta CRLs."""
        alone = crl(ROOT, number=2, delta_of=1)
        return self.reply(nginx, tmp_path, alone, ALICE) == 400

    def test_a_newer_delta_takes_revocations_back(
        self, nginx: NginxBinary, tmp_path: Path, passes_over: bool
    ) -> None:
        both = self.BASE + crl(ROOT, number=2, delta_of=1)
        assert self.reply(nginx, tmp_path, both, MALLORY) == (400 if passes_over else 200)

    def test_what_a_newer_delta_revokes(self, nginx: NginxBinary, tmp_path: Path, passes_over: bool) -> None:
        both = self.BASE + crl(ROOT, ALICE, number=2, delta_of=1)
        assert self.reply(nginx, tmp_path, both, ALICE) == (200 if passes_over else 400)

    def test_an_older_delta(self, nginx: NginxBinary, tmp_path: Path) -> None:
        both = self.BASE + crl(ROOT, ALICE, number=2, delta_of=1, last=-4)
        assert self.reply(nginx, tmp_path, both, ALICE) == 200
