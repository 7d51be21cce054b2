"""Where a fragment belongs."""

import pytest

from mtls_lint.syntax.adapter import parse_source
from mtls_lint.syntax.fragment import context_comment, infer_context
from mtls_lint.syntax.source import SourceFile
from mtls_lint.syntax.tree import Problem


def inferred(text: str) -> str:
    directives = parse_source(SourceFile("t", text))
    assert not isinstance(directives, Problem)
    return "/".join(infer_context(directives))


@pytest.mark.parametrize(
    ("text", "context"),
    [
        ("events {} http {}", "main"),
        ("http { server { listen 80; } }", "main"),
        ("stream {}", "main"),
        ("mail {}", "main"),
        ("user nginx; worker_processes 2; load_module x.so;", "main"),
        ("load_module modules/ngx_stream_module.so;", "main"),
        ("server { listen 80; location / { proxy_pass http://b; } }", "http"),
        ("upstream b { server b:80; } server { listen 443 ssl; return 301 https://x; }", "http"),
        ("server { listen 443 ssl; server_name a; ssl_verify_client on; }", "http"),
        ("server {}", "http"),
        ("map $a $b { server x; location y; } log_format x '$a';", "http"),
        ("limit_req_zone $a zone=x:1m rate=1r/s;", "http"),
        ("upstream b { server b:80; }", "http"),
        ("server { listen 443; proxy_pass b:80; }", "stream"),
        ("server { listen 443; ssl_preread on; proxy_pass $name; }", "stream"),
        ("server { listen 993 ssl; protocol imap; }", "mail"),
        ("ssl_preread on; proxy_pass $name;", "stream/server"),
        ("listen 443 ssl; server_name a; location / { root /x; }", "http/server"),
        ("ssl_protocols TLSv1.3; ssl_ciphers X;", "http/server"),
        ("ssl_verify_client on; ssl_client_certificate ca.pem;", "http/server"),
        ("location /api { proxy_pass http://b; }", "http/server"),
        ("add_header X y; if ($a) { return 403; }", "http/server"),
        ("proxy_pass http://b; proxy_set_header Host $host;", "http/server/location"),
        ("proxy_set_header Host $host; proxy_set_header X-Y $z;", "http/server/location"),
        ("fastcgi_param A b;", "http/server/location"),
        ("server a:80; server b:80 backup;", "http/upstream"),
        ("server a:80; keepalive 3;", "http/upstream"),
        ("include a; include b;", "http"),
        ("who_knows x;", "http"),
        ("", "http"),
    ],
)
def test_inferred_context(text: str, context: str) -> None:
    assert inferred(text) == context


def test_any_table_can_be_asked() -> None:
    directives = parse_source(SourceFile("t", "mine x;"))
    assert not isinstance(directives, Problem)
    assert infer_context(directives, lambda _: frozenset({"stream upstream"})) == ("stream", "upstream")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# mtls-lint: context=http,server\nroot /x;", ("http", "server")),
        ("#mtls-lint:context=stream", ("stream",)),
        ("root /x; # mtls-lint: context=http", None),
        ("# mtls-lint: context=", None),
        ("# context=http", None),
    ],
)
def test_a_comment_decides(text: str, expected: tuple[str, ...] | None) -> None:
    source = SourceFile("t", text)
    parse_source(source)
    assert context_comment(source.comments) == expected
