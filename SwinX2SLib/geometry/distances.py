"""Distances between the surfaces of two masks, and of points from a surface.

Two descriptions of a mask's surface are in use, each where its source has it:

- *Border voxels*: the voxels with one of their six neighbours outside the mask, or at the end of the volume;
  distances are those of voxel centres. Hausdorff 95, Hausdorff and the average symmetric surface distance are of
  these: the published scores of Swin-X2S's predictions are reproduced by the 95th percentile of the distances of
  both surfaces together.
- *Surface elements*: where eight neighbouring voxels are neither all inside nor all outside, the piece of marching
  cubes' surface between their centres, with its area. The normalised surface Dice (Nikolov et al. 2018, the package
  `surface-distance`) is the part of both surfaces' area that lies within a tolerance of the other.

Distances between masks are exact, by k-d trees: time and memory follow the surfaces, not the volume that they lie in.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree
from vtkmodules.vtkFiltersGeneral import vtkDiscreteFlyingEdges3D

from SwinX2SLib.geometry.frames import transform_points
from SwinX2SLib.geometry.surfaces import Surface
from SwinX2SLib.geometry.vtk_arrays import image_of, surface_of

_PERCENTILE = 95
# Distances are of whole voxel steps; what rounding makes of them must not decide on a tolerance.
_ROUNDING_MM = 1e-6
# Triangles of one contour are nearly of one size: the closest one is among those whose middles are closest.
_CANDIDATES = 12
_BLOCK = 20_000
_CODES = 256
# Eight voxels as a number: the bit of each, as in `surface-distance`.
_BITS = (1 << np.arange(7, -1, -1)).reshape(2, 2, 2)


@dataclass(frozen=True, eq=False)
class SurfaceElements:
    """Pieces of a mask's surface.

    Attributes:
        places_mm: `(N, 3)`, the middle of the eight voxels that a piece lies between.
        areas_mm2: `(N,)`.
    """

    places_mm: np.ndarray
    areas_mm2: np.ndarray


@dataclass(frozen=True, eq=False)
class SurfaceDistances:
    """Distances of the surfaces of a prediction and a truth.

    Attributes:
        prediction_to_truth_mm: `(N,)`, from the prediction's border voxels to the truth's.
        truth_to_prediction_mm: `(M,)`, from the truth's border voxels to the prediction's.
        elements: of the prediction and of the truth.
    """

    prediction_to_truth_mm: np.ndarray
    truth_to_prediction_mm: np.ndarray
    elements: tuple[SurfaceElements, SurfaceElements]

    @property
    def hausdorff95_mm(self) -> float:
        """95th percentile of all distances."""
        return float(np.percentile(self._all, _PERCENTILE))

    @property
    def directed95_mm(self) -> float:
        """The larger of both directed 95th percentiles."""
        directed = (self.prediction_to_truth_mm, self.truth_to_prediction_mm)
        return float(max(np.percentile(distances, _PERCENTILE) for distances in directed))

    @property
    def hausdorff_mm(self) -> float:
        """Largest of all distances."""
        return float(self._all.max())

    @property
    def assd_mm(self) -> float:
        """Average symmetric surface distance: the mean of all distances."""
        return float(self._all.mean())

    def nsd(self, tolerance_mm: float) -> float:
        """Return the normalised surface Dice: the part of both areas within a tolerance of the other, 0 to 1."""
        areas = np.concatenate([one.areas_mm2 for one in self.elements])
        near = [self._near(one, other, tolerance_mm) for one, other in (self.elements, self.elements[::-1])]
        return float(areas[np.concatenate(near)].sum() / areas.sum())

    def border_voxel_dice(self, tolerance_mm: float) -> float:
        """Return the part of all border voxels within a tolerance of the other's, 0 to 1 (MONAI's surface Dice)."""
        return float(np.mean(self._all <= tolerance_mm + _ROUNDING_MM))

    @property
    def _all(self) -> np.ndarray:
        return np.concatenate([self.prediction_to_truth_mm, self.truth_to_prediction_mm])

    @staticmethod
    def _near(one: SurfaceElements, other: SurfaceElements, tolerance_mm: float) -> np.ndarray:
        """Return which elements of one surface have one of the other within a tolerance."""
        reach = tolerance_mm + _ROUNDING_MM
        return cKDTree(other.places_mm).query(one.places_mm, distance_upper_bound=reach)[0] <= reach


def surface_distances(
    prediction: np.ndarray, truth: np.ndarray, affine: np.ndarray
) -> SurfaceDistances | None:
    """Measure the distances between the surfaces of two masks.

    Args:
        prediction, truth: boolean `(I, J, K)` on the same grid; ends of the arrays count as outside.
        affine: 4x4, index -> mm.

    Returns:
        The distances, or None when one of the masks is empty.
    """
    if not prediction.any() or not truth.any():
        return None
    first, second = (border_points_mm(mask, affine) for mask in (prediction, truth))
    elements = (surface_elements(prediction, affine), surface_elements(truth, affine))
    return SurfaceDistances(cKDTree(second).query(first)[0], cKDTree(first).query(second)[0], elements)


def border_points_mm(mask: np.ndarray, affine: np.ndarray) -> np.ndarray:
    """Return the centres `(N, 3)` [mm] of a mask's border voxels."""
    border = mask & ~ndimage.binary_erosion(mask)
    return transform_points(affine, np.argwhere(border))


