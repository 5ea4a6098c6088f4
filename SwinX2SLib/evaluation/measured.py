"""Differences between the measurements of a prediction and of the truth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from SwinX2SLib.evaluation.case import MeasuredPair
from SwinX2SLib.measurements.bones import Bone
from SwinX2SLib.measurements.centrelines import line_segment_chamfer_mm, normalised_line_dice
from SwinX2SLib.measurements.person import measure_person
from SwinX2SLib.measurements.results import Measurement, NotFoundError
from SwinX2SLib.measurements.rib_centreline import find_centreline

_REGIONS = {"femur": ("femur",), "pelvis": ("pelvis",), "spine": ("spine", "vertebra"), "ribs": ("rib",)}
Measured = Mapping[str, Sequence[Measurement]]


def measured_pairs(
    prediction: Mapping[str, Bone], truth: Mapping[str, Bone], groups: Sequence[str]
) -> tuple[MeasuredPair, ...]:
    """Measure both and pair the results; what neither shows is left out.

    Args:
        prediction, truth: bones by label name, in one frame.
        groups: groups of bones that are compared.
    """
    only = [region for group in groups for region in _REGIONS[group]]
    found, true = (_by_key(measure_person(dict(bones), only)) for bones in (prediction, truth))
    keys = list(dict.fromkeys([*true, *found]))
    pairs = [pair for key in keys for pair in _pairs(found.get(key), true.get(key))]
    # Several measurements rest on the same places.
    return tuple({(pair.structure, pair.name, pair.side): pair for pair in pairs}.values())


def line_scores(
    prediction: Mapping[str, Bone], truth: Mapping[str, Bone]
) -> dict[int, tuple[float | None, float | None]]:
    """Compare the centrelines of ribs in the manner of RibSeg v2 (see `measurements.centrelines`).

    Returns:
        Dice (0 to 1) and mean distance [mm] of both lines, by label id, for true ribs that have a line; a rib that
        the prediction lacks, or shows too little of, has the Dice 0 and no distance.
    """
    scores: dict[int, tuple[float | None, float | None]] = {}
    for name, bone in truth.items():
        true = _line(bone) if name.startswith("rib_") else None
        if true is None:
            continue
        found = _line(prediction[name]) if name in prediction else None
        scores[bone.label] = (
            (0.0, None)
            if found is None
            else (float(normalised_line_dice(found, true)), line_segment_chamfer_mm(found, true))
        )
    return scores


def _line(bone: Bone) -> np.ndarray | None:
    try:
        return find_centreline(bone).points_ras_mm
    except NotFoundError:
        return None


def _by_key(measured: Measured) -> dict[tuple[str, str, str | None], Measurement]:
    return {(m.structure, m.name, m.side): m for found in measured.values() for m in found}


def _pairs(found: Measurement | None, true: Measurement | None) -> Iterator[MeasuredPair]:
    known = true or found
    quality = _quality(found, true)
    if known.unit == "point":
        yield from _place_pairs(found, true, quality)
        return
    values = [None if m is None else m.value for m in (found, true)]
    if values != [None, None]:
        difference = None if None in values else _difference(*values, known.unit)
        yield MeasuredPair(known.name, known.structure, known.side, known.unit, *values, difference, quality)


def _place_pairs(found: Measurement | None, true: Measurement | None, quality: str) -> Iterator[MeasuredPair]:
    """Yield one pair for each named place: no values, the distance as difference."""
    known = true or found
    places = [
        {} if m is None else {mark.name: mark.position_ras_mm for mark in m.landmarks} for m in (found, true)
    ]
    for name in dict.fromkeys([*places[1], *places[0]]):
        both = [place[name] for place in places if name in place]
        away = float(np.linalg.norm(both[0] - both[1])) if len(both) == 2 else None
        yield MeasuredPair(
            name,
            known.structure,
            known.side,
            "point",
            None,
            None,
            away,
            quality if len(both) == 2 else "absent",
        )


def _difference(found: float, true: float, unit: str) -> float:
    return (found - true + 180) % 360 - 180 if unit == "deg" else found - true


def _quality(found: Measurement | None, true: Measurement | None) -> str:
    qualities = {"absent" if m is None else m.quality for m in (found, true)}
    return next(quality for quality in ("absent", "check", "good") if quality in qualities)
