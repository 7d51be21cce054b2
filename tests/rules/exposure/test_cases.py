"""Exposure: edge cases, and near misses that stay silent."""

import pytest

from mtls_lint.lint.finding import Confidence, Severity
from mtls_lint.testing import lint_text
from rules.cases import Case, check

PAIR = "ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key;"
CA = "ssl_client_certificate /pki/root.pem;"
PROXY = "location / { proxy_pass http://127.0.0.1:8080; }"
NAME = "server_name api.example.com;"
STRICT = f"listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client on;"

# reject-handshake-reached-by-host
API = f"server {{ listen 443 ssl; server_name api.test; {PAIR} {CA} ssl_verify_client on; {PROXY} }}"
OPEN_API = f"server {{ listen 443 ssl; server_name api.test; {PAIR} {PROXY} }}"
CATCH_ALL = "listen 443 ssl default_server;"
REJECT = "ssl_reject_handshake on;"

# verify-client-without-own-certificate
OTHER_CA = "ssl_client_certificate /pki/other-root.pem;"
ON = "ssl_verify_client on;"
SECOND = "listen 443 ssl; server_name b.test;"


def first(words: str = f"{CA} {ON}", listen: str = "443 ssl") -> str:
    """The default server of a socket."""
    return f"server {{ listen {listen}; server_name a.test; {PAIR} {words} {PROXY} }}"


def http(*lines: str) -> str:
    """A whole configuration; the lines given begin at line 3."""
    return "\n".join(["events {}", "http {", *lines, "}"]) + "\n"


# stream-servers-with-different-modes
STRICT_B = f"server_name b.test; {CA} ssl_verify_client on; proxy_pass 127.0.0.1:2;"


def stream(*servers: str, more: str = "") -> str:
    """Servers of one socket; what is given of the first, the default, begins at line 4."""
    first, *others = [f"listen 8443 ssl; {words}" for words in servers]
    blocks = [f"server {{ server_name a.test;\n{first} }}", *(f"server {{ {words} }}" for words in others)]
    return "\n".join(["events {}", f"stream {{ {PAIR} {more}", *blocks, "}"]) + "\n"


