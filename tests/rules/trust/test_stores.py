"""What the rules make of several servers, files for stapling, and files that cannot be known."""

from mtls_lint.lint.runner import Report
from mtls_lint.testing import Authority, lint_text
from mtls_lint.testing.pki import Validity, make_key

ALL = ("ca-expired", "ca-expiring", "ca-intermediate-only", "ca-not-a-ca", "ca-weak-signature")
HEAD = """\
events {}
http {
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
    ssl_verify_client   on;
"""


def lint(servers: str, *rules: str, files: dict[str, str | bytes] | None = None) -> Report:
    report = lint_text(HEAD + servers + "}\n", rules=rules or ALL, files=files)
    assert report.crashes == ()
    return report


def server(name: str, *lines: str) -> str:
    return f"    server {{ listen 443 ssl; server_name {name}; {' '.join(lines)} }}\n"


def test_a_chain_for_stapling_is_no_fault_of_the_client_trust() -> None:
    report = lint(
        server(
            "a.example.com",
            "ssl_client_certificate /pki/other-root.pem;",
            "ssl_trusted_certificate /pki/server-chain.pem;",
        )
    )
    assert report.findings == ()


def test_only_the_servers_that_lack_the_root_are_named() -> None:
    report = lint(
        "    ssl_client_certificate /pki/intermediate.pem;\n"
        + server("a.example.com", "ssl_trusted_certificate /pki/root.pem;")
        + server("b.example.com")
    )
    (found,) = report.findings
    assert found.rule == "ca-intermediate-only"
    assert "server b.example.com:443" in found.finding.message
    assert "a.example.com" not in found.finding.message
    assert found.span.line == 6


def test_optional_no_ca_locks_nobody_out() -> None:
    line = "ssl_verify_client optional_no_ca; ssl_client_certificate /pki/ca-not-a-ca.pem;"
    (found,) = lint(server("a.example.com", line)).findings
    assert (found.rule, found.severity.value) == ("ca-not-a-ca", "warning")


def test_a_store_that_a_command_replaces_is_not_judged() -> None:
    report = lint(
        server(
            "a.example.com",
            "ssl_client_certificate /pki/intermediate.pem;",
            "ssl_conf_command VerifyCAFile /pki/root.pem;",
        ),
        "ca-intermediate-only",
    )
    assert report.findings == ()
    assert any("VerifyCAFile" in entry.reason for entry in report.not_evaluated)


def test_an_absent_second_file_leaves_the_root_unknown() -> None:
    report = lint(
        server(
            "a.example.com",
            "ssl_client_certificate /pki/intermediate.pem;",
            "ssl_trusted_certificate /nowhere/root.pem;",
        ),
        "ca-intermediate-only",
    )
    assert report.findings == ()
    assert any("/nowhere/root.pem" in entry.reason for entry in report.not_evaluated)


def test_a_renewed_copy_silences_the_warning() -> None:
    key = make_key("p256")
    soon = Validity.between("2017-01-01", "2027-01-01")
    old = Authority.root("Root CA", own_key=key, validity=soon)
    new = Authority.root("Root CA", own_key=key)
    line = server("a.example.com", "ssl_client_certificate ca.pem;")
    (found,) = lint(line, "ca-expiring", files={"ca.pem": old.pem}).findings
    assert "2027-01-01" in found.finding.message
    assert lint(line, "ca-expiring", files={"ca.pem": old.pem + new.pem}).findings == ()


def test_a_root_of_thirty_years_is_not_due_ten_years_before() -> None:
    root = Authority.root("Root CA", validity=Validity.between("2000-01-01", "2030-01-01"))
    line = server("a.example.com", "ssl_client_certificate ca.pem;")
    assert lint(line, "ca-expiring", files={"ca.pem": root.pem}).findings == ()


def test_the_key_of_a_ca_is_worse_than_another_one() -> None:
    root = Authority.root("Root CA")
    line = server("a.example.com", "ssl_client_certificate ca.pem;")
    own = lint(line, "ca-file-with-private-key", files={"ca.pem": root.pem + root.key_pem()})
    other = lint(line, "ca-file-with-private-key", files={"ca.pem": root.pem + root.client("x").key_pem()})
    assert [f.severity.value for f in (*own.findings, *other.findings)] == ["error", "warning"]
