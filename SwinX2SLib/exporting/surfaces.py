"""Surfaces of all that a label volume holds of each bone, smoothed as a viewer would show them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from skimage.measure import marching_cubes

from SwinX2SLib.anatomy import CLASS_COUNT, Label, labels
from SwinX2SLib.geometry.frames import transform_points
from SwinX2SLib.measurements.bones import smoothed


@dataclass(frozen=True, eq=False)
class BoneMesh:
    """A closed surface.

    Attributes:
        label: which bone.
        vertices_ras_mm: `(V, 3)`.
        faces: `(F, 3)` vertex indices, counter-clockwise from outside.
    """

    label: Label
    vertices_ras_mm: np.ndarray
    faces: np.ndarray


def bone_meshes(volume: np.ndarray, affine: np.ndarray) -> Iterator[BoneMesh]:
    """Yield the surface of every bone that has voxels, loose pieces and all, in the order of the label ids.

    Args:
        volume: uint8 `(I, J, K)`, ids of `anatomy`.
        affine: 4x4, index -> RAS mm.
    """
    for label, box in zip(labels(), ndimage.find_objects(volume, max_label=CLASS_COUNT - 1), strict=True):
        if box is None:
            continue
        mask = np.pad(volume[box] == label.id, 1).astype(np.float32)
        vertices, faces, _, _ = marching_cubes(mask, 0.5)
        faces = faces.astype(np.int64)
        index = smoothed(vertices.astype(np.float64), faces) - 1 + [part.start for part in box]
        vertices = transform_points(affine, index)
        yield BoneMesh(label, vertices, faces if _volume(vertices, faces) > 0 else faces[:, ::-1])


def _volume(vertices: np.ndarray, faces: np.ndarray) -> float:
    """Return the volume that a surface encloses, below zero where its faces look inwards."""
    first, second, third = np.moveaxis((vertices - vertices.mean(axis=0))[faces], 1, 0)
    return float(np.einsum("ij,ij->i", first, np.cross(second, third)).sum() / 6)
