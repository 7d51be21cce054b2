"""Which directives hand a request to something that answers it with content."""

from mtls_lint.nginx.inheritance import Scope
from mtls_lint.syntax.tree import Directive

PASSING = (
    "proxy_pass",
    "grpc_pass",
    "fastcgi_pass",
    "uwsgi_pass",
    "scgi_pass",
    "memcached_pass",
    "content_by_lua_block",
    "content_by_lua_file",
    "content_by_lua",
    "js_content",
    "perl",
)
"""Directives whose location has a backend, or a program inside nginx, that answers its requests."""


SETTERS = {
    "proxy": "proxy_set_header",
    "grpc": "grpc_set_header",
    "fastcgi": "fastcgi_param",
    "uwsgi": "uwsgi_param",
    "scgi": "scgi_param",
}
"""The directive that sets headers or parameters, by the protocol that is spoken to the backend."""


def keeps_request(error_page: Directive) -> bool:
    """Whether the target of an ``error_page`` sees what was asked for: a named location, or a variable.

    A fixed address is one page, whatever was asked for.
    """
    return error_page.args[-1].startswith("@") or "$" in error_page.args[-1]


def error_page_codes(scope: Scope) -> frozenset[int]:
    """The codes for which an ``error_page`` is in force at this level."""
    pages = scope.setting("error_page").directives
    return frozenset(int(word) for page in pages for word in page.args[:-1] if word.isdecimal())
