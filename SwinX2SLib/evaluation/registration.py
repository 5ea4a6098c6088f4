"""The reconstruction registered with the CT."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.evaluation.bones import label_centres_mm
from SwinX2SLib.evaluation.case import Registration
from SwinX2SLib.evaluation.surfaces import COARSEST_MM
from SwinX2SLib.geometry.frames import transform_points
from SwinX2SLib.geometry.label_surfaces import label_surfaces
from SwinX2SLib.geometry.resampling import centre_shift_mm
from SwinX2SLib.geometry.surfaces import Surface
from SwinX2SLib.io.label_volumes import LabelVolume

# Points of each bone that take part, and steps at most; a step below both limits is the last.
_POINTS, _STEPS = 300, 60
_LEAST_TURN_DEG, _LEAST_SHIFT_MM = 1e-3, 1e-3
# Tukey's biweight: efficient constant, and the scale [mm] below which no deviation is taken for an outlier.
_TUKEY, _LEAST_SCALE_MM = 4.685, 0.5
_MAD_TO_SIGMA = 1.4826
# Centres that lie in a row leave the turn about that row open: so far [mm] they must spread beside it.
_LEAST_SPREAD_MM = 10.0
_DAMPING = 1e-9


@dataclass(frozen=True, eq=False)
class RigidAlignment:
    """How bones are moved onto their counterparts.

    Attributes:
        matrix: 4x4, moving RAS mm -> fixed RAS mm; a turn and a shift, never a change of size.
        bones: ids of the labels that both hold.
        before_mm: mean distance of the surfaces of these bones before, both ways.
        after_mm: the same after: the residual.
        turn_deg: angle of the turn.
        shift_mm: `(3,)`, way of the middle of the moving bones.
    """

    matrix: np.ndarray
    bones: tuple[int, ...]
    before_mm: float
    after_mm: float
    turn_deg: float
    shift_mm: np.ndarray


@dataclass(frozen=True, eq=False)
class _Cloud:
    """Points `(N, 3)` of a bone with normals, and those of them that are asked for."""

    surface: Surface

    @cached_property
    def tree(self) -> cKDTree:
        return cKDTree(self.surface.vertices)

    @cached_property
    def sample(self) -> np.ndarray:
        count = len(self.surface.vertices)
        return self.surface.vertices[:: max(1, -(-count // _POINTS))]

    @cached_property
    def centre(self) -> np.ndarray:
        weights = np.maximum(self.surface.areas, 1e-12)
        return np.average(self.surface.vertices, axis=0, weights=weights)


def align_surfaces(moving: Mapping[int, Surface], fixed: Mapping[int, Surface]) -> RigidAlignment | None:
    """Find the turn and the shift that lay bones onto their counterparts.

    Args:
        moving, fixed: closed surfaces by label id (RAS mm).

    Returns:
        The alignment, or None when no bone is in both.
    """
    shared = sorted({*moving} & {*fixed})
    if not shared:
        return None
    pairs = [(_Cloud(moving[label]), _Cloud(fixed[label])) for label in shared]
    found = [_refined(start, pairs) for start in _starts(pairs)]
    matrix = min(found, key=lambda each: _cost_mm(each, pairs))
    before, after = _mean_distance_mm(np.eye(4), pairs), _mean_distance_mm(matrix, pairs)
    middle = np.mean([pair[0].centre for pair in pairs], axis=0)
    return RigidAlignment(
        matrix=matrix,
        bones=tuple(shared),
        before_mm=before,
        after_mm=after,
        turn_deg=float(np.degrees(Rotation.from_matrix(matrix[:3, :3]).magnitude())),
        shift_mm=transform_points(matrix, middle) - middle,
    )


def fit_rigid(moving: np.ndarray, fixed: np.ndarray) -> np.ndarray:
    """Return the 4x4 matrix that lays points `(N, 3)` onto their counterparts with the least squares of distances.

    Points that lie in a row leave the turn about it open; then they are only shifted.
    """
    centres = moving.mean(axis=0), fixed.mean(axis=0)
    around = [points - centre for points, centre in zip((moving, fixed), centres, strict=True)]
    matrix = np.eye(4)
    spreads = [np.linalg.svd(points, compute_uv=False) / np.sqrt(len(points)) for points in around]
    if len(moving) >= 3 and min(spread[1] for spread in spreads) >= _LEAST_SPREAD_MM:
        matrix[:3, :3] = Rotation.align_vectors(around[1], around[0])[0].as_matrix()
    matrix[:3, 3] = centres[1] - matrix[:3, :3] @ centres[0]
    return matrix


def _starts(pairs: Sequence[tuple[_Cloud, _Cloud]]) -> list[np.ndarray]:
    """Return where to start from: as the bones lie, shifted only, and turned by their centres where possible."""
    centres = [np.array([pair[side].centre for pair in pairs]) for side in (0, 1)]
    shifted = np.eye(4)
    shifted[:3, 3] = np.median(centres[1] - centres[0], axis=0)
    return [np.eye(4), shifted, fit_rigid(*centres)]


def _refined(matrix: np.ndarray, pairs: Sequence[tuple[_Cloud, _Cloud]]) -> np.ndarray:
    for _ in range(_STEPS):
        places, targets, normals = _matches(matrix, pairs)
        step = _step(places, targets, normals)
        matrix = step @ matrix
        turn = np.degrees(Rotation.from_matrix(step[:3, :3]).magnitude())
        middle = places.mean(axis=0)
        if (
            turn < _LEAST_TURN_DEG
            and np.linalg.norm(transform_points(step, middle) - middle) < _LEAST_SHIFT_MM
        ):
            break
    return matrix


def _matches(
    matrix: np.ndarray, pairs: Sequence[tuple[_Cloud, _Cloud]]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return moved points, their closest counterparts and the normals there, `(N, 3)` each, in the fixed frame."""
    back = np.linalg.inv(matrix)
    places, targets, normals = [], [], []
    for moving, fixed in pairs:
        moved = transform_points(matrix, moving.sample)
        nearest = fixed.tree.query(moved)[1]
        found = moving.tree.query(transform_points(back, fixed.sample))[1]
        places += [moved, transform_points(matrix, moving.surface.vertices[found])]
        targets += [fixed.surface.vertices[nearest], fixed.sample]
        normals += [fixed.surface.normals[nearest], moving.surface.normals[found] @ matrix[:3, :3].T]
    return np.concatenate(places), np.concatenate(targets), np.concatenate(normals)


