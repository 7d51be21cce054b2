"""There is no `events` block.

nginx wants one in every configuration, even an empty one, and refuses to start without it (`no "events"
section in configuration`).

Write `events {}` in the main file.

Bad:
```nginx nginx=no
http {
    server {
        listen 80;
    }
}
```

Good:
```nginx
events {}
http {
    server {
        listen 80;
    }
}
```

References:
- https://nginx.org/en/docs/ngx_core_module.html#events
- nginx: ngx_event_init_conf in src/event/ngx_event.c
"""

from mtls_lint.api import Confidence, Configuration, Context, Finding, Findings, Severity, rule


@rule(id="missing-events", severity=Severity.ERROR, since="0.1", confidence=Confidence.LIKELY)
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report a main file without the block."""
    tree = configuration.tree
    if tree.is_fragment or not tree.directives or any(d.name == "events" for d in tree.directives):
        return
    for directive in tree.directives:
        if directive.problem is not None and not directive.problem.harmless:
            ctx.not_evaluated(
                directive.span, f"whether there is an events block: {directive.problem.message}"
            )
            return
    yield Finding(
        "there is no events block: nginx refuses to start with this as its main file",
        tree.directives[0].span,
        "write `events {}` at the top of the main file",
        fatal=True,
    )
