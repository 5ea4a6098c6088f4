"""The command as a user starts it: exit codes, resuming after a kill, clusters, training and scoring with a list."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from SwinX2SLib.datasets import load_case_list
from SwinX2SLib.errors import SOME_FAILED

sys.path.insert(0, str(Path(__file__).parent))
import downloads

pytestmark = pytest.mark.slow

INPUT_ERROR = 3  # `reconstruct.protocol`
GRID = ("--shape", "64,64,64")


def command(*arguments):
    return [sys.executable, "-m", "SwinX2SLib", "prepare", *map(str, arguments)]


def run(*arguments):
    return subprocess.run(command(*arguments), capture_output=True, text=True, timeout=300, env=environment())


def environment():
    return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[3])}


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    """A download of VerSe'19 with 18 scans for training and a part each to validate and test."""
    folder = downloads.write_verse19(tmp_path_factory.mktemp("verse") / "raw")
    part = folder / "dataset-verse19training"
    for file in [*part.rglob("sub-verse004_*.nii.gz")]:
        for number in range(20, 38):
            copy = Path(str(file).replace("verse004", f"verse0{number}"))
            copy.parent.mkdir(exist_ok=True)
            os.link(file, copy)
    return folder


def test_one_broken_scan_is_told_and_skipped_and_the_exit_code_says_so(tmp_path):
    raw = downloads.write_verse19(tmp_path / "raw")
    broken = next(raw.rglob("sub-verse012_dir-ax_ct.nii.gz"))
    whole = broken.read_bytes()
    broken.write_bytes(whole[:1000])
    result = run("verse19", raw, tmp_path / "out", *GRID, "--workers", 2)
    assert result.returncode == SOME_FAILED
    assert "1 train, 1 val, 0 test" in result.stdout
    assert "sub-verse012_dir-ax" in result.stdout
    report = json.loads((tmp_path / "out" / "prepared.json").read_text())
    assert list(report["failed"]) == ["sub-verse012_dir-ax"]
    assert report["cases"] == {"train": 1, "val": 1, "test": 0}
    assert len(load_case_list(tmp_path / "out" / "manifest.json")) == 2
    # Once the file is whole only that scan is made.
    before = times(tmp_path / "out")
    broken.write_bytes(whole)
    again = run("verse19", raw, tmp_path / "out", *GRID, "--workers", 1)
    assert again.returncode == 0, again.stderr
    assert "2 of 3 were finished in an earlier run" in again.stderr.replace("\n", " ")
    assert len(load_case_list(tmp_path / "out" / "manifest.json")) == 3
    assert {name: times(tmp_path / "out")[name] for name in before} == before


def times(out):
    return {
        folder.name: (folder / "labels.nii.gz").stat().st_mtime_ns for folder in (out / "volumes").iterdir()
    }


def test_checking_writes_no_case(tmp_path):
    raw = downloads.write_ribseg(tmp_path / "raw", tmp_path / "ribfrac")
    complete = run("ribseg-v2", raw, "--check", "--images", tmp_path / "ribfrac", "--workers", 1)
    assert complete.returncode == 0, complete.stderr
    assert "3 usable: 1 train, 1 val, 1 test" in complete.stdout
    incomplete = run("ribseg-v2", raw, tmp_path / "out", "--check", "--workers", 1)
    assert incomplete.returncode == SOME_FAILED
    assert "--images" in incomplete.stdout
    assert not (tmp_path / "out" / "volumes").exists()
    assert not (tmp_path / "out" / "manifest.json").exists()


def test_a_killed_run_is_taken_up_and_finished_cases_are_kept(tmp_path, raw):
    out = tmp_path / "out"
    process = subprocess.Popen(
        command("verse19", raw, out, *GRID, "--workers", 1),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment(),
        start_new_session=True,
    )
    patience = time.monotonic() + 200
    while len(list(out.glob("results/*.json"))) < 3 and time.monotonic() < patience:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    finished = {path.stem for path in out.glob("results/*.json")}
    assert 3 <= len(finished) < 21
    assert not (out / "manifest.json").exists()
    before = times(out)
    # One finished case was lost since, and must be made again.
    lost = sorted(finished)[0]
    (out / "volumes" / lost / "coronal.png").unlink()
    again = run("verse19", raw, out, *GRID, "--workers", 2)
    assert again.returncode == 0, again.stdout + again.stderr
    cases = load_case_list(out / "manifest.json")
    assert len(cases) == 21
    assert all(case.radiographs.coronal.is_file() for case in cases)
    after = times(out)
    assert all(after[name] == before[name] for name in finished - {lost})
    assert after[lost] != before[lost]
    assert not list((out / "volumes").glob(".*"))


