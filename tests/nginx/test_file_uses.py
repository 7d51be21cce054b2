"""Which files a configuration uses, and what for; whether nginx opens them is asked of nginx itself."""

from pathlib import Path

import pytest

from mtls_lint.nginx.file_uses import FileUse, Purpose, file_uses
from mtls_lint.nginx.model import build
from mtls_lint.nginx.version import parse_version
from mtls_lint.syntax.loader import load, load_text
from mtls_lint.testing import NginxBinary, with_material
from mtls_lint.testing.catalogue import materialise

PAIR = "ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key;"
ABSENT = "/no/such/file.pem"


def server(body: str, listen: str = "127.0.0.1:12345 ssl") -> str:
    return f"events {{}} http {{ server {{ listen {listen}; {body} }} }}"


def stream(body: str, listen: str = "127.0.0.1:12345") -> str:
    return f"events {{}} stream {{ server {{ listen {listen}; proxy_pass 127.0.0.1:1; {body} }} }}"


def mail(body: str, listen: str = "127.0.0.1:12345 ssl") -> str:
    inner = f"server {{ listen {listen}; protocol imap; {PAIR} {body} }}"
    return f"events {{}} mail {{ auth_http 127.0.0.1:1; {inner} }}"


def location(body: str) -> str:
    return server(f"{PAIR} location / {{ {body} }}")


TRUSTED = f"proxy_ssl_trusted_certificate {ABSENT};"

