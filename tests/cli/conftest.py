"""What the tests of the command line share: a way to run it, and rules to throw away."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

SOURCES = Path(__file__).resolve().parent.parent.parent / "src"

PAGE = '''"""{title}

Text of the rule.

Bad:

```nginx
server {{ listen 80; }}
```

Good:

```nginx
server {{ listen 81; }}
```

References: RFC 9525
"""
from mtls_lint.api import Context, Finding, Findings, Related, Severity, Socket, VirtualServer, Witness, rule


'''

LISTENS = '''@rule(id="{id}", severity=Severity.{severity}, since="0.1", controls=("RFC 9525 6.3",))
def check(server: VirtualServer, ctx: Context) -> Findings:
    """Find port 80."""
    for listen in server.listens:
        if listen.directive is not None and listen.key.port == 80:
            yield Finding(
                message="port 80 answers [bold]everybody[/bold]",
                span=listen.directive.span,
                remedy="Close it.",
                related=(Related(server.span, "in this server"),),
                witness=Witness(False, "*", 80, "a.example.com"),
            )
'''

CRASHES = '''@rule(id="{id}", severity=Severity.{severity}, since="0.1")
def check(server: VirtualServer, ctx: Context) -> Findings:
    """Fail."""
    raise LookupError("the rule is broken")
    yield
'''

UNSURE = '''@rule(id="{id}", severity=Severity.{severity}, since="0.1")
def check(server: VirtualServer, ctx: Context) -> Findings:
    """Decide nothing."""
    ctx.not_evaluated(server.span, "nobody knows")
    yield from ()
'''


BODIES = {"listens": LISTENS, "crashes": CRASHES, "unsure": UNSURE}

Run = Callable[..., subprocess.CompletedProcess[str]]
WriteRule = Callable[..., Path]


@pytest.fixture
def cli(tmp_path: Path) -> Run:
    """Runs ``python -m mtls_lint`` in a process of its own, in ``tmp_path``."""

    def run(
        *arguments: str | Path,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        unprivileged: bool = False,
    ) -> subprocess.CompletedProcess[str]:
        # Nothing of the environment of the tests but what Python needs.
        inherited = {key: os.environ[key] for key in ("PATH", "LANG", "HOME", "TMPDIR") if key in os.environ}
        # Root without its capabilities is bound by permissions like everybody else.
        bound = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
        prefix = bound if unprivileged and os.geteuid() == 0 else []
        done = subprocess.run(
            [*prefix, sys.executable, "-m", "mtls_lint", *map(str, arguments)],
            input=stdin,
            capture_output=True,
            cwd=cwd or tmp_path,
            env={**inherited, "PYTHONPATH": str(SOURCES), **(env or {})},
            timeout=60,
            check=False,
        )
        return subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8")
        )

    return run


@pytest.fixture
def write_rule(tmp_path: Path) -> WriteRule:
    """Writes a rule into the pack ``tmp_path/pack`` and returns the directory of the pack.

    ``body`` is ``listens`` (a finding for port 80), ``crashes``, ``unsure`` (nothing evaluated) or text.
    """

    def write(
        name: str,
        body: str = "listens",
        *,
        severity: str = "ERROR",
        file: str = "",
        title: str = "Port 80 is open.",
        page: str = PAGE,
    ) -> Path:
        pack = tmp_path / "pack"
        path = pack / (file or f"family/{name.replace('-', '_')}.py")
        path.parent.mkdir(parents=True, exist_ok=True)
        text = BODIES.get(body, body).format(id=name, severity=severity)
        path.write_text(page.format(title=title) + text, encoding="utf-8")
        return pack

    return write


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    """A configuration with one plain listener."""
    path = tmp_path / "nginx.conf"
    path.write_text("events {}\nhttp {\n    server {\n        listen 80;\n    }\n}\n", encoding="utf-8")
    return path
