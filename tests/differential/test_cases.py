"""``decide`` against real nginx, on small configurations that each show one thing.

Where the random configurations of ``test_differential.py`` once found ``decide`` wrong, and what they
seldom come upon.
"""

from pathlib import Path

import pytest
from msgspec import Struct

from differential.compare import compare
from differential.scenario import Question, Scenario
from mtls_lint.nginx.decision import Fault
from mtls_lint.testing.nginx import NginxBinary

BACKEND = "proxy_pass http://127.0.0.1:PORT_backend;"
VARIABLES = "".join(f'set ${name} ""; ' for name in ("seen", "first"))


def location(pattern: str, mark: str, body: str) -> str:
    return f"location {pattern} {{ add_header X-Where {mark} always; {body} }}"


def server(*body: str, mark: str = "server", listen: str = "PORT_a") -> str:
    return f"server {{ listen {listen}; add_header X-Where {mark} always; {' '.join(body)} }}"


def ask(
    uri: str = "/x",
    host: str | None = "a.test",
    method: str = "GET",
    *,
    tls: str | None = None,
    sni: str | None = None,
    client: str = "none",
    fault: Fault | None = None,
    address: str = "127.0.0.1",
) -> Question:
    return Question(address, "a", tls, sni, host, uri, method, client, fault)


def tls(client: str = "none", sni: str | None = "a.test", host: str | None = None) -> list[Question]:
    """The same question in both versions of TLS."""
    return [ask(host=host or sni or "a.test", tls=one, sni=sni, client=client) for one in ("1.2", "1.3")]


class Case(Struct, frozen=True):
    what: str
    servers: str
    questions: list[Question]
    http: str = ""

    def __str__(self) -> str:
        return self.what.replace(" ", "-")

    def scenario(self) -> Scenario:
        lines = [
            "events {}",
            f"http {{ access_log off; {self.http}",
            "ssl_certificate PKI/server.pem; ssl_certificate_key PKI/server.key;",
            self.servers,
            f"server {{ listen 127.0.0.1:PORT_backend; location / {{ {VARIABLES} return 200 backend; }} }} }}",
        ]
        return Scenario(-1, "\n".join(lines), tuple(self.questions))


PAGES = location("/", "place", "return 200 text;")
EVERYBODY = [
    question for client in ("none", "a", "b", "self-signed", "a-revoked") for question in tls(client)
]


def verified(mode: str, *commands: str) -> str:
    """Servers of which the second asks for certificates in some way."""
    settings = f"ssl_client_certificate PKI/ca-a.pem; ssl_verify_client {mode};"
    given = " ".join(f"ssl_conf_command {command};" for command in commands)
    first = server("server_name other.test;", PAGES, mark="first", listen="PORT_a ssl")
    return first + server("server_name a.test;", settings, given, PAGES, listen="PORT_a ssl")


def verify_mode(mode: str, words: str) -> Case:
    return Case(f"VerifyMode {words} with {mode}", verified(mode, f'VerifyMode "{words}"'), EVERYBODY)


COMMANDS = [
    *(
        verify_mode(mode, words)
        for mode in ("off", "on")
        for words in (
            "Request",
            "Require",
            "Once",
            "Peer",
            "RequestPostHandshake",
            "RequirePostHandshake",
            "-Request",
            "Require,-Require",
            "request, +Require",
        )
    ),
    verify_mode("optional", "Require"),
    verify_mode("optional_no_ca", "Require"),
    Case("VerifyCAFile replaces", verified("on", "VerifyCAFile PKI/ca-b.pem"), EVERYBODY),
    Case(
        "VerifyCAFile without a CA of nginx",
        verified("optional_no_ca", "VerifyCAFile PKI/ca-b.pem"),
        EVERYBODY,
    ),
    Case(
        "several VerifyCAFile add up",
        verified("on", "VerifyCAFile PKI/ca-b.pem", "VerifyCAFile PKI/ca-a.pem"),
        EVERYBODY,
    ),
    Case(
        "VerifyCAFile and ssl_crl",
        verified("on", "VerifyCAFile PKI/ca-a.pem").replace(
            "a.pem; ssl_v", "a.pem; ssl_crl PKI/crl-a.pem; ssl_v"
        ),
        EVERYBODY,
    ),
    Case(
        "what VerifyMode alone asks for is verified with ssl_trusted_certificate",
        verified("off", "VerifyMode Request").replace("ssl_v", "ssl_trusted_certificate PKI/ca-a.pem; ssl_v"),
        EVERYBODY,
    ),
    Case("VerifyCAFile asks for nothing", verified("off", "VerifyCAFile PKI/ca-a.pem"), EVERYBODY),
    Case(
        "ChainCAFile and ClientCAFile",
        verified("on", "ChainCAFile PKI/ca-b.pem", "ClientCAFile PKI/ca-b.pem"),
        EVERYBODY,
    ),
]


