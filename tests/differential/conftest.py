"""What the tests of this directory share."""

from pathlib import Path

import pytest

from differential.compare import make_pki


@pytest.fixture(scope="session")
def scenario_pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("scenario-pki")
    make_pki(directory)
    return directory
