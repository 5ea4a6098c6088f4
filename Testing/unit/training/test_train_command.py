import json
import subprocess
import sys

import pytest

from SwinX2SLib.cli import main
from SwinX2SLib.training.checkpoint import BEST, LAST
from SwinX2SLib.training.smoke_test import NAME, Trial
from SwinX2SLib.weights import load_weights

pytestmark = pytest.mark.slow


def test_the_trial_run_learns_on_phantoms_and_leaves_everything_a_run_leaves(tmp_path, capsys):
    assert main(["train", "--smoke", "--device", "cpu", "--out", str(tmp_path / "run")]) == 0
    assert "Passed: loss" in capsys.readouterr().err
    for name in (LAST, BEST, "log.jsonl", "curves.png", f"{NAME}.safetensors"):
        assert (tmp_path / "run" / name).stat().st_size > 0
    entries = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert {entry["phase"] for entry in entries if "phase" in entry} == {"layout", "volume"}
    assert [entry["step"] for entry in entries if "validation" in entry]
    model, record = load_weights(tmp_path / "run" / f"{NAME}.safetensors", "cpu")
    assert tuple(model.grid_shape) == tuple(record.overrides["grid_shape"])
    assert main(["train", "--smoke", "--out", str(tmp_path / "run")]) == 3
    assert "already contains a finished run" in capsys.readouterr().err


KILLED = """
import dataclasses, os, sys
from pathlib import Path
import torch
from SwinX2SLib.training.distributed import Process
from SwinX2SLib.training.smoke_test import CONFIG, try_out
config = dataclasses.replace(
    CONFIG, steps=6, layout_steps=3, batch_size=1, layout_batch_size=1, checkpoint_seconds=0.0, validate_every=0
)
def listen(entry):
    if entry.get("step") == int(sys.argv[2]): os.kill(os.getpid(), 9)
    print(entry.get("step"), flush=True)
print(try_out(Path(sys.argv[1]), listen, Process(torch.device("cpu")), config).before > 0)
"""


def test_a_trial_that_was_killed_goes_on_where_it_was(tmp_path):
    def run(killed_at: int) -> list[str]:
        command = [sys.executable, "-c", KILLED, str(tmp_path / "run"), str(killed_at)]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()

    # An entry at the end of each phase, steps 3 and 6; a checkpoint after every step.
    assert run(6) == ["3"]
    assert run(-1) == ["6", "True"]
    assert (tmp_path / "run" / f"{NAME}.safetensors").is_file()


def test_a_trial_is_passed_when_the_loss_fell_by_half():
    assert Trial(8.0, 4.0, 3).learned
    assert not Trial(8.0, 4.1, 3).learned


def test_all_that_the_command_lacks_is_told_at_once(capsys):
    assert main(["train"]) == 3
    told = capsys.readouterr().err
    assert "CONFIG.toml is missing" in told
    assert "--out is missing" in told


@pytest.mark.parametrize("phantoms", [0, 1])
def test_a_run_without_cases_needs_phantoms(tmp_path, capsys, phantoms):
    config = tmp_path / "run.toml"
    config.write_text(f'phantoms = {phantoms}\nmodel = "no-such-network"\n')
    assert main(["train", str(config), "--out", str(tmp_path / "run")]) == 3
    told = capsys.readouterr().err
    assert ("set phantoms" in told) == (phantoms == 0)
    assert ("Unknown network" in told) == (phantoms == 1)
