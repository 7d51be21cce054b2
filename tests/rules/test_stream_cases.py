"""The rules for stream: edge cases, and near misses that stay silent."""

import pytest

from mtls_lint.lint.finding import Confidence, Severity
from rules.cases import Case, check

PAIR = "ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key;"
CA = "ssl_client_certificate /pki/root.pem;"
PROXY = "proxy_pass 10.0.0.5:5432;"
BY_VERIFY = 'map $ssl_client_verify $b { SUCCESS 10.0.0.5:1; default ""; }'
BY_NAME = "map $ssl_preread_server_name $b { a.test 10.0.0.5:1; default 10.0.0.6:1; }"


def stream(*lines: str, http: str = "") -> str:
    """A whole configuration; the lines given begin at line 3."""
    return "\n".join(["events {}", "stream {", *lines, "}", f"http {{ {http} }}"]) + "\n"


def server(*lines: str) -> tuple[str, ...]:
    return ("server {", *lines, "}")


def optional(*lines: str, mode: str = "optional", listen: str = "listen 443 ssl;") -> tuple[str, ...]:
    return server(f"{listen} {PAIR} {CA}", f"ssl_verify_client {mode};", *lines)


def pair(first: str, second: str, listen: str = "443 ssl") -> str:
    """Two servers of one socket; what is given of the second is in line 8."""
    one = server(f"listen {listen}; {PAIR} server_name a.test; {PROXY}", first)
    other = server(f"listen {listen}; {PAIR} server_name b.test; {PROXY} {second}")
    return stream(*one, *other)


def http_listener(words: str, listen: str = "listen 8080;") -> str:
    return f"server {{ {listen} {PAIR} {words} location / {{ proxy_pass http://10.0.0.5; }} }}"


OTHER_CA = "ssl_client_certificate /pki/other-root.pem;"


def passing(first: str, second: str, listen: str = "8443 ssl") -> str:
    """A stream server with ``pass`` in line 4, and the http server behind it."""
    http = f"server {{ listen {listen}; server_name api.test; {PAIR} {second} }}"
    return stream("server {", f"pass 127.0.0.1:8443; listen 443 ssl; {PAIR} {first} }}", http=http)


