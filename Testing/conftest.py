"""Fixtures for every test: the shared example data, when it lies beside the repository."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine is no fault: no example has to end in a given time. Continuous integration draws the same examples
# every time: a change is judged by what it changes. At the desk they differ from run to run, and find more.
settings.register_profile("swinx2s", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("swinx2s")

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of shared example data (`$SWINX2S_SHARED` or `../shared`); its tests skip without it."""
    folder = Path(os.environ.get("SWINX2S_SHARED", REPOSITORY.parent / "shared"))
    if not (folder / "anatomy" / "manifest.json").is_file():
        pytest.skip(f"the shared example data is not at {folder} (set SWINX2S_SHARED)")
    return folder


@pytest.fixture(scope="session")
def repository() -> Path:
    """Root of the source tree."""
    return REPOSITORY
