"""The frame of a vertebra from its own shape: where its body lies, its plane of symmetry, and which way is up."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from SwinX2SLib.anatomy import label_ids, labels
from SwinX2SLib.measurements.bones import Bone
from SwinX2SLib.measurements.results import NotFoundError
from SwinX2SLib.measurements.voxel_solid import LocalFrame, Solid, fill

SUPERIOR = np.array([0.0, 0.0, 1.0])
COARSE_STEP_MM = 2.5
# The body is the one part of a vertebra that stays solid when blurred this much; arch and processes are thin.
BODY_BLUR_MM = 5.0
NEIGHBOUR_LEVELS = 3
SYMMETRY_POINTS = 900
SYMMETRY_STEPS = 25
# Part of the points that need a mirror image: a broken or missing process must not turn the plane.
SYMMETRY_KEPT = 0.8
# The body's centre lies at least this far in front of the whole vertebra's where there is an arch.
LEAST_LEVER_MM = 2.5
# A vertebra without an arch looks to where so many neighbours look, at most so many levels away.
LENDERS, LENDING_LEVELS = 3, 6
NO_ARCH = "body and arch cannot be separated"


def vertebra_levels() -> dict[str, int]:
    """Return the place of each vertebra in the column, C1 first, by label name."""
    ids = label_ids("spine")[:25]
    return {label.name: ids.index(label.id) for label in labels() if label.id in ids}


def up_directions(bones: dict[str, Bone], superior: np.ndarray = SUPERIOR) -> dict[str, np.ndarray]:
    """Return roughly which way the column runs upwards at each vertebra, `(3,)` unit RAS.

    The directions to the neighbours up to three levels away are averaged, so that one wrong label does not matter;
    a vertebra without neighbours takes `superior`.
    """
    levels = vertebra_levels()
    centres = {name: bone.vertices_ras_mm.mean(axis=0) for name, bone in bones.items() if name in levels}
    directions = {}
    for name in centres:
        near = sorted(
            (other for other in centres if abs(levels[other] - levels[name]) <= NEIGHBOUR_LEVELS),
            key=levels.__getitem__,
        )
        total = np.zeros(3)
        for place, upper in enumerate(near):
            for lower in near[place + 1 :]:
                way = centres[upper] - centres[lower]
                total += way / max(float(np.linalg.norm(way)), 1e-9)
        length = np.linalg.norm(total)
        directions[name] = total / length if length > 1e-6 else np.asarray(superior, dtype=np.float64)
    return directions


def anterior_from_neighbours(name: str, fronts: dict[str, np.ndarray]) -> np.ndarray | None:
    """Return the mean direction forwards of the nearest neighbours of a vertebra, or None.

    Args:
        name: of the vertebra.
        fronts: directions `(3,)` of those that show their own.
    """
    levels = vertebra_levels()
    away = {other: abs(levels[other] - levels[name]) for other in fronts}
    near = [other for other in sorted(away, key=away.__getitem__) if away[other] <= LENDING_LEVELS]
    return np.mean([fronts[other] for other in near[:LENDERS]], axis=0) if near else None


def frame_from_neighbours(bone: Bone, up: np.ndarray, front: np.ndarray) -> LocalFrame:
    """Return the frame of a vertebra without an arch, which looks to where its neighbours look.

    Args:
        bone: one vertebra.
        up: rough direction upwards, `(3,)` unit.
        front: direction forwards of its neighbours, `(3,)`.

    Raises:
        NotFoundError: the bone has no inside, or `front` lies along `up`.
    """
    right = np.cross(front, up)
    if np.linalg.norm(right) < 0.2 * np.linalg.norm(front):
        raise NotFoundError("the neighbours have no valid orientation")
    _, middle, _ = _solid_middle(bone, up)
    return LocalFrame.from_directions(middle, right, up)


def initial_frame(bone: Bone, up: np.ndarray) -> LocalFrame:
    """Return the frame from the middle of the body, turned so that its plane of symmetry is the median plane.

    Args:
        bone: one vertebra.
        up: rough direction upwards, `(3,)` unit.

    Raises:
        NotFoundError: body and arch cannot be told apart.
    """
    if bone.name == "vertebrae_C1":
        centre, front = _ring_front(bone, up)
    else:
        centre, front = _body_front(bone, up)
    right = np.cross(front, up)
    normal = _symmetry_normal(bone.vertices_ras_mm, right / np.linalg.norm(right), centre)
    if bone.name == "vertebrae_C1":
        up = _ring_up(bone, up)
    frame = LocalFrame.from_directions(centre, normal[0], up)
    return frame.moved(np.array([float((normal[1] - centre) @ normal[0]), 0.0, 0.0]))


def _body_front(bone: Bone, up: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    solid, middle, whole = _solid_middle(bone, up)
    front = solid.frame.to_local(middle) - whole
    front[2] = 0.0
    if np.linalg.norm(front) < LEAST_LEVER_MM:
        raise NotFoundError(NO_ARCH)
    return middle, solid.frame.axes @ front


def _solid_middle(bone: Bone, up: np.ndarray) -> tuple[Solid, np.ndarray, np.ndarray]:
    """Return the filled bone, the middle of its most solid part (RAS) and that of all of it (in the solid's frame).

    Raises:
        NotFoundError: the bone has no inside.
    """
    centroid = bone.vertices_ras_mm.mean(axis=0)
    # The grid lies along the bone, not along the patient's axes: a turned patient gives the same grid.
    flat = bone.vertices_ras_mm - centroid
    flat = flat - np.outer(flat @ up, up)
    widest = np.linalg.eigh(flat.T @ flat)[1][:, 2]
    solid = fill(bone, LocalFrame.from_directions(centroid, widest, up), COARSE_STEP_MM)
    if not solid.filled.any():
        raise NotFoundError("the bone is too small")
    density = ndimage.gaussian_filter(solid.filled.astype(np.float32), BODY_BLUR_MM / COARSE_STEP_MM)
    dense = np.argwhere(density > 0.92 * density.max())
    weights = density[tuple(dense.T)]
    local = solid.start + COARSE_STEP_MM * np.average(dense, axis=0, weights=weights)
    whole = solid.start + COARSE_STEP_MM * np.argwhere(solid.filled).mean(axis=0)
    return solid, solid.frame.to_ras(local), whole


def _ring_front(bone: Bone, up: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return centre and front of the atlas: it is widest from side to side, and heavier in front of its ring."""
    points = bone.vertices_ras_mm - bone.vertices_ras_mm.mean(axis=0)
    flat = points - np.outer(points @ up, up)
    values, vectors = np.linalg.eigh(flat.T @ flat)
    if values[1] > 0.8 * values[2] or values[1] <= 0:
        raise NotFoundError("the ring of the atlas is incomplete")
    front = np.cross(up, vectors[:, 2])
    along = flat @ front
    # The posterior arch reaches farther from the heavy lateral masses than the anterior arch does.
    front = front if -along.min() > along.max() else -front
    return bone.vertices_ras_mm.mean(axis=0), front


def _ring_up(bone: Bone, up: np.ndarray) -> np.ndarray:
    """Return the direction square to the ring of the atlas, its thinnest, when that is near `up`."""
    points = bone.vertices_ras_mm - bone.vertices_ras_mm.mean(axis=0)
    thinnest = np.linalg.eigh(points.T @ points)[1][:, 0]
    thinnest = thinnest * np.sign(thinnest @ up)
    return thinnest if thinnest @ up > 0.75 else up


def _symmetry_normal(
    points: np.ndarray, normal: np.ndarray, centre: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return normal and a point of the plane in which points `(N, 3)` mirror best, starting from a guess.

    Mirror images are matched to their nearest points; the plane is fitted to the matched pairs, over and over, as
    in iterative closest points, with the worst matches left out.
    """
    chosen = points[:: max(1, len(points) // SYMMETRY_POINTS)]
    tree, offset, spread = cKDTree(points), float(centre @ normal), points.std(axis=0).mean()
    for _ in range(SYMMETRY_STEPS):
        images = chosen - 2 * np.outer(chosen @ normal - offset, normal)
        distance, nearest = tree.query(images)
        kept = distance <= np.quantile(distance, SYMMETRY_KEPT)
        pairs, middles = points[nearest[kept]] - chosen[kept], (points[nearest[kept]] + chosen[kept]) / 2
        _, vectors = np.linalg.eigh(pairs.T @ pairs - 4 * _scatter(middles))
        new = vectors[:, 2] * np.sign(vectors[:, 2] @ normal)
        if new @ normal < 0.7:  # the matches show no symmetry
            break
        moved = np.linalg.norm(new - normal) * spread
        normal, before = new, offset
        offset = float(np.mean(middles @ normal))
        if moved + abs(offset - before) < 1e-3:
            break
    return normal, centre - (centre @ normal - offset) * normal


def _scatter(points: np.ndarray) -> np.ndarray:
    centred = points - points.mean(axis=0)
    return centred.T @ centred
