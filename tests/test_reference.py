"""The generated pages of docs/ are those that tools/reference.py would write now."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def reference() -> Any:
    spec = importlib.util.spec_from_file_location("reference", ROOT / "tools" / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_nothing_is_stale() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "reference.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "", "run `make reference`"
    assert done.returncode == 0, done.stderr


def test_what_is_stale_is_found(reference: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference, "DOCS", tmp_path)
    (tmp_path / "rules").mkdir()
    changed, absent, left = (tmp_path / "rules" / f"{name}.md" for name in ("changed", "absent", "left"))
    changed.write_text("old")
    left.write_text("a rule that is no more")
    assert reference.stale({changed: "new", absent: "new"}) == sorted([changed, absent, left])


def test_every_family_is_described(reference: Any) -> None:
    families = {
        path.name for path in (ROOT / "rules").iterdir() if path.is_dir() and path.name != "__pycache__"
    }
    assert families <= set(reference.FAMILIES)


def test_links_between_pages_lead_somewhere() -> None:
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        for target in re.findall(r"\]\(([^)\s#]+)[^)]*\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.relative_to(ROOT)}: {target}"
