"""The files of profiles: what they name exists, and nothing is claimed that no rule looks at."""

import json
import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from mtls_lint.lint.controls import State, assess
from mtls_lint.lint.finding import Severity
from mtls_lint.lint.pack import built_in_pack, load_packs
from mtls_lint.lint.profile import Profile, ProfileError, load_profile, profile_names, under_profile
from mtls_lint.lint.requirements import NAMES, Requirements, requirements
from mtls_lint.lint.selection import select_rules
from mtls_lint.nginx.version import NEWEST_STABLE
from mtls_lint.testing import lint_text

ROOT = Path(__file__).resolve().parent.parent.parent
RULES = load_packs([built_in_pack()])
IDS = {rule.id for rule in RULES}
PROFILES = [load_profile(name) for name in profile_names()]

# A rule of the left side is silent without a parameter of the right side.
PARAMETERS = {
    "certificate-outside-profile": {"rsa_bits", "ec_bits", "key_types", "curves", "digests", "lifetime_days"},
    "cipher-order-outside-profile": {"server_order"},
    "cipher-outside-profile": {"ciphers"},
    "ciphersuite-outside-profile": {"ciphersuites"},
    "group-outside-profile": {"groups"},
    "protocol-outside-profile": {"protocols", "upstream_protocols"},
    "protocols-not-written": {"protocols_written"},
    "session-tickets-outside-profile": {"session_tickets"},
    "unknown-name-answered": {"unknown_names_refused"},
    "upstream-client-cert-missing": {"upstream_certificate"},
}
CONF = """
server {
    listen 443 ssl;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
    ssl_protocols       TLSv1.2 TLSv1.3;
}
"""


def given(profile: Profile) -> set[str]:
    empty = Requirements(profile.name)
    return {name for name in NAMES if getattr(profile.requirements, name) != getattr(empty, name)}


def test_the_profiles_there_are() -> None:
    assert profile_names() == (
        "default",
        "asvs-5.0",
        "bsi-tr-02102-2",
        "cis-2.1.0",
        "cis-3.0.0",
        "mozilla-intermediate-6.0",
        "mozilla-modern-6.0",
        "nist-800-52r2",
        "pci-dss-4.0.1",
        "stig-v1r1",
        "strict",
    )


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
class TestEachProfile:
    def test_the_rules_it_names_exist(self, profile: Profile) -> None:
        patterns = [pattern for control in profile.controls for pattern in control.rules]
        for pattern in (*patterns, *profile.severity, *profile.select, *profile.ignore):
            assert any(fnmatchcase(rule, pattern) for rule in IDS), pattern

    def test_its_controls_are_its_own_and_come_once(self, profile: Profile) -> None:
        ids = [control.id for control in profile.controls]
        assert len(set(ids)) == len(ids)
        assert all(control.title for control in profile.controls)
        if profile.controls:
            assert profile.sources

    def test_a_rule_is_named_in_one_place(self, profile: Profile) -> None:
        """What a rule declares is not said once more in the file."""
        for control in profile.controls:
            for rule in RULES:
                if control.id in rule.declaration.controls:
                    assert rule.id not in control.rules, control.id

    def test_what_rules_declare_of_its_standard_is_among_its_controls(self, profile: Profile) -> None:
        ids = {control.id for control in profile.controls}
        standards = {one.rpartition(" ")[0] for one in ids}
        declared = {control for rule in RULES for control in rule.declaration.controls}
        assert {one for one in declared if one.rpartition(" ")[0] in standards} <= ids

    def test_no_rule_counts_that_is_silent_for_want_of_a_parameter(self, profile: Profile) -> None:
        for control in profile.controls:
            for rule in RULES:
                if rule.id in PARAMETERS and control.covered_by(rule):
                    assert PARAMETERS[rule.id] & given(profile), (control.id, rule.id)

    def test_every_parameter_is_read_for_some_control(self, profile: Profile) -> None:
        """A finding of a profile's parameter is about one of its controls."""
        if not profile.controls:
            return
        for rule in RULES:
            if PARAMETERS.get(rule.id, set()) & given(profile):
                assert any(control.covered_by(rule) for control in profile.controls), rule.id

    def test_it_runs(self, profile: Profile) -> None:
        report = lint_text(CONF, profile=profile.name)
        assert report.crashes == ()
        chosen = select_rules(RULES, profile.select, profile.ignore)
        states = {one.state for one in assess(report, RULES, chosen, profile)}
        assert State.PASSED in states


