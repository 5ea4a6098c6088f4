"""The upper endplate of S1, found under the lowest lumbar vertebra."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from SwinX2SLib.measurements.bones import Bone
from SwinX2SLib.measurements.solid import LocalFrame, fill
from SwinX2SLib.measurements.vertebra_body import Box, NotFoundError, fit_endplate
from SwinX2SLib.measurements.vertebra_shape import VertebraShape

# The disc under the lowest lumbar vertebra is no higher than this.
MOST_DISC_MM = 22.0
# Bone behind the endplate lies lower than it by more than this: the sacral canal opens there.
EDGE_DROP_MM = 4.0


@dataclass(frozen=True, eq=False)
class SacralEndplate:
    """Upper endplate of S1, RAS mm: middle, upward normal, and its rims in the median plane."""

    centre: np.ndarray
    normal: np.ndarray
    anterior: np.ndarray
    posterior: np.ndarray


def find_sacral_endplate(sacrum: Bone, lowest: VertebraShape) -> SacralEndplate:
    """Find the endplate of S1 as the surface that the lowest lumbar vertebra faces.

    Args:
        sacrum: the bone.
        lowest: the vertebra above it; its lower endplate gives place, size and direction.

    Raises:
        NotFoundError: the vertebra has no lower endplate, or no flat end of the sacrum lies under it.
    """
    ends = [lowest.corners.get(f"inferior_{end}") for end in ("anterior", "posterior")]
    if lowest.inferior is None or any(end is None for end in ends):
        raise NotFoundError("The lowest lumbar vertebra has no lower endplate to look from.")
    depth = float(np.linalg.norm(ends[0] - ends[1]))
    centre, normal = lowest.endplate_ras("inferior")
    frame = LocalFrame.from_directions(centre, lowest.frame.axes[:, 0], normal)
    for _ in range(2):
        solid = fill(sacrum, frame)
        box = Box(-0.45 * depth, 0.45 * depth, -MOST_DISC_MM - 15.0, 0.0, depth)
        plate = fit_endplate(solid, box, True)
        middle = np.array([0.0, 0.0, plate.at(0.0, 0.0)])
        frame = LocalFrame.from_directions(frame.to_ras(middle), frame.axes[:, 0], frame.axes @ plate.normal)
    if np.linalg.norm(frame.origin - centre) > MOST_DISC_MM + 10.0:
        raise NotFoundError("The sacrum lies too far under the lowest lumbar vertebra.")
    solid = fill(sacrum, frame)
    profile = solid.filled[solid.between(0, -3.0, 3.0)]
    flat = profile[:, :, solid.between(2, -EDGE_DROP_MM, 6.0)].any(axis=2).mean(axis=0) >= 0.5
    front = solid.coordinates(1)
    rims = [_edge(flat, front, sign, depth) for sign in (1, -1)]
    centre = frame.to_ras(np.array([0.0, sum(rims) / 2, 0.0]))
    return SacralEndplate(
        centre, frame.axes[:, 2], *(frame.to_ras(np.array([0.0, rim, 0.0])) for rim in rims)
    )


def _edge(flat: np.ndarray, front: np.ndarray, sign: int, depth: float) -> float:
    """Return where the flat end stops, walking from the middle forwards (1) or backwards (-1)."""
    order = np.argsort(front * sign)
    order = order[front[order] * sign >= 0]
    gone = np.flatnonzero(~flat[order])
    if not len(gone) or gone[0] == 0:
        raise NotFoundError("The upper end of the sacrum has no rim in the median plane.")
    edge = front[order[gone[0] - 1]] + 0.5 * sign * (front[1] - front[0])
    return float(np.clip(edge, -0.8 * depth, 0.8 * depth))
