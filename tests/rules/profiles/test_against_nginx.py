"""What OpenSSL does where nothing is written, which no profile with lists allows: asked of real nginx."""

import shutil
import subprocess
from pathlib import Path

import pytest

from mtls_lint.testing.catalogue import materialise
from mtls_lint.testing.nginx import NginxBinary

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="Python's ssl does not choose groups")

TEXT = """events {{}}
http {{
    server {{
        listen 127.0.0.1:PORT_tls ssl;
        ssl_certificate server.pem; ssl_certificate_key server.key;
        ssl_protocols TLSv1.2 TLSv1.3; {setting}
        return 200 "ok";
    }}
}}
"""


def negotiates(nginx: NginxBinary, directory: Path, setting: str, *options: str) -> bool:
    materialise(directory, ["server.pem", "server.key"])
    with nginx.run(TEXT.format(setting=setting), directory) as running:
        done = subprocess.run(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{running.ports['tls']}", "-brief", *options],
            input=b"",
            capture_output=True,
            check=False,
            timeout=20,
        )
    return done.returncode == 0 and b"CONNECTION ESTABLISHED" in done.stdout + done.stderr


@pytest.mark.parametrize("group", ["X25519", "X448", "P-521"])
def test_groups_of_openssl_itself(group: str, nginx: NginxBinary, tmp_path: Path) -> None:
    """group-outside-profile: `auto`, the default, has them; a list has not."""
    assert negotiates(nginx, tmp_path, "", "-groups", group)
    assert negotiates(nginx, tmp_path, "ssl_ecdh_curve auto;", "-groups", group)
    assert not negotiates(nginx, tmp_path, "ssl_ecdh_curve P-256:P-384;", "-groups", group)


def test_suites_of_tls13(nginx: NginxBinary, tmp_path: Path) -> None:
    """ciphersuite-outside-profile: ChaCha20 is on by default, whatever `ssl_ciphers` says."""
    wanted = ("-tls1_3", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256")
    assert negotiates(nginx, tmp_path, "ssl_ciphers AES256-SHA;", *wanted)
    command = "ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;"
    assert not negotiates(nginx, tmp_path, command, *wanted)


def test_a_command_replaces_the_string(nginx: NginxBinary, tmp_path: Path) -> None:
    """cipher-outside-profile judges the string of `CipherString`, not that of `ssl_ciphers`."""
    both = "ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256; ssl_conf_command CipherString {};"
    setting = both.format("ECDHE-ECDSA-AES256-SHA384")
    assert not negotiates(nginx, tmp_path, setting, "-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256")
    assert negotiates(nginx, tmp_path, setting, "-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-SHA384")


def test_dhe_wants_parameters(nginx: NginxBinary, tmp_path: Path) -> None:
    """cipher-outside-profile: a DHE suite of the string is none without `ssl_dhparam`."""
    wanted = ("-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256")
    setting = "ssl_certificate rsa.pem; ssl_certificate_key rsa.key; ssl_ciphers DHE+AESGCM:ECDHE+AESGCM;"
    materialise(tmp_path, ["rsa.pem", "rsa.key"])
    group = ["openssl", "genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:ffdhe2048"]
    subprocess.run([*group, "-out", "dh.pem"], cwd=tmp_path, check=True, capture_output=True)
    assert not negotiates(nginx, tmp_path, setting, *wanted)
    assert negotiates(nginx, tmp_path, f"{setting} ssl_dhparam dh.pem;", *wanted)


def test_names_that_no_server_has(nginx: NginxBinary, tmp_path: Path) -> None:
    """unknown-name-answered: any name is answered, unless the default server rejects the handshake."""
    assert negotiates(nginx, tmp_path, "server_name a.test;", "-servername", "unknown.test")
    assert not negotiates(nginx, tmp_path, "ssl_reject_handshake on;", "-servername", "unknown.test")
