"""TLS versions, cipher strings and security levels that are in force.

``ssl_conf_command`` has the last word over ``ssl_protocols`` and ``ssl_ciphers`` (docs/evidence.md:
settings).
Observed on 1.22.1 and 1.31.3: ``Protocol`` only switches the versions it names, on top of ``ssl_protocols``;
``MinProtocol`` and ``MaxProtocol`` only narrow; ``CipherString`` replaces the cipher string, but a security
level that ``ssl_ciphers`` set stays unless the new string sets one.
"""

from collections.abc import Iterable
from functools import lru_cache

from msgspec import Struct

from mtls_lint.expressions import expression
from mtls_lint.nginx.inheritance import Holder, Scope
from mtls_lint.nginx.memory import kept
from mtls_lint.nginx.model import Configuration, VirtualServer
from mtls_lint.sharing import once
from mtls_lint.syntax.source import Span
from mtls_lint.syntax.tree import Directive

PROTOCOLS = ("SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
"""The words of ``ssl_protocols``, oldest first."""

LEGACY = frozenset(PROTOCOLS[:4])
"""What RFC 9325 3.1.1 and RFC 8996 forbid."""

SSL = frozenset(PROTOCOLS[:2])
"""What came before TLS; OpenSSL has dropped SSLv2, and its usual builds SSLv3."""

_CANONICAL = {word.lower(): word for word in PROTOCOLS}
_LEVEL = expression(r"@SECLEVEL=([0-5])")


class Use(Struct, frozen=True):
    """The directives of one name in one block: together one value, as nginx sees them.

    ``servers`` are those that take it, by setting or by inheriting it. ``complete`` is False when more of
    them may stand in the same block, in text that was not read.
    """

    directives: tuple[Directive, ...]
    servers: tuple[VirtualServer, ...]
    complete: bool


class CipherString(Struct, frozen=True):
    """A cipher string where it stands, and the servers that take it.

    In some of them it does not choose the suites, because a ``CipherString`` command replaces it:
    ``chooses_in`` are the others. OpenSSL reads it in all of them, and keeps the security level it sets.
    """

    text: str
    directive: Directive
    index: int
    servers: tuple[VirtualServer, ...]
    chooses_in: tuple[VirtualServer, ...]

    @property
    def span(self) -> Span:
        """Where the string stands."""
        return self.directive.arg_span(self.index)


@kept
def uses(configuration: Configuration, name: str) -> tuple[Use, ...]:
    """Every value that is written for ``name`` at the http, stream, mail or server level, each once."""
    if name not in configuration.directives:
        return ()
    takers: dict[Directive, list[VirtualServer]] = {}
    for server in configuration.servers:
        first = server.setting(name).directive
        if first is not None:
            takers.setdefault(first, []).append(server)
    written: dict[tuple[Directive, ...], bool] = {}
    for scope in _scopes(configuration):
        own = scope.find(name)
        if own:
            written[own] = written.get(own, True) and not scope.unread
    return tuple(Use(own, tuple(takers.get(own[0], ())), complete) for own, complete in written.items())


def _scopes(configuration: Configuration) -> Iterable[Scope]:
    yield from configuration.scopes.values()
    for server in configuration.servers:
        yield server.scope


def protocol_words(words: Iterable[str]) -> frozenset[str]:
    """The versions that these arguments of ``ssl_protocols`` name; unknown words are left out.

    nginx compares without regard to case (ngx_conf_set_bitmask_slot).
    """
    return _protocols_in(tuple(words))


@lru_cache(maxsize=256)
def _protocols_in(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(_CANONICAL[word.lower()] for word in words if word.lower() in _CANONICAL)


def in_order(protocols: Iterable[str]) -> tuple[str, ...]:
    """Versions of the protocol, oldest first."""
    return tuple(sorted(protocols, key=PROTOCOLS.index))


def conf_commands(server: VirtualServer, name: str) -> tuple[Directive, ...]:
    """The ``ssl_conf_command`` directives with this command that a server takes (OpenSSL ignores case)."""
    given = server.setting("ssl_conf_command").directives
    return given and tuple(
        directive
        for directive in given
        if len(directive.args) == 2 and directive.args[0].lower() == name.lower()
    )


@kept
def protocols_of(server: VirtualServer) -> frozenset[str]:
    """The versions that the server's ``ssl_protocols``, or nginx's default, allows."""
    return protocol_words(server.setting("ssl_protocols").words)


@kept
def commanded_protocols(server: VirtualServer) -> frozenset[str]:
    """What the server's ``ssl_conf_command`` directives leave of, or add to, ``protocols_of``."""
    return _within_bounds(server, _switched_protocols(server))


@kept
def _switched_protocols(server: VirtualServer) -> frozenset[str]:
    """What ``ssl_protocols`` and ``Protocol`` commands switch on: options of OpenSSL, which SNI changes."""
    allowed = protocols_of(server)
    for directive in conf_commands(server, "Protocol"):
        for item in directive.args[1].split(","):
            word = item.strip()
            named = command_words(word.lstrip("+-"))
            allowed = allowed - named if word.startswith("-") else allowed | named
    return allowed


def _within_bounds(server: VirtualServer, allowed: frozenset[str]) -> frozenset[str]:
    """Those of ``allowed`` that the server's ``MinProtocol`` and ``MaxProtocol`` commands let pass."""
    if not server.setting("ssl_conf_command").directives:
        return allowed
    for directive in conf_commands(server, "MinProtocol"):
        for lowest in protocol_words([directive.args[1]]):
            allowed &= set(PROTOCOLS[PROTOCOLS.index(lowest) :])
    for directive in conf_commands(server, "MaxProtocol"):
        for highest in protocol_words([directive.args[1]]):
            allowed &= set(PROTOCOLS[: PROTOCOLS.index(highest) + 1])
    return allowed


@kept
def negotiable_protocols(server: VirtualServer, default: VirtualServer) -> frozenset[str]:
    """The versions of a handshake in which SNI chooses ``server`` on a socket with this default server.

    Below 1.29.2 those of the default server: OpenSSL chose the version before nginx had seen the name. Since
    then the options are the chosen server's, but the bounds of ``MinProtocol`` and ``MaxProtocol`` stay those
    of the default server, and one without any version fails all handshakes (docs/evidence.md: handshake).
    """
    spoken = commanded_protocols(default)
    if server is default or server.scope.version < (1, 29, 2) or not spoken:
        return spoken
    return _within_bounds(default, _switched_protocols(server))


def command_words(value: str) -> frozenset[str]:
    """The versions one word of ``ssl_conf_command Protocol`` stands for; ``ALL`` is all that OpenSSL has."""
    return frozenset(PROTOCOLS[2:]) if value.lower() == "all" else protocol_words([value])


@kept
def spoken_protocols(server: VirtualServer) -> frozenset[str]:
    """The versions nginx speaks with clients of this server, on any of its sockets."""
    sockets = server.tls_sockets
    if not sockets:
        return commanded_protocols(server)
    defaults = {socket.default_server for socket in sockets}
    return once(frozenset().union(*[negotiable_protocols(server, default) for default in defaults]))


@kept
def may_speak_tls(server: VirtualServer) -> bool:
    """Whether the server speaks TLS, or may: what says so can be missing from a fragment."""
    certificate = server.setting("ssl_certificate")
    if not server.has_ssl_context and certificate.unknown is None and not certificate.assumed:
        return False
    if server.tls_sockets or server.starts_tls:
        return True
    return not server.complete


@lru_cache(maxsize=1024)
def level_in(text: str) -> int | None:
    """The security level that a cipher string sets, the last one where there are several."""
    levels = _LEVEL.findall(text)
    return int(levels[-1]) if levels else None


@kept
def security_level(server: VirtualServer) -> int | None:
    """OpenSSL's security level in this server as its cipher strings set it; None for OpenSSL's default.

    The default is 2 for OpenSSL from 3.2 on and on Debian, and 1 for older ones (docs/evidence.md: trust).
    """
    commands = [directive.args[1] for directive in conf_commands(server, "CipherString")]
    for text in (*commands[::-1], *server.setting("ssl_ciphers").words[-1:]):
        level = level_in(text)
        if level is not None:
            return level
    return None


def loading_level(holder: Holder) -> int:
    """The security level that certificates have to meet when nginx loads them.

    The level in ``ssl_ciphers`` (``proxy_ssl_ciphers`` ...) counts since 1.21.2, that of ``ssl_conf_command``
    comes too late (docs/evidence.md: certificates, upstreams); without one it is OpenSSL's usual 2.
    """
    level = None
    if holder.scope.version >= (1, 21, 2):
        level = level_in(next(iter(holder.setting("ssl_ciphers").words[-1:]), ""))
    return 2 if level is None else level


@kept
def cipher_strings(configuration: Configuration) -> tuple[CipherString, ...]:
    """Every cipher string of the configuration: of ``ssl_ciphers``, and of ``CipherString`` commands."""
    found = []
    for use in uses(configuration, "ssl_ciphers"):
        directive = use.directives[0]
        if len(directive.args) == 1:
            choosing = tuple([one for one in use.servers if not conf_commands(one, "CipherString")])
            found.append(CipherString(str(directive.args[0]), directive, 0, use.servers, choosing))
    for use in uses(configuration, "ssl_conf_command"):
        commands = [d for d in use.directives if len(d.args) == 2 and d.args[0].lower() == "cipherstring"]
        for directive in commands:
            choosing = use.servers if directive is commands[-1] else ()
            found.append(CipherString(str(directive.args[1]), directive, 1, use.servers, choosing))
    return tuple(found)


def chooses_suites(string: CipherString, configuration: Configuration) -> bool:
    """Whether the string has a say in some handshake: its server speaks TLS, and not 1.3 alone.

    The suites of TLS 1.3 are not in cipher strings (docs/evidence.md: protocols).
    """
    if string.servers:
        return any(
            may_speak_tls(server) and bool(spoken_protocols(server) - {"TLSv1.3"})
            for server in string.chooses_in
        )
    return configuration.tree.is_fragment and any(
        protocol_words(scope.setting("ssl_protocols").words) != {"TLSv1.3"}
        for scope in configuration.scopes.values()
    )


def only_legacy(use: Use) -> bool:
    """Whether a value of ``ssl_protocols`` allows nothing but versions that OpenSSL 3 refuses to speak.

    It speaks TLS 1.0 and 1.1 at security level 0 only, and SSLv3 not even then, because usual builds do not
    have it (observed with OpenSSL 3.0 and 3.3).
    """
    words = [word for directive in use.directives for word in directive.args]
    named = protocol_words(words)
    if not named or not named <= LEGACY or any(word.lower() not in _CANONICAL for word in words):
        return False
    return not use.servers or any(
        may_speak_tls(server) and _refuses_everybody(spoken_protocols(server), security_level(server))
        for server in use.servers
    )


def _refuses_everybody(spoken: frozenset[str], level: int | None) -> bool:
    return spoken <= (SSL if level == 0 else LEGACY)


@kept
def by_default(configuration: Configuration) -> tuple[VirtualServer, ...]:
    """The TLS servers that speak the versions of nginx's default, because nothing says ``ssl_protocols``.

    Below 1.29.2 only default servers of a socket count: see ``spoken_protocols``.
    """
    found = []
    for server in configuration.servers:
        if server.setting("ssl_protocols").is_set or not may_speak_tls(server):
            continue
        sockets = server.tls_sockets
        if (
            configuration.version >= (1, 29, 2)
            or not sockets
            or any(s.default_server is server for s in sockets)
        ):
            found.append(server)
    return tuple(found)
