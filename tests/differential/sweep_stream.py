"""The same as ``sweep.py`` for stream: compare on the seeds FIRST to LAST, and print the figures."""

import sys
import tempfile
from pathlib import Path

from mtls_lint.testing.nginx import find_nginx

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from differential.compare import make_pki
from differential.stream import compare, make, total

QUESTIONS = 20


def main(first: int, last: int) -> int:
    """The number of disagreements, each printed."""
    failures = 0
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        make_pki(root)
        for binary in (one for one in find_nginx() if one.can_run("stream {}")):
            results = []
            for seed in range(first, last):
                with tempfile.TemporaryDirectory(dir=root) as directory:
                    scenario = make(seed, QUESTIONS, binary.version)
                    results.append(compare(scenario, binary, Path(directory), root))
            whole = total(results)
            print(f"{binary}: {last - first} configurations, {whole.asked} connections,", end=" ")
            print(
                f"{whole.open} left open, {len(whole.differing)} disagreements", *whole.differing, sep="\n  "
            )
            failures += len(whole.differing)
    return failures


if __name__ == "__main__":
    sys.exit(1 if main(int(sys.argv[1]), int(sys.argv[2])) else 0)