def protocols(default: str, named: str) -> Case:
    both = "ssl_protocols TLSv1.2 TLSv1.3;"
    given = [line if "ssl_protocols" in line else f"{both} {line}" for line in (default, named)]
    servers = server("server_name d.test;", given[0], PAGES, mark="default", listen="PORT_a ssl")
    servers += server("server_name a.test;", given[1], PAGES, listen="PORT_a ssl")
    questions = [*tls(), *tls(sni="d.test"), *tls(sni=None)]
    return Case(f"protocols: {default or 'both'} and {named or 'both'}", servers, questions)


_PROTOCOLS = (
    "",
    "ssl_protocols TLSv1.2;",
    "ssl_conf_command MinProtocol TLSv1.3;",
    "ssl_conf_command MaxProtocol TLSv1.2;",
    "ssl_conf_command Protocol -TLSv1.3;",
    "ssl_conf_command Protocol -TLSv1.2,-TLSv1.3;",
)
PROTOCOLS = [protocols(default, named) for default in _PROTOCOLS for named in _PROTOCOLS if default != named]

# Each server tells its pages apart, so that it is seen whose error_page answers.
_FAULT_PAGES = "error_page 400 405 414 421 494 501 505 /page;"
_THREE = "".join(
    server(
        f"listen PORT_p; server_name {name}.test; {_FAULT_PAGES}",
        "ssl_verify_client on; ssl_client_certificate PKI/ca-a.pem;" if name == "a" else "",
        location("/", f"{name}-place", "return 200 text;"),
        location(
            "= /page",
            f"{name}-page",
            "if ($request_uri = '') { return 402; } if ($args) { return 406; } if ($host = d.test) { return 410; }"
            " if ($http_host = a.test) { return 409; } return 200 page;",
        ),
        mark=name,
        listen="PORT_a ssl",
    )
    for name in ("d", "a", "o")
)
_SNIS = ("a.test", "o.test", None)


def head(what: str, **given: object) -> Case:
    """The request at each of three servers, with SNI and plain."""
    questions = [ask(tls="1.3", sni=sni, **given) for sni in _SNIS]  # type: ignore[arg-type]
    questions += [ask(tls="1.2", sni="a.test", client="a", **given), ask(**given)]  # type: ignore[arg-type]
    return Case(f"head: {what}", _THREE, questions)


