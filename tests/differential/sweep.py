"""Compare ``decide`` with every nginx that is there, on the seeds FIRST to LAST, and print the figures."""

import sys
import tempfile
from pathlib import Path

from mtls_lint.testing.nginx import find_nginx

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from differential.compare import compare, make_pki
from differential.scenario import make

QUESTIONS = 20


def main(first: int, last: int) -> int:
    """The number of disagreements, each printed."""
    total = 0
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        make_pki(root)
        for binary in find_nginx():
            found = []
            for seed in range(first, last):
                with tempfile.TemporaryDirectory(dir=root) as directory:
                    found += compare(make(seed, QUESTIONS), binary, Path(directory), root)
            print(f"{binary}: {last - first} configurations, {(last - first) * QUESTIONS} requests,", end=" ")
            print(f"{len(found)} disagreements", *found, sep="\n  " if found else " ")
            total += len(found)
    return total


if __name__ == "__main__":
    sys.exit(1 if main(int(sys.argv[1]), int(sys.argv[2])) else 0)
