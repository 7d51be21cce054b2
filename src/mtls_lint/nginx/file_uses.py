"""Every file of certificates, CRLs, keys and their like that a configuration names, and what for."""

from enum import Enum

from msgspec import Struct

from mtls_lint.nginx.material import FileReference, is_named, opens_ca_files_unasked, reference_to
from mtls_lint.nginx.model import Configuration, VirtualServer
from mtls_lint.nginx.tls import conf_commands
from mtls_lint.nginx.upstream_tls import PREFIXES, UpstreamPass, server_passes
from mtls_lint.syntax.tree import Directive


class Purpose(Enum):
    """What nginx uses a file for."""

    SERVER_CERTIFICATE = "server certificate"
    SERVER_KEY = "key of a server certificate"
    SERVER_PASSWORDS = "passwords of server keys"
    CLIENT_CA = "client CA"
    TRUSTED_CA = "trusted CA"
    CLIENT_CRL = "CRL for client certificates"
    STAPLING = "OCSP response to staple"
    TICKET_KEY = "session ticket key"
    UPSTREAM_CERTIFICATE = "client certificate for upstreams"
    UPSTREAM_KEY = "key of a client certificate for upstreams"
    UPSTREAM_PASSWORDS = "passwords of keys for upstreams"
    UPSTREAM_CA = "upstream CA"
    UPSTREAM_CRL = "CRL for upstreams"


KEYS = frozenset({Purpose.SERVER_KEY, Purpose.UPSTREAM_KEY})
"""Files from which nginx takes a private key."""

PASSWORDS = frozenset({Purpose.SERVER_PASSWORDS, Purpose.UPSTREAM_PASSWORDS})
"""Files with the pass phrases of private keys."""


class FileUse(Struct, frozen=True):
    """A file at the one place that names it.

    ``servers`` are those that use the file; where none does, those for which the directive is in force.
    ``opened`` tells whether nginx reads the file at all: ``ssl_client_certificate`` is not opened where
    nobody asks for client certificates, an upstream's CAs are not where nothing is verified, and a value
    that every block overrides never is (docs/evidence.md: settings). What a fragment's surroundings, or
    text that was not read, may open counts as opened. For a key, ``certificate`` is the file it belongs to
    (nginx pairs them by order) and ``passwords`` the file that opens it.
    """

    reference: FileReference
    purpose: Purpose
    servers: tuple[VirtualServer, ...]
    opened: bool
    certificate: FileReference | None = None
    passwords: FileReference | None = None


def file_uses(configuration: Configuration) -> tuple[FileUse, ...]:
    """Every use of every file; a place that many servers share, or include, is one."""
    collected = _Uses(configuration)
    none_upstream = configuration.directives.keys().isdisjoint(_FILES_OF_UPSTREAMS)
    for server in configuration.servers:
        _of_server(collected, server)
        for passing in () if none_upstream else server_passes(configuration, server):
            _of_upstream(collected, passing)
    _not_in_force(collected)
    return collected.all()


_SERVER_FILES = {
    "ssl_password_file": Purpose.SERVER_PASSWORDS,
    "ssl_client_certificate": Purpose.CLIENT_CA,
    "ssl_trusted_certificate": Purpose.TRUSTED_CA,
    "ssl_crl": Purpose.CLIENT_CRL,
    "ssl_stapling_file": Purpose.STAPLING,
    "ssl_session_ticket_key": Purpose.TICKET_KEY,
}
_COMMANDS = {
    "VerifyCAFile": Purpose.CLIENT_CA,
    "Certificate": Purpose.SERVER_CERTIFICATE,
    "PrivateKey": Purpose.SERVER_KEY,
}
_UPSTREAM_FILES = {
    "ssl_password_file": Purpose.UPSTREAM_PASSWORDS,
    "ssl_trusted_certificate": Purpose.UPSTREAM_CA,
    "ssl_crl": Purpose.UPSTREAM_CRL,
}
_PAIR = ("ssl_certificate", "ssl_certificate_key")
_FILES_OF_UPSTREAMS = frozenset(prefix + name for prefix in PREFIXES for name in (*_PAIR, *_UPSTREAM_FILES))

_IN_FORCE, _OPENED, _USED = range(3)


def _of_server(collected: "_Uses", server: VirtualServer) -> None:
    opens = _OPENED if server.has_ssl_context else _IN_FORCE
    shows = _USED if opens and server.presents_certificate else opens
    certificates = server.setting("ssl_certificate").directives
    keys = server.setting("ssl_certificate_key").directives
    passwords = collected.reference(server.setting("ssl_password_file").directive)
    for index, directive in enumerate(certificates):
        if is_named(directive):
            collected.add(directive, Purpose.SERVER_CERTIFICATE, server, shows)
            if index < len(keys):
                paired = collected.reference(directive)
                collected.add(keys[index], Purpose.SERVER_KEY, server, shows, paired, passwords)
    asks = server.verify_client != "off"
    staples = server.setting("ssl_stapling").is_on
    always = opens if opens_ca_files_unasked(server) else _IN_FORCE
    ranks = {
        "ssl_password_file": shows,
        "ssl_client_certificate": (_USED if opens and asks else _IN_FORCE),
        "ssl_trusted_certificate": (_USED if opens and (asks or staples) else always),
        "ssl_crl": (_USED if opens and asks else always),
        "ssl_stapling_file": (_USED if opens and staples else _IN_FORCE),
        "ssl_session_ticket_key": shows,
    }
    for name, purpose in collected.server_files:
        for directive in server.setting(name).directives:
            collected.add(directive, purpose, server, ranks[name])
    if server.setting("ssl_conf_command").directives:
        for command, purpose in _COMMANDS.items():
            for directive in conf_commands(server, command):
                collected.add(directive, purpose, server, _USED if opens else _IN_FORCE)


