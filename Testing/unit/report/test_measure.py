"""`swinx2s measure` as a child process: its files, its faults, and what an interrupt leaves."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nibabel
import numpy as np
import pytest

from SwinX2SLib.anatomy import labels
from SwinX2SLib.measurements.label_intervals import SPREADS
from SwinX2SLib.measurements.measure import REGIONS, measure_subject
from SwinX2SLib.phantom import FieldOfView, build_phantom
from SwinX2SLib.reconstruct.reconstruction import FILES as RESULT_FILES
from SwinX2SLib.report.measurements.write import FILES, MeasureJob, run_measuring

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]
ID = {label.name: label.id for label in labels()}
AFFINE = np.diag((3.0, 3.0, 3.0, 1.0))


def command(*arguments):
    return [sys.executable, "-m", "SwinX2SLib", "measure", *map(str, arguments)]


def environment():
    return {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


def measure(*arguments):
    return subprocess.run(command(*arguments), capture_output=True, text=True, env=environment(), timeout=300)


def write(path, array):
    nibabel.Nifti1Image(array, AFFINE).to_filename(path)
    return path


def lumps():
    """Bones that are no bones: everything has to be absent or unreliable."""
    array = np.zeros((40, 30, 50), dtype=np.uint8)
    for place, name in enumerate(("femur_left", "femur_right", "hip_left", "hip_right", "sacrum")):
        array[1 + 7 * place : 7 + 7 * place, 5:15, 5:20] = ID[name]
    for place, name in enumerate(("vertebrae_L1", "vertebrae_L2", "rib_left_7", "rib_right_7")):
        array[1 + 9 * place : 8 + 9 * place, 5:15, 30:40] = ID[name]
    return array


@pytest.fixture(scope="module")
def lump_file(tmp_path_factory):
    return write(tmp_path_factory.mktemp("lumps") / "lumps.nii.gz", lumps())


def test_the_command_writes_all_its_files_and_they_agree(tmp_path, lump_file):
    out = tmp_path / "new" / "out"
    told = measure(lump_file, "--out", out)
    assert told.returncode == 0, told.stderr
    assert str(out / FILES["page"]) in told.stdout
    assert {path.name for path in out.iterdir()} == set(FILES.values())
    document = json.loads((out / FILES["measurements"]).read_text(encoding="utf-8"))
    assert document["schema"] == {"name": "swinx2s-measurements", "version": 1}
    assert document["provenance"]["segmentation"]["path"] == str(lump_file)
    assert {entry["region"] for entry in document["measurements"]} == set(REGIONS)
    with (out / FILES["table"]).open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    values = {
        (row["structure"], row["side"], row["measurement"]): row["value"] for row in rows if row["value"]
    }
    assert values == {
        (entry["structure"], entry["side"] or "", entry["name"]): f"{entry['value']:.3f}"
        for entry in document["measurements"]
        if entry["value"] is not None
    }
    page = (out / FILES["page"]).read_text(encoding="utf-8")
    assert len(page) < 3_000_000
    assert "Research use only" in page


def test_a_second_run_never_replaces_the_first_unasked(tmp_path, lump_file):
    arguments = (lump_file, "--only", "femur", "--out", tmp_path / "out")
    assert measure(*arguments).returncode == 0
    again = measure(*arguments)
    assert again.returncode == 3
    assert "output-exists" not in again.stdout
    assert "--overwrite" in again.stderr


def test_all_faults_are_told_at_once_before_any_work(tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("Dear")
    strange = write(tmp_path / "strange.nii.gz", np.full((4, 4, 4), 99, dtype=np.uint8))
    empty = write(tmp_path / "empty.nii.gz", np.zeros((4, 4, 4), dtype=np.uint8))
    told = measure(strange, "--out", tmp_path / "full", "--samples", empty, tmp_path / "gone.nii")
    assert told.returncode == 3
    for words in ("99", "has no bones", "does not exist", "other files"):
        assert sum(words in line for line in told.stderr.splitlines()) == 1, words
    assert "Traceback" not in told.stderr
    assert told.stdout == ""


@pytest.mark.parametrize("arguments", [[], ["x.nii"], ["x.nii", "--out", "o", "--only", "skull"]])
def test_a_wrong_command_line_exits_with_2(arguments):
    told = measure(*arguments)
    assert told.returncode == 2
    assert "error:" in told.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for a child on Windows")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_nothing(tmp_path, lump_file, number):
    child = subprocess.Popen(
        command(lump_file, "--out", tmp_path / "made" / "out"),
        stderr=subprocess.PIPE, text=True, env=environment(),
        # Shells let their background jobs ignore it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    assert "Measuring" in child.stderr.readline()
    time.sleep(0.05)
    child.send_signal(number)
    assert "Cancelled" in child.communicate(timeout=120)[1]
    assert child.returncode == 130
    assert list(tmp_path.iterdir()) == []


def test_a_label_volume_has_intervals_by_the_size_of_its_voxels(tmp_path):
    phantom = build_phantom(spacing_mm=3.0, field_of_view=FieldOfView((-190, -150, -190), (190, 150, 110)))
    file = tmp_path / "pelvis.nii.gz"
    nibabel.Nifti1Image(phantom.labels, phantom.affine).to_filename(file)
    written = run_measuring(MeasureJob(file, tmp_path / "out", only=("femur", "pelvis")))
    document = json.loads(written["measurements"].read_text(encoding="utf-8"))
    entries = {(one["name"], one["side"]): one for one in document["measurements"]}
    low, high = entries["neck_shaft_angle", "left"]["interval"]
    assert low < phantom.truth.femora["left"].neck_shaft_angle_deg < high
    reach = SPREADS["asis"].half_width(3.0)
    assert entries["asis", "right"]["interval"] == pytest.approx([0.0, reach])
    assert entries["pelvic_incidence", None]["interval"] is not None
    assert "raters" in document["provenance"]["intervals"]["source"]
    page = written["page"].read_text(encoding="utf-8")
    assert f"± {reach:.1f} mm" in page
    assert "90 % intervals" in page


def test_samples_and_a_map_give_intervals(tmp_path, lump_file):
    """The longer rib of the second sample has to show in the interval of its length."""
    ribs = np.zeros((60, 30, 30), dtype=np.uint8)
    ribs[5:45, 10:13, 10:13] = ID["rib_left_7"]
    first = write(tmp_path / "first.nii.gz", ribs)
    longer = ribs.copy()
    longer[45:50, 10:13, 10:13] = ID["rib_left_7"]
    second = write(tmp_path / "second.nii.gz", longer)
    job = MeasureJob(first, tmp_path / "a", only=("rib",), samples=(second,))
    found = _length(run_measuring(job))
    assert found["interval"][0] == pytest.approx(found["value"])
    assert found["interval"][1] - found["value"] == pytest.approx(15.0, abs=4.0)
    uncertainty = np.where((ribs > 0) & (np.arange(60)[:, None, None] > 35), 0.5, 0.0).astype(np.float32)
    job = MeasureJob(
        first, tmp_path / "b", only=("rib",), uncertainty=write(tmp_path / "u.nii.gz", uncertainty), draws=12
    )
    written = run_measuring(job)
    low, high = _length(written)["interval"]
    assert low < high <= _length(written)["value"] + 3.0
    intervals = json.loads(written["measurements"].read_text(encoding="utf-8"))["provenance"]["intervals"]
    assert "sampled from the uncertainty map" in intervals["source"]
    assert intervals["percentiles"].startswith("5th to the 95th") or "5th to 95th" in intervals["percentiles"]


def _length(written):
    entries = json.loads(written["measurements"].read_text(encoding="utf-8"))["measurements"]
    return next(entry for entry in entries if entry["name"] == "rib_length")


def test_the_folder_of_a_reconstruction_is_measured(tmp_path, lump_file):
    folder = tmp_path / "result"
    folder.mkdir()
    write(folder / RESULT_FILES["labels"], lumps())
    written = run_measuring(MeasureJob(folder, tmp_path / "out", only=("rib",)))
    assert len(json.loads(written["measurements"].read_text(encoding="utf-8"))["measurements"]) == 4


def test_no_bone_at_all_gives_absences_and_no_number():
    measured = measure_subject({})
    assert set(measured) == set(REGIONS)
    everything = [measurement for found in measured.values() for measurement in found]
    assert everything
    assert all(m.quality == "absent" and m.value is None and m.reasons for m in everything)
    with pytest.raises(ValueError, match="skull"):
        measure_subject({}, ["skull"])