HEADS = [
    *(head(f"{fault.name} from {host}", host=host, fault=fault) for fault in Fault for host in ("a.test", None)
      if fault is not Fault.NO_HOST or host is None),
    *(head(f"{fault.name} of {uri}", uri=uri, fault=fault) for fault in (Fault.HEADER, Fault.ENCODING)
      for uri in ("http://o.test/x", "/x?y")),
    *(head(f"Host {host!r}", host=host) for host in (
        "", ".", "a..test", "a/b", "a.test:", "a.test:80", "a.test:x", "a.test:99999", "a.test.", "a^test", "a b",
        "[::1]", "[::1", "::1", "o_test", "A.test:1:2")),
    *(head(f"target {uri}", uri=uri) for uri in (
        "http://o.test/x", "http://o.test", "http://o.test?x", "HTTP://O.TEST.:8/x", "http://o.test:x/", "http:///x",
        "http://o..test/", "http://u@o.test/", "http:/x", "a+b://o.test/x", "//x", "/x//../page", "/..", "/%zz", "/%00",
        "*", "x", "/x y", "/x#y?z", "/x?y#z", "/%70age")),
    *(head(f"absolute target without Host, {uri}", uri=uri, host=None) for uri in ("http://o.test/x", "http://o..test/")),
    *(head(f"absolute target and Host {host!r}", uri="http://o.test/x", host=host) for host in ("", "a/b", "d.test")),
    *(head(f"{method} {uri}", method=method, uri=uri) for method in ("TRACE", "CONNECT", "trace", "G@T", "OPTIONS")
      for uri in ("/x", "o.test:443", "o.test", "http://o.test/x")),
]  # fmt: skip

_REFUSES = "if ($ssl_client_verify != SUCCESS) { return 403; }"
_CHECK = location("= /auth", "auth", "return 403;")

