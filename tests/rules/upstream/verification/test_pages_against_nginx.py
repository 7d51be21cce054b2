"""The pages' configurations with a real backend: who gets 502, and who is believed."""

import re
from pathlib import Path

import pytest

from mtls_lint.testing import ExampleCase, Identity, examples_of, with_material
from mtls_lint.testing.catalogue import authority
from mtls_lint.testing.examples import wrapped
from mtls_lint.testing.nginx import NginxBinary, Reply, request

NAMES = ("app.example.com", "www.example.com", "app.internal")
GENUINE = authority("root").server(*NAMES)
BELOW_TWO = authority("issuing").server(*NAMES)
STRANGER = authority("other-root").server("stranger.test")

BACKENDS = {"upstream-verify-depth-too-small": BELOW_TWO}
"""What the backend shows where it is not ``GENUINE``."""

REFUSING = [
    "upstream-ca-expired",
    "upstream-ca-lets-nobody-pass",
    "upstream-certificate-refused",
    "upstream-crl-lets-nobody-pass",
    "upstream-name-of-block",
    "upstream-name-unmatchable",
    "upstream-trust-public",
    "upstream-verify-depth-too-small",
]
"""Rules that say of their Bad examples that every request ends with 502."""


def examples(*rules: str) -> list[ExampleCase]:
    return [case for case in examples_of() if case.rule.id in rules]


def ask(
    case: ExampleCase, backend: Identity, nginx: NginxBinary, directory: Path, uri: str = "/", host: str = "x"
) -> Reply:
    """One request to an example whose backend shows this certificate."""
    backend.write(directory, "backend")
    text = re.sub(r"192\.0\.2\.\d+:8443|127\.0\.0\.1:8443", "127.0.0.1:PORT_back", case.example.text)
    text = text.replace("unix:/run/app.sock", f"unix:{directory}/s")
    text = re.sub(r"listen (80|12345)", "listen 127.0.0.1:PORT_web", text)
    text = text if re.search(r"^events", text, re.MULTILINE) else wrapped(text, ("http",))
    if "listen 127.0.0.1:PORT_back" not in text:
        shown = "ssl_certificate backend.pem; ssl_certificate_key backend.key;"
        server = (
            f"server {{ listen 127.0.0.1:PORT_back ssl; listen unix:{directory}/s ssl; {shown}"
            " return 200 believed; }"
        )
        end = text.rstrip().rindex("}")
        text = f"{text[:end]} {server} }}\n"
    with nginx.run(with_material(text), directory) as running:
        return request(running.ports["web"], tls=False, uri=uri, host=host)


@pytest.mark.parametrize("case", examples(*REFUSING), ids=str)
def test_what_is_refused(case: ExampleCase, nginx: NginxBinary, tmp_path: Path) -> None:
    if case.rule.id == "upstream-trust-public" and case.kind == "good":
        pytest.skip("a certificate of a public CA is wanted")
    reply = ask(case, BACKENDS.get(case.rule.id, GENUINE), nginx, tmp_path)
    assert (reply.status == 502) is (case.kind == "bad")


@pytest.mark.parametrize("case", examples("upstream-verify-off"), ids=str)
def test_who_is_believed(case: ExampleCase, nginx: NginxBinary, tmp_path: Path) -> None:
    """A stranger's certificate for another name."""
    if "https" not in case.example.text or "grpc_pass" in case.example.text:
        pytest.skip("nothing is said in TLS and HTTP/1 there")
    uri = "/old/" if "/old/" in case.example.text else "/"
    reply = ask(case, STRANGER, nginx, tmp_path, uri)
    assert (reply.status, reply.body == "believed") == ((200, True) if case.kind == "bad" else (502, False))


@pytest.mark.parametrize("case", examples("upstream-name-from-client"), ids=str)
def test_a_client_chooses_the_name(case: ExampleCase, nginx: NginxBinary, tmp_path: Path) -> None:
    """A backend with a certificate of the right CA for another name, and a request that asks for it."""
    impostor = authority("root").server("impostor.test")
    reply = ask(case, impostor, nginx, tmp_path, host="impostor.test")
    assert (reply.status == 200) is (case.kind == "bad")
