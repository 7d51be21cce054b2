"""Whether real clients get in, and what the rules say about the same files."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

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
        ssl_verify_client   on;
{directives}
        return 200;
    }}
}}
"""
RULES = (
    "ca-expired",
    "ca-expiring",
    "ca-file-missing",
    "ca-file-unusable",
    "ca-intermediate-only",
    "ca-not-a-ca",
    "ca-not-yet-valid",
    "ca-weak-key",
    "ca-weak-signature",
)


@dataclass(frozen=True)
class Trial:
    """CA files, a client, whether it gets in, and the findings (``rule severity confidence``)."""

    what: str
    ca: bytes
    client: Identity
    enters: bool
    said: tuple[str, ...] = ()
    trusted: bytes = b""
    sent: bytes = b""
    since: tuple[int, int, int] = (0, 0, 0)

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
    Trial("a root signed with SHA-1", content("ca-sha1-root.pem"), of("ca-sha1-root"), enters=True),
]


@pytest.fixture
def lay_out(tmp_path: Path) -> Callable[[Trial], str]:
    def lay_out(trial: Trial) -> str:
        lines = []
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
        return TEXT.format(directory=tmp_path, directives="\n".join(lines))

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
