"""Evaluating the cases of a table, with real processes, and the tables that come of it."""

import csv
import json
import os
import statistics

import pytest

from SwinX2SLib.errors import InputError
from SwinX2SLib.evaluation import CaseEvaluation, EvaluationOptions
from SwinX2SLib.evaluation.cohort import evaluate_cohort, read_table

pytestmark = pytest.mark.slow

QUICK = EvaluationOptions(measurements=False)


def run(table, out, options=QUICK, **ways):
    return evaluate_cohort(read_table(table), out, options, **{"workers": 1, **ways})


def table_of(path):
    with path.open(newline="", encoding="utf-8-sig") as stream:
        return list(csv.DictReader(stream))


def moments(out):
    return {path.stem: path.stat().st_mtime_ns for path in (out / "cases").glob("*.json")}


def change_table(table, columns, values):
    """Add columns with the same values in each line."""
    lines = table.read_text().splitlines()
    table.write_text("\n".join([f"{lines[0]},{columns}", *(f"{line},{values}" for line in lines[1:])]))


def test_every_case_gets_its_document_and_its_lines(write_cohort, tmp_path):
    table, out = write_cohort(tmp_path, 3), tmp_path / "out"
    result = run(table, out, workers=2)
    assert result.evaluated == ("person00", "person01", "person02")
    document = json.loads((out / "cases" / "person01.json").read_text())
    evaluation = CaseEvaluation.from_dict(document)
    assert (evaluation.case, evaluation.truth) == ("person01", str(tmp_path / "truth" / "person01.nii.gz"))
    bones = table_of(out / "cohort.csv")
    assert len(bones) == 9
    row = next(row for row in bones if (row["case"], row["name"]) == ("person01", "sacrum"))
    # Boxes of 6 voxels, one moved by 1: 5 of 6 layers overlap.
    assert float(row["dice"]) == pytest.approx(5 / 6, abs=1e-5)
    assert float(row["iou"]) == pytest.approx(5 / 7, abs=1e-5)
    assert float(row["localisation_error_mm"]) == pytest.approx(4.0)
    assert (row["group"], row["status"], row["identified"]) == ("pelvis", "both", "1")
    assert {row["part"] for row in table_of(out / "groups.csv")} == {"pelvis", "foreground"}
    assert table_of(out / "failures.csv") == []


def test_the_summary_holds_means_and_medians_over_persons(write_cohort, tmp_path):
    run(write_cohort(tmp_path, 5), tmp_path / "out")
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert (summary["schema"], summary["evaluated"], summary["failed"]) == ("swinx2s-cohort/1", 5, 0)
    (result,) = summary["results"]
    errors = [0.0, 4.0, 8.0, 0.0, 4.0]
    found = result["parts"]["foreground"]["localisation_error_mm"]
    assert found["mean"] == pytest.approx(statistics.mean(errors))
    assert found["median"] == pytest.approx(4.0)
    assert found["low"] < found["mean"] < found["high"]
    assert result["parts"]["pelvis"]["bones"] == 15
    assert result["labels"]["sacrum"]["dice"]["mean"] == pytest.approx((1 + 5 / 6 + 4 / 6 + 1 + 5 / 6) / 5)
    assert result["paper"]["dice"]["cases"] == 5


def test_a_broken_case_is_told_and_the_others_are_evaluated(write_cohort, tmp_path):
    result = run(write_cohort(tmp_path, 4, broken=(2,)), tmp_path / "out", workers=2)
    assert result.evaluated == ("person00", "person01", "person03")
    (failure,) = table_of(tmp_path / "out" / "failures.csv")
    assert (failure["case"], failure["line"]) == ("person02", "4")
    assert str(tmp_path / "found" / "person02.nii.gz") in failure["message"]
    assert len(table_of(tmp_path / "out" / "cohort.csv")) == 9
    assert result.summary["failed"] == 1


def test_finished_cases_are_kept_and_mended_ones_evaluated(write_cohort, labels_file, tmp_path):
    table, out = write_cohort(tmp_path, 4, broken=(1,)), tmp_path / "out"
    run(table, out)
    before = moments(out)
    labels_file(tmp_path / "found" / "person01.nii.gz", shift=1)
    result = run(table, out)
    assert result.kept == 3
    assert not result.failed
    assert {key: moments(out)[key] for key in before} == before
    assert len(table_of(out / "cohort.csv")) == 12
    assert table_of(out / "failures.csv") == []


def test_other_options_and_changed_truths_are_evaluated_again(write_cohort, labels_file, tmp_path):
    table, out = write_cohort(tmp_path, 2), tmp_path / "out"
    run(table, out)
    assert run(table, out, EvaluationOptions(measurements=False, align="centres")).kept == 0
    assert run(table, out).kept == 0
    labels_file(tmp_path / "truth" / "person00.nii.gz", shift=2)
    assert run(table, out).kept == 1


