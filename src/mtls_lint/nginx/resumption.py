"""What nginx does with a TLS session that a client brings back, perhaps for another server of the socket.

A session carries the verdict on the client's certificate from the handshake that made it; nothing of it is
checked again (docs/evidence.md: resumption). So what counts is whether nginx takes the session, whose verdict
it then holds, and whether the request is answered with 421.
"""

from collections.abc import Callable, Hashable, Iterator
from enum import Enum

from msgspec import Struct

from mtls_lint.expressions import expression
from mtls_lint.nginx.lookup import NameTable, normalise_host
from mtls_lint.nginx.material import FileReference, ca_names, is_named, reference_to
from mtls_lint.nginx.memory import kept
from mtls_lint.nginx.model import Configuration, Socket, VirtualServer
from mtls_lint.nginx.tls import conf_commands, negotiable_protocols
from mtls_lint.nginx.version import NginxVersion
from mtls_lint.pki.store import FileState, PemFile
from mtls_lint.syntax.tree import Unknown

Read = Callable[[FileReference], PemFile | None]

EARLY_NAME = NginxVersion(1, 29, 2)
"""Since then the server is chosen before OpenSSL looks at the session (ngx_ssl_client_hello_callback)."""

RESUMPTION_CVE = "CVE-2025-23419"
"""Sessions of one server open another; what distributions mend without a new number (see ``has_fix``)."""

SHARED_KEYS = NginxVersion(1, 23, 2)
"""Since then a shared cache holds the keys of tickets too, and a session of TLS 1.3 has nginx's timeout."""

_SETTINGS = (
    "ssl_verify_client",
    "ssl_certificate",
    "ssl_client_certificate",
    "ssl_session_tickets",
    "ssl_session_cache",
    "ssl_session_timeout",
    "ssl_reject_handshake",
    "ssl_conf_command",
)


_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "M": 2592000, "y": 31536000}
_PART = expression(r"\s*([0-9]+)\s*([smhdwMy]?)")


class Fate(Enum):
    """What becomes of the session."""

    NO_SESSION = "no session"
    """The first handshake leaves none that nginx would know again; the second is a full one."""
    RESUMED = "resumed"
    FULL_HANDSHAKE = "full handshake"
    ACCESS_DENIED = "access denied"
    """Alert access_denied: the restriction that came with the fix of CVE-2025-23419."""
    HANDSHAKE_FAILED = "handshake failed"


class Attempt(Struct, frozen=True):
    """A session made with SNI ``made``, brought back with SNI ``named``, and a request for ``host``.

    None stands for no SNI. ``tls`` is ``1.2`` or ``1.3``, the same both times.
    """

    tls: str
    made: str | None
    named: str | None
    host: str


class Resumption(Struct, frozen=True):
    """What nginx makes of an attempt.

    ``verdict_of`` is the server whose CAs, CRLs and depth the client was verified with, ``server`` the one
    that the request goes to; both are None where no connection comes about. ``advisory`` says that the
    answer follows from the version number alone: a build with the fix of CVE-2025-23419, which distributions
    put into older versions, answers with ACCESS_DENIED.
    """

    fate: Fate
    verdict_of: VirtualServer | None = None
    server: VirtualServer | None = None
    misdirected: bool = False
    """Whether the request is answered with 421."""
    advisory: bool = False


class _Unread(Struct, frozen=True):
    """A file that could not be read: two places that name it have the same names in it, whatever they are."""

    path: str
    reason: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Unread) and self.path == other.path

    def __hash__(self) -> int:
        return hash(self.path)


