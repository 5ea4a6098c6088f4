"""Drawn films, the model with a known answer, and the worker as a real child process."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from SwinX2SLib.radiographs import FilmOptions
from SwinX2SLib.reconstruct import Job

HERE = Path(__file__).parent


def load_helper(name: str):
    specification = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def threshold_model():
    """The class `ThresholdModel`."""
    return load_helper("threshold_model").ThresholdModel


@pytest.fixture
def films(tmp_path) -> tuple[Path, Path]:
    """A frontal film with a bar on the patient's left (the viewer's right), a lateral one with a bar in front."""
    rng = np.random.default_rng(5)
    ap, lateral = (rng.integers(0, 60, (192, 128)).astype(np.uint8) for _ in range(2))
    ap[24:72, 96:112] = 255
    lateral[24:72, 16:40] = 255
    paths = tmp_path / "ap.png", tmp_path / "lateral.png"
    for path, values in zip(paths, (ap, lateral), strict=True):
        Image.fromarray(values).save(path)
    return paths


@pytest.fixture
def job(films, tmp_path) -> Job:
    return Job(
        *films, tmp_path / "result", FilmOptions(spacing_mm=2.0), FilmOptions(spacing_mm=2.0), device="cpu"
    )


@pytest.fixture
def start_worker(tmp_path, repository):
    """Return a function that starts `stand_in_worker.py MODE` on a job, as a child process."""
    children = []

    def start(job: Job, mode: str = "plain", *more: str) -> subprocess.Popen:
        job_file = tmp_path / "job.json"
        job.save(job_file)
        environment = {**os.environ, "PYTHONPATH": str(repository), "OMP_NUM_THREADS": "1"}
        child = subprocess.Popen(
            [sys.executable, str(HERE / "stand_in_worker.py"), mode, str(job_file), *more],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        children.append(child)
        return child

    yield start
    for child in children:
        if child.poll() is None:
            child.kill()
        child.communicate()


@pytest.fixture
def run_worker(start_worker):
    """Return a function that runs the worker to its end: exit code, events, standard error."""

    def run(job: Job, mode: str = "plain", *more: str) -> tuple[int, list[dict], str]:
        child = start_worker(job, mode, *more)
        out, err = child.communicate(timeout=120)
        return child.returncode, [json.loads(line) for line in out.splitlines()], err

    return run
