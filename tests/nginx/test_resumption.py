"""Resumption: what the model says of a session that comes back is what real nginx does with it."""

from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path

import pytest
from msgspec import Struct

from mtls_lint.nginx.material import FileReference
from mtls_lint.nginx.model import Configuration, build
from mtls_lint.nginx.resumption import (
    EARLY_NAME,
    Attempt,
    Fate,
    Resumption,
    has_fix,
    resume,
    session_context,
)
from mtls_lint.nginx.version import NginxVersion, parse_version
from mtls_lint.pki.store import PemFile, PemStore
from mtls_lint.syntax.loader import load, load_text
from mtls_lint.syntax.tree import Unknown
from mtls_lint.testing import with_material
from mtls_lint.testing.catalogue import authority, materialise
from mtls_lint.testing.client import Reply, client_context
from mtls_lint.testing.nginx import NginxBinary, request

ONE = "ssl_certificate server.pem; ssl_certificate_key server.key;"
TWO = "ssl_certificate wildcard.pem; ssl_certificate_key wildcard.key;"
BY_VARIABLE = "ssl_certificate $which; ssl_certificate_key server.key;"
ON, OPTIONAL, NO_CA = (f"ssl_verify_client {mode};" for mode in ("on", "optional", "optional_no_ca"))
ROOT, OTHER, BOTH = (f"ssl_client_certificate {name}.pem;" for name in ("root", "other-root", "two-roots"))
MORE = "ssl_trusted_certificate root.pem;"
CRL = "ssl_crl crl.pem;"
NO_TICKETS = "ssl_session_tickets off;"
CACHE = "ssl_session_cache shared:sessions:1m;"
REJECT = "ssl_reject_handshake on;"


class Sockets(Struct, frozen=True):
    """Three servers of one socket, d.test the default; and who makes the session."""

    what: str
    a: str
    b: str
    d: str = REJECT
    http: str = ""
    client: str = "client"
    questions: Sequence[tuple[str | None, str | None, str]] = ()
    """SNI of the first handshake, SNI of the second, and Host."""

    def __str__(self) -> str:
        return self.what.replace(" ", "-")

    @property
    def text(self) -> str:
        """The configuration."""
        servers = "\n".join(
            f"server {{ listen 127.0.0.1:PORT_tls ssl; server_name {names}; {lines} "
            f'return 200 "{names[0]} $ssl_client_verify"; }}'
            for names, lines in (("d.test", self.d), ("a.test alias.test", self.a), ("b.test", self.b))
        )
        return f"events {{}}\nhttp {{\nssl_protocols TLSv1.2 TLSv1.3;\n{self.http}\n{servers}\n}}\n"


# The client is one of root; a.test lets it in. Where b.test trusts other-root alone, it refuses it.
CASES = [
    Sockets("other CAs", ONE + ON + ROOT, ONE + ON + OTHER),
    Sockets("other CAs, default verifies", ONE + ON + ROOT, ONE + ON + OTHER, ONE + ON + OTHER),
    Sockets("other CAs, default is open", ONE + ON + ROOT, ONE + ON + OTHER, ONE),
    Sockets("one more CA, same certificate and names", ONE + ON + OTHER + MORE, ONE + ON + OTHER),
    Sockets("the same, shared with the default", ONE + ON + OTHER + MORE, TWO + ON + OTHER, ONE + ON + OTHER),
    Sockets("one more CA, other certificate", ONE + ON + OTHER + MORE, TWO + ON + OTHER),
    Sockets("CRL at one of them", ONE + ON + ROOT, ONE + ON + ROOT + CRL, client="revoked-client"),
    Sockets("depth", ONE + ON + ROOT + "ssl_verify_depth 3;", ONE + ON + ROOT),
    Sockets(
        "the same CA twice in the file",
        ONE + ON + ROOT,
        ONE + ON + "ssl_client_certificate duplicate-root.pem;",
    ),
    Sockets("CAs in another order", ONE + ON + BOTH, ONE + ON + "ssl_client_certificate reversed.pem;"),
    Sockets("b is open", ONE + ON + ROOT, ONE),
    Sockets("a is open", ONE, ONE + ON + OTHER),
    Sockets("b optional", ONE + ON + OTHER + MORE, ONE + OPTIONAL + OTHER),
    Sockets("no certificate at a", ONE + OPTIONAL + OTHER, ONE + ON + OTHER, client=""),
    Sockets("a tolerates any", ONE + NO_CA + OTHER, ONE + ON + OTHER),
    Sockets("both tolerate any", ONE + NO_CA + OTHER, ONE + NO_CA + OTHER),
    Sockets("b has no certificate of its own", ONE + ON + ROOT, ON + OTHER, ONE + ON + ROOT),
    Sockets("b rejects", ONE + ON + ROOT, ONE + ON + ROOT + REJECT),
    Sockets(
        "variables alike",
        BY_VARIABLE + ON + OTHER + MORE,
        BY_VARIABLE + ON + OTHER,
        http="map $host $which { default server.pem; }",
    ),
    Sockets(
        "variable and file",
        BY_VARIABLE + ON + OTHER + MORE,
        ONE + ON + OTHER,
        http="map $host $which { default server.pem; }",
    ),
    Sockets("b speaks TLS 1.2", ONE + ON + OTHER + MORE, ONE + ON + OTHER + "ssl_protocols TLSv1.2;"),
    Sockets(
        "a command ends tickets",
        ONE + ON + OTHER + MORE,
        ONE + ON + OTHER,
        http="ssl_conf_command Options -SessionTicket;",
    ),
    Sockets(
        "a command brings tickets",
        ONE + ON + OTHER + MORE,
        ONE + ON + OTHER,
        http=NO_TICKETS + "ssl_conf_command Options SessionTicket;",
    ),
]
EVERYTHING = tuple(
    product(
        ("a.test", "d.test", None, "unknown.test"),
        ("a.test", "alias.test", "b.test", None, "unknown.test"),
        ("a.test", "b.test", "d.test"),
    )
)
CROSSING = tuple(product(("a.test", None), ("a.test", "b.test", None), ("a.test", "b.test")))

