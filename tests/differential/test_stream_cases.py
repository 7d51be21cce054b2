"""What attempts by hand showed of stream, as small configurations: nginx and ``decide`` are asked the same."""

from pathlib import Path

import pytest
from msgspec import Struct

from differential.stream import NAMED, Question, Scenario, compare
from mtls_lint.testing.nginx import NginxBinary

PAIR = "ssl_certificate PKI/server.pem; ssl_certificate_key PKI/server.key;"
ON = "ssl_verify_client on;"
TEXT = '"m|$ssl_client_verify"'
HTTP = """http { access_log off;
    server { listen 127.0.0.1:PORT_b1; return 200 b1; add_header X-Where b1; }
    server { listen 127.0.0.1:PORT_b2; return 200 b2; add_header X-Where b2; }
    %s
}"""


class Case(Struct, frozen=True):
    """The inside of ``stream``, and of ``http`` besides its backends; ``named`` needs names in stream."""

    what: str
    stream: str
    http: str = ""
    named: bool = True

    def __str__(self) -> str:
        return self.what.replace(" ", "-")


CASES = [
    Case(
        "pass hands the handshake over to http",
        f"server {{ listen 127.0.0.1:PORT_t ssl; {PAIR} ssl_verify_client optional_no_ca; pass 127.0.0.1:PORT_hs; }}",
        f"""{PAIR} ssl_client_certificate PKI/ca-b.pem;
        server {{ listen 127.0.0.1:PORT_hs ssl; server_name a.test; {ON} add_header X-Where a always; return 200 x; }}
        server {{ listen 127.0.0.1:PORT_hs ssl; server_name b.test; add_header X-Where b always; return 200 x; }}""",
    ),
    Case(
        "a plain http listener does not verify what is passed to it",
        f"server {{ listen 127.0.0.1:PORT_t ssl; {PAIR} ssl_verify_client optional_no_ca; pass 127.0.0.1:PORT_h; }}",
        "server { listen 127.0.0.1:PORT_h; ssl_client_certificate PKI/ca-a.pem; ssl_verify_client on;"
        " add_header X-Where h always; if ($ssl_client_verify = SUCCESS) { return 204; } return 200 x; }",
    ),
    Case(
        "pass hands the handshake over to stream",
        f"server {{ listen 127.0.0.1:PORT_t ssl; {PAIR} ssl_verify_client optional_no_ca; pass 127.0.0.1:PORT_us; }}"
        f"server {{ listen 127.0.0.1:PORT_us ssl; server_name x.test; {PAIR} {ON} return {TEXT}; }}"
        f"server {{ listen 127.0.0.1:PORT_us ssl; server_name a.test; {PAIR} {ON} proxy_pass 127.0.0.1:PORT_b1; }}",
    ),
    Case(
        "pass of a connection that has not shaken hands yet",
        "server { listen 127.0.0.1:PORT_t; ssl_preread on; pass 127.0.0.1:PORT_us; }"
        f"server {{ listen 127.0.0.1:PORT_us ssl; {PAIR} {ON} return {TEXT}; }}",
    ),
    Case(
        "ssl_preread within TLS takes what cannot be passed on",
        f"server {{ listen 127.0.0.1:PORT_t ssl; {PAIR} ssl_preread on; pass 127.0.0.1:PORT_us; }}"
        f"server {{ listen 127.0.0.1:PORT_us ssl; {PAIR} return {TEXT}; }}",
    ),
    Case(
        "ssl_preread within TLS finds no name",
        "map $ssl_preread_server_name $b { a.test 127.0.0.1:PORT_b1; default 127.0.0.1:PORT_b2; }"
        f"server {{ listen 127.0.0.1:PORT_t ssl; {PAIR} ssl_preread on; proxy_pass $b; }}",
        named=False,
    ),
    Case(
        "ssl_preread of the default server chooses the server",
        "server { listen 127.0.0.1:PORT_t; server_name a.test; ssl_preread on; proxy_pass 127.0.0.1:PORT_s1; }"
        "server { listen 127.0.0.1:PORT_t; server_name b.test; deny all; proxy_pass 127.0.0.1:PORT_s2; }"
        f"server {{ listen 127.0.0.1:PORT_s1 ssl; {PAIR} {ON} return {TEXT}; }}"
        f'server {{ listen 127.0.0.1:PORT_s2 ssl; {PAIR} return "n|$ssl_client_verify"; }}',
    ),
    Case(
        "ssl_preread of another server does not",
        "server { listen 127.0.0.1:PORT_t; server_name a.test; proxy_pass 127.0.0.1:PORT_s1; }"
        "server { listen 127.0.0.1:PORT_t; server_name b.test; ssl_preread on; proxy_pass 127.0.0.1:PORT_s2; }"
        f"server {{ listen 127.0.0.1:PORT_s1 ssl; {PAIR} {ON} return {TEXT}; }}"
        f'server {{ listen 127.0.0.1:PORT_s2 ssl; {PAIR} return "n|$ssl_client_verify"; }}',
    ),
    Case(
        "the TLS of the client goes through",
        f"server {{ listen 127.0.0.1:PORT_t; {ON} ssl_preread on; proxy_pass 127.0.0.1:PORT_hs; }}",
        f"""{PAIR} ssl_client_certificate PKI/ca-b.pem;
        server {{ listen 127.0.0.1:PORT_hs ssl; server_name a.test; {ON} add_header X-Where a always; return 200 x; }}
        server {{ listen 127.0.0.1:PORT_hs ssl; server_name b.test; add_header X-Where b always; return 200 x; }}""",
        named=False,
    ),
    Case(
        "access rules of another server than the default",
        f"server {{ listen 127.0.0.1:PORT_t ssl; server_name x.test; {PAIR} return {TEXT}; }}"
        f'server {{ listen 127.0.0.1:PORT_t ssl; server_name a.test; {PAIR} deny all; return "n|$ssl_client_verify"; }}',
    ),
    Case(
        "access rules of the default server",
        f"server {{ listen 127.0.0.1:PORT_t ssl; server_name x.test; {PAIR} deny all; return {TEXT}; }}"
        f'server {{ listen 127.0.0.1:PORT_t ssl; server_name a.test; {PAIR} allow all; return "n|$ssl_client_verify"; }}',
    ),
    Case(
        "set is run for the default server before the handshake",
        'map "$x:$y" $b { ~a.test 127.0.0.1:PORT_b1; "z:" 127.0.0.1:PORT_b2; default ""; }'
        f"server {{ listen 127.0.0.1:PORT_t ssl; server_name x.test; {PAIR} set $x z; set $y $ssl_server_name; return {TEXT}; }}"
        f"server {{ listen 127.0.0.1:PORT_t ssl; server_name a.test; {PAIR} set $x $ssl_server_name; proxy_pass $b; }}",
    ),
    Case(
        "the last of two answers counts",
        f"server {{ listen 127.0.0.1:PORT_t ssl; {PAIR} return {TEXT}; proxy_pass 127.0.0.1:PORT_b1; }}",
        named=False,
    ),
    Case(
        "VerifyMode where ssl_verify_client does not ask",
        f"server {{ listen 127.0.0.1:PORT_t ssl; {PAIR} ssl_trusted_certificate PKI/ca-a.pem;"
        f" ssl_conf_command VerifyMode Request; return {TEXT}; }}",
        named=False,
    ),
    Case(
        "a server without a certificate of its own",
        f"ssl_verify_client on; server {{ listen 127.0.0.1:PORT_t ssl; server_name x.test; {PAIR} return {TEXT}; }}"
        "server { listen 127.0.0.1:PORT_t ssl; server_name a.test; ssl_client_certificate PKI/ca-b.pem;"
        ' return "n|$ssl_client_verify"; }',
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_nginx_and_decide_say_the_same(
    case: Case, nginx: NginxBinary, tmp_path: Path, scenario_pki: Path
) -> None:
    if not nginx.can_run("stream {}") or (case.named and nginx.version < NAMED):
        pytest.skip(f"{nginx} has no names in stream")
    ca = "ssl_client_certificate PKI/ca-a.pem;"
    text = f"events {{}}\nstream {{ {ca} {case.stream} }}\n{HTTP % case.http}\n"
    questions = [
        Question("t", tls, sni, sni or "a.test", client)
        for tls in ("1.2", "1.3")
        for sni in (None, "a.test", "b.test")
        for client in ("none", "a", "b", "self-signed")
    ]
    questions.append(Question("t", None, None, "a.test", "none"))
    compared = compare(Scenario(0, text, tuple(questions)), nginx, tmp_path, scenario_pki)
    assert compared.differing == ()
    assert compared.open == 0
