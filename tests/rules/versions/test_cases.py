"""The rules of versions: by number, by build, and silent where nobody said which nginx it is."""

import pytest
from msgspec.structs import replace

from mtls_lint.lint.finding import Confidence, Severity
from mtls_lint.nginx.advisories import ADVISORIES
from mtls_lint.nginx.build import Build, Package
from mtls_lint.nginx.version import NginxVersion
from mtls_lint.testing import lint_text
from rules.cases import Case, check

TLS = "ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key;"
ASKING = "ssl_client_certificate /pki/root.pem; ssl_verify_client on;"
SHARED = f"server {{ listen 443 ssl; {TLS} {ASKING} ssl_session_cache shared:tls:1m; }}"
UPSTREAM = "server { listen 80; location / { proxy_pass HTTPS://127.0.0.1; } }"
OCSP = f"server {{ listen 443 ssl; {TLS} {ASKING} ssl_ocsp leaf; resolver 127.0.0.1; }}"
STREAM = "events {{}} stream {{ server {{ listen 443 ssl; {0} proxy_pass 127.0.0.1:1; }} }}"

LIKELY, POSSIBLE = Confidence.LIKELY, Confidence.POSSIBLE
WARNING = Severity.WARNING

CASES = [
    ("cve-2026-97629", Case("shared cache", SHARED, [1], "nginx 1.31.3, if built from upstream's source, has CVE-2026-97629", WARNING, POSSIBLE)),
    ("cve-2026-97629", Case("mended", SHARED, version="1.30.6")),
    ("cve-2026-97629", Case("older than the fault", SHARED, version="1.22.1")),
    ("cve-2026-97629", Case("key file", SHARED.replace("ssl_session_cache", "ssl_session_ticket_key /pki/ticket.key; ssl_session_cache"))),
    ("cve-2026-97629", Case("no tickets", SHARED.replace("ssl_session_cache", "ssl_conf_command Options -SessionTicket; ssl_session_cache"))),
    ("cve-2026-97629", Case("cache of one worker", SHARED.replace("shared:tls:1m", "builtin"))),
    ("cve-2026-97629", Case("no TLS", SHARED.replace("443 ssl", "80"))),
    ("cve-2026-97629", Case("cache of a server that is no default", f"server {{ listen 443 ssl default_server; {TLS} }} {SHARED}")),
    ("cve-2026-97629", Case("cache of the default server", f"server {{ listen 443 ssl default_server; {TLS} ssl_session_cache shared:a:1m; }} server {{ listen 443 ssl; {TLS} {ASKING} }}", [1])),
    ("cve-2026-97629", Case("an include that is absent", SHARED.replace("ssl_session_cache shared:tls:1m", "include tls.conf"), not_evaluated=True)),
    ("cve-2026-28755", Case("stream", STREAM.format(f"{TLS} {ASKING} ssl_ocsp on;"), [1], "revoked", WARNING, POSSIBLE, version="1.29.6")),
    ("cve-2026-28755", Case("mended", STREAM.format(f"{TLS} {ASKING} ssl_ocsp on;"), version="1.29.7")),
    ("cve-2026-28755", Case("mended in 1.28", STREAM.format(f"{TLS} {ASKING} ssl_ocsp on;"), version="1.28.3")),
    ("cve-2026-28755", Case("http", OCSP, version="1.28.2")),
    ("cve-2026-28755", Case("nobody is asked", STREAM.format(f"{TLS} ssl_ocsp on;"), version="1.28.2")),
    ("cve-2026-40701", Case("resolver", OCSP, [1], "CVE-2026-40701", Severity.INFO, POSSIBLE, version="1.22.1")),
    ("cve-2026-40701", Case("resolver of http", f"resolver 127.0.0.1; {OCSP.replace('resolver 127.0.0.1;', '')}", [1], version="1.30.0")),
    ("cve-2026-40701", Case("no resolver", OCSP.replace("resolver 127.0.0.1;", ""), version="1.22.1")),
    ("cve-2026-40701", Case("off", OCSP.replace("leaf", "off"), version="1.22.1")),
    ("cve-2026-40701", Case("mended", OCSP, version="1.30.1")),
    ("cve-2026-123640", Case("preread", STREAM.replace("443 ssl", "443").format("ssl_preread on;"), [1], version="1.31.8")),
    ("cve-2026-123640", Case("preread off", STREAM.replace("443 ssl", "443").format("ssl_preread off;"), version="1.31.8")),
    ("cve-2026-123640", Case("mended", STREAM.replace("443 ssl", "443").format("ssl_preread on;"), version="1.31.9")),
    ("cve-2026-118899", Case("default of 1.31", f"server {{ listen 443 ssl; {TLS} }}", [1], "*:443 speaks TLS 1.3")),
    ("cve-2026-118899", Case("default of 1.22", f"server {{ listen 443 ssl; {TLS} }}", version="1.22.1")),
    ("cve-2026-118899", Case("TLS 1.2 alone", f"ssl_protocols TLSv1.2; server {{ listen 443 ssl; {TLS} }}")),
    ("cve-2026-118899", Case("plain", "server { listen 80; }")),
    ("cve-2026-1642", Case("https", UPSTREAM, [1], "whatever proxy_ssl_verify says", Severity.INFO, POSSIBLE, version="1.28.1")),
    ("cve-2026-1642", Case("grpcs", UPSTREAM.replace("proxy_pass HTTPS", "grpc_pass grpcs"), [1], version="1.29.4")),
    ("cve-2026-1642", Case("http", UPSTREAM.replace("HTTPS", "http"), version="1.28.1")),
    ("cve-2026-1642", Case("mended", UPSTREAM, version="1.28.2")),
    ("nginx-end-of-life", Case("1.28", UPSTREAM, [1], "unless a distribution maintains it", Severity.INFO, POSSIBLE, version="1.28.3")),
    ("nginx-end-of-life", Case("stable", UPSTREAM, version="1.30.0")),
    ("nginx-end-of-life", Case("mainline", UPSTREAM, version="1.31.0")),
    ("nginx-end-of-life", Case("later", UPSTREAM, version="1.32.0")),
    ("session-refused-for-other-name", Case(
        "two names of a server", f"server {{ listen 443 ssl; server_name a.test b.test; {TLS} {ASKING} }} server {{ listen 443 ssl; server_name c.test; {TLS} }}",
        [1], "made for b.test along for a.test", Severity.INFO, LIKELY, version="1.29.1")),
    ("session-refused-for-other-name", Case(
        "names below a wildcard", f"server {{ listen 443 ssl; server_name *.test; {TLS} {ASKING} }} server {{ listen 443 ssl; server_name c.one; {TLS} }}",
        [1], "made for api.test along for www.test", version="1.26.3")),
    ("session-refused-for-other-name", Case(
        "another server", f"server {{ listen 443 ssl; server_name a.test; {TLS} {ASKING} }} server {{ listen 443 ssl; server_name c.test; {TLS} }}",
        [1], "made for c.test along for a.test", version="1.28.0")),
    ("session-refused-for-other-name", Case(
        "a full handshake instead", f"server {{ listen 443 ssl; server_name a.test b.test; {TLS} {ASKING} }} server {{ listen 443 ssl; server_name c.test; {TLS} }}", version="1.29.2")),
    ("session-refused-for-other-name", Case(
        "before the fix", f"server {{ listen 443 ssl; server_name a.test b.test; {TLS} {ASKING} ssl_protocols TLSv1.3; }} server {{ listen 443 ssl; server_name c.test; {TLS} }}", version="1.26.2")),
    ("session-refused-for-other-name", Case(
        "nobody is verified", f"server {{ listen 443 ssl; server_name a.test b.test; {TLS} }} server {{ listen 443 ssl; server_name c.test; {TLS} }}", version="1.28.0")),
    ("session-refused-for-other-name", Case(
        "no tickets and no cache", f"ssl_session_tickets off; server {{ listen 443 ssl; server_name a.test b.test; {TLS} {ASKING} }} server {{ listen 443 ssl; server_name c.test; {TLS} }}", version="1.28.0")),
    ("session-refused-for-other-name", Case(
        "one server looks no names up", f"server {{ listen 443 ssl; server_name a.test b.test; {TLS} {ASKING} }}", version="1.28.0")),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "case"), CASES, ids=str)
