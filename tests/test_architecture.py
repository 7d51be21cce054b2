"""Who may import whom: the arrows of docs/architecture.md, read from the imports themselves."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "mtls_lint"

LEAVES = {"__version__", "expressions", "sharing"}  # modules that know nobody; everybody may use them

ALLOWED = {
    "syntax": set(),
    "pki": set(),
    "nginx": {"syntax", "pki"},
    "lint": {"nginx", "pki", "syntax"},
    "report": {"lint", "nginx", "syntax"},
    "testing": {"api", "lint", "nginx", "pki", "syntax"},
    "cli": {"api", "lint", "nginx", "pki", "report", "syntax", "testing"},
    "api": {"lint", "nginx", "pki", "syntax"},
}


def imported_rooms(file: Path) -> set[str]:
    rooms = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            whole = node.module == "mtls_lint"
            names = [f"mtls_lint.{alias.name}" for alias in node.names] if whole else [node.module]
        rooms |= {name.split(".")[1] for name in names if name.startswith("mtls_lint.")}
    return rooms


@pytest.mark.parametrize("room", sorted(ALLOWED))
def test_a_room_imports_only_what_it_may(room: str) -> None:
    files = sorted((PACKAGE / room).rglob("*.py")) or [PACKAGE / f"{room}.py"]
    for file in files:
        assert imported_rooms(file) - {room} - LEAVES <= ALLOWED[room], file


def test_every_room_has_its_arrows() -> None:
    rooms = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}
    assert rooms | {"api"} == set(ALLOWED)


def test_rules_import_the_api_alone() -> None:
    files = sorted((ROOT / "rules").rglob("*.py"))
    assert files
    for file in files:
        assert imported_rooms(file) <= {"api"}, file


def test_no_god_modules() -> None:
    too_long = {
        str(file.relative_to(ROOT)): count
        for file in PACKAGE.rglob("*.py")
        if (count := len(file.read_text(encoding="utf-8").splitlines())) > 400
        # Data made by tools/directive_table.py, and the list of what rules import.
        and file.name not in {"directive_data.py", "api.py"}
    }
    assert too_long == {}
