"""Places that share TLS sessions, or open connections, with one backend: whatever certificate each presents.

nginx keeps them with the backend, not with the place (docs/evidence.md: upstreams). A resumed session, and a
connection that is used again, belong to the client certificate they were made with.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from mtls_lint.nginx.material import FileReference
from mtls_lint.nginx.model import UpstreamBlock
from mtls_lint.nginx.upstream_names import expected_names
from mtls_lint.nginx.upstream_tls import Target, UpstreamPass


class Sharing(Struct, frozen=True):
    """Places that share what they have with ``backend`` (its address, or the name of the ``upstream``).

    ``connections`` tells that they share open connections, else they share TLS sessions.
    """

    backend: str
    passes: tuple[UpstreamPass, ...]
    connections: bool


def sharings(passes: Iterable[UpstreamPass]) -> Iterator[Sharing]:
    """For each backend, the places that share sessions, then those that share connections; two at least."""
    groups: dict[tuple[str, str], list[UpstreamPass]] = {}
    blocks: dict[tuple[str, str], UpstreamBlock | None] = {}
    for one in passes:
        for target in one.targets if one.tls else ():
            backend = _backend(one, target)
            if backend is not None:
                groups.setdefault((one.server.module, backend), []).append(one)
                blocks[one.server.module, backend] = target.block
    for (module, backend), group in groups.items():
        resuming = [one for one in group if one.setting("ssl_session_reuse").lower != "off"]
        keeping = [one for one in group if _keeps(one, blocks[module, backend])]
        if len(resuming) > 1:
            yield Sharing(backend, tuple(resuming), connections=False)
        if len(keeping) > 1:
            yield Sharing(backend, tuple(keeping), connections=True)


def shared_by_requests(one: UpstreamPass) -> Sharing | None:
    """What the requests of one place share with each other: sessions, else connections; None for nothing."""
    for target in one.targets if one.tls else ():
        backend = _backend(one, target)
        if backend is not None and one.setting("ssl_session_reuse").lower != "off":
            return Sharing(backend, (one,), connections=False)
        if backend is not None and _keeps(one, target.block, own=True):
            return Sharing(backend, (one,), connections=True)
    return None


def parting(one: UpstreamPass, other: UpstreamPass, *, connections: bool) -> tuple[str, ...]:
    """The settings about which the verification of two places parts, of which ``one`` verifies.

    A session is resumed for any place, but its certificate is compared with the name again; a connection is
    used as it is (docs/evidence.md: upstreams).
    """
    if not other.verify.is_on:
        return (other.verify.name,) if other.verify.unknown is None else ()
    names = ["ssl_trusted_certificate", "ssl_crl"]
    found = [name for name in names if _path(one.file(name)) != _path(other.file(name))]
    if one.depth != other.depth:
        found.append("ssl_verify_depth")
    if connections and _expected(one) != _expected(other):
        found.append("ssl_name")
    return tuple(map(one.name_of, found))


def _path(reference: FileReference | None) -> str | None:
    return reference.path or reference.written if reference is not None else None


def _expected(one: UpstreamPass) -> frozenset[str]:
    return frozenset(name.text.lower() for name in expected_names(one))


def _backend(one: UpstreamPass, target: Target) -> str | None:
    """What nginx keeps sessions with; None where each request makes it anew: an address with a variable."""
    if target.block is not None:
        return target.block.name.lower()
    return None if "$" in one.written else next(iter(target.addresses), None)


def _keeps(one: UpstreamPass, block: UpstreamBlock | None, *, own: bool = False) -> bool:
    """Whether the place leaves its connections to others: ``keepalive`` without ``local``.

    With ``own``: to its own next request, as all upstream blocks do from 1.29.7 on. Before, that takes the
    directive, HTTP/1.1 and no ``Connection: close``; gRPC has both.
    """
    if block is None or one.location is None:
        return False
    given = block.directive.find("keepalive")
    words = given[0].args if given else ("32", "local") if one.scope.version >= (1, 29, 7) else ("0",)
    if words[:1] == ("0",) or ("local" in words[1:] and not own):
        return False
    if one.prefix != "proxy_":
        return one.prefix == "grpc_"
    headers = one.scope.setting("proxy_set_header").directives
    sent = [str(header.args[1]) for header in headers if _is_connection(header.args)]
    if one.scope.version >= (1, 29, 7):
        return "close" not in [value.lower() for value in sent]
    return (
        one.scope.setting("proxy_http_version").value in {"1.1", "2"} and bool(sent) and "close" not in sent
    )


def _is_connection(words: tuple[str, ...]) -> bool:
    return len(words) == 2 and words[0].lower() == "connection"
