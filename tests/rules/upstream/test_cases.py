"""What nginx presents to backends and where requests go on to: edge cases, and near misses that stay silent."""

import pytest

from mtls_lint.lint.finding import Confidence, Severity
from rules.cases import Case, check

PAIR = "proxy_ssl_certificate /pki/client.pem; proxy_ssl_certificate_key /pki/client.key;"
TLS = "ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key;"
MTLS = f"{TLS} ssl_client_certificate /pki/root.pem;"
OTHER = PAIR.replace("client", "stranger")
VARIABLE = "proxy_ssl_certificate /x/$http_x.pem; proxy_ssl_certificate_key /x/$http_x.key;"
OFF = "proxy_ssl_session_reuse off;"
KEEP = "proxy_http_version 1.1; proxy_set_header Connection '';"
BACKEND = "proxy_pass https://192.0.2.10;"
PARTNER = f"location / {{ {BACKEND} {PAIR} }}"
"""A place that presents a client certificate."""


def gateway(*lines: str, listen: str = "listen 8080;") -> str:
    """An http server; the lines given begin at line 3."""
    return "\n".join(["server {", listen, *lines, "}"])


def protected(*lines: str, verify: str = "on", before: str = "") -> str:
    """A server that verifies clients; the lines given begin at line 2, or at line 3 behind ``before``."""
    head = f"server {{ listen 443 ssl; server_name api.test; {MTLS} ssl_verify_client {verify};"
    return "\n".join([*([before] if before else []), head, *lines, "}"])


def goes_to(host: str) -> str:
    return protected(f"location / {{ proxy_pass http://{host}; }}")


def whole(text: str) -> str:
    """The text in a configuration that was given in full."""
    return f"events {{}} http {{\n{text}\n}}"