# Which tickets are off, and where the cache is: by letters of the servers.
CASES += [
    Sockets(
        f"no tickets at {off or 'none'}, cache at {cache or 'none'}",
        ONE + ON + OTHER + MORE + NO_TICKETS * ("a" in off) + CACHE * ("a" in cache),
        ONE + ON + OTHER + NO_TICKETS * ("b" in off) + CACHE * ("b" in cache),
        REJECT + NO_TICKETS * ("d" in off) + CACHE * ("d" in cache),
        questions=CROSSING,
    )
    for off in ("", "a", "b", "d", "ab", "abd")
    for cache in ("", "d", "ab")
]
CASES += [
    Sockets(
        f"no time, {what}",
        ONE + ON + OTHER + MORE + extra,
        ONE + ON + OTHER + extra,
        REJECT + "ssl_session_timeout 0;" + extra,
        questions=CROSSING,
    )
    for what, extra in (("tickets", ""), ("a cache alone", CACHE + NO_TICKETS))
]
CASES.append(
    Sockets(
        "no time elsewhere",
        ONE + ON + OTHER + MORE + "ssl_session_timeout 0;",
        ONE + ON + OTHER,
        questions=CROSSING,
    )
)
ONLY_TRUSTED = Sockets(
    "only trusted CAs", ONE + ON + MORE, ONE + ON + "ssl_trusted_certificate other-root.pem;"
)


def reader(store: PemStore) -> Callable[[FileReference], PemFile]:
    return lambda reference: store.read(reference.path or "")


def configuration_at(directory: Path, version: NginxVersion) -> Configuration:
    return build(load(str(directory / "nginx.conf")), version)


def mode_of(resumption: Resumption) -> str:
    return resumption.server.verify_client if resumption.server is not None else ""


def expected(resumption: Resumption, verdicts: dict[str, str]) -> tuple[str, bool]:
    """What a client sees: the answer in short, and whether its session was resumed."""
    reused = resumption.fate is Fate.RESUMED
    if resumption.fate is Fate.ACCESS_DENIED:
        return "TLSV1_ALERT_ACCESS_DENIED", False
    if resumption.fate is Fate.HANDSHAKE_FAILED:
        return "no handshake", False
    assert resumption.server is not None
    assert resumption.verdict_of is not None
    if resumption.misdirected:
        return "421", reused
    verdict = verdicts[resumption.verdict_of.label[0]]
    mode = mode_of(resumption)
    bad = verdict.startswith("FAILED") and mode != "optional_no_ca"
    if (mode != "off" and bad) or (mode == "on" and verdict == "NONE"):
        return "400", reused
    return f"{resumption.server.label[0]} {verdict.partition(':')[0]}", reused


