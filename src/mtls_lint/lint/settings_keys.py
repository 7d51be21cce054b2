"""The keys of a settings file: one table, from which reading, schema and template are made."""

from enum import Enum
from typing import Any

from msgspec import Struct

FILE = "mtls-lint.toml"
TABLE = "mtls-lint"
"""Below ``[tool]`` in a pyproject.toml."""

SEVERITIES = ("error", "warning", "info")


class Kind(Enum):
    """What the value of a key is."""

    TEXT = "a string"
    TEXTS = "a list of strings"
    NUMBER = "a whole number from 0 on"
    SWITCH = "true or false"
    TABLE = "a table of strings"
    LISTS = "a table of lists of strings"
    LEVELS = "a table of error, warning or info"
    THRESHOLD = "error, warning, info or never"


class Key(Struct, frozen=True):
    """One key: what its value is, what it does, and an example in TOML."""

    name: str
    kind: Kind
    help: str
    example: str


KEYS = (
    Key("paths", Kind.TEXTS, "What is checked when the command line names no PATH.", '["nginx"]'),
    Key("require", Kind.TEXTS, "Server names that must ask for a client certificate.", '["api.example.com"]'),
    Key("select", Kind.TEXTS, "Only these rules, families or patterns.", '["enforcement", "cert-*"]'),
    Key("ignore", Kind.TEXTS, "Not these rules, families or patterns.", '["revocation-none"]'),
    Key("profile", Kind.TEXT, "A standard to judge by: `--profile`.", '"cis-3.0.0"'),
    Key(
        "severity",
        Kind.LEVELS,
        "Another severity for rules, families or patterns; of several that fit, the last counts.",
        '{ tls13-missing = "error" }',
    ),
    Key(
        "per-path-ignores",
        Kind.LISTS,
        "Rules whose findings are hidden in files that fit a pattern, counted from this file's directory.",
        '{ "sites/legacy/*" = ["protocol"] }',
    ),
    Key(
        "ignores-need-reason",
        Kind.SWITCH,
        "Whether an ignore without a reason hides nothing (default: true).",
        "true",
    ),
    Key("fail-on", Kind.THRESHOLD, "The severity from which findings give exit code 1.", '"warning"'),
    Key("baseline", Kind.TEXT, "The file of findings that are known and do not count.", '"baseline.json"'),
    Key(
        "expiry-days",
        Kind.NUMBER,
        "Expires soon: in so many days (default: a third of the lifetime).",
        "30",
    ),
    Key("nginx-version", Kind.TEXT, "The nginx it is for (default: newest stable).", '"1.26.3"'),
    Key(
        "map",
        Kind.TABLE,
        "Where files of the machine with nginx are found here.",
        '{ "/etc/nginx" = "nginx", "/etc/ssl" = "copies/ssl" }',
    ),
    Key("root", Kind.TEXT, "The file system of the machine with nginx, such as a mounted image.", '"image"'),
    Key(
        "prefix",
        Kind.TEXT,
        "Where relative names count from (default: the main file's directory).",
        '"nginx"',
    ),
    Key("context", Kind.TEXT, "Where fragments belong: main, http, http,server ...", '"http,server"'),
    Key("define", Kind.TABLE, "Values that a template fills in.", '{ DOMAIN = "example.com" }'),
)
BY_NAME = {key.name: key for key in KEYS}

CODE = {
    "rules": "rules are code, which a settings file never names: give --rules DIR on the command line",
    "nginx-binary": "a program to run is never named by a settings file: give --nginx-binary",
}
"""Options that are no keys, and why."""


def flaw(kind: Kind, value: object) -> str:
    """What is wrong with a value; empty when nothing is."""
    if kind is Kind.NUMBER:
        fits = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    elif kind is Kind.SWITCH:
        fits = isinstance(value, bool)
    elif kind is Kind.TEXT:
        fits = isinstance(value, str)
    elif kind is Kind.THRESHOLD:
        fits = value in (*SEVERITIES, "never")
    elif kind is Kind.TEXTS:
        fits = _are_texts(value)
    elif isinstance(value, dict):
        check = {Kind.LISTS: _are_texts, Kind.LEVELS: SEVERITIES.__contains__}.get(kind, _is_text)
        fits = all(check(one) for one in value.values())
    else:
        fits = False
    return "" if fits else f"expected {kind.value}"


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def schema() -> dict[str, Any]:
    """The JSON Schema of ``mtls-lint.toml``, and of ``[tool.mtls-lint]``."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": f"Settings of mtls-lint ({FILE}, or [tool.{TABLE}] in pyproject.toml)",
        "type": "object",
        "additionalProperties": False,
        "properties": {key.name: {"description": key.help, **_type(key.kind)} for key in KEYS},
    }


def _type(kind: Kind) -> dict[str, Any]:
    texts = {"type": "array", "items": {"type": "string"}}
    types: dict[Kind, dict[str, Any]] = {
        Kind.TEXT: {"type": "string"},
        Kind.TEXTS: texts,
        Kind.NUMBER: {"type": "integer", "minimum": 0},
        Kind.SWITCH: {"type": "boolean"},
        Kind.TABLE: {"type": "object", "additionalProperties": {"type": "string"}},
        Kind.LISTS: {"type": "object", "additionalProperties": texts},
        Kind.LEVELS: {"type": "object", "additionalProperties": {"enum": list(SEVERITIES)}},
        Kind.THRESHOLD: {"enum": [*SEVERITIES, "never"]},
    }
    return types[kind]


def template() -> str:
    """A settings file to begin with: every key, commented out, with an example."""
    lines = ["# Settings of mtls-lint: docs/settings.md. An option of the command line wins over a key."]
    for key in KEYS:
        lines += ["", f"# {key.help}", f"# {key.name} = {key.example}"]
    return "\n".join(lines) + "\n"
