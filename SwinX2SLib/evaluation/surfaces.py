"""Surfaces of both, and signed distances between them."""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree
from skimage.measure import marching_cubes
from trimesh.triangles import closest_point, points_to_barycentric

from SwinX2SLib.anatomy import CLASS_COUNT, label_by_id
from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.geometry.frames import transform_points, voxel_spacing_mm
from SwinX2SLib.geometry.surfaces import Surface
from SwinX2SLib.io.label_volumes import LabelVolume
from SwinX2SLib.measurements.bones import smoothed

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


_VOXEL_MM = 1.0  # finer volumes are thinned to about this


@dataclass(frozen=True, eq=False)
class ComparedSurface:
    """The surface of a bone.

    Attributes:
        vertices: float32 `(V, 3)`, RAS mm.
        faces: int32 `(F, 3)`, counter-clockwise from outside.
        distance_mm: float32 `(V,)`, from the truth, positive outside it; None where there is nothing to compare with.
    """

    vertices: np.ndarray
    faces: np.ndarray
    distance_mm: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class ComparedSurfaces:
    """Surfaces by name of the bone, in the order of the ids."""

    prediction: Mapping[str, ComparedSurface]
    truth: Mapping[str, ComparedSurface]


def compared_surfaces(
    prediction: LabelVolume, truth: LabelVolume, labels: Collection[int]
) -> ComparedSurfaces:
    """Make the surfaces of both and measure the distances.

    Args:
        prediction, truth: in one patient space (RAS mm), on any grids.
        labels: ids that are compared.
    """
    found, true = (label_surfaces(volume, labels, _VOXEL_MM) for volume in (prediction, truth))
    compared = {
        label: signed_distances_mm(surface.vertices, true[label]) if label in true else None
        for label, surface in found.items()
    }
    return ComparedSurfaces(
        *(
            {
                label_by_id(label).name: ComparedSurface(
                    surface.vertices.astype(np.float32),
                    surface.faces.astype(np.int32),
                    None if (away := distances.get(label)) is None else away.astype(np.float32),
                )
                for label, surface in surfaces.items()
            }
            for surfaces, distances in ((found, compared), (true, {}))
        )
    )


def write_surfaces(stream: BinaryIO, surfaces: ComparedSurfaces) -> None:
    """Write the file."""
    arrays = {}
    for role in ("prediction", "truth"):
        for name, surface in getattr(surfaces, role).items():
            arrays[f"{role}/{name}/vertices"], arrays[f"{role}/{name}/faces"] = (
                surface.vertices,
                surface.faces,
            )
            if surface.distance_mm is not None:
                arrays[f"{role}/{name}/distance_mm"] = surface.distance_mm
    np.savez_compressed(stream, **arrays)


def read_surfaces(path: Path) -> ComparedSurfaces:
    """Read the file.

    Raises:
        InputError: it cannot be read.
    """
    found: dict[str, dict[str, dict[str, np.ndarray]]] = {"prediction": {}, "truth": {}}
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            for key in arrays.files:
                role, name, what = key.split("/")
                found[role].setdefault(name, {})[what] = arrays[key]
        return ComparedSurfaces(
            *({name: ComparedSurface(**parts) for name, parts in found[role].items()} for role in found)
        )
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        message = f"The surfaces cannot be read ({error})."
        raise InputError([Fault("surfaces-unreadable", message, "Compare again.", str(path))]) from error
