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
        Case("another location, with a certificate", http(f"server {{ {MTLS}", f"location / {{ {DN} {APP} }}", f"location /b/ {{ {APP} }} }}"), [5], "every client with a certificate can be anybody to the backend, if", Severity.WARNING, Confidence.LIKELY),
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
}  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "case"),
    [pytest.param(rule, case, id=f"{rule}:{case}") for rule, cases in CASES.items() for case in cases],
)
def test_case(rule: str, case: Case) -> None:
    check(rule, case)
