"""What commands of OpenSSL, the length of the names and a server's own certificate do on real nginx."""

import subprocess
from pathlib import Path

import pytest
from cryptography import x509

from mtls_lint.testing import Authority, Identity, NginxBinary, Reply, lint_text, request
from mtls_lint.testing.catalogue import authority, content, identity, materialise
from mtls_lint.testing.pki import make_key

SERVER = """\
        listen 127.0.0.1:PORT_web ssl;
        ssl_certificate     {directory}/{certificate}.pem;
        ssl_certificate_key {directory}/{certificate}.key;
        ssl_verify_client   {mode};
        {lines}
        return {answer};
"""
HTTP = "events {{}}\nhttp {{\n    server {{\n" + SERVER + "    }}\n}}\n"
STREAM = "events {{}}\nstream {{\n    server {{\n" + SERVER + "    }}\n}}\n"
FILES = ("server.pem", "server.key", "root.pem", "other-root.pem", "crl.pem")


def text(directory: Path, *lines: str, mode: str = "on", certificate: str = "server") -> str:
    return HTTP.format(
        directory=directory, lines="\n        ".join(lines), mode=mode, certificate=certificate, answer=200
    )


def send(port: int, directory: Path, client: Identity | None, tls: str | None = None) -> Reply:
    files: dict[str, Path] = {}
    if client is not None:
        files = {"certificate": directory / "client.pem", "key": directory / "client.key"}
        client.write(directory, "client")
    return request(port, minimum=tls, maximum=tls, **files)  # type: ignore[arg-type]


def said(configuration: str, nginx: NginxBinary, *rules: str) -> list[str]:
    report = lint_text(configuration.replace("PORT_web", "443"), rules=rules, version=nginx.version)
    assert report.crashes == ()
    return [found.rule for found in report.findings]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    materialise(tmp_path, FILES)
    (tmp_path / "hashed").mkdir()
    (tmp_path / "hashed" / "root.pem").write_bytes(content("root.pem"))
    subprocess.run(["openssl", "rehash", tmp_path / "hashed"], check=True)
    return tmp_path


@pytest.mark.parametrize("name", ["VerifyCAFile", "verifycafile", "VerifyCAPath", "VerifyCAStore"])
@pytest.mark.parametrize("module", ["http", "stream"])
def test_a_command_replaces_the_client_cas_and_their_crl(
    nginx: NginxBinary, directory: Path, name: str, module: str
) -> None:
    where = directory / ("hashed" if name == "VerifyCAPath" else "root.pem")
    lines = (
        f"ssl_client_certificate {directory}/other-root.pem;",
        f"ssl_crl {directory}/crl.pem;",
        f"ssl_conf_command {name} {where};",
    )
    configuration = text(directory, *lines)
    if module == "stream":
        configuration = STREAM.format(
            directory=directory, lines=" ".join(lines), mode="on", certificate="server", answer='"served"'
        )
        if not nginx.can_run(configuration):
            pytest.skip("this nginx has no stream module")
    assert said(configuration, nginx, "conf-command-replaces-trust") == ["conf-command-replaces-trust"]
    served = {}
    with nginx.run(configuration, directory) as server:
        for who, client in (
            ("root", authority("root").client("a")),
            ("other", authority("other-root").client("b")),
            ("revoked", identity("revoked-client")),
        ):
            reply = send(server.ports["web"], directory, client)
            served[who] = reply.status == 200 or reply.raw == b"served"
    assert served == {"root": True, "other": False, "revoked": True}


@pytest.mark.parametrize("name", ["ChainCAFile", "RequestCAFile", "ClientCAFile"])
def test_other_commands_replace_nothing(nginx: NginxBinary, directory: Path, name: str) -> None:
    configuration = text(
        directory,
        f"ssl_client_certificate {directory}/root.pem;",
        f"ssl_crl {directory}/crl.pem;",
        f"ssl_conf_command {name} {directory}/other-root.pem;",
    )
    assert said(configuration, nginx, "conf-command-replaces-trust") == []
    with nginx.run(configuration, directory) as server:
        clients = (
            authority("root").client("a"),
            authority("other-root").client("b"),
            identity("revoked-client"),
        )
        statuses = [send(server.ports["web"], directory, client).status for client in clients]
    assert statuses == [200, 400, 400]


