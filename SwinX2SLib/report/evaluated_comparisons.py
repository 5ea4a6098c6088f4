"""Paired tests between the models of a cohort."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

from SwinX2SLib.evaluation.statistics import Comparison, Metric, compare, holm, paired_by_person
from SwinX2SLib.report.evaluated_reading import EvaluatedCohort
from SwinX2SLib.report.evaluated_words import (
    Cell,
    cell,
    metric_words,
    model_title,
    number_words,
    p_words,
    part_title,
)

# Of more models only the pairs with the first are shown; the correction counts all of them.
MOST_MODELS_OF_ALL_PAIRS = 4
_TESTED = ("dice", "hausdorff95_mm", "localisation_error_mm")


@dataclass(frozen=True)
class ComparisonRow:
    """One test as it is written."""

    part: str
    first: str
    second: str
    persons: int
    difference: Cell
    effect: str
    wilcoxon: tuple[str, str]
    permutation: tuple[str, str]
    verdict: str


@dataclass(frozen=True)
class ComparisonTable:
    """Tests of one metric: one family of Holm's correction.

    Attributes:
        title: the metric.
        unit: of the difference.
        tests: number that the correction counts.
        rows: of the pairs shown.
    """

    title: str
    unit: str
    tests: int
    rows: tuple[ComparisonRow, ...]


def comparison_tables(cohort: EvaluatedCohort) -> list[ComparisonTable]:
    """Return the tests of every pair of models in every part, a table for each metric; none for one model."""
    if len(cohort.models) < 2:
        return []
    tables = (_table(cohort, metric) for metric in cohort.metrics if metric.key in _TESTED)
    return [table for table in tables if table.rows]


def _table(cohort: EvaluatedCohort, metric: Metric) -> ComparisonTable:
    keys = [(part, *pair) for part in cohort.parts for pair in combinations(cohort.models, 2)]
    results = [
        compare(*paired_by_person(cohort.of_model(one), cohort.of_model(other), part, metric))
        for part, one, other in keys
    ]
    wilcoxon, permutation = holm([r.wilcoxon_p for r in results]), holm([r.permutation_p for r in results])
    rows = [
        _row(key, result, metric, corrected)
        for key, result, *corrected in zip(keys, results, wilcoxon, permutation, strict=True)
        if result.persons and (len(cohort.models) <= MOST_MODELS_OF_ALL_PAIRS or cohort.models[0] in key[1:])
    ]
    tests = sum(result.wilcoxon_p is not None for result in results)
    unit = "percentage points" if metric.unit == "%" else metric.unit
    return ComparisonTable(metric_words(metric), unit, tests, tuple(rows))


def _row(key: tuple, result: Comparison, metric: Metric, corrected: list[float | None]) -> ComparisonRow:
    part, first, second = key
    return ComparisonRow(
        part_title(part),
        model_title(first),
        model_title(second),
        result.persons,
        cell(result.difference, metric.scale),
        number_words(result.rank_biserial, decimals=2),
        (p_words(result.wilcoxon_p), p_words(corrected[0])),
        (p_words(result.permutation_p), p_words(corrected[1])),
        _verdict(first, second, result, metric, corrected),
    )


def _verdict(first: str, second: str, result: Comparison, metric: Metric, corrected: list) -> str:
    """Say which is better, when both corrected tests do."""
    if None in corrected:
        return result.note or "not tested"
    if max(corrected) >= 0.05 or not result.difference.value:
        return "no difference shown"
    better = first if (result.difference.value > 0) == metric.higher_is_better else second
    return f"{model_title(better)} better"
