"""Distances between the surfaces of two masks.

The surface of a mask is made of its border voxels: those with one of the six neighbours outside it, or at the end of
the volume. For each border voxel of either mask, the distance to the nearest one of the other is found between voxel
centres in mm, exactly, by a k-d tree; time and memory follow the surfaces, not the volume that they lie in.

- Hausdorff 95: the 95th percentile of the distances of both surfaces together. It is what reproduces the published
  scores of Swin-X2S's predictions; the larger of both directed percentiles is `directed95_mm`.
- Hausdorff: the largest of all distances.
- Average symmetric surface distance: the mean of the distances of both surfaces together.
- Normalised surface Dice (Nikolov et al. 2018): the part of both surfaces that lies within a tolerance of the other,
  every border voxel counted as one element.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from SwinX2SLib.geometry.frames import transform_points

_PERCENTILE = 95
# Distances are of whole voxel steps; what rounding makes of them must not decide on a tolerance.
_ROUNDING_MM = 1e-6


@dataclass(frozen=True, eq=False)
class SurfaceDistances:
    """Distances of each border voxel of a mask to the other mask's border.

    Attributes:
        there_mm: `(N,)`, from the prediction to the truth.
        back_mm: `(M,)`, from the truth to the prediction.
    """

    there_mm: np.ndarray
    back_mm: np.ndarray

    @property
    def hausdorff95_mm(self) -> float:
        """95th percentile of all distances."""
        return float(np.percentile(self._all, _PERCENTILE))

    @property
    def directed95_mm(self) -> float:
        """The larger of both directed 95th percentiles."""
        return float(max(np.percentile(self.there_mm, _PERCENTILE), np.percentile(self.back_mm, _PERCENTILE)))

    @property
    def hausdorff_mm(self) -> float:
        """Largest of all distances."""
        return float(self._all.max())

    @property
    def assd_mm(self) -> float:
        """Mean of all distances."""
        return float(self._all.mean())

    def nsd(self, tolerance_mm: float) -> float:
        """Part of both surfaces within a tolerance of the other, 0 to 1."""
        return float(np.mean(self._all <= tolerance_mm + _ROUNDING_MM))

    @property
    def _all(self) -> np.ndarray:
        return np.concatenate([self.there_mm, self.back_mm])


def surface_distances(
    prediction: np.ndarray, truth: np.ndarray, affine: np.ndarray
) -> SurfaceDistances | None:
    """Measure the distances between the surfaces of two masks.

    Args:
        prediction, truth: boolean `(I, J, K)` on the same grid; ends of the arrays count as outside.
        affine: index -> mm.

    Returns:
        The distances, or None when one of the masks is empty.
    """
    surfaces = [border_points_mm(mask, affine) for mask in (prediction, truth)]
    if not all(len(points) for points in surfaces):
        return None
    first, second = surfaces
    return SurfaceDistances(cKDTree(second).query(first)[0], cKDTree(first).query(second)[0])


def border_points_mm(mask: np.ndarray, affine: np.ndarray) -> np.ndarray:
    """Return the centres `(N, 3)` of a mask's border voxels in mm."""
    border = mask & ~ndimage.binary_erosion(mask)
    return transform_points(affine, np.argwhere(border))
