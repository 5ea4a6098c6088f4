"""The command `swinx2s` as a child process: overview, usage, faults, a whole run with stored weights."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from SwinX2SLib.cli import COMMANDS
from SwinX2SLib.errors import EXIT_CODES

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


def swinx2s(*arguments: object, **more) -> subprocess.CompletedProcess:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **more}
    command = [sys.executable, "-m", "SwinX2SLib", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)


@pytest.fixture
def radiographs(tmp_path) -> tuple[Path, Path]:
    rng = np.random.default_rng(7)
    paths = tmp_path / "ap.png", tmp_path / "lateral.png"
    for path in paths:
        Image.fromarray(rng.integers(0, 255, (160, 128)).astype(np.uint8)).save(path)
    return paths


@pytest.fixture(scope="module")
def small_weights(tmp_path_factory) -> Path:
    """A small random network in a file, as `swinx2s weights` keeps it."""
    import torch

    from SwinX2SLib.models.builder import build_model
    from SwinX2SLib.weights.record import WeightsRecord
    from SwinX2SLib.weights.storage import write_weights

    torch.manual_seed(0)
    overrides = {
        "embed_dim": 8,
        "depths": [1, 1, 1, 1],
        "heads": [1, 1, 1, 1],
        "decoder_2d": [16, 16, 16, 8, 8],
        "decoder_3d": [8, 8, 8],
        "grid_shape": [32, 32, 64],
    }
    model = build_model("fused-nano", **overrides)
    # A random network says background everywhere; this one is as fond of the left femur, in radiographs and voxels.
    with torch.no_grad():
        model.head.head.bias[53] = 50
        for silhouettes in model.silhouettes.names:
            silhouettes.bias[53 - 1] = 8
    record = WeightsRecord("small", "fused-nano", "small.safetensors", "", 0, "2026-01-01", "MIT", overrides)
    path = tmp_path_factory.mktemp("weights") / "small.safetensors"
    write_weights(model.state_dict(), path, record)
    return path


def test_the_overview_names_every_command_and_loads_none():
    result = swinx2s("--help")
    assert result.returncode == 0
    for command in COMMANDS:
        assert command.name in result.stdout
    script = "import sys, SwinX2SLib.cli as c\ntry: c.main(['--help'])\nexcept SystemExit: print(sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT).stdout
    for heavy in ("torch", "numpy", "pydicom", "SwinX2SLib.reconstruct"):
        assert f"'{heavy}'" not in loaded


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_describes_itself(command):
    result = swinx2s(command.name, "--help")
    assert result.returncode == 0, result.stderr
    assert f"swinx2s {command.name}" in result.stdout


def test_the_help_of_reconstruct_documents_the_exit_codes():
    said = swinx2s("reconstruct", "--help").stdout
    for code, meaning in EXIT_CODES.items():
        assert f"{code:>3}  {meaning}" in said


@pytest.mark.parametrize(
    "arguments",
    [
        ["reconstruct"],
        ["dance"],
        [],
        ["reconstruct", "a", "b", "--out", "c", "--flip", "sideways"],
        ["reconstruct", "a", "b", "--out", "c", "--tta=--"],
    ],
)
def test_a_wrong_command_line_exits_with_2(arguments):
    result = swinx2s(*arguments)
    assert result.returncode == 2
    assert "error:" in result.stderr
    assert "Traceback" not in result.stderr


def test_everything_wrong_with_the_radiograph_options_is_told_at_once():
    options = ("--spacing-mm", "nan", "--flip", "ap=x", "--crop", "ap=1,2", "--rotate", "lateral=7")
    result = swinx2s("reconstruct", "a", "b", "--out", "c", *options)
    assert result.returncode == 2
    lines = result.stderr.splitlines()
    assert len(lines) == 4
    for words in ("more than 0 mm", "--flip", "not a valid crop", "--rotate"):
        assert sum(words in line for line in lines) == 1


def test_an_interrupt_while_the_command_is_being_loaded_is_told_in_words():
    script = """
