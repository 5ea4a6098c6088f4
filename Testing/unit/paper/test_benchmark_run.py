"""Benchmarks as a process: killed and gone on with, with several radiographs of each plane, with faulty cases."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from SwinX2SLib.cli import main
from SwinX2SLib.errors import SOME_FAILED

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]


def start(config: Path, out: Path, *more: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "SwinX2SLib", "benchmark-table", str(config), "--out", str(out)]
    command += ["--device", "cpu", "--threads", "1", "--workers", "1", *more]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def finish(process: subprocess.Popen, code: int = 0) -> tuple[str, str]:
    out, err = process.communicate(timeout=550)
    assert process.returncode == code, err
    return out, err


def lines_of(out: Path) -> list[dict]:
    return list(csv.DictReader((out / "tables.csv").read_text(encoding="utf-8").splitlines()))


def test_a_killed_benchmark_goes_on_and_redoes_nothing_that_is_finished(
    tmp_path, write_phantoms, write_config
):
    write_phantoms(tmp_path, {"one": "train", "two": "test"})
    config = write_config(tmp_path, 'steps = 2\ntables = [3]\nmodels = ["tl-embedding", "unet"]')
    out = tmp_path / "out"
    process = start(config, out)
    deadline = time.monotonic() + 550
    while not list(out.glob("evaluations/*tl-embedding*/scores/summary.json")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    kept = {
        path: path.stat().st_mtime_ns
        for pattern in ("trainings/*tl-embedding*/*", "evaluations/*tl-embedding*/predictions/*")
        for path in out.glob(pattern)
    }
    assert kept
    printed, told = finish(start(config, out))
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert "Training ctspine1k-unet" in told
    assert "Training ctspine1k-tl-embedding" not in told
    done = [line for line in lines_of(out) if line["status"] == "done"]
    assert {line["model"] for line in done} == {"tl-embedding", "unet"}
    assert {line["data_set"] for line in done} == {"ctspine1k"}
    for line in done:
        assert line["n"] in ("0", "1")
        assert "2 steps, people: 1" in line["training"]
    dice = {line["model"]: line["ours"] for line in done if line["metric"] == "dice"}
    assert all(0 < float(value) < 100 for value in dice.values())
    assert "Not in the selected models." in printed
    assert "<html" in (out / "index.html").read_text()


def test_several_radiographs_of_each_plane_are_trained_and_evaluated_and_broken_radiographs_cost_one_case(
    tmp_path, write_phantoms, write_config, capsys
):
    write_phantoms(tmp_path, {"one": "train", "two": "test", "torn": "test"})
    (tmp_path / "volumes" / "torn" / "coronal.png").write_bytes(b"no picture")
    config = write_config(tmp_path, 'steps = 1\ntables = [2, 4]\nmodels = ["swinx2s-base"]\nviews = [1, 2]')
    out = tmp_path / "out"
    finish(start(config, out))
    dice = {line["row"]: line for line in lines_of(out) if line["metric"] == "dice"}
    assert [dice[row]["status"] for row in ("N = 1", "N = 2", "N = 4")] == ["done", "done", "not run"]
    # Table 4 projects its radiographs itself: there the torn picture is not missed.
    assert [dice[row]["n"] for row in ("N = 1", "N = 2", "CTSpine1K-Spine")] == ["2", "2", "1"]
    assert "torn: " in dice["CTSpine1K-Spine"]["note"]
    (record,) = (
        json.loads(path.read_text()) for path in out.glob("trainings/*n2*/ctspine1k-swinx2s-base-n2.json")
    )
    assert record["overrides"]["views_per_plane"] == 2
    weights = next(out.glob("trainings/ctspine1k-swinx2s-base-????????/*.safetensors"))
    loaded = write_config(
        tmp_path,
        "steps = 1\ntables = [4]\nviews = [1, 2]",
        f'[weights]\nctspine1k-swinx2s-base = "{weights}"\nctspine1k-swinx2s-base-n2 = "{weights}"',
    )
    arguments = ["--out", str(tmp_path / "loaded"), "--device", "cpu", "--workers", "1"]
    assert main(["benchmark-table", str(loaded), *arguments]) == SOME_FAILED
    assert "with 2 radiographs per view, but the weights belong to swinx2s-base" in capsys.readouterr().err
    (first,) = (
        line for line in lines_of(tmp_path / "loaded") if line["row"] == "N = 1" and line["metric"] == "dice"
    )
    assert (first["status"], first["training"]) == ("done", "loaded")
    assert first["ours"] == dice["N = 1"]["ours"]


@pytest.mark.parametrize(
    ("licence", "more", "words"),
    [
        ("CC BY-NC 4.0", [], "--any-licence includes cases"),
        ("CC0", ["--no-training"], "Not trained yet."),
    ],
)
def test_what_cannot_be_run_says_why_and_is_no_failure(
    tmp_path, write_phantoms, write_config, licence, more, words
):
    write_phantoms(tmp_path, {"one": "train", "two": "test"}, licence)
    config = write_config(tmp_path, 'steps = 1\ntables = [3]\nmodels = ["unet"]')
    assert main(["benchmark-table", str(config), "--out", str(tmp_path / "out"), *more]) == 0
    (line,) = (
        line
        for line in lines_of(tmp_path / "out")
        if line["model"] == "unet" and line["data_set"] == "ctspine1k" and line["metric"] == "dice"
    )
    assert line["status"] == "not run"
    assert words in line["note"]