CASES: dict[str, list[Case]] = {
    "upstream-client-cert-without-key": [
        Case("no key", gateway(f"location / {{ {BACKEND}", "proxy_ssl_certificate /pki/client.pem; }"), [4], "there is no proxy_ssl_certificate_key", Severity.ERROR, fatal=True),
        Case("grpc has its own key", gateway("location / { grpc_pass grpcs://192.0.2.1;", "grpc_ssl_certificate /pki/client.pem; proxy_ssl_certificate_key /pki/client.key; }"), [4], "grpc_ssl_certificate_key", fatal=True),
        Case("once for two places", whole(f"proxy_ssl_certificate /pki/client.pem; server {{ listen 80; location /a {{ {BACKEND} }} location /b {{ {BACKEND} }} }}"), [2], "location /a of _:80 and location /b of _:80"),
        Case("nothing goes by TLS", gateway("location / { proxy_pass http://192.0.2.10; proxy_ssl_certificate /pki/client.pem; }")),
        Case("the key is inherited", whole(f"proxy_ssl_certificate_key /pki/client.key; server {{ listen 80; location / {{ {BACKEND} proxy_ssl_certificate /pki/client.pem; }} }}")),
        Case("an include may give it", gateway(f"location / {{ {BACKEND} proxy_ssl_certificate /pki/client.pem; include snippets/tls.conf; }}"), not_evaluated=True),
        Case("it may stand beside the snippet", f"location / {{ {BACKEND} proxy_ssl_certificate /pki/client.pem; }}", not_evaluated=True),
    ],
    "upstream-client-key-without-cert": [
        Case("a key alone", gateway(f"location / {{ {BACKEND}", "proxy_ssl_certificate_key /pki/client.key; }"), [4], "presents no client certificate to https://192.0.2.10", Severity.WARNING),
        Case("in stream", "stream { server { listen 5432; proxy_pass 192.0.2.10:5432; proxy_ssl on;\nproxy_ssl_certificate_key /pki/client.key; } } events {}", [2], "server _:5432", Severity.WARNING),
        Case("stream without TLS", "stream { server { listen 5432; proxy_pass 192.0.2.10:5432;\nproxy_ssl_certificate_key /pki/client.key; } } events {}"),
        Case("the certificate is cancelled", gateway(f"{PAIR} location / {{ {BACKEND} proxy_ssl_certificate \"\"; }}")),
        Case("nothing goes by TLS", gateway("location / { proxy_pass http://192.0.2.10; proxy_ssl_certificate_key /pki/client.key; }")),
        Case("an include may give it", gateway(f"location / {{ {BACKEND} proxy_ssl_certificate_key /pki/client.key; include snippets/tls.conf; }}"), not_evaluated=True),
    ],
    "upstream-client-cert-half-overridden": [
        Case("the certificate", whole(f"{PAIR.replace('/pki', '/etc/x')}\nserver {{ listen 80; location / {{ {BACKEND}\nproxy_ssl_certificate /etc/x/other.pem; }} }}"), [4], "only proxy_ssl_certificate is set", Severity.ERROR, Confidence.LIKELY, fatal=False),
        Case("the key", whole(f"{PAIR.replace('/pki', '/etc/x')}\nserver {{ listen 80; location / {{ {BACKEND}\nproxy_ssl_certificate_key /etc/x/other.key; }} }}"), [4], "the inherited proxy_ssl_certificate /etc/x/client.pem"),
        Case("the files say more", whole(f"{PAIR} server {{ listen 80; location / {{ {BACKEND} proxy_ssl_certificate_key /pki/stranger.key; }} }}")),
        Case("each level has a half", whole(f"proxy_ssl_certificate /etc/x/client.pem; server {{ listen 80; location / {{ {BACKEND} proxy_ssl_certificate_key /etc/x/client.key; }} }}")),
        Case("both", whole(f"{PAIR.replace('/pki', '/etc/x')} server {{ listen 80; location / {{ {BACKEND} {PAIR.replace('/pki', '/etc/y')} }} }}")),
        Case("nothing goes by TLS", whole(f"{PAIR.replace('/pki', '/etc/x')} server {{ listen 80; location / {{ proxy_pass http://192.0.2.1; proxy_ssl_certificate_key /etc/x/other.key; }} }}")),
    ],
    "upstream-client-cert-key-mismatch": [
        Case("the same kind", gateway(f"location / {{ {BACKEND} proxy_ssl_certificate /pki/client.pem;", "proxy_ssl_certificate_key /pki/stranger.key; }"), [4], "nginx refuses to start because of location / of _:8080", Severity.ERROR, fatal=True),
        Case("another kind", gateway(f"location / {{ {BACKEND} proxy_ssl_certificate /pki/client.pem;", "proxy_ssl_certificate_key /pki/rsa.key; }"), [4], "presents no client certificate", Severity.ERROR, fatal=False),
        Case("in stream", "stream { server { listen 5432; proxy_pass 192.0.2.10:5432; proxy_ssl on;\nproxy_ssl_certificate /pki/client.pem; proxy_ssl_certificate_key /pki/rsa.key; } } events {}", [2], "(server _:5432)"),
        Case("files that are not here", gateway(f"location / {{ {BACKEND} {PAIR.replace('/pki', '/etc/x')} }}"), not_evaluated=True),
        Case("a variable", gateway(f"location / {{ {BACKEND} proxy_ssl_certificate /pki/$host.pem; proxy_ssl_certificate_key /pki/client.key; }}"), words="variable", not_evaluated=True),
        Case("they fit", gateway(PARTNER), not_evaluated=False),
    ],
    "upstream-client-cert-empty": [
        Case("1.22.1", whole(f"{PAIR}\nserver {{ listen 80; location / {{ {BACKEND}\nproxy_ssl_certificate \"\"; }} }}"), [4], "the name of a file", Severity.ERROR, fatal=True, version="1.22.1"),
        Case("1.31.3", whole(f"{PAIR} server {{ listen 80; location / {{ {BACKEND} proxy_ssl_certificate \"\"; }} }}")),
        Case("before there were variables", whole(f"{PAIR} server {{ listen 80; location / {{ {BACKEND} proxy_ssl_certificate \"\"; }} }}"), version="1.20.2"),
        Case("nothing goes by TLS", gateway("location / { proxy_pass http://192.0.2.10; proxy_ssl_certificate \"\"; }"), version="1.22.1"),
    ],
    "upstream-client-cert-wrong-usage": [
        Case("a server's", gateway(f"location / {{ {BACKEND} {PAIR.replace('client', 'server')}", "}"), [3], "serverAuth and not clientAuth", Severity.ERROR),
        Case("it may not sign", gateway(f"location / {{ {BACKEND} {PAIR.replace('client', 'no-digital-signature')}", "}"), [3, 3]),
        Case("no limits", gateway(f"location / {{ {BACKEND} {PAIR.replace('client', 'server-any-use')}", "}"), not_evaluated=False),
        Case("both uses", gateway(f"location / {{ {BACKEND} {PAIR.replace('client', 'baseline-client')}", "}"), not_evaluated=False),
        Case("nothing goes by TLS", gateway(f"location / {{ proxy_pass http://192.0.2.1; {PAIR.replace('client', 'server')}", "}")),
        Case("an address with a variable, without TLS", gateway(f"location / {{ proxy_pass http://192.0.2.1$request_uri; {PAIR.replace('client', 'server')}", "}")),
    ],
    "upstream-client-cert-from-public-ca": [
        Case("by its own words", gateway(f"location / {{ {BACKEND} {PAIR.replace('client', 'baseline-client')}", "}"), [3], "public CA", Severity.WARNING, Confidence.LIKELY),
        Case("for servers alone, which another rule says", gateway(f"location / {{ {BACKEND} {PAIR.replace('client', 'baseline')}", "}")),
        Case("a private CA", gateway(PARTNER), not_evaluated=False),
    ],
    "upstream-client-cert-unused": [
        Case("http", gateway("location / { proxy_pass http://192.0.2.10;", PAIR, "}"), [4], "is presented to nobody: what location / of _:8080 hands on", Severity.WARNING),
        Case("in stream", f"stream {{ server {{ listen 5432; proxy_pass 192.0.2.10:5432;\n{PAIR} }} }} events {{}}", [2], "server _:5432"),
        Case("grpc", gateway("location / { grpc_pass grpc://192.0.2.10;", PAIR.replace("proxy", "grpc"), "}"), [4]),
        Case("all values are http", gateway("set $to http://192.0.2.10; location / { proxy_pass $to;", PAIR, "}"), [4]),
        Case("some place has TLS", gateway(PAIR, "location /a { proxy_pass http://192.0.2.10; }", f"location /b {{ {BACKEND} }}")),
        Case("a variable may have TLS", gateway("location / { proxy_pass $http_x;", PAIR, "}")),
        Case("no place at all", gateway(PAIR, "return 204;")),
        Case("it is to be verified, which another rule says", gateway(f"location / {{ proxy_pass http://192.0.2.10; {PAIR} proxy_ssl_verify on; }}")),
        Case("verified by default", whole(f"proxy_ssl_verify on; server {{ listen 80; location / {{ proxy_pass http://192.0.2.10; {PAIR} }} }}"), [2]),
    ],
    "upstream-client-cert-missing-here": [
        Case("two locations", gateway(OFF, f"location /a {{ {BACKEND} {PAIR} }}", f"location /b {{ {BACKEND} }}"), [5], "location /b of _:8080 presents no client certificate", Severity.WARNING, Confidence.LIKELY),
        Case("two servers, by an upstream and its address", f"upstream app {{ server 192.0.2.10:443; }}\nserver {{ listen 80; location / {{ proxy_pass https://app; {PAIR} }} }}\nserver {{ listen 81; location / {{ {BACKEND} }} }}", [3]),
        Case("an address with a variable", gateway(f"location /a {{ {BACKEND} {PAIR} }}", "set $to 192.0.2.10; location /b { proxy_pass https://$to; }"), [4]),
        Case("they share sessions, which another rule says", gateway(f"location /a {{ {BACKEND} {PAIR} }}", f"location /b {{ {BACKEND} }}")),
        Case("another backend", gateway(OFF, f"location /a {{ {BACKEND} {PAIR} }}", "location /b { proxy_pass https://192.0.2.11; }")),
        Case("another port", gateway(OFF, f"location /a {{ {BACKEND} {PAIR} }}", "location /b { proxy_pass https://192.0.2.10:8443; }")),
        Case("it is cancelled", gateway(OFF, f"location /a {{ {BACKEND} {PAIR} }}", f"location /b {{ {BACKEND} proxy_ssl_certificate \"\"; }}")),
        Case("it is inherited", gateway(OFF, PAIR, f"location /a {{ {BACKEND} }}", f"location /b {{ {BACKEND} }}")),
        Case("a key alone, which another rule says", gateway(OFF, f"location /a {{ {BACKEND} {PAIR} }}", f"location /b {{ {BACKEND} proxy_ssl_certificate_key /pki/client.key; }}")),
        Case("an include may give it", gateway(OFF, f"location /a {{ {BACKEND} {PAIR} }}", f"location /b {{ {BACKEND} include snippets/tls.conf; }}"), not_evaluated=True),
    ],
    "upstream-client-certs-mixed": [
        Case("two certificates", gateway(f"location /a {{ {BACKEND} {PAIR} }}", f"location /b {{ {BACKEND} {OTHER} }}"), [4], "share their TLS sessions with 192.0.2.10:443", Severity.ERROR, Confidence.LIKELY),
        Case("none on purpose", gateway(f"location /a {{ {BACKEND} {PAIR} }}", f"location /b {{ {BACKEND} proxy_ssl_certificate \"\"; }}"), [4], "location /b of _:8080 (no client certificate)", Severity.ERROR),
        Case("none", gateway(f"location /b {{ {BACKEND} }}", f"location /a {{ {BACKEND} {PAIR} }}"), [3], "no client certificate", Severity.WARNING),
        Case("two servers and an upstream", f"upstream app {{ server 192.0.2.10:443; }}\nserver {{ listen 80; location / {{ proxy_pass https://app; {PAIR} }} }}\nserver {{ listen 81; location / {{ proxy_pass https://App; {OTHER} }} }}", [3], "with app"),
        Case("grpc and proxy", gateway(f"location /a {{ {BACKEND} {PAIR} }}", "location /b { grpc_pass grpcs://192.0.2.10:443; }"), [4]),
        Case("an upstream in a variable", f"upstream app {{ server 192.0.2.10:443; }}\n{gateway('set $to app;', f'location /a {{ proxy_pass https://$to; {PAIR} }}', f'location /b {{ proxy_pass https://$to; {OTHER} }}')}", [6]),
        Case("in stream", f"stream {{ server {{ listen 1; proxy_pass 192.0.2.10:1; proxy_ssl on; {PAIR} }}\nserver {{ listen 2; proxy_pass 192.0.2.10:1; proxy_ssl on; {OTHER} }} }} events {{}}", [2], "server _:2"),
        Case("connections, though no sessions", f"upstream app {{ server 192.0.2.10:443; keepalive 4; }}\n{gateway(OFF, f'location /a {{ proxy_pass https://app; {PAIR} }}', f'location /b {{ proxy_pass https://app; {OTHER} }}')}", [6], "open connections with app"),
        Case("1.22.1 closes them", f"upstream app {{ server 192.0.2.10:443; keepalive 4; }}\n{gateway(OFF, f'location /a {{ proxy_pass https://app; {PAIR} }}', f'location /b {{ proxy_pass https://app; {OTHER} }}')}", version="1.22.1"),
        Case("1.22.1 is told not to", f"upstream app {{ server 192.0.2.10:443; keepalive 4; }}\n{gateway(OFF, KEEP, f'location /a {{ proxy_pass https://app; {PAIR} }}', f'location /b {{ proxy_pass https://app; {OTHER} }}')}", [7], version="1.22.1"),
        Case("connections of each location", f"upstream app {{ server 192.0.2.10:443; keepalive 4 local; }}\n{gateway(OFF, f'location /a {{ proxy_pass https://app; {PAIR} }}', f'location /b {{ proxy_pass https://app; {OTHER} }}')}"),
        Case("one certificate", gateway(f"location /a {{ {BACKEND} {PAIR} }}", f"location /b {{ {BACKEND} {PAIR} }}")),
        Case("no certificate", gateway(f"location /a {{ {BACKEND} }}", f"location /b {{ {BACKEND} }}")),
        Case("no sessions", gateway(OFF, f"location /a {{ {BACKEND} {PAIR} }}", f"location /b {{ {BACKEND} {OTHER} }}")),
        Case("no sessions in one of two", gateway(f"location /a {{ {BACKEND} {PAIR} {OFF} }}", f"location /b {{ {BACKEND} {OTHER} }}")),
        Case("two upstreams", f"upstream a {{ server 192.0.2.10:443; }} upstream b {{ server 192.0.2.10:443; }}\n{gateway(f'location /a {{ proxy_pass https://a; {PAIR} }}', f'location /b {{ proxy_pass https://b; {OTHER} }}')}"),
        Case("another port", gateway(f"location /a {{ {BACKEND} {PAIR} }}", f"location /b {{ proxy_pass https://192.0.2.10:8443; {OTHER} }}")),
        Case("an address with a variable", gateway("set $to 192.0.2.10;", f"location /a {{ proxy_pass https://$to; {PAIR} }}", f"location /b {{ proxy_pass https://$to; {OTHER} }}")),
        Case("without TLS", gateway(f"location /a {{ {BACKEND} {PAIR} }}", f"location /b {{ proxy_pass http://192.0.2.10:443; {OTHER} }}")),
        Case("an include may set it", gateway(f"location /a {{ {BACKEND} {PAIR} }}", f"location /b {{ {BACKEND} {OTHER} include snippets/tls.conf; }}"), not_evaluated=True),
    ],
    "upstream-client-cert-by-variable": [
        Case("an address", gateway(f"location / {{ {BACKEND}", f"{VARIABLE} }}"), [4], "share their TLS sessions with 192.0.2.10:443", Severity.ERROR, Confidence.LIKELY),
        Case("an upstream", f"upstream app {{ server 192.0.2.10:443; }}\n{gateway(f'location / {{ proxy_pass https://app; {VARIABLE} }}')}", [4], "with app"),
        Case("connections, though no sessions", f"upstream app {{ server 192.0.2.10:443; }}\n{gateway(OFF, f'location / {{ proxy_pass https://app; {VARIABLE} }}')}", [5], "open connections"),
        Case("in stream", f"stream {{ server {{ listen 1; proxy_pass 192.0.2.10:1; proxy_ssl on;\n{VARIABLE} }} }} events {{}}", [2]),
        Case("1.22.1 keeps none", f"upstream app {{ server 192.0.2.10:443; }}\n{gateway(OFF, f'location / {{ proxy_pass https://app; {VARIABLE} }}')}", version="1.22.1"),
        Case("no connections", f"upstream app {{ server 192.0.2.10:443; keepalive 0; }}\n{gateway(OFF, f'location / {{ proxy_pass https://app; {VARIABLE} }}')}"),
        Case("no sessions with an address", gateway(OFF, f"location / {{ {BACKEND} {VARIABLE} }}")),
        Case("an address of a variable", gateway(f"location / {{ proxy_pass https://$http_x:443; {VARIABLE} }}")),
        Case("one value", gateway("set $tenant a;", f"location / {{ {BACKEND} {VARIABLE.replace('http_x', 'tenant')} }}")),
        Case("two values", whole("map $host $tenant { default a; b.test b; }\n" + gateway(f"location / {{ {BACKEND} {VARIABLE.replace('http_x', 'tenant')} }}")), [5]),
        Case("no variable", gateway(PARTNER)),
        Case("no TLS", gateway(f"location / {{ proxy_pass http://192.0.2.10; {VARIABLE} }}")),
        Case("an include may set it", gateway(f"location / {{ {BACKEND} {VARIABLE} include snippets/tls.conf; }}"), not_evaluated=True),
    ],
    "upstream-plaintext-after-mtls": [
        Case("a public address", goes_to("8.8.8.8"), [2], "go on to 8.8.8.8 without TLS", Severity.WARNING, Confidence.LIKELY),
        Case("a public name", goes_to("backend.example.com:8080"), [2], "backend.example.com", Severity.WARNING),
        Case("a container", whole(goes_to("app:8000")), [3], "go on to app without TLS", Severity.INFO),
        Case("a private address", goes_to("10.0.0.5"), [2], "10.0.0.5", Severity.INFO),
        Case("a private name", goes_to("app.prod.svc.cluster.local"), [2], "", Severity.INFO),
        Case("members of an upstream", f"upstream app {{ server 127.0.0.1:1; server 10.0.0.5:80; }}\n{goes_to('app')}", [3], "go on to 10.0.0.5 without"),
        Case("a variable with known values", protected("set $to backend.example.com; location / { proxy_pass http://$to; }"), [2], "backend.example.com"),
        Case("what nginx tells", protected("location / { proxy_set_header X-DN $ssl_client_s_dn;", "proxy_pass http://10.0.0.5; }"), [3], "what nginx tells of the certificate included"),
        Case("grpc", protected("location / { grpc_pass 10.0.0.5:50051; }"), [2], "10.0.0.5"),
        Case("fastcgi", protected("location / { fastcgi_pass php.example.com:9000; }"), [2], "php.example.com", Severity.WARNING),
        Case("uwsgi", protected("location / { uwsgi_pass uwsgi://10.0.0.5:3031; }"), [2], "10.0.0.5"),
        Case("optional with a check", protected("if ($ssl_client_verify != SUCCESS) { return 403; }", "location / { proxy_pass http://10.0.0.5; }", verify="optional"), [3], "10.0.0.5"),
        Case("once for many places", protected("location /a { proxy_pass http://10.0.0.5; }", "location /b { proxy_pass http://10.0.0.6; }"), [2], "10.0.0.5 and 10.0.0.6"),
        Case("public and private apart", protected("location /a { proxy_pass http://10.0.0.5; }", "location /b { proxy_pass http://8.8.8.8; }"), [2, 3]),
        Case("stream", f"stream {{ server {{ listen 443 ssl; {MTLS} ssl_verify_client on;\nproxy_pass db.example.com:5432; }} }} events {{}}", [2], "db.example.com", Severity.WARNING),
        Case("stream with TLS", f"stream {{ server {{ listen 443 ssl; {MTLS} ssl_verify_client on;\nproxy_pass db.example.com:5432; proxy_ssl on; }} }} events {{}}"),
        Case("loopback", goes_to("127.0.0.1:8080")),
        Case("another loopback address", goes_to("127.8.8.8:8080")),
        Case("localhost", goes_to("localhost:8080")),
        Case("IPv6 loopback", goes_to("[::1]:8080")),
        Case("a socket", goes_to("unix:/run/app.sock:/")),
        Case("the machine around the container", goes_to("host.docker.internal:8080")),
        Case("a fastcgi socket", protected("location / { fastcgi_pass unix:/run/php.sock; }")),
        Case("an upstream of sockets", f"upstream app {{ server unix:/run/a.sock; server localhost:1; }}\n{goes_to('app')}"),
        Case("TLS", protected("location / { proxy_pass https://8.8.8.8; }")),
        Case("nobody is asked", "server { listen 443 ssl; location / { proxy_pass http://8.8.8.8; } }"),
        Case("optional and unchecked", protected("location / { proxy_pass http://8.8.8.8; }", verify="optional")),
        Case("optional, checked elsewhere", protected("location / { proxy_pass http://8.8.8.8; }", "location /a { if ($ssl_client_verify != SUCCESS) { return 403; } return 204; }", verify="optional")),
        Case("a health check", protected("location = /healthz { proxy_pass http://8.8.8.8; }")),
        Case("an upstream that was not given", goes_to("app"), words="where app leads is not known", not_evaluated=True),
        Case("a variable", protected("location / { proxy_pass http://$http_x; }"), words="$http_x", not_evaluated=True),
        Case("a scheme of a variable", protected("location / { proxy_pass $http_x; }"), not_evaluated=True),
        Case("nginx refuses it", protected("location / { proxy_pass 8.8.8.8; }")),
    ],
    "upstream-client-cert-lent": [
        Case("a plain listener", gateway(PARTNER), [2], "everybody who reaches _:8080 on *:8080 acts with nginx's client certificate", Severity.WARNING, Confidence.LIKELY, witness="curl -i http://localhost:8080/"),
        Case("a listener with TLS", gateway(TLS, PARTNER, listen="listen 443 ssl; server_name www.test;"), [2], "www.test:443", Severity.INFO, Confidence.POSSIBLE, witness="curl -i -k https://www.test/"),
        Case("one location of two", gateway(f"location /a {{ {BACKEND} }}", PARTNER), [2], witness="curl -i http://localhost:8080/"),
        Case("in stream", f"stream {{ server {{\nlisten 5432; proxy_pass 192.0.2.10:5432; proxy_ssl on; {PAIR} }} }} events {{}}", [2], "_:5432 on *:5432", Severity.WARNING),
        Case("a password without a file of users asks nobody", whole(gateway("auth_basic x;", PARTNER)), [3]),
        Case("all are allowed", gateway("allow all;", PARTNER), [2]),
        Case("loopback", gateway(PARTNER, listen="listen 127.0.0.1:8080;")),
        Case("a socket", gateway(PARTNER, listen="listen unix:/run/x.sock;")),
        Case("clients need a certificate", gateway(f"{MTLS} ssl_verify_client on;", PARTNER, listen="listen 443 ssl;")),
        Case("clients may have one, which others judge", gateway(f"{MTLS} ssl_verify_client optional;", PARTNER, listen="listen 443 ssl;")),
        Case("a CA and no check, which another rule says", gateway(MTLS, PARTNER, listen="listen 443 ssl;")),
        Case("a password", gateway("auth_basic x; auth_basic_user_file /etc/nginx/users;", PARTNER)),
        Case("a subrequest", gateway("auth_request /auth;", PARTNER, "location = /auth { internal; proxy_pass http://127.0.0.1:1; }")),
        Case("some addresses", gateway("allow 10.0.0.0/8; deny all;", PARTNER)),
        Case("some addresses in stream", f"stream {{ server {{ allow 10.0.0.0/8; deny all; listen 5432; proxy_pass 192.0.2.10:5432; proxy_ssl on; {PAIR} }} }} events {{}}"),
        Case("stream without TLS", f"stream {{ server {{ listen 5432; proxy_pass 192.0.2.10:5432; {PAIR} }} }} events {{}}"),
        Case("stream with an include", f"stream {{ server {{ listen 5432; proxy_pass 192.0.2.10:5432; proxy_ssl on; {PAIR} include snippets/acl.conf; }} }} events {{}}", not_evaluated=True),
        Case("a key in a header", gateway('if ($http_x_api_key != "secret") { return 403; }', PARTNER)),
        Case("a token of another module", gateway("auth_jwt x;", PARTNER)),
        Case("no certificate", gateway(f"location / {{ {BACKEND} }}")),
        Case("the certificate is cancelled", gateway(PAIR, f"location / {{ {BACKEND} proxy_ssl_certificate \"\"; }}")),
        Case("no TLS", gateway(f"location / {{ proxy_pass http://192.0.2.10; {PAIR} }}")),
        Case("only health checks", gateway(f"location = /healthz {{ {BACKEND} {PAIR} }} location / {{ return 404; }}")),
        Case("it is protected elsewhere, which another rule says", gateway(PARTNER) + gateway(f"{MTLS} ssl_verify_client on;", PARTNER, listen="listen 443 ssl;")),
        Case("it redirects", gateway("return 301 https://x;", PARTNER)),
        Case("an unknown condition", gateway("if ($inside) { return 403; }", PARTNER) + "\ngeo $inside { default 1; }", words="geo", not_evaluated=True),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "case"),
    [pytest.param(rule, case, id=f"{rule}:{case}") for rule, cases in CASES.items() for case in cases],
)
def test_case(rule: str, case: Case) -> None:
    check(rule, case)
