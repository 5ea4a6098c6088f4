"""What the numbers of a cohort page are."""

from SwinX2SLib.report.evaluation.agreement import MOST_PLOTS, Measured, _evenly, aggregate
from SwinX2SLib.report.evaluation.reading import Cell, number_words, read_cohort


def test_scans_of_one_person_count_once(evaluated_case, cohort_folder):
    scans = [evaluated_case(f"scan{i}", seed=i, person="one") for i in range(9)]
    cohort = read_cohort(cohort_folder([*scans, evaluated_case("other")]))
    assert cohort.persons == 2
    values = [measured for measured in aggregate(cohort.documents) if not measured.is_place]
    assert values[0].agreement.persons == 2


def test_the_best_model_comes_first(evaluated_case, cohort_folder):
    documents = [
        evaluated_case("p", quality, model=name) for name, quality in (("a", 0.5), ("b", 0.9), ("c", 0.7))
    ]
    assert read_cohort(cohort_folder(documents)).models == ("b", "c", "a")


def test_measurements_that_one_side_lacks_are_counted_as_lost(evaluated_case):
    documents = [evaluated_case(f"p{i}", seed=i, missed=("femur_left",)) for i in range(4)]
    radius = next(measured for measured in aggregate(documents) if measured.name == "head_radius")
    assert (len(radius.differences), radius.lost) == (4, 4)


def test_what_rounding_makes_of_equal_values_is_no_difference(evaluated_case):
    document = evaluated_case("p")
    pair = {"structure": "femur_left", "name": "head_radius", "side": "left", "unit": "mm", "quality": "good"}
    values = {"prediction": 120.0 + 2e-14, "truth": 120.0, "difference": 2e-14}
    (measured,) = aggregate([{**document, "measurements": [{**pair, **values}]}])
    assert measured.differences == [0.0]


def test_a_model_that_measures_as_the_truth_has_a_page_without_nonsense(evaluated_case, page_of):
    """Differences of nothing but zeros have no slope with an interval (`checked` finds every NaN)."""
    documents = [evaluated_case(f"p{i}", seed=i) for i in range(6)]
    for document in documents:
        for pair in document["measurements"]:
            pair["prediction"], pair["difference"] = pair["truth"], 0.0
    assert "Bland-Altman" in page_of(documents).text
    assert not any(
        measured.agreement.slope.excludes(0) for measured in aggregate(documents) if measured.agreement
    )


def test_plots_are_chosen_from_every_region():
    many = [Measured("vertebra", f"m{i}", "mm", differences=[0.0] * 9) for i in range(3 * MOST_PLOTS)]
    few = [Measured("femur", f"f{i}", "mm", differences=[0.0] * 9) for i in range(3)]
    chosen = _evenly([*few, *many])
    assert len(chosen) == MOST_PLOTS
    assert chosen[:3] == few


def test_numbers_are_written_without_a_minus_before_zero():
    assert number_words(-0.01) == "0.0"
    assert number_words(-1.26) == "−1.3"
    assert number_words(None) == "–"
    assert Cell("–").interval == ""
