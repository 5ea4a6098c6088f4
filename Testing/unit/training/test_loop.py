import json

import numpy as np
import pytest
import torch
from PIL import Image

from SwinX2SLib.anatomy import CLASS_COUNT
from SwinX2SLib.errors import InputError
from SwinX2SLib.training import loop
from SwinX2SLib.training.checkpoint import LAST, PREVIOUS, load_checkpoint, save_checkpoint
from SwinX2SLib.training.config import TrainingConfig, load_config
from SwinX2SLib.training.curves import write_curves
from SwinX2SLib.training.loop import Trainer
from SwinX2SLib.training.synthesis import Synthesiser

NANO_GRID = (64, 64, 96)


@pytest.fixture
def few_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def synthesiser() -> Synthesiser:
    volume = np.zeros(NANO_GRID, np.uint8)
    volume[40:52, 20:34, 30:80] = 53
    volume[12:24, 20:34, 30:80] = 54
    volume[26:38, 36:50, 10:40] = 50
    made = Synthesiser(NANO_GRID)
    made.add_volume(volume, np.full(3, 3.0), np.ones(CLASS_COUNT, dtype=bool), 1.0)
    return made


def config(**changes) -> TrainingConfig:
    values = {"model": "fused-nano", "steps": 4, "layout_steps": 2, "batch_size": 1, "layout_batch_size": 2}
    return TrainingConfig(**{**values, "warmup_steps": 2, "checkpoint_seconds": 0.0, **changes})


def test_a_run_that_was_interrupted_ends_in_the_weights_of_one_that_was_not(
    tmp_path, monkeypatch, few_threads
):
    whole = Trainer(config(), synthesiser(), tmp_path / "whole").run()

    def save_then_stop(folder, state):
        save_checkpoint(folder, state)
        if state["step"] == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(loop, "save_checkpoint", save_then_stop)
    with pytest.raises(KeyboardInterrupt):
        Trainer(config(), synthesiser(), tmp_path / "halved").run()
    monkeypatch.undo()
    resumed = Trainer(config(), synthesiser(), tmp_path / "halved")
    assert resumed.step == 3
    for name, value in resumed.run().items():
        assert torch.equal(value, whole[name]), name


def test_the_silhouettes_of_three_bones_are_learned_in_a_few_steps(tmp_path, few_threads):
    entries = []
    Trainer(
        config(steps=60, layout_steps=60, layout_batch_size=2, learning_rate=3e-3),
        synthesiser(),
        tmp_path,
        entries.append,
    ).run()
    losses = [entry["coronal"] + entry["sagittal"] for entry in entries]
    assert losses[-1] < losses[0] / 2
    logged = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [entry["step"] for entry in logged] == [20, 40, 60]


def test_a_truncated_checkpoint_is_passed_over_for_the_one_before(tmp_path):
    save_checkpoint(tmp_path, {"step": 1})
    save_checkpoint(tmp_path, {"step": 2})
    assert load_checkpoint(tmp_path)["step"] == 2
    last = tmp_path / LAST
    last.write_bytes(last.read_bytes()[:100])
    assert load_checkpoint(tmp_path)["step"] == 1
    (tmp_path / PREVIOUS).write_bytes(b"")
    with pytest.raises(InputError, match="Start anew"):
        load_checkpoint(tmp_path)


def test_a_failing_write_leaves_the_last_good_checkpoint(tmp_path):
    save_checkpoint(tmp_path, {"step": 1})
    with pytest.raises(Exception, match="pickle"):
        save_checkpoint(tmp_path, {"step": lambda: None})
    assert load_checkpoint(tmp_path)["step"] == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [LAST]


def test_all_wrong_parameters_of_a_run_are_told_at_once(tmp_path):
    path = tmp_path / "run.toml"
    path.write_text('step = 3\nbatch_size = "many"\nmixed_precision = 1\n')
    with pytest.raises(InputError) as caught:
        load_config(path)
    assert sorted(fault.kind for fault in caught.value.faults) == [
        "unknown-parameter",
        "wrong-type",
        "wrong-type",
    ]


def test_parameters_of_a_run_are_read(tmp_path):
    path = tmp_path / "run.toml"
    path.write_text("steps = 10\nlearning_rate = 1\n[case_weights]\na = 2.0\n")
    loaded = load_config(path)
    assert (loaded.steps, loaded.learning_rate, loaded.case_weights) == (10, 1, {"a": 2.0})


def test_the_curves_of_a_run_show_every_loss_and_the_last_word_of_a_repeated_step(tmp_path):
    entries = [{"step": 20, "coronal": 2.0, "sagittal": 2.0}, {"step": 40, "coronal": 9.0, "sagittal": 1.0}]
    entries += [{"step": 40, "coronal": 1.0, "sagittal": 1.0, "cross_entropy": 0.2, "dice": 0.8}]
    (tmp_path / "log.jsonl").write_text("\n".join(map(json.dumps, entries)) + "\n")
    with Image.open(write_curves(tmp_path)) as picture:
        assert picture.format == "PNG"
        assert picture.width > 1000