def _of_upstream(collected: "_Uses", passing: UpstreamPass) -> None:
    server = passing.server
    rank = _USED if passing.prepares_tls else _IN_FORCE
    certificate, key = passing.certificate, passing.key
    if certificate is not None:
        collected.add(certificate.directive, Purpose.UPSTREAM_CERTIFICATE, server, rank)
        if key is not None:
            collected.add(key.directive, Purpose.UPSTREAM_KEY, server, rank, certificate, passing.passwords)
    verifies = passing.verify.is_on
    for name, purpose in _UPSTREAM_FILES.items():
        wanted = purpose is Purpose.UPSTREAM_PASSWORDS or verifies
        for directive in passing.setting(name).directives:
            collected.add(directive, purpose, server, rank if wanted else _IN_FORCE)


def _not_in_force(collected: "_Uses") -> None:
    """What is written and no server takes: overridden, without its certificate, or around a fragment."""
    by_name = collected.configuration.directives
    purposes = dict(_SERVER_FILES)
    purposes |= dict(zip(_PAIR, (Purpose.SERVER_CERTIFICATE, Purpose.SERVER_KEY), strict=True))
    for prefix in PREFIXES:
        purposes |= {prefix + name: purpose for name, purpose in _UPSTREAM_FILES.items()}
        pair = zip(_PAIR, (Purpose.UPSTREAM_CERTIFICATE, Purpose.UPSTREAM_KEY), strict=True)
        purposes |= {prefix + name: purpose for name, purpose in pair}
    for name, purpose in purposes.items():
        for directive in by_name.get(name, ()):
            collected.add(directive, purpose, None, _IN_FORCE)
    commands = {command.lower(): purpose for command, purpose in _COMMANDS.items()}
    for directive in by_name.get("ssl_conf_command", ()):
        wanted = commands.get(str(directive.args[0]).lower()) if len(directive.args) == 2 else None
        if wanted is not None:
            collected.add(directive, wanted, None, _IN_FORCE)


_Place = tuple[int, int]


class _Uses:
    """Uses by their place, in order of first sight."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        problems = (problem for problem in configuration.tree.problems if not problem.harmless)
        self._unsure = configuration.tree.is_fragment or any(problems)
        self.server_files = [one for one in _SERVER_FILES.items() if one[0] in configuration.directives]
        self._seen: set[_Place] = set()
        self._found: dict[tuple[object, ...], _Growing] = {}

    def add(
        self,
        directive: Directive,
        purpose: Purpose,
        server: VirtualServer | None,
        rank: int,
        certificate: FileReference | None = None,
        passwords: FileReference | None = None,
    ) -> None:
        place = _place(directive)
        if not is_named(directive) or (server is None and place in self._seen):
            return
        self._seen.add(place)
        # A member of an enumeration is one object, and its hash a function of Python's.
        key = (place, id(purpose), _place_of(certificate), _place_of(passwords))
        growing = self._found.get(key)
        if growing is None:
            at = 1 if directive.name == "ssl_conf_command" else 0
            reference = reference_to(self.configuration, directive, at)
            growing = self._found[key] = _Growing(reference, purpose, certificate, passwords)
        if server is not None:
            growing.servers.setdefault(rank, {})[server] = None

    def reference(self, directive: Directive | None) -> FileReference | None:
        """The file that ``directive`` names, if it names one."""
        if directive is None or not is_named(directive):
            return None
        return reference_to(self.configuration, directive)

    def all(self) -> tuple[FileUse, ...]:
        return tuple(growing.done(self._unsure) for growing in self._found.values())


class _Growing:
    """A use while its servers are being collected, by how far each takes the file."""

    def __init__(
        self,
        reference: FileReference,
        purpose: Purpose,
        certificate: FileReference | None,
        passwords: FileReference | None,
    ) -> None:
        self.reference = reference
        self.purpose = purpose
        self.certificate = certificate
        self.passwords = passwords
        self.servers: dict[int, dict[VirtualServer, None]] = {}

    def done(self, unsure: bool) -> FileUse:
        most = max(self.servers, default=_IN_FORCE)
        return FileUse(
            self.reference,
            self.purpose,
            tuple(self.servers.get(most, ())),
            unsure or most >= _OPENED,
            self.certificate,
            self.passwords,
        )


def _place(directive: Directive) -> _Place:
    return id(directive.source), directive.start


def _place_of(reference: FileReference | None) -> _Place | None:
    return None if reference is None else _place(reference.directive)
