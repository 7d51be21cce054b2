"""One hole is one finding: rules that look at the same decisions do not say the same thing twice."""

import re

import pytest

from mtls_lint.lint.pack import built_in_pack, load_packs
from mtls_lint.testing import lint_text

SERVER = """server {{
    listen 443 ssl;
    ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key;
    ssl_client_certificate /pki/root.pem;
    {}
    location / {{ proxy_pass http://127.0.0.1:8080; }}
}}
"""
UNDONE = ["error-page-undoes-the-check"]
FAMILIES = {"enforcement", "exposure"}
RULES = [rule.id for rule in load_packs([built_in_pack()]) if rule.family in FAMILIES]
CHECK = "if ($ssl_client_verify != SUCCESS) { return 403; }"
WEAK = "if ($ssl_client_verify = NONE) { return 403; }"
APP = "location @app { proxy_pass http://127.0.0.1:8080; }"


@pytest.mark.parametrize(
    ("directives", "rules"),
    [
        ("ssl_verify_client optional;", ["verify-client-optional-unchecked"]),
        (f"ssl_verify_client optional; {CHECK}", []),
        (f"ssl_verify_client optional_no_ca; {WEAK}", ["verify-check-too-weak"]),
        (f"ssl_verify_client optional; rewrite ^ /x break; {CHECK}", ["verify-check-bypassed"]),
        (f"ssl_verify_client optional; {CHECK} error_page 403 = @app; {APP}", UNDONE),
        (f"ssl_verify_client on; error_page 495 496 = @app; {APP}", ["error-page-opens-the-door"]),
        (f"ssl_verify_client optional; error_page 495 = @app; {CHECK} {APP}", ["error-page-opens-the-door"]),
        (f"ssl_verify_client on; listen 80; {CHECK}", []),
        ("ssl_verify_client on; listen 80;", ["plaintext-listener-same-app"]),
    ],
)
def test_one_finding(directives: str, rules: list[str]) -> None:
    report = lint_text(SERVER.format(directives), rules=RULES)
    assert [found.rule for found in report.findings] == rules


def test_a_location_that_takes_guarded_requests_is_not_open_besides() -> None:
    guarded = f"location /admin {{ {CHECK} proxy_pass http://127.0.0.1:8080; }}"
    text = f"ssl_verify_client optional; {guarded} location ~ php$ {{ fastcgi_pass 127.0.0.1:9000; }}"
    whole = SERVER.format(text).replace("location / {", "location /healthz {")
    report = lint_text(whole, rules=RULES)
    assert [found.rule for found in report.findings] == ["verify-check-bypassed"]


DUAL = [rule for rule in load_packs([built_in_pack()]) if rule.family in {"exposure", "sessions"}]


@pytest.mark.parametrize(
    ("rule", "text", "options"),
    [
        pytest.param(rule.id, example.text, example.options, id=f"{rule.id}-{number}")
        for rule in DUAL
        for number, example in enumerate(rule.documentation.bad)
        if "[::]" not in example.text
    ],
)
def test_what_listens_on_ipv6_too_is_said_once(rule: str, text: str, options: dict[str, str]) -> None:
    listens = re.compile(r"listen (\d+)((?: ssl)?(?: default_server)?);")
    both = listens.sub(r"listen \1\2; listen [::]:\1\2;", text)
    assert both != text
    version, profile = options.get("version", "1.31.3"), options.get("profile")
    once, twice = (lint_text(one, rules=[rule], version=version, profile=profile) for one in (text, both))
    assert len(twice.findings) == len(once.findings) == 1
