"""The rib cage's own shape: width, depth and slope of the ribs, while the spine stays as it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SPINE_RADIUS_MM = 28.0  # what is nearer to the spine's axis is not moved
SOFTNESS_MM = 20.0


@dataclass(frozen=True)
class Chest:
    """A change of the rib cage.

    Attributes:
        spine_mm: `(M, 3)` the thoracic spine, downwards.
        width, depth: relative growth to the sides and to the front; 0 for none.
        slope: how far the front of the ribs goes down per distance from the spine.
    """

    spine_mm: np.ndarray
    width: float
    depth: float
    slope: float

    def source(self, points: np.ndarray) -> np.ndarray:
        """Return where points `(N, 3)` [mm] of the changed person lie in the person as it was."""
        top, bottom = self.spine_mm[0, 2], self.spine_mm[-1, 2]
        # From nothing at the neck to all at the chest, and back to nothing below the lowest ribs.
        height = (points[:, 2] - top) / max(bottom - top, 1.0)
        share = np.clip(np.minimum(height + 0.5, (1.7 - height) / 0.6), 0, 1)
        share = share**2 * (3 - 2 * share)
        course = [np.interp(points[:, 2], self.spine_mm[:, 2], self.spine_mm[:, axis]) for axis in (0, 1)]
        aside, front = points[:, 0] - course[0], course[1] - points[:, 1]
        x = points[:, 0] - share * self.width * np.sign(aside) * _beyond(np.abs(aside))
        y = points[:, 1] + share * self.depth * _beyond(front)
        z = points[:, 2] - share * self.slope * _beyond(front)
        return np.stack([x, y, z], axis=-1)


def random_chest(spine_mm: np.ndarray, rng: np.random.Generator) -> Chest | None:
    """Return a random change of the chest, or None where T1 to T12 are not mostly there.

    Args:
        spine_mm: `(24, 3)` body centres C1..L5; NaN where unknown.
    """
    width, depth, slope = rng.normal(0, (0.07, 0.1, 0.1)).clip(-0.18, 0.18)
    thoracic = spine_mm[7:19]
    thoracic = thoracic[np.isfinite(thoracic).all(1)]
    if len(thoracic) < 8:
        return None
    return Chest(thoracic, float(width), float(depth), float(slope))


def _beyond(distance: np.ndarray) -> np.ndarray:
    """Return the distance beyond the spine's radius, softened; 0 on the other side of it."""
    over = np.clip(distance - SPINE_RADIUS_MM, 0, None)
    return over**2 / (over + SOFTNESS_MM)
