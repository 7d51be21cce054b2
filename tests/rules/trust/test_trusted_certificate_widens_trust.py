"""``trusted-certificate-widens-trust``: what it says, and whether real nginx lets the clients in."""

from pathlib import Path

import pytest
from msgspec import Struct

from mtls_lint.lint.finding import Confidence, Severity
from mtls_lint.testing import Identity, NginxBinary, lint_text, request
from mtls_lint.testing.catalogue import authority, content, identity
from mtls_lint.testing.pki import EXPIRED, Authority, make_key
from rules.cases import Case, check

RULE = "trusted-certificate-widens-trust"
PAIR = "ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key;"


def block(name: str, *lines: str, mode: str = "on", own: str = "root.pem", more: str = "") -> str:
    client = f"ssl_client_certificate /pki/{own};" if own else ""
    head = f"server {{ listen 443 ssl; server_name {name}; {PAIR} {client} ssl_verify_client {mode}; {more}"
    return "\n".join([head, *lines, "location / { proxy_pass http://127.0.0.1:1; } }"])


def server(*lines: str, mode: str = "on", own: str = "root.pem", more: str = "") -> str:
    """A whole configuration whose own lines begin at line 3."""
    return "\n".join(["events {} http {", block("a.test", *lines, mode=mode, own=own, more=more), "}"])


def trusted(name: str) -> str:
    return f"ssl_trusted_certificate /pki/{name};"


