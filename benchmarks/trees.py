"""Trees of configurations as a hosting company has them, with certificates that are valid now.

    python -m benchmarks.trees DIR --hosts 1000

A tree has `nginx.conf`, one file of `conf.d/` for each virtual host (about 25 directives, 1 KB), two
shared snippets, a certificate with its intermediate and a key for each host, and one file of client CAs.
The hosts are not all alike: which differ, and how often, is told in `docs/benchmarks.md`.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.plan import MAIN

from mtls_lint.testing.pki import Authority, Validity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MAIN = """\
worker_processes auto;
worker_rlimit_nofile 65536;
error_log logs/error.log warn;
pid nginx.pid;

events {
    worker_connections 8192;
}

http {
    server_tokens off;
    sendfile on;
    tcp_nopush on;
    keepalive_timeout 65s;
    types_hash_max_size 2048;
    server_names_hash_max_size 65536;
    server_names_hash_bucket_size 128;
    client_body_temp_path tmp/body;
    proxy_temp_path tmp/proxy;

    log_format tenants '$remote_addr $host [$time_local] "$request" $status $body_bytes_sent '
                       '"$ssl_client_verify" "$ssl_client_s_dn"';
    access_log logs/access.log tenants;

    map $http_upgrade $connection_header {
        default upgrade;
        "" close;
    }

    include conf.d/*.conf;
}
"""

_OPERATORS = """\
map $ssl_client_s_dn $is_operator {
    default 0;
    "CN=operator,O=Hosting Example" 1;
}
"""
"""A file of conf.d/: who may administer, by the subject of the certificate."""

_SNIPPETS = {
    "tls.conf": """\
ssl_protocols TLSv1.2 TLSv1.3;
ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384;
ssl_prefer_server_ciphers off;
ssl_session_cache shared:tls:20m;
ssl_session_timeout 1h;
ssl_session_tickets off;
""",
    "mutual-tls.conf": """\
include snippets/tls.conf;
ssl_client_certificate tls/clients.pem;
ssl_verify_client on;
ssl_verify_depth 2;
""",
}

_HEADERS = """\
        proxy_set_header Host $host;
        proxy_set_header X-Real-IP $remote_addr;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_set_header X-Client-Verify $ssl_client_verify;
        proxy_set_header X-Client-DN $ssl_client_s_dn;
        proxy_set_header X-Client-Serial $ssl_client_serial;
"""

SMALL = """\
worker_processes auto;
pid nginx.pid;

events {
    worker_connections 1024;
}

http {
    server_tokens off;
    access_log logs/access.log combined;
    error_log logs/error.log warn;

    server {
        listen 8080;
        server_name api.example.com;
        return 301 https://$host$request_uri;
    }

    server {
        listen 8443 ssl;
        server_name api.example.com;

        ssl_certificate tls/api.pem;
        ssl_certificate_key tls/api.key;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_session_tickets off;
        ssl_client_certificate tls/clients.pem;
        ssl_verify_client on;
        ssl_verify_depth 2;
        add_header Strict-Transport-Security "max-age=31536000" always;

        location / {
            proxy_pass http://127.0.0.1:9000;
            proxy_set_header Host $host;
            proxy_set_header X-Client-Verify $ssl_client_verify;
            proxy_set_header X-Client-DN $ssl_client_s_dn;
        }

        location = /health {
            access_log off;
            return 204;
        }
    }
}
"""
"""The one small file: forty lines, one service behind mutual TLS."""


@dataclass(frozen=True)
class _Issuers:
    """Who signs the servers' certificates and the clients', valid around now."""

    servers: Authority
    clients: Authority
    validity: Validity

    @classmethod
    def of(cls, now: datetime) -> _Issuers:
        years = Validity((now - timedelta(days=3 * 365), now + timedelta(days=10 * 365)))
        days = Validity((now - timedelta(days=30), now + timedelta(days=170)))
        server_root = Authority.root("Hosting Example Root", validity=years)
        client_root = Authority.root("Hosting Example Clients Root", validity=years)
        return cls(
            server_root.intermediate("Hosting Example Servers", validity=years),
            client_root.intermediate("Hosting Example Clients", validity=years),
            days,
        )

    def write_pair(self, directory: Path, name: str, names: Sequence[str], key: str = "p256") -> None:
        """``name.pem`` (with the intermediate) and ``name.key``, which its owner alone may read."""
        pair = self.servers.server(*names, validity=self.validity, key=key)
        (directory / f"{name}.pem").write_bytes(pair.chain_pem())
        _write_secret(directory / f"{name}.key", pair.key_pem())

    def write_client_cas(self, directory: Path) -> None:
        """``clients.pem``: the CA that issues to clients, and its root."""
        (directory / "clients.pem").write_bytes(self.clients.chain_pem(root=True))


def write_hosts(directory: Path, hosts: int, *, one_socket: bool = False, operators: bool = False) -> None:
    """A tree of so many virtual hosts in a directory that is made for it.

    With ``one_socket`` they listen on IPv4 alone and nothing redirects from plain HTTP, so that one socket
    has all of the servers. With ``operators`` a tenth of them lets only some clients into one location, by a
    map of names.
    """
    issuers = _Issuers.of(_now())
    tls = _directories(directory)
    for name in ("snippets", "conf.d"):
        (directory / name).mkdir()
    (directory / MAIN).write_text(_MAIN, encoding="ascii")
    for name, text in _SNIPPETS.items():
        (directory / "snippets" / name).write_text(text, encoding="ascii")
    issuers.write_client_cas(tls)
    if operators:
        (directory / "conf.d" / "operators.conf").write_text(_OPERATORS, encoding="ascii")
    for index in range(hosts):
        name = f"tenant{index:05}"
        text = "\n".join(_host(index, name, one_socket=one_socket, operators=operators))
        (directory / "conf.d" / f"{name}.conf").write_text(text, encoding="ascii")
        issuers.write_pair(tls, name, _certificate_names(index, name), _key(index))


def write_small(directory: Path, *, certificates: bool) -> None:
    """The small file in a directory that is made for it, with its certificates or without."""
    tls = _directories(directory)
    (directory / MAIN).write_text(SMALL, encoding="ascii")
    if certificates:
        issuers = _Issuers.of(_now())
        issuers.write_client_cas(tls)
        issuers.write_pair(tls, "api", ("api.example.com",))


def _directories(directory: Path) -> Path:
    """What nginx wants to have there; gives the directory of the certificates."""
    for name in ("tls", "logs", "tmp"):
        (directory / name).mkdir(parents=True)
    return directory / "tls"


def _now() -> datetime:
    return datetime.now(timezone.utc).replace(microsecond=0)


def _write_secret(path: Path, content: bytes) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


def _key(index: int) -> str:
    """Nearly all have P-256; RSA is rare because its keys take long to make."""
    if index % 500 == 19:
        return "rsa2048"
    return "p384" if index % 100 == 17 else "p256"


def _wildcard(index: int) -> bool:
    return index % 20 == 7


def _branches(index: int) -> bool:
    return index % 50 == 11


def _certificate_names(index: int, name: str) -> tuple[str, ...]:
    host = f"{name}.example.com"
    return (host, f"*.{host}") if _wildcard(index) or _branches(index) else (host, f"www.{host}")


def _server_names(index: int, name: str) -> str:
    if _wildcard(index):
        return f"{name}.example.com *.{name}.example.com"
    if _branches(index):
        return rf"{name}.example.com ~^(?<branch>[a-z]+)\.{name}\.example\.com$"
    return f"{name}.example.com www.{name}.example.com"


def _backend(index: int) -> str:
    return f"10.{index >> 8 & 255}.{index & 255}"


def _host(index: int, name: str, *, one_socket: bool, operators: bool) -> Iterator[str]:
    """The file of one host, line by line."""
    pooled = index % 25 == 4
    optional = index % 10 == 3
    backend = f"http://{name}_backend" if pooled else f"http://{_backend(index)}.10:8080"
    if pooled:
        yield f"upstream {name}_backend {{"
        yield f"    server {_backend(index)}.10:8080 max_fails=3;"
        yield f"    server {_backend(index)}.11:8080 max_fails=3;"
        yield "    keepalive 16;"
        yield "}\n"
    if index % 10 == 1 and not one_socket:
        yield "server {"
        yield "    listen 8080;"
        yield "    listen [::]:8080;"
        yield f"    server_name {_server_names(index, name)};"
        yield "    return 301 https://$host$request_uri;"
        yield "}\n"
    yield "server {"
    yield "    listen 8443 ssl;"
    if not one_socket:
        yield "    listen [::]:8443 ssl;"
    yield "    http2 on;"
    yield f"    server_name {_server_names(index, name)};\n"
    yield f"    ssl_certificate     tls/{name}.pem;"
    yield f"    ssl_certificate_key tls/{name}.key;"
    if optional:
        yield "    include snippets/tls.conf;"
        yield "    ssl_client_certificate tls/clients.pem;"
        yield "    ssl_verify_client optional;"
        yield "    ssl_verify_depth 2;\n"
    else:
        yield "    include snippets/mutual-tls.conf;\n"
    yield "    access_log logs/access.log tenants;"
    yield "    client_max_body_size 16m;"
    yield '    add_header Strict-Transport-Security "max-age=31536000" always;\n'
    yield from _locations(backend, optional=optional)
    if index % 10 == 6:
        yield from _more_locations(backend, operators=operators)
    yield "}\n"


def _locations(backend: str, *, optional: bool) -> Iterator[str]:
    yield "    location / {"
    if optional:
        yield "        if ($ssl_client_verify != SUCCESS) {"
        yield "            return 403;"
        yield "        }"
    yield f"        proxy_pass {backend};"
    yield "        proxy_http_version 1.1;"
    yield _HEADERS + "        proxy_read_timeout 60s;"
    yield "    }\n"
    yield "    location = /health {"
    yield "        access_log off;"
    yield "        return 204;"
    yield "    }"


def _more_locations(backend: str, *, operators: bool) -> Iterator[str]:
    """A host with an application behind it that has parts of its own."""
    for path, setting in (
        ("/api/", "proxy_buffering off;"),
        ("/upload/", "client_max_body_size 512m;"),
        ("/live/", "proxy_set_header Connection $connection_header;"),
    ):
        yield f"\n    location {path} {{"
        yield f"        proxy_pass {backend};"
        yield f"{_HEADERS}        {setting}"
        yield "    }"
    yield "\n    location ^~ /admin/ {"
    if operators:
        yield "        if ($is_operator = 0) {"
        yield "            return 403;"
        yield "        }"
    yield "        proxy_hide_header X-Powered-By;"
    yield f"        proxy_pass {backend};"
    yield f"{_HEADERS}    }}"
    yield "\n    location ~* \\.(?:css|js|png|svg|woff2)$ {"
    yield "        root sites;"
    yield "        expires 7d;"
    yield "    }"


def main(arguments: Sequence[str]) -> int:
    """Write one tree into a directory that is not there yet."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.trees", description="Write one tree.")
    parser.add_argument("directory", type=Path, help="made for it")
    kind = parser.add_mutually_exclusive_group(required=True)
    kind.add_argument("--hosts", type=int, metavar="N", help="so many virtual hosts")
    kind.add_argument("--small", choices=("absent", "present"), help="the small file, its certificates ...")
    parser.add_argument("--one-socket", action="store_true", help="all hosts on one socket")
    parser.add_argument("--operators", action="store_true", help="with a map of clients' names")
    options = parser.parse_args(arguments)
    if options.small:
        write_small(options.directory, certificates=options.small == "present")
    else:
        write_hosts(
            options.directory, options.hosts, one_socket=options.one_socket, operators=options.operators
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