def test_a_case(rule: str, case: Case) -> None:
    check(rule, case)


RULES = [f"cve-{cve[4:]}" for cve in ADVISORIES]
EVERYTHING = f"{SHARED.replace('443', '1443')} {OCSP} {UPSTREAM}"


def test_every_advisory_has_a_rule() -> None:
    assert lint_text("server { listen 80; }", rules=RULES).crashes == ()


def test_without_a_version_there_is_one_entry_and_no_finding() -> None:
    report = lint_text(EVERYTHING, rules=[*RULES, "nginx-end-of-life", "session-refused-for-other-name"])
    assert report.findings == ()
    (entry,) = report.not_evaluated
    assert entry.rule == "versions"
    assert entry.reason == "the version of nginx is not known: give --nginx-version or --nginx-binary"


def test_without_a_version_nothing_is_said_where_nothing_depends_on_it() -> None:
    assert lint_text("server { listen 80; }", rules=RULES).not_evaluated == ()


def whole(text: str) -> str:
    return f"events {{}} http {{ {text} }}"


UPSTREAMS_OWN = Build("/opt/nginx", "nginx", NginxVersion(1, 31, 3))
PACKAGED = replace(UPSTREAMS_OWN, package=Package("nginx", "1.31.3-1", frozenset()))


@pytest.mark.parametrize(
    ("build", "severity", "confidence", "words"),
    [
        (None, WARNING, POSSIBLE, "if built from upstream's source"),
        (UPSTREAMS_OWN, Severity.ERROR, LIKELY, "/opt/nginx, nginx 1.31.3, has CVE-2026-97629"),
        (PACKAGED, Severity.ERROR, Confidence.CERTAIN, "package nginx 1.31.3-1, whose changelog does not name it"),
        (
            replace(UPSTREAMS_OWN, package=Package("nginx", "1", None, False, "it is not there")),
            WARNING, POSSIBLE, "it is not there",
        ),
        (
            replace(UPSTREAMS_OWN, package=Package("nginx", "1", frozenset(), complete=False)),
            WARNING, POSSIBLE, "was cut off",
        ),
        (replace(UPSTREAMS_OWN, name="openresty"), WARNING, POSSIBLE, "its makers"),
    ],
)  # fmt: skip
def test_what_a_build_tells(
    build: Build | None, severity: Severity, confidence: Confidence, words: str
) -> None:
    report = lint_text(whole(SHARED), rules=["cve-2026-97629"], version="1.31.3", build_of_nginx=build)
    (found,) = report.findings
    assert (found.severity, found.confidence) == (severity, confidence)
    assert words in found.finding.message


