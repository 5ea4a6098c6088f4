"""Meshes put on a grid of voxels, for tests."""

import numpy as np

from SwinX2SLib.geometry.frames import network_affine


def voxelise(vertices, faces, spacing_mm, offset_mm=(0.0, 0.0, 0.0), margin=3):
    """Return boolean voxels whose centres lie in a closed mesh, and their affine (network order).

    Each column of voxels is entered and left where its line meets a face.
    """
    lower, upper = vertices.min(axis=0), vertices.max(axis=0)
    shape = np.ceil((upper - lower) / spacing_mm).astype(int) + 2 * margin
    affine = network_affine(spacing_mm, shape, (lower + upper) / 2 + np.asarray(offset_mm))
    corners = ((vertices - affine[:3, 3]) / -spacing_mm + 1e-6 * np.array([1.0, np.pi, 0.0]))[faces]
    crossings = np.zeros((*shape[:2], shape[2] + 1), dtype=np.int32)
    first = np.ceil(corners[..., :2].min(axis=1)).astype(int)
    reach = np.floor(corners[..., :2].max(axis=1)).astype(int) - first
    one, two = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    double = one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]
    for i in range(reach[:, 0].max() + 1):
        for j in range(reach[:, 1].max() + 1):
            chosen = np.flatnonzero((reach[:, 0] >= i) & (reach[:, 1] >= j) & (np.abs(double) > 1e-12))
            column = first[chosen] + (i, j)
            away = column - corners[chosen, 0, :2]
            u = (away[:, 0] * two[chosen, 1] - away[:, 1] * two[chosen, 0]) / double[chosen]
            v = (one[chosen, 0] * away[:, 1] - one[chosen, 1] * away[:, 0]) / double[chosen]
            hit = (u >= 0) & (v >= 0) & (u + v <= 1)
            chosen, column = chosen[hit], column[hit]
            height = corners[chosen, 0, 2] + u[hit] * one[chosen, 2] + v[hit] * two[chosen, 2]
            level = np.clip(np.ceil(height).astype(int), 0, shape[2])
            np.add.at(crossings, (*column.T, level), np.sign(double[chosen]).astype(np.int32))
    return np.cumsum(crossings, axis=2)[..., :-1] != 0, affine