class SessionContext(Struct, frozen=True):
    """What nginx hashes into the session-id context of a server (ngx_ssl_session_id_context).

    The server's certificates, or their words where they are variables, and the names of the CAs in
    ``ssl_client_certificate``, in the order of the file. Not the CAs themselves, nor
    ``ssl_trusted_certificate``, ``ssl_crl``, ``ssl_verify_depth`` or the mode.
    """

    certificates: tuple[Hashable, ...]
    names: tuple[Hashable, ...]

    @property
    def certificates_unread(self) -> bool:
        """Whether the certificates are not known, because a file could not be read."""
        return any(isinstance(one, _Unread) for one in self.certificates)

    @property
    def names_unread(self) -> bool:
        """Whether the names are not known, because the file could not be read."""
        return any(isinstance(name, _Unread) for name in self.names)

    def same_as(self, other: "SessionContext") -> bool | Unknown:
        """Whether a session of the one is good for the other."""
        doubt: Unknown | None = None
        for mine, theirs in ((self.certificates, other.certificates), (self.names, other.names)):
            unread = next((one for one in (*mine, *theirs) if isinstance(one, _Unread)), None)
            if mine == theirs:
                continue
            if unread is None:
                return False
            doubt = Unknown(f"{unread.path}: {unread.reason}")
        return True if doubt is None else doubt


def session_context(configuration: Configuration, server: VirtualServer, read: Read) -> SessionContext:
    """The session-id context of a server; ``read`` gives the files that the configuration names."""
    certificates: list[Hashable] = []
    for directive in server.setting("ssl_certificate").directives:
        reference = reference_to(configuration, directive)
        file = read(reference) if reference.path is not None else None
        if reference.path is None:
            certificates.append(reference.written)
        elif file is None or file.state is not FileState.READ or not file.chain:
            certificates.append(_unread(reference, file))
        else:
            certificates.append(file.chain[0])
    return SessionContext(tuple(certificates), tuple(_ca_names(configuration, server, read)))


def _ca_names(configuration: Configuration, server: VirtualServer, read: Read) -> Iterator[Hashable]:
    directive = server.setting("ssl_client_certificate").directive
    # The file is opened only where clients are asked; an empty string cancels an inherited one.
    if server.verify_client == "off" or directive is None or not is_named(directive):
        return
    reference = reference_to(configuration, directive)
    file = read(reference)
    if file is None or file.state is not FileState.READ or file.certificate_defect is not None:
        yield _unread(reference, file)
    else:
        yield from ca_names(file.certificates, server.scope.version)


def _unread(reference: FileReference, file: PemFile | None) -> _Unread:
    reason = (file.reason or file.certificate_defect) if file is not None else None
    return _Unread(reference.path or reference.written, reason or "it has not been read")


def resume(
    configuration: Configuration,
    socket: Socket,
    attempt: Attempt,
    read: Read,
    *,
    fixed: bool | None = None,
) -> Resumption | Unknown:
    """What nginx does on ``attempt`` at a TLS socket of http; Unknown says what would have to be known.

    ``fixed`` says whether the build has the fix of CVE-2025-23419; unless given, the version number decides.
    """
    return _Resumer(configuration, socket, attempt, read, fixed).answer()


def session_maker(
    configuration: Configuration, socket: Socket, tls: str, name: str | None, read: Read
) -> tuple[VirtualServer, bool] | Unknown:
    """The server that a handshake with this SNI selects, and whether nginx knows its session again."""
    return _Resumer(configuration, socket, Attempt(tls, name, None, ""), read, None).maker()


def makes_resumable_sessions(
    configuration: Configuration, socket: Socket, name: str | None, read: Read
) -> bool | Unknown:
    """Whether a TLS 1.3 session made with this SNI can be resumed with the same."""
    answer = resume(configuration, socket, Attempt("1.3", name, name, name or ""), read)
    return answer if isinstance(answer, Unknown) else answer.fate is Fate.RESUMED


def has_fix(version: NginxVersion) -> bool:
    """Whether upstream's release of this number has the fix of ``RESUMPTION_CVE``."""
    return version >= (1, 27, 4) or (1, 26, 3) <= version < (1, 27, 0)


