"""``mtls-lint trace``: what nginx answers to one connection, request and client certificate."""

import sys
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mtls_lint.cli.options import (
    binary_option,
    config_option,
    context_option,
    define_option,
    map_option,
    no_config_option,
    prefix_option,
    root_option,
    version_option,
)
from mtls_lint.cli.request import moment
from mtls_lint.cli.settings import (
    ReadingOptions,
    reading_of,
    settings_of,
)
from mtls_lint.cli.streams import Color, CommandError, columns, wants_color, write_out

if TYPE_CHECKING:
    from mtls_lint.nginx.clients import ChainClient
    from mtls_lint.nginx.model import Configuration
    from mtls_lint.pki.store import PemStore


class TraceFormat(str, Enum):
    """``--format``."""

    TEXT = "text"
    JSON = "json"


class Tls(str, Enum):
    """``--tls``."""

    V12 = "1.2"
    V13 = "1.3"


CLIENT, RUN = "The client", "How it is judged and shown"


def trace(
    path: Annotated[
        str, typer.Argument(metavar="PATH", help="A directory, a configuration, a fragment, or -.")
    ],
    connect: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS:PORT", rich_help_panel=CLIENT, help="Where it connects to, such as [::1]:443."
        ),
    ],
    plain: Annotated[
        bool, typer.Option("--plain", rich_help_panel=CLIENT, help="It speaks plain HTTP, not TLS.")
    ] = False,
    starttls: Annotated[
        bool,
        typer.Option(
            "--starttls", rich_help_panel=CLIENT, help="It speaks mail, and changes to TLS by STARTTLS."
        ),
    ] = False,
    tls: Annotated[
        Tls | None,
        typer.Option(
            metavar="VERSION", rich_help_panel=CLIENT, help="1.2 or 1.3 (default: the newer that is on)."
        ),
    ] = None,
    sni: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", rich_help_panel=CLIENT, help="The name in the handshake (default: the Host)."
        ),
    ] = None,
    no_sni: Annotated[bool, typer.Option("--no-sni", rich_help_panel=CLIENT, help="No name.")] = False,
    host: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", rich_help_panel=CLIENT, help="The Host (default: the SNI, or the address)."
        ),
    ] = None,
    uri: Annotated[
        str, typer.Option(metavar="URI", rich_help_panel=CLIENT, help="The request's target.")
    ] = "/",
    method: Annotated[
        str, typer.Option(metavar="METHOD", rich_help_panel=CLIENT, help="Its method.")
    ] = "GET",
    client_cert: Annotated[
        Path | None,
        typer.Option(
            metavar="PEM", rich_help_panel=CLIENT, help="Its certificate first, then what it sends along."
        ),
    ] = None,
    nginx_version: Annotated[str | None, version_option(RUN)] = None,
    nginx_binary: Annotated[Path | None, binary_option(RUN)] = None,
    mapped: Annotated[list[str] | None, map_option(RUN)] = None,
    root: Annotated[str | None, root_option(RUN)] = None,
    prefix: Annotated[str | None, prefix_option(RUN)] = None,
    context: Annotated[str | None, context_option(RUN)] = None,
    define: Annotated[list[str] | None, define_option(RUN)] = None,
    config: Annotated[Path | None, config_option(RUN)] = None,
    no_config: Annotated[bool, no_config_option(RUN)] = False,
    now: Annotated[
        str | None,
        typer.Option(
            metavar="DATE[TIME]", rich_help_panel=RUN, help="The moment of the handshake (ISO, UTC)."
        ),
    ] = None,
    output_format: Annotated[
        TraceFormat, typer.Option("--format", metavar="FORMAT", rich_help_panel=RUN, help="text or json.")
    ] = TraceFormat.TEXT,
    color: Annotated[
        Color, typer.Option(metavar="WHEN", rich_help_panel=RUN, help="auto, always or never.")
    ] = Color.AUTO,
) -> None:
    """Say what nginx answers to one request, step by step."""
    from mtls_lint.cli.chosen_nginx import chosen_nginx  # noqa: PLC0415
    from mtls_lint.cli.inputs import read_followed  # noqa: PLC0415
    from mtls_lint.nginx.decide import decide  # noqa: PLC0415
    from mtls_lint.nginx.decision import Connection, Request  # noqa: PLC0415
    from mtls_lint.report import lines  # noqa: PLC0415
    from mtls_lint.report.trace import render_trace, story  # noqa: PLC0415

    if plain and (tls or sni or no_sni or client_cert or starttls):
        raise typer.BadParameter(
            "a plain client has no TLS version, SNI, certificate or STARTTLS.", param_hint="'--plain'"
        )
    address, port = _target(connect)
    settings = settings_of([path], config, none=no_config, root=root)
    how = reading_of(ReadingOptions(mapped, root, prefix, context, define), settings)
    nginx = chosen_nginx(nginx_version, nginx_binary, settings.text("nginx-version"))
    configuration = read_followed(path, nginx.version, how)
    store = how.store(configuration.tree)
    client = _client(configuration, client_cert, store) if client_cert is not None else None
    name = None if plain or no_sni else sni or host
    request = Request(host or sni or _authority(address, port), uri, method)
    spoken = (None,) if plain else (tls.value,) if tls is not None else ("1.3", "1.2")
    connections = [Connection(address, port, one, name, starttls) for one in spoken]
    told = [(one, decide(configuration, one, request, client, moment(now))) for one in connections]
    # Without --tls, the newer version whose handshake comes about.
    connection, decision = next((pair for pair in told if pair[1].server is not None), told[-1])
    if output_format is TraceFormat.JSON:
        write_out(render_trace(decision), utf8=True)
    else:
        certificate = str(client_cert) if client_cert is not None else None
        steps = story(connection, request, certificate, decision, columns())
        wanted = wants_color(color, sys.stdout)
        write_out(lines.coloured(steps, links=False) if wanted else lines.plain(steps))
    raise typer.Exit(3 if decision.uncertain or configuration.tree.problems else 0)


def _target(connect: str) -> tuple[str, int]:
    address, colon, port = connect.rpartition(":")
    if not colon or not address or not port.isdecimal() or not 1 <= int(port) <= 65535:
        raise typer.BadParameter(
            f"{connect!r} is not ADDRESS:PORT, such as 127.0.0.1:443 or [::1]:443.", param_hint="'--connect'"
        )
    return address, int(port)


def _authority(address: str, port: int) -> str:
    return address if port in {80, 443} else f"{address}:{port}"


def _client(configuration: "Configuration", path: Path, store: "PemStore") -> "ChainClient":
    from mtls_lint.nginx.chain_check import reader  # noqa: PLC0415
    from mtls_lint.nginx.clients import ChainClient  # noqa: PLC0415
    from mtls_lint.pki.store import PemStore  # noqa: PLC0415

    file = PemStore().read(str(path))  # it lies here, whatever machine the configuration is of
    why = file.reason or file.certificate_defect
    if why is not None or not file.certificates:
        raise CommandError(
            f"--client-cert {path}: {why or 'there is no certificate in it'}", "Name a PEM file."
        )
    return ChainClient(configuration, file.certificates, reader(store))
