"""The worker as a real child process: its protocol, its end, and what it leaves behind."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import psutil
import pytest

from SwinX2SLib.radiographs import RadiographOptions
from SwinX2SLib.reconstruct.reconstruction import FILES

pytestmark = pytest.mark.slow

BEFORE = {"ap.png", "lateral.png", "job.json"}


def left_behind(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - BEFORE


def wait_for_progress(child) -> None:
    for line in child.stdout:
        if json.loads(line).get("message") == "Running the network":
            return
    raise AssertionError(f"the worker ended early: {child.stderr.read()}")


def test_a_job_yields_its_files_and_tells_its_progress(job, run_worker):
    code, events, _ = run_worker(job)
    assert code == 0
    assert [event["event"] for event in events[:-1]] == ["progress"] * (len(events) - 1)
    fractions = [event["fraction"] for event in events[:-1]]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert events[-1]["event"] == "result"
    assert {role: Path(path).name for role, path in events[-1]["files"].items()} == FILES
    assert {path.name for path in job.out.iterdir()} == set(FILES.values())
    image = nibabel.load(events[-1]["files"]["labels"])
    places = nibabel.affines.apply_affine(image.affine, np.argwhere(np.asarray(image.dataobj) == 53))
    assert places[:, 0].max() < 0, "the left femur is on the patient's left"


def test_provenance_names_inputs_spacing_model_device_time_and_versions(job, run_worker):
    run_worker(replace(job, ap_view="pa", lateral_options=RadiographOptions(spacing_mm=2.0, flip="h")))
    provenance = json.loads((job.out / "provenance.json").read_text())
    ap, lateral = provenance["inputs"]["ap"], provenance["inputs"]["lateral"]
    assert len(ap["sha256"]) == 64
    assert ap["view"] == "pa"
    assert ap["spacing_mm"] == {"row": 2.0, "column": 2.0}
    assert ap["spacing_source"] == "specified by the user"
    assert "Flipped (h) as requested." in lateral["notes"]
    assert provenance["bones"] == ["femur_left"]
    assert provenance["grid"]["shape"] == [32, 32, 48]
    assert provenance["device"] == "cpu"
    assert {"read", "prepare", "network", "total"} <= set(provenance["seconds"])
    assert provenance["versions"]["torch"]
    assert provenance["command"][:2] == ["swinx2s", "reconstruct"]


def test_standard_output_carries_events_only_whatever_libraries_print(job, run_worker):
    code, events, err = run_worker(job, "noisy")
    assert code == 0
    assert events[-1]["event"] == "result"
    assert "a library says hello" in err
    assert "and so does its C code" in err


def test_all_faults_are_told_one_event_each_and_nothing_is_written(job, run_worker):
    wrong = replace(job, ap_options=RadiographOptions(), lateral=job.lateral.with_name("none.png"))
    job.out.mkdir()
    (job.out / "labels.nii.gz").write_text("an earlier result")
    code, events, _ = run_worker(wrong)
    assert code == 3
    errors = [event for event in events if event["event"] == "error"]
    assert [error["kind"] for error in errors] == ["spacing-absent", "missing-file", "output-exists"]
    assert all(error["hint"] and error["path"] for error in errors)
    assert left_behind(job.out.parent) == {"result"}


@pytest.mark.parametrize(
    ("mode", "code", "kind"),
    [("crash", 1, "unexpected"), ("memory", 5, "out-of-memory"), ("full-disk", 5, "output-failed")],
)
def test_failures_are_told_in_words_and_leave_nothing(job, run_worker, mode, code, kind):
    returned, events, _ = run_worker(job, mode)
    assert returned == code
    assert events[-1]["event"] == "error"
    assert events[-1]["kind"] == kind
    assert left_behind(job.out.parent) == set()
    if mode == "crash":
        log = Path(events[-1]["hint"].split()[-1].rstrip("."))
        assert "ZeroDivisionError: a bug" in log.read_text()
        log.unlink()


def test_a_job_that_cannot_be_read_is_a_fault(tmp_path):
    path = tmp_path / "job.json"
    path.write_text("{")
    command = [sys.executable, "-m", "SwinX2SLib.reconstruct.worker", str(path)]
    child = subprocess.run(command, capture_output=True, text=True, env=_environment(), timeout=60)
    assert child.returncode == 3
    assert json.loads(child.stdout)["kind"] == "job-unreadable"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_run_cleanly(job, start_worker, number):
    child = start_worker(job, "slow")
    wait_for_progress(child)
    child.send_signal(number)
    out, _ = child.communicate(timeout=20)
    assert child.returncode == 130
    assert json.loads(out.splitlines()[-1])["kind"] == "cancelled"
    assert left_behind(job.out.parent) == set()


def test_a_signal_during_writing_leaves_nothing(job, start_worker):
    child = start_worker(job, "stalled")
    assert _wait_for_line(child.stderr, "volumes written")
    child.terminate()
    child.communicate(timeout=20)
    assert child.returncode == 130
    assert left_behind(job.out.parent) == set()


def test_a_kill_during_writing_leaves_no_final_name_and_the_next_run_cleans_up(job, start_worker, run_worker):
    child = start_worker(job, "stalled")
    assert _wait_for_line(child.stderr, "volumes written")
    child.kill()
    child.communicate(timeout=20)
    assert not job.out.exists()
    leftovers = sorted(left_behind(job.out.parent))
    assert len(leftovers) == 2
    assert leftovers[0].startswith(".result.swinx2s-new-")
    assert leftovers[1].startswith(".swinx2s-lock-")
    code, _, _ = run_worker(job)
    assert code == 0
    assert left_behind(job.out.parent) == {"result"}


PARENT = """
import subprocess, sys, time
child = subprocess.Popen(sys.argv[2:], stdout=open(sys.argv[1], "w"), stderr=subprocess.DEVNULL)
print(child.pid, flush=True)
time.sleep(120)
"""


def test_the_worker_ends_with_its_parent(job, start_worker, tmp_path_factory):
    command = _command_of(start_worker, job, "slow")
    told = tmp_path_factory.mktemp("told") / "events"
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(told), *command],
        stdout=subprocess.PIPE,
        text=True,
        env=_environment(),
    )
    child = psutil.Process(int(parent.stdout.readline()))
    while "Running the network" not in told.read_text():
        assert child.status() != psutil.STATUS_ZOMBIE, "the worker ended early"
        time.sleep(0.2)
    parent.kill()
    parent.communicate()
    child.wait(timeout=60)
    assert json.loads(told.read_text().splitlines()[-1])["kind"] == "cancelled"
    assert left_behind(job.out.parent) == set()


def test_the_worker_ends_with_the_process_it_was_told_to_watch(job, start_worker):
    watched = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    child = start_worker(job, "slow", "--parent", str(watched.pid))
    wait_for_progress(child)
    watched.kill()
    watched.wait()
    out, _ = child.communicate(timeout=20)
    assert child.returncode == 130
    assert json.loads(out.splitlines()[-1])["kind"] == "cancelled"


def _environment() -> dict[str, str]:
    import SwinX2SLib

    return {**os.environ, "PYTHONPATH": str(Path(SwinX2SLib.__file__).parents[1]), "OMP_NUM_THREADS": "1"}


def _command_of(start_worker, job, mode) -> list[str]:
    """Return the command that the fixture starts, which is then ended at once."""
    child = start_worker(job, mode)
    child.kill()
    child.communicate()
    return list(child.args)


def _wait_for_line(stream, words: str) -> bool:
    return any(words in line for line in stream)
