"""Security advisories of nginx that depend on its TLS settings: versions, and the places concerned.

From nginx.org's advisories, the records of the CVE programme and nginx's CHANGES. A number says what
upstream released; what distributions mend without a new number is for ``build`` to know. Two advisories are
not here, because rules follow what they do step by step: CVE-2025-23419 (``resumption``) and
CVE-2026-120967 (rule stream-servers-with-different-modes).
"""

from collections.abc import Callable, Iterator

from msgspec import Struct

from mtls_lint.nginx.answering import listen_span
from mtls_lint.nginx.model import Configuration, Socket, VirtualServer
from mtls_lint.nginx.ocsp import ocsp_servers
from mtls_lint.nginx.resumption import tickets_on
from mtls_lint.nginx.tls import spoken_protocols
from mtls_lint.nginx.version import NginxVersion
from mtls_lint.syntax.source import Span

ADVISORIES_PAGE = "https://nginx.org/en/security_advisories.html"


class Concerned(Struct, frozen=True):
    """A place where a configuration meets the precondition of an advisory.

    ``what`` says it in words behind "because". ``grave`` marks that clients get in by it. With a ``doubt`` it
    is not known whether the precondition is met there, and why.
    """

    span: Span
    what: str
    servers: tuple[VirtualServer, ...] = ()
    grave: bool = False
    doubt: str | None = None


Precondition = Callable[[Configuration], Iterator[Concerned]]


class Advisory(Struct, frozen=True):
    """An advisory: ``affected`` are ranges, first and last version, ``fixed`` the first good ones.

    ``leads_to`` says what an attacker can do; ``severity`` is nginx's own word, empty where it was not seen,
    like a ``workaround`` where there is none.
    """

    cve: str
    leads_to: str
    affected: tuple[tuple[NginxVersion, NginxVersion], ...]
    fixed: tuple[NginxVersion, ...]
    severity: str
    workaround: str
    precondition: Precondition
    source: str = ADVISORIES_PAGE

    def affects(self, version: NginxVersion) -> bool:
        """Whether upstream's release of this number has the fault."""
        return any(first <= version <= last for first, last in self.affected)


def rotating_ticket_keys(configuration: Configuration) -> Iterator[Concerned]:
    """Tickets whose keys nginx makes and changes itself: a shared session cache, and no key files.

    Both are those of the default server, for all servers of its socket (docs/evidence.md: resumption).
    """
    found: dict[Span, dict[VirtualServer, None]] = {}
    for socket in configuration.sockets:
        default = socket.default_server
        cache = default.setting("ssl_session_cache")
        if not socket.ssl:
            continue
        if cache.unknown is not None:
            yield _doubtful(default, cache.unknown.reason)
        elif cache.span is not None and _makes_ticket_keys(socket):
            found.setdefault(cache.span, {}).update(dict.fromkeys(socket.servers))
    for span, servers in found.items():
        verify = any(server.verify_client != "off" for server in servers)
        what = "nginx makes and changes the keys of session tickets (shared ssl_session_cache, no key file)"
        yield Concerned(span, what, tuple(servers), grave=verify)


def ocsp_in_stream(configuration: Configuration) -> Iterator[Concerned]:
    """Clients of stream servers that are asked about by OCSP."""
    for directive, servers in ocsp_servers(configuration).items():
        required = [one for one in servers if one.module == "stream" and one.verify_client == "on"]
        if required:
            yield Concerned(
                directive.span, "clients of stream are checked by OCSP", tuple(required), grave=True
            )


def ocsp_with_resolver(configuration: Configuration) -> Iterator[Concerned]:
    """Clients of http servers that are asked about by OCSP, where responders are looked up by name."""
    for directive, servers in ocsp_servers(configuration).items():
        http = [server for server in servers if server.module == "http"]
        resolving = [server for server in http if server.setting("resolver").is_set]
        if resolving:
            what = "clients are checked by OCSP, and a resolver looks responders up"
            yield Concerned(directive.span, what, tuple(resolving))
        else:
            for server in http:
                if (unknown := server.setting("resolver").unknown) is not None:
                    yield _doubtful(server, unknown.reason)


def reads_client_hello(configuration: Configuration) -> Iterator[Concerned]:
    """``ssl_preread on`` in stream."""
    found: dict[Span, list[VirtualServer]] = {}
    for server in configuration.servers_of("stream"):
        setting = server.setting("ssl_preread")
        if setting.unknown is not None:
            yield _doubtful(server, setting.unknown.reason)
        elif setting.is_on and setting.span is not None:
            found.setdefault(setting.span, []).append(server)
    for span, servers in found.items():
        yield Concerned(span, "ssl_preread reads what clients send", tuple(servers))


