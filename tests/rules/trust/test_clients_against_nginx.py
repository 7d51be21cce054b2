"""Whether real clients get in, and what the rules say about the same files."""

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from msgspec import Struct

from mtls_lint.testing import Authority, Identity, NginxBinary, lint_text, request
from mtls_lint.testing.catalogue import authority, content, identity
from mtls_lint.testing.pki import EXPIRED, make_key

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
    "ca-duplicate",
    "ca-eku-excludes-client",
    "ca-expired",
    "ca-expiring",
    "ca-file-missing",
    "ca-file-unusable",
    "ca-hint-list-leak",
    "ca-intermediate-only",
    "ca-issues-servers-too",
    "ca-lets-nobody-in",
    "ca-name-list-too-long",
    "ca-not-a-ca",
    "ca-not-yet-valid",
    "ca-public-root",
    "ca-shared-partner",
    "ca-system-bundle",
    "ca-weak-key",
    "ca-weak-signature",
    "verify-depth-too-large",
    "verify-depth-too-small",
)


class Trial(Struct, frozen=True):
    """CA files, a client, whether it gets in, and the findings (``rule severity confidence``)."""

    what: str
    ca: bytes
    client: Identity
    enters: bool
    said: tuple[str, ...] = ()
    trusted: bytes = b""
    sent: bytes = b""
    since: tuple[int, int, int] = (0, 0, 0)
    mode: str = "on"
    more: str = ""
    """Further directives of the server."""

    def __str__(self) -> str:
        return self.what.replace(" ", "-")


def of(name: str) -> Identity:
    return authority(name).client("client")


def renewed_root() -> Trial:
    key = make_key("p256")
    old = Authority.root("Renewed Root CA", validity=EXPIRED, own_key=key)
    new = Authority.root("Renewed Root CA", own_key=key)
    return Trial(
        "an expired root beside its renewed copy",
        old.pem + new.pem,
        new.client("client"),
        enters=True,
        said=("ca-expired info certain",),
    )


def expired_intermediate() -> Trial:
    key = make_key("p256")
    root = authority("root")
    old = root.intermediate("Renewed Intermediate CA", validity=EXPIRED, own_key=key)
    new = root.intermediate("Renewed Intermediate CA", own_key=key)
    client = new.client("client")
    return Trial(
        "an expired intermediate wins over the renewed one that is sent",
        root.pem + old.pem,
        client,
        enters=False,
        said=("ca-expired warning possible",),
        sent=new.pem,
    )


def eku(what: str, usage: str, *, enters: bool) -> Trial:
    root = Authority.root("Root CA", extended_key_usage=(usage,))
    said = () if enters else ("ca-eku-excludes-client error certain",)
    return Trial(what, root.pem, root.client("client"), enters, said)


def server_ca_beside_its_root(*, of_the_root: bool) -> Trial:
    """A file with a CA for servers below a root that may do all."""
    root = authority("root")
    servers = root.intermediate("Server CA", extended_key_usage=("serverAuth",))
    return Trial(
        "a CA for servers beside its root, a client of " + ("the root" if of_the_root else "that CA"),
        root.pem + servers.pem,
        (root if of_the_root else servers).client("client"),
        enters=of_the_root,
        said=("ca-eku-excludes-client warning certain",),
    )


def below_a_root_for_servers() -> Trial:
    root = Authority.root("Server Root CA", extended_key_usage=("serverAuth",))
    clients = root.intermediate("Client CA", extended_key_usage=("clientAuth",))
    return Trial(
        "a CA for clients below a root for servers",
        root.pem + clients.pem,
        clients.client("client"),
        enters=False,
        said=("ca-eku-excludes-client error certain",),
    )


def expired_and_for_servers() -> Trial:
    root = Authority.root("Old CA", validity=EXPIRED, extended_key_usage=("serverAuth",))
    said = ("ca-expired error certain",)
    return Trial("expired and for servers is said once", root.pem, root.client("client"), False, said)


def issued_by_a_namesake() -> Trial:
    """The file has a root with the name of the intermediate's issuer, but with another key."""
    wrong, right = (Authority.root("Twin Root CA", subject_key=False) for _ in range(2))
    issuing = right.intermediate("Issuing CA", authority_key=False)
    return Trial(
        "the root of an intermediate is a namesake",
        wrong.pem + issuing.pem,
        issuing.client("client"),
        enters=False,
        said=("ca-lets-nobody-in warning certain",),
    )


