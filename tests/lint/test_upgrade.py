"""``upgrade`` on small configurations: what it lists is what two real nginx do differently."""

from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from textwrap import indent

import pytest
from msgspec import Struct

from mtls_lint.lint.pack import built_in_pack, load_packs
from mtls_lint.lint.upgrade import Upgrade, upgrade
from mtls_lint.nginx.differences import Access, Kind
from mtls_lint.nginx.version import NginxVersion, parse_version
from mtls_lint.pki.store import PemStore
from mtls_lint.syntax.loader import load, load_text
from mtls_lint.testing.nginx import NginxBinary, find_nginx, request
from mtls_lint.testing.pki import Authority, Identity

NGINX = find_nginx()
RULES = load_packs([built_in_pack()])
OLD, NEW = NginxVersion(1, 22, 1), NginxVersion(1, 31, 3)

TLS = "ssl_certificate server.pem; ssl_certificate_key server.key;"
BOTH = "ssl_protocols TLSv1.2 TLSv1.3;"
ASKING = "ssl_client_certificate ca-a.pem; ssl_verify_client on;"


def server(name: str, settings: str, listen: str = "127.0.0.1:PORT_tls ssl") -> str:
    return f"server {{ listen {listen}; server_name {name}; {settings} return 200 {name}; }}\n"


class Case(Struct, frozen=True):
    """A configuration of http, the kinds that are listed, and what the probes (see ``_probe``) get."""

    what: str
    text: str
    kinds: tuple[Kind, ...] = ()
    differing: dict[str, tuple[str, str]] = {}
    """By probe: what the old nginx answers, and what the new one does."""

    def __str__(self) -> str:
        return self.what.replace(" ", "-")


CASES = [
    Case("the same", BOTH + server("a.test", TLS + ASKING)),
    Case("plain http", server("a.test", "", "127.0.0.1:PORT_tls")),
    Case(
        "default protocols",
        server("a.test", TLS),
        (Kind.PROTOCOLS,),
        {"a 1.3": ("failed", "200"), "a 1.3 a": ("failed", "200"), "a 1.3 b": ("failed", "200"),
         "a 1.3 revoked": ("failed", "200")},
    ),
    Case(
        "protocols of another server",
        server("b.test", TLS + "ssl_protocols TLSv1.2;") + server("a.test", TLS + "ssl_protocols TLSv1.3;"),
        (Kind.PROTOCOLS,),
        {f"a 1.{minor}{client}": ("200", "failed") if minor == 2 else ("failed", "200")
         for minor in (2, 3) for client in ("", " a", " b", " revoked")},
    ),
    Case(
        "a certificate among the CRLs",
        BOTH + server("a.test", TLS + ASKING + "ssl_crl crl-and-b.pem;"),
        (Kind.TRUST,),
        {"a 1.2 b": ("200", "400"), "a 1.3 b": ("200", "400")},
    ),
    Case(
        "a CRL among the CAs",
        BOTH + server("a.test", TLS + ASKING.replace("ca-a", "ca-and-crl") + "ssl_crl old.pem;"),
        (Kind.TRUST,),
        {"a 1.2 revoked": ("400", "200"), "a 1.3 revoked": ("400", "200")},
    ),
    Case(
        "only trusted CAs",
        BOTH + server("a.test", TLS + "ssl_trusted_certificate ca-a.pem; ssl_verify_client on;"),
        (Kind.START,),
    ),
    Case("ssl on", BOTH + server("a.test", TLS + "ssl on;", "127.0.0.1:PORT_tls"), (Kind.START,)),
    Case("http2 on", BOTH + server("a.test", TLS + "http2 on;"), (Kind.START,)),
]  # fmt: skip


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("upgrade")
    a, b = Authority.root("Root A"), Authority.root("Root B")
    revoked = a.client("revoked")
    a.server("a.test", "b.test").write(directory, "server")
    clients: dict[str, Identity] = {"a": a.client("alice"), "b": b.client("bob"), "revoked": revoked}
    for name, identity in clients.items():
        (directory / f"client-{name}.pem").write_bytes(identity.pem)
        (directory / f"client-{name}.key").write_bytes(identity.key_pem())
    for name, data in {
        "ca-a": a.pem,
        "crl-and-b": a.crl() + b.crl() + b.pem,
        "ca-and-crl": a.pem + a.crl(revoked, last_update=datetime(2026, 3, 1, tzinfo=timezone.utc)),
        "old": a.crl(last_update=datetime(2026, 2, 1, tzinfo=timezone.utc)),
    }.items():
        (directory / f"{name}.pem").write_bytes(data)
    return directory


