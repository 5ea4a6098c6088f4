"""Fixtures for every test: the shared example data, when it lies beside the repository."""

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine is no fault: no example has to end in a given time. Continuous integration draws the same examples
# every time: a change is judged by what it changes. At the desk they differ from run to run, and find more.
settings.register_profile("swinx2s", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("swinx2s")

# A process that is started in the background or by nohup ignores these, and so would the children that tests end by
# them. What a process handles itself starts anew in its children.
for _signal in (signal.SIGINT, getattr(signal, "SIGHUP", signal.SIGINT)):
    if signal.getsignal(_signal) is signal.SIG_IGN:
        signal.signal(_signal, lambda number, frame: None)

# pytest-xdist starts one process for each core; a thread pool in each would only make them wait for each other. The
# numerical libraries read this when they are imported, and child processes inherit it.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

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
