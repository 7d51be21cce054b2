"""Fixtures for all tests."""

from pathlib import Path

import pytest

from mtls_lint.testing import catalogue
from mtls_lint.testing.nginx import NginxBinary, find_nginx


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
