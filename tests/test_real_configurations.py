"""Real configurations: no crash, no hang, no silence, and what was agreed with when it was last read.

``python tests/test_real_configurations.py`` writes what is found now over ``corpus.json``: read the
difference as the owner of the file would before it is kept.
"""

import json
from pathlib import Path

import pytest

from mtls_lint.lint.pack import built_in_pack, load_packs
from mtls_lint.lint.runner import Report, merge, run
from mtls_lint.lint.settings import Settings
from mtls_lint.nginx.model import build
from mtls_lint.syntax.files import read_text
from mtls_lint.syntax.loader import load_each
from mtls_lint.syntax.source import SourceFile
from mtls_lint.testing.pki import CLOCK

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus"
FILES = sorted(path for path in CORPUS.glob("*/*") if path.name not in {"KIND", "META"})
READABLE = {"full", "fragment-server", "fragment-directives", "dump"}
AGREED = Path(__file__).parent / "corpus.json"
DEBIAN = Path("/etc/nginx/nginx.conf")


def lint(path: Path) -> Report:
    source = read_text(str(path))
    assert isinstance(source, SourceFile)
    rules = load_packs([built_in_pack()])
    return merge([run(build(tree), rules, Settings(), CLOCK) for tree in load_each(source)])


@pytest.mark.skipif(not FILES, reason="the corpus is not part of the repository")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_every_file_of_the_corpus(path: Path) -> None:
    report = lint(path)
    assert report.crashes == ()
    kind = (path.parent / "KIND").read_text().strip()
    if kind in READABLE:
        # These are nginx's own language: all of the file itself is read, whatever it includes.
        assert [problem.message for problem in report.problems if problem.path == str(path)] == []
    else:
        assert report.servers or report.problems
    assert report.findings or report.not_evaluated or kind == "fragment-directives"


@pytest.mark.skipif(not FILES, reason="the corpus is not part of the repository")
def test_what_is_found_is_what_was_agreed_with() -> None:
    agreed = json.loads(AGREED.read_text())
    assert {path.parent.name: found(path) for path in FILES} == agreed


def found(path: Path) -> dict[str, object]:
    """How much of a file was read, and what was found in it: rules by line."""
    report = lint(path)
    at_all = report.servers or any(
        tree.directives for tree in load_each(SourceFile(str(path), path.read_text()))
    )
    state = ("partly" if at_all else "not") if report.unreadable else "fully"
    kind = (path.parent / "KIND").read_text().strip()
    findings = sorted([one.finding.span.line, one.rule] for one in report.findings)
    return {"kind": kind, "read": state, "findings": findings}


@pytest.mark.skipif(not DEBIAN.exists(), reason="Debian's nginx is not installed")
def test_debians_own_configuration() -> None:
    report = lint(DEBIAN)
    assert not report.unreadable
    assert not any(found.finding.fatal for found in report.findings)
    assert report.servers


if __name__ == "__main__":
    entries = {path.parent.name: found(path) for path in FILES}
    lines = (f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in entries.items())
    AGREED.write_text("{\n" + ",\n".join(lines) + "\n}\n")
