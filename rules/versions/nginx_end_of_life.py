"""nginx is of a branch that nobody mends any more.

nginx.org mends two branches: the newest stable one (1.30) and the mainline (1.31). Older ones get no fixes,
not for security either: what is found in them stays.

It is fine where a distribution maintains its package: Debian, Ubuntu and others put fixes into old
versions. So the version's number alone gives a hint; asked with `--nginx-binary`, a build that belongs to
no package gives a warning, and one of a package nothing at all. Nothing is said either where no version was
told.

Update nginx, or install the package of a distribution that is maintained. `mtls-lint upgrade` lists what
the same configuration will do differently.

Bad:
```nginx version=1.22.1
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate      /pki/server.pem;
    ssl_certificate_key  /pki/server.key;
}
```

Good:
```nginx version=1.31.3
server {
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate      /pki/server.pem;
    ssl_certificate_key  /pki/server.key;
}
```

References:
- https://nginx.org/en/download.html
- https://nginx.org/en/security_advisories.html
"""

from mtls_lint.api import (
    MAINLINE,
    STABLE,
    Confidence,
    Configuration,
    Context,
    Finding,
    Findings,
    Severity,
    rule,
)


@rule(id="nginx-end-of-life", severity=Severity.INFO, since="0.1")
def check(configuration: Configuration, ctx: Context) -> Findings:
    """Report a version below the branches that are mended, where it was told."""
    if not ctx.settings.version_told or ctx.version >= STABLE or not configuration.servers:
        return
    build = ctx.settings.build
    if build is not None and (build.package is not None or build.name != "nginx"):
        return
    branches = f"{STABLE.major}.{STABLE.minor} and {MAINLINE.major}.{MAINLINE.minor}"
    who, doubt = f"nginx {ctx.version}", ", unless a distribution maintains it,"
    if build is not None:
        who, doubt = f"{build.path}, nginx {build.version},", ""
    yield Finding(
        f"{who} is of a branch that nobody mends any more{doubt} (nginx.org mends {branches}): what is found"
        " in it stays",
        configuration.tree.directives[0].span,
        "update nginx (`mtls-lint upgrade` lists what changes), or use a package that is maintained",
        severity=Severity.WARNING if build is not None else None,
        confidence=Confidence.CERTAIN if build is not None else Confidence.POSSIBLE,
    )
