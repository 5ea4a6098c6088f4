"""Surfaces of the bones of a label volume, as they are: whatever lies loose is a part of them."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from scipy import ndimage
from skimage.measure import marching_cubes

from SwinX2SLib.anatomy import CLASS_COUNT
from SwinX2SLib.geometry.frames import transform_points, voxel_spacing_mm
from SwinX2SLib.measurements.bones import smoothed
from SwinX2SLib.measurements.reading.volume import LabelVolume
from SwinX2SLib.measurements.surfaces import Surface

VOXEL_MM = 2.0
"""Finer volumes are thinned to about this by default; neither pictures nor an alignment gain by more."""


def label_surfaces(
    volume: LabelVolume, wanted: Collection[int], voxel_mm: float = VOXEL_MM
) -> dict[int, Surface]:
    """Return the smoothed, closed surface (RAS mm) of each label that has a voxel, by id.

    Args:
        volume: labels.
        wanted: ids.
        voxel_mm: finer volumes are thinned to about this voxel size [mm].
    """
    step = np.maximum(np.floor(voxel_mm / voxel_spacing_mm(volume.affine) + 0.25), 1).astype(int)
    labels = volume.labels[tuple(slice(None, None, size) for size in step)]
    affine = np.array(volume.affine, dtype=np.float64)
    affine[:3, :3] *= step
    known = np.where(labels < CLASS_COUNT, labels, 0)
    surfaces = {}
    for label, box in enumerate(ndimage.find_objects(known), start=1):
        if box is None or label not in wanted:
            continue
        mask = np.pad(known[box] == label, 1).astype(np.float32)
        vertices, faces, _, _ = marching_cubes(mask, 0.5)
        vertices = smoothed(vertices.astype(np.float64), faces.astype(np.int64))
        start = np.array([part.start for part in box]) - 1
        surfaces[label] = _outwards(transform_points(affine, vertices + start), faces.astype(np.int64))
    return surfaces


def _outwards(vertices: np.ndarray, faces: np.ndarray) -> Surface:
    """Return a closed surface with its faces counter-clockwise from outside, whatever the hand of its axes was."""
    corners = vertices[faces] - vertices.mean(axis=0)
    volume = np.einsum("ij,ij->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2]))
    return Surface(vertices, faces if volume >= 0 else faces[:, ::-1].copy())
