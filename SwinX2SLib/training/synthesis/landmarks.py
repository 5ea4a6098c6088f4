"""Where the bones of a label volume are, roughly: what soft tissue, implants and leads are placed by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from SwinX2SLib.anatomy import CLASS_COUNT

# Every second voxel on each axis will do.
STRIDE = 2
LEAST_POINTS = 3


@dataclass(frozen=True)
class Landmarks:
    """Bones as sparse points, in mm (x, y, z) from the volume's centre, network directions.

    Attributes:
        points_mm: `(N, 3)`, voxels of bone.
        label: `(N,)`, whose.
        centres_mm: `(55, 3)`, centre of every bone; NaN where it is not seen.
        half_mm: `(3,)`, from the volume's centre to its borders.
    """

    points_mm: np.ndarray
    label: np.ndarray
    centres_mm: np.ndarray
    half_mm: np.ndarray

    @classmethod
    def of(cls, labels: Tensor, spacing_mm: float) -> Landmarks:
        """Find the bones of a label volume, uint8 `(X, Y, Z)`."""
        sparse = labels[::STRIDE, ::STRIDE, ::STRIDE].contiguous()
        index = sparse.nonzero()
        label = sparse[index[:, 0], index[:, 1], index[:, 2]].cpu().numpy().astype(np.int64)
        middle = (np.array(labels.shape) - 1) / 2
        points = (index.cpu().numpy() * STRIDE - middle) * spacing_mm
        count = np.bincount(label, minlength=CLASS_COUNT).astype(np.float64)
        count[count < LEAST_POINTS] = np.nan
        centres = np.stack([np.bincount(label, points[:, a], CLASS_COUNT) / count for a in range(3)], axis=1)
        return cls(points, label, centres, np.array(labels.shape) / 2 * spacing_mm)

    def sees(self, label: int) -> bool:
        """Whether the bone is in view."""
        return bool(np.isfinite(self.centres_mm[label, 0]))

    def of_bone(self, label: int) -> np.ndarray:
        """Return the points of one bone, `(M, 3)`."""
        return self.points_mm[self.label == label]

    def of_bones(self, labels: tuple[int, ...]) -> np.ndarray:
        """Return the points of several bones, `(M, 3)`."""
        return self.points_mm[np.isin(self.label, labels)]

    def seen(self, labels: tuple[int, ...]) -> list[int]:
        """Return which of these bones are in view."""
        return [label for label in labels if self.sees(label)]

    def spine_at(self, heights_mm: np.ndarray | float, vertebrae: tuple[int, ...]) -> np.ndarray | None:
        """Return x and y of the spine's line at given z, `(..., 2)`; None if fewer than two vertebrae are seen."""
        seen = self.seen(vertebrae)
        if len(seen) < 2:
            return None
        line = self.centres_mm[seen]
        line = line[np.argsort(line[:, 2])]
        return np.stack([np.interp(heights_mm, line[:, 2], line[:, axis]) for axis in (0, 1)], axis=-1)
