"""Measurements of a cohort against the truth: pairs gathered by measurement, and their tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from SwinX2SLib.evaluation.statistics import (
    Agreement,
    Estimate,
    agreement,
    mean_estimate,
    person_of,
    spearman,
)
from SwinX2SLib.evaluation.statistics.scores import DICE, number, part_scores, score
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


def gather(documents: Iterable[Mapping[str, Any]]) -> list[Measured]:
    """Return the measurements of cases, in the order of regions and of first appearance."""
    gathered: dict[tuple, Measured] = {}
    for document in documents:
        for pair in document.get("measurements") or ():
            region = region_of(pair["structure"])
            key = (region, pair["name"], pair["unit"])
            if key not in gathered:
                gathered[key] = Measured(*key)
            _add(gathered[key], document, pair)
    order = list(REGION_TITLES)
    return sorted(gathered.values(), key=lambda measured: order.index(measured.region))


def _add(measured: Measured, document: Mapping[str, Any], pair: Mapping[str, Any]) -> None:
    values = [number(pair.get(key)) for key in ("prediction", "truth")]
    difference = number(pair.get("difference"))
    if difference is None or (None in values and not measured.is_place):
        measured.lost += 1
        return
    # What rounding makes of equal values is no difference: it must neither be ranked nor drawn.
    if abs(difference) <= _ROUNDING * max(1.0, *(abs(value or 0.0) for value in values)):
        difference = 0.0
    if not measured.is_place:
        measured.predictions.append(values[0])
        measured.truths.append(values[1])
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