OTHER = trusted("other-root.pem")
STAPLING = "ssl_stapling on;"
CASES = [
    Case("for stapling", server(OTHER, STAPLING), [3], '"Other Root CA"', Severity.ERROR, Confidence.CERTAIN),
    Case("perhaps for clients", server(OTHER), [3], "a.test:443", Severity.WARNING),
    Case(
        "the request that gets in",
        server(OTHER),
        [3],
        witness="curl -i -k --cert client-of-other-root.pem https://a.test/",
    ),
    Case("one among others", server(trusted("two-roots.pem")), [3], 'holds "Other Root CA", which'),
    Case(
        "optional and checked",
        server(OTHER, mode="optional", more="if ($ssl_client_verify != SUCCESS) { return 403; }"),
        [3],
    ),
    Case(
        "a fragment",
        f"ssl_client_certificate /pki/root.pem; ssl_verify_client on; {PAIR}\n{OTHER}",
        [2],
        confidence=Confidence.LIKELY,
    ),
    Case(
        "once for all servers",
        f"events {{}} http {{\n{OTHER}\n{block('a.test')}\n{block('b.test')} }}",
        [2],
        "servers a.test:443 and b.test:443",
    ),
    Case("alone", server(OTHER, own="")),
    Case("alone with optional_no_ca", server(OTHER, own="", mode="optional_no_ca"), version="1.22.1"),
    Case("the same file", server(trusted("root.pem"), STAPLING)),
    Case("the same CAs", server(trusted("duplicate-root.pem"))),
    Case("nobody is asked", server(OTHER, mode="off")),
    Case("cancelled", server('ssl_trusted_certificate "";')),
    Case("nothing to enter", server(OTHER, more="return 403;")),
    Case("open to anyone anyway", server(OTHER, mode="optional")),
    Case(
        "the issuer is compared",
        server(OTHER, more="if ($ssl_client_i_dn != CN=x) { return 403; }"),
        words="ssl_client_i_dn",
        not_evaluated=True,
    ),
    Case(
        "the file is not there",
        server("ssl_trusted_certificate /x/ca.pem;"),
        words="/x/ca.pem",
        not_evaluated=True,
    ),
    Case(
        "the other file is not there",
        server(OTHER, own="").replace("on;", "on; ssl_client_certificate /x/ca.pem;", 1),
        words="/x/ca.pem",
        not_evaluated=True,
    ),
    Case(
        "the CRL is not there", server(OTHER, "ssl_crl /x/crl.pem;"), words="/x/crl.pem", not_evaluated=True
    ),
    Case(
        "replaced by a command",
        server(OTHER, "ssl_conf_command VerifyCAFile /pki/root.pem;"),
        words="VerifyCAFile",
        not_evaluated=True,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_case(case: Case) -> None:
    check(RULE, case)


class Trial(Struct, frozen=True):
    """Both files, a client of the second one's CA, and whether it gets in, which is what the rule says."""

    what: str
    own: bytes
    extra: bytes
    client: Identity
    enters: bool
    said: bool | None = None
    sent: bytes = b""
    crl: bytes = b""
    since: tuple[int, int, int] = (0, 0, 0)

    def __str__(self) -> str:
        return self.what.replace(" ", "-")


ROOT, OTHER_ROOT = content("root.pem"), content("other-root.pem")
STRANGER = authority("other-root").client("client")


def renewed() -> Trial:
    key = make_key("p256")
    old = Authority.root("Renewed", own_key=key, validity=EXPIRED)
    new = Authority.root("Renewed", own_key=key)
    return Trial("a renewed copy is the same CA", old.pem, new.pem, new.client("c"), enters=True, said=False)


TRIALS = [
    Trial("another root", ROOT, OTHER_ROOT, STRANGER, enters=True),
    Trial("without it", ROOT, ROOT, STRANGER, enters=False),
    Trial(
        "an intermediate ends no chain",
        ROOT,
        authority("other-root").intermediate("Other Intermediate").pem,
        STRANGER,
        enters=False,
    ),
    Trial(
        "an intermediate of the client CA",
        ROOT,
        content("intermediate.pem"),
        authority("intermediate").client("c"),
        enters=True,
        said=False,  # it would get in without the file if it sent the intermediate
    ),
    Trial(
        "the root that the client CA needs",
        content("intermediate.pem"),
        ROOT,
        authority("intermediate").client("c"),
        enters=True,
        said=False,
    ),
    Trial(
        "an intermediate that is trusted by itself",
        OTHER_ROOT,
        content("trusted-intermediate.pem"),
        authority("intermediate").client("c"),
        enters=True,
        since=(1, 27, 2),
    ),
    Trial(
        "a client's own certificate",
        ROOT,
        content("self-signed-client.pem"),
        identity("self-signed-client"),
        enters=True,
    ),
    Trial(
        "an expired root", ROOT, content("ca-expired.pem"), authority("ca-expired").client("c"), enters=False
    ),
    Trial(
        "a root for servers",
        ROOT,
        content("ca-server-eku.pem"),
        authority("ca-server-eku").client("c"),
        False,
    ),
    Trial("a CA without a CRL", ROOT, OTHER_ROOT, STRANGER, enters=False, crl=content("crl.pem")),
    Trial(
        "a CA with a CRL",
        ROOT,
        OTHER_ROOT,
        STRANGER,
        enters=True,
        crl=content("crl.pem") + content("crl-other.pem"),
    ),
    renewed(),
]
DIRECTIVES = "listen 127.0.0.1:PORT_web ssl; ssl_verify_client on;"


@pytest.mark.parametrize("module", ["http", "stream"])
@pytest.mark.parametrize("trial", TRIALS, ids=str)
def test_clients_and_findings_agree(trial: Trial, module: str, nginx: NginxBinary, tmp_path: Path) -> None:
    if nginx.version < trial.since:
        pytest.skip(f"since nginx {trial.since}")
    lines = [DIRECTIVES]
    files = {
        "ssl_client_certificate": trial.own,
        "ssl_trusted_certificate": trial.extra,
        "ssl_crl": trial.crl,
        "ssl_certificate": content("server.pem"),
        "ssl_certificate_key": content("server.key"),
    }
    for name, data in files.items():
        if data:
            (tmp_path / f"{name}.pem").write_bytes(data)
            lines.append(f"{name} {tmp_path}/{name}.pem;")
    answer = "HTTP/1.1 200 OK\\r\\n\\r\\n" if module == "stream" else ""
    answer = f'return "{answer}";' if answer else "location / { root /; } location = / { return 200; }"
    text = f"events {{}} {module} {{ server {{ {' '.join(lines)} {answer} }} }}\n"
    if not nginx.can_run(text):
        pytest.skip(f"no {module} module")
    report = lint_text(text.replace("PORT_web", "443"), rules=[RULE], version=nginx.version)
    assert bool(report.findings) is (trial.enters if trial.said is None else trial.said), report.not_evaluated
    (tmp_path / "client.pem").write_bytes(trial.client.pem + trial.client.key_pem())
    with nginx.run(text, tmp_path) as running:
        reply = request(running.ports["web"], certificate=tmp_path / "client.pem")
    assert (reply.status == 200) is trial.enters, reply
