"""What nginx presents to backends, and whether it starts: each finding beside what a real backend received.

The backend asks for a certificate and answers with what it got; ``strict`` ones require it.
"""

import re
from pathlib import Path

import pytest
from msgspec import Struct

from mtls_lint.testing import NginxBinary, lint_text, request
from mtls_lint.testing.catalogue import content

FILES = (
    *("server.pem", "server.key", "root.pem", "two-roots.pem", "client.pem", "client.key", "rsa.pem"),
    *("rsa.key", "stranger.pem", "stranger.key", "expired-client.pem", "expired-client.key", "future.pem"),
    *("future.key", "server-eku-client.pem", "server-eku-client.key", "weak-rsa.pem", "weak-rsa.key"),
    *("sha1.pem", "sha1.key", "client-chain.pem", "client-chain.key", "encrypted.key", "passwords.txt"),
    *("no-digital-signature.pem", "no-digital-signature.key", "csr.pem", "baseline-client.pem"),
    *("baseline-client.key", "wrong-passwords.txt"),
)
TEXT = """\
events {{}}
http {{
    {http}
    server {{
        listen 127.0.0.1:PORT_asks ssl;
        listen 127.0.0.1:PORT_plain;
        ssl_certificate server.pem;
        ssl_certificate_key server.key;
        ssl_verify_client optional_no_ca;
        ssl_client_certificate two-roots.pem;
        ssl_verify_depth 3;
        return 200 "$ssl_client_verify $ssl_client_s_dn";
    }}
    server {{
        listen 127.0.0.1:PORT_strict ssl;
        ssl_certificate server.pem;
        ssl_certificate_key server.key;
        ssl_verify_client on;
        ssl_client_certificate root.pem;
        return 200 "$ssl_client_verify $ssl_client_s_dn";
    }}
    server {{
        listen 127.0.0.1:PORT_front;
        {server}
    }}
}}
"""
REFUSED = "refused"
"""nginx does not start."""


def pair(certificate: str, key: str = "", prefix: str = "proxy_") -> str:
    key = key or certificate.replace(".pem", ".key")
    return f"{prefix}ssl_certificate {certificate}; {prefix}ssl_certificate_key {key};"


def location(directives: str, backend: str = "https://127.0.0.1:PORT_asks", uri: str = "/") -> str:
    return f"location {uri} {{ proxy_pass {backend}; {directives} }}"


class Seen(Struct, frozen=True):
    """``answer`` begins what the client gets (``REFUSED``, a status, or what the backend received)."""

    what: str
    server: str
    answer: str
    said: tuple[str, ...] = ()
    http: str = ""
    uri: str = "/"
    only: tuple[int, int, int] | None = None

    def __str__(self) -> str:
        return self.what.replace(" ", "-")


STRICT = "https://127.0.0.1:PORT_strict"
NONE, ALICE = "NONE", "SUCCESS CN=alice"
MISMATCH, HALF = "upstream-client-cert-key-mismatch", "upstream-client-cert-half-overridden"
USAGE = "upstream-client-cert-wrong-usage"
KEY = "proxy_ssl_certificate_key client.key;"