class _Resumer:
    """One attempt while it is followed."""

    def __init__(
        self,
        configuration: Configuration,
        socket: Socket,
        attempt: Attempt,
        read: Read,
        fixed: bool | None,
    ) -> None:
        self.configuration = configuration
        self.attempt = attempt
        self.read = read
        self.advised = fixed is None
        self.fixed = has_fix(configuration.version) if fixed is None else fixed
        self.early = configuration.version >= EARLY_NAME
        self.default = socket.default_server
        self.table = NameTable.of(socket)

    def maker(self) -> tuple[VirtualServer, bool] | Unknown:
        """The first step: the server that makes the session, and whether it is one that is known again."""
        made = self._select(self.attempt.made)
        if isinstance(made, Unknown):
            return made
        unknown = self._unknown_setting(made[0])
        return unknown if unknown is not None else (made[0], self._leaves_session(made[0]))

    def answer(self) -> Resumption | Unknown:
        """What nginx does, step by step."""
        made, named = self._select(self.attempt.made), self._select(self.attempt.named)
        if isinstance(made, Unknown):
            return made
        if isinstance(named, Unknown):
            return named
        if (unknown := self._unknown_setting(made[0], named[0])) is not None:
            return unknown
        if not self._leaves_session(made[0]):
            return self._full_handshake(Fate.NO_SESSION, named)
        taken = self._taken(made[0], named[0])
        if isinstance(taken, Unknown):
            return taken
        if not taken:
            return self._full_handshake(Fate.FULL_HANDSHAKE, named)
        return self._resumed(made, named)

    def _resumed(
        self, made: tuple[VirtualServer, str | None], named: tuple[VirtualServer, str | None]
    ) -> Resumption | Unknown:
        verdict_of = self._context_server(made[0])
        if self.attempt.tls == "1.2" and not self.early:
            # OpenSSL takes the name from the session, so the connection belongs to the server of the session.
            return self._request(Fate.RESUMED, verdict_of, *made)
        crosses = self._crosses(named)
        if crosses and self.fixed:
            return Resumption(Fate.ACCESS_DENIED)
        if not self._handshake_succeeds(named[0]):
            return Resumption(Fate.HANDSHAKE_FAILED)
        return self._request(Fate.RESUMED, verdict_of, *named, advisory=crosses and self.advised)

    def _unknown_setting(self, *servers: VirtualServer) -> Unknown | None:
        found = (unknown_setting(server) for server in (*servers, self.default))
        return next((unknown for unknown in found if unknown is not None), None)

    def _select(self, sni: str | None) -> tuple[VirtualServer, str | None] | Unknown:
        """The server that a name selects, and the name where it matched one."""
        name = normalise_host(sni, self.configuration.version) if sni else None
        found = self.table.find(name) if name else None
        if isinstance(found, Unknown):
            return found
        return (found, name) if found is not None else (self.default, None)

    def _context_server(self, server: VirtualServer) -> VirtualServer:
        return server if server.has_ssl_context else self.default

    def _handshake_succeeds(self, server: VirtualServer) -> bool:
        spoken = negotiable_protocols(self._context_server(server), self.default)
        speaks = f"TLSv{self.attempt.tls}" in spoken
        return speaks and not server.setting("ssl_reject_handshake").is_on

    def _leaves_session(self, made: VirtualServer) -> bool:
        return self._handshake_succeeds(made) and self._kept(made)

    def _ticket(self, made: VirtualServer) -> bool:
        """Whether the session leaves nginx as a ticket; otherwise as a number, for a cache to know."""
        issues = tickets_on(self._context_server(made))
        if self.attempt.tls == "1.2" and not self.early:
            return issues and tickets_on(self.default)
        return issues

    def _kept(self, made: VirtualServer) -> bool:
        """Whether nginx knows the session again: with a timeout of 0, by tickets alone, and not in TLS 1.3.

        Before 1.23.2 it gives sessions of TLS 1.3 no timeout of its own (docs/evidence.md: resumption).
        """
        if lifetime(self.default) != 0:
            return self._ticket(made) or has_cache(self.default)
        lasting = self.attempt.tls == "1.2" or self.configuration.version < SHARED_KEYS
        return self._ticket(made) and lasting and not changes_keys_at_once(self.default)

    def _taken(self, made: VirtualServer, named: VirtualServer) -> bool | Unknown:
        """Whether the session is found and fits; the default server reads it where no other is chosen yet."""
        reader = self._context_server(named) if self.early else self.default
        if self._ticket(made) and not tickets_on(reader):
            return False
        if self.attempt.tls == "1.3" and not self._ticket(made) and tickets_on(reader):
            return False  # in TLS 1.3 a number is looked up only where tickets are off
        if not self.early:
            return True  # made and read in the default server's session-id context
        issuer = self._context_server(made)
        mine = session_context(self.configuration, issuer, self.read)
        return mine.same_as(session_context(self.configuration, reader, self.read))

    def _crosses(self, named: tuple[VirtualServer, str | None]) -> bool:
        """Whether the fix of CVE-2025-23419 forbids it: another name, as sent, for a server that verifies.

        The check stands behind the look-up of the name: without SNI, with one that no server has, or for a
        session that was made without, it is not made (ngx_http_ssl_servername).
        """
        server, name = named
        if self.early or name is None or self.attempt.made is None:
            return False
        return server.verify_client != "off" and self.attempt.made != self.attempt.named

    def _full_handshake(self, fate: Fate, named: tuple[VirtualServer, str | None]) -> Resumption | Unknown:
        if not self._handshake_succeeds(named[0]):
            return Resumption(Fate.HANDSHAKE_FAILED)
        return self._request(fate, self._context_server(named[0]), *named)

    def _request(
        self,
        fate: Fate,
        verdict_of: VirtualServer,
        current: VirtualServer,
        name: str | None,
        *,
        advisory: bool = False,
    ) -> Resumption | Unknown:
        """The step of the Host: docs/evidence.md, request."""
        host = normalise_host(self.attempt.host, self.configuration.version) or ""
        if name is not None and host == name:
            return Resumption(fate, verdict_of, current, advisory=advisory)
        found = self.table.find(host)
        if isinstance(found, Unknown):
            return found
        server = found or self.default
        misdirected = name is not None and server.verify_client != "off"
        return Resumption(fate, verdict_of, server, misdirected, advisory)


