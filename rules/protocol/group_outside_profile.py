"""A group for key exchange is allowed that the chosen profile does not list.

Without `--profile`, and with profiles that have no list of groups, this rule is silent. `ssl_ecdh_curve`
says which groups nginx agrees to; with `auto`, which is the default, OpenSSL's own list counts, and that
has X25519, X448 and secp521r1 in every version since 1.1.1. Which others it has depends on the version.

It is fine where the standard grants an exception and somebody has written it down; ignore it with that
reason.

Write the groups of the profile. A name that OpenSSL does not know keeps nginx from starting:
X25519MLKEM768 needs OpenSSL 3.5.

Bad:

```nginx profile=mozilla-intermediate-6.0
server {
    listen 443 ssl;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
    ssl_ecdh_curve X25519:prime256v1:secp521r1;
}
```

OpenSSL's own list:

```nginx profile=bsi-tr-02102-2
server {
    listen 443 ssl;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
}
```

Good:

```nginx profile=mozilla-intermediate-6.0
server {
    listen 443 ssl;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
    ssl_ecdh_curve X25519:prime256v1:secp384r1;
}
```

```nginx profile=bsi-tr-02102-2
server {
    listen 443 ssl;
    ssl_certificate     /pki/server.pem;
    ssl_certificate_key /pki/server.key;
    ssl_ecdh_curve secp384r1:prime256v1;
}
```

References:
- nginx: https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_ecdh_curve
- OpenSSL: SSL_CTX_set1_groups_list(3)
- the sources of each profile: docs/profiles.md
"""

from mtls_lint.api import (
    Confidence,
    Configuration,
    Context,
    Finding,
    Findings,
    Severity,
    listed,
    rule,
    tls_values,
)

_CANONICAL = {
    "p-256": "prime256v1",
    "secp256r1": "prime256v1",
    "p-384": "secp384r1",
    "p-521": "secp521r1",
}
_BUILT_IN = ("X25519", "X448", "secp521r1")
"""What OpenSSL's own list has beside P-256 and P-384, in every version since 1.1.1."""


@rule(id="group-outside-profile", severity=Severity.ERROR, since="0.1", profiled=True)
def check(_: Configuration, ctx: Context) -> Findings:
    """Report each list with another group, and OpenSSL's own list once."""
    asked = ctx.settings.requirements
    if asked.groups is None:
        return
    allowed = {_name(group) for group in asked.groups}
    for value in tls_values(ctx, "ssl_ecdh_curve"):
        word = value.words[-1]
        own = word.lower() == "auto"
        named = _BUILT_IN if own else tuple(part.strip("?*-") for part in word.replace("/", ":").split(":"))
        outside = [group for group in named if group and _name(group) not in allowed]
        if outside:
            source = "OpenSSL's own list, which counts" if own else "`ssl_ecdh_curve`"
            yield Finding(
                f"{source} in {value.whose}, has {listed(outside)}, which {asked.profile} does not list"
                if own
                else f"{source} of {value.whose} has {listed(outside)}, which {asked.profile} does not list",
                value.span,
                f"write `ssl_ecdh_curve {':'.join(asked.groups)};`, as far as this OpenSSL knows the names",
                confidence=Confidence.LIKELY if own else value.confidence,
                path=value.path,
            )


def _name(group: str) -> str:
    return _CANONICAL.get(group.lower(), group.lower())
