"""What nginx verifies of its backends: edge cases and near misses of the rules."""

import pytest

from mtls_lint.lint.finding import Confidence, Severity
from mtls_lint.testing import lint_text
from mtls_lint.testing.catalogue import authority
from rules.cases import Case, check


def http(*lines: str) -> str:
    """A whole configuration whose lines begin at line 2."""
    return "\n".join(["events {} http {", *lines, "}"])


def location(*lines: str, path: str = "/") -> str:
    """A server with one location; the lines begin at line 3."""
    return http(f"server {{ listen 80; server_name www.example.com; location {path} {{", *lines, "} }")


def stream(*lines: str) -> str:
    """A stream server; its lines begin at line 3."""
    return "\n".join(["events {} stream {", "server { listen 12345;", *lines, "} }"])


def trusted(name: str = "root.pem", prefix: str = "proxy_") -> str:
    return f"{prefix}ssl_verify on; {prefix}ssl_trusted_certificate /pki/{name};"


TO = "proxy_pass https://app.example.com;"
NAMED = "proxy_ssl_name app.example.com;"
BLOCK = "upstream backend { server 192.0.2.1:8443; server 192.0.2.2:8443; }"
KEPT = "upstream kept { server 192.0.2.1:8443; keepalive 4;} proxy_http_version 1.1; proxy_set_header Connection '';"
LOCAL = "upstream local { server 127.0.0.1:8443; server unix:/run/a; }"
BACKEND = "server { listen 127.0.0.1:8443 ssl; server_name api.example.com; ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key; }"