def compared(text: str, directory: Path, old: NginxVersion = OLD, new: NginxVersion = NEW) -> Upgrade:
    main = directory / "main.conf"
    main.write_text(whole(text).replace("PORT_tls", "8443"))
    return upgrade(load(str(main)), old, new, RULES, datetime.now(timezone.utc), PemStore())


def whole(text: str) -> str:
    return f"events {{}}\nhttp {{\n{indent(text, '    ')}\n}}\n"


def _probe(binary: NginxBinary, text: str, directory: Path, files: Path) -> dict[str, str]:
    """The status, or ``failed``, by TLS version and client."""
    for path in files.glob("*.pem"):
        (directory / path.name).write_bytes(path.read_bytes())
        key = path.with_suffix(".key")
        if key.exists():
            (directory / key.name).write_bytes(key.read_bytes())
    with binary.run(whole(text), directory) as running:
        port = running.ports["tls"]
        return dict(_answers(port, directory, tls="ssl" in text.partition("listen ")[2].partition(";")[0]))


def _answers(port: int, directory: Path, *, tls: bool) -> Iterator[tuple[str, str]]:
    for version in ("1.2", "1.3") if tls else (None,):
        for client in ("", "a", "b", "revoked"):
            reply = request(
                port,
                tls=tls,
                sni="a.test" if tls else None,
                host="a.test",
                certificate=directory / f"client-{client}.pem" if client and tls else None,
                key=directory / f"client-{client}.key" if client and tls else None,
                minimum=version,
                maximum=version,
            )
            yield f"a {version} {client}".strip(), str(reply.status or "failed")


@pytest.mark.skipif(len(NGINX) < 2, reason="needs two versions of nginx")
@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_is_listed_is_what_two_nginx_do_differently(case: Case, files: Path, tmp_path: Path) -> None:
    old, new = NGINX[-1], NGINX[0]
    found = compared(case.text, files, old.version, new.version)
    assert tuple(dict.fromkeys(one.kind for one in found.differences)) == case.kinds
    places = []
    for binary in (old, new):
        place = tmp_path / str(binary)
        place.mkdir()
        places.append(place)
    if case.kinds == (Kind.START,):
        for name in ("server.pem", "server.key", "ca-a.pem"):
            for place in places:
                (place / name).write_bytes((files / name).read_bytes())
        text = whole(case.text).replace("PORT_tls", "8443")
        takes = [bool(binary.check(text, place)) for binary, place in zip((old, new), places, strict=True)]
        said = [one.before == "takes it" for one in found.differences]
        assert takes == [said[0], not said[0]]
        return
    before, after = (
        _probe(binary, case.text, place, files) for binary, place in zip((old, new), places, strict=True)
    )
    assert {
        probe: (said, after[probe]) for probe, said in before.items() if said != after[probe]
    } == case.differing


def test_nothing_differs_between_a_version_and_itself(files: Path) -> None:
    for case in CASES:
        found = compared(case.text, files, NEW, NEW)
        assert not found.differs
        assert found.notes == ()


def test_backwards_is_the_same_the_other_way_round(files: Path) -> None:
    for case in CASES:
        forth, back = compared(case.text, files), compared(case.text, files, NEW, OLD)
        turned = {(one.kind, one.before, one.after) for one in back.differences}
        assert turned == {(one.kind, one.after, one.before) for one in forth.differences}
        assert {one.rule for one in back.going} == {one.rule for one in forth.appearing}


def test_access_and_holes_are_compared(files: Path) -> None:
    text = server("a.test", TLS + "ssl_conf_command VerifyMode RequirePostHandshake;")
    (access,) = (one for one in compared(text, files).differences if one.kind is Kind.ACCESS)
    assert isinstance(access.before, Access)
    assert isinstance(access.after, Access)
    assert (access.before.who.kind, access.after.who.kind) == ("any certificate", "anyone")