SEEN = [
    Seen("no certificate", location(""), NONE),
    Seen("a pair", location(pair("client.pem")), ALICE),
    Seen("a chain", location(pair("client-chain.pem")), "SUCCESS CN=bob"),
    Seen(
        "no key",
        location("proxy_ssl_certificate client.pem;"),
        REFUSED,
        ("upstream-client-cert-without-key",),
    ),
    Seen(
        "an empty key",
        location('proxy_ssl_certificate client.pem; proxy_ssl_certificate_key "";'),
        REFUSED,
        ("upstream-client-cert-without-key",),
    ),
    Seen("no certificate for a key", location(KEY), NONE, ("upstream-client-key-without-cert",)),
    Seen(
        "the key of no certificate is not opened",
        location("proxy_ssl_certificate_key no-such.key;"),
        NONE,
        ("upstream-client-key-without-cert",),
    ),
    Seen(
        "no key where nothing goes by TLS",
        location("proxy_ssl_certificate client.pem;", "http://127.0.0.1:PORT_plain"),
        " ",
        ("upstream-client-cert-unused",),
    ),
    Seen("a key of the same kind", location(pair("client.pem", "stranger.key")), REFUSED, (MISMATCH,)),
    Seen("an RSA key for an EC certificate", location(pair("client.pem", "rsa.key")), NONE, (MISMATCH,)),
    Seen(
        "an EC key for an RSA certificate", location(pair("rsa.pem", "client.key")), NONE, (MISMATCH, USAGE)
    ),
    Seen(
        "it is required, and silently not sent",
        location(pair("client.pem", "rsa.key"), STRICT),
        "400",
        (MISMATCH,),
    ),
    Seen(
        "halves that do not fit",
        location("proxy_ssl_certificate_key stranger.key;"),
        REFUSED,
        (MISMATCH,),
        pair("client.pem"),
    ),
    Seen("halves that fit", location(KEY), ALICE, (), "proxy_ssl_certificate client.pem;"),
    Seen("the other half", location("proxy_ssl_certificate client.pem;"), ALICE, (), KEY),
    Seen(
        "the half of a place without TLS",
        location("")
        + location("proxy_ssl_certificate_key stranger.key;", "http://127.0.0.1:PORT_plain", "/b"),
        ALICE,
        (),
        pair("client.pem"),
    ),
    Seen(
        "an empty certificate",
        location('proxy_ssl_certificate "";'),
        NONE,
        (),
        pair("client.pem"),
        only=(1, 31, 3),
    ),
    Seen(
        "an empty certificate is a file",
        location('proxy_ssl_certificate "";'),
        REFUSED,
        ("upstream-client-cert-empty",),
        pair("client.pem"),
        only=(1, 22, 1),
    ),
    Seen(
        "an empty one without another",
        location('proxy_ssl_certificate "";'),
        REFUSED,
        ("upstream-client-cert-empty",),
        only=(1, 22, 1),
    ),
    Seen(
        "an empty one without TLS", location('proxy_ssl_certificate "";', "http://127.0.0.1:PORT_plain"), " "
    ),
    Seen("expired", location(pair("expired-client.pem"), STRICT), "400", ("cert-expired",)),
    Seen("not yet valid", location(pair("future.pem"), STRICT), "400", ("cert-not-yet-valid", USAGE)),
    Seen("for servers alone", location(pair("server-eku-client.pem"), STRICT), "400", (USAGE,)),
    Seen("it may not sign", location(pair("no-digital-signature.pem"), STRICT), "400", (USAGE, USAGE)),
    Seen(
        "from a public CA, and still for clients",
        location(pair("baseline-client.pem")),
        "",
        ("upstream-client-cert-from-public-ca",),
    ),
    Seen("a key too small", location(pair("weak-rsa.pem")), REFUSED, ("cert-weak-key", USAGE)),
    Seen(
        "a key too small at level 0",
        location(pair("weak-rsa.pem") + "proxy_ssl_ciphers DEFAULT:@SECLEVEL=0;"),
        "400",
        ("cert-weak-key", USAGE),
    ),
    Seen("SHA-1", location(pair("sha1.pem")), REFUSED, ("cert-weak-signature", USAGE)),
    Seen(
        "SHA-1 at level 0",
        location(pair("sha1.pem") + "proxy_ssl_ciphers DEFAULT:@SECLEVEL=0;"),
        "FAILED",
        ("cert-weak-signature", USAGE),
    ),
    Seen(
        "the level of a command comes too late",
        location(pair("sha1.pem") + "proxy_ssl_conf_command CipherString DEFAULT:@SECLEVEL=0;"),
        REFUSED,
        ("cert-weak-signature", USAGE),
    ),
    Seen(
        "a request for a certificate",
        location(pair("csr.pem", "client.key")),
        REFUSED,
        ("certificate-file-unusable",),
    ),
    Seen(
        "no such certificate",
        location(pair("no-such.pem", "client.key")),
        REFUSED,
        ("certificate-file-missing",),
    ),
    Seen("no such key", location(pair("client.pem", "no-such.key")), REFUSED, ("key-file-missing",)),
    Seen(
        "a certificate for a key", location(pair("client.pem", "client.pem")), REFUSED, ("key-file-unusable",)
    ),
    Seen(
        "an encrypted key",
        location(pair("server.pem", "encrypted.key")),
        REFUSED,
        ("key-encrypted-without-password", USAGE),
    ),
    Seen(
        "an encrypted key with its password",
        location(pair("server.pem", "encrypted.key") + "proxy_ssl_password_file passwords.txt;"),
        "400",
        (USAGE,),
    ),
    Seen(
        "files that nothing opens",
        location(pair("no-such.pem"), "http://127.0.0.1:PORT_plain"),
        " ",
        ("upstream-client-cert-unused",),
    ),
    Seen("a path of a variable", location(pair("$arg_c.pem", "client.key")), ALICE, uri="/?c=client"),
    Seen(
        "a path of a variable that leads nowhere",
        location(pair("$arg_c.pem", "client.key")),
        "500",
        uri="/?c=no-such",
    ),
    Seen(
        "a certificate of a variable needs a key, too",
        location("proxy_ssl_certificate $arg_c.pem;"),
        REFUSED,
        ("upstream-client-cert-without-key",),
    ),
    Seen("grpc has its own", location(pair("client.pem", prefix="grpc_")), NONE),
    Seen(
        "one place of two",
        "proxy_ssl_session_reuse off;"
        + location(pair("client.pem"), STRICT, "/a")
        + location("", STRICT, "/b"),
        "400",
        ("upstream-client-cert-missing-here",),
        uri="/b",
    ),
    Seen(
        "an address with a variable that is plain all the same",
        location(pair("client.pem"), "http://127.0.0.1:PORT_plain$request_uri"),
        " ",
        ("upstream-client-cert-unused",),
    ),
    Seen(
        "a key is wanted where a variable may bring TLS",
        location("proxy_ssl_certificate client.pem;", "http://127.0.0.1:PORT_plain$request_uri"),
        REFUSED,
        ("upstream-client-cert-without-key", "upstream-client-cert-unused"),
    ),
    Seen(
        "the files are opened where a variable may bring TLS",
        location(pair("no-such.pem", "client.key"), "http://127.0.0.1:PORT_plain$request_uri"),
        REFUSED,
        ("certificate-file-missing", "upstream-client-cert-unused"),
    ),
]

