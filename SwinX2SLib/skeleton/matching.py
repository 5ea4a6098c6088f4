"""What draws the vertices of a posed skeleton: contours of silhouettes, their middles, and edges of radiographs.

Contour points and vertices on the rim of the projected bone belong together where place and direction of the normal
agree: both are sought at once, so that the rim is found without drawing it (iterative closest points on contours).
Edges are sought along the normals, as active shapes do (Cootes et al. 1995, Comput Vis Image Underst 61:38).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.spatial import cKDTree

from SwinX2SLib.skeleton.contours import Contours, Edges, View
from SwinX2SLib.skeleton.model import skeleton_model, zero_weights
from SwinX2SLib.skeleton.posing import State, bone_of_vertex

# Errors of places along a contour go together over this length.
CORRELATION_MM = 12.0
# Matches further apart than so many errors, and no less than this, are none.
REACH, LEAST_REACH_MM = 6.0, 9.0
# Normals that differ by their length count as so far apart.
NORMAL_MM = 15.0
# A vertex is on the rim where its normal lies in the plane of the radiograph to this share.
RIM = 0.94
# The middle of a silhouette has this error; so many vertices stand for it.
MIDDLE_MM, MIDDLE_VERTICES = 4.0, 12
# Error of heights that discs give to vertebrae.
HEIGHT_MM = 2.0
# Edges: error, reach in errors, and weight against contours.
EDGE_MM, EDGE_REACH, EDGE_WEIGHT = 1.5, 2.0, 1.0
# Silhouettes are kept apart by a coordinate of their own.
_APART_MM = 1e4


@dataclass(frozen=True, eq=False)
class Matches:
    """Vertices and how far they have to move.

    Attributes:
        vertex: `(M,)`.
        direction: in which the distance is measured, a unit vector of the radiograph carried into the volume and
            scaled by the magnification, `(M, 3)`.
        distance: in the radiograph [mm], `(M,)`.
        weight: inverse variance [1/mm²], `(M,)`.
    """

    vertex: np.ndarray
    direction: np.ndarray
    distance: np.ndarray
    weight: np.ndarray

    @classmethod
    def joined(cls, parts: Sequence[Matches]) -> Matches:
        """Return several matches as one."""
        columns = ("vertex", "direction", "distance", "weight")
        if not parts:
            return cls(np.zeros(0, int), np.zeros((0, 3)), np.zeros(0), np.zeros(0))
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in columns))

    @property
    def error_mm(self) -> float:
        """Root mean square distance, weighted."""
        return float(np.sqrt((self.weight * self.distance**2).sum() / max(self.weight.sum(), 1e-9)))


@dataclass(frozen=True, eq=False)
class Projection:
    """Where points land in a radiograph.

    Attributes:
        places: across and down [mm], `(N, 2)`.
        across, down: derivatives of these by the point, `(N, 3)`.
        normals: what of the surface's normals lies in the radiograph's plane, `(N, 2)`.
    """

    places: np.ndarray
    across: np.ndarray
    down: np.ndarray
    normals: np.ndarray

    @classmethod
    def of(cls, state: State, view: View, spacing_mm: float) -> Projection:
        """Return the projection of a skeleton's vertices, along parallel rays or from a source."""
        points, depth_axis = state.points, 1 - view.axis
        across, down = np.zeros((2, len(points), 3))
        if view.source_mm is None:
            across[:, view.axis] = down[:, 2] = 1
            places = points[:, [view.axis, 2]]
        else:
            width, height = view.silhouettes.shape[1:]
            middle = np.array([width - 1, height - 1]) / 2 * spacing_mm
            centre = middle if view.central_ray_mm is None else np.array(view.central_ray_mm)
            # As large as in the middle of the volume, whose depth is the radiographs' width.
            to_source = points[:, depth_axis] - middle[0] - view.source_mm
            larger = -view.source_mm / to_source
            away = points[:, [view.axis, 2]] - centre
            places = centre + away * larger[:, None]
            across[:, view.axis] = down[:, 2] = larger
            across[:, depth_axis], down[:, depth_axis] = -(away * (larger / to_source)[:, None]).T
        normals = np.stack([(state.normals * axis).sum(axis=1) for axis in (across, down)], axis=1)
        return cls(places, across, down, normals)

    def direction(self, vertex: np.ndarray, normal: np.ndarray) -> np.ndarray:
        """Return directions `(M, 2)` of the radiograph as gradients in the volume, `(M, 3)`."""
        return normal[:, :1] * self.across[vertex] + normal[:, 1:] * self.down[vertex]


