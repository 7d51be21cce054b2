"""Measure ourselves and the peers, and write docs/benchmarks.md.

make bench                                      # everything; some minutes
python -m benchmarks --only start-up,small      # a part: printed, and the page stays as it is
python -m benchmarks --work DIR --only nginx    # keeps trees and environments in DIR for the next time
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.environments import ROOT, make_environments
from benchmarks.machine import describe
from benchmarks.measure import Command, MeasurementError, Usage, environment, run
from benchmarks.page import rewritten, table
from benchmarks.plan import LINTED, MAIN, PARTS, TREES, Batch, batches
from benchmarks.ratios import Ratio, compare

if TYPE_CHECKING:
    from collections.abc import Sequence

PAGE = ROOT / "docs" / "benchmarks.md"
_ERRORS = "errors.txt"
_TREE_SECONDS = 600
_KEPT_SECONDS = 14 * 24 * 3600
"""Trees that are older are made anew: nothing in them may be about to expire."""


def main(arguments: Sequence[str]) -> int:
    """Give 0, or 1 when a program did something else than it should have."""
    options = _parser().parse_args(arguments)
    with ExitStack() as stack:
        if options.work is None:
            work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mtls-lint-bench-")))
        else:
            work = options.work.resolve()
            work.mkdir(parents=True, exist_ok=True)
        try:
            return _bench(work, options)
        except MeasurementError as error:
            print(f"benchmarks: {error}", file=sys.stderr)
            return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure mtls-lint and its peers in turns."
    )
    parser.add_argument("--only", type=_parts, default=PARTS, metavar="PART,...",
                        help=f"of {', '.join(PARTS)}; the page is not written then")  # fmt: skip
    parser.add_argument("--pairs", type=_positive, metavar="N", help="of runs, instead of the usual numbers")
    parser.add_argument("--work", type=Path, metavar="DIR", help="keep trees and environments there")
    parser.add_argument("--limit", type=_positive, default=600, metavar="SECONDS",
                        help="stop a run that takes longer (default: 600)")  # fmt: skip
    return parser


def _parts(text: str) -> tuple[str, ...]:
    chosen = tuple(text.split(","))
    if unknown := [part for part in chosen if part not in PARTS]:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)} is none of {', '.join(PARTS)}")
    return chosen


def _positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def _bench(work: Path, options: argparse.Namespace) -> int:
    print("installing mtls-lint and the peers")
    programs = make_environments(work / "environments")
    home = work / "home"
    home.mkdir(exist_ok=True)
    machine = describe(programs)
    results: list[Ratio] = []
    for batch in (one.only(options.only) for one in batches(programs, work / "trees")):
        if not batch.commands:
            continue
        for command in batch.commands:
            _make_tree(command.directory, work / "trees")
        results += _measured(batch, options.pairs or batch.pairs, home, options.limit)
    print()
    print(table(results))
    if set(options.only) == set(PARTS):
        before = PAGE.read_text(encoding="utf-8") if PAGE.is_file() else ""
        PAGE.write_text(rewritten(before, results, machine), encoding="utf-8")
        print(f"\n{PAGE.relative_to(ROOT)} is written")
    if "nginx" in options.only:
        print(_timings(programs.mtls_lint, work / "trees" / "hosts-5000", home, options.limit))
    return 0


def _make_tree(directory: Path, trees: Path) -> None:
    """The tree a program runs in, unless it is there, made by the present code and young enough."""
    if directory == trees:
        trees.mkdir(exist_ok=True)
        return
    made_by = hashlib.sha256((ROOT / "benchmarks" / "trees.py").read_bytes()).hexdigest()
    mark = directory.with_suffix(".made-by")
    if mark.is_file() and mark.read_text(encoding="ascii") == made_by:
        if time.time() - mark.stat().st_mtime < _KEPT_SECONDS:
            return
        mark.unlink()
    print(f"making the tree {directory.name}")
    shutil.rmtree(directory, ignore_errors=True)
    # A process of its own, so that this one, which measures, stays small (measure.py).
    command = [sys.executable, "-m", "benchmarks.trees", str(directory), *TREES[directory.name]]
    subprocess.run(command, cwd=ROOT, timeout=_TREE_SECONDS, check=True)  # noqa: S603
    mark.write_text(made_by, encoding="ascii")


def _measured(batch: Batch, pairs: int, home: Path, limit: float) -> list[Ratio]:
    """Let the programs take turns, and compare."""
    runs: dict[str, list[Usage]] = {command.name: [] for command in batch.commands}
    if batch.warm_up:
        for command in batch.commands:
            _one(command, home, limit)
    for turn in range(pairs):
        for command in batch.commands:
            if turn and command.name in batch.once:
                continue
            usage = _one(command, home, limit)
            runs[command.name].append(usage)
            print(_line(command.name, usage), flush=True)
    return [compare(comparison, runs) for comparison in batch.comparisons]


def _one(command: Command, home: Path, limit: float) -> Usage:
    return run(command, environment(home), home / _ERRORS, limit)


def _line(name: str, usage: Usage) -> str:
    stopped = "" if usage.complete else "  stopped at the limit"
    return f"  {name:24} {usage.cpu:9.3f} s CPU {usage.peak / 1024:8.1f} MiB{stopped}"


def _timings(program: Path, tree: Path, home: Path, limit: float) -> str:
    """Where our time goes in a tree, if this mtls-lint can say so."""
    told = subprocess.run(  # noqa: S603
        [program, "check", "--help"], capture_output=True, text=True, timeout=limit, check=True
    )
    if "--timings" not in told.stdout:
        return ""
    _one(Command("timings", (str(program), MAIN, "--timings"), tree, LINTED), home, limit)
    return (home / _ERRORS).read_text(encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