def seen(reply: Reply) -> tuple[str, bool]:
    if reply.status is None:
        denied = reply.error == "TLSV1_ALERT_ACCESS_DENIED"
        return (reply.error if denied else "no handshake"), False
    return (reply.body.partition(":")[0] if reply.status == 200 else str(reply.status)), reply.reused


def compare(nginx: NginxBinary, case: Sockets, directory: Path) -> int:
    """Ask nginx and the model the same questions; how many they were."""
    materialise(directory)
    (directory / "reversed.pem").write_bytes(authority("other-root").pem + authority("root").pem)
    certificate = directory / f"{case.client}.pem" if case.client else None
    key = directory / f"{case.client}.key" if case.client else None
    asked = 0
    with nginx.run(case.text, directory) as running:
        port = running.ports["tls"]
        configuration = configuration_at(directory, nginx.version)
        (socket,) = configuration.sockets
        store = PemStore()
        # The verdict of each server's own full handshake, as nginx gives it.
        verdicts = {}
        for tls in ("1.2", "1.3"):
            for letter in "abd":
                context = client_context(certificate=certificate, key=key, minimum=tls, maximum=tls)
                reply = request(port, context=context, sni=f"{letter}.test", host=f"{letter}.test")
                if reply.status is not None:
                    refused = "FAILED" if case.client else "NONE"
                    verdicts[letter] = reply.body.partition(" ")[2] if reply.status == 200 else refused
            for made, named, host in case.questions or EVERYTHING:
                context = client_context(certificate=certificate, key=key, minimum=tls, maximum=tls)
                # A session of its own for each question: one that ends in an alert leaves the cache.
                first = request(port, context=context, sni=made, host=made or "d.test")
                if first.session is None:
                    continue
                reply = request(port, context=context, sni=named, host=host, session=first.session)
                attempt = Attempt(tls, made, named, host)
                # Debian's 1.22.1 has the fix of CVE-2025-23419.
                answer = resume(configuration, socket, attempt, reader(store), fixed=True)
                assert isinstance(answer, Resumption)
                assert seen(reply) == expected(answer, verdicts), (case.what, attempt, answer)
                asked += 1
    return asked


@pytest.mark.parametrize("case", CASES, ids=str)
def test_nginx_does_what_the_model_says(case: Sockets, nginx: NginxBinary, tmp_path: Path) -> None:
    assert compare(nginx, case, tmp_path) >= 12


def test_only_trusted_cas(nginx: NginxBinary, tmp_path: Path) -> None:
    # Before 1.27.2 nginx wants ssl_client_certificate.
    if nginx.version >= (1, 27, 2):
        assert compare(nginx, ONLY_TRUSTED, tmp_path) >= 30


@pytest.mark.parametrize(("trust", "status"), [(MORE, 400), ("", None)])
def test_ocsp_is_asked_again_with_the_cas_of_the_server_at_hand(
    trust: str, status: int | None, nginx: NginxBinary, tmp_path: Path
) -> None:
    if nginx.version < EARLY_NAME:
        return  # it does not resume at b.test at all
    nobody = "ssl_ocsp on; ssl_ocsp_responder http://127.0.0.1:1/;"
    case = Sockets("ocsp", ONE + ON + OTHER + MORE, ONE + ON + OTHER + trust + nobody)
    materialise(tmp_path)
    with nginx.run(case.text, tmp_path) as running:
        port = running.ports["tls"]
        context = client_context(certificate=tmp_path / "client.pem", key=tmp_path / "client.key")
        first = request(port, context=context, sni="a.test", host="a.test")
        reply = request(port, context=context, sni="b.test", host="b.test", session=first.session)
    assert first.status == 200
    assert reply.reused
    assert reply.status == status


# -- by version, without nginx ------------------------------------------------------------------------------

TREE = """events {{}}
http {{
    ssl_protocols TLSv1.2 TLSv1.3;
    server {{ listen 443 ssl; {default} }}
    server {{ listen 443 ssl; server_name a.test; {a} ssl_verify_client on; return 200; }}
    server {{ listen 443 ssl; server_name b.test; {b} ssl_verify_client on; return 200; }}
}}
"""
MATERIAL = (
    "ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key; ssl_client_certificate /pki/{};"
)


