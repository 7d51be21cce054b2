"""What logs say of clients: edge cases and near misses."""

import pytest

from mtls_lint.lint.finding import Severity
from rules.cases import Case, check

PAIR = "ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key;"
ASKS = f"{PAIR} ssl_client_certificate /pki/root.pem; ssl_verify_client on;"
SERVER = f"listen 443 ssl; server_name api.example.com; {ASKS}"
NAMED = "log_format who '$remote_addr $ssl_client_verify $ssl_client_s_dn';"
NAME_ONLY = "log_format who '$remote_addr $ssl_client_serial';"


def http(*lines: str, main: str = "") -> str:
    """A whole configuration; the lines given begin at line 3."""
    return "\n".join([f"{main} events {{}}", "http {", *lines, "}"]) + "\n"


CASES: dict[str, list[Case]] = {
    "client-identity-not-logged": [
        Case(
            "nothing is said about logs",
            http("server {", SERVER, "}"),
            [4],
            "the log format `combined` of server api.example.com:443 does not say whose certificate a request"
            " came with, nor why",
            Severity.INFO,
        ),
        Case(
            "one finding for all servers",
            http("access_log /var/log/a.log;", f"server {{ {SERVER} }}", f"server {{ listen 8443 ssl; {ASKS} }}"),
            [3],
            "servers api.example.com:443 and _:8443",
        ),
        Case(
            "a format of one's own is where to mend it",
            http("log_format mine '$remote_addr $status';", f"server {{ {SERVER} access_log a mine; }}"),
            [3],
            "`mine`",
        ),
        Case(
            "info tells the rest",
            http("server {", SERVER, "error_log /var/log/e.log info;", "}"),
            [4],
            "whose certificate a request came with: afterwards",
        ),
        Case("off", http("server {", SERVER, "access_log off;", "}"), [5], "with `access_log off` nothing"),
        Case(
            "off wins over a log beside it",
            http(NAMED, "server {", SERVER, "access_log a who;", "access_log off;", "}"),
            [6],
        ),
        Case(
            "an inner log takes the outer one's place",
            http(NAMED, "access_log a who;", "server {", SERVER, "access_log b;", "}"),
            [7],
            "`combined`",
        ),
        Case("off, but for a place with a log of its own", http("server {", SERVER, "access_log off;", "location /api/ { access_log b; }", "}"), [6], "the log format `combined`"),
        Case("off for icons", http(NAMED, "access_log a who;", f"server {{ {SERVER} location = /favicon.ico {{ access_log off; }} }}")),
        Case("named", http(NAMED, f"server {{ {SERVER} access_log a who; }}")),
        Case("named in one of two", http(NAMED, f"server {{ {SERVER} access_log a; access_log b who; }}")),
        Case("named at http level", http(NAMED, "access_log a who;", f"server {{ {SERVER} }}")),
        Case("named where the requests are answered", http(NAMED, f"server {{ {SERVER} location / {{ access_log a who; }} }}")),
        Case("JSON", http("""log_format j escape=json '{"dn":"${ssl_client_s_dn}"}';""", f"server {{ {SERVER} access_log a j; }}")),
        Case("a fingerprint", http("log_format f '$ssl_client_fingerprint';", f"server {{ {SERVER} access_log a f; }}")),
        Case("through a map", http("map $ssl_client_s_dn $who { default -; ~CN=(?<cn>[^,]+) $cn; }", "log_format m '$who';", f"server {{ {SERVER} access_log a m; }}")),
        Case("through a set", http("log_format m '$who';", f"server {{ {SERVER} set $who $ssl_client_s_dn; access_log a m; }}")),
        Case("with conditions and buffers", http(NAMED, f"server {{ {SERVER} access_log a who buffer=32k if=$status; }}")),
        Case("a script makes a variable of it", http("js_set $who main.who;", "log_format m '$who';", f"server {{ {SERVER} access_log a m; }}"), words="js_set", not_evaluated=True),
        Case("the backend is told who it is", http(f"server {{ {SERVER} location / {{ proxy_set_header X-DN $ssl_client_s_dn; proxy_pass http://127.0.0.1:1; }} }}")),
        Case("nobody is asked", http(f"server {{ listen 443 ssl; {PAIR} }}")),
        Case("nobody can be", http(f"server {{ listen 80; {ASKS} }}")),
        Case("a fragment", f"server {{ {SERVER} }}", words="around this fragment", not_evaluated=True),
        Case("a fragment with a format of elsewhere", f"server {{ {SERVER} access_log a main; }}", words="log_format main", not_evaluated=True),
        Case("a fragment that says combined", f"server {{\n{SERVER}\naccess_log a; }}", [3]),
        Case("an include may say it", http(f"server {{ {SERVER} include absent/log.conf; }}"), words="absent/log.conf", not_evaluated=True),
        Case("stream writes none by itself", f"events {{}}\nstream {{\nserver {{ listen 443 ssl; {ASKS} proxy_pass 127.0.0.1:1; }} }}\n", [3], "writes no access log: nothing says"),
        Case("stream with a log", f"events {{}}\nstream {{ log_format s '$ssl_client_s_dn';\nserver {{ listen 443 ssl; {ASKS} access_log a s; proxy_pass 127.0.0.1:1; }} }}\n"),
        Case("stream through a map", f"events {{}}\nstream {{ map $ssl_client_s_dn $who {{ default -; }} log_format s '$who';\nserver {{ listen 443 ssl; {ASKS} access_log a s; proxy_pass 127.0.0.1:1; }} }}\n"),
        Case("mail has no such log", f"events {{}}\nmail {{ auth_http localhost/;\nserver {{ listen 993 ssl; protocol imap; {ASKS} }} }}\n"),
    ],
    "client-refusals-not-logged": [
        Case("the name, but not the reason", http(NAME_ONLY, "server {", SERVER, "access_log a who;", "}"), [5], "starts at the level error", Severity.INFO),
        Case("main is asked last", http(NAME_ONLY, "server {", SERVER, "access_log a who;", "}", main="error_log e notice;"), [1], "level notice"),
        Case("the best of several counts", http(NAME_ONLY, "server {", SERVER, "access_log a who; error_log e crit;", "error_log f warn;", "}"), [6], "level warn"),
        Case("turned down", http("server {", SERVER, "error_log e crit;", "}"), [5], "and the access log has a bare 400", Severity.INFO),
        Case("turned off, and no access log", http("server {", SERVER, "access_log off;", "error_log /dev/null info;", "}"), [6], "goes to /dev/null", Severity.WARNING),
        Case("one finding for one log", http("error_log e emerg;", f"server {{ {SERVER} }}", f"server {{ listen 8443 ssl; {ASKS} }}"), [3], "servers api.example.com:443 and _:8443"),
        Case("an outer info is lost", http("error_log e info;", NAME_ONLY, "server {", SERVER, "access_log a who;", "error_log f;", "}"), [8], "level error"),
        Case("nobody has decided anything, and the other rule says it", http(f"server {{ {SERVER} }}")),
        Case("info", http(NAME_ONLY, f"server {{ {SERVER} access_log a who; error_log e info; }}")),
        Case("info in main", http(NAME_ONLY, f"server {{ {SERVER} access_log a who; }}", main="error_log e info;")),
        Case("debug of one module", http(NAME_ONLY, f"server {{ {SERVER} access_log a who; error_log e debug_http; }}")),
        Case("one of two at info", http(NAME_ONLY, f"server {{ {SERVER} access_log a who; error_log e; error_log f info; }}")),
        Case("the result is in the access log", http(NAMED, f"server {{ {SERVER} access_log a who; error_log /dev/null; }}")),
        Case("but not in that of the server", http(NAMED, "server {", SERVER, "location / { access_log a who; }", "}"), [5]),
        Case("a syslog server", http(NAME_ONLY, f"server {{ {SERVER} access_log a who; error_log syslog:server=127.0.0.1 info; }}")),
        Case("the backend learns the name, nobody the reason", http("server {", SERVER, "location / { proxy_set_header X-DN $ssl_client_s_dn; proxy_pass http://127.0.0.1:1; } }"), [4]),
        Case("nobody is asked", http(f"server {{ listen 443 ssl; {PAIR} error_log /dev/null; }}")),
        Case("a fragment", f"server {{ {SERVER} access_log off; }}", words="error_log", not_evaluated=True),
        Case("an include of main", http(NAME_ONLY, f"server {{ {SERVER} access_log a who; }}", main="include absent.conf;"), words="absent.conf", not_evaluated=True),
        Case("stream", f"events {{}}\nstream {{\nserver {{ listen 443 ssl; {ASKS}\nerror_log e crit; proxy_pass 127.0.0.1:1; }} }}\n", [4], "no access log either", Severity.WARNING),
        Case("mail", f"events {{}}\nmail {{ auth_http localhost/;\nserver {{ listen 993 ssl; protocol imap; {ASKS} }} }}\n", [3], "and no other log has it", Severity.INFO),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "case"), [pytest.param(r, c, id=f"{r}:{c}") for r, cases in CASES.items() for c in cases]
)
def test_cases(rule: str, case: Case) -> None:
    check(rule, case)