def surface_elements(mask: np.ndarray, affine: np.ndarray) -> SurfaceElements:
    """Return the surface elements of a mask.

    Args:
        mask: boolean `(I, J, K)`; the ends of the array count as outside.
        affine: 4x4, index -> mm; it may be oblique or shear.
    """
    padded = np.pad(mask, 1).astype(np.uint8)
    code = np.zeros(np.array(padded.shape) - 1, dtype=np.uint8)
    for place, bit in np.ndenumerate(_BITS):
        window = tuple(slice(start, start + count) for start, count in zip(place, code.shape, strict=True))
        code += padded[window] * np.uint8(bit)
    # Index (0, 0, 0) of the codes lies between voxels -1 and 0 of the mask.
    cells = np.argwhere((code > 0) & (code < _CODES - 1))
    areas = _areas_mm2(affine)[code[tuple(cells.T)]]
    return SurfaceElements(transform_points(affine, cells - 0.5), areas)


def signed_distances_mm(points: np.ndarray, surface: Surface) -> np.ndarray:
    """Measure the distance of points to a closed surface.

    `vtkImplicitPolyDataDistance` finds the same distances in the same time. On 22 of the 32,000 vertices of a
    published prediction both disagree about the side; the winding number sides with this one on 21 of them.

    Args:
        points: `(N, 3)` mm.
        surface: closed, its triangles of nearly one size, faces counter-clockwise from outside.

    Returns:
        `(N,)` mm, positive outside, negative inside.
    """
    points = np.asarray(points, dtype=np.float64).reshape(-1, 3)
    corners = surface.vertices[surface.faces]
    tree = cKDTree(corners.mean(axis=1))
    blocks = [
        _signed_block(points[start : start + _BLOCK], surface, corners, tree)
        for start in range(0, len(points), _BLOCK)
    ]
    return np.concatenate(blocks) if blocks else np.zeros(0)


def _signed_block(points: np.ndarray, surface: Surface, corners: np.ndarray, tree: cKDTree) -> np.ndarray:
    # Comparing masks does without: trimesh loads scipy.optimize and more.
    from trimesh.triangles import closest_point, points_to_barycentric

    count = min(_CANDIDATES, len(corners))
    near = tree.query(points, k=count)[1].reshape(len(points), count)
    repeated = np.repeat(points, count, axis=0)
    feet = closest_point(corners[near.ravel()], repeated).reshape(len(points), count, 3)
    distances = np.linalg.norm(feet - points[:, None], axis=2)
    best = distances.argmin(axis=1)
    rows = np.arange(len(points))
    foot, face, distance = feet[rows, best], near[rows, best], distances[rows, best]
    # The normal between those of the corners: at an edge, that of one triangle may point the wrong way.
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = points_to_barycentric(corners[face], foot)
    # A triangle without an area, as of a single voxel smoothed to a point, has no places between its corners.
    shares = np.where(np.isfinite(shares).all(axis=1, keepdims=True), shares, 1 / 3)
    normals = np.einsum("ij,ijk->ik", shares, surface.normals[surface.faces[face]])
    return np.where(np.einsum("ij,ij->i", points - foot, normals) < 0, -distance, distance)


def _areas_mm2(affine: np.ndarray) -> np.ndarray:
    """Return the area `(256,)` of the surface element of each number of eight voxels."""
    linear = np.asarray(affine, dtype=np.float64)[:3, :3]
    code, vectors = _unit_areas()
    # A linear map turns area vectors by its cofactors.
    mapped = vectors @ (np.linalg.det(linear) * np.linalg.inv(linear))
    return np.bincount(code, np.linalg.norm(mapped, axis=1), minlength=_CODES)


@cache
def _unit_areas() -> tuple[np.ndarray, np.ndarray]:
    """Return area vectors `(T, 3)` of the triangles between eight voxels of size one, and their numbers `(T,)`.

    A mask and its complement have the same surface: of the two, that with fewer voxels inside is taken.
    """
    # All numbers side by side along the first axis; what lies between two of them is left out.
    row = np.arange(_CODES)
    inside = np.unpackbits(row.astype(np.uint8)[:, None], axis=1).sum(axis=1)
    few = np.where(inside <= 4, row, _CODES - 1 - row)
    cubes = ((few[:, None, None, None] & _BITS) > 0).astype(np.uint8)
    contour = vtkDiscreteFlyingEdges3D()
    contour.SetInputData(image_of(cubes.reshape(2 * _CODES, 2, 2)))
    contour.SetValue(0, 1)
    contour.Update()
    found = surface_of(contour.GetOutput())
    corners = found.vertices[found.faces]
    column = np.floor(corners.mean(axis=1)[:, 0]).astype(int)
    within = column % 2 == 0
    vectors = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]) / 2
    return column[within] // 2, vectors[within]
