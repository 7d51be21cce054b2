"""Forged identities against real nginx: a recording backend gets them by the witness, and by no near miss."""

from pathlib import Path
from textwrap import dedent

import pytest

from mtls_lint.lint.finding import Witness
from mtls_lint.lint.pack import built_in_pack, load_packs
from mtls_lint.testing import lint_text
from mtls_lint.testing.nginx import NginxBinary
from rules.forwarding.live import running
from rules.forwarding.test_cases import CASES

FORGING = ("identity-header-not-overwritten", "proxy-set-header-inheritance")
PAGES = {rule.id: rule.documentation for rule in load_packs([built_in_pack()]) if rule.id in FORGING}
BAD = [
    pytest.param(rule, page, id=f"{rule}-{number}")
    for rule in FORGING
    for number, page in enumerate((example.text for example in PAGES[rule].bad), 1)
] + [
    pytest.param(rule, dedent(case.text), id=f"{rule}:{case}")
    for rule in FORGING
    for case in CASES[rule]
    if case.lines
]
# Near misses that nobody could forge anything in, or of which nginx without these modules knows nothing.
OTHER = {
    "cleared by headers-more": "a module",
    "Lua may do anything": "a module",
    "an absent include": "nginx does not start",
    "an address decides": "our address is refused",
    "a password is asked for": "there is no file of users",
    "another protocol": "no backend speaks two",
    "a variable decides": "no backend is known",
    "a health check": "what is there for machines is let alone",
}
GOOD = [
    pytest.param(example.text, id=f"{rule}-{number}")
    for rule in FORGING
    for number, example in enumerate(PAGES[rule].good, 1)
] + [
    pytest.param(dedent(case.text), id=f"{rule}:{case}")
    for rule in FORGING
    for case in CASES[rule]
    if not case.lines and case.what not in OTHER
]


@pytest.mark.parametrize(("rule", "text"), BAD)
def test_the_backend_gets_the_forged_identity(
    rule: str, text: str, nginx: NginxBinary, tmp_path: Path
) -> None:
    report = lint_text(text, rules=[rule], version=nginx.version)
    assert report.findings
    with running(text, nginx, tmp_path) as live:
        for found in report.findings:
            witness = found.finding.witness
            assert isinstance(witness, Witness)
            live.clear()
            assert live.show(witness).status == 200
            forged = {header.partition(": ")[2] for header in witness.headers}
            # Parameters of gateways have other names than the headers that forge them.
            names = {forwarded.name for _, forwarded, _ in live.carried()}
            names |= {header.partition(": ")[0] for header in witness.headers}
            got = {
                value
                for backend in live.backends.values()
                for name in names
                for value in backend.values(name)
            }
            assert forged <= got, witness.curl


@pytest.mark.parametrize("text", GOOD)
def test_no_near_miss_takes_it(text: str, nginx: NginxBinary, tmp_path: Path) -> None:
    with running(text, nginx, tmp_path) as live:
        carried = list(live.carried())
        live.knock(tuple({f"{header}: forged by header" for _, _, header in carried}))
        for backend, forwarded, _ in carried:
            values = backend.values(forwarded.name)
            assert "forged by header" not in values, forwarded.name
