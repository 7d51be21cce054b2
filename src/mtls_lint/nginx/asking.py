"""Which servers ask their clients for a certificate, and by which directive."""

from functools import lru_cache

from msgspec import Struct

from mtls_lint.nginx.answers import SETTERS
from mtls_lint.nginx.checks import (
    client_variables,
    identifying_variables,
    tells_of_client,
)
from mtls_lint.nginx.inheritance import Scope, Setting
from mtls_lint.nginx.memory import kept
from mtls_lint.nginx.model import Configuration, VirtualServer
from mtls_lint.nginx.tls import conf_commands
from mtls_lint.nginx.variables import variables_in
from mtls_lint.nginx.version import NginxVersion
from mtls_lint.syntax.tree import Directive

# The flags of SSL_CTX_set_verify that each word of VerifyMode stands for (cmd_VerifyMode of OpenSSL).
_VERIFY_FLAGS = {
    "peer": {"peer"},
    "request": {"peer"},
    "require": {"peer", "required"},
    "once": {"peer", "once"},
    "requestposthandshake": {"peer", "postponed"},
    "requireposthandshake": {"peer", "postponed", "required"},
}


class Asking(Struct, frozen=True):
    """How the TLS handshake of a server asks its client for a certificate.

    ``required``: the handshake fails without one. ``postponed``: in TLS 1.3 it is to be asked for behind the
    handshake, which nginx never does. ``command`` is the ``VerifyMode`` that makes OpenSSL ask, if one does.
    """

    asked: bool
    required: bool = False
    postponed: bool = False
    command: Directive | None = None

    def is_asked_in(self, tls: str) -> bool:
        """Whether a client that speaks TLS ``1.2`` or ``1.3`` is asked."""
        return self.asked and not (self.postponed and tls == "1.3")


@kept
def asking(server: VirtualServer) -> Asking:
    """How clients of this server are asked: by ``ssl_verify_client``, and ``VerifyMode`` commands on top.

    Their words switch flags on, or off with a ``-`` in front; nginx applies them last
    (docs/evidence.md: settings).
    """
    flags = {"peer"} if server.verify_client != "off" else set()
    command = None
    for directive in conf_commands(server, "VerifyMode"):
        for word in (item.strip().lower() for item in directive.args[1].split(",")):
            named = _VERIFY_FLAGS.get(word.lstrip("+-"), set())
            if word.startswith("-"):
                flags -= named
            else:
                flags |= named
                command = command or (directive if named else None)
    asked = "peer" in flags
    return Asking(asked, "required" in flags, "postponed" in flags, command if asked else None)


def command_that_asks(server: VirtualServer) -> Directive | None:
    """The ``ssl_conf_command VerifyMode`` by which OpenSSL asks for a certificate behind nginx's back.

    With ``ssl_verify_client off`` nginx then accepts any, a self-signed one too (docs/evidence.md: settings).
    """
    return asking(server).command


def asks(server: VirtualServer) -> bool:
    """Whether clients of this server are asked for a certificate in some way."""
    return server.verify_client != "off" or command_that_asks(server) is not None


def asks_ocsp(server: VirtualServer) -> bool:
    """Whether an OCSP responder has a say about certificates whose chains are good."""
    known = ocsp_counts_in_stream(server.scope.version) if server.module == "stream" else True
    return known and server.scope.version >= (1, 19, 0) and server.setting("ssl_ocsp").lower in {"on", "leaf"}


def ocsp_counts_in_stream(version: NginxVersion) -> bool:
    """Whether stream acts on what an OCSP responder says: ``ssl_ocsp`` is there since 1.27.2.

    Its first releases asked and passed over the answer (CVE-2026-28755, docs/evidence.md: stream).
    """
    return (1, 28, 3) <= version < (1, 29, 0) or version >= (1, 29, 7)


def client_ca(server: VirtualServer) -> Setting | None:
    """The setting that lets nginx start with ``ssl_verify_client on``: None when none does.

    ``ssl_client_certificate``; from 1.27.2 on ``ssl_trusted_certificate`` will do
    (docs/evidence.md: settings).
    """
    setting = server.setting("ssl_client_certificate")
    if not setting.value and server.scope.version >= (1, 27, 2):
        setting = server.setting("ssl_trusted_certificate")
    return setting if setting.value else None


def backend_is_told(configuration: Configuration, scope: Scope) -> bool:
    """Whether a backend gets, in a header or parameter, what nginx learnt of the client's certificate.

    That is a variable ``$ssl_client_...``, or one that a ``map`` makes of such a variable.
    """
    return _tells(configuration, _told(configuration, scope))


@kept
def _tells(configuration: Configuration, told: frozenset[str]) -> bool:
    made = client_variables(configuration)
    return any(tells_of_client(name, made) for name in told)


def backend_is_misled(configuration: Configuration, scope: Scope) -> bool:
    """Whether a backend gets names from a certificate, and cannot tell whether it was verified.

    What a ``map`` makes is taken to tell.
    """
    told = _told(configuration, scope)
    return bool(names_without_verify(told)) and told.isdisjoint(client_variables(configuration))


def _told(configuration: Configuration, scope: Scope) -> frozenset[str]:
    """The variables in what a backend is told."""
    setters = setters_of(configuration)
    return _mentioned(tuple([one.args for name in setters for one in scope.setting(name).directives]))


@lru_cache(maxsize=1024)
def _mentioned(lines: tuple[tuple[str, ...], ...]) -> frozenset[str]:
    """The variables in these words: most places say the same."""
    return frozenset(name for words in lines for word in words for name in variables_in(word))


@kept
def setters_of(configuration: Configuration) -> tuple[str, ...]:
    """Which of the directives that set headers and parameters the configuration has anywhere."""
    return tuple(name for name in SETTERS.values() if name in configuration.directives)


_NAMES = frozenset(f"ssl_client_{name}" for name in ("s_dn", "i_dn", "s_dn_legacy", "i_dn_legacy", "serial"))


def names_without_verify(facts: frozenset[str]) -> frozenset[str]:
    """The names of a certificate among ``facts``, of which a backend cannot tell whether they are true.

    It can where it is told what became of the check. ``facts`` are variables without ``$``.
    """
    return frozenset() if "ssl_client_verify" in facts else facts & _NAMES


@kept
def backend_learns_identity(configuration: Configuration, server: VirtualServer) -> Directive | None:
    """The directive by which a backend of the server gets the name or the certificate of the client."""
    setters = setters_of(configuration)
    for scope in [server.scope, *[location.scope for location in server.all_locations()]]:
        for name in setters:
            directives = scope.setting(name).directives
            if directives:
                index = _first_identity(configuration, tuple([one.args for one in directives]))
                if index is not None:
                    return directives[index]
    return None


@kept
def _first_identity(configuration: Configuration, lines: tuple[tuple[str, ...], ...]) -> int | None:
    """The first of these lines that has the name or the certificate of the client."""
    wanted = identifying_variables(configuration)
    found = (i for i, words in enumerate(lines) if not wanted.isdisjoint(_mentioned((words,))))
    return next(found, None)
