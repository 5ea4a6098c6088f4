"""`swinx2s evaluate` as a user runs it: a process, its words, its files."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from SwinX2SLib.evaluation import CaseEvaluation
from SwinX2SLib.phantom import build_phantom
from SwinX2SLib.report.evaluation.write import FILES

pytestmark = pytest.mark.slow


def run(*arguments, cwd=None):
    command = [sys.executable, "-m", "SwinX2SLib", "evaluate", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3])}
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment, check=False)


def table(path):
    return list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))


@pytest.fixture(scope="module")
def volumes(tmp_path_factory):
    """A person, and the same one moved by 4 mm to the left without its sacrum."""
    folder = tmp_path_factory.mktemp("volumes")
    phantom = build_phantom(spacing_mm=4.0)
    affine = phantom.affine
    nib.save(nib.Nifti1Image(phantom.labels, affine), folder / "truth.nii.gz")
    moved = affine.copy()
    moved[0, 3] -= 4.0
    labels = np.where(phantom.labels == 50, 0, phantom.labels).astype(np.uint8)
    nib.save(nib.Nifti1Image(labels, moved), folder / "prediction.nii.gz")
    return folder


@pytest.fixture(scope="module")
def written(volumes):
    out = volumes / "out"
    done = run("prediction.nii.gz", "truth.nii.gz", "--out", "out", "--tolerance-mm", "4", "8", cwd=volumes)
    assert done.returncode == 0, done.stderr
    return out, done.stdout


def test_all_files_are_there_and_the_page_can_be_opened(written):
    out, told = written
    assert sorted(path.name for path in out.iterdir()) == sorted(FILES.values())
    assert str(out.resolve() / "index.html") in told
    page = (out / "index.html").read_text(encoding="utf-8")
    assert page.lstrip().startswith("<!DOCTYPE html>")
    assert "data:image/png" in page


def test_the_document_says_what_was_moved_and_missed(written):
    evaluation = CaseEvaluation.from_dict(json.loads((written[0] / "evaluation.json").read_text()))
    foreground = evaluation.foreground
    assert foreground.missed == ("sacrum",)
    assert foreground.invented == ()
    assert foreground.localisation_error_mm == pytest.approx(4.0, abs=0.2)
    assert foreground.hausdorff95_mm <= 4.0 + 1e-6
    assert foreground.nsd["4.0"] == pytest.approx(1 - 1 / foreground.labels, abs=0.01)
    assert evaluation.groups["ribs"].line_dice > 0.95
    assert evaluation.groups["ribs"].line_distance_mm < 4.1
    assert evaluation.case == "prediction"


def test_measurements_do_not_change_with_the_place_and_landmarks_move_with_it(written):
    pairs = CaseEvaluation.from_dict(json.loads((written[0] / "evaluation.json").read_text())).measurements
    femur = [pair for pair in pairs if pair.structure == "femur_left" and pair.difference is not None]
    assert len(femur) >= 5
    for pair in femur:
        expected = 4.0 if pair.unit == "point" else 0.0
        assert pair.difference == pytest.approx(expected, abs=1e-6), pair
    keys = [(pair.structure, pair.name, pair.side) for pair in pairs]
    assert len(keys) == len(set(keys))
    assert all((pair.difference is None) == (pair.quality == "absent") for pair in pairs)


def test_tables_hold_every_bone_group_and_measurement(written):
    out, _ = written
    evaluation = json.loads((out / "evaluation.json").read_text())
    rows = table(out / "evaluation.csv")
    assert [row["name"] for row in rows if row["part"] == "bone"] == list(evaluation["labels"])
    assert [row["name"] for row in rows if row["part"] == "group"] == list(evaluation["groups"])
    sacrum = next(row for row in rows if row["name"] == "sacrum")
    assert (sacrum["status"], sacrum["dice"], sacrum["hausdorff95_mm"]) == ("missed", "0", "")
    assert {"nsd_4.0mm", "nsd_8.0mm"} <= set(sacrum)
    measured = table(out / "measurements.csv")
    assert len(measured) == len(evaluation["measurements"])


def test_the_table_on_the_terminal_names_bones_groups_and_the_paper(written):
    told = written[1]
    for word in ("hip_left", "missed", "foreground", "paper averages", "pelvis"):
        assert word in told


def test_json_alone_goes_to_the_standard_output(volumes):
    done = run(
        "prediction.nii.gz", "truth.nii.gz", "--json", "--no-measurements", "--groups", "pelvis", cwd=volumes
    )
    document = json.loads(done.stdout)
    assert document["annotated_groups"] == ["pelvis"]
    assert document["measurements"] == []
    assert set(document["labels"]) == {"sacrum", "hip_left", "hip_right"}


def test_an_earlier_result_is_kept_unless_it_may_be_replaced(volumes, written):
    before = (written[0] / "evaluation.json").read_bytes()
    arguments = (
        "prediction.nii.gz",
        "truth.nii.gz",
        "--out",
        "out",
        "--no-measurements",
        "--groups",
        "pelvis",
    )
    refused = run(*arguments, cwd=volumes)
    assert refused.returncode == 3
    assert "--overwrite" in refused.stderr
    assert (written[0] / "evaluation.json").read_bytes() == before


def test_faults_come_in_words_all_at_once_and_nothing_is_written(volumes, tmp_path):
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "notes.txt").write_text("mine")
    done = run(
        tmp_path / "absent.nii.gz", volumes / "truth.nii.gz", "--out", tmp_path / "used", "--groups", "teeth",
        "--scheme", "nonsense",
    )  # fmt: skip
    assert done.returncode == 3
    for word in ("teeth", "nonsense", "absent.nii.gz", "contains other files"):
        assert word in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["used"]


def test_a_result_folder_and_a_slicer_segmentation_can_be_predictions(volumes, tmp_path):
    from SwinX2SLib.io.segmentations import write_segmentation

    image = nib.load(volumes / "truth.nii.gz")
    labels = np.asarray(image.dataobj).astype(np.uint8)
    (tmp_path / "result").mkdir()
    nib.save(image, tmp_path / "result" / "labels.nii.gz")
    write_segmentation(tmp_path / "p.seg.nrrd", labels, image.affine)
    for prediction in ("result", "p.seg.nrrd"):
        done = run(
            tmp_path / prediction,
            volumes / "truth.nii.gz",
            "--json",
            "--no-measurements",
            "--groups",
            "femur",
        )
        assert done.returncode == 0, done.stderr
        document = json.loads(done.stdout)
        assert document["foreground"]["dice"] == 1.0
        assert document["case"] in ("result", "p")


def test_numbers_of_the_published_prediction_come_out_of_the_command(shared_data):
    prediction = shared_data / "reference" / "predictions" / "x2s_0243" / "swinx2sbase.nii.gz"
    truth = shared_data / "anatomy" / "volumes" / "x2s_0243" / "labels.nii.gz"
    done = run(prediction, truth, "--groups", "pelvis", "--no-measurements", "--json")
    assert json.loads(done.stdout)["foreground"]["dice"] == pytest.approx(0.8288, abs=5e-4)


def test_a_line_without_a_truth_is_a_wrong_command_line():
    done = run("only.nii.gz")
    assert done.returncode == 2
    assert "usage" in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no names that are not text")
@pytest.mark.parametrize("encoding", ["utf-8:strict", "ascii:strict"])
def test_names_that_are_not_utf_8_are_compared_and_shown(volumes, tmp_path, monkeypatch, encoding):
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    name = os.fsdecode(b"na\xefve.nii.gz")
    (tmp_path / name).write_bytes((volumes / "truth.nii.gz").read_bytes())
    out = os.fsdecode(b"o\xfct")
    done = run(name, name, "--groups", "femur", "--out", out, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "\\udcfct" in done.stdout
    document = json.loads((tmp_path / out / FILES["evaluation"]).read_text(encoding="utf-8"))
    assert document["foreground"]["dice"] == 1.0
    done = run(name, "none.nii.gz", cwd=tmp_path)
    assert done.returncode == 3, done.stderr
