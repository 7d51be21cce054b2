"""Whether anybody gets in at a backend by nginx's certificate: every case of the rule, on real nginx."""

import re
from pathlib import Path
from textwrap import dedent

import pytest

from mtls_lint.lint.finding import Witness
from mtls_lint.testing import NginxBinary, lint_text, request, with_material
from mtls_lint.testing.examples import wrapped
from rules.cases import Case
from rules.test_witnesses import send
from rules.upstream.test_cases import CASES

RULE = "upstream-client-cert-lent"
BACKEND = """\
server {{
    listen 127.0.0.1:PORT_backend ssl;
    ssl_certificate {pki}/server.pem;
    ssl_certificate_key {pki}/server.key;
    ssl_client_certificate {pki}/root.pem;
    ssl_verify_client on;
    return 200 "hello $ssl_client_s_dn";
}}
"""
LENT = "hello CN=alice"

# Where the rule is silent although the request gets in, and why.
SILENT = {
    "loopback": "only this machine reaches the listener",
    "clients-may-have-one,-which-others-judge": "verify-client-optional-unchecked finds it",
    "a-CA-and-no-check,-which-another-rule-says": "mtls-not-enforced finds it",
    "it-is-protected-elsewhere,-which-another-rule-says": "same-app-without-client-certificate finds it",
}
# Sockets of Unix, modules that this nginx has not, and what is for health checks alone.
BEYOND = {"a-socket", "a-token-of-another-module", "only-health-checks"}


def runnable(case: Case) -> str:
    text = with_material(dedent(case.text))
    text = re.sub(r"(\blisten\s+(?:\S*:)?)(\d+)\b", r"\1PORT_p\2", text)
    text = text.replace("192.0.2.10", "127.0.0.1:PORT_backend")
    whole = text if "events" in text else wrapped(text, ("http",))
    end = whole.rstrip().rindex("}")
    return f"{whole[:end]}{with_material(BACKEND.format(pki='/pki'))}}}\n"


@pytest.mark.parametrize("case", [one for one in CASES[RULE] if "stream" not in one.text], ids=str)
def test_the_backend_takes_nginx_for_the_client(case: Case, nginx: NginxBinary, tmp_path: Path) -> None:
    if str(case) in BEYOND or case.not_evaluated:
        return
    if '""' in case.text and nginx.version < (1, 23, 0):
        return  # upstream-client-cert-empty
    text = runnable(case).replace("/etc/nginx/users", str(tmp_path / "users"))
    (tmp_path / "users").write_text("")
    report = lint_text(dedent(case.text), rules=[RULE], version=nginx.version)
    found = (one.finding.witness for one in report.findings)
    witnesses = [witness for witness in found if isinstance(witness, Witness)]
    assert bool(witnesses) is bool(case.lines)
    with nginx.run(text, tmp_path) as server:
        for witness in witnesses:
            assert send(witness, server, tmp_path).body == LENT
        if not witnesses:
            tls = "p8080" not in server.ports
            reply = request(server.ports["p443" if tls else "p8080"], tls=tls)
            assert (reply.body == LENT) is (str(case) in SILENT), reply