def bodies_over_tls13(configuration: Configuration) -> Iterator[Concerned]:
    """Listeners of http that speak TLS 1.3."""
    for socket in configuration.sockets:
        if socket.module != "http" or not socket.ssl or socket.key.transport != "tcp":
            continue
        speaking = tuple(server for server in socket.servers if "TLSv1.3" in spoken_protocols(server))
        if speaking:
            yield Concerned(listen_span(socket), f"{socket.key} speaks TLS 1.3", speaking)
        elif (unknown := socket.default_server.setting("ssl_protocols").unknown) is not None:
            yield _doubtful(socket.default_server, unknown.reason)


def upstreams_by_tls(configuration: Configuration) -> Iterator[Concerned]:
    """Requests that go on to an upstream by TLS (https, grpcs, suwsgi)."""
    written = configuration.directives
    by_tls = {
        name: scheme
        for name, scheme in _BY_TLS.items()
        if any(one.args and one.args[0].lower().startswith(scheme) for one in written.get(name, ()))
    }
    for server in configuration.servers_of("http") if by_tls else ():
        for location in server.all_locations():
            for name, scheme in by_tls.items():
                for directive in location.scope.find(name):
                    if directive.args and directive.args[0].lower().startswith(scheme):
                        what = f"`{directive.text}` speaks TLS with its upstream"
                        yield Concerned(directive.span, what, (server,))


_BY_TLS = {"proxy_pass": "https://", "grpc_pass": "grpcs://", "uwsgi_pass": "suwsgi://"}


def _makes_ticket_keys(socket: Socket) -> bool:
    default = socket.default_server
    shared = any(word.startswith("shared:") for word in default.setting("ssl_session_cache").words)
    own_keys = default.setting("ssl_session_ticket_key").is_set
    return shared and not own_keys and any(map(tickets_on, socket.servers))


def _doubtful(server: VirtualServer, reason: str) -> Concerned:
    return Concerned(server.span, "", (server,), doubt=reason)


def _range(first: str, last: str) -> tuple[NginxVersion, NginxVersion]:
    return _version(first), _version(last)


def _version(text: str) -> NginxVersion:
    return NginxVersion(*map(int, text.split(".")))


ADVISORIES: dict[str, Advisory] = {
    advisory.cve: advisory
    for advisory in (
        Advisory(
            "CVE-2026-97629",
            "somebody can forge a TLS session, and with it the client certificate that was verified",
            (_range("1.23.3", "1.30.5"), _range("1.31.0", "1.31.6")),
            (_version("1.30.6"), _version("1.31.7")),
            "medium",
            "`ssl_session_tickets off;`, or key files of your own with `ssl_session_ticket_key`",
            rotating_ticket_keys,
            "https://www.cve.org/CVERecord?id=CVE-2026-97629",
        ),
        Advisory(
            "CVE-2026-28755",
            "the responder's answer is ignored, and clients whose certificates are revoked get in",
            (_range("1.27.2", "1.28.2"), _range("1.29.0", "1.29.6")),
            (_version("1.28.3"), _version("1.29.7")),
            "medium",
            "check revocation with `ssl_crl`",
            ocsp_in_stream,
        ),
        Advisory(
            "CVE-2026-40701",
            "a client can make a worker use memory that was freed, while a responder is looked up",
            (_range("1.19.0", "1.30.0"),),
            (_version("1.30.1"), _version("1.31.0")),
            "medium",
            "check revocation with `ssl_crl`",
            ocsp_with_resolver,
        ),
        Advisory(
            "CVE-2026-123640",
            "a ClientHello that is not well-formed is read beyond what was checked",
            (_range("1.15.2", "1.30.6"), _range("1.31.0", "1.31.8")),
            (_version("1.30.7"), _version("1.31.9")),
            "",
            "",
            reads_client_hello,
            "https://www.cve.org/CVERecord?id=CVE-2026-123640",
        ),
        Advisory(
            "CVE-2026-118899",
            "a client can keep a worker in an endless loop while the body of its request is read",
            # The record names 1.30 and 1.31 only; nginx.org says 1.13.0, and Debian has mended 1.22.1.
            (_range("1.13.0", "1.30.6"), _range("1.31.0", "1.31.8")),
            (_version("1.30.7"), _version("1.31.9")),
            "major",
            "`ssl_protocols TLSv1.2;`",
            bodies_over_tls13,
        ),
        Advisory(
            "CVE-2026-1642",
            "somebody between nginx and the upstream can put plain text in front of its answer, whatever"
            " proxy_ssl_verify says",
            (_range("1.3.0", "1.28.1"), _range("1.29.0", "1.29.4")),
            (_version("1.28.2"), _version("1.29.5")),
            "medium",
            "",
            upstreams_by_tls,
        ),
    )
}
"""The advisories by their CVE id."""

STABLE, MAINLINE = NginxVersion(1, 30, 0), NginxVersion(1, 31, 0)
"""Where the branches begin that nginx.org mends: the newest stable and the mainline one, as known here."""
