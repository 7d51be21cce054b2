"""Where the directives of a fragment belong, judged by their names.

``conf.d/api.conf`` says nowhere that its text is meant for ``http``. nginx knows because of the include;
given the file alone, the context that allows most of its directives is taken. A comment
``# mtls-lint: context=http,server`` decides it.
"""

from collections.abc import Callable, Collection, Iterable, Sequence

from mtls_lint.expressions import expression
from mtls_lint.syntax import directives as table
from mtls_lint.syntax.source import Comment
from mtls_lint.syntax.tree import Directive

MAIN_BLOCKS = frozenset({"events", "http", "mail", "stream"})
"""Blocks that stand in the main context only."""

ContextsOf = Callable[[str], Collection[str]]
"""The context words in which a directive is allowed; none for an unknown one."""

# Context, and its word in the directive table; what comes first wins a tie.
_CANDIDATES: tuple[tuple[tuple[str, ...], str], ...] = (
    (("http", "server"), "server"),
    (("http", "server", "location"), "location"),
    (("http",), "http"),
    (("http", "upstream"), "upstream"),
    (("stream", "server"), "stream server"),
    (("stream",), "stream"),
    (("stream", "upstream"), "stream upstream"),
    (("mail", "server"), "mail server"),
    (("mail",), "mail"),
    (("main",), "main"),
)
CONTEXTS = tuple(context for context, _ in _CANDIDATES)
"""Where a fragment may belong."""

_COMMENT = expression(r"\s*mtls-lint:\s*context=([a-z_]+(?:,[a-z_]+)*)\s*")

# What only a stream server has, or only an http one.
_STREAM_ONLY = frozenset(
    {"js_preread", "preread_buffer_size", "preread_timeout", "proxy_timeout", "ssl_preread"}
)
_HTTP_ONLY = frozenset({"error_page", "if", "index", "location", "return", "rewrite", "root", "try_files"})
_MAIL_ONLY = frozenset({"auth_http", "protocol", "starttls"})
# Directives that tell a backend what to be told. All are allowed in http and server too, but a file of
# nothing else (proxy_params, ssl_headers.conf) is included where proxy_pass stands.
_PASSING = ("proxy_", "fastcgi_", "grpc_", "scgi_", "uwsgi_")


def context_comment(comments: Iterable[Comment]) -> tuple[str, ...] | None:
    """The context that a comment ``# mtls-lint: context=...`` in a line of its own gives, if there is one."""
    for comment in comments:
        found = _COMMENT.fullmatch(comment.text) if comment.own_line else None
        if found is not None:
            return tuple(found[1].split(","))
    return None


def infer_context(
    directives: Sequence[Directive], contexts_of: ContextsOf = table.contexts_of
) -> tuple[str, ...]:
    """The context in which these top-level directives make most sense; ``("http",)`` when nothing tells.

    ``contexts_of`` is the directive table.
    """
    simple = [directive for directive in directives if directive.name != "include"]
    if any(directive.name in MAIN_BLOCKS and directive.block is not None for directive in simple):
        return ("main",)
    servers = [
        directive for directive in simple if directive.name == "server" and directive.block is not None
    ]
    if servers:
        return _of_servers(servers)
    votes = [_allowed(directive, contexts_of) for directive in simple]
    best = 0
    context: tuple[str, ...] = ("http",)
    for candidate, word in _CANDIDATES:
        count = sum(word in words for words in votes)
        if count > best:
            best, context = count, candidate
    if context == ("http", "server") and all(d.name.startswith(_PASSING) for d in simple):
        return ("http", "server", "location")
    return context


def _allowed(directive: Directive, contexts_of: ContextsOf) -> Collection[str]:
    """The context words in which this directive is allowed."""
    if directive.name == "server":
        # As a block it was seen before; this is a member of an upstream.
        return frozenset({"upstream", "stream upstream"})
    return contexts_of(directive.name)


def _of_servers(servers: Sequence[Directive]) -> tuple[str, ...]:
    """http, stream or mail, judged by what the server blocks hold."""
    inside = [directive for server in servers for directive in server.children]
    names = {directive.name for directive in inside}
    if names & _MAIL_ONLY:
        return ("mail",)
    if names & _STREAM_ONLY:
        return ("stream",)
    if names & _HTTP_ONLY:
        return ("http",)
    # proxy_pass stands in a location in http, and directly in the server in stream.
    return ("stream",) if "proxy_pass" in names else ("http",)
