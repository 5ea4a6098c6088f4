"""Fit the statistical skeleton to the contours of bones in a frontal and a lateral radiograph.

Gauss-Newton on the maximum a posteriori estimate: contour points of the silhouettes and vertices on the rim of the
projected bones attract each other along the contour's normal, with an error that falls from step to step; the
weights of the model are standard normal. Matches are sought in place and direction of the normal together, so that
the rim is found without drawing it. The last step's normal equations are those of the posterior (Laplace's method).

Network order [mm] from the first voxel's centre: axes right -> left, anterior -> posterior, superior -> inferior.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import torch
from scipy.ndimage import gaussian_filter, map_coordinates
from scipy.sparse import csr_matrix
from scipy.spatial import cKDTree
from torch import Tensor

from SwinX2SLib.geometry.contours import contour_lines
from SwinX2SLib.skeleton.model import (
    PARTS,
    RIB_SECTION_SD,
    BoneFrames,
    Skeleton,
    SkeletonModel,
    Weights,
    rib_label,
    skeleton_model,
    zero_weights,
)
from SwinX2SLib.skeleton.rib_surfaces import SECTION_POINTS
from SwinX2SLib.skeleton.table import FEMUR_LEFT, FEMUR_RIGHT, HIP_LEFT, HIP_RIGHT, RIB_POINTS, SACRUM

# Silhouettes with less than this area [pixels] have no contour worth fitting.
LEAST_AREA_PX = 24.0
# Errors of the contours' places from step to step [mm]: the first ones stand for what the model has not yet taken up.
ERRORS_MM = (14.0, 10.0, 8.0, 6.0, 5.0, 4.0, 3.0, 2.5, 2.0, 1.6, 1.3, 1.1, 1.0, 1.0)
# From this step on bones move and deform on their own too.
ALONE_FROM = 6
# Errors of places along a contour go together over this length.
CORRELATION_MM = 12.0
# Matches further apart than so many errors, and no less than this, are none.
REACH, LEAST_REACH_MM = 4.0, 6.0
# A normal that points the other way counts as so far apart.
NORMAL_MM = 15.0
# A vertex is on the rim where its normal lies in the plane of the radiograph to this share.
RIM = 0.94
GROSS_MM = 2.0
POINTS_PER_BONE = 90
# Middles of silhouettes count in the first steps, with this error, by so many vertices of a bone.
MIDDLE_STEPS, MIDDLE_MM, MIDDLE_VERTICES = 5, 4.0, 12
# Standard deviations of the pose: rotation, place, log magnification, and of each bone's own shift and turn.
ROTATION_RAD, TRANSLATION_MM, SCALE_SD = 0.1, 20.0, 0.2
OFFSET_MM, OFFSET_RAD = 1.5, 0.03
LOCAL = ("vertebra_local", "pelvis_local", "femur_local")
SHARED = tuple(name for name in PARTS if name not in LOCAL)
# Posture and sizes are found first: while contours are far, their prior counts less, by the square of the error.
GROSS = ("size", "lean", "axial", "pelvis_size", "pelvis_pose", "hips", "ribs", "rib_slopes")
_PELVIS = (SACRUM, HIP_RIGHT, HIP_LEFT)
# Silhouettes are told apart by a coordinate of their own, in which they lie so far from each other.
APART_MM, ALONE_NUMBER = 1e4, 1000
_RIB_NUMBERS = {
    rib_label(number, side): number + 100 * k
    for k, side in enumerate(("left", "right"))
    for number in range(1, 13)
}


@dataclass(frozen=True, eq=False)
class SilhouetteTarget:
    """Silhouettes in one radiograph.

    Attributes:
        axis: of the volume that runs across the radiograph: 0 of the frontal, 1 of the lateral one.
        bones: whose each silhouette is, of one or of several together.
        maps: `(S, W, H)`, how probable it is that a ray meets one of these bones.
        neighbours: probability that what is named a rib is the next one above, or below.
        source_mm: distance of the X-ray source from the middle of the volume; None for parallel rays.
    """

    axis: int
    bones: tuple[tuple[int, ...], ...]
    maps: np.ndarray
    neighbours: float = 0.0
    source_mm: float | None = None


@dataclass(eq=False)
class Fit:
    """A fitted skeleton.

    Attributes:
        weights: of the model.
        pose: `(7,)`: rotation about right, front and up in `ROTATION_RAD`, place of the hip axis in `TRANSLATION_MM`,
            log magnification of the radiographs in `SCALE_SD` (pixel sizes are often wrong).
        offsets: `(B, 6)`, shift and small turn of each bone on its own, in `OFFSET_MM` and `OFFSET_RAD`.
        error_mm: root mean square distance of contours, at the end of each step.
    """

    weights: dict[str, Tensor]
    pose: Tensor
    offsets: Tensor
    error_mm: list[float] = field(default_factory=list)

    @property
    def magnification(self) -> float:
        """How much larger the person is on the radiographs than the pixel size says."""
        return float(torch.exp(SCALE_SD * self.pose[6]))

    def points_mm(self) -> np.ndarray:
        """Return the vertices of all bones in network order [mm] from the first voxel's centre, `(N, 3)`."""
        with torch.no_grad():
            points = _posed(skeleton_model()(self.weights).points_mm, self.pose)
            return _moved(points.numpy().astype(np.float64), self.offsets.numpy())


