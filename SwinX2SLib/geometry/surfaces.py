"""Surfaces of triangles: normals, areas, and plane sections with their area and centroid."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph


@dataclass(frozen=True, eq=False)
class Section:
    """One closed piece of a plane section.

    Attributes:
        area_mm2: enclosed, holes taken away.
        centroid: `(3,)` of that area.
        points: `(N, 3)` on its outline, unordered.
    """

    area_mm2: float
    centroid: np.ndarray
    points: np.ndarray


@dataclass(frozen=True, eq=False)
class Surface:
    """A closed surface of triangles, counter-clockwise from outside.

    Attributes:
        vertices: `(V, 3)` mm.
        faces: `(F, 3)` int.
    """

    vertices: np.ndarray
    faces: np.ndarray

    @cached_property
    def _face_vectors(self) -> np.ndarray:
        corners = self.vertices[self.faces]
        return np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]) / 2

    @cached_property
    def areas(self) -> np.ndarray:
        """Area [mm2] that belongs to each vertex, `(V,)`: a third of its faces."""
        face_areas = np.linalg.norm(self._face_vectors, axis=1)
        return np.bincount(self.faces.ravel(), face_areas.repeat(3) / 3, len(self.vertices))

    @cached_property
    def normals(self) -> np.ndarray:
        """Unit normal of each vertex, `(V, 3)`, outwards."""
        spread = self._face_vectors.repeat(3, axis=0)
        index = self.faces.ravel()
        summed = np.stack([np.bincount(index, spread[:, i], len(self.vertices)) for i in range(3)], axis=1)
        return summed / np.maximum(np.linalg.norm(summed, axis=1, keepdims=True), 1e-12)

    @cached_property
    def adjacency(self) -> sparse.csr_matrix:
        """Symmetric `(V, V)` matrix, one where an edge joins two vertices."""
        rows, columns = self.faces.ravel(), self.faces[:, [1, 2, 0]].ravel()
        ones = np.ones(2 * len(rows))
        both = sparse.coo_matrix(
            (ones, (np.r_[rows, columns], np.r_[columns, rows])), (len(self.vertices),) * 2
        )
        both = both.tocsr()
        both.data[:] = 1.0
        return both

    @cached_property
    def _edges(self) -> np.ndarray:
        """Number of each face's edges 01, 12, 20, `(F, 3)`; an edge has the same number in both its faces."""
        ends = np.sort(np.stack([self.faces, self.faces[:, [1, 2, 0]]], axis=-1), axis=-1).reshape(-1, 2)
        keys = ends[:, 0] * np.int64(len(self.vertices)) + ends[:, 1]
        return np.unique(keys, return_inverse=True)[1].reshape(-1, 3)

    @cached_property
    def volume_mm3(self) -> float:
        """Enclosed volume [mm3] of a closed surface; below zero where its faces look inwards."""
        first, second, third = np.moveaxis((self.vertices - self.vertices.mean(axis=0))[self.faces], 1, 0)
        return float(np.einsum("ij,ij->", first, np.cross(second, third)) / 6)

    def turned_outwards(self) -> Surface:
        """Return the surface with its faces counter-clockwise from outside; it must be closed."""
        return self if self.volume_mm3 >= 0 else Surface(self.vertices, self.faces[:, ::-1].copy())

    def near(self, centre: np.ndarray, radius_mm: float) -> Surface:
        """Return the part of the surface whose faces touch a ball; it is open where the ball ends."""
        within = ((self.vertices - centre) ** 2).sum(axis=1) < radius_mm**2
        return Surface(self.vertices, self.faces[within[self.faces].any(axis=1)])

    def cut(self, point: np.ndarray, normal: np.ndarray) -> list[Section]:
        """Return the closed pieces of the section with the plane through `point` `(3,)`, largest area first."""
        height = (self.vertices - point) @ normal
        above = height > 0
        corners_above = sum(above[self.faces[:, corner]].view(np.uint8) for corner in range(3))
        crossed = np.flatnonzero((corners_above > 0) & (corners_above < 3))
        if not len(crossed):
            return []
        starts = self.faces[crossed]
        above, ends = above[starts], starts[:, [1, 2, 0]]
        leaving = above & ~above[:, [1, 2, 0]]
        entering = ~above & above[:, [1, 2, 0]]
        first, edge_out = self._crossings(height, starts, ends, leaving, crossed)
        second, edge_in = self._crossings(height, starts, ends, entering, crossed)
        names, numbers = np.unique(np.r_[edge_out, edge_in], return_inverse=True)
        links = sparse.coo_matrix((np.ones(len(crossed)), numbers.reshape(2, -1)), (len(names),) * 2)
        count, piece = csgraph.connected_components(links, directed=False)
        piece = piece[numbers[: len(crossed)]]
        return _measured(first, second, piece, count, normal)

    def _crossings(
        self,
        height: np.ndarray,
        starts: np.ndarray,
        ends: np.ndarray,
        chosen: np.ndarray,
        crossed: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return where one edge of each face meets the plane, `(N, 3)`, and the number of that edge `(N,)`."""
        column = chosen.argmax(axis=1)
        row = np.arange(len(column))
        a, b = starts[row, column], ends[row, column]
        part = (height[a] / (height[a] - height[b]))[:, None]
        return self.vertices[a] * (1 - part) + self.vertices[b] * part, self._edges[crossed, column]


def _measured(
    first: np.ndarray, second: np.ndarray, piece: np.ndarray, count: int, normal: np.ndarray
) -> list:
    """Sum Green's theorem over the oriented segments of each piece."""
    across, along = plane_basis(normal)
    origin = first.mean(axis=0)
    ax, ay = (first - origin) @ across, (first - origin) @ along
    bx, by = (second - origin) @ across, (second - origin) @ along
    cross = ax * by - bx * ay
    area = np.bincount(piece, cross, count) / 2
    sums = [np.bincount(piece, (a + b) * cross, count) / 6 for a, b in ((ax, bx), (ay, by))]
    sections = []
    for number in np.argsort(-np.abs(area)):
        if abs(area[number]) < 1e-6:
            continue
        centroid = origin + across * sums[0][number] / area[number] + along * sums[1][number] / area[number]
        sections.append(Section(float(abs(area[number])), centroid, first[piece == number]))
    return sections


def plane_basis(normal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return two unit vectors `(3,)` that span the plane with this unit normal, right-handed with it."""
    helper = np.eye(3)[np.abs(normal).argmin()]
    across = np.cross(normal, helper)
    across /= np.linalg.norm(across)
    return across, np.cross(normal, across)


def unit(vector: np.ndarray) -> np.ndarray:
    """Return the vector `(3,)` with length one."""
    return vector / np.linalg.norm(vector)


def orthogonalise(vector: np.ndarray, axis: np.ndarray) -> np.ndarray:
    """Return the unit vector of the part of `vector` that is square to the unit vector `axis`."""
    return unit(vector - axis * (vector @ axis))


def angle_deg(one: np.ndarray, other: np.ndarray) -> float:
    """Return the angle between two unit vectors."""
    return float(np.degrees(np.arctan2(np.linalg.norm(np.cross(one, other)), one @ other)))
