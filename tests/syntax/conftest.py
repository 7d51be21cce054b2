"""Fixtures for the tests of syntax/."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

NOBODY = 65534


@pytest.fixture
def as_nobody(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], AbstractContextManager[None]]:
    """Act without root's privileges in a directory: ``with as_nobody(directory)``, relative names inside."""

    @contextmanager
    def act(directory: Path) -> Iterator[None]:
        # The directories above belong to root alone, so it must be entered before.
        monkeypatch.chdir(directory)
        if os.geteuid() != 0:
            yield
            return
        directory.chmod(0o711)
        os.seteuid(NOBODY)
        try:
            yield
        finally:
            os.seteuid(0)

    return act