def fit_skeleton(
    targets: Sequence[SilhouetteTarget], spacing_mm: float, errors_mm: Sequence[float] = ERRORS_MM
) -> Fit:
    """Return the most probable skeleton for the contours.

    Args:
        targets: of one or both radiographs.
        spacing_mm: of their pixels.
        errors_mm: standard deviation of a contour's place at each step.
    """
    with torch.inference_mode(False), torch.no_grad():
        contours = [_contours(target, spacing_mm) for target in targets]
        fit = _started(contours)
        if not any(len(one.places) for one in contours):
            return fit
        for number, error in enumerate(errors_mm):
            _step(fit, contours, error, number < MIDDLE_STEPS, number >= ALONE_FROM)
    return fit


@dataclass(frozen=True, eq=False)
class _Contours:
    """Points on the contours in one radiograph.

    Attributes:
        axis: across the radiograph.
        bones: of each silhouette.
        places: `(M, 2)` [mm] across and down.
        normals: `(M, 2)`, outwards.
        number: `(M,)`, of the silhouette.
        length: `(M,)`, of the piece of contour that a point stands for [mm].
        size_mm: of the radiograph.
        middles: `(S, 2)` [mm] of the silhouettes.
        whole: `(S,)`, whether the radiograph's border does not cut the silhouette.
        neighbours, source_mm: as of the target.
    """

    axis: int
    bones: tuple[tuple[int, ...], ...]
    places: np.ndarray
    normals: np.ndarray
    number: np.ndarray
    length: np.ndarray
    size_mm: np.ndarray
    middles: np.ndarray
    whole: np.ndarray
    neighbours: float
    source_mm: float | None

    @property
    def silhouette_numbers(self) -> np.ndarray:
        """Numbers by which silhouettes are told apart, `(S,)`: those of neighbouring ribs follow each other."""
        return np.array(
            [
                _RIB_NUMBERS[bones[0]] if len(bones) == 1 and bones[0] in _RIB_NUMBERS else ALONE_NUMBER + place
                for place, bones in enumerate(self.bones)
            ]
        )

    @property
    def numbers(self) -> np.ndarray:
        """The same for each point, `(M,)`."""
        return self.silhouette_numbers[self.number]

    @property
    def is_rib(self) -> np.ndarray:
        """Which silhouettes are those of one rib, `(S,)`."""
        return self.silhouette_numbers < ALONE_NUMBER


def _contours(target: SilhouetteTarget, spacing_mm: float) -> _Contours:
    """Return the contours of the silhouettes that are seen."""
    bones, middles, whole, found = [], [], [], []
    for own, shown in zip(target.bones, np.asarray(target.maps, dtype=np.float64), strict=True):
        if shown.sum() < LEAST_AREA_PX:
            continue
        points, normals, length = _contour_points(shown, spacing_mm)
        found.append((points, normals, np.full(len(points), len(bones)), length))
        bones.append(own)
        weight = np.indices(shown.shape) * shown
        border = np.concatenate([shown[0], shown[-1], shown[:, 0], shown[:, -1]])
        # Femora are hardly ever seen whole.
        whole.append(bool((border < 0.5).all()) and not set(own) & {FEMUR_LEFT, FEMUR_RIGHT})
        middles.append(weight.sum(axis=(1, 2)) / shown.sum() * spacing_mm)
    columns = zip(*found, strict=True) if found else (np.zeros((0, 2)), np.zeros((0, 2)), [], [])
    places, normals, number, length = (np.concatenate(one) if found else np.array(one) for one in columns)
    size = np.array(target.maps.shape[1:]) * spacing_mm
    return _Contours(
        target.axis,
        tuple(bones),
        places,
        normals,
        number.astype(int),
        length,
        size,
        np.array(middles).reshape(-1, 2),
        np.array(whole, dtype=bool),
        target.neighbours,
        target.source_mm,
    )


