"""Every place that hands requests on to a backend, and what nginx's TLS towards it is told.

The places are ``proxy_pass``, ``grpc_pass`` and ``uwsgi_pass`` of http, and ``proxy_pass`` of stream servers:
no other module speaks TLS to its backends (docs/evidence.md: upstreams).
"""

import re
from collections.abc import Iterator

from msgspec import Struct

from mtls_lint.expressions import expression
from mtls_lint.nginx.hosts import is_this_machine
from mtls_lint.nginx.inheritance import Scope, Setting
from mtls_lint.nginx.material import FileReference, is_named, reference_to
from mtls_lint.nginx.memory import kept
from mtls_lint.nginx.model import Configuration, Location, UpstreamBlock, VirtualServer
from mtls_lint.nginx.possible import possible_texts
from mtls_lint.nginx.tls import level_in
from mtls_lint.nginx.variables import VARIABLE
from mtls_lint.syntax.source import Span
from mtls_lint.syntax.tree import Directive

PREFIXES = ("proxy_", "grpc_", "uwsgi_")
"""What the directives of a protocol begin with: ``proxy_pass``, ``proxy_ssl_verify``."""

_TLS_SCHEMES = {"proxy_": "https", "grpc_": "grpcs", "uwsgi_": "suwsgi"}
_SCHEME = expression(r"([a-z]+)://", re.IGNORECASE)
_BEHIND = expression("[/?]")
"""What ends an address."""

_TARGET_PORTS = {"http": "80", "https": "443", "grpc": "80", "grpcs": "443"}

# What stands for a path, or nothing: an address ends before it.
_PATHS = frozenset({"request_uri", "uri", "document_uri", "args", "is_args", "query_string"})


