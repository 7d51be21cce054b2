"""A directive that may stand once in a block stands there twice.

nginx refuses to start (`directive is duplicate`), also when the second one comes from an included file. Which
of the two was meant cannot be guessed.

Delete one. To override a value from the outside, write it in an inner block, where it replaces the outer one.

Bad:
```nginx
server {
    listen 443 ssl;
    ssl_certificate        /pki/server.pem;
    ssl_certificate_key    /pki/server.key;
    ssl_client_certificate /pki/root.pem;
    ssl_verify_client      on;
    ssl_verify_client      optional;
}
```

Good:
```nginx
server {
    listen 443 ssl;
    ssl_certificate        /pki/server.pem;
    ssl_certificate_key    /pki/server.key;
    ssl_client_certificate /pki/root.pem;
    ssl_verify_client      on;
    ssl_protocols          TLSv1.2;
    ssl_protocols          TLSv1.3;
}
```

References:
- nginx: ngx_conf_set_flag_slot and its kin in src/core/ngx_conf_file.c
"""

from mtls_lint.api import Configuration, Context, Finding, Findings, Related, Severity, rule


@rule(id="directive-duplicate", severity=Severity.ERROR, since="0.1")
def check(configuration: Configuration, ctx: Context) -> Findings:  # noqa: ARG001
    """Report second occurrences, with the first."""
    for refused in configuration.refusals.of_kind("duplicate"):
        earlier = refused.earlier
        yield Finding(
            f"{refused.text} in this block: nginx refuses to start",
            refused.directive.span,
            "delete one of the two",
            related=(Related(earlier.span, "the first one"),) if earlier is not None else (),
            fatal=True,
        )