def _contour_points(shown: np.ndarray, spacing_mm: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return places `(M, 2)` [mm], outward normals and lengths `(M,)` [mm] of points on the contour of a map.

    The level of the contour is the one that leaves the silhouette the area that its probabilities add up to.
    """
    ordered = np.sort(shown.ravel())[::-1]
    level = float(np.clip(ordered[min(int(shown.sum()), len(ordered) - 1)], 0.15, 0.5))
    lines = [line * spacing_mm for line in contour_lines(shown, level) if len(line) > 4]
    total = sum(float(np.linalg.norm(np.diff(line, axis=0), axis=1).sum()) for line in lines)
    step = max(0.9 * spacing_mm, total / POINTS_PER_BONE)
    places, normals = [np.zeros((0, 2))], [np.zeros((0, 2))]
    for line in lines:
        passed = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
        if passed[-1] < 3 * step:
            continue
        at = np.arange(0.5 * step, passed[-1], step)
        across, ahead = (_along(line, passed, at + shift) for shift in (-0.7 * step, 0.7 * step))
        tangent = ahead - across
        tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-9)
        places.append(_along(line, passed, at))
        normals.append(np.stack([tangent[:, 1], -tangent[:, 0]], axis=1))
    where, outward = np.concatenate(places), np.concatenate(normals)
    rising = _sampled(shown, (where + spacing_mm * outward) / spacing_mm) - _sampled(
        shown, (where - spacing_mm * outward) / spacing_mm
    )
    outward[rising > 0] *= -1
    return where, outward, np.full(len(where), step)


def _along(line: np.ndarray, passed: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return points at lengths along a line, closed lines going round."""
    at = at % passed[-1] if np.allclose(line[0], line[-1]) else at.clip(0, passed[-1])
    return np.stack([np.interp(at, passed, line[:, axis]) for axis in (0, 1)], axis=1)


def _sampled(image: np.ndarray, places: np.ndarray) -> np.ndarray:
    index = np.rint(places).astype(int)
    inside = ((index >= 0) & (index < image.shape)).all(axis=1)
    index = index.clip(0, np.array(image.shape) - 1)
    return np.where(inside, image[index[:, 0], index[:, 1]], 0.0)


def _started(contours: Sequence[_Contours]) -> Fit:
    """Return the mean skeleton where the middles of whole silhouettes say."""
    weights, model = zero_weights(), skeleton_model()
    points = -model(weights).points_mm.numpy()
    means: list[list[float]] = [[], [], []]
    seen: list[list[float]] = [[], [], []]
    for one in contours:
        for bones, middle, whole in zip(one.bones, one.middles, one.whole, strict=True):
            if not whole or len(bones) > 1 or bones[0] not in model.slices:
                continue
            mean = points[model.slices[bones[0]]].mean(axis=0)
            for axis, place in ((one.axis, middle[0]), (2, middle[1])):
                means[axis].append(float(mean[axis]))
                seen[axis].append(float(place))
    scale = _spread_ratio(means[2], seen[2])
    start = [
        float(np.median(np.array(place) - scale * np.array(mean))) / TRANSLATION_MM if place else 0.0
        for mean, place in zip(means, seen, strict=True)
    ]
    pose = torch.tensor([0.0, 0.0, 0.0, *start, float(np.log(scale)) / SCALE_SD])
    return Fit(weights, pose, torch.zeros(len(model.slices), 6))


def _spread_ratio(means: Sequence[float], seen: Sequence[float]) -> float:
    """Return how much further apart places are than those of the mean person, by the median of their distances."""
    one, other = (np.array(values)[:, None] - np.array(values) for values in (means, seen))
    far = np.abs(one) > 0.5 * np.abs(one).max() if len(means) > 1 else np.zeros((1, 1), dtype=bool)
    ratios = (other[far] / one[far]) if far.any() else np.ones(1)
    return float(np.clip(np.median(ratios), 0.4, 2.5)) if np.median(ratios) > 0 else 1.0


def _turn(angles: Tensor) -> Tensor:
    """Return the rotation by a vector of angles (exponential map), `(3, 3)`."""
    cross = torch.einsum("kij,k->ij", _GENERATORS, angles)
    return torch.matrix_exp(cross)


_GENERATORS = torch.tensor(
    [[[0, 0, 0], [0, 0, -1], [0, 1, 0]], [[0, 0, 1], [0, 0, 0], [-1, 0, 0]], [[0, -1, 0], [1, 0, 0], [0, 0, 0]]],
    dtype=torch.float32,
)


def _pose_matrix(pose: Tensor) -> tuple[Tensor, Tensor]:
    """Return the matrix and the shift that take RAS mm from the hip axis to network order mm."""
    matrix = -torch.exp(SCALE_SD * pose[6:7]) * _turn(ROTATION_RAD * pose[:3])
    return matrix, TRANSLATION_MM * pose[3:6]


def _posed(points: Tensor, pose: Tensor) -> Tensor:
    matrix, shift = _pose_matrix(pose)
    return points @ matrix.T + shift


def _moved(points: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Return points with every bone shifted and turned about its middle by a small angle."""
    moved = points.copy()
    for own, offset in zip(skeleton_model().slices.values(), offsets, strict=True):
        away = points[own] - points[own].mean(axis=0)
        moved[own] += np.cross(OFFSET_RAD * offset[3:], away) + OFFSET_MM * offset[:3]
    return moved


@dataclass(frozen=True, eq=False)
class _State:
    """The skeleton at one step, and what is needed of its derivatives.

    Attributes:
        points: vertices of all bones in network order [mm], `(N, 3)`.
        normals: outward normals of the surfaces, `(N, 3)`.
        skeleton: in its own frame.
        jacobian: of the frames and curves in network order, with respect to `SHARED` weights and pose.
        section: derivatives of the vertices of ribs with respect to the two weights of their section, `(2, R, 3)`.
        matrix: of the pose, `(3, 3)`.
    """

    points: np.ndarray
    normals: np.ndarray
    skeleton: Skeleton
    jacobian: BoneFrames
    section: np.ndarray
    matrix: np.ndarray


def _state(fit: Fit) -> _State:
    model = skeleton_model()
    skeleton = model(fit.weights)
    points = _posed(skeleton.points_mm, fit.pose).numpy().astype(np.float64)
    points = _moved(points, fit.offsets.numpy())
    matrix = _pose_matrix(fit.pose)[0].numpy()
    first_rib = len(skeleton.shape_mm)
    section = [
        ((_with_section(fit.weights, skeleton, number) - skeleton.points_mm[first_rib:]).numpy() @ matrix.T)
        / 0.5
        for number in range(2)
    ]
    return _State(
        points, _vertex_normals(points), skeleton, _frames_jacobian(fit), np.stack(section), matrix
    )


def _with_section(weights: Weights, skeleton: Skeleton, number: int) -> Tensor:
    changed = dict(weights)
    changed["rib_section"] = weights["rib_section"] + 0.5 * torch.eye(2)[number]
    return skeleton_model()._tubes(changed, skeleton.frames).reshape(-1, 3)


_SIZES = [int(np.prod(PARTS[name])) for name in SHARED]
SHARED_COUNT = sum(_SIZES)


def _shared_vector(weights: Weights) -> Tensor:
    return torch.cat([weights[name].flatten() for name in SHARED])


def _shared_weights(vector: Tensor) -> dict[str, Tensor]:
    parts = vector.split(_SIZES)
    return {name: part.view(PARTS[name]) for name, part in zip(SHARED, parts, strict=True)}


def _frames_jacobian(fit: Fit) -> BoneFrames:
    """Return derivatives of the frames in network order by shared weights and pose; its last axis."""
    model = skeleton_model()

    def frames(vector: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        found = model.frames(_shared_weights(vector[:SHARED_COUNT]))
        matrix, shift = _pose_matrix(vector[SHARED_COUNT:])
        return (
            found.origins_mm @ matrix.T + shift,
            matrix @ found.matrices,
            found.rib_curves_mm @ matrix.T + shift,
        )

    vector = torch.cat([_shared_vector(fit.weights), fit.pose])
    origins, matrices, curves = torch.func.jacfwd(frames)(vector)
    return BoneFrames(origins, matrices, curves, torch.zeros(0))


@cache
def _vertex_faces() -> tuple[np.ndarray, csr_matrix]:
    """Return the faces of all bones and the matrix that adds up their normals at the vertices."""
    model = skeleton_model()
    faces = np.concatenate([faces + model.slices[label].start for label, faces in model.faces.items()])
    count = max(one.stop for one in model.slices.values())
    index = (faces.T.ravel(), np.tile(np.arange(len(faces)), 3))
    return faces, csr_matrix((np.ones(3 * len(faces)), index), shape=(count, len(faces)))


def _vertex_normals(points: np.ndarray) -> np.ndarray:
    faces, adding = _vertex_faces()
    corners = points[faces]
    # Network order turns the patient's axes round: faces run clockwise there.
    own = -np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    total = adding @ own
    return total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-9)


@dataclass(frozen=True, eq=False)
class _Matches:
    """Contour points and vertices that belong together.

    Attributes:
        vertex: `(M,)`.
        direction: `(M, 3)`, in which the distance is measured: the contour's normal, carried to the volume.
        distance: `(M,)` [mm], what the vertex has to move in it.
        weight: `(M,)`, inverse variance [1/mm²].
    """

    vertex: np.ndarray
    direction: np.ndarray
    distance: np.ndarray
    weight: np.ndarray


def _projection(points: np.ndarray, contours: _Contours) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return where points land `(N, 2)` [mm], and the derivatives across and down `(N, 3)` each."""
    depth = 1 - contours.axis
    across, down = np.zeros((len(points), 3)), np.zeros((len(points), 3))
    if contours.source_mm is None:
        across[:, contours.axis], down[:, 2] = 1, 1
        return points[:, [contours.axis, 2]], across, down
    raise NotImplementedError


def _matches(state: _State, contours: _Contours, error_mm: float) -> _Matches:
    model = skeleton_model()
    flat, across, down = _projection(state.points, contours)
    normals = np.stack([(state.normals * across).sum(1), (state.normals * down).sum(1)], axis=1)
    vertex, number = _vertices_of(contours)
    reach = 1.5 * max(REACH * error_mm, LEAST_REACH_MM)
    vertices = np.column_stack([flat[vertex], NORMAL_MM * normals[vertex], APART_MM * number])
    points = np.column_stack([contours.places, NORMAL_MM * contours.normals, APART_MM * contours.numbers])
    # What an error in the name costs, in squared distance.
    shifts = {0: 0.0}
    if contours.neighbours > 0:
        cost = -2 * error_mm**2 * np.log(contours.neighbours)
        shifts |= {shift: min(cost, reach**2) for shift in (-1, 1)}
    # From each contour point to the nearest vertex.
    nearest, good = _nearest(vertices, points, shifts, contours.is_rib[contours.number], reach)
    pairs = [(vertex[nearest[good]], np.flatnonzero(good))]
    # From each vertex on the rim to the nearest contour point.
    rim = np.linalg.norm(normals[vertex], axis=1) > RIM
    inside = ((flat[vertex] > 1) & (flat[vertex] < contours.size_mm - 1)).all(axis=1)
    chosen = np.flatnonzero(rim & inside)
    ribs = number[chosen] < ALONE_NUMBER
    point, good = _nearest(points, vertices[chosen], shifts, ribs, reach)
    pairs.append((vertex[chosen[good]], point[good]))
    # Each way counts half; vertices on the rim are denser than the contour's points.
    share = [contours.length[pairs[0][1]], _rim_length(contours, pairs[1][1])]
    vertex, point = (np.concatenate([pair[k] for pair in pairs]) for k in range(2))
    normal = contours.normals[point]
    direction = normal[:, :1] * across[vertex] + normal[:, 1:] * down[vertex]
    distance = ((contours.places[point] - flat[vertex]) * normal).sum(axis=1)
    weight = 0.5 * np.concatenate(share) / CORRELATION_MM / error_mm**2
    weight /= 1 + (distance / (2 * error_mm)) ** 2
    return _Matches(vertex, direction, distance, weight)


def _middle_matches(state: _State, contours: _Contours, error_mm: float) -> _Matches:
    """Return matches of the middles of whole silhouettes: each vertex of a bone moves it by its share."""
    model = skeleton_model()
    flat, across, down = _projection(state.points, contours)
    parts = []
    for bones, middle, whole in zip(contours.bones, contours.middles, contours.whole, strict=True):
        if not whole or len(bones) > 1 or bones[0] not in model.slices:
            continue
        own = model.slices[bones[0]]
        vertex = np.arange(own.start, own.stop)[:: (own.stop - own.start) // MIDDLE_VERTICES]
        away = middle - flat[own].mean(axis=0)
        for axis, direction in enumerate((across, down)):
            weight = np.full(len(vertex), 1 / len(vertex) / (error_mm**2 + MIDDLE_MM**2))
            parts.append((vertex, direction[vertex], np.full(len(vertex), away[axis]), weight))
    return _Matches(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _vertices_of(contours: _Contours) -> tuple[np.ndarray, np.ndarray]:
    """Return the vertices of the bones of the silhouettes, and the silhouettes' numbers as matching counts them."""
    slices = skeleton_model().slices
    found = [
        (np.arange(slices[bone].start, slices[bone].stop), number)
        for bones, number in zip(contours.bones, contours.silhouette_numbers, strict=True)
        for bone in bones
        if bone in slices
    ]
    vertex = np.concatenate([own for own, _ in found])
    return vertex, np.repeat([number for _, number in found], [len(own) for own, _ in found])


def _nearest(
    among: np.ndarray, wanted: np.ndarray, shifts: Mapping[int, float], movable: np.ndarray, reach: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the best of some points for each wanted one, and whether it is within reach.

    Args:
        among: `(N, 5)`, places, normals and numbers of silhouettes.
        wanted: `(M, 5)`.
        shifts: of the numbers, and what they cost [mm²].
        movable: `(M,)`, whose number may be shifted.
        reach: the furthest [mm].
    """
    tree, best = cKDTree(among), np.full(len(wanted), np.inf)
    index = np.zeros(len(wanted), dtype=int)
    for shift, cost in shifts.items():
        asked = np.flatnonzero(movable) if shift else np.arange(len(wanted))
        apart, found = tree.query(
            wanted[asked] + [0, 0, 0, 0, APART_MM * shift], distance_upper_bound=reach
        )
        apart = apart**2 + cost
        better = apart < best[asked]
        best[asked[better]], index[asked[better]] = apart[better], found[better]
    return index, np.isfinite(best)


def _edge_matches(state: _State, radiograph: Radiograph, spacing_mm: float, error_mm: float) -> _Matches:
    """Return matches of rim vertices with the edges of a radiograph along their normals, as active shapes have them.

    Cootes et al. 1995, Comput Vis Image Underst 61:38. Bone is bright: an edge falls outwards.
    """
    view = replace_contours(radiograph)
    flat, across, down = _projection(state.points, view)
    normals = np.stack([(state.normals * across).sum(1), (state.normals * down).sum(1)], axis=1)
    size = np.array(radiograph.pixels.shape) * spacing_mm
    inside = ((flat > 0) & (flat < size - spacing_mm)).all(axis=1)
    shown = _bone_is_in(radiograph.bones)
    vertex = np.flatnonzero((np.linalg.norm(normals, axis=1) > RIM) & inside & shown)
    if not len(vertex):
        return _Matches(vertex, np.zeros((0, 3)), np.zeros(0), np.zeros(0))
    unit = normals[vertex] / np.linalg.norm(normals[vertex], axis=1, keepdims=True)
    reach = EDGE_REACH * max(error_mm, spacing_mm)
    step = 0.5 * spacing_mm
    offsets = np.arange(-round(reach / step) - 1, round(reach / step) + 2) * step
    places = (flat[vertex][:, None] + offsets[:, None] * unit[:, None]) / spacing_mm
    values = map_coordinates(radiograph.pixels, places.reshape(-1, 2).T, order=1, mode="nearest")
    falling = -np.diff(values.reshape(len(vertex), -1), n=1, axis=1)
    falling = (falling[:, 1:] + falling[:, :-1]) / 2
    offsets = offsets[1:-1]
    best = (falling - radiograph.noise * (offsets / reach) ** 2).argmax(axis=1)
    strength = falling[np.arange(len(vertex)), best]
    trusted = np.clip(strength / radiograph.noise - 1, 0, 2) / 2
    distance = offsets[best]
    direction = unit[:, :1] * across[vertex] + unit[:, 1:] * down[vertex]
    weight = trusted * _rim_share_mm(vertex) / CORRELATION_MM / (error_mm**2 + EDGE_MM**2) * EDGE_WEIGHT
    weight /= 1 + (distance / (2 * error_mm)) ** 2
    kept = trusted > 0
    return _Matches(vertex[kept], direction[kept], distance[kept], weight[kept])


EDGE_REACH, EDGE_MM, EDGE_WEIGHT = 2.0, 1.5, 0.5


@dataclass(frozen=True, eq=False)
class Radiograph:
    """A radiograph to whose edges bones are fitted.

    Attributes:
        axis: across it, 0 of the frontal, 1 of the lateral one.
        pixels: `(W, H)`, smoothed.
        bones: that are fitted to it.
        noise: usual fall from pixel to pixel.
    """

    axis: int
    pixels: np.ndarray
    bones: frozenset[int]
    noise: float

    @classmethod
    def of(cls, axis: int, pixels: np.ndarray, bones: frozenset[int]) -> Radiograph:
        smooth = gaussian_filter(pixels.astype(np.float64), 0.8) - gaussian_filter(pixels.astype(np.float64), 8)
        steps = np.concatenate([np.diff(smooth, axis=axis).ravel() for axis in (0, 1)])
        return cls(axis, smooth, bones, float(0.5 * np.sqrt((steps**2).mean())))


def replace_contours(radiograph):
    return _Contours(radiograph.axis, (), *(np.zeros(0),) * 4, np.zeros(2), np.zeros((0, 2)), np.zeros(0), 0.0, None)


def _bone_is_in(bones: frozenset[int]) -> np.ndarray:
    slices = skeleton_model().slices
    return np.concatenate([np.full(one.stop - one.start, label in bones) for label, one in slices.items()])


@cache
def _spacing_of_vertices() -> np.ndarray:
    """Return the usual distance of neighbouring vertices of each vertex's bone [mm]."""
    model = skeleton_model()
    points = model(zero_weights()).points_mm.numpy()
    found = np.zeros(len(points))
    for label, faces in model.faces.items():
        own = points[model.slices[label]]
        found[model.slices[label]] = np.median(np.linalg.norm(own[faces[:, 0]] - own[faces[:, 1]], axis=1))
    return found


def _rim_share_mm(vertex: np.ndarray) -> np.ndarray:
    return _spacing_of_vertices()[vertex] * 0.5


def _rim_length(contours: _Contours, point: np.ndarray) -> np.ndarray:
    """Return how much of the contour each matched vertex on the rim stands for [mm]."""
    count = np.bincount(point, minlength=len(contours.places))
    return contours.length[point] / np.maximum(count[point], 1)


@cache
def _layout() -> tuple[np.ndarray, np.ndarray]:
    """Return for each vertex the place of its bone among `SkeletonModel.slices`, and of its frame (-1 of ribs)."""
    model = skeleton_model()
    bone = np.concatenate([np.full(one.stop - one.start, k) for k, one in enumerate(model.slices.values())])
    frame = np.full(len(bone), -1)
    frame[: len(model._frame_of_vertex)] = model._frame_of_vertex.numpy()
    return bone, frame


def _rib_of_vertex(vertex: np.ndarray, first: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return side, rib and ring of vertices of ribs."""
    tube = RIB_POINTS * SECTION_POINTS + 2
    number, place = np.divmod(vertex - first, tube)
    ring = np.where(
        place < RIB_POINTS * SECTION_POINTS,
        place // SECTION_POINTS,
        np.where(place == RIB_POINTS * SECTION_POINTS, 0, RIB_POINTS - 1),
    )
    return number // 12, number % 12, ring


def _shared_rows(state: _State, vertex: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """Return derivatives of the vertices' places along directions by shared weights and pose, `(M, P)`."""
    model = skeleton_model()
    _, frame = _layout()
    first = len(state.skeleton.shape_mm)
    rows = np.zeros((len(vertex), SHARED_COUNT + 7), np.float32)
    direction = direction.astype(np.float32)
    ribs = vertex >= first
    origins, matrices, curves = (
        one.numpy()
        for one in (state.jacobian.origins_mm, state.jacobian.matrices, state.jacobian.rib_curves_mm)
    )
    shape = state.skeleton.shape_mm.numpy()
    for number in np.unique(frame[vertex[~ribs]]):
        own = np.flatnonzero((frame[vertex] == number) & ~ribs)
        outer = direction[own][:, :, None] * shape[vertex[own]][:, None, :]
        rows[own] = direction[own] @ origins[number] + outer.reshape(len(own), 9) @ matrices[number].reshape(9, -1)
    own = np.flatnonzero(ribs)
    side, rib, ring = _rib_of_vertex(vertex[own], first)
    rows[own] = np.einsum("ma,map->mp", direction[own], curves[side, rib, ring])
    start = sum(_SIZES[: SHARED.index("rib_section")])
    for number in range(2):
        moved = state.section[number][vertex[own] - first]
        rows[own, start + number] += (direction[own] * moved).sum(axis=1)
    _add_modes(rows, state, vertex, direction)
    return rows


def _add_modes(rows: np.ndarray, state: _State, vertex: np.ndarray, direction: np.ndarray) -> None:
    """Add what the modes of pelvis and femora move."""
    model = skeleton_model()
    pelvis, femur, sides = (sum(_SIZES[: SHARED.index(name)]) for name in ("pelvis", "femur", "femur_sides"))
    matrices = np.einsum("ij,njk->nik", state.matrix, state.skeleton.frames.matrices.numpy())
    for label in _PELVIS:
        own = np.flatnonzero(_of(vertex, label))
        local = direction[own] @ matrices[24]
        modes = model._modes[label].numpy()[:, vertex[own] - model.slices[label].start]
        rows[own, pelvis : pelvis + len(modes)] += np.einsum("ma,kma->mk", local, modes)
    for number, label in enumerate((FEMUR_LEFT, FEMUR_RIGHT)):
        own = np.flatnonzero(_of(vertex, label))
        local = direction[own] @ matrices[25 + number]
        modes = model._modes[FEMUR_LEFT].numpy()[:, vertex[own] - model.slices[label].start]
        moved = np.einsum("ma,kma->mk", local, modes)
        count = moved.shape[1]
        rows[own, femur : femur + count] += moved
        rows[own, sides + number * count : sides + (number + 1) * count] += 0.3 * moved


def _of(vertex: np.ndarray, label: int) -> np.ndarray:
    own = skeleton_model().slices[label]
    return (vertex >= own.start) & (vertex < own.stop)


def _own_rows(state: _State, vertex: np.ndarray, direction: np.ndarray, label: int) -> np.ndarray:
    """Return derivatives by a bone's own shift, turn and local deformation, `(M, 6 + 3 K)`."""
    own = skeleton_model().slices[label]
    away = state.points[vertex] - state.points[own].mean(axis=0)
    turned = np.cross(away, direction)
    rows = [OFFSET_MM * direction, OFFSET_RAD * turned]
    basis = _local_functions(label)
    if basis is not None:
        matrix = state.matrix @ state.skeleton.frames.matrices[_layout()[1][own.start]].numpy()
        local = (direction @ matrix)[:, None, :] * basis[vertex - own.start][:, :, None]
        rows.append(local.reshape(len(vertex), -1))
    return np.concatenate(rows, axis=1).astype(np.float32)


def _local_functions(label: int) -> np.ndarray | None:
    model = skeleton_model()
    if label <= 24:
        return model._vertebra_basis.numpy()[model.slices[label]]
    if label in (*_PELVIS, FEMUR_LEFT, FEMUR_RIGHT):
        return model._basis[FEMUR_LEFT if label == FEMUR_RIGHT else label].numpy()
    return None


def _local_place(label: int) -> tuple[str, int]:
    """Return the part of the weights and the place in it of a bone's local deformation."""
    if label <= 24:
        return "vertebra_local", label - 1
    if label in _PELVIS:
        return "pelvis_local", _PELVIS.index(label)
    return "femur_local", label - FEMUR_LEFT


def _step(fit: Fit, contours: Sequence[_Contours], error_mm: float, middles: bool, alone: bool, radiographs=(), spacing_mm=1.0) -> None:
    """Take one step of Gauss and Newton."""
    state = _state(fit)
    matches = [_matches(state, one, error_mm) for one in contours if len(one.places)]
    if middles:
        matches += [_middle_matches(state, one, error_mm) for one in contours if one.whole.any()]
    matches += [_edge_matches(state, one, spacing_mm, error_mm) for one in radiographs]
    vertex, direction, distance, weight = (
        np.concatenate([getattr(one, name) for one in matches])
        for name in ("vertex", "direction", "distance", "weight")
    )
    fit.error_mm.append(float(np.sqrt((weight * distance**2).sum() / max(weight.sum(), 1e-9))))
    root = np.sqrt(weight).astype(np.float32)
    shared = torch.from_numpy(_shared_rows(state, vertex, direction) * root[:, None])
    wanted = torch.from_numpy((root * distance).astype(np.float32))
    vector = torch.cat([_shared_vector(fit.weights), fit.pose])
    prior = torch.ones(len(vector))
    prior[_is_gross()] = min(1.0, float(GROSS_MM / error_mm) ** 2)
    # Where and how large the person is, is not known beforehand.
    prior[SHARED_COUNT + 3 :] = 1e-3
    normal = shared.T @ shared + torch.diag(prior)
    right = shared.T @ wanted - prior * vector
    solved = []
    if alone:
        bone, _ = _layout()
        for place, label in enumerate(skeleton_model().slices):
            own = np.flatnonzero(bone[vertex] == place)
            if not len(own):
                continue
            rows = torch.from_numpy(
                _own_rows(state, vertex[own], direction[own], label) * root[own][:, None]
            )
            values = _own_values(fit, place, label)
            block = rows.T @ rows + torch.eye(rows.shape[1])
            mixed = rows.T @ shared[own]
            side = rows.T @ wanted[own] - values
            gain = torch.linalg.solve(block, torch.cat([mixed, side[:, None]], dim=1))
            normal -= mixed.T @ gain[:, :-1]
            right -= mixed.T @ gain[:, -1]
            solved.append((place, label, values, gain))
    change = torch.linalg.solve(normal, right)
    vector = vector + change
    fit.weights.update(_shared_weights(vector[:SHARED_COUNT].clone()))
    fit.pose = vector[SHARED_COUNT:].clone()
    for place, label, values, gain in solved:
        _take_own(fit, place, label, values + gain[:, -1] - gain[:, :-1] @ change)


@cache
def _is_gross() -> Tensor:
    """Return which of the shared weights and the pose are gross, `(P,)`."""
    parts = [torch.full((size,), name in GROSS) for name, size in zip(SHARED, _SIZES, strict=True)]
    return torch.cat([*parts, torch.ones(7, dtype=torch.bool)])


def _own_values(fit: Fit, place: int, label: int) -> Tensor:
    values = [fit.offsets[place]]
    if _local_functions(label) is not None:
        part, number = _local_place(label)
        values.append(fit.weights[part][number].flatten())
    return torch.cat(values)


def _take_own(fit: Fit, place: int, label: int, values: Tensor) -> None:
    fit.offsets[place] = values[:6]
    if len(values) > 6:
        part, number = _local_place(label)
        fit.weights[part][number] = values[6:].view(-1, 3)