OPENS = {
    "certificate": server(f"ssl_certificate {ABSENT}; ssl_certificate_key /pki/server.key;"),
    "certificate-plain": server(
        f"ssl_certificate {ABSENT}; ssl_certificate_key {ABSENT};", "127.0.0.1:12345"
    ),
    "key": server(f"ssl_certificate /pki/server.pem; ssl_certificate_key {ABSENT};"),
    "key-alone": server(f"ssl_certificate_key {ABSENT};", "127.0.0.1:12345"),
    "client-ca": server(f"{PAIR} ssl_verify_client on; ssl_client_certificate {ABSENT};"),
    "client-ca-optional": server(f"{PAIR} ssl_verify_client optional; ssl_client_certificate {ABSENT};"),
    "client-ca-off": server(f"{PAIR} ssl_verify_client off; ssl_client_certificate {ABSENT};"),
    "client-ca-no-context": server(
        f"ssl_verify_client on; ssl_client_certificate {ABSENT};", "127.0.0.1:12345"
    ),
    "client-ca-rejecting": server(
        f"ssl_reject_handshake on; ssl_verify_client on; ssl_client_certificate {ABSENT};"
    ),
    "trusted-off": server(f"{PAIR} ssl_trusted_certificate {ABSENT};"),
    "crl-off": server(f"{PAIR} ssl_crl {ABSENT};"),
    "crl-no-context": server(f"ssl_crl {ABSENT};", "127.0.0.1:12345"),
    "stapling-file": server(f"{PAIR} ssl_stapling on; ssl_stapling_file {ABSENT};"),
    "stapling-file-off": server(f"{PAIR} ssl_stapling_file {ABSENT};"),
    "ticket-key": server(f"{PAIR} ssl_session_ticket_key {ABSENT};"),
    "ticket-key-no-context": server(f"ssl_session_ticket_key {ABSENT};", "127.0.0.1:12345"),
    "verify-ca-file": server(f"{PAIR} ssl_conf_command VerifyCAFile {ABSENT};"),
    "verify-ca-file-no-context": server(f"ssl_conf_command VerifyCAFile {ABSENT};", "127.0.0.1:12345"),
    "overridden": (
        f"events {{}} http {{ ssl_crl {ABSENT};"
        f" server {{ listen 127.0.0.1:12345 ssl; {PAIR} ssl_crl ''; }} }}"
    ),
    "upstream-certificate": location(
        f"proxy_pass https://127.0.0.1:1; proxy_ssl_certificate {ABSENT};"
        " proxy_ssl_certificate_key /pki/client.key;"
    ),
    "upstream-certificate-plain": location(
        f"proxy_pass http://127.0.0.1:1; proxy_ssl_certificate {ABSENT}; proxy_ssl_certificate_key {ABSENT};"
    ),
    "upstream-certificate-variable": location(
        f"set $b 127.0.0.1:1; proxy_pass https://$b; proxy_ssl_certificate {ABSENT};"
        " proxy_ssl_certificate_key /pki/client.key;"
    ),
    "upstream-scheme-variable": location(
        f"set $b https; proxy_pass $b://127.0.0.1:1; proxy_ssl_certificate {ABSENT};"
        " proxy_ssl_certificate_key /pki/client.key;"
    ),
    "upstream-plain-variable": location(
        f"set $b 127.0.0.1:1; proxy_pass http://$b; proxy_ssl_certificate {ABSENT};"
        " proxy_ssl_certificate_key /pki/client.key;"
    ),
    "upstream-key": location(
        f"proxy_pass https://127.0.0.1:1; proxy_ssl_certificate /pki/client.pem;"
        f" proxy_ssl_certificate_key {ABSENT};"
    ),
    "upstream-ca": location(f"proxy_pass https://127.0.0.1:1; proxy_ssl_verify on; {TRUSTED}"),
    "upstream-ca-off": location(f"proxy_pass https://127.0.0.1:1; {TRUSTED}"),
    "upstream-crl": location(
        "proxy_pass https://127.0.0.1:1; proxy_ssl_verify on; proxy_ssl_trusted_certificate /pki/root.pem;"
        f" proxy_ssl_crl {ABSENT};"
    ),
    "upstream-crl-off": location(f"proxy_pass https://127.0.0.1:1; proxy_ssl_crl {ABSENT};"),
    "grpc-ca": location(
        f"grpc_pass grpcs://127.0.0.1:1; grpc_ssl_verify on; grpc_ssl_trusted_certificate {ABSENT};"
    ),
    "grpc-plain": location(
        f"grpc_pass grpc://127.0.0.1:1; grpc_ssl_verify on; grpc_ssl_trusted_certificate {ABSENT};"
    ),
    "uwsgi-ca": location(
        f"uwsgi_pass suwsgi://127.0.0.1:1; uwsgi_ssl_verify on; uwsgi_ssl_trusted_certificate {ABSENT};"
    ),
    "uwsgi-plain": location(
        f"uwsgi_pass 127.0.0.1:1; uwsgi_ssl_verify on; uwsgi_ssl_trusted_certificate {ABSENT};"
    ),
    "stream-upstream-ca": stream(f"proxy_ssl on; proxy_ssl_verify on; {TRUSTED}"),
    "stream-upstream-plain": stream(f"proxy_ssl_verify on; {TRUSTED}"),
    "stream-crl": stream(f"{PAIR} ssl_crl {ABSENT};", "127.0.0.1:12345 ssl"),
    "stream-trusted": stream(f"{PAIR} ssl_trusted_certificate {ABSENT};", "127.0.0.1:12345 ssl"),
    "stream-crl-on": stream(
        f"{PAIR} ssl_verify_client on; ssl_client_certificate /pki/root.pem; ssl_crl {ABSENT};",
        "127.0.0.1:12345 ssl",
    ),
    "mail-crl": mail(f"ssl_crl {ABSENT};"),
    "mail-trusted": mail(f"ssl_trusted_certificate {ABSENT};"),
    "mail-crl-on": mail(f"ssl_verify_client on; ssl_client_certificate /pki/root.pem; ssl_crl {ABSENT};"),
    "mail-certificate-plain": mail(f"ssl_certificate {ABSENT};", "127.0.0.1:12345"),
}