def second_namesake() -> Trial:
    """Without key identifiers OpenSSL tries only the first of two roots of one name."""
    first, second = (Authority.root("Twin Root CA", subject_key=False) for _ in range(2))
    return Trial(
        "the second of two namesakes without key identifiers",
        first.pem + second.pem,
        second.client("client", authority_key=False),
        enters=False,
        said=("ca-lets-nobody-in warning certain",),
    )


def unknown_critical_extension() -> Trial:
    odd = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.55555.1"), b"\x05\x00")
    root = Authority.root("Odd Root CA", extra=(x509.Extension(odd.oid, True, odd),))
    said = ("ca-lets-nobody-in error certain",)
    return Trial("an unknown critical extension", root.pem, root.client("client"), False, said)


def rsa_at_level_3() -> Trial:
    return Trial(
        "RSA 2048 at security level 3",
        content("rsa-root.pem"),
        of("rsa-root"),
        enters=False,
        said=("ca-lets-nobody-in error certain",),
        more="ssl_ciphers HIGH:@SECLEVEL=3;",
    )


def depth(what: str, file: str, client: str, depth: int | None, *, enters: bool) -> Trial:
    said = () if enters else ("verify-depth-too-small error certain",)
    more = "" if depth is None else f"ssl_verify_depth {depth};"
    return Trial(what, content(file), of(client), enters, said, more=more)


def pinned_with_ca_flag() -> Trial:
    client = Identity.self_signed("pinned", ca=True)
    return Trial("a self-signed client with CA:TRUE is pinned", client.pem, client, enters=True)


def self_signed_server() -> Trial:
    client = Identity.self_signed("server", extended_key_usage=("serverAuth",))
    said = ("ca-not-a-ca error certain",)
    return Trial("a self-signed server certificate", client.pem, client, enters=False, said=said)