CASES: dict[str, list[Case]] = {
    "upstream-verify-off": [
        Case("by default", location(TO), [3], "app.example.com (proxy_ssl_verify is off by default) in location / of www.example.com:80", Severity.ERROR, Confidence.CERTAIN),
        Case("grpc", location("grpc_pass grpcs://192.0.2.1:443;"), [3], "grpc_ssl_verify"),
        Case("uwsgi", location("uwsgi_pass suwsgi://192.0.2.1:443;"), [3], "uwsgi_ssl_verify"),
        Case("stream", stream("proxy_ssl on; proxy_pass 192.0.2.1:443;"), [3], "server _:12345"),
        Case("stream without TLS", stream("proxy_pass 192.0.2.1:443;")),
        Case("the setting of another protocol", location(TO, "grpc_ssl_verify on;"), [3]),
        Case("switched off once for two places", http("proxy_ssl_verify off;", f"server {{ location /a {{ {TO} }}", "location /b { proxy_pass https://b.example.com; } }"), [2], "app.example.com and b.example.com"),
        Case("the same backend twice is one finding", http("server {", f"location /a {{ {TO} }}", f"location /b {{ {TO} }} }}"), [3], "location /a of _:80 and location /b of _:80"),
        Case("two backends are two", http("server {", f"location /a {{ {TO} }}", "location /b { proxy_pass https://b.example.com; } }"), [3, 4]),
        Case("off inside", http(trusted(), "server {", f"location / {{ {TO}", "proxy_ssl_verify off; } }"), [5], "over the `on` around it"),
        Case("the CAs are not opened", location(TO, "proxy_ssl_trusted_certificate /pki/root.pem;"), [3], "root.pem: not even opened"),
        Case("on outside", http(trusted(), f"server {{ location / {{ {TO} }} }}")),
        Case("another server of nginx's own defaults", location(TO), [3], version="1.22.1"),
        Case("this machine", location("proxy_pass https://127.0.0.1:8443;"), [3], "on this machine", Severity.INFO),
        Case("all members on this machine", http(LOCAL, "server { location / {", "proxy_pass https://local;", "} }"), [4], severity=Severity.INFO),
        Case("members elsewhere", http(BLOCK, "server { location / {", "proxy_pass https://backend;", "} }"), [4], severity=Severity.ERROR),
        Case("plain", location("proxy_pass http://app.example.com;")),
        Case("a variable with a known value", location("set $to https://app.example.com;", "proxy_pass $to;"), [4], "app.example.com"),
        Case("a variable for the host alone", location("proxy_pass https://$host;"), [3], "$host"),
        Case("the scheme of the client", location("proxy_pass $scheme://app.example.com;"), not_evaluated=True),
        Case("a map to both", http("map $host $to { default http://a.example.com; b https://b.example.com; }", "server { location / {", "proxy_pass $to;", "} }"), [4], "b.example.com"),
        Case("an include may switch it on", location("include snippets/verify.conf;", TO), not_evaluated=True),
        Case("a part of a configuration", f"server {{ listen 80; location / {{ {TO} }} }}", [1], confidence=Confidence.LIKELY),
        Case("an if", location(f"if ($arg_a) {{ {TO} }}"), [3], "if ($arg_a)"),
    ],
    "upstream-verify-without-tls": [
        Case("plain", location("proxy_pass http://app.example.com;", trusted()), [4], "http://app.example.com", Severity.WARNING),
        Case("this machine", location("proxy_pass http://127.0.0.1:8080;", trusted()), [4], severity=Severity.INFO),
        Case("one of two places is TLS", http("server {", trusted(), f"location /a {{ {TO} }}", "location /b { proxy_pass http://b; } }")),
        Case("a default for all", http(trusted(), "server { location / { proxy_pass http://app.example.com; } }")),
        Case("uwsgi", location("uwsgi_pass 192.0.2.1:3031;", trusted(prefix="uwsgi_")), [4], "suwsgi://"),
        Case("stream", stream("proxy_pass 192.0.2.1:443;", trusted()), [4], "proxy_ssl is off"),
        Case("stream with TLS", stream("proxy_pass 192.0.2.1:443; proxy_ssl on;", trusted())),
        Case("a variable", location("proxy_pass $scheme://app.example.com;", trusted())),
    ],
    "upstream-verify-without-trust": [
        Case("none", location(TO, "proxy_ssl_verify on;"), [4], "no proxy_ssl_trusted_certificate", fatal=True),
        Case("empty", http(trusted(), f"server {{ location / {{ {TO}", 'proxy_ssl_trusted_certificate ""; } }'), [2], '""', fatal=True),
        Case("a variable", location("proxy_pass http://$host;", "proxy_ssl_verify on;"), [4], fatal=True),
        Case("plain", location("proxy_pass http://app.example.com;", "proxy_ssl_verify on;")),
        Case("stream", stream("proxy_pass 192.0.2.1:443; proxy_ssl on;", "proxy_ssl_verify on;"), [4], fatal=True),
        Case("a part", f"server {{ location / {{ {TO} proxy_ssl_verify on; }} }}", [1], fatal=False, confidence=Confidence.LIKELY),
        Case("an include may name it", location("include snippets/ca.conf;", TO, "proxy_ssl_verify on;"), not_evaluated=True),
    ],
    "upstream-trust-file-unusable": [
        Case("DER", location(TO, trusted("ca.der")), [4], fatal=True),
        Case("not opened", location(TO, "proxy_ssl_trusted_certificate /pki/ca.der;")),
        Case("a CRL file that is none", location(TO, trusted(), "proxy_ssl_crl /pki/root.pem;"), [5], "CRLs", fatal=True),
        Case("which older versions load", location(TO, trusted(), "proxy_ssl_crl /pki/root.pem;"), version="1.22.1"),
        Case("missing beside its neighbours", location(TO, trusted("gone.pem"), "proxy_ssl_crl /pki/crl.pem;"), not_evaluated=True),
        Case("plain", location("proxy_pass http://a;", trusted("ca.der"))),
    ],
    "upstream-ca-expired": [
        Case("expired", location(TO, trusted("ca-expired.pem")), [4], "no backend passes", Severity.ERROR),
        Case("not yet", location(TO, trusted("ca-future.pem")), [4], "is not valid before 2090-01-01", Severity.ERROR),
        Case("in order", location(TO, trusted())),
        Case("the web's roots", location(TO, trusted("public-bundle.pem"))),
    ],
    "upstream-ca-lets-nobody-pass": [
        Case("an intermediate", location(TO, trusted("intermediate.pem")), [4], "its root is not there", Severity.ERROR),
        Case("with its root", location(TO, trusted("chain-bundle.pem"))),
        Case("explicit trust for clients only", location(TO, trusted("trusted-intermediate.pem")), [4]),
        Case("the server's own certificate", location(TO, trusted("server.pem")), [4], "is no CA, and not self-signed"),
        Case("a client's self-signed certificate", location(TO, trusted("self-signed-client.pem")), [4], "nor fit to be a server's own"),
        Case("a CA for servers alone", location(TO, trusted("ca-server-eku.pem"))),
        Case("a CA for any purpose", location(TO, trusted("ca-any-eku.pem")), [4], "extendedKeyUsage any"),
        Case("a weak root", location(TO, trusted("ca-weak-rsa.pem")), [4], "key that is too weak"),
        Case("a weak root, level 0", location(TO, trusted("ca-weak-rsa.pem"), "proxy_ssl_ciphers DEFAULT:@SECLEVEL=0;")),
        Case("expired is said elsewhere", location(TO, trusted("ca-expired.pem"))),
        Case("depth is said elsewhere", location(TO, trusted("two-intermediates-bundle.pem"), "proxy_ssl_verify_depth 0;")),
        Case("a command replaces it", location(TO, trusted("intermediate.pem"), "proxy_ssl_conf_command VerifyCAFile /pki/root.pem;"), not_evaluated=True),
        Case("absent", location(TO, trusted("no-such-file.pem")), not_evaluated=True),
        Case("stream", stream("proxy_pass 192.0.2.1:443; proxy_ssl on;", trusted("intermediate.pem")), [4], "server _:12345"),
    ],
    "upstream-verify-depth-too-small": [
        Case("by default", location(TO, trusted("two-intermediates-bundle.pem")), [4], "is 1 by default, but 2", Severity.ERROR),
        Case("set", location(TO, trusted("two-intermediates-bundle.pem"), "proxy_ssl_verify_depth 1;"), [5], "proxy_ssl_verify_depth is 1"),
        Case("0 with one intermediate", location(TO, trusted("chain-bundle.pem"), "proxy_ssl_verify_depth 0;"), [5], "1 intermediates"),
        Case("enough", location(TO, trusted("two-intermediates-bundle.pem"), "proxy_ssl_verify_depth 2;")),
        Case("a root alone needs none", location(TO, trusted(), "proxy_ssl_verify_depth 0;")),
    ],
    "upstream-crl-lets-nobody-pass": [
        Case("expired", location(TO, trusted(), "proxy_ssl_crl /pki/crl-expired.pem;"), [5], "CRL has expired", Severity.ERROR),
        Case("future", location(TO, trusted(), "proxy_ssl_crl /pki/crl-future.pem;"), [5], "CRL is not yet valid"),
        Case("of another CA", location(TO, trusted(), "proxy_ssl_crl /pki/crl-other.pem;"), [5], "unable to get certificate CRL"),
        Case("of one of two CAs", location(TO, trusted("two-roots.pem"), "proxy_ssl_crl /pki/crl.pem;"), [5], "Other Root CA", Severity.WARNING),
        Case("of the root alone", location(TO, trusted("chain-bundle.pem"), "proxy_ssl_crl /pki/crl.pem;"), [5], "Example Intermediate CA", Severity.WARNING),
        Case("of both", location(TO, trusted("chain-bundle.pem"), "proxy_ssl_crl /pki/crl-chain.pem;")),
        Case("delta", location(TO, trusted(), "proxy_ssl_crl /pki/crl-delta.pem;"), [5], confidence=Confidence.LIKELY),
        Case("not opened", location(TO, "proxy_ssl_trusted_certificate /pki/root.pem; proxy_ssl_crl /pki/crl-expired.pem;")),
    ],
    "upstream-name-of-block": [
        Case("a word", http(BLOCK, "server { location / {", "proxy_pass https://backend;", trusted(), "} }"), [4], '"backend"', Severity.WARNING, Confidence.LIKELY),
        Case("a host's name", http("upstream app.example.com { server 192.0.2.1:8443; }", "server { location / {", "proxy_pass https://app.example.com;", trusted(), "} }")),
        Case("the name is set", http(BLOCK, "server { location / {", "proxy_pass https://backend;", trusted(), NAMED, "} }")),
        Case("$proxy_host is the same", http(BLOCK, "server { location / {", "proxy_pass https://backend;", trusted(), "proxy_ssl_name $proxy_host;", "} }")),
        Case("no block", location("proxy_pass https://backend;", trusted())),
        Case("verification is off", http(BLOCK, "server { location / {", "proxy_pass https://backend;", "} }")),
        Case("the backend is seen not to have it", http("upstream backend { server 127.0.0.1:8443; }", "server { location / {", "proxy_pass https://backend;", trusted(), "} }", BACKEND), [4], severity=Severity.ERROR, confidence=Confidence.CERTAIN),
        Case("stream", "events {} stream { upstream backend { server 192.0.2.1:1; }\nserver { listen 1; proxy_ssl on;\nproxy_pass backend;\n" + trusted() + "} }", [3], "server _:1"),
    ],
    "upstream-name-unmatchable": [
        Case("an address", location("proxy_pass https://192.0.2.1;", trusted()), [3], '"192.0.2.1"', Severity.WARNING, Confidence.LIKELY),
        Case("an IPv6 address", location("proxy_pass https://[2001:db8::1]:8443;", trusted()), [3], "[2001:db8::1]"),
        Case("an address of this machine", location("proxy_pass https://127.0.0.1:8443;", trusted()), [3]),
        Case("a name is set", location("proxy_pass https://192.0.2.1;", trusted(), NAMED)),
        Case("a final dot", location("proxy_pass https://app.example.com.;", trusted()), [3], "final dot", Severity.ERROR),
        Case("empty", location(TO, trusted(), 'proxy_ssl_name "";'), [5], "empty", Severity.ERROR),
        Case("a socket", location("proxy_pass https://unix:/run/a;", trusted()), [3], "socket", Severity.ERROR),
        Case("not verified", location("proxy_pass https://192.0.2.1;")),
        Case("a name", location(TO, trusted())),
        Case("a block", http("upstream a.test { server 192.0.2.1:1; }", "server { location / {", "proxy_pass https://a.test;", trusted(), "} }")),
    ],
    "upstream-name-from-client": [
        Case("a header", location(TO, trusted(), "proxy_ssl_name $http_host;"), [5], "$http_host", Severity.WARNING),
        Case("with the CAs of the web", location(TO, trusted("public-bundle.pem"), "proxy_ssl_name $host;"), [5], "a public CA", Severity.ERROR),
        Case("by set", location("set $n $arg_n;", TO, trusted(), "proxy_ssl_name $n;"), [6], "$arg_n"),
        Case("SNI in stream", stream("proxy_pass 192.0.2.1:443; proxy_ssl on;", trusted(), "proxy_ssl_name $ssl_preread_server_name;"), [5]),
        Case("not compared", location(TO, "proxy_ssl_name $host;")),
        Case("the host of the address", location(TO, trusted(), "proxy_ssl_name $proxy_host;")),
        Case("the server's own name", location(TO, trusted(), "proxy_ssl_name $server_name;")),
        Case("by a map", http("map $host $n { default a.example.com; b b.example.com; }", f"server {{ location / {{ {TO} {trusted()} proxy_ssl_name $n; }} }}")),
        Case("a variable nobody knows", location(TO, trusted(), "proxy_ssl_name $lua_name;"), not_evaluated=True),
        Case("exact names of a server that is no default", http("server { listen 80 default_server; }", f"server {{ listen 80; server_name a.test; location / {{ {TO} {trusted()} proxy_ssl_name $host; }} }}")),
        Case("a wildcard", http("server { listen 80 default_server; }", f"server {{ listen 80; server_name *.test; location / {{ {TO} {trusted()} proxy_ssl_name $host; }} }}"), [3]),
        Case("a default server", location(TO, trusted(), "proxy_ssl_name $host;"), [5]),
    ],
    "upstream-certificate-refused": [
        Case("another name", http("server { location / {", "proxy_pass https://127.0.0.1:8443;", trusted(), "proxy_ssl_name b.example.com;", "} }", BACKEND), [5], 'not for "b.example.com" (no SNI is sent)'),
        Case("its name", http("server { location / {", "proxy_pass https://127.0.0.1:8443;", trusted(), "proxy_ssl_name api.example.com;", "} }", BACKEND)),
        Case("localhost", http("server { location / {", "proxy_pass https://localhost:8443;", trusted("other-root.pem"), "proxy_ssl_name api.example.com;", "} }", BACKEND), [4], "unable to verify the first certificate"),
        Case("another machine", http("server { location / {", "proxy_pass https://192.0.2.1:8443;", trusted("other-root.pem"), NAMED, "} }", BACKEND.replace("127.0.0.1:", ""))),
        Case("no such socket", http("server { location / {", "proxy_pass https://127.0.0.1:9443;", trusted("other-root.pem"), NAMED, "} }", BACKEND)),
        Case("an address is said elsewhere", http("server { location / {", "proxy_pass https://127.0.0.1:8443;", trusted(), "} }", BACKEND)),
        Case("not verified", http("server { location / { proxy_pass https://127.0.0.1:8443; } }", BACKEND)),
        Case("CAs by which nobody passes are said elsewhere", http("server { location / {", "proxy_pass https://127.0.0.1:8443;", trusted("intermediate.pem"), NAMED, "} }", BACKEND)),
        Case("the certificate is absent", http("server { location / {", "proxy_pass https://127.0.0.1:8443;", trusted(), NAMED, "} }", BACKEND.replace("/pki/server.pem", "/pki/gone.pem")), not_evaluated=True),
        Case("revoked by depth", http("server { location / {", "proxy_pass https://127.0.0.1:8443;", trusted(), "proxy_ssl_name api.example.com; proxy_ssl_verify_depth 0;", "} }", BACKEND.replace("server.pem", "server-chain.pem").replace("server.key", "server-chain.key")), [4], "unable to get local issuer certificate"),
    ],
    "upstream-sni-not-sent": [
        Case("a name that does nothing", location(TO, NAMED), [4], "does nothing", Severity.WARNING),
        Case("a public name", location(TO, trusted()), [3], "does not send", Severity.INFO),
        Case("a private name", location("proxy_pass https://app.internal;", trusted())),
        Case("a block", http(BLOCK, "server { location / {", "proxy_pass https://backend;", trusted(), "} }")),
        Case("sent", location(TO, NAMED, "proxy_ssl_server_name on;")),
        Case("nothing is asked for", location(TO)),
        Case("switched off", location(TO, NAMED, "proxy_ssl_server_name off;"), [4], "is off)"),
        Case("the backend is seen to match", http("server { location / {", "proxy_pass https://127.0.0.1:8443;", trusted(), "proxy_ssl_name api.example.com;", "} }", BACKEND)),
    ],
    "upstream-trust-public": [
        Case("alone", location("proxy_pass https://app.internal;", trusted("public-root.pem")), [4], "no backend passes", Severity.WARNING),
        Case("of a container", location("proxy_pass https://app:8443;", trusted("public-bundle.pem")), [4]),
        Case("a public name", location(TO, trusted("public-bundle.pem"))),
        Case("a public name of a private machine", location("proxy_pass https://10.0.0.1;", trusted("public-bundle.pem"), NAMED)),
        Case("an address has its own rule", location("proxy_pass https://10.0.0.1;", trusted("public-bundle.pem"))),
        Case("a block has its own rule", http(BLOCK, "server { location / {", "proxy_pass https://backend;", trusted("public-bundle.pem"), "} }")),
        Case("a private CA", location("proxy_pass https://app.internal;", trusted())),
    ],
    "upstream-revocation-none": [
        Case("none", location(TO, trusted()), [4], severity=Severity.INFO),
        Case("with CRLs", location(TO, trusted(), "proxy_ssl_crl /pki/crl.pem;")),
        Case("cancelled", http("proxy_ssl_crl /pki/crl.pem;", f"server {{ location / {{ {TO}", trusted(), 'proxy_ssl_crl ""; } }'), [4]),
        Case("public CAs", location(TO, trusted("public-bundle.pem"))),
        Case("this machine", location("proxy_pass https://127.0.0.1:8443;", trusted(), NAMED)),
        Case("not verified", location(TO)),
    ],
    "upstream-legacy-protocol": [
        Case("beside others", location(TO, "proxy_ssl_protocols TLSv1 TLSv1.1 TLSv1.2;"), [4], "TLSv1 and TLSv1.1", Severity.WARNING),
        Case("alone", location(TO, "proxy_ssl_protocols TLSv1;"), [4], "every connection fails", Severity.ERROR),
        Case("alone at level 0", location(TO, "proxy_ssl_protocols TLSv1; proxy_ssl_ciphers DEFAULT:@SECLEVEL=0;"), [4], severity=Severity.WARNING),
        Case("two lines", location(TO, "proxy_ssl_protocols TLSv1.2;", "proxy_ssl_protocols TLSv1;"), [5], severity=Severity.WARNING),
        Case("plain", location("proxy_pass http://a;", "proxy_ssl_protocols TLSv1;")),
        Case("the default of an old version", location(TO), version="1.22.1"),
        Case("new ones", location(TO, "proxy_ssl_protocols TLSv1.2 TLSv1.3;")),
    ],
    "upstream-cipher-weak": [
        Case("level 0", location(TO, "proxy_ssl_ciphers DEFAULT:@SECLEVEL=0;"), [4], "lowers the security level to 0", Severity.WARNING),
        Case("anonymous at level 0", location(TO, "proxy_ssl_ciphers aNULL:@SECLEVEL=0;"), [4], "offers A"),
        Case("anonymous at the usual level", location(TO, "proxy_ssl_ciphers ALL;")),
        Case("the default", location(TO)),
        Case("by a command", location(TO, "proxy_ssl_conf_command CipherString DEFAULT:@SECLEVEL=1;"), [4], "security level to 1"),
        Case("a command replaces it", location(TO, "proxy_ssl_ciphers aNULL:@SECLEVEL=0;", "proxy_ssl_conf_command CipherString HIGH:@SECLEVEL=2;")),
        Case("TLS 1.3 alone has no use for suites", location(TO, "proxy_ssl_ciphers aNULL:@SECLEVEL=0; proxy_ssl_protocols TLSv1.3;"), [4], "lowers"),
        Case("plain", location("proxy_pass http://a;", "proxy_ssl_ciphers aNULL:@SECLEVEL=0;")),
        Case("higher", location(TO, "proxy_ssl_ciphers HIGH:@SECLEVEL=3;")),
    ],
    "upstream-connection-crosses-places": [
        Case("off in one", http(KEPT, "server {", "location /a {", "proxy_pass https://kept;", trusted(), "}", "location /b { proxy_pass https://kept; } }"), [5], "location /a of _:80 verifies kept, but also uses the connections to it that location /b of _:80 has opened, which does not verify it", Severity.ERROR, Confidence.CERTAIN),
        Case("another CA", http(KEPT, "server {", f"location /a {{ proxy_pass https://kept; {trusted()} }}", f"location /b {{ proxy_pass https://kept; {trusted('other-root.pem')} }} }}"), [4], "(proxy_ssl_trusted_certificate)", Severity.WARNING),
        Case("another name", http(KEPT, "server {", trusted(), f"location /a {{ proxy_pass https://kept; {NAMED} }}", "location /b { proxy_pass https://kept; proxy_ssl_name b.example.com; } }"), [5], "(proxy_ssl_name)"),
        Case("alike", http(KEPT, "server {", trusted(), "location /a { proxy_pass https://kept; }", "location /b { proxy_pass https://kept; } }")),
        Case("each place its own", http(KEPT.replace("keepalive 4", "keepalive 4 local"), "server {", f"location /a {{ proxy_pass https://kept; {trusted()} }}", "location /b { proxy_pass https://kept; } }")),
        Case("nothing is kept", http(KEPT.replace("keepalive 4;", ""), "server {", f"location /a {{ proxy_pass https://kept; {trusted()} }}", "location /b { proxy_pass https://kept; } }")),
        Case("HTTP/1.0", http(KEPT.replace("1.1", "1.0"), "server {", f"location /a {{ proxy_pass https://kept; {trusted()} }}", "location /b { proxy_pass https://kept; } }"), version="1.22.1"),
        Case("plain in one", http(KEPT, "server {", f"location /a {{ proxy_pass https://kept; {trusted()} }}", "location /b { proxy_pass http://kept; } }")),
        Case("two blocks", http(KEPT, KEPT.replace("kept", "other").partition(";}")[0] + ";}", "server {", f"location /a {{ proxy_pass https://kept; {trusted()} }}", "location /b { proxy_pass https://other; } }")),
    ],
    "upstream-session-crosses-places": [
        Case("CRL", http("server {", trusted(), f"location /a {{ {TO} }}", "location /b {", TO, "proxy_ssl_crl /pki/crl.pem; } }"), [6], "proxy_ssl_crl", Severity.WARNING),
        Case("CAs", http(f"server {{ location / {{ {TO} {trusted()} }} }}", f"server {{ location / {{ {TO} {trusted('other-root.pem')} }} }}"), [3], "proxy_ssl_trusted_certificate"),
        Case("off in one", http("server {", trusted(), f"location /a {{ {TO} }}", "location /b {", TO, "proxy_ssl_verify off; } }"), [6], "answers 502"),
        Case("a block", http(BLOCK, "server {", trusted(), "location /a { proxy_pass https://backend; }", "location /b {", "proxy_pass https://backend/x;", "proxy_ssl_verify_depth 3; } }"), [7], "proxy_ssl_verify_depth"),
        Case("alike", http("server {", trusted(), f"location /a {{ {TO} }}", f"location /b {{ {TO} }} }}")),
        Case("another port", http("server {", trusted(), f"location /a {{ {TO} }}", "location /b { proxy_pass https://app.example.com:8443; proxy_ssl_crl /pki/crl.pem; } }")),
        Case("without reuse", http("server {", trusted(), f"location /a {{ {TO} }}", f"location /b {{ {TO} proxy_ssl_crl /pki/crl.pem; proxy_ssl_session_reuse off; }} }}")),
        Case("reuse is off for all", http("proxy_ssl_session_reuse off;", "server {", trusted(), f"location /a {{ {TO} }}", f"location /b {{ {TO} proxy_ssl_crl /pki/crl.pem; }} }}")),
        Case("a variable", http("server {", trusted(), f"location /a {{ {TO} }}", "location /b { set $a app.example.com; proxy_pass https://$a; proxy_ssl_crl /pki/crl.pem; } }")),
        Case("nobody verifies", http("server {", f"location /a {{ {TO} }}", f"location /b {{ {TO} proxy_ssl_crl /pki/crl.pem; }} }}")),
        Case("http and stream", f"events {{}} http {{ server {{ location / {{ {TO} {trusted()} }} }} }} stream {{ server {{ listen 1; proxy_ssl on; proxy_pass app.example.com:443; {trusted('other-root.pem')} }} }}"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "case"),
    [pytest.param(rule, case, id=f"{rule}:{case}") for rule, cases in CASES.items() for case in cases],
)
def test_case(rule: str, case: Case) -> None:
    check(rule, case)


def test_a_renewed_root_beside_the_expired_one() -> None:
    """OpenSSL takes the one that is valid."""
    old = authority("ca-expired")
    new = type(old).root("Expired Root CA", own_key=old.key)
    text = location(TO, "proxy_ssl_verify on; proxy_ssl_trusted_certificate both.pem;")
    for content, count in ((old.pem + new.pem, 0), (old.pem, 1), (old.pem + authority("root").pem, 1)):
        report = lint_text(text, rules=["upstream-ca-expired"], files={"both.pem": content})
        assert len(report.findings) == count
