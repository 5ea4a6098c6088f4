"""Angles of the column seen from the front and from the side, from the endplates of its vertebrae.

The patient's directions are those of the RAS frame unless told otherwise: the standing vertical is the superior axis
of the volume. A person lying in a scanner is not standing, and no result here pretends so.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

# A scoliosis is a Cobb angle of 10 degrees or more (Scoliosis Research Society).
SCOLIOSIS_DEG = 10.0
# A curve has at least this many vertebrae from end to end.
LEAST_CURVE_LEVELS = 3


@dataclass(frozen=True, eq=False)
class PatientAxes:
    """Directions of the patient, `(3,)` unit RAS: anterior and superior; right follows."""

    anterior: np.ndarray
    superior: np.ndarray

    @property
    def right(self) -> np.ndarray:
        """Towards the patient's right."""
        return np.cross(self.anterior, self.superior)

    def frontal_tilt_deg(self, normal: np.ndarray) -> float:
        """Return how far an endplate's upward normal leans to the right, seen from the front."""
        return float(np.degrees(np.arctan2(normal @ self.right, normal @ self.superior)))

    def sagittal_tilt_deg(self, normal: np.ndarray) -> float:
        """Return how far an endplate's upward normal leans forwards, seen from the side."""
        return float(np.degrees(np.arctan2(normal @ self.anterior, normal @ self.superior)))


RAS_AXES = PatientAxes(np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0]))


@dataclass(frozen=True, eq=False)
class TiltedVertebra:
    """How a vertebra's endplates lean, seen from the front.

    Attributes:
        name: label name.
        level: place in the column, C1 is 0.
        upper_deg, lower_deg: lean of the endplates to the right; of one that is missing, that of the other.
    """

    name: str
    level: int
    upper_deg: float
    lower_deg: float

    @property
    def middle_deg(self) -> float:
        """Lean of the vertebra."""
        return (self.upper_deg + self.lower_deg) / 2


@dataclass(frozen=True, eq=False)
class CobbCurve:
    """A curve of the column in the frontal plane.

    Attributes:
        upper, lower: label names of the end vertebrae.
        angle_deg: between the upper endplate of the one and the lower endplate of the other; positive bows to the
            patient's right.
        apex: label name of the vertebra between them that lies farthest out.
    """

    upper: str
    lower: str
    angle_deg: float
    apex: str


def cobb_curves(vertebrae: list[TiltedVertebra]) -> list[CobbCurve]:
    """Find the curves: the largest first, then those above and below it that turn the other way.

    The end vertebrae are those that lean most, found on leans averaged over neighbours so that the roughness of one
    endplate does not choose them; the angle itself is that of their endplates.

    Args:
        vertebrae: from the head down, three or more.
    """
    if len(vertebrae) < LEAST_CURVE_LEVELS:
        return []
    leans = _averaged([vertebra.middle_deg for vertebra in vertebrae])
    last = len(vertebrae) - 1
    pairs = [pair for pair in itertools.combinations(range(last + 1), 2) if _spans(*pair)]
    if not pairs:
        return []
    upper, lower = max(pairs, key=lambda pair: abs(leans[pair[0]] - leans[pair[1]]))
    found = [(upper, lower)]
    sign = np.sign(leans[upper] - leans[lower])
    above = [pair for pair in pairs if pair[1] == upper]
    below = [pair for pair in pairs if pair[0] == lower]
    for choices in (above, below):
        against = [pair for pair in choices if (leans[pair[0]] - leans[pair[1]]) * sign < 0]
        if against:
            found.append(max(against, key=lambda pair: abs(leans[pair[0]] - leans[pair[1]])))
    return [_curve(vertebrae, leans, *pair) for pair in found]


def _spans(upper: int, lower: int) -> bool:
    # Counted in view: between ends whose neighbours are missing there is no apex.
    return lower - upper + 1 >= LEAST_CURVE_LEVELS


def _averaged(values: list[float]) -> np.ndarray:
    padded = np.pad(np.array(values), 1, mode="edge")
    return 0.25 * padded[:-2] + 0.5 * padded[1:-1] + 0.25 * padded[2:]


def _curve(vertebrae: list[TiltedVertebra], leans: np.ndarray, upper: int, lower: int) -> CobbCurve:
    # Going down through a curve that bows to the right, the lean turns from left to right.
    angle = vertebrae[lower].lower_deg - vertebrae[upper].upper_deg
    middle = (leans[upper] + leans[lower]) / 2
    apex = min(range(upper + 1, lower), key=lambda place: abs(leans[place] - middle))
    return CobbCurve(vertebrae[upper].name, vertebrae[lower].name, float(angle), vertebrae[apex].name)