REQUESTS = [
    Case(
        "a rewrite makes a request internal",
        server("rewrite ^/x /y;", location("/y", "y", "internal; return 204;")),
        [ask(), ask("/y")],
    ),
    Case(
        "a location beats the redirect to a proxied one",
        server(location("/x/", "slash", BACKEND), location("/x", "x", "return 204;"), location("/y/", "y", BACKEND)),
        [ask(), ask("/y")],
    ),
    Case(
        "444 stays 444 behind an error page",
        server("error_page 403 =200 /e;", location("/", "place", "return 403;"), location("/e", "e", "return 444;")),
        [ask()],
    ),
    Case(
        "an error page makes the method GET",
        server(
            "error_page 403 =200 /e;",
            location("/", "place", "return 403;"),
            location("/e", "e", "if ($request_method = GET) { return 204; } return 200 text;"),
        ),
        [ask(method="POST"), ask(method="HEAD")],
    ),
    Case(
        "an internal location does not redirect to itself",
        server("error_page 404 =200 @n;", location("/x/", "x", f"internal; {BACKEND}"), location("@n", "n", BACKEND)),
        [ask(), ask("/x/")],
    ),
    Case(
        "a named location sees the URI of the request",
        server(
            "error_page 403 400 =200 @n;",
            location("/", "place", "return 403;"),
            location("@n", "n", "if ($uri = /x) { return 204; } return 200 text;"),
        ),
        [ask(), ask("/y"), *(ask(fault=fault) for fault in (Fault.LINE, Fault.HEADER)), ask("/%zz"), ask(host="a/b")],
    ),
    Case(
        "a loop of rewrites ends",
        server("error_page 500 =200 /e;", location("/", "place", "rewrite ^ /x last;"), location("/e", "e", BACKEND)),
        [ask()],
    ),
    Case(
        "recursive_error_pages",
        server(
            "error_page 404 /e; error_page 403 /f; recursive_error_pages on;",
            location("/", "place", "return 404;"),
            location("/e", "e", "return 403;"),
            location("/f", "f", "return 200 text;"),
        ),
        [ask()],
    ),
    Case(
        "recursive_error_pages in a circle",
        server(
            "error_page 404 @e; error_page 403 =200 /f; recursive_error_pages on;",
            location("@e", "e", "return 403;"),
            location("/f", "f", "return 404;"),
            location("/", "place", "return 404;"),
        ),
        [ask()],
    ),
    Case(
        "a map gives one value for a request",
        server(
            "if ($kind = x) { set $seen 1; }",
            "rewrite ^/x /y;",
            location("/", "place", "if ($kind = y) { return 403; } if ($kind = x) { return 204; } return 200 text;"),
        ),
        [ask(), ask("/y")],
        http="map $uri $kind { /x x; /y y; }",
    ),
    Case(
        "a volatile map does not",
        server(
            "if ($kind = x) { set $seen 1; }",
            "rewrite ^/x /y;",
            location("/", "place", "if ($kind = y) { return 403; } if ($kind = x) { return 204; } return 200 text;"),
        ),
        [ask(), ask("/y")],
        http="map $uri $kind { volatile; /x x; /y y; }",
    ),
    *(
        Case(
            f"{depth} maps of maps",
            server(
                f"if ($map{depth} = /x) {{ set $seen 1; }}",
                location("/", "place", f'if ($map{depth} = "") {{ return 403; }} return 200 text;'),
            ),
            [ask()],
            http="map $uri $map1 { default $uri; }"
            + "".join(f"map $map{n} $map{n + 1} {{ default $map{n}; }}" for n in range(1, depth)),
        )
        for depth in (99, 100, 400)
    ),
    Case(
        "a map's expression captures",
        server(
            "if ($uri ~ ^/(x)) { set $seen 1; }",
            "if ($kind) { set $seen 2; }",
            "set $first $1;",
            location("/", "place", "if ($first = x) { return 403; } if ($first = t) { return 204; } return 200 text;"),
        ),
        [ask(), ask("/y")],
        http='map $host $kind { "~^a.(t)est" 1; }',
    ),
    Case(
        "a server's name captures",
        server(
            'server_name "~^(?<sub>\\w+)\\.test$"; set $first $1;',
            location("/", "place", "if ($first = a) { return 403; } if ($sub = c) { return 204; } return 200 text;"),
        )
        + server("server_name b.test;", PAGES, mark="b"),
        [ask(), ask(host="c.test"), ask(host="d.test"), ask(host="b.test")],
    ),
    Case(
        "limit_except takes the place of the location's rewrite directives",
        server(location("/", "place", f"limit_except GET {{ allow all; }} {_REFUSES} {BACKEND}")),
        [ask(), ask(method="HEAD"), ask(method="POST")],
    ),
    Case(
        "codes that close the connection",
        server("error_page 408 /e;", *(location(f"/{code}", code, f"return {code};") for code in ("408", "499"))),
        [ask("/408"), ask("/499")],
    ),
    Case("a password without a file of users", server(location("/", "place", f"auth_basic staff; {BACKEND}")), [ask()]),
    Case(
        "allow and deny are inherited together",
        server("deny all;", location("/", "place", f"allow all; {BACKEND}"), location("/y", "y", BACKEND)),
        [ask(), ask("/y")],
    ),
    Case(
        "a subrequest has no access phase",
        server(
            location("/", "place", f"auth_request /auth; {BACKEND}"),
            location("= /auth", "auth", "deny all; return 204;"),
            location("/y", "y", f"auth_request /no; {BACKEND}"),
            location("= /no", "no", "return 401;"),
        ),
        [ask(), ask("/y")],
    ),
    Case(
        "auth_request follows error pages",
        server("error_page 403 =204 /e;", location("/", "place", f"auth_request /auth; {BACKEND}"), _CHECK,
               location("/e", "e", "return 204;")),
        [ask()],
    ),
    Case(
        "auth_request and a closed connection",
        server(location("/", "place", f"auth_request /auth; {BACKEND}"), location("/auth", "auth", "return 444;")),
        [ask()],
    ),
    Case(
        "satisfy any",
        server(
            location("/", "place", f"satisfy any; deny all; auth_request /auth; {BACKEND}"),
            location("= /auth", "auth", "return 401;"),
            location("/y", "y", f"satisfy any; deny all; auth_request /yes; {BACKEND}"),
            location("= /yes", "yes", "return 204;"),
            location("/z", "z", f"satisfy any; deny all; auth_request /error; {BACKEND}"),
            location("= /error", "error", "return 500;"),
        ),
        [ask(), ask("/y"), ask("/z")],
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", [*COMMANDS, *PROTOCOLS, *HEADS, *REQUESTS], ids=str)
def test_case(case: Case, nginx: NginxBinary, tmp_path: Path, scenario_pki: Path) -> None:
    assert compare(case.scenario(), nginx, tmp_path, scenario_pki) == []