@kept
def unknown_setting(server: VirtualServer) -> Unknown | None:
    """The first setting of a server that matters to sessions and is not known."""
    settings = (server.setting(name) for name in _SETTINGS)
    return next((setting.unknown for setting in settings if setting.unknown is not None), None)


def tickets_on(server: VirtualServer) -> bool:
    """Whether the server issues and reads session tickets; ``ssl_conf_command Options`` has the last word."""
    on = server.setting("ssl_session_tickets").is_on
    for directive in conf_commands(server, "Options"):
        for word in directive.args[1].split(","):
            option = word.strip().lower()
            if option.lstrip("+-") == "sessionticket":
                on = not option.startswith("-")
    return on


def has_cache(default: VirtualServer) -> bool:
    """Whether the default server of a socket stores sessions; its cache serves the whole socket."""
    words = default.setting("ssl_session_cache").words
    return any(word.startswith(("builtin", "shared:")) for word in words)


def changes_keys_at_once(default: VirtualServer) -> bool:
    """Whether keys of tickets last for seconds: a shared cache changes them by the timeout."""
    shared = any(word.startswith("shared:") for word in default.setting("ssl_session_cache").words)
    own = default.setting("ssl_session_ticket_key").is_set
    return shared and not own and default.scope.version >= SHARED_KEYS and lifetime(default) == 0


def lifetime(server: VirtualServer) -> int | None:
    """The seconds of ``ssl_session_timeout``; None for what nginx does not take."""
    text, total, position = server.setting("ssl_session_timeout").value or "", 0, 0
    while match := _PART.match(text, position):
        total += int(match[1]) * _UNITS[match[2]]
        position = match.end()
    return total if text and position == len(text) else None
