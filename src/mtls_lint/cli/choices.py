"""What can be said on a command line: the commands, the values to choose from, and all of ``check``."""

from collections.abc import Sequence
from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct

from mtls_lint.cli.streams import Color

if TYPE_CHECKING:
    from pathlib import Path

COMMANDS = (
    "baseline",
    "check",
    "config",
    "explain",
    "inventory",
    "matrix",
    "new-rule",
    "rules",
    "trace",
    "upgrade",
)


class Format(str, Enum):
    """``--format``."""

    TEXT = "text"
    CONCISE = "concise"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"
    GITLAB = "gitlab"
    JUNIT = "junit"
    MARKDOWN = "markdown"
    HTML = "html"


class By(str, Enum):
    """``--by``."""

    PLACE = "place"
    CONTROL = "control"


class FailOn(str, Enum):
    """``--fail-on``."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    NEVER = "never"


class CheckOptions(Struct, frozen=True):
    """The command line of ``check`` as given: what was left out may be in the settings."""

    paths: Sequence[str] | None = None
    select: Sequence[str] | None = None
    ignore: Sequence[str] | None = None
    rules: "Sequence[Path] | None" = None
    packs: bool = True
    profile: str | None = None
    ignores: bool = True
    require: Sequence[str] | None = None
    nginx_version: str | None = None
    nginx_binary: "Path | None" = None
    now: str | None = None
    mapped: Sequence[str] | None = None
    root: str | None = None
    prefix: str | None = None
    context: str | None = None
    define: Sequence[str] | None = None
    expiry_days: int | None = None
    fail_on: FailOn | None = None
    baseline: "Path | None" = None
    config: "Path | None" = None
    no_config: bool = False
    output_format: Format = Format.TEXT
    output: "Path | None" = None
    by: By = By.PLACE
    further_formats: Sequence[Format] | None = None
    further_files: "Sequence[Path] | None" = None
    changed_from: str | None = None
    fix: bool = False
    unsafe_fixes: bool = False
    diff: bool = False
    timings: bool = False
    color: Color = Color.AUTO
    quiet: int = 0
    verbose: int = 0
