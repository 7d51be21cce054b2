"""Certificate material: which files the configuration names, and what nginx uses each for."""

import os.path
from abc import abstractmethod
from collections.abc import Hashable, Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Generic, TypeVar

from msgspec import Struct

from mtls_lint.nginx.inheritance import Holder, Setting
from mtls_lint.nginx.memory import kept
from mtls_lint.nginx.model import Configuration, VirtualServer
from mtls_lint.nginx.tls import conf_commands
from mtls_lint.nginx.version import NginxVersion
from mtls_lint.syntax.source import Span, TemplatedToken
from mtls_lint.syntax.tree import Directive, Unknown

if TYPE_CHECKING:
    from mtls_lint.pki.certificate import Certificate

_K = TypeVar("_K", bound=Hashable)

_RUNTIME_PREFIXES = {
    "data:": "what it holds is in a variable (data:), known only when a client connects",
    "engine:": "the key is in an OpenSSL engine",
    "store:": "the key is in an OpenSSL store",
}


class FileReference(Struct, frozen=True):
    """A file that argument ``index`` of a directive names.

    ``path`` is None when it cannot be known: ``unknown`` says why.
    """

    directive: Directive
    path: str | None
    unknown: Unknown | None = None
    index: int = 0

    @property
    def written(self) -> str:
        """The path as it stands in the configuration."""
        return str(self.directive.args[self.index]) if self.index < len(self.directive.args) else ""

    @property
    def span(self) -> Span:
        """Where the path stands."""
        given = self.index < len(self.directive.args)
        return self.directive.arg_span(self.index) if given else self.directive.span


class KeyPair(Struct, frozen=True):
    """A certificate that nginx presents, to clients or to backends, with the key that it has for it.

    ``key`` is None when no key is given; ``passwords`` is the file of passwords that may open it.
    """

    certificate: FileReference
    key: FileReference | None
    passwords: FileReference | None

    @property
    def directive(self) -> Directive:
        """The directive that names the certificate."""
        return self.certificate.directive

    @property
    @abstractmethod
    def holders(self) -> tuple[Holder, ...]:
        """The places that have it; at least one."""

    @property
    @abstractmethod
    def presenters(self) -> tuple[Holder, ...]:
        """Those of the places that may show it to somebody."""

    @property
    def loaded_late(self) -> bool:
        """Whether nginx opens the files in each handshake only: some path of these places holds a variable.

        Then all pairs of a place are loaded late, and one that cannot be ends the handshake
        (docs/evidence.md: certificates; ngx_ssl_connection_certificate).
        """
        settings = map(self.holders[0].setting, ("ssl_certificate", "ssl_certificate_key"))
        return any("$" in word for setting in settings for each in setting.directives for word in each.args)


class ServerCertificate(KeyPair, frozen=True, dict=True):
    """A certificate with its key as nginx pairs them (by order), and the servers that present it.

    ``listed`` are the directives that it stands among, itself included: they are the same in all its servers.
    """

    servers: tuple[VirtualServer, ...]
    listed: tuple[Directive, ...]

    @property
    def holders(self) -> tuple[VirtualServer, ...]:
        """The servers."""
        return self.servers

    @cached_property
    def presenters(self) -> tuple[VirtualServer, ...]:
        """Those of the servers that may show it to clients."""
        return tuple(server for server in self.servers if server.presents_certificate)


class TrustFile(Struct, frozen=True):
    """A file of CA certificates that nginx trusts for client certificates, and the servers that do.

    Both ``ssl_client_certificate`` and ``ssl_trusted_certificate`` make client trust (docs/evidence.md:
    trust). Only servers that ask for client certificates and have a TLS context are listed: in others
    the file is not opened, or has no say about clients.
    """

    reference: FileReference
    servers: tuple[VirtualServer, ...]

    @property
    def directive(self) -> Directive:
        """The directive that names the file."""
        return self.reference.directive

    @property
    def may_be_for_stapling(self) -> bool:
        """Whether the file may be meant for OCSP stapling alone: clients have a file of their own.

        Its certificates are trusted for clients all the same, but that some of them let nobody in is no
        fault then.
        """
        return self.directive.name == "ssl_trusted_certificate" and all(
            _named_file(server.setting("ssl_client_certificate")) is not None for server in self.servers
        )