def test_a_folder_of_another_data_set_is_left_alone(tmp_path):
    (tmp_path / "prepared.json").write_text(json.dumps({"data_set": "ctpelvic1k"}))
    raw = downloads.write_verse19(tmp_path / "raw")
    result = run("verse19", raw, tmp_path)
    assert result.returncode == INPUT_ERROR
    assert "already contains ctpelvic1k" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("teeth", "raw", "out"), "The data sets are totalsegmentator-femur"),
        (("verse19", "raw"), "OUT is missing"),
        (("verse19", "nowhere", "out"), "does not exist"),
        (("verse19", "raw", "out", "--shape", "12,x"), "no shape"),
        (("verse19", "raw", "out", "--shape", "128,128,32"), "from 64 to 1024"),
        (("verse19", "raw", "out", "--assume-orientation", "LPX"), "no orientation"),
        (("verse19", "raw", "out", "--spacing-mm", "0"), "spacing is impossible"),
    ],
)
def test_usage_errors_are_told_in_words(tmp_path, monkeypatch, capsys, arguments, words):
    from SwinX2SLib.cli import main

    monkeypatch.chdir(tmp_path)
    assert main(["prepare", *arguments]) == INPUT_ERROR
    assert words in capsys.readouterr().err


def test_the_list_names_all_nine_with_their_licences(capsys):
    from SwinX2SLib.cli import main

    assert main(["prepare", "list"]) == 0
    assert len(capsys.readouterr().out.strip().splitlines()) == 10


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A small prepared data set: one pelvis in each part."""
    folder = tmp_path_factory.mktemp("pelvic")
    raw = downloads.write_ctpelvic1k(folder / "raw")
    only = "dataset3_colon_001,dataset4_case_00014,dataset6_CLINIC_0001"
    result = run("ctpelvic1k", raw, folder / "out", *GRID, "--only", only, "--workers", 1)
    assert result.returncode == 0, result.stdout + result.stderr
    return folder / "out" / "manifest.json"


def test_the_list_is_trained_on_and_scored(tmp_path, prepared, capsys):
    from SwinX2SLib.cli import main

    config = tmp_path / "tiny.toml"
    config.write_text(
        'model = "fused-nano"\nphantoms = 0\nsteps = 1\nlayout_steps = 0\nbatch_size = 1\n'
        "layout_batch_size = 1\nwarmup_steps = 1\nvalidate_every = 1\nvalidation_samples = 1\n"
        "checkpoint_seconds = 600.0\naugmentation = false\n[network]\ngrid_shape = [32, 32, 64]\n"
    )
    run_folder = tmp_path / "run"
    code = main(
        [
            "train",
            str(config),
            "--cases",
            str(prepared),
            "--out",
            str(run_folder),
            "--any-licence",
            "--device",
            "cpu",
        ]
    )
    said = capsys.readouterr()
    assert code == 0, said.err
    assert "1 cases, 0 phantoms" in said.out + said.err
    assert "1 validation cases" in said.out + said.err
    weights = next(run_folder.rglob("*.safetensors"))
    assert (
        main(
            ["score", str(prepared), "--split", "test", "--model", str(weights), "--device", "cpu", "--json"]
        )
        == 0
    )
    scores = json.loads(capsys.readouterr().out)
    bones = scores["dataset6_CLINIC_0001"]["labels"]
    drawn = {name for name, bone in bones.items() if bone["status"] != "invented"}
    assert drawn == {"sacrum", "hip_right", "hip_left"}


def test_a_prepared_case_agrees_with_the_downloads_own_mask(prepared, capsys):
    """Another reader compares them: grid, orientation and numbering of the mask are the download's."""
    from SwinX2SLib.cli import main

    case = next(case for case in load_case_list(prepared) if case.split == "test")
    mask = next((prepared.parents[1] / "raw").rglob("dataset6_CLINIC_0001_mask_4label.nii.gz"))
    paths = (str(case.folder / "labels.nii.gz"), str(mask))
    assert main(["evaluate", *paths, "--scheme", "ctpelvic1k", "--no-measurements", "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)["labels"]
    assert set(scores) == {"sacrum", "hip_right", "hip_left"}
    assert all(bone["dice"] > 0.85 for bone in scores.values())
    assert all(bone["localisation_error_mm"] < 2 for bone in scores.values())


def test_a_cluster_prepares_the_same(tmp_path, prepared):
    distributed = pytest.importorskip("distributed")
    raw = prepared.parents[1] / "raw"
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        result = run(
            *("ctpelvic1k", raw, tmp_path / "out", *GRID, "--only", "dataset6_CLINIC_0001"),
            *("--scheduler", cluster.scheduler_address),
        )
    assert result.returncode == 0, result.stdout + result.stderr
    (case,) = load_case_list(tmp_path / "out" / "manifest.json")
    local = next(other for other in load_case_list(prepared) if other.name == case.name)
    np.testing.assert_array_equal(case.load_labels()[0], local.load_labels()[0])