def test_what_lets_nobody_in_is_a_warning_where_it_is_known() -> None:
    report = lint_text(whole(UPSTREAM), rules=["cve-2026-1642"], version="1.28.1", build_of_nginx=PACKAGED)
    assert [(one.severity, one.confidence) for one in report.findings] == [(WARNING, Confidence.CERTAIN)]


def test_a_fragment_is_less_sure() -> None:
    report = lint_text(SHARED, rules=["cve-2026-97629"], version="1.31.3", build_of_nginx=PACKAGED)
    assert [found.confidence for found in report.findings] == [LIKELY]


def test_a_package_with_the_fix_is_silent() -> None:
    build = replace(
        UPSTREAMS_OWN, package=Package("nginx", "1", frozenset({"CVE-2026-97629"}), complete=False)
    )
    report = lint_text(SHARED, rules=["cve-2026-97629"], version="1.31.3", build_of_nginx=build)
    assert report.findings == ()
    assert report.not_evaluated == ()


STREAM_MODES = f"""
events {{}}
stream {{
    {TLS} ssl_client_certificate /pki/root.pem;
    server {{ listen 443 ssl; server_name a.test; proxy_pass 127.0.0.1:1; }}
    server {{ listen 443 ssl; server_name b.test; ssl_verify_client on; proxy_pass 127.0.0.1:2; }}
}}
"""


def test_a_build_with_the_fix_of_a_stream_advisory() -> None:
    rule = ["stream-servers-with-different-modes"]
    assert len(lint_text(STREAM_MODES, rules=rule, version="1.31.3").findings) == 1
    mended = replace(UPSTREAMS_OWN, package=Package("nginx", "1", frozenset({"CVE-2026-120967"})))
    assert lint_text(STREAM_MODES, rules=rule, version="1.31.3", build_of_nginx=mended).findings == ()


CROSSING = f"""
ssl_protocols TLSv1.2 TLSv1.3;
server {{ listen 443 ssl default_server; ssl_reject_handshake on; }}
server {{
    listen 443 ssl; server_name a.test; {TLS} ssl_client_certificate /pki/other-root.pem; ssl_verify_client on;
    location / {{ proxy_pass http://127.0.0.1; }}
}}
server {{
    listen 443 ssl; server_name b.test; {TLS} {ASKING}
    location / {{ proxy_pass http://127.0.0.1; }}
}}
"""


@pytest.mark.parametrize(
    ("package", "severity", "confidence"),
    [
        (None, WARNING, POSSIBLE),
        (Package("nginx", "1", frozenset({"CVE-2025-23419"})), None, None),
        (Package("nginx", "1", frozenset()), Severity.ERROR, LIKELY),
    ],
)
def test_sessions_that_cross_servers_by_build(
    package: Package | None, severity: Severity | None, confidence: Confidence | None
) -> None:
    build = None
    if package is not None:
        build = replace(UPSTREAMS_OWN, version=NginxVersion(1, 22, 1), package=package)
    rule = "session-resumption-crosses-servers"
    report = lint_text(CROSSING, rules=[rule], version="1.22.1", build_of_nginx=build)
    assert [(one.severity, one.confidence) for one in report.findings] == (
        [] if severity is None else [(severity, confidence)]
    )
