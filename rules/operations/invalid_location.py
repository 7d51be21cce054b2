"""A location contradicts another one, or the block it stands in.

nginx refuses to start when two locations of one block are the same (`duplicate location`; `/a` and `^~ /a`
are), when a location stands inside one whose prefix it does not begin with, inside an exact (`=`) or named
(`@`) one, or when a named one stands inside another location. It also refuses a `proxy_pass` with a path
behind the host where it cannot know what the path replaces: in a location by regular expression, a named
one, an `if` or a `limit_except`; and an `alias` in a named one.

Often two files that are included into one server have the same location; which of them was meant to protect
it cannot be guessed.

Delete one of the two, move the inner one out, or write `proxy_pass` without a path (and a `rewrite` before
it).

Bad:
```nginx
server {
    listen 80;
    location /admin {
        deny all;
    }
    location /admin {
        return 204;
    }
}
```
```nginx
server {
    listen 80;
    location /admin {
        location /users {
            return 204;
        }
    }
}
```
```nginx
server {
    listen 80;
    location ~ ^/api/v[0-9]+/ {
        proxy_pass http://127.0.0.1:8080/internal/;
    }
}
```

Good:
```nginx
server {
    listen 80;
    location = /admin {
        deny all;
    }
    location /admin {
        location /admin/users {
            return 204;
        }
    }
    location ~ ^/api/v[0-9]+/ {
        proxy_pass http://127.0.0.1:8080;
    }
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_core_module.html#location
- nginx: ngx_http_core_location, ngx_http_join_exact_locations, ngx_http_proxy_pass, ngx_http_core_root
"""

import re
from collections.abc import Iterable

from mtls_lint.api import Context, Finding, Findings, Location, Related, Severity, VirtualServer, rule

_WITH_PATH = re.compile("https?://(?:unix:[^:]*:|[^/]*/)", re.IGNORECASE)
_TEMPLATE = re.compile(r"<%|\{\{|\{%|\$\{")


@rule(id="invalid-location", severity=Severity.ERROR, since="0.1", needs=("location", "if", "limit_except"))
def check(server: VirtualServer, ctx: Context) -> Findings:
    """Report what nginx refuses of the locations of an http server."""
    if server.module != "http":
        return
    yield from _duplicates(server.locations, ctx)
    for location in server.all_locations():
        if location.children:
            yield from _duplicates(location.children, ctx)
        if location.kind == "location" and location.parent is not None:
            yield from _nesting(location, location.parent)
        if location.kind != "location" or location.modifier in {"~", "~*", "@"}:
            yield from _proxy_pass(location)
        if location.modifier == "@":
            yield from _alias(location)


def _duplicates(locations: Iterable[Location], ctx: Context) -> Findings:
    seen: dict[tuple[bool, str], Location] = {}
    for location in locations:
        if location.kind != "location" or location.modifier in {"~", "~*", "@"}:
            continue
        if _TEMPLATE.search(location.pattern):
            ctx.not_evaluated(location.span, f"`location {location.pattern}` is what a template fills in")
            continue
        first = seen.setdefault((location.modifier == "=", location.pattern), location)
        if first is not location:
            yield Finding(
                f"the location {_named(location)} is in this block already: nginx refuses to start"
                f' (duplicate location "{location.pattern}")',
                location.span,
                "delete one of the two, or put what they hold together",
                (Related(first.span, "the first one"),),
                fatal=True,
            )


def _nesting(location: Location, outer: Location) -> Findings:
    problem = ""
    if outer.modifier == "=":
        problem = "an exact location takes no locations inside"
    elif outer.modifier == "@":
        problem = "a named location takes no locations inside"
    elif location.modifier == "@":
        problem = "a named location stands in the server itself only"
    elif location.modifier not in {"~", "~*"} and not location.pattern.startswith(outer.pattern):
        problem = f"no URI that begins with {location.pattern} comes here"
    if problem and outer.kind == "location" and not _TEMPLATE.search(location.pattern + outer.pattern):
        yield Finding(
            f"the location {_named(location)} cannot stand inside {_named(outer)}, {problem}: nginx refuses"
            " to start",
            location.span,
            "move it out of the location around it",
            (Related(outer.span, "the location around it"),),
            fatal=True,
        )


def _proxy_pass(location: Location) -> Findings:
    for directive in location.scope.find("proxy_pass"):
        if directive.args and "$" not in directive.args[0] and _WITH_PATH.match(directive.args[0]):
            is_location = location.kind == "location"
            where = f"location {_named(location)}" if is_location else f"`{location.kind}`"
            yield Finding(
                f"proxy_pass has a path in {where}, and what of the URI it replaces is not known: nginx"
                " refuses to start",
                directive.arg_span(0),
                "write the address without a path, and change the URI with a `rewrite ... break` before it",
                fatal=True,
            )


def _alias(location: Location) -> Findings:
    for directive in location.scope.find("alias"):
        yield Finding(
            f"alias in the named location {_named(location)}, which has no prefix to replace: nginx refuses"
            " to start",
            directive.span,
            "write `root` instead",
            fatal=True,
        )


def _named(location: Location) -> str:
    glue = "" if location.modifier in {"", "@"} else " "
    return f"`{location.modifier}{glue}{location.pattern}`"
