"""Which socket takes a connection, and which server answers a name (docs/evidence.md: sockets, names)."""

import ipaddress
import re
from functools import lru_cache

from msgspec import Struct

from mtls_lint.expressions import expression
from mtls_lint.nginx.memory import kept
from mtls_lint.nginx.model import Configuration, Socket, VirtualServer
from mtls_lint.nginx.names import NameKind
from mtls_lint.nginx.regex import Matched, has_captures, search
from mtls_lint.nginx.version import NginxVersion
from mtls_lint.syntax.tree import Unknown

_HIGHEST_PORT = 65535


def find_socket(
    configuration: Configuration, module: str, address: str, port: int
) -> Socket | Unknown | None:
    """The socket that takes a TCP connection to ``address``; None when nobody listens.

    The exact address wins over the wildcard of its family; IPv4 connections reach ``[::]`` only where
    that listens with ``ipv6only=off``.
    """
    on_port = _by_port(configuration).get((module, port))
    if on_port is None:
        return None
    wanted = _normalised(address)
    if wanted in on_port:
        return on_port[wanted]
    named = [socket.key.address for socket in on_port.values() if socket.key.family == "name"]
    if named:
        return Unknown(f"the address of {', '.join(named)} is looked up when nginx starts")
    wildcard = "[::]" if wanted.startswith("[") else "*"
    if wildcard in on_port:
        return on_port[wildcard]
    both = on_port.get("[::]") if wildcard == "*" else None
    return both if both is not None and both.takes_ipv4 else None


@kept
def _by_port(configuration: Configuration) -> dict[tuple[str, int], dict[str, Socket]]:
    """The TCP sockets by module and port, and there by address."""
    found: dict[tuple[str, int], dict[str, Socket]] = {}
    for socket in configuration.sockets:
        if socket.key.transport == "tcp":
            found.setdefault((socket.module, socket.key.port), {}).setdefault(socket.key.address, socket)
    return found


@lru_cache(maxsize=4096)
def _normalised(address: str) -> str:
    if address.lower().startswith("unix:"):
        return address
    text = address.strip("[]")
    try:
        parsed = ipaddress.ip_address(text)
    except ValueError:
        return address.lower()
    return f"[{parsed.compressed}]" if parsed.version == 6 else str(parsed)


_UPPER_CASE = expression("[A-Z]")


class NameTable(Struct):
    """The names of one socket, as nginx hashes them."""

    exact: dict[str, VirtualServer] = {}
    leading: dict[str, VirtualServer] = {}
    """By suffix: ``example.com`` for ``*.example.com``."""
    trailing: dict[str, VirtualServer] = {}
    """By prefix: ``mail`` for ``mail.*``."""
    regexes: list[tuple[str, VirtualServer]] = []
    uncertain: list[str] = []
    """Names that only the machine itself knows (``$hostname``)."""
    used: bool = False
    """Whether nginx looks names up at all: with one server and no captures it does not."""

    @classmethod
    def of(cls, socket: Socket) -> "NameTable":
        """The table of ``socket``, made once; of several equal names the first counts."""
        return _table(socket)

    def add(self, kind: NameKind, text: str, server: VirtualServer) -> None:
        if kind is NameKind.REGEX:
            self.regexes.append((text[1:], server))
        elif kind is NameKind.VARIABLE:
            self.uncertain.append(text)
        elif kind is NameKind.LEADING_WILDCARD:
            self.leading.setdefault(text[2:], server)
        elif kind is NameKind.TRAILING_WILDCARD:
            self.trailing.setdefault(text[:-2], server)
        elif kind is NameKind.DOTTED:
            # One key for both halves: where either is taken, all of it is ignored (ngx_hash_add_key).
            if text[1:] not in self.exact and text[1:] not in self.leading:
                self.exact[text[1:]] = server
                self.leading.setdefault(text[1:], server)
        else:
            self.exact.setdefault(text, server)

    def find(self, host: str) -> VirtualServer | Unknown | None:
        """The server for a lower-cased host without port: exact, longest wildcard, first matching regex."""
        if not self.used:
            return None
        found = self._by_word(host)
        if found is not None or not host:
            return found
        matched = self._by_regex(host)
        if isinstance(matched, Unknown):
            return matched
        if matched is not None:
            return matched[0]
        if self.uncertain:
            return Unknown(f"server_name {self.uncertain[0]} is known only on the machine itself")
        return None

    def captures(self, host: str) -> Matched | None:
        """What the regular expression captures that gives the server for ``host``, if one does."""
        matched = self._by_regex(host) if self.used and host and self._by_word(host) is None else None
        return None if matched is None or isinstance(matched, Unknown) else matched[1]

    def _by_word(self, host: str) -> VirtualServer | None:
        if host in self.exact:
            return self.exact[host]
        if not host:
            return None
        labels = host.split(".")
        for start in range(1, len(labels)):
            server = self.leading.get(".".join(labels[start:]))
            if server is not None:
                return server
        for end in range(len(labels) - 1, 0, -1):
            server = self.trailing.get(".".join(labels[:end]))
            if server is not None:
                return server
        return None

    def _by_regex(self, host: str) -> tuple[VirtualServer, Matched] | Unknown | None:
        for pattern, server in self.regexes:
            # An upper-case letter in the expression makes nginx compare without case; hosts are lower-case.
            caseless = _UPPER_CASE.search(pattern) is not None
            match = search(pattern, host, caseless=caseless)
            if isinstance(match, Unknown):
                return match
            if match is not None:
                return server, match
        return None


@kept
def _table(socket: Socket) -> NameTable:
    """A decision needs it, and a socket may have ten thousand servers and as many decisions."""
    table = NameTable()
    for server in socket.servers:
        for name in server.names:
            table.add(name.kind, name.text, server)
        if not server.names:
            table.add(NameKind.EMPTY, "", server)
    table.used = len(socket.servers) > 1 or any(
        name.kind is NameKind.REGEX and has_captures(name.text[1:]) for name in socket.default_server.names
    )
    return table


def looks_names_up(socket: Socket) -> bool:
    """Whether nginx looks names up on this socket at all, and so makes a table of them when it starts."""
    return NameTable.of(socket).used


_NEVER = expression(r"\.\.|[\0-\x20/\x7f]")
# What nginx takes for a Host since 1.29.4, which follows RFC 3986 3.2 (docs/evidence.md: request).
_HOST = expression(r"(\[[\w.~!$&'()*+,;=:-]*\]|[\w.~!$&'()*+,;=%-]*)(?::(\d*))?", re.ASCII)


def normalise_host(host: str, version: NginxVersion) -> str | None:
    """A Host or SNI as nginx looks it up: lower case, no port, no trailing dot; None when it is invalid."""
    if _NEVER.search(host):
        return None
    if version >= (1, 29, 4):
        match = _HOST.fullmatch(host)
        if match is None or int(match[2] or 0) > _HIGHEST_PORT:
            return None
        text = match[1]
    else:
        text = host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
    return text.lower().removesuffix(".")
