"""Forwarding: edge cases, and near misses that stay silent."""

import pytest

from mtls_lint.lint.finding import Confidence, Severity
from rules.cases import Case, check

PAIR = "ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key;"
CA = "ssl_client_certificate /pki/root.pem;"
TLS = f"listen 443 ssl; server_name api.example.com; {PAIR} {CA}"
MTLS = f"{TLS} ssl_verify_client on;"
APP = "proxy_pass http://127.0.0.1:8080;"
DN = "proxy_set_header X-Client-DN $ssl_client_s_dn;"
SECURE = f"server {{ {MTLS} location / {{ {DN} {APP} }} }}"
PLAIN = "listen 80; server_name intern.example.com;"
ZONE = "proxy_cache_path cache keys_zone=app:1m;"


def http(*lines: str) -> str:
    """A whole configuration; the lines given begin at line 3."""
    return "\n".join(["events {}", "http {", *lines, "}"]) + "\n"


CASES: dict[str, list[Case]] = {
    "identity-header-not-overwritten": [
        Case(
            "a plain server",
            http(SECURE, f"server {{ {PLAIN}", f"location / {{ {APP} }} }}"),
            [5],
            "X-Client-DN tells 127.0.0.1:8080 who the client is, but location / of intern.example.com:80 passes on",
            Severity.ERROR,
            Confidence.CERTAIN,
            witness="curl -i http://intern.example.com/ -H 'X-Client-DN: CN=forged'",
        ),
        Case("another location, with a certificate", http(f"server {{ {MTLS}", f"location / {{ {DN} {APP} }}", f"location /b/ {{ {APP} }} }}"), [5], "every client with a certificate can claim to be another one, if", Severity.WARNING, Confidence.LIKELY),
        Case("a prefix that proxy_pass takes off", http(f"server {{ {MTLS}", f"location / {{ {DN} {APP} }}", "location /b/ { proxy_pass http://127.0.0.1:8080/; } }"), [5], severity=Severity.ERROR),
        Case("an upstream by another name", http("upstream a { server 127.0.0.1:8080; }", "upstream b { server 127.0.0.1:8081; server localhost:8080; }", f"server {{ {MTLS} location / {{ {DN} proxy_pass http://a; }} }}", f"server {{ {PLAIN} location / {{ proxy_pass http://b; }} }}"), [6]),
        Case("all headers of the path in one finding", http(f"server {{ {MTLS} location / {{ {DN} proxy_set_header X-V $ssl_client_verify; {APP} }} }}", f"server {{ {PLAIN} location / {{ {APP} }} location /b {{ {APP} }} }}"), [4], "X-Client-DN and X-V tell", witness="curl -i http://intern.example.com/ -H 'X-Client-DN: CN=forged' -H 'X-V: SUCCESS'"),
        Case("a map in between", http("map $ssl_client_s_dn $user { ~^CN=(?<cn>[a-z]+)$ $cn; }", f"server {{ {MTLS} location / {{ proxy_set_header X-User $user; {APP} }} }}", f"server {{ {PLAIN} location / {{ {APP} }} }}"), [5], witness="curl -i http://intern.example.com/ -H 'X-User: forged'"),
        Case("a variable of set in between", http(f"server {{ {MTLS} if ($ssl_client_s_dn ~ ^CN=([a-z]+)$) {{ set $user $1; }} location / {{ proxy_set_header X-User $user; {APP} }} }}", f"server {{ {PLAIN} location / {{ {APP} }} }}"), [4]),
        Case("the client's header by name", http(SECURE, f"server {{ {PLAIN} location / {{", "proxy_set_header x-client-dn $http_x_dn;", f"{APP} }} }}"), [5], witness="curl -i http://intern.example.com/ -H 'X-Dn: CN=forged'"),
        Case("inherited through http", http(f"proxy_set_header Host $host; {SECURE}", f"server {{ {PLAIN} location / {{ {APP} }} }}"), [4]),
        Case("limit_except hands on", http(SECURE, f"server {{ {PLAIN} location / {{ return 404; limit_except GET {{", f"{APP} }} }} }}"), [5], witness="curl -i -X POST http://intern.example.com/ -H 'X-Client-DN: CN=forged'"),
        Case("if hands on", http(SECURE, f"server {{ {PLAIN} location / {{ if ($request_method = GET) {{", f"{APP} }} }} }}"), [5]),
        Case("over IPv4 and IPv6 once", http(SECURE, f"server {{ listen [::]:80; {PLAIN} location / {{ {APP} }} }}"), [4]),
        Case("fastcgi with HTTP_", http(f"server {{ {MTLS} location / {{ fastcgi_param HTTP_X_DN $ssl_client_s_dn; fastcgi_pass 127.0.0.1:9000; }} }}", f"server {{ {PLAIN} location / {{ fastcgi_param A b; fastcgi_pass 127.0.0.1:9000; }} }}"), [4], witness="curl -i http://intern.example.com/ -H 'X-Dn: CN=forged'"),
        Case("optional, and nothing set elsewhere", http(f"server {{ {TLS} ssl_verify_client optional; location / {{ {DN} {APP} }}", f"location /b {{ {APP} }} }}"), [4], "everybody"),
        Case("only for those with a certain name", http(f"server {{ {MTLS} if ($ssl_client_s_dn != CN=alice) {{ return 403; }} location / {{ {DN} {APP} }}", f"location /b {{ {APP} }} }}"), [4], "every client with a certificate"),
        Case("a fragment is less certain", f"{SECURE}\nserver {{ {PLAIN} location / {{ {APP} }} }}\n", [2], confidence=Confidence.LIKELY),
        Case("set there, too", http(SECURE, f"server {{ {PLAIN} location / {{ {DN} {APP} }} }}")),
        Case("cleared", http(SECURE, f'server {{ {PLAIN} proxy_set_header X-CLIENT-DN ""; location / {{ {APP} }} }}')),
        Case("a fixed text", http(SECURE, f"server {{ {PLAIN} location / {{ proxy_set_header X-Client-DN nobody; {APP} }} }}")),
        Case("no headers passed on", http(SECURE, f"server {{ {PLAIN} location / {{ proxy_pass_request_headers off; {APP} }} }}")),
        Case("cleared by headers-more", http(SECURE, f"server {{ {PLAIN} location / {{ more_clear_input_headers X-Client-DN; {APP} }} }}")),
        Case("another backend", http(SECURE, f"server {{ {PLAIN} location / {{ proxy_pass http://127.0.0.1:8081; }} }}")),
        Case("another protocol", http(SECURE, f"server {{ {PLAIN} location / {{ fastcgi_pass 127.0.0.1:8080; }} }}")),
        Case("an underscore in the name, which nginx drops", http(f"server {{ {MTLS} location / {{ proxy_set_header SSL_DN $ssl_client_s_dn; {APP} }} }}", f"server {{ {PLAIN} location / {{ {APP} }} }}")),
        Case("a redirect", http(SECURE, f"server {{ {PLAIN} return 301 https://$host$request_uri; location / {{ {APP} }} }}")),
        Case("everybody is refused", http(SECURE, f"server {{ {PLAIN} location / {{ deny all; {APP} }} }}")),
        Case("who sends the header is refused", http(SECURE, f"server {{ {PLAIN} if ($http_x_client_dn) {{ return 403; }} location / {{ {APP} }} }}")),
        Case("a password is asked for", http(SECURE, f"server {{ {PLAIN} location / {{ auth_basic x; auth_basic_user_file /pki/users; {APP} }} }}")),
        Case("only this machine", http(SECURE, f"server {{ listen 127.0.0.1:8000; location / {{ {APP} }} }}")),
        Case("an internal location", http(SECURE, f"server {{ {PLAIN} location / {{ return 404; }} location /b {{ internal; {APP} }} }}")),
        Case("a health check", http(SECURE, f"server {{ {PLAIN} location / {{ return 404; }} location = /healthz {{ {APP} }} }}")),
        Case("nobody is asked for a certificate", http(f"server {{ {TLS} location / {{ {DN} {APP} }} }}", f"server {{ {PLAIN} location / {{ {APP} }} }}")),
        Case("fastcgi without HTTP_", http(f"server {{ {MTLS} location / {{ fastcgi_param SSL_DN $ssl_client_s_dn; fastcgi_pass 127.0.0.1:9000; }} }}", f"server {{ {PLAIN} location / {{ fastcgi_param A b; fastcgi_pass 127.0.0.1:9000; }} }}")),
        Case("Lua may do anything", http(SECURE, f"server {{ {PLAIN} location / {{ access_by_lua_file a.lua; {APP} }} }}"), words="access_by_lua_file may change the headers", not_evaluated=True),
        Case("a variable with a known value", http(SECURE, f"server {{ {PLAIN} set $app 127.0.0.1:8080; location / {{", "proxy_pass http://$app; } }"), [5], severity=Severity.ERROR),
        Case("a variable decides", http(SECURE, f"server {{ {PLAIN} location / {{ proxy_pass http://$arg_app; }} }}"), words="a variable decides which backend `proxy_pass http://$arg_app` leads to", not_evaluated=True),
        Case("an address decides", http(SECURE, f"server {{ {PLAIN} location / {{ allow 192.0.2.1; deny all; {APP} }} }}"), words="depends on the client's address", not_evaluated=True),
        Case("an absent include", http(SECURE, f"server {{ {PLAIN} location / {{ include absent.conf; {APP} }} }}"), words="absent.conf", not_evaluated=True),
    ],
    "proxy-set-header-inheritance": [
        Case("a location drops them", http(f"server {{ {MTLS} {DN}", f"location / {{ {APP} }}", "location /b {", "proxy_set_header Host $host;", f"{APP} }} }}"), [6], "`proxy_set_header Host $host` drops every proxy_set_header of the outer block, X-Client-DN among them", Severity.ERROR, Confidence.CERTAIN, witness="curl -i -k --cert client-of-root.pem https://api.example.com/b -H 'X-Client-DN: CN=forged'"),
        Case("a server drops those of http", http(DN, f"server {{ {MTLS}", "proxy_set_header Host $host;", f"location / {{ {APP} }} location /b {{ {APP} }} }}"), [5]),
        Case("nested locations, once", http(f"server {{ {MTLS} {DN} location /a/ {{", "proxy_set_header Host $host;", f"location /a/b {{ {APP} }} location /a/c {{ {APP} }} }} }}"), [4]),
        Case("a plain server that drops those of http", http(DN, f"server {{ {MTLS} location / {{ {APP} }} }}", f"server {{ {PLAIN}", "proxy_set_header Host $host;", f"location / {{ {APP} }} }}"), [6], "everybody", witness="curl -i http://intern.example.com/ -H 'X-Client-DN: CN=forged'"),
        Case("repeated", http(f"server {{ {MTLS} {DN} location / {{ proxy_set_header Host $host; {DN} {APP} }} }}")),
        Case("cleared", http(f'server {{ {MTLS} {DN} location / {{ proxy_set_header X-Client-DN ""; {APP} }} }}')),
        Case("nothing of its own", http(f"server {{ {MTLS} {DN} location / {{ proxy_hide_header A; {APP} }} }}")),
        Case("no certificate is asked for", http(f"server {{ {PLAIN} {DN} location / {{ proxy_set_header Host $host; {APP} }} }}")),
        Case("nothing of the certificate is dropped", http(f"server {{ {MTLS} proxy_set_header A b; location / {{ proxy_set_header Host $host; {APP} }} }}")),
        Case("a parameter without HTTP_", http(f"server {{ {MTLS} fastcgi_param SSL_DN $ssl_client_s_dn; location / {{ fastcgi_param A b; fastcgi_pass 127.0.0.1:9000; }} }}")),
        Case("nothing is passed on", http(f"server {{ {MTLS} {DN} location / {{ proxy_set_header Host $host; return 404; {APP} }} }}")),
    ],
    "identity-header-underscore-alias": [
        Case(
            "a name with underscores",
            http(f"server {{ {MTLS} location / {{", "proxy_set_header SSL_DN $ssl_client_s_dn;", f"{APP} }} }}"),
            [4],
            "passes SSL-DN on as a client sends it",
            Severity.WARNING,
            Confidence.POSSIBLE,
            witness="curl -i -k --cert client-of-root.pem https://api.example.com/ -H 'SSL-DN: CN=forged'",
        ),
        Case("a plain server by the other spelling", http(f"server {{ {MTLS} location / {{", "proxy_set_header SSL_DN $ssl_client_s_dn;", f"{APP} }} }}", f"server {{ {PLAIN} location / {{ {APP} }} }}"), [4], "a client without a certificate", witness="curl -i http://intern.example.com/ -H 'SSL-DN: CN=forged'"),
        Case("underscores are let in", http("underscores_in_headers on;", SECURE), [3], "passes X_Client_DN on", witness="curl -i -k --cert client-of-root.pem https://api.example.com/ -H 'X_Client_DN: CN=forged'"),
        Case("another server lets underscores in", http(SECURE, f"server {{ {PLAIN}", "underscores_in_headers on;", f"location / {{ proxy_set_header X-Client-DN ''; {APP} }} }}"), [5], "passes X_Client_DN on as a client without a certificate", witness="curl -i http://intern.example.com/ -H 'X_Client_DN: CN=forged'"),
        Case("invalid headers are", http(f"server {{ {MTLS}", "ignore_invalid_headers off;", f"location / {{ {DN} {APP} }} }}"), [4]),
        Case("the same name, as an invalid one", http(f"server {{ {MTLS}", "ignore_invalid_headers off;", f'location / {{ proxy_set_header SSL_CLIENT_DN $ssl_client_s_dn; proxy_set_header SSL-CLIENT-DN ""; {APP} }} }}'), [4], "passes SSL_CLIENT_DN on", witness="curl -i -k --cert client-of-root.pem https://api.example.com/ -H 'SSL_CLIENT_DN: CN=forged'"),
        Case("one finding for several headers", http(f"server {{ {MTLS} location / {{", "proxy_set_header SSL_DN $ssl_client_s_dn; proxy_set_header SSL_V $ssl_client_verify;", f"{APP} }} }}"), [4], "SSL-DN and SSL-V"),
        Case("dashes", http(SECURE)),
        Case("both spellings set", http(f'server {{ {MTLS} location / {{ proxy_set_header SSL_DN $ssl_client_s_dn; proxy_set_header SSL-DN ""; {APP} }} }}')),
        Case("underscores that are valid are overwritten", http(f'server {{ {MTLS} underscores_in_headers on; ignore_invalid_headers off; location / {{ proxy_set_header SSL_DN $ssl_client_s_dn; proxy_set_header SSL-DN ""; {APP} }} }}')),
        Case("no headers passed on", http(f"server {{ {MTLS} location / {{ proxy_pass_request_headers off; proxy_set_header SSL_DN $ssl_client_s_dn; {APP} }} }}")),
        Case("fastcgi folds by itself", http(f"server {{ {MTLS} underscores_in_headers on; location / {{ fastcgi_param HTTP_X_DN $ssl_client_s_dn; fastcgi_pass 127.0.0.1:9000; }} }}")),
        Case("nobody is asked for a certificate", http(f"server {{ {TLS} location / {{ proxy_set_header SSL_DN $ssl_client_s_dn; {APP} }} }}")),
    ],
    "dn-without-verify-forwarded": [
        Case(
            "anybody's name",
            http(f"server {{ {TLS} ssl_verify_client optional_no_ca; location / {{", DN, f"{APP} }} }}"),
            [4],
            "X-Client-DN tells the backend names from certificates that nobody has verified",
            Severity.ERROR,
            Confidence.CERTAIN,
        ),
        Case("nobody is asked by nginx, but by OpenSSL", http(f"server {{ {TLS} ssl_conf_command VerifyMode Request; location / {{", DN, f"{APP} }} }}"), [4]),
        Case("a serial number", http(f"server {{ {TLS} ssl_verify_client optional_no_ca; location / {{", f"proxy_set_header X-Serial $ssl_client_serial; {APP} }} }}"), [4]),
        Case("a parameter", http(f"server {{ {TLS} ssl_verify_client optional_no_ca; location / {{", "fastcgi_param SSL_DN $ssl_client_s_dn;", "fastcgi_pass 127.0.0.1:9000; } }"), [4]),
        Case("through set", http(f"server {{ {TLS} ssl_verify_client optional_no_ca; set $who $ssl_client_s_dn; location / {{", f"proxy_set_header X-Who $who; {APP} }} }}"), [4]),
        Case("a check that is too weak is another matter", http(f"server {{ {TLS} ssl_verify_client optional_no_ca; location / {{", DN, f"if ($ssl_client_s_dn !~ CN=) {{ return 403; }} {APP} }} }}"), []),
        Case("the result goes along", http(f"server {{ {TLS} ssl_verify_client optional_no_ca; location / {{ {DN} proxy_set_header X-V $ssl_client_verify; {APP} }} }}")),
        Case("the result goes along through a map", http("map $ssl_client_verify $ok { SUCCESS yes; }", f"server {{ {TLS} ssl_verify_client optional_no_ca; location / {{ {DN} proxy_set_header X-V $ok; {APP} }} }}")),
        Case("only where it verified", http("map $ssl_client_verify $dn { SUCCESS $ssl_client_s_dn; }", f"server {{ {TLS} ssl_verify_client optional_no_ca; location / {{ proxy_set_header X-DN $dn; {APP} }} }}")),
        Case("optional refuses what does not verify", http(f"server {{ {TLS} ssl_verify_client optional; location / {{ {DN} {APP} }} }}")),
        Case("a check", http(f"server {{ {TLS} ssl_verify_client optional_no_ca; if ($ssl_client_verify != SUCCESS) {{ return 403; }} location / {{ {DN} {APP} }} }}")),
        Case("the whole certificate alone", http(f"server {{ {TLS} ssl_verify_client optional_no_ca; location / {{ proxy_set_header X-Cert $ssl_client_escaped_cert; {APP} }} }}")),
    ],
    "trusts-inbound-cert-header": [
        Case(
            "the result of another proxy",
            http("server { listen 80;", "if ($http_x_client_verify != SUCCESS) { return 403; }", f"location / {{ {APP} }} }}"),
            [4],
            "goes by $http_x_client_verify, a header of the request, which any client of _:80 can send",
            Severity.ERROR,
            Confidence.LIKELY,
            witness="curl -i http://localhost/ -H 'X-Client-Verify: SUCCESS'",
        ),
        Case("a name through a map", http('map $http_x_amzn_mtls_clientcert_subject $ok { default 0; "~CN=partner" 1; }', "server { listen 80;", "if ($ok = 0) { return 403; }", f"location / {{ {APP} }} }}"), [5], witness="curl -i http://localhost/ -H 'X-Amzn-Mtls-Clientcert-Subject: CN=partner'"),
        Case("that there is one at all", http("server { listen 80; location / {", 'if ($http_ssl_client_cert = "") { return 403; }', f"{APP} }} }}"), [4]),
        Case("two headers", http("server { listen 80;", "if ($http_x_ssl_verify != SUCCESS) { return 403; }", "if ($http_x_ssl_client_dn !~ ^CN=alice$) { return 403; }", f"location / {{ {APP} }} }}"), [4], witness="curl -i http://localhost/ -H 'X-Ssl-Client-Dn: CN=alice' -H 'X-Ssl-Verify: SUCCESS'"),
        Case("a certificate is not asked for here either", http(f"server {{ {TLS}", "if ($http_x_client_verify != SUCCESS) { return 403; }", f"location / {{ {APP} }} }}"), [4]),
        Case("the proxy shows a certificate", http(f"server {{ {MTLS} if ($http_x_client_verify != SUCCESS) {{ return 403; }} location / {{ {APP} }} }}")),
        Case("its address is asked for", http(f"server {{ listen 80; allow 192.0.2.1; deny all; if ($http_x_client_verify != SUCCESS) {{ return 403; }} location / {{ {APP} }} }}")),
        Case("its address is looked at", http("geo $proxy { default 0; 192.0.2.1 1; }", "server { listen 80; if ($proxy = 0) { return 403; }", f"if ($http_x_client_verify != SUCCESS) {{ return 403; }} location / {{ {APP} }} }}"), words="geo", not_evaluated=True),
        Case("only this machine", http(f"server {{ listen 127.0.0.1:8000; if ($http_x_client_verify != SUCCESS) {{ return 403; }} location / {{ {APP} }} }}")),
        Case("nothing is refused without it", http(f"server {{ listen 80; if ($http_x_client_verify) {{ set $a b; }} location / {{ {APP} }} }}")),
        Case("another header", http(f"server {{ listen 80; if ($http_x_api_key != secret) {{ return 403; }} location / {{ {APP} }} }}")),
        Case("who sends it is refused", http(f"server {{ listen 80; if ($http_x_client_verify) {{ return 403; }} location / {{ {APP} }} }}")),
    ],
    "cert-header-raw-multiline": [
        Case("in full", http(f"server {{ {MTLS} location / {{", f"proxy_set_header X-Cert $ssl_client_raw_cert; {APP} }} }}"), [4], "$ssl_client_raw_cert goes into the header X-Cert", Severity.ERROR),
        Case("folded", http(f"server {{ {MTLS} location / {{", f"proxy_set_header X-Cert $ssl_client_cert; {APP} }} }}"), [4], "strict backends refuse", Severity.WARNING),
        Case("folded over HTTP/2", http(f"server {{ {MTLS} location / {{", "grpc_set_header X-Cert $ssl_client_cert;", "grpc_pass grpc://127.0.0.1:8080; } }"), [4], severity=Severity.ERROR),
        Case("inherited by several, once", http(f"server {{ {MTLS}", "proxy_set_header X-Cert $ssl_client_raw_cert;", f"location / {{ {APP} }} location /b {{ {APP} }} }}"), [4]),
        Case("escaped", http(f"server {{ {MTLS} location / {{ proxy_set_header X-Cert $ssl_client_escaped_cert; {APP} }} }}")),
        Case("a parameter", http(f"server {{ {MTLS} location / {{ fastcgi_param SSL_CERT $ssl_client_raw_cert; fastcgi_pass 127.0.0.1:9000; }} }}")),
        Case("a map takes the lines out", http('map $ssl_client_raw_cert $line { "~^-+BEGIN CERTIFICATE-+\\n(?<first>[^\\n]+)" $first; }', f"server {{ {MTLS} location / {{ proxy_set_header X-Cert $line; {APP} }} }}")),
        Case("nobody is asked", http(f"server {{ {TLS} location / {{ proxy_set_header X-Cert $ssl_client_raw_cert; {APP} }} }}")),
        Case("dropped by the location", http(f"server {{ {MTLS} proxy_set_header X-Cert $ssl_client_raw_cert; location / {{ proxy_set_header A b; {APP} }} }}")),
    ],
    "client-cert-header-not-rfc9440": [
        Case("escaped PEM", http(f"server {{ {MTLS} location / {{", f"proxy_set_header client-cert $ssl_client_escaped_cert; {APP} }} }}"), [4], "RFC 9440", Severity.INFO),
        Case("cleared", http(f'server {{ {MTLS} location / {{ proxy_set_header Client-Cert ""; {APP} }} }}')),
        Case("made by a script", http("js_set $der a.b;", f"server {{ {MTLS} location / {{ proxy_set_header Client-Cert $der; {APP} }} }}")),
        Case("a name of its own", http(f"server {{ {MTLS} location / {{ proxy_set_header X-Client-Cert $ssl_client_escaped_cert; {APP} }} }}")),
    ],
    "cache-key-ignores-identity": [
        Case("the default key", http(ZONE, f"server {{ {MTLS} location / {{", "proxy_cache app;", f"{DN} {APP} }} }}"), [5], "without the client", Severity.WARNING, Confidence.POSSIBLE),
        Case("for a set time", http(ZONE, f"server {{ {MTLS} location / {{ proxy_cache_valid 1m;", "proxy_cache app;", f"{DN} {APP} }} }}"), [5], confidence=Confidence.LIKELY),
        Case("a key with the address", http(ZONE, f"server {{ {MTLS} location / {{", "proxy_cache app;", f"proxy_cache_key $host$request_uri; {DN} {APP} }} }}"), [5]),
        Case("FastCGI", http(ZONE.replace("proxy", "fastcgi"), f"server {{ {MTLS} location / {{", "fastcgi_cache app;", "fastcgi_cache_key $request_uri; fastcgi_param SSL_DN $ssl_client_s_dn; fastcgi_pass 127.0.0.1:9000; } }"), [5]),
        Case("with a certificate or without", http(ZONE, f"server {{ {TLS} ssl_verify_client optional; location / {{", "proxy_cache app;", f"proxy_set_header X-V $ssl_client_verify; {APP} }} }}"), [5]),
        Case(
            "another server looks there, too",
            http(ZONE, "proxy_cache_key $request_uri; proxy_cache_valid 1m;", f"server {{ {MTLS} location / {{ proxy_cache app; {APP} }} }}", f"server {{ {PLAIN} location / {{", "proxy_cache app;", "proxy_pass http://127.0.0.1:8081; } }"),
            [7],
            "whoever asks for / gets them",
            Severity.ERROR,
            Confidence.CERTAIN,
            witness="curl -i http://intern.example.com/",
        ),
        Case("another server that clears the identity", http(ZONE, "proxy_cache_key $proxy_host$request_uri;", f"server {{ {MTLS} location / {{ proxy_cache app; {DN} {APP} }} }}", f"server {{ {PLAIN} location / {{", "proxy_cache app;", f'proxy_set_header X-Client-DN ""; {APP} }} }}'), [7], severity=Severity.ERROR),
        Case("the certificate in the key", http(ZONE, f"server {{ {MTLS} location / {{ proxy_cache app; proxy_cache_key $request_uri$ssl_client_fingerprint; {DN} {APP} }} }}")),
        Case("a map of the certificate in the key", http(ZONE, "map $ssl_client_s_dn $user { default nobody; CN=alice alice; }", f"server {{ {MTLS} location / {{ proxy_cache app; proxy_cache_key $request_uri$user; {DN} {APP} }} }}")),
        Case("bypassed with a certificate", http(ZONE, f"server {{ {TLS} ssl_verify_client optional; location / {{ proxy_cache app; proxy_no_cache $ssl_client_s_dn; proxy_cache_bypass $ssl_client_s_dn; {DN} {APP} }} }}")),
        Case("nothing is kept", http(ZONE, f"server {{ {MTLS} location / {{ proxy_cache app; proxy_no_cache 1; {DN} {APP} }} }}")),
        Case("off here", http(ZONE, f"proxy_cache app; server {{ {MTLS} location / {{ proxy_cache off; {DN} {APP} }} }}")),
        Case("the same for every client", http(ZONE, f"server {{ {MTLS} location / {{ proxy_cache app; proxy_set_header X-V $ssl_client_verify; {APP} }} }}")),
        Case("another server, and TLS in the key", http(ZONE, f"server {{ {MTLS} location / {{ proxy_cache app; proxy_cache_key $scheme$request_uri; {APP} }} }}", f"server {{ {PLAIN} location / {{ proxy_cache app; proxy_cache_key $scheme$request_uri; proxy_pass http://127.0.0.1:8081; }} }}")),
        Case("another server, and the backend in the key", http(ZONE, f"proxy_cache app; server {{ {MTLS} location / {{ {APP} }} }}", f"server {{ {PLAIN} location / {{ proxy_pass http://127.0.0.1:8081; }} }}")),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "case"),
    [pytest.param(rule, case, id=f"{rule}:{case}") for rule, cases in CASES.items() for case in cases],
)
def test_case(rule: str, case: Case) -> None:
    check(rule, case)