CASES: dict[str, list[Case]] = {
    "stream-verify-client-optional": [
        Case("optional", stream(*optional(PROXY)), [5], "a client without a certificate: everybody gets to 10.0.0.5:5432 by *:443", Severity.ERROR, Confidence.CERTAIN, witness="openssl s_client -connect 127.0.0.1:443 -noservername"),
        Case("a name and an address", stream(*optional(f"server_name a.test; {PROXY}", listen="listen [::]:8443 ssl;")), [5], witness="openssl s_client -connect a.test:8443 -6 -servername a.test"),
        Case("optional_no_ca", stream(*optional(PROXY, mode="optional_no_ca")), [5], "one that nobody vouches for"),
        Case("inherited", stream("ssl_verify_client optional;", *server(f"listen 443 ssl; {PAIR} {CA} {PROXY}")), [3]),
        Case("a backend by name", stream("map $ssl_server_name $b { default 10.0.0.5:1; }", *optional("proxy_pass $b;")), [6]),
        Case("two sockets are one finding", stream(*optional(PROXY, listen="listen 443 ssl; listen [::]:443 ssl;")), [5]),
        Case("two servers are two", stream(*optional(PROXY + " server_name a.test;"), *optional(PROXY + " server_name b.test;")), [5, 10], version="1.30.7"),
        Case("handed on to http that looks at nothing", stream(*optional("pass 127.0.0.1:8080;"), http=http_listener("")), [5]),
        Case("a fragment", "server {\n" + "\n".join(optional(PROXY)[1:]), [3], confidence=Confidence.LIKELY, options={"context": ("stream",)}),
        Case("the backend is chosen by it", stream(BY_VERIFY, *optional("proxy_pass $b;"))),
        Case("chosen by it, two maps on", stream(BY_VERIFY, "map $b $c { default $b; }", *optional("proxy_pass $c;"))),
        Case("the backend of a stricter server", stream(*optional(PROXY), *optional(PROXY + " server_name b.test;", mode="on"))),
        Case("another backend than the stricter server", stream(*optional("proxy_pass 10.0.0.9:1;"), *optional(PROXY + " server_name b.test;", mode="on")), [5]),
        Case("required", stream(*optional(PROXY, mode="on"))),
        Case("a text", stream(*optional("return $ssl_client_verify;"))),
        Case("loopback", stream(*optional(PROXY, listen="listen 127.0.0.1:443 ssl;"))),
        Case("no TLS", stream(*optional(PROXY, listen="listen 443;"))),
        Case("everybody is denied", stream(*optional(f"deny all; {PROXY}"))),
        Case("handshakes are rejected", stream(*optional(f"ssl_reject_handshake on; {PROXY}"))),
        Case("VerifyMode requires one", stream(*optional(f"ssl_conf_command VerifyMode Require; {PROXY}"))),
        Case("handed on to http that checks", stream(*optional("pass 127.0.0.1:8080;"), http=http_listener("if ($ssl_client_verify != SUCCESS) { return 403; }"))),
        Case("handed on to http that requires", stream(*optional("pass 127.0.0.1:8080;"), http=http_listener(f"{CA} ssl_verify_client on;", "listen 8080 ssl;"))),
        Case("handed on to nobody knows where", stream(BY_NAME, *optional("pass $b;"))),
        Case("some addresses", stream(*optional(f"allow 10.0.0.0/8; deny all; {PROXY}")), words="address", not_evaluated=True),
        Case("modes that nginx mixes up", stream(*optional(PROXY, mode="on"), *optional(PROXY + " server_name b.test;")), words="CVE-2026-120967", not_evaluated=True),
        Case("a script", stream(*optional("js_access main.check;", PROXY)), words="js_access", not_evaluated=True),
    ],
    "verify-client-behind-ssl-preread": [
        Case("a server", stream(*server(f"listen 443; ssl_preread on; {CA}", "ssl_verify_client on;", PROXY)), [5], "passes the TLS of *:443 through", Severity.WARNING),
        Case("preread at the stream level", stream("ssl_preread on;", *server("listen 443;", f"{CA} ssl_verify_client on;", PROXY)), [6]),
        Case("a mode for all that nobody uses", stream(CA, "ssl_verify_client on;", *server(f"listen 443; ssl_preread on; {PROXY}")), [4]),
        Case("a server that is not the default", stream(*server(f"listen 443; ssl_preread on; {PROXY} server_name a.test;"), *server("listen 443; server_name b.test;", f"{CA} ssl_verify_client on; {PROXY}")), [8]),
        Case("a mode for all that another uses", stream(CA, "ssl_verify_client on;", *server(f"listen 443; ssl_preread on; {PROXY}"), *server(f"listen 8443 ssl; {PAIR} {PROXY}"))),
        Case("TLS ends here", stream(*server(f"listen 443 ssl; {PAIR} ssl_preread on; {CA} ssl_verify_client on; {PROXY}"))),
        Case("off", stream(*server(f"listen 443; ssl_preread on; {CA} ssl_verify_client off; {PROXY}"))),
        Case("no preread", stream(*server(f"listen 443; {CA} ssl_verify_client on; {PROXY}"))),
        Case("preread that does not count", stream(*server(f"listen 443; {PROXY} server_name a.test;"), *server(f"listen 443; ssl_preread on; server_name b.test; {CA} ssl_verify_client on; {PROXY}"))),
        Case("not all is given", stream(*server("listen 443; ssl_preread on; include absent/tls.conf;", f"{CA} ssl_verify_client on; {PROXY}")), words="speaks TLS", not_evaluated=True),
    ],
    "listen-without-ssl": [
        Case("no preread", stream(*server("listen 443;", f"{CA} ssl_verify_client on;", PROXY)), [4], "everybody gets in"),
        Case("preread is another matter", stream(*server("listen 443; ssl_preread on;", f"{CA} ssl_verify_client on;", PROXY))),
        Case("preread that does not count", stream(*server("listen 443; server_name a.test;", PROXY), *server("listen 443; ssl_preread on; server_name b.test;", f"{CA} ssl_verify_client on; {PROXY}")), [8]),
    ],
    "access-rules-of-non-default-server": [
        Case("deny", pair("", "\ndeny all;"), [9], "`deny all` does nothing for b.test:443", Severity.ERROR),
        Case("several", pair("", "\nallow 10.0.0.0/8; deny all;"), [9], "and what follows it do nothing"),
        Case("behind certificates", pair("", f"{CA} ssl_verify_client on;\ndeny 10.0.0.1;"), [9], severity=Severity.WARNING),
        Case("other rules of the default", pair("allow 10.0.0.0/8; deny all;", "\ndeny 10.0.0.1;"), [9], "its rules count instead", severity=Severity.WARNING),
        Case("only allowed", pair("", "\nallow all;"), [9], severity=Severity.WARNING),
        Case("by ssl_preread", pair("ssl_preread on;", "\ndeny all;", "443"), [9]),
        Case("the default server", pair("deny all;", "")),
        Case("the same rules", pair("allow 10.0.0.0/8; deny all;", "allow 10.0.0.0/8; deny all;")),
        Case("for all", stream("deny 10.0.0.1;", *server(f"listen 443 ssl; {PAIR} {PROXY} server_name a.test;"), *server(f"listen 443 ssl; {PAIR} {PROXY} server_name b.test;"))),
        Case("nobody gets to the other", pair("", "deny all;", "443")),
        Case("a socket of its own", pair("", "deny all;").replace("443", "444", 1)),
        Case("in http", "events {}\nhttp {\n" + pair("", "deny all;").split("stream {")[1].replace(PROXY, "").split("http")[0]),
        Case("before there were names", pair("", "deny all;"), version="1.24.0"),
        Case("an include may say it", pair("include absent/access.conf;", "deny all;"), words="absent/access.conf", not_evaluated=True),
    ],
    "pass-to-server-with-other-cas": [
        Case("other CAs", passing(f"{OTHER_CA} ssl_verify_client optional;", f"{CA} ssl_verify_client on;"), [4], "by its CAs and CRLs and not by those of api.test:8443", Severity.ERROR, Confidence.CERTAIN),
        Case("nobody is asked", passing("", f"{CA} ssl_verify_client on;"), [4], "everybody is refused there"),
        Case("a check of the verdict", passing(f"{OTHER_CA} ssl_verify_client optional;", "ssl_verify_client optional_no_ca; if ($ssl_client_verify != SUCCESS) { return 403; }"), [4]),
        Case("revoked certificates", passing(f"{CA} ssl_verify_client on;", f"{CA} ssl_verify_client on; ssl_crl /pki/crl.pem;"), [4]),
        Case("more intermediates", passing(f"{CA} ssl_verify_client on; ssl_verify_depth 3;", f"{CA} ssl_verify_client on;"), [4]),
        Case("the same CAs", passing(f"{CA} ssl_verify_client on;", f"{CA} ssl_verify_client on;")),
        Case("fewer CAs", passing(f"{CA} ssl_verify_client on;", "ssl_client_certificate /pki/two-roots.pem; ssl_verify_client on;")),
        Case("nobody is asked there either", passing("", "")),
        Case("everybody is let in anyway", passing(f"{OTHER_CA} ssl_verify_client on;", "ssl_verify_client optional_no_ca;")),
        Case("the handshake is the other's", passing(f"{OTHER_CA} ssl_verify_client on;", f"{CA} ssl_verify_client on;").replace("443 ssl", "443", 1)),
        Case("a plain listener", passing(f"{OTHER_CA} ssl_verify_client on;", f"{CA} ssl_verify_client on;", "8443")),
        Case("CAs that are not there", passing("ssl_client_certificate /pki/no-such.pem; ssl_verify_client on;", f"{CA} ssl_verify_client on;"), words="no-such.pem", not_evaluated=True),
    ],
    "ssl-preread-within-tls": [
        Case("a map by name", stream(BY_NAME, *server(f"listen 443 ssl; {PAIR}", "ssl_preread on; proxy_pass $b;")), [6], "$ssl_preread_server_name is always empty", Severity.WARNING),
        Case("a map of a map", stream(BY_NAME, "map $b $c { default $b; }", *server(f"listen 443 ssl; {PAIR}", "ssl_preread on; proxy_pass $c;")), [7], "always empty"),
        Case("handed on", stream(*server(f"listen 443 ssl; {PAIR}", "ssl_preread on; pass 127.0.0.1:8080;")), [5], "closes every connection", Severity.ERROR),
        Case("for nothing", stream(*server(f"listen 443 ssl; {PAIR}", f"ssl_preread on; {PROXY}")), [5], "speak first", Severity.INFO),
        Case("for all, and a map", stream("ssl_preread on;", BY_NAME, *server(f"listen 443 ssl; {PAIR} proxy_pass $b;")), [3], "always empty"),
        Case("for all, for nothing", stream("ssl_preread on;", *server(f"listen 443 ssl; {PAIR} {PROXY}"))),
        Case("TLS goes through", stream(BY_NAME, *server("listen 443; ssl_preread on; proxy_pass $b;"))),
        Case("off", stream(BY_NAME, *server(f"listen 443 ssl; {PAIR} ssl_preread off; proxy_pass $b;"))),
        Case("the name of the handshake", stream("map $ssl_server_name $b { default 10.0.0.5:1; }", *server(f"listen 443 ssl; {PAIR} proxy_pass $b;"))),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "case"),
    [pytest.param(rule, case, id=f"{rule}:{case}") for rule, cases in CASES.items() for case in cases],
)
def test_case(rule: str, case: Case) -> None:
    check(rule, case)
