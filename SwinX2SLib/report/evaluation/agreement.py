"""Tables and plots of measurements against the truth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np

from SwinX2SLib.evaluation.statistics import (
    Agreement,
    Comparison,
    Estimate,
    Metric,
    agreement,
    compare,
    holm,
    mean_estimate,
    paired_by_person,
    person_of,
    spearman,
)
from SwinX2SLib.evaluation.statistics.scores import DICE, number, part_scores, score
from SwinX2SLib.report.evaluation.plots import agreement_plot, error_plot
from SwinX2SLib.report.evaluation.reading import (
    Cell,
    EvaluatedCohort,
    Picture,
    cell,
    count_words,
    metric_words,
    model_title,
    number_words,
    p_words,
    part_title,
)
from SwinX2SLib.report.naming import REGION_TITLES, title_of, unit_words

_GROUP_OF_REGION = {"vertebra": "spine", "rib": "ribs"}
PLACE = "point"
_ROUNDING = 1e-9


@dataclass
class Measured:
    """All pairs of one measurement, over bones, sides and persons.

    Attributes:
        region: of `REGION_TITLES`.
        name, unit: as in the documents.
        persons, differences, dice: of each pair; Dice of the measured bone or group may be NaN.
        predictions, truths: of each pair; empty for places, which have a distance only.
        lost: pairs of which one side could not be measured.
        flagged: pairs of which one side needs a look.
    """

    region: str
    name: str
    unit: str
    persons: list[str] = field(default_factory=list)
    differences: list[float] = field(default_factory=list)
    dice: list[float] = field(default_factory=list)
    predictions: list[float] = field(default_factory=list)
    truths: list[float] = field(default_factory=list)
    lost: int = 0
    flagged: int = 0

    @property
    def is_place(self) -> bool:
        """Whether it is a landmark, whose error is a distance."""
        return self.unit == PLACE

    @property
    def title(self) -> str:
        """The name as a person reads it."""
        return title_of(self.name)

    @property
    def unit_words(self) -> str:
        """The unit of its error as a person reads it."""
        return "mm" if self.is_place else unit_words(self.unit)

    @property
    def decimals(self) -> int:
        """Decimals that are worth writing."""
        return 2 if self.unit == "1" else 1

    @cached_property
    def agreement(self) -> Agreement | None:
        """Agreement of both sides, or None for places and without a pair."""
        if self.is_place or not self.differences:
            return None
        return agreement(self.predictions, self.truths, self.persons, self.differences)

    @cached_property
    def error(self) -> Estimate:
        """Mean absolute error, the mean over persons."""
        names, person = np.unique(np.asarray(self.persons, dtype=str), return_inverse=True)
        if not len(names):
            return Estimate(None)
        return mean_estimate(np.bincount(person, np.abs(self.differences)) / np.bincount(person))

    @property
    def median_error(self) -> float | None:
        """Median of the absolute errors of all pairs."""
        return float(np.median(np.abs(self.differences))) if self.differences else None

    @cached_property
    def with_dice(self) -> tuple[np.ndarray, np.ndarray, list[str]]:
        """Dice, absolute error and person of the pairs whose bone has a Dice."""
        dice, error = np.asarray(self.dice, dtype=np.float64), np.abs(np.asarray(self.differences))
        known = np.isfinite(dice)
        return dice[known], error[known], [p for p, k in zip(self.persons, known, strict=True) if k]

    @cached_property
    def correlation(self) -> Estimate:
        """Spearman's correlation of Dice with absolute error; without value where one of both is constant."""
        return spearman(*self.with_dice)


def aggregate(documents: Iterable[Mapping[str, Any]]) -> list[Measured]:
    """Return the measurements of cases, in the order of regions and of first appearance."""
    aggregated: dict[tuple, Measured] = {}
    for document in documents:
        for pair in document.get("measurements") or ():
            region = region_of(pair["structure"])
            key = (region, pair["name"], pair["unit"])
            if key not in aggregated:
                aggregated[key] = Measured(*key)
            _add(aggregated[key], document, pair)
    order = list(REGION_TITLES)
    return sorted(aggregated.values(), key=lambda measured: order.index(measured.region))


