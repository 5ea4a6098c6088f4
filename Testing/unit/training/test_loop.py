import itertools
import json
import pickle
import resource
import subprocess
import sys
import time
from types import SimpleNamespace

import numpy as np
import psutil
import pytest
import torch

from SwinX2SLib.errors import InputError
from SwinX2SLib.reconstruct.protocol import describe_failure
from SwinX2SLib.training import loop
from SwinX2SLib.training.checkpoint import LAST, PREVIOUS, load_best, load_checkpoint
from SwinX2SLib.training.data import BatchDataset, Share
from SwinX2SLib.training.loop import Trainer
from SwinX2SLib.training.validation import Validator

pytestmark = pytest.mark.slow

CPU = torch.device("cpu")
KILLED_RUN = """
import dataclasses, pickle, sys, torch
from pathlib import Path
from SwinX2SLib.training.loop import Trainer
from SwinX2SLib.training.validation import Validator
torch.set_num_threads(1)
config, synthesiser = pickle.load(open(sys.argv[1], "rb"))
validate = Validator(synthesiser, 1, [], torch.device("cpu"))
Trainer(config, synthesiser, Path(sys.argv[2]), validate=validate).run()
"""


def _started_run(config, synthesiser, folder, repository) -> subprocess.Popen:
    """A run in a process of its own, which has written two checkpoints."""
    with folder.with_suffix(".pickle").open("wb") as stream:
        pickle.dump((config, synthesiser), stream)
    command = [sys.executable, "-c", KILLED_RUN, stream.name, str(folder)]
    child = subprocess.Popen(command, cwd=repository, stderr=subprocess.PIPE, text=True)
    while not (folder / PREVIOUS).exists():
        assert child.poll() is None, child.stderr.read()
        time.sleep(0.002)
    return child


def test_a_run_that_was_killed_ends_in_the_weights_of_one_that_was_not(
    tmp_path, tiny, three_bones, one_thread, repository
):
    config = tiny(steps=8, layout_steps=3, accumulate=2, validate_every=2)
    killed = tmp_path / "killed"
    child = _started_run(config, three_bones, killed, repository)
    child.kill()
    child.wait()
    resumed = Trainer(config, three_bones, killed, validate=Validator(three_bones, 1, [], CPU))
    assert 0 < resumed.step < config.steps
    assert not list(killed.glob(".*"))
    ended = resumed.run()
    whole = Trainer(
        config, three_bones, tmp_path / "whole", validate=Validator(three_bones, 1, [], CPU)
    ).run()
    for name, value in whole.items():
        assert torch.equal(ended[name], value), name
    states = [load_checkpoint(tmp_path / run)[0] for run in ("whole", "killed")]
    assert states[0]["best"] == states[1]["best"]
    for name, value in states[0]["model"].items():
        assert torch.equal(states[1]["model"][name], value), name


def test_a_full_disk_ends_the_run_in_words_and_keeps_the_last_good_checkpoint(
    tmp_path, tiny, three_bones, one_thread
):
    Trainer(tiny(steps=2), three_bones, tmp_path).run()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, hard))  # a checkpoint has 24 MB
    try:
        with pytest.raises(
            InputError, match=r"last\.pt: The file cannot be written: File too large"
        ) as caught:
            Trainer(tiny(steps=4), three_bones, tmp_path).run()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert describe_failure(caught.value)[1] == 5
    assert load_checkpoint(tmp_path)[0]["step"] == 2
    assert not list(tmp_path.glob(".*"))
    resumed = Trainer(tiny(steps=4), three_bones, tmp_path)
    resumed.run()
    assert load_checkpoint(tmp_path)[0]["step"] == 4


def test_a_run_with_a_truncated_checkpoint_goes_on_from_the_one_before_and_says_so(
    tmp_path, tiny, three_bones, one_thread
):
    Trainer(tiny(steps=3), three_bones, tmp_path).run()
    last = tmp_path / LAST
    last.write_bytes(last.read_bytes()[:-1000])
    entries = []
    resumed = Trainer(tiny(steps=3), three_bones, tmp_path, entries.append)
    assert resumed.step == 2
    assert "cannot be read" in entries[0]["note"]
    assert "of step 2" in entries[0]["note"]


def test_micro_batches_add_up_to_the_batch(tmp_path, tiny, three_bones, one_thread):
    """The loss is a mean over samples: three micro-batches of one sample are one batch of three."""
    split, joined = [], []
    common = {"layout_batch_size": 1, "steps": 2, "layout_steps": 1, "learning_rate": 1e-4}
    Trainer(tiny(**common, accumulate=3), three_bones, tmp_path / "a", split.append).run()
    whole = {**common, "batch_size": 3, "layout_batch_size": 3}
    Trainer(tiny(**whole), three_bones, tmp_path / "b", joined.append).run()
    assert [entry["phase"] for entry in split] == ["layout", "volume"]
    for one, other in zip(split, joined, strict=True):
        for name in ("coronal", "sagittal", "cross_entropy", "dice", "gradient_norm"):
            assert one.get(name) == pytest.approx(other.get(name), abs=2e-4), name


