"""The pages about evaluations, read with an HTML parser: for any cohort, all that is shown exists and is told."""

import json
import re

import numpy as np
import pytest
from hip_boxes import boxes
from page_reader import checked

from SwinX2SLib.anatomy import labels
from SwinX2SLib.errors import InputError
from SwinX2SLib.evaluation.case import CaseEvaluation
from SwinX2SLib.io.label_volumes import LabelVolume
from SwinX2SLib.report.evaluation.page import write_case_page, write_cohort_page

pytestmark = pytest.mark.slow

EVERY_BONE = tuple(label.name for label in labels())


def test_a_cohort_of_several_models_has_everything(evaluated_case, page_of):
    documents = [
        evaluated_case(f"p{i}", 0.8 - 0.15 * m, seed=10 * i + m, model=name, dataset="AB"[i % 2])
        for m, name in enumerate(("good", "bad"))
        for i in range(12)
    ]
    page = page_of(documents)
    for heading in (
        "Paired tests",
        "Worst cases of good",
        "Bland-Altman",
        "By data set",
        "Averages as defined in the Swin-X2S paper",
    ):
        assert heading in page.text
    assert "good better" in page.text
    assert "24 evaluated cases of 12 persons" in page.text
    assert "Only 12 persons" in page.text
    assert len(page.images) > 10


def test_a_cohort_of_one_case_states_that_it_has_no_intervals(evaluated_case, page_of):
    page = page_of([evaluated_case()])
    assert "1 evaluated case of 1 person" in page.text
    assert "confidence intervals require at least 5" in page.text
    assert "Paired tests" not in page.text


def test_a_cohort_without_measurements_speaks_of_none(evaluated_case, page_of):
    page = page_of([evaluated_case(f"p{i}", seed=i, measured=False) for i in range(6)])
    assert "Bland-Altman" not in page.text
    assert "Measurements" not in page.text


def test_a_cohort_in_which_all_is_missed_has_a_page(evaluated_case, page_of):
    page = page_of([evaluated_case(f"p{i}", seed=i, missed=EVERY_BONE) for i in range(6)])
    assert "Dice 0.0 %" in page.text


def test_a_cohort_in_which_all_is_invented_has_a_page(evaluated_case, page_of):
    page_of([evaluated_case(f"p{i}", seed=i, invented=EVERY_BONE, measured=False) for i in range(6)])


def test_models_of_different_people_are_not_compared(evaluated_case, page_of):
    documents = [evaluated_case(f"{m}{i}", seed=i, model=m) for m in "AB" for i in range(5 + (m == "A"))]
    page = page_of(documents)
    assert re.search(r"different cases \((A 6, B 5|B 5, A 6)\)", page.text)
    assert "Paired tests" not in page.text


def test_groups_that_differ_between_cases_are_counted_apart(evaluated_case, page_of):
    documents = [evaluated_case(f"p{i}", seed=i, groups=("femur",) if i % 2 else ("ribs",)) for i in range(8)]
    page = page_of(documents)
    assert "Scored groups: Ribs, Femora" in page.text


def test_failures_are_listed_and_a_damaged_document_is_one(evaluated_case, cohort_folder):
    folder = cohort_folder([evaluated_case(f"p{i}", seed=i) for i in range(3)])
    (folder / "cases" / "broken.json").write_text("{", encoding="utf-8")
    page = checked(write_cohort_page(folder, failures=[("lost", "The file does not exist.")]))
    assert "2 cases could not be evaluated" in page.text
    assert "broken" in page.text
    assert "The file does not exist." in page.text


@pytest.mark.parametrize(
    "damage",
    [
        {"groups": "spine"},
        {"groups": {"spine": 3}},
        {"labels": [1]},
        {"labels": None},
        {"foreground": {"nsd": {"x": 1}}},
        {"foreground": {"missed": [3]}},
        {"measurements": [{"name": "a"}]},
        {"measurements": {"a": 1}},
        {"dataset": [1]},
        {"person": {}},
        {"notes": "abc"},
        {"annotated_groups": 5},
        {"spacing_mm": ["a"]},
        {"paper": [2]},
        {"case": 3},
    ],
    ids=str,
)
def test_a_document_with_values_of_a_wrong_kind_is_a_failure(evaluated_case, cohort_folder, damage):
    folder = cohort_folder([evaluated_case(f"p{i}", seed=i) for i in range(2)])
    (folder / "cases" / "broken.json").write_text(json.dumps({**evaluated_case("odd"), **damage}))
    page = checked(write_cohort_page(folder))
    assert "2 evaluated cases" in page.text
    assert f"{next(iter(damage))} of its document cannot be used" in page.text


def test_only_the_documents_asked_for_count(evaluated_case, cohort_folder):
    folder = cohort_folder([evaluated_case(f"p{i}", seed=i) for i in range(4)])
    assert "2 evaluated cases" in checked(write_cohort_page(folder, keys=["00000", "00003"])).text


def test_a_folder_without_a_case_is_refused(tmp_path):
    with pytest.raises(InputError, match="No evaluated case"):
        write_cohort_page(tmp_path)


def test_names_from_files_cannot_break_the_page(evaluated_case, page_of):
    evil = '<script>alert("x")</script>'
    page = page_of([evaluated_case(f"{evil}{i}", seed=i, model=evil) for i in range(3)])
    assert "<script>" in page.text


def test_the_same_cohort_gives_the_same_page(evaluated_case, cohort_folder):
    folder = cohort_folder([evaluated_case(f"p{i}", seed=i) for i in range(6)])
    first = write_cohort_page(folder).read_bytes()
    assert write_cohort_page(folder).read_bytes() == first


def test_the_page_of_a_case_tells_missed_and_invented_bones(evaluated_case, tmp_path):
    document = evaluated_case(
        "case 7", missed=("rib_left_3",), invented=("vertebrae_C2",), notes=["Moved by 3 mm."]
    )
    page = checked(write_case_page(document, None, None, tmp_path / "new" / "page.html"))
    assert "Left rib 3 missed" in page.text
    assert "C2 vertebra invented" in page.text
    assert "Moved by 3 mm." in page.text
    assert not page.images


def test_the_page_of_a_case_takes_the_evaluation_itself(evaluated_case, tmp_path):
    evaluation = CaseEvaluation.from_dict(json.loads(json.dumps(evaluated_case())))
    checked(write_case_page(evaluation, None, None, tmp_path / "page.html"))


def test_the_page_of_a_case_has_pictures_of_both(evaluated_case, tmp_path):
    page = checked(write_case_page(evaluated_case(), boxes(), boxes(), tmp_path / "page.html"))
    assert len(page.images) == 4
    assert "Prediction, from the front" in page.text


def test_a_case_of_nothing_has_a_page(evaluated_case, tmp_path):
    document = evaluated_case(groups=(), measured=False)
    empty = LabelVolume(np.zeros((4, 4, 4), dtype=np.uint8), np.eye(4))
    checked(write_case_page(document, empty, empty, tmp_path / "page.html"))
