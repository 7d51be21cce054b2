"""The text is not what nginx can read, or an include leads nowhere sensible.

A missing `;`, a brace too many or too few, a quote that never ends, a file that includes itself: nginx
refuses the whole configuration. A running nginx keeps its old configuration on a reload, a restart fails.

What nginx names is where it gave up, which is often a line or two behind the mistake. Nothing of a file with
such an error is evaluated, so the run ends with exit code 3.

Mend the place; `nginx -t` agrees when it is right.

Bad:
```nginx
server {
    listen 443 ssl;
    server_name api.example.com;
    location / {
        return 204;
}
```
```nginx
server {
    listen 80;
    return 200 "unfinished;
}
```

Good:
```nginx
server {
    listen 80;
    return 200 "finished; with } and { inside";
}
```

References:
- nginx: ngx_conf_read_token and ngx_conf_parse in src/core/ngx_conf_file.c
- https://nginx.org/en/docs/beginners_guide.html#conf_structure
"""

from mtls_lint.api import Configuration, Context, Finding, Findings, ProblemKind, Severity, rule


@rule(id="syntax-error", severity=Severity.ERROR, since="0.1")
def check(configuration: Configuration, ctx: Context) -> Findings:  # noqa: ARG001
    """Report what made a text unreadable for nginx itself."""
    for problem in configuration.tree.problems:
        if problem.kind in {ProblemKind.SYNTAX, ProblemKind.REFUSED} and problem.span is not None:
            yield Finding(
                f"{problem.message}: nginx refuses to start", problem.span, problem.hint, fatal=True
            )
