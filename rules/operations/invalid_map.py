"""A `map` has a row that nginx does not take.

nginx refuses to start when a row has no value or more than one, when there are two `default` rows, or two
rows with the same key, and under `hostnames` when a key has an asterisk in the middle. Keys have no case:
`CN=Alice` and `cn=alice` are the same. Where a map decides which clients get in by their names, two rows
for one name contradict each other, and which was meant cannot be guessed.

Regular expressions may repeat: the first that matches counts.

Delete one of the two, or quote a value with blanks in it.

Bad:
```nginx
map $ssl_client_s_dn $allowed {
    default        0;
    "CN=alice"     1;
    "CN=Alice"     0;
}
```
```nginx
map $ssl_client_s_dn $who {
    "CN=alice" Alice Liddell;
}
```

Good:
```nginx
map $ssl_client_s_dn $allowed {
    default        0;
    "CN=alice"     1;
    "~^CN=al"      1;
}
```

References:
- https://nginx.org/en/docs/http/ngx_http_map_module.html#map
- nginx: ngx_http_map in src/http/modules/ngx_http_map_module.c
"""

import re

from mtls_lint.api import Context, Directive, Finding, Findings, Related, Severity, rule

_TEMPLATE = re.compile(r"<%|\{\{|\{%|\$\{")


@rule(id="invalid-map", severity=Severity.ERROR, since="0.1", directives=("map",))
def check(directive: Directive, ctx: Context) -> Findings:  # noqa: ARG001
    """Report rows of the wrong length, and second rows for a key."""
    seen: dict[tuple[str, str], Directive] = {}
    hostnames = False
    for row in directive.children:
        name = str(row.name)
        if _TEMPLATE.search(row.text):
            continue
        if name in {"hostnames", "volatile"} and not row.args:
            hostnames |= name == "hostnames"
            continue
        if len(row.args) != 1:
            yield Finding(
                f"the row `{row.text}` has {len(row.args)} values where a row of a map has one: nginx refuses"
                " to start",
                row.span,
                "write a key and one value, quoted if there are blanks in it",
                fatal=True,
            )
            continue
        if name == "include" or name.startswith("~"):
            continue
        if hostnames and _is_no_host(name):
            yield Finding(
                f"`{name}` is no host name and no wildcard: nginx refuses to start",
                row.span,
                "write an asterisk as the whole first or last label, or a regular expression behind `~`",
                fatal=True,
            )
            continue
        first = seen.setdefault(_key(name, hostnames=hostnames), row)
        if first is not row:
            yield Finding(
                f"the map has a row for `{name}` already: nginx refuses to start",
                row.span,
                "delete one of the two",
                (Related(first.span, "the first one"),),
                fatal=True,
            )


def _is_no_host(name: str) -> bool:
    # ngx_hash_add_key
    stars = name.count("*")
    return ".." in name or stars > 1 or (stars == 1 and not name.startswith("*.") and not name.endswith(".*"))


def _key(name: str, *, hostnames: bool) -> tuple[str, str]:
    """What nginx compares of a key: which of its tables it goes into, and the text there."""
    if name == "default":
        return "default", ""
    text = name.removeprefix("\\").lower()
    # `.example.com` takes the places of `example.com` and `*.example.com`; only its like is compared here.
    dotted = hostnames and text.startswith(".")
    return ("dotted" if dotted else "key"), text