def _step(places: np.ndarray, targets: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """Return the small motion (4x4) that lays points onto the planes of their counterparts."""
    middle = places.mean(axis=0)
    around = places - middle
    apart = np.einsum("ij,ij->i", targets - places, normals)
    # Judged by the whole distance: a point without a counterpart may lie in the plane of a far one.
    weights = _weights(np.linalg.norm(targets - places, axis=1))
    rows = np.hstack([np.cross(around, normals), normals])
    normal_matrix = (rows * weights[:, None]).T @ rows
    normal_matrix += _DAMPING * np.trace(normal_matrix) * np.eye(6)
    motion = np.linalg.solve(normal_matrix, rows.T @ (weights * apart))
    step = np.eye(4)
    step[:3, :3] = Rotation.from_rotvec(motion[:3]).as_matrix()
    step[:3, 3] = middle + motion[3:] - step[:3, :3] @ middle
    return step


def _weights(distances: np.ndarray) -> np.ndarray:
    scale = max(_MAD_TO_SIGMA * float(np.median(distances)), _LEAST_SCALE_MM)
    ratio = distances / (_TUKEY * scale)
    return np.where(ratio < 1, (1 - ratio**2) ** 2, 0.0)


def _distances_mm(matrix: np.ndarray, pairs: Sequence[tuple[_Cloud, _Cloud]]) -> np.ndarray:
    places, targets, _ = _matches(matrix, pairs)
    return np.linalg.norm(targets - places, axis=1)


def _cost_mm(matrix: np.ndarray, pairs: Sequence[tuple[_Cloud, _Cloud]]) -> float:
    """Return the cost that ranks alignments; parts without a counterpart must not dominate it."""
    return float(np.median(_distances_mm(matrix, pairs)))


def _mean_distance_mm(matrix: np.ndarray, pairs: Sequence[tuple[_Cloud, _Cloud]]) -> float:
    return float(_distances_mm(matrix, pairs).mean())


# Part of the predicted bone outside the truth's volume from which a note is written.
_TOLD_OUTSIDE = 0.01


def place_prediction(
    prediction: LabelVolume, truth: LabelVolume, labels: Sequence[int], align: str
) -> tuple[LabelVolume, Registration | None, list[str]]:
    """Move a prediction as asked.

    Args:
        prediction, truth: label volumes; neither is changed.
        labels: ids that are compared.
        align: see `EvaluationOptions.align`.

    Returns:
        The prediction where it is compared, how it was moved (None when it was not), and a note on it.
    """
    if align == "none":
        return prediction, None, []
    placing = _ALIGNERS[align](prediction, truth, labels)
    if placing is None:
        return prediction, None, ["The volumes have no common bone; the prediction was not aligned."]
    moved = replace(prediction, affine=np.array(placing.matrix) @ prediction.affine)
    return moved, placing, [_words(placing, align)]


def outside_notes(
    prediction: LabelVolume, truth: LabelVolume, labels: Sequence[int], path: Path
) -> list[str]:
    """Return the note on predicted bone outside the truth's volume, which is not scored.

    Args:
        prediction: where it is compared.
        truth: whose volume counts.
        labels: ids that are compared.
        path: of the prediction.

    Raises:
        InputError: all of it lies outside.
    """
    bone, inside = _voxels_inside(prediction, truth, labels)
    if not bone:
        groups = "" if not prediction.labels.any() else " of the groups compared"
        return [f"The prediction has no bones{groups}."]
    if not inside:
        message = (
            "No predicted bone is inside the volume of the ground truth: the positions in the files differ."
        )
        hint = "Check that both belong to one person; use --align centres or bones."
        raise InputError([Fault("no-overlap", message, hint, str(path))])
    outside = 1 - inside / bone
    if outside < _TOLD_OUTSIDE:
        return []
    return [
        f"{100 * outside:.0f} % of the predicted bone is outside the volume of the ground truth and is not "
        "scored."
    ]


def _voxels_inside(prediction: LabelVolume, truth: LabelVolume, labels: Sequence[int]) -> tuple[int, int]:
    """Count the voxels of predicted bone, and those of them whose centres lie in a voxel of the truth's grid."""
    to_truth = np.linalg.inv(truth.affine) @ prediction.affine
    ends = np.array(truth.labels.shape) - 0.5
    kept = np.zeros(256, dtype=bool)
    kept[list(labels)] = True
    bone = inside = 0
    # A slab at a time, for the largest volumes.
    for index, slab in enumerate(prediction.labels):
        voxels = np.argwhere(kept[slab])
        places = transform_points(to_truth, np.insert(voxels, 0, index, axis=1))
        bone += len(voxels)
        inside += int(np.count_nonzero(np.all((places >= -0.5) & (places < ends), axis=1)))
    return bone, inside


def _by_centres(prediction: LabelVolume, truth: LabelVolume, labels: Sequence[int]) -> Registration:
    return _shifted(
        centre_shift_mm(prediction.affine, prediction.labels.shape, truth.affine, truth.labels.shape)
    )


def _by_bones(prediction: LabelVolume, truth: LabelVolume, labels: Sequence[int]) -> Registration | None:
    found = label_centres_mm(prediction.labels, prediction.affine, labels)
    true = label_centres_mm(truth.labels, truth.affine, labels)
    ways = [true[label] - found[label] for label in true if label in found]
    return _shifted(np.median(ways, axis=0)) if ways else None


def _rigidly(prediction: LabelVolume, truth: LabelVolume, labels: Sequence[int]) -> Registration | None:
    surfaces = [
        label_surfaces(volume.labels, volume.affine, labels, coarsest_mm=COARSEST_MM)
        for volume in (prediction, truth)
    ]
    found = align_surfaces(*surfaces)
    if found is None:
        return None
    return Registration(
        tuple(tuple(row) for row in found.matrix.tolist()),
        tuple(found.shift_mm.tolist()),
        found.turn_deg,
        found.before_mm,
        found.after_mm,
    )


def _shifted(shift_mm: np.ndarray) -> Registration:
    matrix = np.eye(4)
    matrix[:3, 3] = shift_mm
    return Registration(tuple(tuple(row) for row in matrix.tolist()), tuple(np.asarray(shift_mm).tolist()))


_ALIGNERS = {"centres": _by_centres, "bones": _by_bones, "rigid": _rigidly}
_WHY = {
    "centres": "to align the centres of both grids",
    "bones": "by the median shift between matching bones; the remaining position errors are scored",
    "rigid": (
        "to align its bones with the ground truth; a common shift or rotation of all bones is not scored"
    ),
}


# Reconstructions of one person from two radiographs come within a few millimetres.
_FAR_MM = 8.0


def _words(placing: Registration, align: str) -> str:
    shift = ", ".join(f"{each:.1f}" for each in placing.shift_mm)
    turn = f" and rotated by {placing.turn_deg:.1f} degrees" if placing.turn_deg else ""
    words = f"The prediction was moved by ({shift}) mm (right, anterior, superior){turn} {_WHY[align]}."
    if placing.after_mm is None:
        return words
    note = (
        f"{words} Mean distance between the surfaces of matching bones: {placing.after_mm:.1f} mm, before "
        f"the alignment {placing.before_mm:.1f} mm."
    )
    if placing.after_mm > _FAR_MM:
        note += " This is large: check that both belong to one person and use the same labels."
    return note
