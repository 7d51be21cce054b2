"""``mtls-lint new-rule ID``: a rule file to begin with."""

import re
from pathlib import Path
from typing import Annotated

import typer

from mtls_lint.cli.streams import CommandError, say, write_out
from mtls_lint.lint.rule import RULE_ID

FAMILIES = (
    "enforcement",
    "trust",
    "revocation",
    "identity",
    "protocol",
    "sessions",
    "upstream",
    "forwarding",
    "exposure",
    "files",
    "versions",
    "operations",
    "ignores",
)


_TEMPLATE = '''\
"""{title} ({marker}).

{marker}: say what is wrong, why it matters, when it is fine, and what to do. Write for an engineer
who reads this at night with a broken service: short sentences, nginx's own words.

Bad:

```nginx
server {{
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate /pki/server.pem;
    ssl_certificate_key /pki/server.key;
    ssl_client_certificate /pki/root.pem;
    ssl_verify_client optional;
}}
```

Good:

```nginx
server {{
    listen 443 ssl;
    server_name api.example.com;
    ssl_certificate /pki/server.pem;
    ssl_certificate_key /pki/server.key;
    ssl_client_certificate /pki/root.pem;
    ssl_verify_client on;
}}
```

References: {marker}: for example
https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_verify_client
"""

from mtls_lint.api import Context, Finding, Findings, Severity, VirtualServer, rule


# The type of the first parameter says what is visited: VirtualServer, Location, Socket, ServerCertificate,
# TrustFile, Configuration, or Directive (with directives=("name", ...) in the decorator).
@rule(id="{id}", severity=Severity.WARNING, since="{since}")
def check(server: VirtualServer, ctx: Context) -> Findings:
    """Yield a finding for each server that {marker}."""
    verify = server.setting("ssl_verify_client")
    if verify.unknown is not None:
        # What cannot be known is said, never passed over.
        ctx.not_evaluated(server.span, verify.unknown.reason)
        return
    if verify.is_set and verify.lower == "optional":
        yield Finding(
            message="{marker}: what was found, what was expected, and what it leads to",
            span=verify.span or server.span,
            remedy="{marker}: what to write instead",
        )
'''


def new_rule(
    rule: Annotated[str, typer.Argument(metavar="ID", help="In kebab-case; names the bad pattern.")],
    directory: Annotated[
        Path | None,
        typer.Option("--dir", metavar="DIR", help="Where to write (default: ./rules, or ./rules/FAMILY)."),
    ] = None,
    family: Annotated[
        str | None, typer.Option(metavar="FAMILY", help="The folder of the pack, such as trust.")
    ] = None,
) -> None:
    """Write a rule file to begin with."""
    from mtls_lint import __version__  # noqa: PLC0415
    from mtls_lint.testing.examples import TEMPLATE_MARKER  # noqa: PLC0415

    for word, name in ((rule, "the id"), (family or "x", "the family")):
        if not RULE_ID.fullmatch(word):
            raise CommandError(
                f"{name} {word!r} is not kebab-case",
                f"Use lower-case words joined by '-'{_suggestion(word)}.",
            )
    base = directory if directory is not None else Path("rules")
    target = (base / family if family else base) / f"{rule.replace('-', '_')}.py"
    since = ".".join(__version__.split(".")[:2])
    text = _TEMPLATE.format(
        id=rule, since=since, marker=TEMPLATE_MARKER, title=rule.replace("-", " ").capitalize()
    )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise CommandError(
            f"{target} is there already and was not overwritten", "Choose another id."
        ) from None
    except OSError as error:
        raise CommandError(f"{target} cannot be written: {error.strerror}", "Name another --dir.") from error
    write_out(f"{target}\n")
    say(f"Next: replace what is marked {TEMPLATE_MARKER}, then try its examples and use it:")
    say(f"  mtls-lint rules test {base}")
    say(f"  mtls-lint --rules {base} PATH")


def _suggestion(word: str) -> str:
    close = re.sub(r"[^a-z0-9]+", "-", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", word).lower()).strip("-")
    return f", for example {close}" if RULE_ID.fullmatch(close) else ""
