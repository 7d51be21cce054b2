"""Real configurations: no crash, no hang, no silence."""

from pathlib import Path

import pytest

from mtls_lint.lint.pack import built_in_pack, load_packs
from mtls_lint.lint.runner import Report, run
from mtls_lint.lint.settings import Settings
from mtls_lint.nginx.model import build
from mtls_lint.syntax.loader import load
from mtls_lint.testing.pki import CLOCK

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus"
FILES = sorted(path for path in CORPUS.glob("*/*") if path.name not in {"KIND", "META"})
READABLE = {"full", "fragment-server", "fragment-directives", "dump"}
DEBIAN = Path("/etc/nginx/nginx.conf")


def lint(path: Path) -> Report:
    return run(build(load(str(path))), load_packs([built_in_pack()]), Settings(), CLOCK)


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


@pytest.mark.skipif(not DEBIAN.exists(), reason="Debian's nginx is not installed")
def test_debians_own_configuration() -> None:
    report = lint(DEBIAN)
    assert not report.unreadable
    assert not any(found.finding.fatal for found in report.findings)
    assert report.servers
