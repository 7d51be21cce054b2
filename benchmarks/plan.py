"""What is measured: the programs, in the order in which they take turns, and the comparisons of the table."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.measure import Command
from benchmarks.ratios import Comparison, Quantity

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from benchmarks.environments import Environments

MAIN = "nginx.conf"
"""The main file of each tree."""

LINTED = frozenset({0, 1})
"""What a linter ends with that has read everything."""
_ON_HOSTS = "all rules, certificates and keys read"


@dataclass(frozen=True)
class Batch:
    """Programs that take turns, so many pairs unless told otherwise; of ``once`` one run is enough."""

    commands: tuple[Command, ...]
    comparisons: tuple[Comparison, ...]
    pairs: int
    once: frozenset[str] = frozenset()
    warm_up: bool = False

    def only(self, parts: Collection[str]) -> Batch:
        """What of it belongs to these parts."""
        comparisons = tuple(one for one in self.comparisons if one.part in parts)
        needed = {name for one in comparisons for name in (one.run, one.over)}
        commands = tuple(command for command in self.commands if command.name in needed)
        return Batch(commands, comparisons, self.pairs, self.once, self.warm_up)


TREES: dict[str, tuple[str, ...]] = {
    "small-absent": ("--small", "absent"),
    "small-present": ("--small", "present"),
    "hosts-100": ("--hosts", "100"),
    "hosts-1000": ("--hosts", "1000"),
    "hosts-5000": ("--hosts", "5000"),
    "hosts-10000": ("--hosts", "10000"),
    "operators-1000": ("--hosts", "1000", "--operators"),
    "socket-100": ("--hosts", "100", "--one-socket"),
    "socket-1000": ("--hosts", "1000", "--one-socket"),
}
"""The trees by the names of their directories, with what ``benchmarks.trees`` is told to make them."""

_START_UP = (
    Comparison("start-up", "`mtls-lint --version`", "CPU over `python -c pass`", "version", "pass",
               must=2.0, aim=1.6),
)  # fmt: skip
_SMALL = (
    Comparison("small", "one small file, no certificate readable", "CPU over `gixy-ng` on the same file",
               "us small-absent", "gixy-ng small-absent", must=1.0, aim=0.5),
    Comparison("small", "one small file with its certificates", "CPU over `gixy-ng`, which reads none",
               "us small-present", "gixy-ng small-present", must=1.3, aim=0.8),
)  # fmt: skip
_HOSTS = (
    Comparison("nginx", f"5,000 virtual hosts, {_ON_HOSTS}", "CPU over `nginx -t` on the same tree",
               "us hosts-5000", "nginx hosts-5000", must=2.0, aim=1.0),
    Comparison("gixy-next", f"5,000 virtual hosts, {_ON_HOSTS}", "CPU over `gixy-next`",
               "us hosts-5000", "gixy-next hosts-5000", must=0.25, aim=0.12),
    Comparison("memory", "10,000 virtual hosts", "peak memory over `nginx -t`",
               "us hosts-10000", "nginx hosts-10000", Quantity.PEAK, must=0.5, aim=0.25),
    Comparison("growth", "growth", "CPU at 10,000 virtual hosts over CPU at 1,000",
               "us hosts-10000", "us hosts-1000", must=11.0, aim=10.0),
    Comparison("growth", "growth", "CPU at 1,000 over CPU at 100", "us hosts-1000", "us hosts-100"),
    Comparison("growth", "growth", "CPU at 5,000 over CPU at 1,000", "us hosts-5000", "us hosts-1000"),
    Comparison("operators", "1,000 virtual hosts and a map of clients' names",
               "CPU over the same without the map", "us operators-1000", "us hosts-1000"),
)  # fmt: skip
_MATRIX = (
    Comparison("matrix", "matrix, all servers on one socket",
               "CPU of `mtls-lint matrix` at 1,000 servers over CPU at 100",
               "matrix socket-1000", "matrix socket-100", must=12.0, aim=10.0),
)  # fmt: skip

PARTS = tuple(dict.fromkeys(one.part for one in (*_START_UP, *_SMALL, *_HOSTS, *_MATRIX)))
"""What ``--only`` can choose from."""


def batches(programs: Environments, trees: Path) -> tuple[Batch, ...]:
    """Everything."""

    def lint(tree: str) -> Command:
        return Command(f"us {tree}", (str(programs.mtls_lint), MAIN), trees / tree, LINTED)

    def matrix(tree: str) -> Command:
        return Command(f"matrix {tree}", (str(programs.mtls_lint), "matrix", MAIN), trees / tree)

    def gixy(name: str, program: Path, tree: str) -> Command:
        # Either gixy may end with 0 after it could not read a file, and says so by an ERROR in its log.
        return Command(
            f"{name} {tree}", (str(program), MAIN), trees / tree, LINTED, "ERROR", name == "gixy-next"
        )

    def nginx(tree: str) -> Command:
        where = trees / tree
        # root's nginx wants a user to work for, which is the installer's business and not in the tree.
        user = ("-g", "user root root;") if os.geteuid() == 0 else ()
        argv = (str(programs.nginx), "-t", "-q", "-p", f"{where}/", "-c", str(where / MAIN), "-e", "stderr")
        return Command(f"nginx {tree}", (*argv, *user), where)

    python = str(programs.python)
    small = ("small-absent", "small-present")
    return (
        Batch(
            (
                Command("pass", (python, "-c", "pass"), trees),
                Command("version", (str(programs.mtls_lint), "--version"), trees),
            ),
            _START_UP,
            pairs=31,
            warm_up=True,
        ),
        Batch(
            tuple(c for tree in small for c in (gixy("gixy-ng", programs.gixy_ng, tree), lint(tree))),
            _SMALL,
            pairs=21,
            warm_up=True,
        ),
        Batch(
            (
                lint("hosts-100"),
                lint("operators-1000"),
                lint("hosts-1000"),
                lint("hosts-10000"),
                nginx("hosts-10000"),
                nginx("hosts-5000"),
                lint("hosts-5000"),
                gixy("gixy-next", programs.gixy_next, "hosts-5000"),
            ),
            _HOSTS,
            pairs=5,
            once=frozenset({"gixy-next hosts-5000"}),
        ),
        Batch((matrix("socket-100"), matrix("socket-1000")), _MATRIX, pairs=5),
    )
