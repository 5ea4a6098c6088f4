"""Fixtures of scans in the numbering of CTPelvic1K."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import downloads
from prepared_scans import load, prepared, scan


@pytest.fixture
def work_in_this_process(monkeypatch):
    monkeypatch.setattr("SwinX2SLib.datasets.prepare.run_resumable", downloads.run_here)


@pytest.fixture(scope="session")
def reference(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reference")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("SwinX2SLib.datasets.prepare.run_resumable", downloads.run_here)
        result = prepared(scan(folder), folder / "out")
    assert not result.failed
    return load(folder / "out")
