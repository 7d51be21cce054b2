"""Make the certificates of both cases, put the recipe beside them, and lint it; then the corrected one."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from make_certificates import make_cases

HERE = Path(__file__).resolve().parent


def show(configuration: Path, title: str) -> int:
    """Lint ``configuration`` as a user would; returns the exit code."""
    name = os.path.relpath(configuration)
    print(f"\n== {title}\n\n$ mtls-lint {name}", flush=True)
    code = subprocess.run([sys.executable, "-m", "mtls_lint", name], check=False).returncode
    print(f"(exit code {code})", flush=True)
    return code


def main() -> int:
    """Show all of it; 0 when the tool says what this example is there to show."""
    out = HERE / "out"
    shutil.rmtree(out, ignore_errors=True)
    make_cases(out)
    codes = []
    for case, title in {
        "third-party": "Case 1: the server's certificate comes from a third-party CA",
        "partner": "Case 2: the server's certificate comes from the partner",
    }.items():
        shutil.copy(HERE / "recipe.conf", out / case / "nginx.conf")
        codes.append(show(out / case / "nginx.conf", title))
    corrected = out / "third-party" / "corrected.conf"
    shutil.copy(HERE / "corrected.conf", corrected)
    codes.append(show(corrected, "The corrected recipe"))
    return 0 if codes == [1, 1, 0] else 1


if __name__ == "__main__":
    sys.exit(main())
