r"""A `server_name` is not a name that nginx takes.

nginx refuses to start at `*`, `*example.com`, a lone `.` and an empty regular expression (`~`). A name with
an asterisk in the middle or twice, or with two dots in a row, is refused as soon as a second server listens
on the same address and port, because names are looked up only then: such a mistake can lie dormant until
somebody adds a server.

Write an asterisk as the whole first or the whole last label (`*.example.com`, `www.*`), or a regular
expression.

Bad:
```nginx
server {
    listen 80;
    server_name *example.com;
}
```
```nginx
server {
    listen 80;
    server_name api.*.example.com;
}
server {
    listen 80;
    server_name example.com;
}
```

Good:
```nginx
server {
    listen 80;
    server_name *.example.com .example.org www.* _ "";
}
server {
    listen 80;
    server_name ~^api\..*\.example\.com$;
}
```

References:
- https://nginx.org/en/docs/http/server_names.html
- nginx: ngx_http_core_server_name, ngx_hash_add_key
"""

import re

from mtls_lint.api import (
    Context,
    Finding,
    Findings,
    ServerName,
    Severity,
    VirtualServer,
    looks_names_up,
    rule,
)

_NO_NAME = re.compile(r"\*|\*[^.].*|\*.|\.|~", re.DOTALL)
_PLAIN = re.compile(r"(?:\*\.)?[\w-]+(?:\.[\w-]+)*")
_TEMPLATE = re.compile(r"[<{$%]")


@rule(id="invalid-server-name", severity=Severity.ERROR, since="0.1", needs=("server_name",))
def check(server: VirtualServer, ctx: Context) -> Findings:  # noqa: ARG001
    """Report names that nginx refuses, at once or when it looks names up."""
    if server.module != "http":
        return
    crowd = any(map(looks_names_up, server.sockets))
    for name in server.names:
        if _PLAIN.fullmatch(name.text):
            continue
        if _TEMPLATE.search(name.text) and not name.text.startswith("~"):
            continue
        if _NO_NAME.fullmatch(name.text) or (crowd and _is_no_wildcard(name)):
            yield Finding(
                f"`{name.text}` is no server name: nginx refuses to start",
                name.span,
                "write an asterisk as the whole first or last label, or a regular expression behind `~`",
                fatal=True,
            )


def _is_no_wildcard(name: ServerName) -> bool:
    text = name.text
    if text.startswith("~"):
        return False
    stars = text.count("*")
    return ".." in text or stars > 1 or (stars == 1 and not text.startswith("*.") and not text.endswith(".*"))
