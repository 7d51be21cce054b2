"""Configurations of rules' pages and cases, made to run: with free ports and a backend that answers."""

import re
from pathlib import Path

from mtls_lint.lint.pack import built_in_pack, load_packs
from mtls_lint.testing import with_material
from mtls_lint.testing.examples import wrapped

FAMILIES = {"enforcement", "exposure"}
"""The families whose rules speak of requests that get in."""

_OTHERS = {
    "client-identity-never-matches",
    "dn-regex-unanchored",
    "issuer-unchecked",
    "partner-name-unchecked",
    "serial-only-authz",
    "trusted-certificate-widens-trust",
    "upstream-client-cert-lent",
}
RULES = [rule for rule in load_packs([built_in_pack()]) if rule.family in FAMILIES or rule.id in _OTHERS]
"""Their rules, and those of other families that have witnesses."""

CONTENT = "content"
"""What the backend answers, and what is in every file."""

_PORTS = re.compile(r"(\blisten\s+(?:\S*:)?)(\d+)\b")
_BACKEND = f"server {{ listen 127.0.0.1:PORT_backend; return 200 {CONTENT}; }}"


def runnable(text: str, directory: Path) -> str:
    """The configuration with free ports (``PORT_p443`` for 443), a backend, and files that exist."""
    text = _PORTS.sub(lambda match: f"{match[1]}PORT_p{match[2]}", with_material(text))
    text = re.sub(r"\b\w+_pass [^;]+;", "proxy_pass http://127.0.0.1:PORT_backend;", text)
    text = re.sub(r"\b(root|alias)\s+[^;]+;", f"root {directory};", text)
    text = re.sub(r"\bunix:/\S*/", f"unix:{directory}/", text)
    whole = text if re.search(r"^\s*http\s*\{", text, re.MULTILINE) else wrapped(text, ("http",))
    end = whole.rstrip().rindex("}")
    return f"{whole[:end]}{_BACKEND}\n}}\n"


def write_files(directory: Path) -> None:
    """The files that ``root`` leads to."""
    (directory / "index.html").write_text(CONTENT)
    (directory / "api").mkdir()
    (directory / "api" / "index.html").write_text(CONTENT)
