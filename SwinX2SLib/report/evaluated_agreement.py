"""Tables and plots of measurements against the truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from SwinX2SLib.report.evaluated_measurements import Measured, gather
from SwinX2SLib.report.evaluated_plots import agreement_plot, error_plot
from SwinX2SLib.report.evaluated_reading import EvaluatedCohort
from SwinX2SLib.report.evaluated_words import Cell, Picture, cell, count_words, model_title, number_words
from SwinX2SLib.report.naming import REGION_TITLES

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
        for measured in gather(cohort.of_model(model)):
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
        is_proportional=found is not None and found.slope.excludes(0) and abs(found.slope.value) >= 0.005,
    )


def agreement_pictures(cohort: EvaluatedCohort) -> list[Picture]:
    """Return Bland-Altman plots of the first model."""
    chosen = _evenly([m for m in gather(cohort.of_model(cohort.models[0])) if not m.is_place])
    return [_agreement_picture(measured) for measured in chosen]


def _agreement_picture(measured: Measured) -> Picture:
    found = measured.agreement
    difference = np.asarray(measured.differences)
    png = agreement_plot(np.asarray(measured.truths) + difference / 2, difference, found, measured.unit_words)
    told = [number_words(each.value, 1, measured.decimals) for each in (found.bias, found.lower, found.upper)]
    unit = f" {measured.unit_words}" if measured.unit_words else ""
    title = f"{_place(measured)}: {measured.title}, {_counted(measured)}"
    alt = (
        f"Bland-Altman plot of {measured.title.lower()}, {_counted(measured)}: bias {told[0]}{unit}, "
        f"limits of agreement {told[1]} to {told[2]}{unit}."
    )
    return Picture(title, alt, png)


def error_pictures(cohort: EvaluatedCohort) -> list[Picture]:
    """Return plots of absolute error over Dice: the pairs of all models, and the mean of each."""
    chosen = _evenly([m for m in gather(cohort.documents) if np.isfinite(m.dice).sum() >= FEWEST_PAIRS])
    of_models = [
        {(m.region, m.name, m.unit): m for m in gather(cohort.of_model(model))} for model in cohort.models
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