class CrlFile(Struct, frozen=True):
    """A file of CRLs (``ssl_crl``), and the servers that check the certificates of their clients against it.

    The file is opened, but nobody is checked against it, in servers that ask for no certificate, and in those
    with ``ssl_conf_command VerifyCAFile`` (docs/evidence.md: settings).
    """

    reference: FileReference
    servers: tuple[VirtualServer, ...]


@kept
def reference_to(configuration: Configuration, directive: Directive, index: int = 0) -> FileReference:
    """The file ``directive`` names, resolved against the main file's directory (docs/evidence.md: settings).

    Only certificates and keys may be variables; in CA, CRL and password paths nginx takes ``$`` literally.
    """
    if index >= len(directive.args):
        return FileReference(directive, None, Unknown("no path is given"), index)
    word = directive.args[index]
    written = str(word)
    if isinstance(word, TemplatedToken):
        return FileReference(directive, None, Unknown("the path is filled in by a template"), index)
    if directive.name.endswith(("ssl_certificate", "ssl_certificate_key")):
        for prefix, reason in _RUNTIME_PREFIXES.items():
            if written.startswith(prefix):
                return FileReference(directive, None, Unknown(reason))
        if "$" in written:
            reason = "the path holds a variable: it is known only when a client connects"
            return FileReference(directive, None, Unknown(reason))
    # Concatenation as nginx does it (ngx_conf_full_name): nothing is normalised, no link is followed.
    return FileReference(directive, os.path.join(configuration.tree.main_directory, written), index=index)


@kept
def server_certificates(configuration: Configuration) -> tuple[ServerCertificate, ...]:
    """Every certificate that some server presents, each pair of directives once."""
    groups = _Groups[tuple[Directive, Directive | None, Directive | None]]()
    for server in configuration.servers:
        certificates = server.setting("ssl_certificate").directives
        keys = server.setting("ssl_certificate_key").directives
        passwords = _named_file(server.setting("ssl_password_file"))
        for index, certificate in enumerate(certificates):
            if is_named(certificate):
                key = keys[index] if index < len(keys) else None
                groups.add((certificate, key, passwords), server)
    return tuple(
        ServerCertificate(
            reference_to(configuration, certificate),
            reference_to(configuration, key) if key is not None else None,
            reference_to(configuration, passwords) if passwords is not None else None,
            servers,
            servers[0].setting("ssl_certificate").directives,
        )
        for (certificate, key, passwords), servers in groups
    )


@kept
def trust_files(configuration: Configuration) -> tuple[TrustFile, ...]:
    """Every file of client trust that nginx opens, each directive once."""
    return _trust_files(configuration, stapling=False)


@kept
def opened_ca_files(configuration: Configuration) -> tuple[TrustFile, ...]:
    """Every CA file of a server that nginx opens, also those that have no say about clients.

    ``ssl_trusted_certificate`` is always read, ``ssl_client_certificate`` only where clients are asked for
    a certificate (docs/evidence.md: settings).
    """
    return _trust_files(configuration, stapling=True)


@kept
def crl_files(configuration: Configuration) -> tuple[CrlFile, ...]:
    """Every file that clients are checked against, each directive once."""
    groups = _Groups[Directive]()
    for server in configuration.servers:
        directive = _named_file(server.setting("ssl_crl")) if checks_crls(server) else None
        if directive is not None and server.has_ssl_context and server.verify_client != "off":
            groups.add(directive, server)
    return tuple(CrlFile(reference_to(configuration, directive), servers) for directive, servers in groups)


def _opens_ca_files(server: VirtualServer) -> bool:
    return server.verify_client != "off" or opens_ca_files_unasked(server)


def opens_ca_files_unasked(server: VirtualServer) -> bool:
    """Whether nginx opens ``ssl_trusted_certificate`` and ``ssl_crl`` where no client is asked, as http does.

    Mail never does, stream only since it staples OCSP responses (1.27.2; docs/evidence.md: settings).
    """
    return server.module == "http" or (server.module == "stream" and server.scope.version >= (1, 27, 2))