def asked(version: str, attempt: Attempt, fixed: bool | None = None) -> Resumption | Unknown:
    """The answer for two servers with different CAs, behind a default server that rejects handshakes."""
    text = TREE.format(default=REJECT, a=MATERIAL.format("root.pem"), b=MATERIAL.format("other-root.pem"))
    configuration = build(load_text(with_material(text)), parse_version(version))
    return resume(configuration, configuration.sockets[0], attempt, reader(PemStore()), fixed=fixed)


@pytest.mark.parametrize(
    ("version", "tls", "fate", "misdirected", "advisory"),
    [
        ("1.22.1", "1.3", Fate.RESUMED, False, True),
        ("1.26.2", "1.3", Fate.RESUMED, False, True),
        ("1.26.3", "1.3", Fate.ACCESS_DENIED, False, False),
        ("1.27.3", "1.3", Fate.RESUMED, False, True),
        ("1.27.4", "1.3", Fate.ACCESS_DENIED, False, False),
        ("1.29.1", "1.3", Fate.ACCESS_DENIED, False, False),
        ("1.29.2", "1.3", Fate.FULL_HANDSHAKE, False, False),
        ("1.26.2", "1.2", Fate.RESUMED, True, False),
        ("1.29.1", "1.2", Fate.RESUMED, True, False),
        ("1.29.2", "1.2", Fate.FULL_HANDSHAKE, False, False),
    ],
)
def test_each_version_has_its_answer(
    version: str, tls: str, fate: Fate, misdirected: bool, advisory: bool
) -> None:
    answer = asked(version, Attempt(tls, "a.test", "b.test", "b.test"))
    assert isinstance(answer, Resumption)
    assert (answer.fate, answer.misdirected, answer.advisory) == (fate, misdirected, advisory)


def test_who_knows_the_build_gets_no_advice() -> None:
    attempt = Attempt("1.3", "a.test", "b.test", "b.test")
    patched, vanilla = (asked("1.22.1", attempt, fixed=fixed) for fixed in (True, False))
    assert patched == Resumption(Fate.ACCESS_DENIED)
    assert isinstance(vanilla, Resumption)
    assert vanilla.fate is Fate.RESUMED
    assert not vanilla.advisory


def test_the_fix_in_numbers() -> None:
    having = ("1.26.3", "1.26.9", "1.27.4", "1.28.0", "1.31.3")
    lacking = ("1.11.4", "1.22.1", "1.26.2", "1.27.0", "1.27.3")
    assert all(has_fix(parse_version(version)) for version in having)
    assert not any(has_fix(parse_version(version)) for version in lacking)
    assert str(EARLY_NAME) == "1.29.2"


@pytest.mark.parametrize(
    ("ca", "extra", "reason"),
    [
        ("absent.pem", "", "absent.pem: there is no such file"),
        ("key-only.pem", "", "key-only.pem: "),
        ("root.pem", "include absent.conf;", "absent.conf"),
    ],
)
def test_what_is_not_known_is_said(ca: str, extra: str, reason: str, tmp_path: Path) -> None:
    materialise(tmp_path, ["server.pem", "server.key", "root.pem", "key-only.pem"])
    text = TREE.format(default=REJECT, a=MATERIAL.format("root.pem"), b=MATERIAL.format(ca) + extra)
    (tmp_path / "nginx.conf").write_text(text.replace("/pki", str(tmp_path)))
    configuration = configuration_at(tmp_path, EARLY_NAME)
    attempt = Attempt("1.3", "a.test", "b.test", "b.test")
    answer = resume(configuration, configuration.sockets[0], attempt, reader(PemStore()))
    assert isinstance(answer, Unknown)
    assert reason in answer.reason


def test_unread_files_do_not_hide_a_difference(tmp_path: Path) -> None:
    materialise(tmp_path, ["root.pem", "other-root.pem"])
    servers = "".join(
        f"server {{ listen 443 ssl; ssl_verify_client on; ssl_certificate {n}.pem; {ca} }}"
        for n, ca in (("x", ROOT), ("y", OTHER), ("y", ROOT), ("y", ROOT))
    )
    (tmp_path / "nginx.conf").write_text(f"events {{}} http {{ {servers} }}")
    configuration = configuration_at(tmp_path, EARLY_NAME)
    contexts = [session_context(configuration, s, reader(PemStore())) for s in configuration.servers]
    assert contexts[0].same_as(contexts[1]) is False
    assert isinstance(contexts[0].same_as(contexts[2]), Unknown)
    assert contexts[2].same_as(contexts[3]) is True
