"""The module of traced work, which worker processes can import too."""

import importlib
from pathlib import Path

import pytest


@pytest.fixture
def jobs(monkeypatch):
    """`parallel_jobs`; spawned processes get the path with it."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    return importlib.import_module("parallel_jobs")


@pytest.fixture
def traces(tmp_path) -> Path:
    """Folder in which every time that some work is done leaves a file."""
    folder = tmp_path / "traces"
    folder.mkdir()
    return folder