def _add(measured: Measured, document: Mapping[str, Any], pair: Mapping[str, Any]) -> None:
    values = [number(pair.get(key)) for key in ("prediction", "truth")]
    difference = number(pair.get("difference"))
    if difference is None or (None in values and not measured.is_place):
        measured.lost += 1
        return
    # What rounding makes of equal values is no difference: it must neither be ranked nor drawn.
    if abs(difference) <= _ROUNDING * max(1.0, *(abs(value or 0.0) for value in values)):
        difference = 0.0
    prediction, truth = values
    if not measured.is_place and prediction is not None and truth is not None:
        measured.predictions.append(prediction)
        measured.truths.append(truth)
    measured.persons.append(person_of(document))
    measured.differences.append(difference)
    dice = _dice(document, pair["structure"], measured.region)
    measured.dice.append(np.nan if dice is None else dice)
    measured.flagged += pair.get("quality") == "check"


def _dice(document: Mapping[str, Any], structure: str, region: str) -> float | None:
    scores = part_scores(document, structure) or part_scores(document, _GROUP_OF_REGION.get(region, region))
    return score(scores, DICE)


def region_of(structure: str) -> str:
    """Return the region of a bone or group; what spans several regions belongs to the spine."""
    if structure.startswith("vertebrae_"):
        return "vertebra"
    if structure.startswith("rib"):
        return "rib"
    if structure.startswith("femur"):
        return "femur"
    return "pelvis" if structure.startswith(("hip", "sacrum", "pelvis")) else "spine"


# Of more measurements only so many have plots, chosen evenly from the regions; all are in the tables.
MOST_PLOTS = 24
FEWEST_PAIRS = 5


@dataclass(frozen=True)
class MeasurementRow:
    """One measurement of one model as it is written; `bias` and what follows are None for places."""

    title: str
    unit: str
    model: str
    pairs: int
    persons: int
    lost: int
    flagged: int
    absolute: Cell
    median: str
    correlation: Cell
    bias: Cell | None
    lower: Cell | None
    upper: Cell | None
    slope: Cell | None
    is_proportional: bool


@dataclass(frozen=True)
class MeasurementTable:
    """Measurements of one region: values with their agreement, or places with their distance."""

    title: str
    are_places: bool
    rows: tuple[MeasurementRow, ...]


def measurement_tables(cohort: EvaluatedCohort) -> list[MeasurementTable]:
    """Return a table of values and one of places for each region that was measured."""
    rows: dict[tuple[str, bool], dict[tuple, list[MeasurementRow]]] = {}
    for model in cohort.models:
        for measured in aggregate(cohort.of_model(model)):
            table = rows.setdefault((measured.region, measured.is_place), {})
            table.setdefault((measured.name, measured.unit), []).append(_row(measured, model))
    order = list(REGION_TITLES)
    return [
        MeasurementTable(
            REGION_TITLES[region], are_places, tuple(row for of_one in table.values() for row in of_one)
        )
        for (region, are_places), table in sorted(
            rows.items(), key=lambda item: (order.index(item[0][0]), item[0][1])
        )
    ]


def _row(measured: Measured, model: str) -> MeasurementRow:
    found, decimals = measured.agreement, measured.decimals
    bias = lower = upper = slope = None
    if found is not None:
        bias, lower, upper = (cell(each, 1, decimals) for each in (found.bias, found.lower, found.upper))
        slope = cell(found.slope, 1, 2)
    return MeasurementRow(
        title=measured.title,
        unit=measured.unit_words,
        model=model_title(model),
        pairs=len(measured.differences),
        persons=len(set(measured.persons)),
        lost=measured.lost,
        flagged=measured.flagged,
        absolute=cell(measured.error, 1, decimals),
        median=number_words(measured.median_error, 1, decimals),
        correlation=cell(measured.correlation, 1, 2),
        bias=bias,
        lower=lower,
        upper=upper,
        slope=slope,
        # A slope that is written as 0.00 is of no consequence, however sure it is.
        is_proportional=found is not None
        and found.slope.excludes(0)
        and abs(found.slope.value or 0.0) >= 0.005,
    )


def agreement_pictures(cohort: EvaluatedCohort) -> list[Picture]:
    """Return Bland-Altman plots of the first model."""
    chosen = _evenly([m for m in aggregate(cohort.of_model(cohort.models[0])) if not m.is_place])
    return [
        _agreement_picture(measured, found)
        for measured in chosen
        if (found := measured.agreement) is not None
    ]