TRIALS = [
    Trial("a root", content("root.pem"), of("root"), enters=True),
    Trial("expired", content("ca-expired.pem"), of("ca-expired"), False, ("ca-expired error certain",)),
    Trial(
        "not yet valid", content("ca-future.pem"), of("ca-future"), False, ("ca-not-yet-valid error certain",)
    ),
    renewed_root(),
    expired_intermediate(),
    Trial(
        "an intermediate alone",
        content("intermediate.pem"),
        of("intermediate"),
        enters=False,
        said=("ca-intermediate-only error certain",),
        sent=content("chain-bundle.pem"),
    ),
    Trial(
        "its root in the other file",
        content("intermediate.pem"),
        of("intermediate"),
        enters=True,
        trusted=content("root.pem"),
    ),
    Trial(
        "intermediates alone in both files are said once",
        content("intermediate.pem"),
        of("intermediate"),
        enters=False,
        said=("ca-intermediate-only error certain",),
        trusted=content("issuing.pem"),
    ),
    Trial(
        "an intermediate that is trusted by itself",
        content("trusted-intermediate.pem"),
        of("intermediate"),
        enters=True,
        since=(1, 27, 2),
    ),
    Trial(
        "an intermediate beside another root",
        content("intermediate.pem") + content("other-root.pem"),
        of("intermediate"),
        enters=False,
        said=("ca-intermediate-only warning certain",),
    ),
    Trial(
        "a client certificate of a CA",
        content("ca-not-a-ca.pem"),
        identity("ca-not-a-ca"),
        enters=False,
        said=("ca-not-a-ca error certain",),
    ),
    Trial(
        "a client certificate beside its root keeps nobody out",
        content("ca-with-leaf.pem"),
        of("root"),
        enters=True,
        said=("ca-not-a-ca warning certain",),
    ),
    Trial(
        "a self-signed client is pinned",
        content("self-signed-client.pem"),
        identity("self-signed-client"),
        enters=True,
    ),
    pinned_with_ca_flag(),
    self_signed_server(),
    Trial(
        "a CA that may not sign",
        content("ca-no-cert-sign.pem"),
        of("ca-no-cert-sign"),
        enters=False,
        said=("ca-not-a-ca error certain",),
    ),
    Trial("version 1", content("ca-v1.pem"), of("ca-v1"), enters=True),
    Trial("a weak key", content("ca-weak-rsa.pem"), of("ca-weak-rsa"), False, ("ca-weak-key error certain",)),
    Trial(
        "an intermediate signed with SHA-1",
        content("ca-sha1-intermediate.pem"),
        of("ca-sha1-intermediate"),
        enters=False,
        said=("ca-weak-signature error certain",),
    ),
    eku("a root for servers", "serverAuth", enters=False),
    eku("a root for any purpose", "any", enters=False),
    eku("a root for clients", "clientAuth", enters=True),
    server_ca_beside_its_root(of_the_root=True),
    server_ca_beside_its_root(of_the_root=False),
    below_a_root_for_servers(),
    expired_and_for_servers(),
    depth("two intermediates and no depth", "two-intermediates-bundle.pem", "issuing", None, enters=False),
    depth("two intermediates and depth 2", "two-intermediates-bundle.pem", "issuing", 2, enters=True),
    depth("an intermediate and depth 0", "chain-bundle.pem", "intermediate", 0, enters=False),
    depth("an intermediate and no depth", "chain-bundle.pem", "intermediate", None, enters=True),
    depth("a root and depth 0", "root.pem", "root", 0, enters=True),
    Trial(
        "a CA beyond the path length",
        content("beyond-path-length.pem"),
        of("ca-beyond"),
        enters=False,
        said=("ca-lets-nobody-in warning certain",),
        more="ssl_verify_depth 3;",
    ),
    Trial(
        "two intermediates and optional_no_ca",
        content("two-intermediates-bundle.pem"),
        of("issuing"),
        enters=False,
        said=("verify-depth-too-small error certain",),
        mode="optional_no_ca",
    ),
    Trial(
        "a root for servers and optional_no_ca",
        content("ca-server-eku.pem"),
        of("ca-server-eku"),
        enters=False,
        said=("ca-eku-excludes-client error certain",),
        mode="optional_no_ca",
    ),
    issued_by_a_namesake(),
    second_namesake(),
    unknown_critical_extension(),
    rsa_at_level_3(),
    Trial(
        "a root twice",
        content("duplicate-root.pem"),
        of("root"),
        enters=True,
        said=("ca-duplicate info certain",),
    ),
    Trial("a root signed with SHA-1", content("ca-sha1-root.pem"), of("ca-sha1-root"), enters=True),
]


@pytest.fixture
def lay_out(tmp_path: Path) -> Callable[[Trial], str]:
    def lay_out(trial: Trial) -> str:
        lines = [f"        {trial.more}"] if trial.more else []
        for directive, data in (
            ("ssl_client_certificate", trial.ca),
            ("ssl_trusted_certificate", trial.trusted),
        ):
            if data:
                (tmp_path / f"{directive}.pem").write_bytes(data)
                lines.append(f"        {directive} {tmp_path}/{directive}.pem;")
        for name in ("server.pem", "server.key"):
            (tmp_path / name).write_bytes(content(name))
        (tmp_path / "client.pem").write_bytes(trial.client.pem + trial.sent)
        (tmp_path / "client.key").write_bytes(trial.client.key_pem())
        return TEXT.format(directory=tmp_path, mode=trial.mode, directives="\n".join(lines))

    return lay_out


@pytest.mark.parametrize("trial", TRIALS, ids=str)
def test_clients_and_findings_agree(
    trial: Trial, nginx: NginxBinary, lay_out: Callable[[Trial], str], tmp_path: Path
) -> None:
    if nginx.version < trial.since:
        pytest.skip(f"since nginx {trial.since}")
    text = lay_out(trial)
    report = lint_text(text.replace("PORT_web", "443"), rules=RULES, version=nginx.version)
    found = tuple(f"{f.rule} {f.severity.value} {f.confidence.value}" for f in report.findings)
    assert found == trial.said, [f.finding.message for f in report.findings]
    with nginx.run(text, tmp_path) as server:
        reply = request(
            server.ports["web"],
            certificate=tmp_path / "client.pem",
            key=tmp_path / "client.key",
            security_level=0,
        )
    assert reply.status == (200 if trial.enters else 400), reply
