"""Values of evaluated cases, gathered by person.

A case is a document of the schema `swinx2s-evaluation/1`. A bone that the truth holds and the prediction lacks counts
0 in Dice, IoU and surface Dice; it has no distances, so distances are means over the bones found and the bones missed
are counted beside them. Bones invented have no overlap to score and are counted.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from SwinX2SLib.geometry.tuples import vector2

FOREGROUND = "foreground"


@dataclass(frozen=True)
class Metric:
    """A score of a bone, a group or the foreground.

    Attributes:
        key: in the document; "nsd@2.0" for `nsd["2.0"]`.
        title: as a person reads it.
        unit: "%" (stored as 0..1) or "mm".
        higher_is_better: or lower.
    """

    key: str
    title: str
    unit: str
    higher_is_better: bool

    @property
    def scale(self) -> float:
        """Factor from the stored to the shown number."""
        return 100.0 if self.unit == "%" else 1.0

    @property
    def counts_missed(self) -> bool:
        """Whether a missed bone has a value, which is 0; it has no distance."""
        return self.unit == "%"


DICE = Metric("dice", "Dice", "%", True)
_OVERLAP = (DICE, Metric("iou", "IoU", "%", True))
_DISTANCES = (
    Metric("hausdorff95_mm", "Hausdorff 95", "mm", False),
    Metric("hausdorff_mm", "Hausdorff, maximum", "mm", False),
    Metric("assd_mm", "Average symmetric surface distance", "mm", False),
    Metric("localisation_error_mm", "Localisation error", "mm", False),
    Metric("line_distance_mm", "Distance of centrelines", "mm", False),
)
_LINES = Metric("line_dice", "Dice of centrelines", "%", True)
_IDENTIFICATION = (
    Metric("identification_rate", "Identification rate", "%", True),
    Metric("identification_rate_verse", "Identification rate, VerSe", "%", True),
)
# Of a single bone, a rate is whether it is identified.
_OF_LABEL = {"identification_rate": "identified", "identification_rate_verse": "nearest"}


@dataclass(frozen=True)
class Tally:
    """Bones of one part over several cases.

    Attributes:
        cases: in which the truth holds any of them, or the prediction invents one.
        expected: bones that the truth holds.
        missed: of these, the ones that the prediction lacks.
        invented: bones that only the prediction holds.
    """

    cases: int
    expected: int
    missed: int
    invented: int


def person_of(document: Mapping[str, Any]) -> str:
    """Return whose scan a case is; the case itself where the document does not name a person."""
    return str(document.get("person") or document["case"])


def number(value: Any) -> float | None:
    """Return a finite number, or None for anything else."""
    if isinstance(value, bool):
        return float(value)
    if not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return float(value)


def metrics_of(documents: Iterable[Mapping[str, Any]]) -> tuple[Metric, ...]:
    """Return the metrics that any of the documents has, surface Dice at each of its tolerances."""
    tolerances, present = set(), set()
    for document in documents:
        for scores in (document.get(FOREGROUND) or {}, *(document.get("groups") or {}).values()):
            present |= {key for key, value in scores.items() if number(value) is not None}
            tolerances |= set(scores.get("nsd") or {})
    surface = (
        Metric(f"nsd@{tolerance}", f"Surface Dice at {float(tolerance):g} mm", "%", True)
        for tolerance in sorted(tolerances, key=float)
    )
    plain = (*_OVERLAP, *_DISTANCES, *_IDENTIFICATION)
    lines = (_LINES,) if _LINES.key in present else ()
    return (*(metric for metric in plain if metric.key in present), *surface, *lines)


def score(scores: Mapping[str, Any] | None, metric: Metric) -> float | None:
    """Return a metric from the scores of one bone, one group or the foreground; None where it is not defined."""
    if not scores:
        return None
    if scores.get("status") == "missed" and metric.counts_missed and metric is not _LINES:
        return 0.0
    if scores.get("status") == "invented":
        return None
    if "@" in metric.key:
        name, tolerance = metric.key.split("@")
        return number((scores.get(name) or {}).get(tolerance))
    key = _OF_LABEL.get(metric.key, metric.key)
    return number(scores.get(key if key in scores else metric.key))


def part_scores(document: Mapping[str, Any], part: str) -> Mapping[str, Any] | None:
    """Return the scores of a part: "foreground", a group or a label's name."""
    if part == FOREGROUND:
        return document.get(FOREGROUND)
    return (document.get("groups") or {}).get(part) or (document.get("labels") or {}).get(part)


def by_person(documents: Iterable[Mapping[str, Any]], part: str, metric: Metric) -> dict[str, float]:
    """Return a metric of a part for each person who has it, the mean over the person's cases.

    Args:
        part: "foreground", a group or a label's name.
    """
    values: dict[str, list[float]] = {}
    for document in documents:
        value = score(part_scores(document, part), metric)
        if value is not None:
            values.setdefault(person_of(document), []).append(value)
    return _means(values)


def paired_by_person(
    first: Sequence[Mapping[str, Any]], second: Sequence[Mapping[str, Any]], part: str, metric: Metric
) -> tuple[dict[str, float], dict[str, float]]:
    """Return a metric of both models for each person, over the same cases and the same bones.

    A model that misses the hard bones has no distances there; compared over the bones that both found, it gains
    nothing by that.
    """
    others: dict[tuple, list[Mapping[str, Any]]] = {}
    for document in second:
        others.setdefault(_case_key(document), []).append(document)
    values: tuple[dict[str, list[float]], dict[str, list[float]]] = ({}, {})
    for document in first:
        for other in others.get(_case_key(document), ()):
            pair = _common_means(document, other, part, metric)
            if pair is not None:
                for side, value in zip(values, pair, strict=True):
                    side.setdefault(person_of(document), []).append(value)
    return _means(values[0]), _means(values[1])


def _means(values: Mapping[str, Sequence[float]]) -> dict[str, float]:
    return {person: sum(several) / len(several) for person, several in values.items()}


def _case_key(document: Mapping[str, Any]) -> tuple:
    return (document.get("dataset") or "", str(document["case"]))


def _common_means(one: Mapping, other: Mapping, part: str, metric: Metric) -> tuple[float, float] | None:
    first, second = one.get("labels") or {}, other.get("labels") or {}
    pairs = []
    for name, scores in first.items():
        if part in (FOREGROUND, scores.get("group"), name):
            ours, theirs = score(scores, metric), score(second.get(name), metric)
            if ours is not None and theirs is not None:
                pairs.append((ours, theirs))
    return vector2(np.mean(pairs, axis=0)) if pairs else None


def tally(documents: Iterable[Mapping[str, Any]], part: str) -> Tally:
    """Count the bones of a part."""
    cases = expected = missed = invented = 0
    for document in documents:
        found = [
            scores.get("status")
            for name, scores in (document.get("labels") or {}).items()
            if part in (FOREGROUND, scores.get("group"), name)
        ]
        cases += bool(found)
        missed += found.count("missed")
        invented += found.count("invented")
        expected += len(found) - found.count("invented")
    return Tally(cases, expected, missed, invented)