@pytest.mark.parametrize("name", OPENS)
def test_what_nginx_opens(name: str, nginx: NginxBinary, tmp_path: Path) -> None:
    text = with_material(OPENS[name])
    if not nginx.can_run(text):
        pytest.skip("this nginx has no such module")
    (tmp_path / "nginx.conf").write_text(text)
    configuration = build(load(str(tmp_path / "nginx.conf")), nginx.version)
    opened = [use.opened for use in file_uses(configuration) if use.reference.written == ABSENT]
    assert opened
    verdict = nginx.check(text)
    assert any(opened) is not verdict.accepted, verdict.output
    if not verdict.accepted:
        assert ABSENT in verdict.output


def uses(text: str, version: str = "1.31.3") -> tuple[FileUse, ...]:
    return file_uses(build(load_text(text, "nginx.conf"), parse_version(version)))


def told(text: str) -> list[tuple[str, str, list[str], bool]]:
    return [
        (use.purpose.value, use.reference.written, [one.label for one in use.servers], use.opened)
        for use in uses(text)
    ]


def test_an_inherited_certificate_belongs_to_those_who_show_it() -> None:
    text = (
        "events {} http { ssl_certificate s.pem; ssl_certificate_key s.key; server { listen 80; }"
        " server { listen 443 ssl; server_name a.test; } server { listen 443 ssl; server_name b.test; } }"
    )
    servers = ["a.test:443", "b.test:443"]
    assert told(text) == [
        ("server certificate", "s.pem", servers, True),
        ("key of a server certificate", "s.key", servers, True),
    ]


def test_keys_know_their_certificates() -> None:
    found = uses(
        "events {} http { server { listen 443 ssl; ssl_certificate a.pem; ssl_certificate b.pem;"
        " ssl_certificate_key a.key; ssl_certificate_key b.key; ssl_password_file p.txt; } }"
    )
    pairs = {
        use.reference.written: (use.certificate.written, use.passwords.written if use.passwords else None)
        for use in found
        if use.certificate is not None
    }
    assert pairs == {"a.key": ("a.pem", "p.txt"), "b.key": ("b.pem", "p.txt")}


def test_a_snippet_that_many_servers_include_is_one_place(tmp_path: Path) -> None:
    (tmp_path / "tls.conf").write_text("ssl_certificate s.pem; ssl_certificate_key s.key;")
    one = "server { listen 443 ssl; server_name %s.test; include tls.conf; }"
    text = f"events {{}} http {{ {one % 'a'} {one % 'b'} }}"
    (tmp_path / "nginx.conf").write_text(text)
    found = file_uses(build(load(str(tmp_path / "nginx.conf"))))
    assert [(use.reference.written, len(use.servers)) for use in found] == [("s.pem", 2), ("s.key", 2)]


def test_what_no_server_takes_is_not_opened_but_listed() -> None:
    assert told("events {} http { ssl_crl old.pem; server { listen 80; ssl_crl ''; } }") == [
        ("CRL for client certificates", "old.pem", [], False)
    ]


def test_a_fragment_may_be_part_of_more() -> None:
    assert told("location / { proxy_ssl_trusted_certificate ca.pem; }") == [
        ("upstream CA", "ca.pem", [], True)
    ]
    assert told("server { listen 443 ssl; ssl_client_certificate ca.pem; }") == [
        ("client CA", "ca.pem", ["_:443"], True)
    ]


def test_the_file_of_a_command_is_its_second_word() -> None:
    (use,) = uses("server { listen 443 ssl; ssl_conf_command VerifyCAFile ca.pem; }")
    assert use.purpose is Purpose.CLIENT_CA
    assert (use.reference.written, use.reference.span.text) == ("ca.pem", "ca.pem")


def test_the_relative_file_of_a_command_counts_from_the_main_file(nginx: NginxBinary, tmp_path: Path) -> None:
    materialise(tmp_path, ["root.pem"])
    for name, accepted in {"root.pem": True, "no-such-file.pem": False}.items():
        text = with_material(server(f"{PAIR} ssl_conf_command VerifyCAFile {name};"))
        assert nginx.check(text, tmp_path).accepted is accepted
    (use,) = uses(text)[-1:]
    assert use.reference.path == "./no-such-file.pem"