def names_of(length: int) -> bytes:
    """CA certificates whose names take this many bytes where they are sent."""

    def name(number: int, padding: int) -> str:
        # A part of a name has at most 64 characters.
        parts = [f"OU={'x' * min(60, padding - at)}" for at in range(0, padding, 60)]
        return ",".join([*parts, f"CN=CA {number:04}"])

    def size(one: str) -> int:
        return len(x509.Name.from_rfc4514_string(one).public_bytes()) + 2

    names: list[str] = []
    while length > 2_500:
        names.append(name(len(names), 900))
        length -= size(names[-1])
    pairs = (
        (one, other)
        for one in (name(len(names), padding) for padding in range(301, 330))
        for other in (name(len(names) + 1, padding) for padding in range(length - 900, length - 300))
        if size(one) + size(other) == length
    )
    key = make_key("p256")
    return b"".join(Authority.root("CA", subject=one, own_key=key).pem for one in (*names, *next(pairs)))


@pytest.mark.parametrize(
    ("length", "tls", "works"),
    [
        (65_535, "1.2", True),
        (65_536, "1.2", False),
        (65_485, "1.3", True),
        (65_492, "1.3", False),
    ],
)
def test_how_many_bytes_of_names_a_handshake_has_room_for(
    nginx: NginxBinary, directory: Path, length: int, tls: str, works: bool
) -> None:
    (directory / "names.pem").write_bytes(names_of(length))
    configuration = text(
        directory,
        f"ssl_client_certificate {directory}/names.pem;",
        f"ssl_protocols TLSv{tls};",
        mode="optional",
    )
    assert nginx.check(configuration.replace("PORT_web", "12345"), directory)
    assert said(configuration, nginx, "ca-name-list-too-long") == ([] if works else ["ca-name-list-too-long"])
    with nginx.run(configuration, directory) as server:
        reply = send(server.ports["web"], directory, None, tls)
    assert (reply.status == 200) is works
    assert works or reply.error == "TLSV1_ALERT_INTERNAL_ERROR"


def test_whose_names_are_sent(nginx: NginxBinary, directory: Path) -> None:
    (directory / "cas.pem").write_bytes(content("trusted.pem") + content("rsa-root.pem") * 2)
    configuration = text(
        directory,
        f"ssl_client_certificate {directory}/cas.pem;",
        f"ssl_trusted_certificate {directory}/other-root.pem;",
    )
    with nginx.run(configuration, directory) as server:
        done = subprocess.run(
            ["openssl", "s_client", "-tls1_2", "-connect", f"127.0.0.1:{server.ports['web']}"],
            input=b"",
            capture_output=True,
            check=False,
            timeout=30,
        )
    _, _, after = done.stdout.decode().partition("Acceptable client certificate CA names\n")
    names = [line.replace(" ", "") for line in after.splitlines()[:3] if line.startswith("CN")]
    trusted = ["CN=ExampleRootCA"] if nginx.version >= (1, 27, 2) else []
    assert names == [*trusted, "CN=ExampleRSARootCA"]


@pytest.mark.parametrize("name", ["server", "server-any-use", "server-of-clients"])
def test_a_servers_own_certificate_as_a_clients(nginx: NginxBinary, directory: Path, name: str) -> None:
    own = (
        authority("root").server("api.example.com", extended_key_usage=("serverAuth", "clientAuth"))
        if name == "server-of-clients"
        else identity(name)
    )
    own.write(directory, name)
    configuration = text(directory, f"ssl_client_certificate {directory}/root.pem;", certificate=name)
    found = said(configuration, nginx, "ca-issues-servers-too")
    with nginx.run(configuration, directory) as server:
        reply = send(server.ports["web"], directory, own)
    assert (reply.status == 200) is bool(found) is (name != "server")


def test_nginx_takes_the_roots_of_the_web(nginx: NginxBinary, directory: Path) -> None:
    materialise(directory, ["public-bundle.pem", "authenticated_origin_pull_ca.pem"])
    for name in ("public-bundle.pem", "authenticated_origin_pull_ca.pem"):
        configuration = text(directory, f"ssl_client_certificate {directory}/{name};")
        assert nginx.check(configuration.replace("PORT_web", "12345"), directory)
