"""Fixtures for all tests."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from mtls_lint.testing import catalogue
from mtls_lint.testing.nginx import NginxBinary, find_nginx

# The same examples on every run, so that main is green or it is not; MTLS_LINT_RANDOM=1 looks for new ones.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("random", deadline=None)
settings.load_profile("random" if os.environ.get("MTLS_LINT_RANDOM") else "repeatable")


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """Undo what ``main`` does to the garbage collector, for whom it is the last call of a process."""
    yield
    if not gc.isenabled():
        gc.unfreeze()
        gc.enable()


@pytest.fixture(params=[pytest.param(binary, id=str(binary)) for binary in find_nginx()])
def nginx(request: pytest.FixtureRequest) -> NginxBinary:
    """Every nginx of this machine, one after the other; the test is skipped where there is none."""
    binary: NginxBinary = request.param
    return binary


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with everything of the catalogue."""
    directory = tmp_path_factory.mktemp("pki")
    catalogue.materialise(directory)
    return directory