RULES = (
    *("upstream-client-cert-without-key", "upstream-client-key-without-cert", MISMATCH, HALF),
    *(
        "upstream-client-cert-empty",
        USAGE,
        "upstream-client-cert-from-public-ca",
        "upstream-client-cert-unused",
    ),
    *("upstream-client-cert-missing-here", "cert-expired", "cert-not-yet-valid", "cert-weak-key"),
    *("cert-weak-signature", "certificate-file-unusable", "certificate-file-missing", "key-file-missing"),
    *("key-file-unusable", "key-encrypted-without-password"),
)


OTHER = """\
events {{}}
http {{
    server {{
        listen 127.0.0.1:PORT_back ssl http2;
        ssl_certificate server.pem;
        ssl_certificate_key server.key;
        ssl_verify_client optional_no_ca;
        ssl_client_certificate root.pem;
        return 200 "$ssl_client_verify $ssl_client_s_dn";
    }}
    server {{
        listen 127.0.0.1:PORT_front;
        location / {{ grpc_pass grpcs://127.0.0.1:PORT_back; {grpc} }}
    }}
}}
{stream}
"""
STREAM = """\
stream {{
    server {{ listen 127.0.0.1:PORT_stream; proxy_pass 127.0.0.1:PORT_back; proxy_ssl on; {directives} }}
}}
"""
OTHERS = [
    ("", NONE, ()),
    (pair("client.pem"), ALICE, ()),
    (KEY, NONE, ("upstream-client-key-without-cert",)),
    (pair("client.pem", "rsa.key"), NONE, (MISMATCH,)),
    (pair("client.pem", "stranger.key"), REFUSED, (MISMATCH,)),
    ("proxy_ssl_certificate client.pem;", REFUSED, ("upstream-client-cert-without-key",)),
]
"""Directives, what the backend gets, and the findings."""


@pytest.mark.parametrize(("directives", "answer", "said"), OTHERS)
@pytest.mark.parametrize("module", ["grpc", "stream"])
def test_the_other_modules_do_the_same(
    module: str,
    directives: str,
    answer: str,
    said: tuple[str, ...],
    nginx: NginxBinary,
    tmp_path: Path,
) -> None:
    grpc = directives.replace("proxy_ssl", "grpc_ssl") if module == "grpc" else ""
    stream = STREAM.format(directives=directives) if module == "stream" else ""
    text = OTHER.format(grpc=grpc, stream=stream)
    if not nginx.can_run(text):
        pytest.skip("this nginx has no such module")
    known = judged(text, said, nginx, tmp_path)
    assert nginx.check(known, tmp_path).accepted is (answer != REFUSED)
    if answer == REFUSED:
        return
    with nginx.run(text, tmp_path) as server:
        port = server.ports["stream" if module == "stream" else "front"]
        assert request(port, tls=False).body.startswith(answer)


def judged(text: str, said: tuple[str, ...], nginx: NginxBinary, directory: Path) -> str:
    """The text with ports of its own, whose findings are those that were ``said``; files beside it."""
    for name in FILES:
        (directory / name).write_bytes(content(name))
    for number, port in enumerate(dict.fromkeys(re.findall(r"PORT_\w+", text))):
        text = text.replace(port, str(2000 + number))
    report = lint_text(text, rules=RULES, version=nginx.version, directory=directory)
    assert sorted(one.rule for one in report.findings) == sorted(said)
    fatal = any(one.finding.fatal for one in report.findings)
    assert fatal is not nginx.check(text, directory).accepted
    return text


@pytest.mark.parametrize("seen", SEEN, ids=str)
def test_the_backend_gets_what_the_rules_say(seen: Seen, nginx: NginxBinary, tmp_path: Path) -> None:
    if seen.only not in {None, tuple(nginx.version)}:
        return
    text = TEXT.format(http=seen.http, server=seen.server)
    known = judged(text, seen.said, nginx, tmp_path)
    accepted = nginx.check(known, tmp_path).accepted
    assert accepted is (seen.answer != REFUSED)
    if not accepted:
        return
    with nginx.run(text, tmp_path) as server:
        reply = request(server.ports["front"], tls=False, uri=seen.uri)
        assert (reply.body if reply.status == 200 else str(reply.status)).startswith(seen.answer), reply
