"""The request line as nginx reads it (ngx_http_parse_request_line), and which headers it drops."""

import re

from msgspec import Struct

from mtls_lint.expressions import expression
from mtls_lint.nginx.decision import Request
from mtls_lint.nginx.model import VirtualServer
from mtls_lint.nginx.rewrite import Target
from mtls_lint.nginx.uri import normalise, split_uri
from mtls_lint.nginx.version import NginxVersion
from mtls_lint.syntax.tree import Unknown

_METHOD = expression(r"[A-Z_-]+")
_NAME = r"(?:\[[\w.~!$&'()*+,;=:-]*\]|[A-Za-z0-9.-]*)"
_ABSOLUTE = expression(rf"[A-Za-z][A-Za-z0-9+.-]*://({_NAME}(?::\d*)?)((?:[/?].*)?)", re.ASCII)
_TUNNEL = expression(rf"{_NAME}:\d+", re.ASCII)
_NEVER = expression(r"[\0-\x20\x7f]")


class RequestLine(Struct, frozen=True):
    """A request line that nginx understands.

    ``authority`` is that of an absolute target, None for a path. ``sent`` is the rest, as ``$request_uri``
    shows it, and ``target`` what it means.
    """

    authority: str | None
    sent: str
    target: Target


def read_line(request: Request, version: NginxVersion, *, merge_slashes: bool) -> RequestLine | Unknown:
    """The line of ``request``; Unknown, with the reason, for one that nginx answers with 400."""
    if _METHOD.fullmatch(request.method) is None:
        return Unknown(f"{request.method} is no method")
    if _NEVER.search(request.uri):
        return Unknown("the target holds a space or a control character")
    # CONNECT takes name:port since 1.29.3, and only that (docs/evidence.md: request).
    if request.method == "CONNECT" and version >= (1, 29, 3):
        if _TUNNEL.fullmatch(request.uri) is None:
            return Unknown("CONNECT wants a name and a port")
        return RequestLine(request.uri, "/", Target("/"))
    authority, sent = None, request.uri
    if not sent.startswith("/"):
        absolute = _ABSOLUTE.fullmatch(sent)
        if absolute is None:
            return Unknown("the target is neither a path nor absolute")
        authority, sent = absolute[1], absolute[2] or "/"
    path, arguments = split_uri(sent)
    uri = normalise(path, merge_slashes=merge_slashes)
    if isinstance(uri, Unknown):
        return uri
    return RequestLine(authority, sent, Target(uri, arguments))


def takes_underscores(server: VirtualServer) -> bool:
    """Whether headers with an underscore in their name are taken; by default nginx drops them.

    They are invalid unless ``underscores_in_headers`` says otherwise, and invalid ones are dropped unless
    ``ignore_invalid_headers`` does (ngx_http_parse_header_line).
    """
    return server.setting("underscores_in_headers").is_on or takes_them_as_invalid(server)


def takes_them_as_invalid(server: VirtualServer) -> bool:
    """Whether headers with an underscore are taken, but as invalid ones.

    As a rule their names are then not found among those that ``proxy_set_header`` sets, and they are passed
    on besides (docs/evidence.md: forwarding).
    """
    invalid = not server.setting("underscores_in_headers").is_on
    return invalid and server.setting("ignore_invalid_headers").lower == "off"