class Target(Struct, frozen=True):
    """One address that a passing directive may lead to.

    ``authority`` is host and port as they stand there (``app.internal:8443``, ``$backend``, ``unix:/run/a``).
    ``tls`` is None where a variable, or text that was not read, decides. ``host`` is the host alone, without
    port and in lower case (IPv6 in its brackets, ``unix:/run/a`` whole), None where a variable is in it.
    ``block`` is the ``upstream`` of that name.
    """

    authority: str
    tls: bool | None
    host: str | None
    port: str
    block: UpstreamBlock | None = None

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts of the machines behind it: the members of the upstream, else its own."""
        if self.block is not None:
            return _hosts(self.block)
        return (self.host,) if self.host is not None else ()

    @property
    def other_hosts(self) -> frozenset[str]:
        """Those of the hosts that are not the machine nginx runs on."""
        return _others(self.block) if self.block is not None else _not_here(self.hosts)

    @property
    def is_here(self) -> bool:
        """Whether all of the hosts are known to be the machine nginx runs on."""
        return bool(self.hosts) and not self.other_hosts

    @property
    def addresses(self) -> tuple[str, ...]:
        """``host:port`` of the machines behind it; nothing where a variable decides."""
        if self.block is not None:
            return _addresses(self.block)
        if self.host is None:
            return ()
        return (self.host,) if is_unix(self.host) else (f"{self.host}:{self.port}",)


@kept
def _hosts(block: UpstreamBlock) -> tuple[str, ...]:
    return tuple(dict.fromkeys(split_port(address)[0] for address in block.addresses))


@kept
def _others(block: UpstreamBlock) -> frozenset[str]:
    return _not_here(_hosts(block))


def _not_here(hosts: tuple[str, ...]) -> frozenset[str]:
    return frozenset([host for host in hosts if not is_this_machine(host)])


@kept
def _addresses(block: UpstreamBlock) -> tuple[str, ...]:
    # A member without port has 80, whatever is spoken (ngx_http_upstream_server).
    return tuple(
        dict.fromkeys(
            host if not port and is_unix(host) else f"{host}:{port or 80}"
            for host, port in map(split_port, block.addresses)
        )
    )


class UpstreamPass(Struct, frozen=True):
    """A place that hands requests on, and the settings in force there.

    ``directive`` is the passing directive, ``scope`` the block it stands in and ``location`` that block as a
    location (None in stream), ``prefix`` what the directives of its protocol begin with. ``targets`` are
    where it may lead: several where a variable has one of several known values.
    """

    configuration: Configuration
    server: VirtualServer
    location: Location | None
    scope: Scope
    prefix: str
    directive: Directive
    targets: tuple[Target, ...]

    @property
    def tls(self) -> bool | None:
        """Whether TLS is spoken to the backend; None where that is not known, or differs by the request."""
        spoken = {target.tls for target in self.targets}
        return spoken.pop() if len(spoken) == 1 else None

    @property
    def prepares_tls(self) -> bool:
        """Whether nginx opens the files of these settings: for a variable it does in any case.

        It may hold any scheme (ngx_http_proxy_pass). The same goes for text that was not read.
        """
        if self.location is None:
            return self.tls is not False
        written = str(self.directive.args[0]) if self.directive.args else ""
        return "$" in written or self.tls is True

    @property
    def written(self) -> str:
        """The address as it stands in the configuration."""
        return str(self.directive.args[0]) if self.directive.args else ""

    @property
    def span(self) -> Span:
        """Where the address stands."""
        return self.directive.arg_span(0) if self.directive.args else self.directive.span

    @property
    def label(self) -> str:
        """How people call the place: ``location /api of app.example.com:443``, ``app.example.com:443``."""
        if self.location is None:
            return self.server.label
        words = (self.location.kind, self.location.modifier, self.location.pattern)
        return f"{' '.join(word for word in words if word)} of {self.server.label}"

    def name_of(self, setting: str) -> str:
        """What the directive ``setting`` is called here: ``ssl_verify`` is ``grpc_ssl_verify``."""
        return f"{self.prefix}{setting}"

    def setting(self, name: str) -> Setting:
        """The effective value of ``ssl_verify``, ``ssl_name`` ... (named without the prefix) here."""
        return self.scope.setting(self.name_of(name))

    @property
    def verify(self) -> Setting:
        """Whether the backend's certificate is verified."""
        return self.setting("ssl_verify")

    @property
    def depth(self) -> int:
        """How many intermediates are allowed between the backend's certificate and the root."""
        value = self.setting("ssl_verify_depth").value or ""
        return int(value) if value.isdecimal() else 1

    @property
    def sends_name(self) -> bool:
        """Whether the name goes along in the handshake (SNI)."""
        return self.setting("ssl_server_name").is_on

    @property
    def trusted(self) -> FileReference | None:
        """The file of CAs that the backend's certificate is checked against."""
        return self.file("ssl_trusted_certificate")

    @property
    def crl(self) -> FileReference | None:
        """The file of CRLs."""
        return self.file("ssl_crl")

    @property
    def certificate(self) -> FileReference | None:
        """The certificate that nginx shows to the backend."""
        return self.file("ssl_certificate")

    @property
    def key(self) -> FileReference | None:
        """The key of that certificate; it is inherited apart from it."""
        return self.file("ssl_certificate_key")

    @property
    def passwords(self) -> FileReference | None:
        """The passwords that may open the key."""
        return self.file("ssl_password_file")

    def file(self, name: str) -> FileReference | None:
        """The file that a setting (named without the prefix) names; None where none is, or ``""`` is."""
        directive = self.setting(name).directive
        named = directive is not None and is_named(directive)
        return reference_to(self.configuration, directive) if directive is not None and named else None

    @property
    def security_level(self) -> int | None:
        """OpenSSL's security level as the cipher strings set it; None for OpenSSL's default."""
        strings = [*self.setting("ssl_ciphers").words[-1:]]
        strings += [directive.args[1] for directive in self.conf_commands("CipherString")]
        return next((level for text in reversed(strings) if (level := level_in(text)) is not None), None)

    def conf_commands(self, name: str) -> tuple[Directive, ...]:
        """The ``*_ssl_conf_command`` directives in force with this command (OpenSSL ignores case)."""
        return tuple(
            directive
            for directive in self.setting("ssl_conf_command").directives
            if len(directive.args) == 2 and directive.args[0].lower() == name.lower()
        )