def contour_matches(state: State, contours: Contours, error_mm: float, every: int = 1) -> Matches:
    """Return matches of contours, from each contour point and from each vertex on the rim.

    Args:
        state: the skeleton.
        contours: of one radiograph, with at least one point.
        error_mm: standard deviation of a contour's place.
        every: of so many vertices one is looked at.
    """
    projection = Projection.of(state, contours.view, contours.spacing_mm)
    vertex, number = (values[::every] for values in _vertices_of(contours))
    if not len(vertex):
        return Matches.joined([])
    reach = max(REACH * error_mm, LEAST_REACH_MM)
    numbers = contours.numbers[contours.silhouette]
    vertices = np.column_stack(
        [projection.places[vertex], NORMAL_MM * projection.normals[vertex], _APART_MM * number]
    )
    points = np.column_stack([contours.places, NORMAL_MM * contours.normals, _APART_MM * numbers])
    shifts = _name_costs(contours.view.neighbours, error_mm, reach)
    there, good = _nearest(vertices, points, shifts, contours.is_rib[contours.silhouette], reach)
    pairs = [(vertex[there[good]], np.flatnonzero(good))]
    inside = ((projection.places[vertex] > 1) & (projection.places[vertex] < contours.size_mm - 1)).all(
        axis=1
    )
    rim = np.flatnonzero((np.linalg.norm(projection.normals[vertex], axis=1) > RIM) & inside)
    # Of two bones that lie over each other the common outline is seen: a rim inside it belongs to no contour.
    rim = rim[~contours.covers(number[rim], projection.places[vertex[rim]])]
    ribs = np.isin(number[rim], contours.numbers[contours.is_rib])
    back, good = _nearest(points, vertices[rim], shifts, ribs, reach)
    pairs.append((vertex[rim[good]], back[good]))
    # Each way counts half; vertices that share a contour point share its length.
    sharing = np.bincount(back[good], minlength=len(points))[back[good]]
    trusted = contours.lengths_mm * contours.trust
    lengths = [trusted[pairs[0][1]], trusted[pairs[1][1]] / np.maximum(sharing, 1)]
    matched, point = (np.concatenate([pair[k] for pair in pairs]) for k in range(2))
    normal = contours.normals[point]
    distance = ((contours.places[point] - projection.places[matched]) * normal).sum(axis=1)
    weight = 0.5 * np.concatenate(lengths) / CORRELATION_MM / error_mm**2
    return Matches(
        matched, projection.direction(matched, normal), distance, weight * cauchy_weights(distance, error_mm)
    )


def cauchy_weights(distance: np.ndarray, error_mm: float) -> np.ndarray:
    """Return the weights of Cauchy's robust loss."""
    return 1 / (1 + (distance / (2 * error_mm)) ** 2)


def _vertices_of(contours: Contours) -> tuple[np.ndarray, np.ndarray]:
    """Return the vertices of the silhouettes' bones, and the numbers of these silhouettes."""
    slices = skeleton_model().slices
    found = [
        (np.arange(slices[bone].start, slices[bone].stop), number)
        for bones, number in zip(contours.bones, contours.numbers, strict=True)
        for bone in bones
        if bone in slices
    ]
    if not found:
        return np.zeros(0, int), np.zeros(0, int)
    numbers = [np.full(len(own), number) for own, number in found]
    return np.concatenate([own for own, _ in found]), np.concatenate(numbers)


def _name_costs(neighbours: float, error_mm: float, reach_mm: float) -> dict[int, float]:
    """Return by how many levels a rib's name may be off, and what that costs in squared distance [mm²]."""
    if neighbours <= 0:
        return {0: 0.0}
    cost = min(-2 * error_mm**2 * float(np.log(neighbours)), reach_mm**2)
    return {0: 0.0, -1: cost, 1: cost}


