"""A batch as a real process: killed, taken up again, with a broken radiograph among its cases."""

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
COUNT = 4
NAMES = ["case 0", "case 1", "case 2", "case 3"]


def write_radiograph(path: Path, seed: int, bar: tuple[slice, slice]) -> None:
    radiograph = np.random.default_rng(seed).integers(0, 60, (192, 128)).astype(np.uint8)
    radiograph[bar] = 255
    Image.fromarray(radiograph).save(path)


@pytest.fixture
def table(tmp_path) -> Path:
    """Four pairs of which the third has a radiograph that is cut off."""
    lines = ["case,ap,lateral,spacing_mm"]
    for number, name in enumerate(NAMES):
        write_radiograph(tmp_path / f"{number}_ap.png", number, np.s_[24:72, 96:112])
        write_radiograph(tmp_path / f"{number}_lat.png", number + 100, np.s_[24:72, 16:40])
        lines.append(f"{name},{number}_ap.png,{number}_lat.png,2.0")
    broken = tmp_path / "2_lat.png"
    broken.write_bytes(broken.read_bytes()[:400])
    (tmp_path / "table.csv").write_text("\n".join(lines) + "\n")
    return tmp_path / "table.csv"


@pytest.fixture
def start(table, tmp_path):
    """Start the batch; whatever is left is ended."""
    started = []

    def start(seconds: float = 0.0, *more: str) -> subprocess.Popen:
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(HERE)]),
            "BATCH_TRACE": str(tmp_path / "trace.txt"),
            "BATCH_SECONDS": str(seconds),
            "OMP_NUM_THREADS": "1",
        }
        command = [sys.executable, "-m", "batch_process", str(table), str(tmp_path / "out"), *more]
        started.append(subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def rows(out: Path) -> dict[str, dict]:
    with (out / "batch.csv").open(encoding="utf-8-sig", newline="") as stream:
        return {row["case"]: row for row in csv.DictReader(stream)}


def traced(tmp_path: Path) -> list[str]:
    path = tmp_path / "trace.txt"
    return path.read_text().split() if path.is_file() else []


def wait_for(condition, seconds=120.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.02)


def test_a_killed_batch_goes_on_and_a_broken_radiograph_costs_its_case_only(start, tmp_path):
    out = tmp_path / "out"
    done = out / ".batch" / "cases"
    process = start(3.0)
    wait_for(lambda: (done / "case 0.json").is_file() and traced(tmp_path).count("pair") == 2)
    children = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    _, alive = psutil.wait_procs(children, timeout=30)
    assert not alive
    assert not (out / "case 1").exists()
    first = (out / "case 0" / "labels.nii.gz").stat().st_mtime_ns
    before = traced(tmp_path)
    assert before == ["load", "pair", "pair"]

    again = start(0.0)
    assert again.wait(timeout=120) == 0, again.stderr.read()
    assert traced(tmp_path)[len(before) :] == ["load", "pair", "pair"]
    assert (out / "case 0" / "labels.nii.gz").stat().st_mtime_ns == first
    found = rows(out)
    assert list(found) == NAMES
    assert [found[name]["status"] for name in NAMES] == ["done", "done", "failed", "done"]
    assert "2_lat.png" in found["case 2"]["fault"]
    assert found["case 1"]["bones"] == "1"
    assert 0.5 < float(found["case 1"]["expected_dice"]) <= 1
    assert float(found["case 1"]["seconds"]) > 0
    assert not (out / "case 2").exists()
    assert not [path for path in out.iterdir() if "swinx2s-" in path.name]


def test_a_mended_radiograph_a_changed_option_and_a_lost_file_are_done_again(start, table, tmp_path):
    assert start(0.0, "measure").wait(timeout=240) == 0
    loaded = len(traced(tmp_path))
    kept = (tmp_path / "out" / "case 1" / "labels.nii.gz").stat().st_mtime_ns
    write_radiograph(tmp_path / "2_lat.png", 7, np.s_[24:72, 16:40])
    table.write_text(table.read_text().replace("0_lat.png,2.0", "0_lat.png,1.5"))
    (tmp_path / "out" / "case 3" / "uncertainty.nii.gz").unlink()
    assert start(0.0, "measure").wait(timeout=240) == 0
    found = rows(tmp_path / "out")
    assert {row["status"] for row in found.values()} == {"done"}
    assert traced(tmp_path)[loaded:] == ["load", *["pair"] * (COUNT - 1)]
    assert (tmp_path / "out" / "case 1" / "labels.nii.gz").stat().st_mtime_ns == kept
    for name in NAMES:
        assert (tmp_path / "out" / name / "measurements" / "measurements.csv").is_file()
    measured = (tmp_path / "out" / "measurements.csv").read_text(encoding="utf-8-sig")
    assert "femur_left" in measured
    assert "case 2" in measured


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_the_command_stops_when_told_and_leaves_nothing_half_written(table, tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [
        sys.executable,
        "-m",
        "SwinX2SLib",
        "batch",
        str(table),
        "--out",
        str(tmp_path / "out"),
        "--json",
    ]
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    line = process.stdout.readline()
    assert '"Reading radiographs: 0 of 4"' in line
    process.send_signal(signal.SIGTERM)
    _, complaints = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Stopped" in complaints
    assert [path.name for path in (tmp_path / "out").iterdir()] == [".batch"]
