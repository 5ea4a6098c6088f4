import json
import os
import subprocess
import sys
import time

import psutil
import pytest
import torch

from SwinX2SLib.cli import main
from SwinX2SLib.errors import InputError
from SwinX2SLib.training.checkpoint import LAST, load_checkpoint
from SwinX2SLib.training.distributed import Process

pytestmark = pytest.mark.slow

RUN = """
model = "fused-nano"
steps = {steps}
layout_steps = 1
batch_size = {batch}
layout_batch_size = {batch}
learning_rate = 1e-5
warmup_steps = 1
mixed_precision = false
device = "cpu"
checkpoint_seconds = 0.0
validate_every = 0
phantoms = 1
phantom_weight = 1.0
[network]
grid_shape = [32, 32, 64]
"""


def write_config(folder, steps: int, batch: int):
    path = folder / f"{steps}_{batch}.toml"
    path.write_text(RUN.format(steps=steps, batch=batch))
    return path


def torchrun(config, out, repository, **options) -> subprocess.Popen:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command += ["-m", "SwinX2SLib", "train", str(config), "--out", str(out), "--threads", "1"]
    return subprocess.Popen(
        command, cwd=repository, env={**os.environ, "OMP_NUM_THREADS": "1"}, text=True, **options
    )


def losses(folder) -> list[dict]:
    entries = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    keys = ("coronal", "sagittal", "cross_entropy", "dice", "gradient_norm")
    return [{key: entry[key] for key in keys if key in entry} for entry in entries]


def test_two_processes_learn_what_one_learns_from_twice_the_batch(tmp_path, repository, one_thread):
    child = torchrun(write_config(tmp_path, 3, 1), tmp_path / "two", repository, stderr=subprocess.PIPE)
    errors = child.communicate()[1]
    assert child.returncode == 0, errors[-3000:]
    assert main(["train", str(write_config(tmp_path, 3, 2)), "--out", str(tmp_path / "one")]) == 0
    for two, one in zip(losses(tmp_path / "two"), losses(tmp_path / "one"), strict=True):
        # Sums of float32 in another order.
        assert two == pytest.approx(one, rel=3e-4, abs=2e-4)
    states = [load_checkpoint(tmp_path / run)[0] for run in ("two", "one")]
    # AdamW divides a gradient by its own size: one that is nought but for rounding moves a weight by up to the rate,
    # so weights are held to a part of the three steps' way.
    moved = torch.cat(
        [(states[0]["model"][key] - value).abs().flatten() for key, value in states[1]["model"].items()]
    )
    assert float(moved.max()) < 3e-5
    assert float((moved > 1e-6).float().mean()) < 0.02


def test_a_process_that_dies_ends_the_run_in_words(tmp_path, repository):
    out = tmp_path / "run"
    with (tmp_path / "errors.txt").open("w") as errors:
        child = torchrun(write_config(tmp_path, 10_000, 1), out, repository, stderr=errors)
        while not (out / LAST).exists():
            assert child.poll() is None, (tmp_path / "errors.txt").read_text()[-3000:]
            time.sleep(0.05)
        second = next(p for p in psutil.Process(child.pid).children() if p.environ()["RANK"] == "1")
        second.kill()
        assert child.wait() != 0
    told = (tmp_path / "errors.txt").read_text()
    assert "swinx2s: The run stops: " in told
    assert "Start the run again" in told
    assert load_checkpoint(out)[0]["step"] >= 1


def test_a_process_alone_leaves_gradients_and_numbers_as_they_are():
    alone = Process(torch.device("cpu"))
    weight = torch.nn.Parameter(torch.zeros(2))
    weight.grad = torch.tensor([1.0, 2.0])
    alone.average_gradients([weight])
    assert weight.grad.tolist() == [1, 2]
    assert alone.from_first(3.5) == 3.5
    alone.require_equal(1, "a checkpoint of step")


def test_processes_that_found_different_checkpoints_are_told_apart():
    class Second(Process):
        def from_first(self, value: float) -> float:
            return 4.0

    with pytest.raises(InputError, match="Process 1 has a checkpoint of step 2, but the first process has 4"):
        Second(torch.device("cpu"), rank=1, world=2).require_equal(2, "a checkpoint of step")
