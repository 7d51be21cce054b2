"""The page: figures are replaced, what people wrote stays; and the plan has what the page promises."""

from pathlib import Path

from benchmarks.environments import ROOT, Environments
from benchmarks.page import BY_HAND, rewritten, table
from benchmarks.plan import PARTS, TREES, batches
from benchmarks.ratios import Comparison, Quantity, Ratio

MACHINE = ("Example CPU, 2 cores", "2026-11-23")


def result(ratio: float, *, at_most: bool = False, quantity: Quantity = Quantity.CPU) -> Ratio:
    line = Comparison("part", "5,000 hosts", "CPU over `nginx -t`", "a", "b", quantity, 2.0, 1.0)
    return Ratio(line, (ratio - 0.5, ratio, ratio + 0.5), 3 * ratio, 3.0, at_most)


def test_notes_stay_and_figures_go() -> None:
    first = rewritten("", [result(1.5)], MACHINE)
    noted = first.partition(BY_HAND)[0] + BY_HAND + "\nIn the lexer.\n\n## And more\n\nOf it.\n"
    second = rewritten(noted, [result(0.75)], MACHINE)
    assert second.endswith(BY_HAND + "\nIn the lexer.\n\n## And more\n\nOf it.\n")
    assert "1.50 x" in first
    assert "1.50 x" not in second
    assert "0.75 x" in second
    assert second.count(BY_HAND) == 1
    assert "Example CPU, 2 cores; 2026-11-23" in second


def test_a_row() -> None:
    row = "| 5,000 hosts | CPU over `nginx -t` | 2.00 x | 1.00 x | {} |"
    assert table([result(1.5)]).splitlines()[2] == row.format(
        "1.50 x | 1.00-2.00 | 4.50 s | 3.00 s | 3 | must"
    )
    stopped = table([result(0.75, at_most=True)]).splitlines()[2]
    assert stopped == row.format("at most 0.75 x | 0.25-1.25 | 2.25 s | over 3.00 s | 3 | aim")
    assert "| 4 MiB | 3 MiB |" in table([result(4 / 3, quantity=Quantity.PEAK)])


def test_the_page_of_the_project_is_one_of_the_tool() -> None:
    page = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    beginning, _, rest = rewritten("", [], ()).partition("| what |")
    explanations = rest.partition("## How")[2].partition(BY_HAND)[0]
    assert page.startswith(beginning)
    assert explanations + BY_HAND in page


def test_every_part_has_its_programs_and_trees(tmp_path: Path) -> None:
    programs = Environments(
        *(tmp_path / name for name in ("python", "mtls-lint", "gixy", "gixy-next", "nginx"))
    )
    for part in PARTS:
        chosen = [batch.only({part}) for batch in batches(programs, tmp_path)]
        (batch,) = (one for one in chosen if one.commands)
        names = {command.name for command in batch.commands}
        assert names == {name for one in batch.comparisons for name in (one.run, one.over)}
        assert all(
            command.directory == tmp_path or command.directory.name in TREES for command in batch.commands
        )