def test_a_changed_map_of_labels_is_evaluated_again(write_cohort, tmp_path):
    table, out = write_cohort(tmp_path, 1), tmp_path / "out"
    names = {"50": "sacrum", "51": "hip_right", "52": "hip_left"}
    (tmp_path / "map.json").write_text(json.dumps(names))
    change_table(table, "scheme,groups", "map.json,pelvis")
    assert run(table, out).evaluated == ("person00",)
    (tmp_path / "map.json").write_text(json.dumps({**names, "50": "background"}))
    again = run(table, out)
    assert again.kept == 0
    assert again.evaluated == ("person00",)
    assert "sacrum" not in json.loads((out / "cases" / "person00.json").read_text())["labels"]


def test_cases_no_longer_in_the_table_leave_the_folder_and_come_back(write_cohort, tmp_path):
    table, out = write_cohort(tmp_path, 3), tmp_path / "out"
    whole = table.read_text()
    run(table, out)
    table.write_text("\n".join(whole.splitlines()[:2]))
    assert run(table, out).evaluated == ("person00",)
    assert list(moments(out)) == ["person00"]
    assert {row["case"] for row in table_of(out / "cohort.csv")} == {"person00"}
    table.write_text(whole)
    assert run(table, out).kept == 3


def test_the_options_of_a_line_go_before_those_of_the_command(write_cohort, tmp_path):
    table = write_cohort(tmp_path, 1)
    change_table(table, "groups,model,dataset,person", "pelvis,mine,set1,anna")
    result = run(table, tmp_path / "out", EvaluationOptions(groups=("spine",), measurements=False))
    assert result.evaluated == ("set1__person00__mine",)
    document = json.loads((tmp_path / "out" / "cases" / "set1__person00__mine.json").read_text())
    assert document["annotated_groups"] == ["pelvis"]
    assert (document["model"], document["dataset"], document["person"]) == ("mine", "set1", "anna")
    assert table_of(tmp_path / "out" / "cohort.csv")[0]["person"] == "anna"


def test_models_and_data_sets_are_summed_up_apart(write_cohort, tmp_path):
    table = write_cohort(tmp_path, 3)
    lines = table.read_text().splitlines()
    text = [f"{lines[0]},model,dataset"]
    text += [f"{line},{model},{'ab'[n % 2]}" for n, line in enumerate(lines[1:]) for model in ("x", "y")]
    table.write_text("\n".join(text))
    results = run(table, tmp_path / "out", workers=2).summary["results"]
    assert [(one["model"], one["dataset"], one["cases"]) for one in results] == [
        ("x", "", 3), ("x", "a", 2), ("x", "b", 1), ("y", "", 3), ("y", "a", 2), ("y", "b", 1),
    ]  # fmt: skip


def test_bones_missed_and_invented_are_counted(write_cohort, labels_file, tmp_path):
    table = write_cohort(tmp_path, 1)
    labels_file(tmp_path / "truth" / "person00.nii.gz", bones=("sacrum", "hip_left"))
    labels_file(tmp_path / "found" / "person00.nii.gz", bones=("sacrum", "hip_right"))
    part = run(table, tmp_path / "out").summary["results"][0]["parts"]["foreground"]
    assert (part["bones"], part["missed"], part["invented"]) == (2, 1, 1)
    assert part["dice"]["mean"] == pytest.approx(0.5)
    (group, _) = table_of(tmp_path / "out" / "groups.csv")
    assert (group["missed"], group["invented"]) == ("hip_left", "hip_right")


def test_measurements_of_both_are_gathered(write_cohort, tmp_path):
    result = run(write_cohort(tmp_path, 2), tmp_path / "out", EvaluationOptions())
    rows = table_of(tmp_path / "out" / "measurements.csv")
    documents = [json.loads(path.read_text()) for path in (tmp_path / "out" / "cases").glob("*.json")]
    assert len(rows) == sum(len(document["measurements"]) for document in documents)
    counted = result.summary["results"][0]["measurements"]
    assert sum(one["pairs"] + one["lacking"] for one in counted) == len(rows)


def test_missing_files_that_are_left_out_are_told_among_the_failures(write_cohort, tmp_path):
    table = write_cohort(tmp_path, 2)
    os.remove(tmp_path / "found" / "person01.nii.gz")
    result = evaluate_cohort(read_table(table, skip_missing=True), tmp_path / "out", QUICK, workers=1)
    assert result.evaluated == ("person00",)
    assert [failure.kind for failure in result.failed] == ["file-missing"]
    assert "person01.nii.gz does not exist" in table_of(tmp_path / "out" / "failures.csv")[0]["message"]


def test_a_folder_with_other_files_is_left_alone(write_cohort, tmp_path):
    table, out = write_cohort(tmp_path, 1), tmp_path / "holidays"
    out.mkdir()
    (out / "photo.jpg").write_bytes(b"1")
    with pytest.raises(InputError, match="contains other files"):
        run(table, out)
    assert os.listdir(out) == ["photo.jpg"]


def test_impossible_options_are_told_before_any_work(write_cohort, tmp_path):
    with pytest.raises(InputError, match="tolerance"):
        run(write_cohort(tmp_path, 1), tmp_path / "out", EvaluationOptions(tolerances_mm=(-1.0,)))
    assert not (tmp_path / "out").exists()
