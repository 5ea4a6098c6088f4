import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from SwinX2SLib.errors import InputError
from SwinX2SLib.training.log import (
    TENSORBOARD_FOLDER,
    TrainingLog,
    entry_line,
    read_log,
    require_tensorboard,
    write_curves,
)

ROOT = Path(__file__).resolve().parents[3]
VALIDATION = {
    "synthetic": {"mean": 0.5, "spine": 0.4},
    "published": {"mean": 0.25},
    "cases": {"x2s_0243": 0.25},
}


def test_tensorboard_shows_every_number_under_its_name(tmp_path):
    log = TrainingLog(tmp_path, lambda entry: None, tensorboard=True, step=0)
    log.write({"step": 3, "phase": "layout", "dice": 0.75})
    log.write({"step": 4, "validation": VALIDATION})
    log.close()
    events = EventAccumulator(str(tmp_path / TENSORBOARD_FOLDER)).Reload()
    assert [(event.step, event.value) for event in events.Scalars("dice")] == [(3, 0.75)]
    assert events.Scalars("validation/synthetic/spine")[0].value == pytest.approx(0.4)
    assert events.Scalars("validation/cases/x2s_0243")[0].step == 4


def test_a_missing_tensorboard_is_told_in_words(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(InputError, match="pip install"):
        require_tensorboard()


def test_the_last_word_on_a_repeated_step_counts_and_damaged_lines_do_not(tmp_path):
    log = TrainingLog(tmp_path, lambda entry: None, tensorboard=False, step=0)
    for entry in ({"step": 20, "dice": 2.0}, {"step": 40, "dice": 9.0}, {"step": 40, "dice": 1.0}):
        log.write(entry)
    log.write({"step": 40, "validation": VALIDATION})
    with (tmp_path / "log.jsonl").open("ab") as stream:
        stream.write(b'[3]\n{"dice": 1.0}\n{"step": [1]}\n{"step": 60, "a": "\xff"}\n{"step": 60, "di')
    assert read_log(tmp_path) == [
        {"step": 20, "dice": 2.0},
        {"step": 40, "dice": 1.0, "validation": VALIDATION},
    ]


def test_the_curves_of_a_run_have_a_panel_for_each_kind_of_loss(tmp_path):
    log = TrainingLog(tmp_path, lambda entry: None, tensorboard=False, step=0)
    log.write({"step": 20, "coronal": 2.0, "sagittal": 2.0, "phase": "layout", "learning_rate": 1.0})
    with Image.open(write_curves(tmp_path)) as picture:
        one_panel = picture.width
    log.write({"step": 40, "coronal": 1.0, "cross_entropy": 0.2, "dice": 0.8, "kl": 0.1})
    log.write({"step": 40, "validation": VALIDATION})
    with Image.open(write_curves(tmp_path)) as picture:
        assert picture.format == "PNG"
        assert picture.width == pytest.approx(5 * one_panel, abs=5)


def test_drawing_the_curves_leaves_the_callers_pictures_and_backend_alone(tmp_path):
    script = """
import sys, matplotlib
matplotlib.use("svg")
from pathlib import Path
from SwinX2SLib.training.log import write_curves
(Path(sys.argv[1]) / "log.jsonl").write_text('{"step": 20, "dice": 2.0}\\n')
write_curves(Path(sys.argv[1]))
assert matplotlib.get_backend().lower() == "svg", matplotlib.get_backend()
assert "matplotlib.pyplot" not in sys.modules
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    result = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, env=environment
    )
    assert result.returncode == 0, result.stderr[-1000:]


def test_a_line_tells_the_time_left_and_every_part_of_the_loss():
    entry = {"step": 20, "phase": "volume", "done": 0.2, "seconds_left": 9000.0, "seconds_per_step": 1.5}
    entry |= {"seconds_waiting": 0.1, "learning_rate": 1e-3, "gradient_norm": 2.0, "dice": 0.5}
    assert entry_line(entry, 100) == "step 20/100  1.50 s/step  2 h 30 min left  dice 0.500"
    line = entry_line({"step": 20, "validation": VALIDATION}, None)
    assert line.startswith(
        "step 20  validation, Dice: synthetic: mean 50.0 %  spine 40.0 %; published: mean 25.0 %"
    )
