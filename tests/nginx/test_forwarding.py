"""What a backend gets in each header and parameter: the model, and real nginx."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from mtls_lint.nginx.forwarding import Fate, ForwardingPath, forwarding_paths
from mtls_lint.nginx.model import Configuration, build
from mtls_lint.syntax.loader import load_text
from mtls_lint.testing.catalogue import identity, materialise
from mtls_lint.testing.nginx import NginxBinary, request
from rules.forwarding.recorder import recording

PROTOCOLS = ("http", "fastcgi", "uwsgi", "scgi")
DN = "$ssl_client_s_dn"

# For each protocol: the settings of a location, the key, and the header that a client would send for it.
LOCATIONS = [
    ("http", "", "x-dn", "X-DN"),
    ("http", f"proxy_set_header X-DN {DN};", "x-dn", "X-DN"),
    ("http", 'proxy_set_header X-DN "";', "x-dn", "X-DN"),
    ("http", "proxy_set_header X-DN nobody;", "x-dn", "X-DN"),
    ("http", "proxy_set_header X-DN $http_x_other;", "x-dn", "X-Other"),
    ("http", "proxy_pass_request_headers off;", "x-dn", "X-DN"),
    ("http", f"proxy_pass_request_headers off; proxy_set_header X-DN {DN};", "x-dn", "X-DN"),
    ("http", "", "x_dn", "X_DN"),
    ("http", f"proxy_set_header X_DN {DN};", "x_dn", "X_DN"),
    ("http", f"proxy_set_header X_DN {DN};", "x-dn", "X-DN"),
    ("http", "proxy_set_header X-DN $of_map;", "x-dn", "X-DN"),
    ("http", f"set $of_set {DN}; proxy_set_header X-DN $of_set;", "x-dn", "X-DN"),
] + [
    (protocol, settings, key, "X-DN")
    for protocol in PROTOCOLS[1:]
    for settings, key in (
        (f"{protocol}_param A b;", "HTTP_X_DN"),
        (f"{protocol}_param A b;", "SSL_DN"),
        (f"{protocol}_param HTTP_X_DN {DN};", "HTTP_X_DN"),
        (f"{protocol}_param SSL_DN {DN};", "SSL_DN"),
        (f'{protocol}_param HTTP_X_DN "";', "HTTP_X_DN"),
        (f"{protocol}_param HTTP_X_DN {DN} if_not_empty;", "HTTP_X_DN"),
        (f"{protocol}_param http_x_dn {DN};", "HTTP_X_DN"),
        (f"{protocol}_pass_request_headers off; {protocol}_param A b;", "HTTP_X_DN"),
    )
]  # fmt: skip


def text(ports: dict[str, int], server: str = "") -> str:
    locations = " ".join(
        f"location = /{number} {{ {'proxy_pass http://' if protocol == 'http' else f'{protocol}_pass '}"
        f"127.0.0.1:{ports[protocol]}; {settings} }}"
        for number, (protocol, settings, _, _) in enumerate(LOCATIONS)
    )
    return (
        "events {} http { map $ssl_client_s_dn $of_map { ~^(?<all>.*)$ $all; } server {"
        " listen 127.0.0.1:PORT_tls ssl; listen 127.0.0.1:PORT_plain; ssl_certificate pki/server.pem;"
        " ssl_certificate_key pki/server.key; ssl_client_certificate pki/root.pem;"
        f" ssl_verify_client optional; {server} {locations} }} }}"
    )


def model(configuration_text: str) -> Configuration:
    return build(load_text(configuration_text.replace("PORT_tls", "443").replace("PORT_plain", "80")))


def got(path: ForwardingPath, key: str) -> dict[str, list[str]]:
    """What the backend is to get: without TLS, without a certificate, and with one."""
    nothing: list[str] = []
    name = identity("client").certificate.subject.rfc4514_string()
    fate = Fate.CLIENT if path.is_added(key) else path.fate(key)
    fixed = [path.forwarded[key].value] if key in path.forwarded and path.forwarded[key].value else nothing
    by_fate = {
        Fate.IDENTITY: (nothing, nothing, [name]),
        Fate.CLIENT: (["forged"], ["forged"], ["forged"]),
        Fate.ABSENT: (nothing, nothing, nothing),
        Fate.FIXED: (fixed, fixed, fixed),
    }
    return dict(zip(("plain", "anonymous", "known"), by_fate[fate], strict=True))


@pytest.mark.parametrize("server", ["", "underscores_in_headers on;", "ignore_invalid_headers off;"])
def test_nginx_sends_what_the_model_says(server: str, nginx: NginxBinary, tmp_path: Path) -> None:
    (tmp_path / "pki").mkdir()
    materialise(tmp_path / "pki")
    client = tmp_path / "client.pem"
    client.write_bytes(identity("client").pem + identity("client").key_pem())
    with ExitStack() as stack:
        recorders = {protocol: stack.enter_context(recording(protocol)) for protocol in PROTOCOLS}
        whole = text({protocol: recorder.port for protocol, recorder in recorders.items()}, server)
        paths = forwarding_paths(model(whole))
        running = stack.enter_context(nginx.run(whole, tmp_path))
        for number, (protocol, settings, key, header) in enumerate(LOCATIONS):
            wanted = got(paths[number], key)
            for who, expected in wanted.items():
                recorders[protocol].clear()
                reply = request(
                    running.ports["plain" if who == "plain" else "tls"],
                    tls=who != "plain",
                    uri=f"/{number}",
                    headers=(f"{header}: forged",),
                    certificate=client if who == "known" else None,
                )
                assert reply.status == 200
                # An empty parameter is as good as none; what is set besides the client's header comes first.
                values = [value for value in recorders[protocol].values(key) if value]
                assert values[-1:] == expected, (protocol, settings, who, recorders[protocol])
