"""Which directives hand a request to something that answers it with content."""

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
