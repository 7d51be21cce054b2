"""A measured run: its figures, and that a run which went wrong gives none."""

import sys
from pathlib import Path

import pytest
from benchmarks.measure import Command, MeasurementError, Usage, environment, run

BUSY = "import time\nwhile time.process_time() < 0.2: pass"
FULL = "block = b'x' * (64 << 20)"


def measured(tmp_path: Path, code: str, limit: float = 30.0, **settings: object) -> Usage:
    command = Command("it", (sys.executable, "-c", code), tmp_path, **settings)  # type: ignore[arg-type]
    return run(command, environment(tmp_path), tmp_path / "errors.txt", limit)


def test_cpu_and_peak_are_those_of_the_program(tmp_path: Path) -> None:
    idle, busy, full = (measured(tmp_path, code) for code in ("pass", BUSY, FULL))
    assert 0.0 < idle.cpu < 0.2 <= busy.cpu < 1.0
    assert full.peak > 64 * 1024


def test_a_wrong_exit_code_says_what_the_program_said(tmp_path: Path) -> None:
    with pytest.raises(MeasurementError, match=r"exit code 3: .*\n(?s:.*)no such file"):
        measured(tmp_path, "import sys; sys.stderr.write('no such file'); sys.exit(3)")
    assert measured(tmp_path, "raise SystemExit(1)", exits=frozenset({0, 1})).complete


def test_a_program_that_gave_up_with_0_failed(tmp_path: Path) -> None:
    with pytest.raises(MeasurementError, match="ERROR"):
        measured(tmp_path, "import sys; sys.stderr.write('[parser] ERROR x')", failure="ERROR")


def test_the_limit(tmp_path: Path) -> None:
    code = "import time; time.sleep(60)"
    assert not measured(tmp_path, code, 0.3, may_time_out=True).complete
    with pytest.raises(MeasurementError, match="did not end"):
        measured(tmp_path, code, 0.3)


def test_the_program_sees_the_given_variables_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OF_THE_TEST", "1")
    measured(tmp_path, "import os; assert 'OF_THE_TEST' not in os.environ, 'inherited'")
    measured(tmp_path, "import os; assert os.environ['PYTHONHASHSEED'] == '0'")