CASES: dict[str, list[Case]] = {
    "same-app-without-client-certificate": [
        Case("port 80 to the same backend", http(f"server {{ {STRICT} {PROXY} }}", "server { server_name x.test;", "listen 80;", PROXY, "}"), [5], "serves proxy_pass http://127.0.0.1:8080", Severity.ERROR, Confidence.LIKELY, witness="curl -i http://x.test/"),
        Case("through an upstream", http("upstream app { server localhost:8080; }", f"server {{ {STRICT} location / {{ proxy_pass http://app; }} }}", "server {", "listen 8443 ssl;", f"{PAIR} {PROXY} }}"), [6]),
        Case("a place inside a location of the other", http(f"server {{ {STRICT} location /admin/ {{ proxy_pass http://127.0.0.1:8080; }} }}", "server {", "listen 80;", PROXY, "}"), [5], witness="curl -i http://localhost/admin/"),
        Case("another address, the same place there", http(f"server {{ {STRICT} location /v1/ {{ proxy_pass http://127.0.0.1:8080/; }} }}", "server {", "listen 80;", PROXY, "}"), [5], witness="curl -i http://localhost/"),
        Case("the same files", http(f"server {{ {STRICT} root /srv/app; }}", "server {", "listen 80;", "root /srv/app/; }"), [5], "root /srv/app"),
        Case("the same name over IPv6", http(f"server {{ {STRICT} {PROXY} }}", "server {", f"listen [::]:443 ssl; {NAME} {PAIR}", "location / { proxy_pass http://127.0.0.1:9; }", "}"), [5], "answers the same name", witness="curl -i -k -6 https://api.example.com/"),
        Case("the same name on an address", http(f"server {{ {STRICT} {PROXY} }}", "server {", f"listen 192.0.2.1:443 ssl; {NAME} {PAIR}", "location / { proxy_pass http://127.0.0.1:9; }", "}"), [5]),
        Case("the default server of the same socket", http("server {", f"listen 443 ssl default_server; {PAIR}", PROXY, "}", f"server {{ {STRICT} {PROXY} }}"), [4], "asks nobody", witness="curl -i -k https://localhost/"),
        Case("the backend is told", http(f"server {{ {STRICT} location / {{ proxy_set_header X-V $ssl_client_verify; proxy_pass http://127.0.0.1:8080; }} }}", "server {", 'listen 80; proxy_set_header X-V "";', PROXY, "}"), [5], severity=Severity.WARNING, confidence=Confidence.POSSIBLE),
        Case("what the backend is told is forged", http(f"server {{ {STRICT} location / {{ proxy_set_header X-V $ssl_client_verify; proxy_pass http://127.0.0.1:8080; }} }}", f"server {{ listen 80; {PROXY} }}")),
        Case("a check instead of a requirement", http(f"server {{ listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional; if ($ssl_client_verify != SUCCESS) {{ return 403; }} {PROXY} }}", "server {", "listen 80;", PROXY, "}"), [5]),
        Case("other URIs of the backend", http(f"server {{ {STRICT} location /admin/ {{ proxy_pass http://127.0.0.1:8080; }} }}", "server { listen 80; location /public/ { proxy_pass http://127.0.0.1:8080; } }")),
        Case("another backend", http(f"server {{ {STRICT} {PROXY} }}", "server { listen 80; server_name x.test; location / { proxy_pass http://127.0.0.1:8081; } }")),
        Case("a loopback address", http(f"server {{ {STRICT} {PROXY} }}", f"server {{ listen 127.0.0.1:80; {PROXY} }}")),
        Case("a redirect", http(f"server {{ {STRICT} {PROXY} }}", f"server {{ listen 80; {NAME} return 301 https://$host$request_uri; {PROXY} }}")),
        Case("both require it", http(f"server {{ {STRICT} {PROXY} }}", f"server {{ listen 8443 ssl; {NAME} {PAIR} {CA} ssl_verify_client on; {PROXY} }}")),
        Case("another service of the name on another port", http(f"server {{ {STRICT} {PROXY} }}", f"server {{ listen 8443 ssl; {NAME} {PAIR} location / {{ proxy_pass http://127.0.0.1:8081; }} }}")),
        Case("the same place is open there, too", http(f"server {{ listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional; {PROXY} }}", f"server {{ listen 80; {PROXY} }}")),
        Case("only a health check", http(f"server {{ {STRICT} {PROXY} location = /healthz {{ proxy_pass http://127.0.0.1:8080; }} }}", "server { listen 80; location = /healthz { proxy_pass http://127.0.0.1:8080; } location / { return 404; } }")),
        Case("nobody asks", http(f"server {{ listen 443 ssl; {PAIR} {PROXY} }}", f"server {{ listen 80; {PROXY} }}")),
        Case("what cannot be known", http("geo $inside { default 0; }", f"server {{ {STRICT} {PROXY} }}", f"server {{ listen 80; if ($inside = 0) {{ return 403; }} {PROXY} }}"), words="geo", not_evaluated=True),
    ],
    "reject-handshake-reached-by-host": [
        Case("a default server with a backend", http("server {", CATCH_ALL, REJECT, PROXY, "}", API), [5], "says api.test in the handshake", Severity.ERROR, Confidence.CERTAIN, witness="curl -i -k https://api.test/ -H 'Host: localhost'"),
        Case("a named server with a backend", http(API, "server {", "listen 443 ssl; server_name old.test;", REJECT, PROXY, "}"), [6], "the Host old.test", witness="curl -i -k https://api.test/ -H 'Host: old.test'"),
        Case("by a default server without a name", http(f"server {{ {CATCH_ALL} {PAIR} return 444; }}", "server {", "listen 443 ssl; server_name old.test;", REJECT, PROXY, "}"), [6], "without SNI", witness="curl -i -k https://127.0.0.1/ -H 'Host: old.test'"),
        Case("one place is enough", http("server {", CATCH_ALL, REJECT, "location / { return 444; } location /api/ { proxy_pass http://127.0.0.1:8080; }", "}", API), [5], witness="curl -i -k https://api.test/api/ -H 'Host: localhost'"),
        Case("a server without a name", http(API, "server {", 'listen 443 ssl; server_name "";', REJECT, PROXY, "}"), [6], "sends no Host"),
        Case("an inherited root", http("root /srv/www;", "server {", CATCH_ALL, REJECT, "}", API), [6]),
        Case("a root of its own", http("server {", CATCH_ALL, REJECT, "root /srv/www;", "}", API), [5]),
        Case("nobody is asked anywhere", http("server {", CATCH_ALL, REJECT, PROXY, "}", OPEN_API), [5], severity=Severity.WARNING),
        Case("two sockets are one finding", http("server {", f"{CATCH_ALL} listen [::]:443 ssl;", REJECT, PROXY, "}", API.replace("443 ssl;", "443 ssl; listen [::]:443 ssl;")), [5]),
        Case("the usual catch-all", http(f"server {{ {CATCH_ALL} {REJECT} }}", API)),
        Case("the catch-all that closes", http("root /srv/www;", f"server {{ {CATCH_ALL} {REJECT} return 444; }}", API)),
        Case("only a redirect", http(f"server {{ {CATCH_ALL} {REJECT} return 301 https://api.test$request_uri; }}", API)),
        Case("clients are verified", http(f"server {{ {CATCH_ALL} {REJECT} {CA} ssl_verify_client on; {PROXY} }}", API)),
        Case("optional is enough for 421", http(f"server {{ {CATCH_ALL} {REJECT} {CA} ssl_verify_client optional; {PROXY} }}", API)),
        Case("no other server", http(f"server {{ {CATCH_ALL} {REJECT} {PROXY} }}")),
        Case("the other server rejects too", http(REJECT, f"server {{ {CATCH_ALL} {PROXY} }}", f"server {{ listen 443 ssl; server_name b.test; {PROXY} }}")),
        Case("the other server has another address", http(f"server {{ listen 192.0.2.1:443 ssl; {REJECT} {PROXY} }}", API)),
        Case("it is open without TLS anyway", http(f"server {{ listen 80; {CATCH_ALL} {REJECT} {PROXY} }}", API)),
        Case("loopback does not count as open", http("server {", f"listen 127.0.0.1:80; {CATCH_ALL}", REJECT, PROXY, "}", API), [5]),
        Case("a check inside", http(f"server {{ {CATCH_ALL} {REJECT} if ($ssl_client_verify != SUCCESS) {{ return 403; }} {PROXY} }}", API)),
        Case("what cannot be known", http("geo $inside { default 0; }", f"server {{ {CATCH_ALL} {REJECT} if ($inside = 0) {{ return 403; }} {PROXY} }}", API), words="geo", not_evaluated=True),
        Case("an include may say it", http(f"server {{ {CATCH_ALL} {REJECT} {PROXY} include absent.conf; }}", API), words="absent.conf", not_evaluated=True),
        Case("a fragment", f"server {{\n{CATCH_ALL}\n{REJECT}\n{PROXY}\n}}\n{API}\n", [3], confidence=Confidence.LIKELY),
        Case("a fragment without the others", f"server {{ {CATCH_ALL} {REJECT} {PROXY} }}\n", words="not given", not_evaluated=True),
        Case("a catch-all alone in its file", f"server {{ {CATCH_ALL} {REJECT} return 444; }}\n", not_evaluated=False),
    ],
    "verify-client-without-own-certificate": [
        Case("other CAs", http(first(), "server {", SECOND, OTHER_CA, ON, PROXY, "}"), [6], "/root.pem get in and those of", Severity.ERROR, Confidence.CERTAIN, witness="curl -i -k --cert client-of-root.pem https://b.test/"),
        Case("the default asks nobody", http(first(""), "server {", SECOND, OTHER_CA, ON, PROXY, "}"), [6], "every request is answered with 400", Severity.ERROR, Confidence.CERTAIN),
        Case("and not all must have one", http(first(""), "server {", SECOND, OTHER_CA, "ssl_verify_client optional;", PROXY, "}"), [6], "ever counts", Severity.WARNING),
        Case("the default trusts nobody", http(first("ssl_verify_client optional_no_ca;"), "server {", SECOND, OTHER_CA, ON, PROXY, "}"), [6], "trusts no CA", Severity.ERROR),
        Case("inherited, so at the listen", http(OTHER_CA, ON, first(CA), "server {", SECOND, PROXY, "}"), [7]),
        Case("the default trusts more", http(first(f"{CA} {ON} ssl_trusted_certificate /pki/other-root.pem;"), "server {", SECOND, CA, ON, PROXY, "}"), [6], "/other-root.pem get in", witness="curl -i -k --cert client-of-other-root.pem https://b.test/"),
        Case("the default trusts less", http(first(), "server {", SECOND, CA, "ssl_trusted_certificate /pki/other-root.pem;", ON, PROXY, "}"), [6], "/other-root.pem are not accepted"),
        Case("absent files probably differ", http(first(f"ssl_client_certificate /x/a.pem; {ON}"), "server {", SECOND, "ssl_client_certificate /x/b.pem;", ON, PROXY, "}"), [6], confidence=Confidence.LIKELY),
        Case("two sockets are one finding", http(first(listen="443 ssl; listen [::]:443 ssl"), "server {", f"{SECOND} listen [::]:443 ssl;", OTHER_CA, ON, PROXY, "}"), [6]),
        Case("a fragment", f"{first()}\nserver {{\n{SECOND}\n{OTHER_CA}\n{ON} {PROXY} }}\n", [4], confidence=Confidence.LIKELY),
        Case("a CRL that is not read", http(first(), "server {", SECOND, CA, "ssl_crl /pki/crl.pem;", ON, PROXY, "}"), [6], "crl.pem revokes get in", Severity.ERROR, Confidence.CERTAIN),
        Case("a CRL that is not read, before 1.27.2", http(first(), "server {", SECOND, CA, "ssl_crl /x/crl.pem;", ON, PROXY, "}"), [6], "crl.pem revokes get in", version="1.22.1"),
        Case("a CRL of both", http(CA, ON, "ssl_crl /pki/crl.pem;", first(""), f"server {{ {SECOND} {PROXY} }}")),
        Case("the same CAs", http(first(), f"server {{ {SECOND} {CA} {ON} {PROXY} }}")),
        Case("the same CA in two files", http(first(), f"server {{ {SECOND} ssl_client_certificate /pki/duplicate-root.pem; {ON} {PROXY} }}")),
        Case("no CAs of its own", http(first(), f"server {{ {SECOND} {ON} {PROXY} }}")),
        Case("the CAs of http", http(CA, ON, first(""), f"server {{ {SECOND} {PROXY} }}")),
        Case("a certificate of its own", http(first(), f"server {{ {SECOND} {PAIR} {OTHER_CA} {ON} {PROXY} }}")),
        Case("the certificate of http", http(PAIR, first(), f"server {{ {SECOND} {OTHER_CA} {ON} {PROXY} }}")),
        Case("it rejects handshakes", http(first(), f"server {{ {SECOND} ssl_reject_handshake on; {OTHER_CA} {ON} {PROXY} }}")),
        Case("it verifies nobody", http(first(), f"server {{ {SECOND} {OTHER_CA} {PROXY} }}")),
        Case("nothing to enter", http(first(), f"server {{ {SECOND} {OTHER_CA} {ON} return 403; }}")),
        Case("no TLS", http(first(), f"server {{ listen 80; server_name b.test; {OTHER_CA} {ON} {PROXY} }}")),
        Case("it is the default itself", http(f"server {{ listen 443 ssl default_server; {OTHER_CA} {ON} {PROXY} }}", first())),
        Case("an include may give it", http(first(), f"server {{ {SECOND} {OTHER_CA} {ON} {PROXY} include absent.conf; }}"), words="absent.conf", not_evaluated=True),
        Case("a command asks", http(first("ssl_conf_command VerifyMode Require;"), f"server {{ {SECOND} {OTHER_CA} {ON} {PROXY} }}"), words="command", not_evaluated=True),
        Case("no example of its name", http(first(), f"server {{ listen 443 ssl; server_name ~^x[0-9]+$; {OTHER_CA} {ON} {PROXY} }}"), not_evaluated=True),
    ],
    "stream-servers-with-different-modes": [
        Case("the default asks nobody", stream("", STRICT_B), [4], "b.test:8443 by that: connections without a certificate get through", Severity.ERROR, Confidence.LIKELY),
        Case("at its mode, where it has one", stream(f"{CA}\nssl_verify_client optional;", STRICT_B), [5], "ssl_verify_client optional"),
        Case("it rejects handshakes", stream("ssl_reject_handshake on;", STRICT_B), [4], "at times"),
        Case("two strict servers are one finding", stream("", STRICT_B, STRICT_B.replace("b.test", "c.test")), [4], "b.test:8443 and c.test:8443"),
        Case("two sockets are one finding", stream("listen [::]:8443 ssl;", f"listen [::]:8443 ssl; {STRICT_B}"), [4]),
        Case("the same backend as well", stream("proxy_pass 127.0.0.1:2;", STRICT_B), [4], "anyway", Severity.ERROR, Confidence.CERTAIN),
        Case("the default requires one", stream(f"{CA}\nssl_verify_client on;", "server_name b.test;"), [5], "turned away", Severity.ERROR, Confidence.LIKELY),
        Case("1.25.5 has names in stream", stream("", STRICT_B), [4], version="1.25.5"),
        Case("1.30.6 is the last of its branch", stream("", STRICT_B), [4], version="1.30.6"),
        Case("1.31.8 is the last of its branch", stream("", STRICT_B), [4], version="1.31.8"),
        Case("a fragment without its surroundings", stream("", STRICT_B).replace("events {}", "").replace("stream {", "")[:-2], [4], confidence=Confidence.LIKELY, options={"context": ("stream",)}),
        Case("mended in 1.30.7", stream("", STRICT_B), version="1.30.7"),
        Case("mended in 1.31.9", stream("", STRICT_B), version="1.31.9"),
        Case("mended, but the same backend", stream("proxy_pass 127.0.0.1:2;", STRICT_B), [4], "a client without SNI", Severity.ERROR, Confidence.CERTAIN, version="1.30.7"),
        Case("the same backend by its address", stream("proxy_pass app;", STRICT_B, more="upstream app { server 127.0.0.1:2; }"), [4], version="1.30.7"),
        Case("the same backend, handed on", stream("pass 127.0.0.1:2;", STRICT_B.replace("proxy_pass", "pass")), [4], version="1.30.7"),
        Case("the same backend behind rejected handshakes", stream("ssl_reject_handshake on; proxy_pass 127.0.0.1:2;", STRICT_B), version="1.30.7"),
        Case("the same backend, required by both", stream(f"{CA} ssl_verify_client on; proxy_pass 127.0.0.1:2;", STRICT_B), version="1.30.7"),
        Case("a backend in a variable", stream("proxy_pass $backend;", STRICT_B), words="variable", not_evaluated=True, version="1.30.7"),
        Case("the same mode", stream(f"{CA} ssl_verify_client on;", STRICT_B)),
        Case("the same mode, other CAs", stream(f"{OTHER_CA} ssl_verify_client on;", STRICT_B)),
        Case("an inherited mode", stream("", "server_name b.test;", more=f"{CA} ssl_verify_client on;")),
        Case("an optional one lets everybody in", stream("", f"server_name b.test; {CA} ssl_verify_client optional;")),
        Case("the strict one has no name", stream("", STRICT_B.replace("server_name b.test;", ""))),
        Case("everybody is denied", stream("deny all;", STRICT_B)),
        Case("one server", stream("")),
        Case("ports of their own", stream("listen 9443 ssl;", STRICT_B).replace("listen 8443 ssl;", "", 1)),
        Case("no TLS", stream("", STRICT_B).replace("8443 ssl", "8443")),
        Case("the same in http is safe", http(f"server {{ listen 443 ssl; server_name a.test; {PAIR} }}", f"server {{ {STRICT} }}")),
        Case("before servers had names", stream("", STRICT_B), version="1.22.1"),
        Case("an include may say it", stream("include absent.conf;", STRICT_B), words="absent.conf", not_evaluated=True),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "case"),
    [pytest.param(rule, case, id=f"{rule}:{case}") for rule, cases in CASES.items() for case in cases],
)
def test_case(rule: str, case: Case) -> None:
    check(rule, case)


@pytest.mark.parametrize(
    "case", [case for case in CASES["verify-client-without-own-certificate"] if case.lines], ids=str
)
def test_a_missing_certificate_is_said_once(case: Case) -> None:
    others = ["vhost-shared-socket-ca-mismatch", "verify-client-without-ca"]
    report = lint_text(case.text, rules=others, version=case.version)
    assert report.findings == ()