def test_the_silhouettes_of_three_bones_are_learned_in_a_few_steps(tmp_path, tiny, three_bones, one_thread):
    entries = []
    config = tiny(steps=60, layout_steps=60, learning_rate=6e-3, checkpoint_seconds=1e6)
    Trainer(config, three_bones, tmp_path, entries.append).run()
    losses = [entry["coronal"] + entry["sagittal"] for entry in entries]
    assert losses[-1] < losses[0] / 2
    logged = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [entry["step"] for entry in logged] == [20, 40, 60]
    assert logged[-1]["done"] == 1
    assert logged[-1]["seconds_left"] == 0
    assert logged[0]["seconds_left"] > logged[1]["seconds_left"] / 10 > 0


def test_the_best_validated_weights_are_kept_also_over_a_resumption(tmp_path, tiny, three_bones, one_thread):
    given = {1: 0.2, 2: 0.6, 3: 0.4, 4: 0.5}
    seen = []

    def run(steps: int) -> None:
        trainer = Trainer(
            tiny(steps=steps, validate_every=1), three_bones, tmp_path, validate=lambda model: score(model)
        )

        def score(model):
            assert not model.training
            assert all(torch.equal(v, trainer.average.values[k]) for k, v in model.state_dict().items())
            seen.append(trainer.step)
            return {"synthetic": {"mean": given[trainer.step]}}

        trainer.run()

    run(3)
    at_two = load_best(tmp_path)
    assert (at_two["step"], at_two["score"]) == (2, 0.6)
    run(4)
    assert load_best(tmp_path)["step"] == 2
    assert seen == [1, 2, 3, 4]


def test_a_run_by_the_clock_takes_its_minutes_through_both_phases(
    tmp_path, tiny, three_bones, one_thread, monkeypatch
):
    """With a clock that goes on by a second whenever it is read: thrice within a step."""
    clock = SimpleNamespace(perf_counter=itertools.count().__next__, monotonic=time.monotonic)
    monkeypatch.setattr(loop, "time", clock)
    entries = []
    config = tiny(minutes=0.3, steps=1000, layout_steps=400, warmup_steps=10, checkpoint_seconds=1e6)
    trainer = Trainer(config, three_bones, tmp_path, entries.append)
    trainer.run()
    assert (trainer.step, trainer.seconds) == (6, 18)
    assert [(entry["phase"], entry["step"]) for entry in entries] == [("layout", 3), ("volume", 6)]
    assert [entry["seconds_left"] for entry in entries] == [9, 0]
    assert entries[1]["learning_rate"] < entries[0]["learning_rate"] < config.learning_rate
    assert Trainer(config, three_bones, tmp_path).seconds == 18


def test_a_loss_that_is_no_number_ends_the_run_before_the_weights_are_spoilt(
    tmp_path, tiny, three_bones, one_thread
):
    trainer = Trainer(tiny(), three_bones, tmp_path)
    with torch.no_grad():
        next(trainer.model.parameters()).fill_(float("nan"))
    with pytest.raises(InputError, match="at step 0"):
        trainer.run()
    assert not (tmp_path / LAST).exists()


def test_a_folder_with_the_run_of_another_network_is_refused(tmp_path, tiny, three_bones, one_thread):
    Trainer(tiny(steps=1, layout_steps=1), three_bones, tmp_path).run()
    with pytest.raises(InputError, match=r"network = .*Use another folder"):
        Trainer(tiny(network={"grid_shape": [32, 32, 32]}), three_bones, tmp_path)
    entries = []
    Trainer(tiny(steps=1, layout_steps=1, learning_rate=0.5), three_bones, tmp_path, entries.append)
    assert entries[0]["note"].endswith("learning_rate = 0.5 (was 0.0015).")


def test_every_sample_of_a_step_is_drawn_once_however_the_step_is_split(three_bones):
    whole = BatchDataset(three_bones, 4, seed=3)[5]
    parts = [
        BatchDataset(three_bones, 1, 3, Share(rank, world=2, accumulate=2))[2 * 5 + part]
        for part in (0, 1)
        for rank in (0, 1)
    ]
    assert torch.equal(torch.cat([part.coronal for part in parts]), whole.coronal)
    assert torch.equal(torch.cat([part.labels for part in parts]), whole.labels)
    assert torch.equal(torch.cat([part.seeds for part in parts]), whole.seeds)
    assert len(np.unique(whole.seeds)) == 4


def test_a_drawing_process_that_is_killed_ends_the_run_in_words(tmp_path, tiny, three_bones, repository):
    # In a process of its own: PyTorch raises wherever the signal strikes, which may be within pytest itself.
    child = _started_run(tiny(steps=10_000, layout_steps=10_000), three_bones, tmp_path / "run", repository)
    for drawer in psutil.Process(child.pid).children():
        drawer.kill()
    _, errors = child.communicate(timeout=120)
    assert child.returncode == 1
    assert "LostWorkerError: The run stops: a data loading process has died" in errors
    assert load_checkpoint(tmp_path / "run")[0]["step"] > 0
