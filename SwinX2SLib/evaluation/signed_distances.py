"""How far one surface lies outside or inside another, point by point."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree
from trimesh.triangles import closest_point, points_to_barycentric

from SwinX2SLib.measurements.surfaces import Surface

# Triangles of marching cubes are nearly of one size: the closest one is among those whose middles are closest.
_CANDIDATES = 12
_BLOCK = 20_000


def signed_distances_mm(points: np.ndarray, surface: Surface) -> np.ndarray:
    """Measure the distance of points to a closed surface.

    Args:
        points: `(N, 3)` mm.
        surface: closed, its triangles of nearly one size.

    Returns:
        `(N,)` mm, positive outside, negative inside.
    """
    points = np.asarray(points, dtype=np.float64)
    corners = surface.vertices[surface.faces]
    tree = cKDTree(corners.mean(axis=1))
    count = min(_CANDIDATES, len(corners))
    blocks = [
        _block(points[start : start + _BLOCK], surface, corners, tree, count)
        for start in range(0, len(points), _BLOCK)
    ]
    return np.concatenate(blocks) if blocks else np.zeros(0)


def _block(
    points: np.ndarray, surface: Surface, corners: np.ndarray, tree: cKDTree, count: int
) -> np.ndarray:
    near = tree.query(points, k=count)[1].reshape(len(points), count)
    repeated = np.repeat(points, count, axis=0)
    feet = closest_point(corners[near.ravel()], repeated).reshape(len(points), count, 3)
    distances = np.linalg.norm(feet - points[:, None], axis=2)
    best = distances.argmin(axis=1)
    rows = np.arange(len(points))
    foot, face, distance = feet[rows, best], near[rows, best], distances[rows, best]
    # The normal between those of the corners: at an edge, that of one triangle may point the wrong way.
    shares = points_to_barycentric(corners[face], foot)
    normals = np.einsum("ij,ijk->ik", shares, surface.normals[surface.faces[face]])
    return np.where(np.einsum("ij,ij->i", points - foot, normals) < 0, -distance, distance)
