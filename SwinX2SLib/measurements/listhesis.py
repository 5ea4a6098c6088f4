"""Slips of vertebrae on each other.

Listhesis is how far the lower back corner of a vertebra lies in front of the upper back corner of the one below,
along that one's upper endplate.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np

from SwinX2SLib.measurements.results import Landmark, Measurement, absent
from SwinX2SLib.measurements.sacral_endplate import SacralEndplate
from SwinX2SLib.measurements.vertebra_frame import vertebra_levels
from SwinX2SLib.measurements.vertebra_shape import VertebraShape

# Of the endplate's length; more is a slip of grade II (Meyerding 1932), or a damaged or wrong label.
MOST_LISTHESIS_PART = 0.25


def slips(shapes: Mapping[str, VertebraShape], sacrum: SacralEndplate | None) -> list[Measurement]:
    """Return the slip of each neighbouring pair from C2 down, and of the lowest lumbar vertebra on S1.

    Args:
        shapes: of the whole vertebrae by label name, from the head down.
        sacrum: endplate of S1, or None.
    """
    levels, results = vertebra_levels(), []
    for upper, lower in itertools.pairwise(shapes):
        if levels[lower] - levels[upper] != 1:
            continue
        corners = shapes[lower].corners
        names = ("superior_posterior", "superior_anterior")
        ends = [shapes[lower].frame.to_ras(corners[end]) for end in names if end in corners]
        results.append(_slip(shapes[upper], short_name(lower), ends, lower))
    if sacrum is not None and shapes:
        ends = [sacrum.posterior_ras_mm, sacrum.promontory_ras_mm]
        results.append(_slip(shapes[list(shapes)[-1]], "S1", ends, "sacrum"))
    return results


def short_name(name: str) -> str:
    """Return the level that a label names: T12, S1."""
    return "S1" if name == "sacrum" else name.removeprefix("vertebrae_")


def _slip(upper: VertebraShape, lower: str, ends: list[np.ndarray], structure: str) -> Measurement:
    name = f"listhesis_{short_name(upper.name)}_{lower}"
    back = upper.corners.get("inferior_posterior")
    if back is None or len(ends) < 2:
        return absent(name, "spine", None, "mm", "A corner next to the disc was not found.")
    length = float(np.linalg.norm(ends[1] - ends[0]))
    along = (ends[1] - ends[0]) / max(length, 1e-9)
    place = upper.frame.to_ras(back)
    value = float((place - ends[0]) @ along)
    marks = (
        Landmark(f"{upper.name}_inferior_posterior", place),
        Landmark(f"{structure}_superior_posterior", ends[0]),
        Landmark(f"{structure}_superior_anterior", ends[1]),
    )
    doubts = [
        f"A slip of {abs(value) / max(length, 1e-9):.0%} of the endplate: check the labels and the film."
    ]
    result = Measurement(name, "spine", None, value, "mm", landmarks=marks)
    return result.doubted(doubts * (abs(value) > MOST_LISTHESIS_PART * length))