@kept
def upstream_passes(configuration: Configuration) -> tuple[UpstreamPass, ...]:
    """Every place of the configuration that hands requests on, in file order."""
    return tuple(found for server in configuration.servers for found in server_passes(configuration, server))


@kept
def server_passes(configuration: Configuration, server: VirtualServer) -> tuple[UpstreamPass, ...]:
    """The places of one server that hand requests on."""
    return tuple(_find_passes(configuration, server))


def _find_passes(configuration: Configuration, server: VirtualServer) -> Iterator[UpstreamPass]:
    if server.module == "stream":
        for directive in server.scope.find("proxy_pass"):
            targets = _stream_targets(configuration, server, directive)
            yield UpstreamPass(configuration, server, None, server.scope, "proxy_", directive, targets)
    if server.module != "http":
        return
    passing = _passing(configuration)
    for location in server.all_locations() if passing else ():
        for prefix, name in passing:
            for directive in location.scope.find(name):
                written = _first_argument(directive)
                targets = tuple(
                    _http_target(configuration, prefix, text)
                    for text in possible_texts(configuration, location, written)
                )
                if directive.is_templated:
                    targets = (_templated_target(prefix, written),)
                yield UpstreamPass(
                    configuration, server, location, location.scope, prefix, directive, targets
                )


@kept
def _passing(configuration: Configuration) -> list[tuple[str, str]]:
    """The protocols by which requests are handed on, and the directives that do; those there are."""
    names = ((prefix, f"{prefix}pass") for prefix in PREFIXES)
    return [(prefix, name) for prefix, name in names if name in configuration.directives]


def split_port(address: str) -> tuple[str, str]:
    """Host (in lower case) and port (empty without one) of an address."""
    if is_unix(address):
        return address.rstrip(":"), ""
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdecimal():
        return address.lower(), ""
    return host.lower(), port


def is_unix(address: str) -> bool:
    """Whether an address is a socket of this machine's file system."""
    return address.lower().startswith("unix:")


def _first_argument(directive: Directive) -> str:
    return str(directive.args[0]) if directive.args else ""


def _stream_targets(
    configuration: Configuration, server: VirtualServer, directive: Directive
) -> tuple[Target, ...]:
    setting = server.setting("proxy_ssl")
    unsure = setting.unknown is not None or (setting.assumed and not setting.is_set)
    tls = None if unsure else setting.is_on
    return tuple(
        _target(configuration, "stream", text, tls, "")
        for text in possible_texts(configuration, server, _first_argument(directive))
    )


def _http_target(configuration: Configuration, prefix: str, text: str) -> Target:
    match = _SCHEME.match(text)
    if match is not None:
        scheme = match[1].lower()
        rest = text[match.end() :]
        return _target(
            configuration, "http", rest, scheme == _TLS_SCHEMES[prefix], _TARGET_PORTS.get(scheme, "")
        )
    # Without a scheme grpc and uwsgi speak plain; a variable in front may bring one.
    return _target(configuration, "http", text, None if text.startswith("$") else False, "")


def _templated_target(prefix: str, text: str) -> Target:
    """What a template fills in: the scheme is known where it is written."""
    match = _SCHEME.match(text)
    return Target(text, None if match is None else match[1].lower() == _TLS_SCHEMES[prefix], None, "")


def _target(configuration: Configuration, module: str, text: str, tls: bool | None, port: str) -> Target:
    authority = _authority(text)
    if "$" in authority:
        return Target(authority, tls, None, port)
    host, own_port = split_port(authority)
    block = configuration.upstream_blocks.get((module, host)) if not own_port else None
    return Target(authority, tls, host, own_port or port, block)


def _authority(text: str) -> str:
    if is_unix(text):
        # The path of the socket ends at a colon, behind which the URI stands.
        path, _, _ = text[5:].partition(":")
        return f"unix:{path}"
    end = len(text)
    for match in VARIABLE.finditer(text) if "$" in text else ():
        if (match[1] or match[2]).lower() in _PATHS:
            end = match.start()
            break
    return _BEHIND.split(text[:end], maxsplit=1)[0]