@kept
def ca_files(configuration: Configuration, server: VirtualServer) -> tuple[FileReference, ...]:
    """The files of CAs that the server trusts for its clients, where it asks for certificates.

    Those of ``ssl_conf_command VerifyCAFile`` replace all others. nginx opens ``ssl_client_certificate`` only
    where ``ssl_verify_client`` asks, not where ``VerifyMode`` does (docs/evidence.md: settings).
    """
    commands = conf_commands(server, "VerifyCAFile")
    if commands:
        return tuple(reference_to(configuration, command, 1) for command in commands)
    names = ["ssl_client_certificate"] if server.verify_client != "off" else []
    names += ["ssl_trusted_certificate"] if _opens_ca_files(server) else []
    directives = (_named_file(server.setting(name)) for name in names)
    return tuple(reference_to(configuration, directive) for directive in directives if directive is not None)


@kept
def crl_file(configuration: Configuration, server: VirtualServer) -> FileReference | None:
    """The file of ``ssl_crl``; None where revocation is not checked by one."""
    directive = _named_file(server.setting("ssl_crl")) if checks_crls(server) else None
    return None if directive is None else reference_to(configuration, directive)


def checks_crls(server: VirtualServer) -> bool:
    """Whether certificates of clients have to be in no CRL; ``VerifyCAFile`` puts an end to ``ssl_crl``."""
    named = bool(server.setting("ssl_crl").value) and _opens_ca_files(server)
    return named and not conf_commands(server, "VerifyCAFile")


@kept
def client_trust(configuration: Configuration, server: VirtualServer) -> tuple[FileReference, ...]:
    """The files whose certificates this server trusts for its clients.

    Before 1.27.2 a certificate in the CRL file is trusted too (docs/evidence.md: trust).
    """
    crl = crl_file(configuration, server) if server.scope.version < (1, 27, 2) else None
    files = ca_files(configuration, server)
    return files if crl is None else (*files, crl)


def ca_names(certificates: "Iterable[Certificate]", version: NginxVersion) -> tuple[bytes, ...]:
    """The names (encoded) that nginx sends to clients for the ``certificates`` of ``ssl_client_certificate``.

    Each is sent once; before 1.27.2 those of TRUSTED CERTIFICATE blocks are not (docs/evidence.md: trust).
    """
    sent = (one for one in certificates if not one.trusted_aux or version >= (1, 27, 2))
    names: dict[object, bytes] = {}
    for certificate in sent:
        names.setdefault(certificate.canonical_subject, certificate.subject_der)
    return tuple(names.values())


def certificates_of(configuration: Configuration, server: VirtualServer) -> tuple[ServerCertificate, ...]:
    """The pairs of one server, in the order in which nginx loads them."""
    return _by_server(configuration).get(server, ())


@kept
def _by_server(configuration: Configuration) -> dict[VirtualServer, tuple[ServerCertificate, ...]]:
    found: dict[VirtualServer, list[ServerCertificate]] = {}
    for pair in server_certificates(configuration):
        for server in pair.servers:
            found.setdefault(server, []).append(pair)
    return {server: tuple(pairs) for server, pairs in found.items()}


def _trust_files(configuration: Configuration, *, stapling: bool) -> tuple[TrustFile, ...]:
    groups = _Groups[Directive]()
    for server in configuration.servers:
        if not server.has_ssl_context:
            continue
        asks = server.verify_client != "off"
        unasked = stapling and opens_ca_files_unasked(server)
        for name in ("ssl_client_certificate", "ssl_trusted_certificate"):
            directive = _named_file(server.setting(name))
            if directive is not None and (asks or (unasked and name == "ssl_trusted_certificate")):
                groups.add(directive, server)
    return tuple(TrustFile(reference_to(configuration, directive), servers) for directive, servers in groups)


def is_named(directive: Directive) -> bool:
    """Whether the directive names a file: an empty string cancels an inherited path (docs/evidence.md)."""
    return bool(directive.args) and directive.args[0] != ""


def _named_file(setting: Setting) -> Directive | None:
    directive = setting.directive
    return directive if directive is not None and is_named(directive) else None


class _Groups(Generic[_K]):
    """Servers by what they share, in order of first use."""

    def __init__(self) -> None:
        self._members: dict[_K, list[VirtualServer]] = {}

    def add(self, key: _K, server: VirtualServer) -> None:
        self._members.setdefault(key, []).append(server)

    def __iter__(self) -> Iterator[tuple[_K, tuple[VirtualServer, ...]]]:
        for key, servers in self._members.items():
            yield key, tuple(servers)
