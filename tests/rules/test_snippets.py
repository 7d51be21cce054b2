"""What several servers include is judged once: one finding, where it stands, about all of them."""

import pytest

from mtls_lint.testing import lint_text

ON = "ssl_verify_client on;"
PAIR = "ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key;"
EXPIRED = ["ssl_certificate /pki/expired.pem;", "ssl_certificate_key /pki/expired.key;"]
CA = "ssl_client_certificate /pki/root.pem; ssl_verify_client on;"
SERVERS = "\n".join(
    f"server {{ listen 844{n} ssl; server_name api.example.com; include tls; }}" for n in range(3)
)
LABELS = [f"api.example.com:844{n}" for n in range(3)]


@pytest.mark.parametrize(
    ("rule", "lines", "line", "labels"),
    [
        ("ca-expired", [PAIR, ON, "ssl_client_certificate /pki/ca-expired.pem;"], 3, LABELS),
        ("ca-intermediate-only", [PAIR, ON, "ssl_client_certificate /pki/intermediate.pem;"], 3, LABELS),
        ("cert-expired", [CA, *EXPIRED], 2, LABELS),
        ("cipher-weak", [PAIR, CA, "ssl_ciphers ALL:RC4:@SECLEVEL=0;"], 3, []),
        ("tls-legacy-protocol", [PAIR, CA, "ssl_protocols TLSv1 TLSv1.2;"], 3, []),
        ("verify-depth-too-large", [PAIR, CA, "ssl_verify_depth 100;"], 3, LABELS),
    ],
)  # fmt: skip
def test_a_snippet_of_three_servers(rule: str, lines: list[str], line: int, labels: list[str]) -> None:
    report = lint_text(
        f"events {{}} http {{ {SERVERS} }}", rules=[rule], files={"tls": "\n".join(lines)}, version="1.31.3"
    )
    (found,) = report.findings
    assert (found.span.path.rpartition("/")[2], found.span.line) == ("tls", line)
    assert [label for label in LABELS if label in found.finding.message] == labels


def test_each_server_is_judged_by_its_own_values_beside_those_of_the_snippet() -> None:
    """One of three servers has a depth that lets the clients of the snippet's CA in."""
    servers = [
        f"server {{ listen 844{n} ssl; server_name api.example.com; include tls; ssl_verify_depth {depth}; }}"
        for n, depth in enumerate((1, 3, 1))
    ]
    report = lint_text(
        "events {} http {\n" + "\n".join(servers) + "\n}",
        rules=["verify-depth-too-small"],
        files={
            "tls": f"{PAIR} ssl_verify_client on; ssl_client_certificate /pki/two-intermediates-bundle.pem;"
        },
        version="1.31.3",
    )
    assert [found.span.line for found in report.findings] == [2, 4]


def test_a_fix_of_what_several_servers_include_is_not_guessed() -> None:
    """`ssl on;` of a snippet says `ssl` of each `listen` of each server."""
    files = {"tls": f"{PAIR}\nssl on;"}
    text = "server {{ listen 844{n}; include tls; }}"
    for count, fixable in ((1, True), (2, False)):
        servers = "".join(text.format(n=n) for n in range(count))
        report = lint_text(
            f"events {{}} http {{ {servers} }}", rules=["ssl-on-removed"], files=files, version="1.31.3"
        )
        (found,) = report.findings
        assert (found.finding.fix is not None) is fixable