def _nearest(
    among: np.ndarray, wanted: np.ndarray, shifts: Mapping[int, float], movable: np.ndarray, reach_mm: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the best point for each wanted one, and whether it is within reach.

    Args:
        among: places, normals and numbers of silhouettes, `(N, 5)`.
        wanted: `(M, 5)`.
        shifts: of the numbers, and what they cost [mm²].
        movable: whose number may be shifted, `(M,)`.
        reach_mm: the furthest.
    """
    tree, best = cKDTree(among), np.full(len(wanted), np.inf)
    index = np.zeros(len(wanted), dtype=int)
    for shift, cost in shifts.items():
        asked = np.flatnonzero(movable) if shift else np.arange(len(wanted))
        away, found = tree.query(
            wanted[asked] + [0, 0, 0, 0, _APART_MM * shift], distance_upper_bound=reach_mm
        )
        total = away**2 + cost
        better = total < best[asked]
        best[asked[better]], index[asked[better]] = total[better], found[better]
    return index, np.isfinite(best)


def middle_matches(state: State, contours: Contours, error_mm: float) -> Matches:
    """Return matches of the middles of whole silhouettes of single bones, moved by a few vertices each."""
    projection, slices = Projection.of(state, contours.view, contours.spacing_mm), skeleton_model().slices
    parts = []
    for bones, middle, whole in zip(contours.bones, contours.middles, contours.whole, strict=True):
        if not whole or len(bones) > 1 or bones[0] not in slices:
            continue
        own = slices[bones[0]]
        vertex = np.arange(own.start, own.stop)[:: (own.stop - own.start) // MIDDLE_VERTICES]
        away = middle - projection.places[own].mean(axis=0)
        weight = np.full(len(vertex), 1 / len(vertex) / (error_mm**2 + MIDDLE_MM**2))
        for distance, direction in zip(away, (projection.across, projection.down), strict=True):
            parts.append(Matches(vertex, direction[vertex], np.full(len(vertex), distance), weight))
    return Matches.joined(parts)


def height_matches(state: State, heights_mm: Mapping[int, float], error_mm: float) -> Matches:
    """Return matches of the bodies of vertebrae with heights along the body axis.

    Args:
        state: the skeleton.
        heights_mm: by label, of the middle of the body.
        error_mm: of contours.
    """
    parts = []
    for label, height in heights_mm.items():
        vertex, middle = _body_vertices(label)
        away = height - state.points[vertex, 2].mean() - float(state.matrix[2, 2] * middle)
        weight = np.full(len(vertex), 1 / len(vertex) / (error_mm**2 + HEIGHT_MM**2))
        direction = np.tile([0.0, 0.0, 1.0], (len(vertex), 1))
        parts.append(Matches(vertex, direction, np.full(len(vertex), away), weight))
    return Matches.joined(parts)


@cache
def _body_vertices(label: int) -> tuple[np.ndarray, float]:
    """Return vertices of a vertebra's body, and how far above their mean its middle is [mm]."""
    model = skeleton_model()
    vertices = model.table.bones[label].vertices_mm
    body = np.flatnonzero(vertices[:, 1] > 0)[:: max(1, len(vertices) // (4 * MIDDLE_VERTICES))]
    return model.slices[label].start + body, -float(vertices[body, 2].mean())


def edge_matches(state: State, edges: Edges, bones: Sequence[int], error_mm: float) -> Matches:
    """Return matches of vertices on the rim of some bones with the edges of a radiograph."""
    projection = Projection.of(state, edges.view, edges.spacing_mm)
    size = np.array(edges.smooth.shape) * edges.spacing_mm
    length = np.linalg.norm(projection.normals, axis=1)
    inside = ((projection.places > 0) & (projection.places < size - edges.spacing_mm)).all(axis=1)
    vertex = np.flatnonzero((length > RIM) & inside & np.isin(bone_of_vertex(), list(bones)))
    if not len(vertex):
        return Matches.joined([])
    unit = projection.normals[vertex] / length[vertex, None]
    reach = EDGE_REACH * max(error_mm, edges.spacing_mm)
    distance, trusted = edges.nearest(projection.places[vertex], unit, reach)
    weight = trusted * EDGE_WEIGHT * 0.5 * _vertex_spacing_mm()[vertex] / CORRELATION_MM
    weight *= cauchy_weights(distance, error_mm) / (error_mm**2 + EDGE_MM**2)
    kept = weight > 0
    return Matches(vertex[kept], projection.direction(vertex, unit)[kept], distance[kept], weight[kept])


@cache
def _vertex_spacing_mm() -> np.ndarray:
    """Return the usual distance of neighbouring vertices of each vertex' bone, `(N,)`."""
    model = skeleton_model()
    points = model(zero_weights()).points_mm.numpy()
    found = np.zeros(len(points))
    for label, faces in model.faces.items():
        own = points[model.slices[label]]
        found[model.slices[label]] = np.median(np.linalg.norm(own[faces[:, 0]] - own[faces[:, 1]], axis=1))
    return found
