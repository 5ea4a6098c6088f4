"""Shadows of labelled bones on a detector, for parallel and diverging rays."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from SwinX2SLib.anatomy import CLASS_COUNT
from SwinX2SLib.geometry.cameras import Camera, ConeCamera, view_axes
from SwinX2SLib.geometry.frames import reorient, transform_points, voxel_spacing_mm

# Of a voxel: a volume that is turned by less lies straight for the eye.
_STRAIGHT = 0.01


@dataclass(frozen=True, eq=False)
class Silhouettes:
    """Which bone throws its shadow where.

    Attributes:
        masks: boolean `(55, rows, columns)`, by label id; a film's layout.
        camera: whose detector's pixels these are; the geometry that was asked for, with pixels as fine as the voxels.
    """

    masks: np.ndarray
    camera: Camera


def silhouettes(labels: np.ndarray, affine: np.ndarray, camera: Camera) -> Silhouettes:
    """Project every bone of a label volume along the rays of a camera.

    A plane of voxels square to the central ray lands on the detector as the same plane, only larger; the shadow of
    a bone is the union of its planes.

    Args:
        labels: uint8 `(I, J, K)`, ids of `anatomy`, any order of axes.
        affine: 4x4, index -> RAS mm; its axes run along the patient's.
        camera: the film's; its pixels and size do not matter.

    Raises:
        ValueError: the volume is turned against the patient's axes, or the source lies inside it.
    """
    labels, affine = reorient(labels, affine)
    _require_straight(affine)
    spacing = voxel_spacing_mm(affine)
    along, across = (0, 1) if camera.view == "lateral" else (1, 0)
    depths = _along(2, camera, affine, along, labels.shape[along])
    scales = _magnifications(camera, depths)
    raster = _raster(camera, affine, labels.shape, float(min(spacing[across], spacing[2])))
    columns_mm, rows_mm = _raster_mm(raster)
    first_column, first_row = (
        _along(part, camera, affine, axis, 1)[0] for part, axis in ((0, across), (1, 2))
    )
    # A border of background stands for all that lies outside.
    planes = np.pad(np.moveaxis(labels, (2, across), (1, 2)), ((0, 0), (1, 1), (1, 1)))
    masks = np.zeros((CLASS_COUNT, *raster.shape), dtype=bool)
    for plane, scale in zip(planes, scales, strict=True):
        if not plane.any():
            continue
        row = _index(rows_mm / scale, first_row, spacing[2], labels.shape[2])
        column = _index(columns_mm / scale, first_column, spacing[across], labels.shape[across])
        seen = plane[np.ix_(row, column)]
        at_row, at_column = np.nonzero(seen)
        masks[seen[at_row, at_column], at_row, at_column] = True
    return Silhouettes(masks, raster)


def _require_straight(affine: np.ndarray) -> None:
    turned = affine[:3, :3] / voxel_spacing_mm(affine) - np.diag(np.sign(np.diag(affine[:3, :3])))
    if np.abs(turned).max() > _STRAIGHT:
        raise ValueError("The volume is turned against the patient's axes; resample it along them first.")


def _along(part: int, camera: Camera, affine: np.ndarray, axis: int, count: int) -> np.ndarray:
    """Return where an axis' voxels lie along a camera axis (0 columns, 1 rows, 2 rays), from the isocentre [mm]."""
    index = np.zeros((count, 3))
    index[:, axis] = np.arange(count)
    return (transform_points(affine, index) - camera.isocentre_ras_mm) @ view_axes(camera.view)[part]


def _magnifications(camera: Camera, depths_mm: np.ndarray) -> np.ndarray:
    if not isinstance(camera, ConeCamera):
        return np.ones(len(depths_mm))
    distance = camera.source_to_isocentre_mm + depths_mm
    if distance.min() <= 0:
        raise ValueError("The X-ray source lies inside the volume.")
    return camera.source_to_detector_mm / distance


def _raster(camera: Camera, affine: np.ndarray, shape: tuple[int, ...], pixel_mm: float) -> Camera:
    """Return a camera whose detector holds the whole volume, its pixels those of the voxels' columns.

    Where rays are parallel its pixel centres lie on the lines of voxels.
    """
    ends = np.array([[-0.5] * 3, np.array(shape) - 0.5])
    corners = transform_points(affine, np.stack(np.meshgrid(*ends.T, indexing="ij"), axis=-1).reshape(-1, 3))
    # Its middle is where the central ray goes, wherever that is on the film.
    centred = {"central_ray_px": None} if isinstance(camera, ConeCamera) else {}
    probe = dataclasses.replace(camera, pixel_mm=(pixel_mm, pixel_mm), shape=(1, 1), **centred)
    reach = np.abs(probe.project(corners)).max(axis=0)
    # An even count of pixels where the voxels are even, so that both lie centre on centre.
    across = 1 if camera.view == "lateral" else 0
    counts = [
        2 * int(np.ceil(extent - count / 2 - 1e-6)) + count
        for extent, count in zip(reach, (shape[2], shape[across]), strict=True)
    ]
    return dataclasses.replace(probe, shape=tuple(counts))


def _raster_mm(raster: Camera) -> tuple[np.ndarray, np.ndarray]:
    """Return where the columns and rows of a detector lie from its middle [mm]."""
    rows, columns = (
        (np.arange(count) - (count - 1) / 2) * size
        for count, size in zip(raster.shape, raster.pixel_mm, strict=True)
    )
    return columns, rows


def _index(places_mm: np.ndarray, first_mm: float, spacing_mm: float, count: int) -> np.ndarray:
    """Return the voxel of each place in an axis with a border: 0 and count + 1 are outside."""
    return np.clip(np.rint((places_mm - first_mm) / spacing_mm).astype(int) + 1, 0, count + 1)
