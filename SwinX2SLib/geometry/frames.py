"""Frames and array orders.

Three frames occur in the project:

- RAS: patient millimetres, axes towards right, anterior, superior (Slicer, NIfTI).
- LPS: patient millimetres, axes towards left, posterior, superior (DICOM, ITK).
- network order ("LPI"): arrays `(X, Y, Z)` whose indices run patient right -> left, anterior -> posterior,
  superior -> inferior. A radiograph in standard display orientation, transposed, is a projection of such an array.

An affine is a 4x4 float64 matrix from array index (voxel centres) to millimetres.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

NETWORK_ORIENTATION = "LPI"
_AXIS_OF_CODE = {"R": (0, 1), "L": (0, -1), "A": (1, 1), "P": (1, -1), "S": (2, 1), "I": (2, -1)}
_CODES = ("RL", "AP", "SI")
# Headers are written in single precision, and rounded by some programs.
SAME_PLACE_MM = 0.5
_FLIP_XY = np.diag([-1.0, -1.0, 1.0, 1.0])


def ras_to_lps(affine_or_points: np.ndarray) -> np.ndarray:
    """Convert a 4x4 affine or points `(..., 3)` in mm between RAS and LPS; the conversion is its own inverse."""
    array = np.asarray(affine_or_points, dtype=np.float64)
    if array.shape == (4, 4):
        return _FLIP_XY @ array
    return array * np.array([-1.0, -1.0, 1.0])


def voxel_spacing_mm(affine: np.ndarray) -> np.ndarray:
    """Return the voxel size along each array axis, shape `(3,)` [mm], of a 4x4 affine."""
    return np.linalg.norm(np.asarray(affine, dtype=np.float64)[:3, :3], axis=0)


def orientation_of(affine: np.ndarray) -> str:
    """Return the three-letter orientation ("RAS", "LPI", ...) to which the array axes of a RAS affine run closest.

    Raises:
        ValueError: the affine is singular.
    """
    spacing = voxel_spacing_mm(affine)
    directions = np.asarray(affine, dtype=np.float64)[:3, :3] / np.where(spacing > 0, spacing, 1.0)
    if not np.isfinite(directions).all() or abs(np.linalg.det(directions)) < 1e-6:
        raise ValueError(
            "The affine is singular: two array axes run in the same direction, or one has no length."
        )
    codes = [""] * 3
    remaining_ras, remaining_array = {0, 1, 2}, {0, 1, 2}
    for _ in range(3):
        ras, axis = max(
            ((r, a) for r in remaining_ras for a in remaining_array), key=lambda pair: abs(directions[pair])
        )
        codes[axis] = _CODES[ras][0 if directions[ras, axis] > 0 else 1]
        remaining_ras.discard(ras)
        remaining_array.discard(axis)
    return "".join(codes)


def reorient(
    volume: np.ndarray, affine: np.ndarray, target: str = NETWORK_ORIENTATION
) -> tuple[np.ndarray, np.ndarray]:
    """Permute and flip the axes of a volume so that they run as `target` says; no voxel is resampled.

    Args:
        volume: array with three spatial axes.
        affine: 4x4, array index -> RAS mm.
        target: orientation code of the result.

    Returns:
        The volume (a view) and its affine (array index -> RAS mm), with every voxel at the place it had.
    """
    source = orientation_of(affine)
    permutation = [_source_axis(source, code) for code in target]
    to_source = np.zeros((4, 4))
    to_source[3, 3] = 1.0
    result = np.transpose(volume, permutation)
    for axis, (code, source_axis) in enumerate(zip(target, permutation, strict=True)):
        if source[source_axis] == code:
            to_source[source_axis, axis] = 1.0
        else:
            to_source[source_axis, axis] = -1.0
            to_source[source_axis, 3] = volume.shape[source_axis] - 1
            result = np.flip(result, axis)
    return result, np.asarray(affine, dtype=np.float64) @ to_source


def network_affine(
    spacing_mm: float | Sequence[float], shape: Sequence[int], centre_ras_mm: Sequence[float] = (0, 0, 0)
) -> np.ndarray:
    """Return the affine (index -> RAS mm) of an array in network order whose centre lies at `centre_ras_mm`.

    Args:
        spacing_mm: voxel size, one number or one for each axis.
        shape: `(X, Y, Z)`.
        centre_ras_mm: where the middle of the array lies.
    """
    affine = np.eye(4)
    affine[:3, :3] = -np.diag(np.broadcast_to(np.asarray(spacing_mm, dtype=np.float64), 3))
    middle = (np.asarray(shape, dtype=np.float64) - 1) / 2
    affine[:3, 3] = np.asarray(centre_ras_mm, dtype=np.float64) - affine[:3, :3] @ middle
    return affine


def transform_points(affine: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Apply a 4x4 affine to points `(..., 3)`."""
    affine = np.asarray(affine, dtype=np.float64)
    return np.asarray(points, dtype=np.float64) @ affine[:3, :3].T + affine[:3, 3]


def same_grid(
    first: np.ndarray, second: np.ndarray, shape: Sequence[int], within_mm: float = SAME_PLACE_MM
) -> bool:
    """Return whether two affines put every corner of an array to the same place."""
    corners = corners_of(shape)
    apart = transform_points(first, corners) - transform_points(second, corners)
    return bool(np.linalg.norm(apart, axis=1).max() <= within_mm)


def corners_of(shape: Sequence[int]) -> np.ndarray:
    """Return the indices of the eight corner voxels, `(8, 3)`."""
    last = np.asarray(shape) - 1
    return np.array(np.meshgrid(*([0, n] for n in last), indexing="ij")).reshape(3, -1).T


def _source_axis(source: str, code: str) -> int:
    ras_axis = _AXIS_OF_CODE[code][0]
    return next(axis for axis, letter in enumerate(source) if _AXIS_OF_CODE[letter][0] == ras_axis)
