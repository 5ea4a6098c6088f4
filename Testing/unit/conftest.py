"""Fixtures of several packages."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(Path(__file__).parent))  # helpers that several packages share


@pytest.fixture
def native_bfloat16() -> None:
    """Skips on a processor that emulates bfloat16: nothing runs in it there, and a test would take minutes."""
    import torch

    from SwinX2SLib.reconstruct.device import bfloat16_is_fast

    if not bfloat16_is_fast(torch.device("cpu")):
        pytest.skip("this processor emulates bfloat16: float32 is used on it")


class LoopbackCluster:
    """A Dask scheduler and its workers, each a separate process on 127.0.0.1.

    Args:
        folder: for their files and logs.
    """

    def __init__(self, folder: Path):
        self._folder, self._processes = folder, []
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        self.address = self._said(r"Scheduler at:\s+(tcp://127\.0\.0\.1:\d+)")

    def add_worker(self, *paths: Path) -> subprocess.Popen:
        """Start a worker of one thread that imports from `paths`, and wait until it is registered."""
        options = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1")
        worker = self._start("worker", self.address, *options, paths=paths or (ROOT,))
        self._said(r"Registered to:\s+(\S+)")
        return worker

    def end(self) -> None:
        """End all processes."""
        for process in reversed(self._processes):
            process.kill()
            process.wait()

    def _start(self, *command: str, paths: tuple[Path, ...] = ()) -> subprocess.Popen:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths)), "OMP_NUM_THREADS": "1"}
        with self._log(len(self._processes)).open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", *command],
                cwd=self._folder, env=environment, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        self._processes.append(process)
        return process

    def _log(self, number: int) -> Path:
        return self._folder / f"process{number}.log"

    def _said(self, pattern: str) -> str:
        """Wait until the process started last has said something, and return it."""
        log = self._log(len(self._processes) - 1)
        end = time.monotonic() + 60
        while not (found := re.search(pattern, log.read_text())):
            assert time.monotonic() < end, log.read_text()
            assert self._processes[-1].poll() is None, log.read_text()
            time.sleep(0.05)
        return found[1]


@pytest.fixture
def loopback_cluster(tmp_path_factory):
    """A running scheduler on 127.0.0.1, as yet without workers; skips where Dask is not installed."""
    pytest.importorskip("distributed")
    cluster = LoopbackCluster(tmp_path_factory.mktemp("cluster"))
    yield cluster
    cluster.end()


@pytest.fixture(scope="session")
def write_known_result() -> Callable:
    """Function (job, reconstruct) that writes a result's files as `run_job` does, without a network.

    `reconstruct(ap, lateral)` gives the `Reconstruction` of both radiographs.
    """
    from SwinX2SLib.models.orientation import Orientation, View
    from SwinX2SLib.radiographs import read_pair
    from SwinX2SLib.reconstruct.orientation_check import OrientationCheck, ViewPrediction
    from SwinX2SLib.reconstruct.reconstruction import describe, write_provenance, write_volumes

    well = OrientationCheck(*(ViewPrediction(view, Orientation(view), 1.0) for view in View))

    def write(job, reconstruct):
        radiographs = read_pair(job.ap, job.lateral, job.ap_options, job.lateral_options, job.ap_view)
        reconstruction = reconstruct(*radiographs)
        job.out.mkdir(parents=True, exist_ok=True)
        reconstruction = replace(reconstruction, radiographs=radiographs, orientation_check=well)
        write_volumes(job.out, reconstruction)
        write_provenance(job.out, describe(reconstruction, job, {"total": 1.0}))
        return reconstruction

    return write