def test_rules_with_parameters_are_those_of_the_table() -> None:
    reading = {rule.id for rule in RULES if "settings.requirements" in Path(rule.file).read_text("utf-8")}
    assert reading == set(PARAMETERS)
    for rule in RULES:
        if rule.id in PARAMETERS:
            # Without the parameter it is silent, and must not stand for a clause.
            assert rule.declaration.controls == ()


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_such_a_rule_is_silent_without_a_profile(name: str) -> None:
    rule = next(rule for rule in RULES if rule.id == name)
    for example in rule.documentation.bad:
        report = lint_text(example.text, rules=[name])
        assert report.findings == ()
        assert report.not_evaluated == ()


def test_a_profile_that_there_is_not() -> None:
    with pytest.raises(ProfileError, match=re.escape("did you mean 'cis-3.0.0'")):
        load_profile("cis-3")
    with pytest.raises(ProfileError):
        load_profile("../pyproject")
    with pytest.raises(ValueError, match="unknown parameters protocol"):
        requirements("own", {"protocol": ["TLSv1.3"]})


def test_severities_only_rise() -> None:
    text = CONF.replace("}", "ssl_client_certificate /pki/root.pem; ssl_verify_client on; }")
    report = lint_text(text, rules=["revocation-none"])
    assert [found.severity for found in report.findings] == [Severity.INFO]
    for name, severity in (
        ("stig-v1r1", Severity.ERROR),
        ("strict", Severity.WARNING),
        ("default", Severity.INFO),
    ):
        judged = under_profile(report, load_profile(name), RULES)
        assert [found.severity for found in judged.findings] == [severity]
    judged = under_profile(report, load_profile("nist-800-52r2"), RULES)
    # A clause whose text was not available is not put on a finding.
    assert not any(control.startswith("NIST") for control in judged.findings[0].controls)


def test_an_unselected_rule_and_an_unread_file_leave_a_control_open() -> None:
    profile = load_profile("cis-3.0.0")
    report = lint_text(CONF, profile=profile.name)
    ran = tuple(rule for rule in RULES if rule.id != "cipher-weak")
    states = {one.control.id: one for one in assess(report, RULES, ran, profile)}
    suites = states["CIS NGINX 3.0.0 4.1.5"]
    assert suites.state is State.NOT_EVALUATED
    assert suites.reasons == ("cipher-weak was not selected",)
    report = lint_text("include absent.conf;" + CONF, profile=profile.name)
    assert {one.state for one in assess(report, RULES, RULES, profile)} <= {
        State.FAILED,
        State.NOT_EVALUATED,
        State.NOT_COVERED,
    }


def test_without_a_profile_no_clause_of_one_passes() -> None:
    report = lint_text(CONF)
    for one in assess(report, RULES, RULES, None):
        if one.control.title:
            assert one.state is not State.PASSED, one.control.id
    assert {one.state for one in assess(report, RULES, RULES, None)} >= {State.PASSED, State.NOT_EVALUATED}


def test_what_a_whole_family_cannot_tell_leaves_a_control_open() -> None:
    """Rules about versions say in the family's name that nobody told which nginx it is."""
    profile = load_profile("cis-3.0.0")
    for version, state in ((None, State.NOT_EVALUATED), (str(NEWEST_STABLE), State.PASSED)):
        report = lint_text(CONF, profile=profile.name, version=version)
        states = {one.control.id: one.state for one in assess(report, RULES, RULES, profile)}
        assert states["CIS NGINX 3.0.0 1.2.2"] is state


def test_no_server_no_verdict() -> None:
    report = lint_text("map $host $a { default 1; }")
    profile = load_profile("cis-3.0.0")
    assert State.PASSED not in {one.state for one in assess(report, RULES, RULES, profile)}


def test_the_files_are_json_with_known_keys() -> None:
    known = {
        "title",
        "text",
        "sources",
        "select",
        "ignore",
        "least_severity",
        "severity",
        "parameters",
        "controls",
    }
    for path in (ROOT / "src/mtls_lint/profiles").glob("*.json"):
        data = json.loads(path.read_text("utf-8"))
        assert set(data) <= known
        for control in data.get("controls", []):
            assert set(control) <= {"id", "title", "rules", "beyond", "confirmed"}
