"""Enforcement: edge cases, and near misses that stay silent."""

import pytest

from mtls_lint.lint.finding import Confidence, Severity
from rules.cases import Case, check

PAIR = "ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key;"
CA = "ssl_client_certificate /pki/root.pem;"
PROXY = "location / { proxy_pass http://127.0.0.1:8080; }"
NAME = "server_name api.example.com;"


def http(*lines: str) -> str:
    """A whole configuration; the lines given begin at line 3."""
    return "\n".join(["events {}", "http {", *lines, "}"]) + "\n"


CASES: dict[str, list[Case]] = {
    "mtls-not-enforced": [
        Case(
            "CAs without a mode",
            http("server {", f"listen 443 ssl; {PAIR}", CA, PROXY, "}"),
            [5],
            "not set and off by default",
            Severity.ERROR,
            Confidence.CERTAIN,
            witness="curl -i -k https://localhost/",
        ),
        Case("off in so many words", http("server {", f"listen 443 ssl; {PAIR}", CA, "ssl_verify_client off;", "}"), [5], "is off"),
        Case("a fragment is less certain", f"server {{\nlisten 443 ssl; {PAIR}\n{CA}\n}}\n", [3], confidence=Confidence.LIKELY),
        Case("optional asks", http(f"server {{ listen 443 ssl; {PAIR} {CA} ssl_verify_client optional; }}")),
        Case("an inherited mode counts", http("ssl_verify_client on;", f"server {{ listen 443 ssl; {PAIR} {CA} }}")),
        Case(
            "CAs of http that another server uses",
            http(CA, f"server {{ listen 443 ssl; {NAME} {PAIR} ssl_verify_client on; }}", f"server {{ listen 443 ssl; {PAIR} }}"),
        ),
        Case("no TLS at all", http(f"server {{ listen 80; {CA} }}")),
        Case("an include may say it", http(f"server {{ listen 443 ssl; {PAIR} {CA} include absent/tls.conf; }}"), words="absent/tls.conf", not_evaluated=True),
        Case("cancelled CAs", http(CA, f'server {{ listen 443 ssl; {PAIR} ssl_client_certificate ""; }}')),
    ],
    "client-certificates-never-requested": [
        Case("one warning for the tree", http(f"server {{ listen 443 ssl; {PAIR} }}", f"server {{ listen 8443 ssl; {PAIR} }}"), [3], "nowhere", Severity.WARNING),
        Case("the TLS server is shown", http("server { listen 80; }", f"server {{ listen 443 ssl; {PAIR} }}"), [4]),
        Case("somebody asks", http(f"server {{ listen 443 ssl; {PAIR} }}", f"server {{ listen 8443 ssl; {PAIR} {CA} ssl_verify_client on; }}")),
        Case("a command asks", http(f"server {{ listen 443 ssl; {PAIR} ssl_conf_command VerifyMode Request; }}")),
        Case("revocation without a check is another matter", http(f"server {{ listen 443 ssl; {PAIR} ssl_crl /pki/crl.pem; }}")),
        Case("OCSP without a check is, too", http(f"server {{ listen 443 ssl; {PAIR} ssl_ocsp on; }}")),
        Case("a fragment without TLS", "server { listen 80; }", not_evaluated=True),
        Case("an include is absent", http(f"server {{ listen 443 ssl; {PAIR} }}", "include absent.conf;"), not_evaluated=True),
        Case("nothing but an upstream", "upstream b { server 127.0.0.1:1; }"),
    ],
    "required-name-unprotected": [
        Case("nothing is required", http(f"server {{ listen 443 ssl; {NAME} {PAIR} }}")),
        Case("it is protected", http(f"server {{ listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client on; }}"), options={"require": ["api.example.com"]}),
        Case("it is not", http("server {", f"listen 443 ssl; {NAME} {PAIR}", PROXY, "}"), [3], "not set and off", Severity.ERROR, options={"require": ["api.example.com"]}),
        Case("only optional", http("server {", f"listen 443 ssl; {NAME} {PAIR} {CA}", "ssl_verify_client optional;", PROXY, "}"), [5], "optional", Severity.ERROR, options={"require": ["api.example.com"]}),
        Case("no such name", http(f"server {{ listen 443 ssl; server_name other.example.com; {PAIR} {CA} ssl_verify_client on; }}"), [1], "no server is called that", options={"require": ["api.example.com"]}),
        Case("a wildcard answers", http(f"server {{ listen 443 ssl; server_name *.example.com; {PAIR} {CA} ssl_verify_client on; }}"), options={"require": ["api.example.com"]}),
        Case("a plain listener that redirects", http(f"server {{ listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client on; }}", f"server {{ listen 80; {NAME} return 301 https://$host$request_uri; }}"), options={"require": ["api.example.com"]}),
        Case("a plain listener that serves", http(f"server {{ listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client on; }}", f"server {{ listen 80; {NAME} {PROXY} }}"), [4], "speaks no TLS and serves content", witness="curl -i http://api.example.com/", options={"require": ["api.example.com"]}),
    ],
    "verify-client-without-ca": [
        Case("on", http("server {", f"listen 443 ssl; {PAIR}", "ssl_verify_client on;", "}"), [5], fatal=True),
        Case("optional", http("server {", f"listen 443 ssl; {PAIR}", "ssl_verify_client optional;", "}"), [5], fatal=True),
        Case("optional_no_ca needs none", http(f"server {{ listen 443 ssl; {PAIR} ssl_verify_client optional_no_ca; }}")),
        Case("trusted alone is enough now", http(f"server {{ listen 443 ssl; {PAIR} ssl_verify_client on; ssl_trusted_certificate /pki/root.pem; }}")),
        Case("but not before 1.27.2", http(f"server {{ listen 443 ssl; {PAIR} ssl_trusted_certificate /pki/root.pem;", "ssl_verify_client on; }"), [4], fatal=True, version="1.22.1"),
        Case("no TLS context is built", http("server { listen 80; ssl_verify_client on; }")),
        Case("cancelled CAs", http(CA, f'server {{ listen 443 ssl; {PAIR} ssl_client_certificate "";', "ssl_verify_client on; }"), [5], fatal=True),
    ],
    "listen-without-ssl": [
        Case("verify without TLS", http("server {", "listen 8443;", CA, "ssl_verify_client on;", PROXY, "}"), [4], "no effect", Severity.ERROR, witness="curl -i http://localhost:8443/"),
        Case("a certificate without TLS", http("server {", "listen 8443;", PAIR, PROXY, "}"), [4], severity=Severity.WARNING),
        Case("another server makes the socket TLS", http(f"server {{ listen 443 ssl; {PAIR} }}", f"server {{ listen 443; {NAME} {PAIR} {CA} ssl_verify_client on; {PROXY} }}")),
        Case("ssl on, when there was such a thing", http(f"server {{ listen 443; ssl on; {PAIR} {CA} ssl_verify_client on; {PROXY} }}"), version="1.22.1"),
        Case("only a redirect", http(f"server {{ listen 80; {PAIR} return 301 https://$host$request_uri; }}")),
        Case("inherited from http, and only a redirect", http(CA, "ssl_verify_client on;", "server { listen 80; return 301 https://$host$request_uri; }")),
        Case("stream", "events {}\nstream {\nserver {\nlisten 8443;\nssl_verify_client on;\nproxy_pass 127.0.0.1:1; } }", [4]),
    ],
    "plaintext-listener-same-app": [
        Case("port 80 beside 443", http("server {", "listen 80;", f"listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client on;", PROXY, "}"), [4], "everybody gets in", Severity.ERROR, witness="curl -i http://api.example.com/"),
        Case("a file counts", http("server {", "listen 80;", f"listen 443 ssl; {PAIR} {CA} ssl_verify_client on;", "root /srv; location / { }", "}"), [4]),
        Case("it only redirects", http(f"server {{ listen 80; listen 443 ssl; {PAIR} {CA} ssl_verify_client on; if ($scheme = http) {{ return 301 https://$host$request_uri; }} {PROXY} }}")),
        Case("a check guards it", http(f"server {{ listen 80; listen 443 ssl; {PAIR} {CA} ssl_verify_client on; if ($ssl_client_verify != SUCCESS) {{ return 403; }} {PROXY} }}")),
        Case("loopback", http(f"server {{ listen 127.0.0.1:80; listen 443 ssl; {PAIR} {CA} ssl_verify_client on; {PROXY} }}")),
        Case("a unix socket", http(f"server {{ listen unix:/run/x.sock; listen 443 ssl; {PAIR} {CA} ssl_verify_client on; {PROXY} }}")),
        Case("a health check alone", http(f"server {{ listen 80; listen 443 ssl; {PAIR} {CA} ssl_verify_client on; location = /healthz {{ proxy_pass http://127.0.0.1:8080; }} location / {{ return 404; }} }}")),
        Case("ACME alone", http(f"server {{ listen 80; listen 443 ssl; {PAIR} {CA} ssl_verify_client on; location /.well-known/acme-challenge/ {{ root /srv/acme; }} location / {{ return 301 https://$host$request_uri; }} }}")),
        Case("one open location is enough", http("server {", "listen 80;", f"listen 443 ssl; {PAIR} {CA} ssl_verify_client on;", "location / { return 301 https://$host$request_uri; }", "location /api/ { proxy_pass http://127.0.0.1:8080; }", "}"), [4], witness="curl -i http://localhost/api/"),
        Case("nobody is asked with TLS either", http(f"server {{ listen 80; listen 443 ssl; {PAIR} {PROXY} }}")),
    ],
    "verify-client-optional-unchecked": [
        Case("nobody looks", http("server {", f"listen 443 ssl; {NAME} {PAIR} {CA}", "ssl_verify_client optional;", PROXY, "}"), [5], "everybody gets in", Severity.ERROR, witness="curl -i -k https://api.example.com/"),
        Case("only one location looks", http("server {", f"listen 443 ssl; {NAME} {PAIR} {CA}", "ssl_verify_client optional;", PROXY, "location /a { if ($ssl_client_verify != SUCCESS) { return 403; } proxy_pass http://127.0.0.1:8080; }", "}"), [5], "in there", Severity.WARNING, Confidence.LIKELY),
        Case("several conditions joined", http("server {", f"listen 443 ssl; {NAME} {PAIR} {CA}", "ssl_verify_client optional;", "if ($uri ~ ^/admin) { set $why a; }", 'if ($ssl_client_verify != SUCCESS) { set $why "${why}b"; }', "if ($why = ab) { return 403; }", PROXY, "}"), [5], "in there", Severity.WARNING),
        Case("the check only sets a variable", http("server {", f"listen 443 ssl; {NAME} {PAIR} {CA}", "ssl_verify_client optional;", "if ($ssl_client_verify = SUCCESS) { set $known 1; }", PROXY, "}"), [5], "everybody gets in", Severity.ERROR),
        Case("a variable that is then checked", http(f"server {{ listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional; if ($ssl_client_verify = SUCCESS) {{ set $known 1; }} if ($known != 1) {{ return 403; }} {PROXY} }}")),
        Case("told through two maps", http("map $ssl_client_verify $ok { default 0; SUCCESS 1; }", "map $ok $sent { default no; 1 yes; }", "server {", f"listen 443 ssl; {NAME} {PAIR} {CA}", "ssl_verify_client optional;", "location / { proxy_set_header X-V $sent; proxy_pass http://127.0.0.1:8080; }", "}"), [7], "up to the backend", Severity.WARNING, Confidence.POSSIBLE),
        Case("optional_no_ca", http("server {", f"listen 443 ssl; {NAME} {PAIR}", "ssl_verify_client optional_no_ca;", PROXY, "}"), [5], "optional_no_ca, and nothing", Severity.ERROR, witness="curl -i -k https://api.example.com/"),
        Case("auth_request looks", http(f"server {{ listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional; auth_request /check; {PROXY} location = /check {{ internal; if ($ssl_client_verify != SUCCESS) {{ return 403; }} return 204; }} }}")),
        Case("the default server rejects handshakes", http(f"server {{ listen 443 ssl; ssl_reject_handshake on; {CA} ssl_verify_client optional; {PROXY} }}")),
        Case("inherited", http(CA, "ssl_verify_client optional;", f"server {{ listen 443 ssl; {NAME} {PAIR} {PROXY} }}"), [4]),
        Case("the backend is told the result", http("server {", f"listen 443 ssl; {NAME} {PAIR} {CA}", "ssl_verify_client optional;", "location / { proxy_set_header X-V $ssl_client_verify; proxy_pass http://127.0.0.1:8080; }", "}"), [5], "up to the backend", Severity.WARNING, Confidence.POSSIBLE),
        Case("through a map", http("map $ssl_client_s_dn $who { default none; }", "server {", f"listen 443 ssl; {NAME} {PAIR} {CA}", "ssl_verify_client optional;", "location / { proxy_set_header X-W $who; proxy_pass http://127.0.0.1:8080; }", "}"), [6], severity=Severity.WARNING),
        Case("checked for all", http(f"server {{ listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional; if ($ssl_client_verify != SUCCESS) {{ return 403; }} {PROXY} }}")),
        Case("= NONE is sound on TLS", http(f"server {{ listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional; if ($ssl_client_verify = NONE) {{ return 403; }} {PROXY} }}")),
        Case("a map decides", http("map $ssl_client_verify $bad { default 1; SUCCESS 0; }", f"server {{ listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional; if ($bad) {{ return 403; }} {PROXY} }}")),
        Case("only a redirect", http(f"server {{ listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional; return 301 https://x.test/; }}")),
        Case("on is another matter", http(f"server {{ listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client on; {PROXY} }}")),
        Case("what cannot be known", http("geo $inside { default 0; }", f"server {{ listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional; if ($inside = 0) {{ return 403; }} {PROXY} }}"), words="geo", not_evaluated=True),
    ],
    "verify-check-too-weak": [
        Case("the wrong word", http("server {", f"listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional;", "if ($ssl_client_verify = FAILED) { return 403; }", PROXY, "}"), [5], "`NONE`", Severity.ERROR, Confidence.CERTAIN, witness="curl -i -k https://api.example.com/"),
        Case("FAILED or not", http("server {", f"listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional;", "if ($ssl_client_verify ~ ^FAILED) { return 403; }", PROXY, "}"), [5]),
        Case("the wrong case", http("server {", f"listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional;", "if ($ssl_client_verify = none) { return 403; }", PROXY, "}"), [5]),
        Case("emptiness", http("server {", f"listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional;", 'if ($ssl_client_verify = "") { return 403; }', PROXY, "}"), [5]),
        Case("truth of a map that is never empty", http("map $ssl_client_verify $no { default 0; FAILED 1; }", "server {", f"listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional;", "if ($no) { return 403; }", PROXY, "}"), [6]),
        Case("truth", http("server {", f"listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional; set $ok 0; if ($ssl_client_verify) {{ set $ok 1; }}", "if ($ok = 0) { return 403; }", PROXY, "}"), [5], "`NONE`"),
        Case("a list of the unwanted", http("server {", f"listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional;", 'if ($ssl_client_s_dn ~ "CN=mallory") { return 403; }', PROXY, "}"), [5]),
        Case("= NONE with optional_no_ca", http("server {", f"listen 443 ssl; {NAME} {PAIR} {CA}", "ssl_verify_client optional_no_ca;", "if ($ssl_client_verify = NONE) { return 403; }", PROXY, "}"), [6], "self-signed certificate", Severity.ERROR),
        Case("a name that anybody can write", http("server {", f"listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional_no_ca;", 'if ($ssl_client_s_dn !~ "^CN=alice,O=Acme$") { return 403; }', PROXY, "}"), [5], "/O=Acme/CN=alice"),
        Case("an issuer that anybody can write", http("server {", f"listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional_no_ca;", 'if ($ssl_client_i_dn != "CN=Example Root CA") { return 403; }', PROXY, "}"), [5]),
        Case("a map of names", http('map $ssl_client_s_dn $ok { default 0; "CN=alice,O=Acme" 1; }', "server {", f"listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional_no_ca;", "if ($ok = 0) { return 403; }", PROXY, "}"), [6]),
        Case("with a CRL a stranger needs a CA", http("server {", f"listen 443 ssl; {NAME} {PAIR} {CA} ssl_crl /pki/crl.pem; ssl_verify_client optional_no_ca;", "if ($ssl_client_verify = NONE) { return 403; }", PROXY, "}"), [5], "unable to verify the first certificate"),
        Case("the backend is told", http("server {", f"listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional_no_ca;", "if ($ssl_client_verify = NONE) { return 403; }", "location / { proxy_set_header X-V $ssl_client_verify; proxy_pass http://127.0.0.1:8080; }", "}"), [5], severity=Severity.WARNING),
        Case("= NONE with optional is sound", http(f"server {{ listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional; if ($ssl_client_verify = NONE) {{ return 403; }} {PROXY} }}")),
        Case("!= SUCCESS with optional_no_ca", http(f"server {{ listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional_no_ca; if ($ssl_client_verify != SUCCESS) {{ return 403; }} {PROXY} }}")),
        Case("a fingerprint cannot be chosen", http(f"server {{ listen 443 ssl; {NAME} {PAIR} ssl_verify_client optional_no_ca; if ($ssl_client_fingerprint != 1f2e3d4c5b6a79880102030405060708090a0b0c) {{ return 403; }} {PROXY} }}")),
        Case("a name of a verified certificate", http(f'server {{ listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional; if ($ssl_client_s_dn != "CN=alice") {{ return 403; }} {PROXY} }}')),
        Case("another check stands behind it", http(f"server {{ listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional; if ($ssl_client_verify = FAILED) {{ return 403; }} if ($ssl_client_verify = NONE) {{ return 403; }} {PROXY} }}")),
    ],
    "verify-check-bypassed": [
        Case("a regular expression", http("server {", f"listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional;", "location /admin {", "if ($ssl_client_verify != SUCCESS) { return 403; } proxy_pass http://127.0.0.1:8080; }", r"location ~ \.php$ { fastcgi_pass 127.0.0.1:9000; }", "}"), [6], "/admin/example.php", Severity.ERROR),
        Case("files by a regular expression", http("server {", f"listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional; root /srv;", "location /admin {", "if ($ssl_client_verify != SUCCESS) { return 403; } proxy_pass http://127.0.0.1:8080; }", r"location ~* \.(css|js)$ { expires 1d; }", "}"), [6], severity=Severity.WARNING),
        Case("a nested location", http("server {", f"listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional;", "location /admin {", "if ($ssl_client_verify != SUCCESS) { return 403; }", "location /admin/api { proxy_pass http://127.0.0.1:8080; }", "proxy_pass http://127.0.0.1:8080; }", "}"), [6], "inherits no if", Severity.ERROR, witness="curl -i -k https://api.example.com/admin/api"),
        Case("a longer prefix", http("server {", f"listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional;", "location /admin {", "if ($ssl_client_verify != SUCCESS) { return 403; } proxy_pass http://127.0.0.1:8080; }", "location /admin/help { proxy_pass http://127.0.0.1:8080; }", "}"), [6], "location /admin/help takes it", Severity.WARNING),
        Case("a rewrite comes first", http("server {", f"listen 443 ssl; {NAME} {PAIR} {CA}", "ssl_verify_client optional;", "rewrite ^ /x break;", "if ($ssl_client_verify != SUCCESS) { return 403; }", PROXY, "}"), [7], "ends the run"),
        Case("a break in the location", http("server {", f"listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional;", "location / { break;", "if ($ssl_client_verify != SUCCESS) { return 403; } proxy_pass http://127.0.0.1:8080; }", "}"), [6]),
        Case("other letters to the same backend", http("server {", f"listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional;", "location /admin {", "if ($ssl_client_verify != SUCCESS) { return 403; } proxy_pass http://127.0.0.1:8080; }", PROXY, "}"), [6], "/ADMIN: location / takes what is written in other letters", Severity.WARNING, Confidence.POSSIBLE, witness="curl -i -k https://api.example.com/ADMIN"),
        Case("other letters to another backend", http(f"server {{ listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional; location /admin {{ if ($ssl_client_verify != SUCCESS) {{ return 403; }} proxy_pass http://127.0.0.1:8080; }} location / {{ proxy_pass http://127.0.0.1:8081; }} }}")),
        Case("limit_except takes other methods", http("server {", f"listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional;", "location / { limit_except GET { auth_basic off; }", "if ($ssl_client_verify != SUCCESS) { return 403; } proxy_pass http://127.0.0.1:8080; }", "}"), [6], "limit_except is for POST", Severity.ERROR, witness="curl -i -k -X POST https://api.example.com/"),
        Case("limit_except that denies", http(f"server {{ listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional; location / {{ limit_except GET {{ deny all; }} if ($ssl_client_verify != SUCCESS) {{ return 403; }} proxy_pass http://127.0.0.1:8080; }} }}")),
        Case("limit_except behind a check of the server", http(f"server {{ listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional; if ($ssl_client_verify != SUCCESS) {{ return 403; }} location / {{ limit_except GET {{ auth_basic off; }} proxy_pass http://127.0.0.1:8080; }} }}")),
        Case("^~ keeps regular expressions away", http(f"server {{ listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional; location ^~ /admin {{ if ($ssl_client_verify != SUCCESS) {{ return 403; }} proxy_pass http://127.0.0.1:8080; }} }}")),
        Case("the escape refuses too", http(f"server {{ listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional; location /admin {{ if ($ssl_client_verify != SUCCESS) {{ return 403; }} proxy_pass http://127.0.0.1:8080; }} location ~ php$ {{ if ($ssl_client_verify != SUCCESS) {{ return 403; }} fastcgi_pass 127.0.0.1:9000; }} }}")),
        Case("deny is inherited", http(f"server {{ listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional; location /admin {{ deny all; location /admin/x {{ proxy_pass http://127.0.0.1:8080; }} }} if ($ssl_client_verify != SUCCESS) {{ return 403; }} }}")),
    ],
    "error-page-undoes-the-check": [
        Case("403 goes to the backend", http("server {", f"listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional;", "error_page 403 = @app;", "if ($ssl_client_verify != SUCCESS) { return 403; }", f"{PROXY} location @app {{ proxy_pass http://127.0.0.1:8080; }}", "}"), [5], "everybody gets in", Severity.ERROR, witness="curl -i -k https://api.example.com/"),
        Case("only one page of the backend", http("server {", f"listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional;", "error_page 403 = /login;", "location / { if ($ssl_client_verify != SUCCESS) { return 403; } proxy_pass http://127.0.0.1:8080; }", "location = /login { proxy_pass http://127.0.0.1:8081; }", "}"), [5], severity=Severity.WARNING),
        Case("another backend, for signing in", http("server {", f"listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional;", "error_page 403 = @in;", "if ($ssl_client_verify != SUCCESS) { return 403; }", f"{PROXY} location @in {{ proxy_pass http://127.0.0.1:8081; }}", "}"), [5], "something of a backend", Severity.WARNING),
        Case("auth_request's refusal", http("server {", f"listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional;", "error_page 403 = @app; auth_request /check;", f"{PROXY} location = /check {{ internal; error_page 404 /404.html; if ($ssl_client_verify != SUCCESS) {{ return 403; }} return 204; }}", "location @app { auth_request off; proxy_pass http://127.0.0.1:8080; }", "}"), [5]),
        Case("the check is made again", http(f"server {{ listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional; error_page 403 = /e; if ($ssl_client_verify != SUCCESS) {{ return 403; }} {PROXY} location /e {{ proxy_pass http://127.0.0.1:8080; }} }}")),
        Case("a static page", http(f"server {{ listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional; error_page 403 /403.html; location / {{ if ($ssl_client_verify != SUCCESS) {{ return 403; }} proxy_pass http://127.0.0.1:8080; }} location = /403.html {{ root /srv; }} }}")),
        Case("a text keeps its status", http(f'server {{ listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional; error_page 403 = @app; if ($ssl_client_verify != SUCCESS) {{ return 403 "no"; }} {PROXY} location @app {{ proxy_pass http://127.0.0.1:8080; }} }}')),
        Case("error_page 404 is harmless", http(f"server {{ listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional; error_page 404 = @app; if ($ssl_client_verify != SUCCESS) {{ return 403; }} {PROXY} location @app {{ proxy_pass http://127.0.0.1:8080; }} }}")),
    ],
    "error-page-before-the-check": [
        Case("400 goes to the backend", http("server {", f"listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client on;", "error_page 400 = @app;", f"{PROXY} location @app {{ proxy_pass http://127.0.0.1:8080; }}", "}"), [5], "a Host that is not valid", Severity.ERROR, witness="curl -i -k https://api.example.com/ -H 'Host: not..valid'"),
        Case("405 goes to the backend", http("server {", f"listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client on;", "error_page 405 = @app;", f"{PROXY} location @app {{ proxy_pass http://127.0.0.1:8080; }}", "}"), [5], "TRACE", Severity.WARNING, witness="curl -i -k -X TRACE https://api.example.com/"),
        Case("501 goes to the backend", http("server {", f"listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client on;", "error_page 501 = @app;", f"{PROXY} location @app {{ proxy_pass http://127.0.0.1:8080; }}", "}"), [5], "Transfer-Encoding", witness="curl -i -k https://api.example.com/ -H 'Transfer-Encoding: unknown'"),
        Case("421 goes to the backend", http("server {", f"listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client on;", "error_page 421 = @app;", f"{PROXY} location @app {{ proxy_pass http://127.0.0.1:8080; }}", "}", f"server {{ listen 443 ssl; server_name b.example.com; {PAIR} {CA} ssl_verify_client on; }}"), [5], "differs from the SNI", witness="curl -i -k https://api.example.com/ -H 'Host: b.example.com'"),
        Case("what is too long", http("server {", f"listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client on;", "error_page 414 494 = @app;", f"{PROXY} location @app {{ proxy_pass http://127.0.0.1:8080; }}", "}"), [5], "a header that is too long"),
        Case("two pages", http("server {", f"listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client on;", "error_page 400 = @app;", "error_page 405 = @app;", f"{PROXY} location @app {{ proxy_pass http://127.0.0.1:8080; }}", "}"), [5, 6]),
        Case("one page of the backend", http("server {", f"listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client on;", "error_page 400 = /oops;", f"{PROXY} location = /oops {{ proxy_pass http://127.0.0.1:8080; }}", "}"), [5], "something of a backend", Severity.WARNING),
        Case("behind a check that a named location does not make", http("server {", f"listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional;", "error_page 400 = @app;", "if ($ssl_client_verify != SUCCESS) { return 403; }", f"{PROXY} location @app {{ proxy_pass http://127.0.0.1:8080; }}", "}"), [5]),
        Case("behind a check that is made again", http(f"server {{ listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional; error_page 400 = /x; if ($ssl_client_verify != SUCCESS) {{ return 403; }} {PROXY} }}")),
        Case("codes that come later", http(f"server {{ listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client on; error_page 403 404 413 500 502 503 504 = @app; {PROXY} location @app {{ proxy_pass http://127.0.0.1:8080; }} }}")),
        Case("a static page", http(f"server {{ listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client on; error_page 400 405 414 /e.html; {PROXY} location = /e.html {{ root /srv; }} }}")),
        Case("421 with nobody else to ask for", http(f"server {{ listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client on; error_page 421 = @app; {PROXY} location @app {{ proxy_pass http://127.0.0.1:8080; }} }}")),
        Case("a redirect", http(f"server {{ listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client on; error_page 400 https://help.test/; {PROXY} }}")),
    ],
    "error-page-opens-the-door": [
        Case("a named location", http("server {", f"listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client on;", "error_page 495 496 = @app;", f"{PROXY} location @app {{ proxy_pass http://127.0.0.1:8080; }}", "}"), [5], "everybody gets in", Severity.ERROR, witness="curl -i -k https://api.example.com/"),
        Case("a proxied location", http("server {", f"listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client on;", "error_page 496 =200 /login;", f"{PROXY} location /login {{ proxy_pass http://127.0.0.1:8081; }}", "}"), [5]),
        Case("plain HTTP on the TLS port", http("server {", f"listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client on;", "error_page 497 = @app;", f"{PROXY} location @app {{ proxy_pass http://127.0.0.1:8080; }}", "}"), [5], "plain HTTP", Severity.ERROR, witness="curl -i http://api.example.com:443/"),
        Case("a bad certificate only", http("server {", f"listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client on;", "error_page 495 = @app;", f"{PROXY} location @app {{ proxy_pass http://127.0.0.1:8080; }}", "}"), [5], "nobody vouches for", Severity.ERROR),
        Case("a bad certificate, where the check asks for a good one", http("server {", f"listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client optional;", "error_page 495 = @app;", "if ($ssl_client_verify != SUCCESS) { return 403; }", f"{PROXY} location @app {{ proxy_pass http://127.0.0.1:8080; }}", "}"), [5]),
        Case("497 redirects", http(f"server {{ listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client on; error_page 497 https://$host$request_uri; {PROXY} }}")),
        Case("a static page", http(f"server {{ listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client on; error_page 495 496 /no.html; {PROXY} location = /no.html {{ root /srv; }} }}")),
        Case("a text", http(f"server {{ listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client on; error_page 495 496 @no; {PROXY} location @no {{ return 403 no; }} }}")),
        Case("a redirect", http(f"server {{ listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client on; error_page 495 496 https://help.test/; {PROXY} }}")),
        Case("other codes come later", http(f"server {{ listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client on; error_page 404 = @app; {PROXY} location @app {{ proxy_pass http://127.0.0.1:8080; }} }}")),
        Case("in a location it does not count", http(f"server {{ listen 443 ssl; {NAME} {PAIR} {CA} ssl_verify_client on; location / {{ error_page 496 = @app; proxy_pass http://127.0.0.1:8080; }} location @app {{ proxy_pass http://127.0.0.1:8080; }} }}")),
    ],
    "ssl-on-removed": [
        Case("removed", http("server { listen 443;", "ssl on; }"), [4], "1.25.1", Severity.ERROR, fatal=True),
        Case("ssl off is no better", http("server { listen 443;", "ssl off; }"), [4], fatal=True),
        Case("deprecated before", http("server {", "listen 443;", f"ssl on; {PAIR}", "}"), [5], "deprecated", Severity.WARNING, fatal=False, version="1.22.1"),
        Case("not deprecated yet", http(f"server {{ listen 443; ssl on; {PAIR} }}"), version="1.14.2"),
        Case("a parameter of listen", http(f"server {{ listen 443 ssl; {PAIR} }}")),
        Case("a key of a map", http("map $host $x { ssl on; }")),
    ],
    "verify-client-off-override": [
        Case("one server opts out", http(CA, "ssl_verify_client on;", "server {", f"listen 443 ssl; {NAME} {PAIR}", "ssl_verify_client off;", PROXY, "}"), [7], "api.example.com", Severity.ERROR, witness="curl -i -k https://api.example.com/"),
        Case("it only redirects", http(CA, "ssl_verify_client on;", f"server {{ listen 443 ssl; {PAIR} ssl_verify_client off; return 301 https://x.test/; }}")),
        Case("it rejects handshakes", http(CA, "ssl_verify_client on;", "server { listen 443 ssl; ssl_reject_handshake on; ssl_verify_client off; }")),
        Case("nothing is overridden", http(f"server {{ listen 443 ssl; {PAIR} ssl_verify_client off; {PROXY} }}")),
        Case("a plain server", http(CA, "ssl_verify_client on;", f"server {{ listen 80; ssl_verify_client off; {PROXY} }}")),
    ],
    "listen-ssl-without-certificate": [
        Case("the default server has none", http("server {", "listen 443 ssl;", "}"), [4], fatal=True),
        Case("it rejects handshakes instead", http("server { listen 443 ssl; ssl_reject_handshake on; }")),
        Case("inherited", http(PAIR, "server { listen 443 ssl; }")),
        Case("another server of the socket may lack it", http(f"server {{ listen 443 ssl; {PAIR} }}", f"server {{ listen 443 ssl; {NAME} }}")),
        Case("an include may give it", "server { listen 443 ssl; include snippets/tls.conf; }", not_evaluated=True),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "case"),
    [pytest.param(rule, case, id=f"{rule}:{case}") for rule, cases in CASES.items() for case in cases],
)
def test_case(rule: str, case: Case) -> None:
    check(rule, case)