import sys
from SwinX2SLib import cli
def interrupted(name): raise KeyboardInterrupt
cli.importlib.import_module = interrupted
sys.exit(cli.main(["reconstruct", "a", "b", "--out", "c"]))
"""
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT)
    assert result.returncode == 130
    assert result.stderr == "swinx2s: Cancelled; nothing was written.\n"


def test_all_faults_are_listed_in_words_and_the_exit_code_is_3(tmp_path, radiographs):
    result = swinx2s(
        "reconstruct",
        radiographs[0],
        radiographs[0],
        "--out",
        tmp_path / "out",
        "--model",
        tmp_path / "no.safetensors",
    )
    assert result.returncode == 3
    for kind in ("spacing-absent", "same-file", "weights-missing"):
        assert kind in result.stderr
    assert "--spacing-mm" in result.stderr
    assert result.stdout == ""
    assert not (tmp_path / "out").exists()


def test_unknown_weights_alone_exit_with_4(tmp_path, radiographs):
    result = swinx2s(
        "reconstruct",
        *radiographs,
        "--out",
        tmp_path / "out",
        "--spacing-mm",
        2,
        "--model",
        "no-such-weights",
        "--json",
    )
    assert result.returncode == 4
    assert json.loads(result.stdout.splitlines()[-1])["kind"] == "unknown-weights"


def test_a_faulty_pair_is_refused_without_loading_pytorch(tmp_path, radiographs, small_weights):
    """It takes seconds to load, which nobody should wait to hear that a file is missing."""
    script = """
import sys
sys.modules["torch"] = None  # what import takes for "there is none"
from SwinX2SLib.cli import main
sys.exit(main(sys.argv[1:]))
"""
    for model, kinds in (
        (small_weights, ["spacing-absent", "missing-file"]),
        (tmp_path / "no.safetensors", ["spacing-absent", "missing-file", "weights-missing"]),
        ("no-such-weights", ["spacing-absent", "missing-file", "unknown-weights"]),
    ):
        arguments = ["reconstruct", radiographs[0], tmp_path / "no.png", "--out", tmp_path / "out", "--json"]
        command = [sys.executable, "-c", script, *map(str, arguments), "--model", str(model)]
        result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60)
        events = [json.loads(line) for line in result.stdout.splitlines()]
        assert [event["kind"] for event in events if event["event"] == "error"] == kinds, result.stderr
        assert result.returncode == 3


def test_names_that_no_encoding_knows_are_told_and_recorded(tmp_path, radiographs, small_weights):
    """A file name of Linux is bytes; a terminal may know ASCII only."""
    folder = tmp_path / os.fsdecode("R\u00f6ntgen \u80f8 [bold] ".encode() + b"\xff")
    folder.mkdir()
    ap = radiographs[0].rename(folder / "ap.png")
    arguments = [
        "reconstruct",
        ap,
        radiographs[1],
        "--spacing-mm",
        "2.0",
        "--model",
        small_weights,
        "--device",
        "cpu",
    ]
    shown = swinx2s(*arguments, "--out", folder / "out", PYTHONIOENCODING="ascii")
    assert shown.returncode == 0, shown.stderr
    events = swinx2s(*arguments, "--out", folder / "again", "--json")
    result = json.loads(events.stdout.splitlines()[-1])
    assert result["files"]["labels"] == str(folder / "again" / "labels.nii.gz")
    provenance = json.loads((folder / "again" / "provenance.json").read_text(encoding="utf-8"))
    assert provenance["inputs"]["ap"]["path"] == str(ap)


def test_cuda_that_is_absent_exits_with_5(tmp_path, radiographs, small_weights):
    result = swinx2s(
        "reconstruct", *radiographs, "--out", tmp_path / "out", "--spacing-mm", 2, "--model", small_weights,
        "--device", "cuda", "--json", CUDA_VISIBLE_DEVICES="",
    )  # fmt: skip
    assert result.returncode == 5
    assert json.loads(result.stdout.splitlines()[-1])["kind"] == "device-absent"


def test_a_whole_run_with_stored_weights_writes_everything_and_records_the_model(
    tmp_path, radiographs, small_weights
):
    out = tmp_path / "out"
    arguments = [
        "reconstruct",
        *radiographs,
        "--out",
        out,
        "--spacing-mm",
        "2.0,2.02",
        "--model",
        small_weights,
    ]
    result = swinx2s(*arguments, "--ap-view", "pa", "--crop", "lateral=0%,0%,100%,100%", "--tta", 2)
    assert result.returncode == 0, result.stderr
    assert str(out / "segmentation.seg.nrrd") in result.stdout
    assert {path.name for path in out.iterdir()} == {
        "labels.nii.gz",
        "provenance.json",
        "segmentation.seg.nrrd",
        "skeleton_samples.npz",
        "uncertainty.nii.gz",
    }
    provenance = json.loads((out / "provenance.json").read_text())
    assert provenance["model"]["name"] == "small"
    assert len(provenance["model"]["sha256"]) == 64
    assert provenance["inputs"]["lateral"]["spacing_mm"]["row"] == 2.02
    again = swinx2s(*arguments)
    assert again.returncode == 3
    assert "output-exists" in again.stderr
    assert swinx2s(*arguments, "--overwrite", "--json").returncode == 0