def test_sessions_between_servers_are_compared(files: Path) -> None:
    text = BOTH + server("b.test", TLS) + server("a.test", TLS + ASKING)
    # The fix of CVE-2025-23419 refuses; 1.29.2 makes a full handshake (tests/nginx/test_resumption.py).
    differences = compared(text, files, parse_version("1.28.0"), NEW).differences
    said = {(one.where, one.before, one.after) for one in differences if one.kind is Kind.SESSIONS}
    where = "TLS 1.3 session made with SNI b.test, brought back with SNI a.test, on 127.0.0.1:8443"
    after = "full handshake; a.test:8443 answers, with the verdict of a.test:8443"
    assert (where, "refused (alert access_denied)", after) in said
    assert not any("SNI b.test, on" in one for one, _, _ in said)


@pytest.mark.parametrize(("servers", "left_out"), [(9, 0), (12, 3)])
def test_of_many_servers_with_cas_of_their_own_some_are_asked(
    servers: int, left_out: int, files: Path, tmp_path: Path
) -> None:
    """The default server is one of a kind, the others are alike."""
    for name in ("server.pem", "server.key"):
        (tmp_path / name).write_bytes((files / name).read_bytes())
    for number in range(servers):
        Authority.root(f"CA {number}").write(tmp_path, f"ca-{number}")
    own = "ssl_client_certificate ca-{}.pem; ssl_verify_client on;"
    text = BOTH + "".join(server(f"{number}.test", TLS + own.format(number)) for number in range(servers))
    found = compared(text, tmp_path, parse_version("1.28.0"), NEW)
    assert any(one.kind is Kind.SESSIONS for one in found.differences)
    reasons = [one.reason for one in found.not_compared]
    assert reasons == [
        "what becomes of TLS sessions on 127.0.0.1:8443: asked for 8, not for 3 more, of the servers that"
        " certificates and names of CAs alone tell apart"
    ] * bool(left_out)


def test_tickets_of_a_shared_cache_outlive_a_reload(files: Path) -> None:
    text = BOTH + server("a.test", TLS + ASKING + "ssl_session_cache shared:tls:1m;")
    # What outlives a reload is asked of nginx in tests/rules/sessions/test_revocation_against_nginx.py.
    found = [one for one in compared(text, files).differences if one.kind is Kind.SESSIONS]
    assert [(one.where, one.before, one.after) for one in found] == [
        (
            "TLS sessions of a.test:8443 on 127.0.0.1:8443",
            "outlive a reload, and what a new CRL revokes: TLS 1.2 up to 300 seconds",
            "outlive a reload, and what a new CRL revokes: TLS 1.2 up to 300 seconds,"
            " TLS 1.3 up to 300 seconds",
        )
    ]
    assert not any(
        one.kind is Kind.SESSIONS
        for one in compared(text, files, parse_version("1.28.0"), parse_version("1.30.0")).differences
    )


def test_protocols_towards_upstreams(files: Path) -> None:
    text = "server { listen 8080; location / { proxy_pass https://127.0.0.1; } }"
    (found,) = compared(text, files).differences
    assert (found.kind, found.before, found.after) == (
        Kind.UPSTREAM, "TLSv1, TLSv1.1, TLSv1.2", "TLSv1.2, TLSv1.3",
    )  # fmt: skip
    assert compared(f"proxy_ssl_protocols TLSv1.2; {text}", files).differences == ()


def test_files_that_are_absent_are_not_compared() -> None:
    text = whole(BOTH + server("a.test", TLS + ASKING + "ssl_crl crl.pem;", "8443 ssl"))
    found = upgrade(load_text(text), OLD, NEW, RULES, datetime.now(timezone.utc), PemStore())
    assert found.complete
    assert any("what clients are verified with" in one.reason for one in found.not_compared)


def test_advice_about_versions_is_listed_and_is_no_difference(files: Path) -> None:
    found = compared(CASES[0].text, files)
    assert "nginx-end-of-life" in {one.rule for one in found.going}
    assert "cve-2026-118899" in {one.rule for one in (*found.appearing, *found.going)} or not found.differs
    assert not found.differs


def test_what_is_ignored_neither_appears_nor_goes() -> None:
    text = whole(server("a.test", TLS + ASKING, "8443 ssl"))
    ignored = "# mtls-lint: ignore-file[tls13-missing] the partner is old\n" + text
    plain, judged = (
        upgrade(load_text(one), OLD, NEW, RULES, datetime.now(timezone.utc), PemStore())
        for one in (text, ignored)
    )
    assert "tls13-missing" in {one.rule for one in plain.going}
    assert "tls13-missing" not in {one.rule for one in judged.going}
    assert "ignore-unused" in {one.rule for one in judged.appearing}