def _agreement_picture(measured: Measured, found: Agreement) -> Picture:
    difference = np.asarray(measured.differences)
    png = agreement_plot(np.asarray(measured.truths) + difference / 2, difference, found, measured.unit_words)
    numbers = [
        number_words(each.value, 1, measured.decimals) for each in (found.bias, found.lower, found.upper)
    ]
    unit = f" {measured.unit_words}" if measured.unit_words else ""
    title = f"{_place(measured)}: {measured.title}, {_counted(measured)}"
    alt = (
        f"Bland-Altman plot of {measured.title.lower()}, {_counted(measured)}: bias {numbers[0]}{unit}, "
        f"limits of agreement {numbers[1]} to {numbers[2]}{unit}."
    )
    return Picture(title, alt, png)


def error_pictures(cohort: EvaluatedCohort) -> list[Picture]:
    """Return plots of absolute error over Dice: the pairs of all models, and the mean of each."""
    chosen = _evenly([m for m in aggregate(cohort.documents) if np.isfinite(m.dice).sum() >= FEWEST_PAIRS])
    of_models = [
        {(m.region, m.name, m.unit): m for m in aggregate(cohort.of_model(model))} for model in cohort.models
    ]
    return [_error_picture(measured, of_models) for measured in chosen]


def _error_picture(measured: Measured, of_models: Sequence[dict[tuple, Measured]]) -> Picture:
    dice, error, persons = measured.with_dice
    means = []
    for index, known in enumerate(of_models):
        own = known.get((measured.region, measured.name, measured.unit))
        if own is not None and len(own.with_dice[0]):
            means.append((index, float(own.with_dice[0].mean()), float(own.with_dice[1].mean())))
    png = error_plot(dice, error, persons, means, measured.unit_words)
    rho = cell(measured.correlation, 1, 2)
    interval = f" (95 % interval {rho.interval})" if rho.interval else ""
    title = f"{_place(measured)}: {measured.title}, {_counted(measured)}, ρ = {rho.value}{interval}"
    alt = (
        f"Absolute error of {measured.title.lower()} over Dice, {_counted(measured)}: "
        f"Spearman's rank correlation {rho.value}{interval}."
    )
    return Picture(title, alt, png)


def _place(measured: Measured) -> str:
    return REGION_TITLES[measured.region]


def _counted(measured: Measured) -> str:
    pairs, persons = len(measured.differences), len(set(measured.persons))
    return f"{count_words(pairs, 'pair')} of {count_words(persons, 'person')}"


def _evenly(measured: Sequence[Measured]) -> list[Measured]:
    """Return those with enough pairs, at most `MOST_PLOTS`, in turn from every region, in their old order."""
    enough = [each for each in measured if len(each.differences) >= FEWEST_PAIRS]
    chosen = list(_in_turn(enough))[:MOST_PLOTS]
    return [each for each in enough if any(each is one for one in chosen)]


def _in_turn(measured: Sequence[Measured]) -> Iterator[Measured]:
    regions = [[each for each in measured if each.region == region] for region in REGION_TITLES]
    for place in range(max(map(len, regions), default=0)):
        yield from (region[place] for region in regions if place < len(region))


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
        _comparison_row(key, result, metric, corrected)
        for key, result, *corrected in zip(keys, results, wilcoxon, permutation, strict=True)
        if result.persons and (len(cohort.models) <= MOST_MODELS_OF_ALL_PAIRS or cohort.models[0] in key[1:])
    ]
    tests = sum(result.wilcoxon_p is not None for result in results)
    unit = "percentage points" if metric.unit == "%" else metric.unit
    return ComparisonTable(metric_words(metric), unit, tests, tuple(rows))


def _comparison_row(
    key: tuple, result: Comparison, metric: Metric, corrected: list[float | None]
) -> ComparisonRow:
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
    """Return which model is better, if both corrected tests agree."""
    if None in corrected:
        return result.note or "not tested"
    if max(corrected) >= 0.05 or not result.difference.value:
        return "no difference shown"
    better = first if (result.difference.value > 0) == metric.higher_is_better else second
    return f"{model_title(better)} better"
