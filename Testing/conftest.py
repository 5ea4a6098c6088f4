"""Fixtures for every test: the shared example data, when it lies beside the repository."""

import os
from pathlib import Path

import pytest

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
