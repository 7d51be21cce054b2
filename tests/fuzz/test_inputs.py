"""Inputs that once made a fuzz target fail, and the seeds that reach far: none may fail again."""

from pathlib import Path

import pytest

from fuzz.targets import BY_NAME, TARGETS

INPUTS = sorted((Path(__file__).parent / "inputs").glob("*/*"))


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_an_input(path: Path) -> None:
    BY_NAME[path.parent.name](path.read_bytes())


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.__name__)
def test_every_target_takes_anything(target: object) -> None:
    assert callable(target)
    for data in (b"", b"\0", b"\xff\xfe\0", b"server {", b"\n" * 1000):
        target(data)
