"""Fit the mean shapes that `skeleton` lays onto radiographs.

`python -m Testing.assets.fit_bone_shapes MANIFEST jhu_pelvis_atlas.npz OUT` writes
`bone_shapes.npz`. Vertebrae are means over people of the case list, one laid onto the other by a similarity; the
pelvis is the mean of the atlas, with its modes; its sacrum, which the atlas has down to S3, is completed from people
of the case list. All shapes are maps of how probable the bone is, network order.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from SwinX2SLib.anatomy import ids_by_name, label_by_id, label_ids
from SwinX2SLib.datasets import Case, load_case_list
from SwinX2SLib.geometry.registration import Similarity, register_bones
from SwinX2SLib.skeleton.bone_shapes import SPACING_MM, BoneShape
from SwinX2SLib.skeleton.discs import SACRUM
from SwinX2SLib.skeleton.spine_alignment import BONES, LPS_TO_NETWORK, align_pelves, read_paths, scaled_modes
from SwinX2SLib.training.synthesis.joints import femoral_head_mm
from SwinX2SLib.training.synthesis.subjects import Subject

MARGIN_MM = 6.0
# Volumes coarser than this do not show a bone's shape.
COARSEST_MM = 2.1
# Shapes that lie further off after registration (root mean square) are misnamed or broken.
DISTANCE_LIMIT_MM = 6.0
PELVIS_MODES = 20
CONTROLS_PER_BONE = 350
# A bone whose two surfaces are no further apart is thin.
THIN_MM, THIN_NEIGHBOURS = 3.5, 24
# With few points the nearest ones lie inwards of a bone's surface, and it is laid on too small.
POINTS = 4000
# Fewer people are no mean.
FEWEST_PEOPLE = 2
# Probabilities are kept in so many steps.
STEPS = 15
# The completed sacrum begins so far above the end of the atlas'.
SEAM_MM = 12.0
HIPS = ("hip_left", "hip_right")


def mean_shape(people: Sequence[Subject], label: int) -> BoneShape | None:
    """Return the mean of a bone over people; the first of them says where and how large it is.

    Args:
        people: whose bone is whole, the most complete first.
        label: of the bone.
    """
    if len(people) < FEWEST_PEOPLE:
        return None
    reference = people[0]
    points = reference.points_mm(label)
    middle = points.mean(axis=0)
    origin, grid = _grid(points - middle)
    total, count = np.zeros(grid.shape[:3]), np.zeros(grid.shape[:3])
    for person in people:
        placed = _fitted(reference, person, label)
        if placed is None:
            continue
        bone, inside = _at(person, label, placed.apply(grid.reshape(-1, 3) + middle))
        total += np.where(inside, bone, 0).reshape(total.shape)
        count += inside.reshape(total.shape)
    return BoneShape(total / np.maximum(count, 1), origin)


def _at(person: Subject, label: int, points_mm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how much of a bone there is at points `(N, 3)`, 0..1, and whether they lie in the person's volume."""
    place = (points_mm / person.spacing_mm).T
    inside = ((place >= 0) & (place <= np.array(person.labels.shape)[:, None] - 1)).all(axis=0)
    return ndimage.map_coordinates((person.labels == label).astype(np.float32), place, order=1), inside


def _fitted(reference: Subject, person: Subject, label: int) -> Similarity | None:
    """Return the similarity that lays a bone of the reference onto another person's; None where they do not fit."""
    if person is reference:
        return Similarity(1.0, np.eye(3), np.zeros(3))
    found, distance = register_bones(
        [reference.points_mm(label, POINTS)],
        [person.points_mm(label, POINTS)],
        [(True, True)],
        start_all=True,
    )
    return found if distance <= DISTANCE_LIMIT_MM else None


def vertex_normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Return the outward unit normals `(V, 3)` of a closed surface, weighted by the areas of its faces."""
    corners = vertices[faces]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    outwards = np.sign((corners.mean(axis=1) * across).sum())
    normals = np.zeros_like(vertices)
    for corner in range(3):
        np.add.at(normals, faces[:, corner], outwards * across)
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)


def filled(vertices: np.ndarray, faces: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Return which points `(X, Y, Z, 3)` lie within a closed surface, by the planes of the nearest vertices."""
    normals = vertex_normals(vertices, faces)
    points, tree = grid.reshape(-1, 3), cKDTree(vertices)
    distance, nearest = tree.query(points, k=4)
    depth = ((points[:, None] - vertices[nearest]) * normals[nearest]).sum(-1).mean(1)
    # The wing of the ilium is thinner than the grid is fine, and would have holes.
    beside = tree.query(vertices, k=THIN_NEIGHBOURS, distance_upper_bound=THIN_MM)[1]
    facing = np.concatenate([normals, np.zeros((1, 3))])[beside]
    thin = ((normals[:, None] * facing).sum(-1) < -0.5).any(axis=1)
    plate = thin[nearest[:, 0]] & (distance[:, 0] < THIN_MM / 2)
    return ((depth < 0) | plate).reshape(grid.shape[:3])


def pelvis(atlas: Path, people: Sequence[Subject]) -> dict[str, np.ndarray]:
    """Return the table's entries of the mean pelvis: its bones, the femoral heads, controls and modes [mm]."""
    data = np.load(atlas)
    shapes = np.concatenate([data[f"{bone}_vertices"] for bone in BONES], axis=1) * LPS_TO_NETWORK
    mean, aligned = align_pelves(shapes.astype(np.float64))
    per_bone = len(mean) // len(BONES)
    origin, grid = _grid(mean, margin_mm=30.0)
    bones = {}
    for number, name in enumerate((*HIPS, "sacrum")):
        own = slice(number * per_bone, (number + 1) * per_bone)
        faces = data[f"{BONES[number]}_faces"]
        bones[name] = filled(mean[own] - mean[own].mean(0), faces, grid - mean[own].mean(0)).astype(float)
    sacrum = mean[2 * per_bone :]
    with_sacra = [person for person in people if person.is_whole(SACRUM)]
    bones["sacrum"] = _completed_sacrum(sacrum, bones["sacrum"], grid, with_sacra)
    modes = scaled_modes(aligned, PELVIS_MODES)
    step = per_bone // CONTROLS_PER_BONE
    table = {}
    for name, probability in bones.items():
        table |= _entry(name, _cropped(BoneShape(probability, origin)))
    for side in ("left", "right"):
        head = mean_head_mm(BoneShape(bones[f"hip_{side}"], origin), people, side)
        table[f"femur_{side}_head_mm"] = head.astype(np.float32)
    variation = {"pelvis_controls_mm": mean[::step], "pelvis_modes_mm": modes[:, ::step]}
    return table | {name: array.astype(np.float16) for name, array in variation.items()}


def _completed_sacrum(
    vertices: np.ndarray, upper: np.ndarray, grid: np.ndarray, people: Sequence[Subject]
) -> np.ndarray:
    """Return the mean sacrum of people below where the atlas ends, the atlas' above.

    Args:
        vertices: of the atlas' mean, S1 to S3.
        upper: whether a point of the grid lies within it.
        grid: `(X, Y, Z, 3)`.
        people: with whole sacra.
    """
    total = np.zeros(grid.shape[:3])
    used = 0
    for person in people:
        placed, distance = register_bones(
            [vertices[::10]], [person.points_mm(SACRUM)], [(False, True)], start_all=True
        )
        if distance > DISTANCE_LIMIT_MM:
            continue
        total += _at(person, SACRUM, placed.apply(grid.reshape(-1, 3)))[0].reshape(total.shape)
        used += 1
    floor = vertices[:, 2].max() - SEAM_MM
    return np.maximum(np.where(grid[..., 2] > floor, total / max(used, 1), 0), upper)


def mean_head_mm(mean_hip: BoneShape, people: Sequence[Subject], side: str) -> np.ndarray:
    """Return where the centre of a femur's head lies in the frame of the mean hip, `(3,)` [mm]: the median of people.

    Args:
        mean_hip: the mean one of this side.
        people: with whole hips or parts of them.
        side: "left" or "right".

    Raises:
        ValueError: nobody has a femoral head in a hip that is like the mean one.
    """
    femur, hip = (ids_by_name()[f"{bone}_{side}"] for bone in ("femur", "hip"))
    bone = np.argwhere(mean_hip.probability > 0.5)
    points = mean_hip.origin_mm + SPACING_MM * bone[:: max(len(bone) // POINTS, 1)]
    found = []
    for person in people:
        head = femoral_head_mm(person, femur, hip) if {femur, hip} <= set(person.boxes) else None
        if head is None:
            continue
        whole = [(True, person.is_whole(hip))]
        placed, distance = register_bones([points], [person.points_mm(hip, POINTS)], whole, start_all=True)
        if distance <= DISTANCE_LIMIT_MM:
            found.append(placed.invert(head))
    if not found:
        raise ValueError(f"Nobody has a {side} femoral head in a hip that is like the mean one.")
    return np.median(found, axis=0)


def _grid(points: np.ndarray, margin_mm: float = MARGIN_MM) -> tuple[np.ndarray, np.ndarray]:
    low, high = points.min(axis=0) - margin_mm, points.max(axis=0) + margin_mm
    axes = [np.arange(a, b, SPACING_MM) for a, b in zip(low, high, strict=True)]
    return low, np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)


def _cropped(shape: BoneShape) -> BoneShape:
    """Return a shape without what is empty around it, but for the margin."""
    places = np.argwhere(shape.probability > 0)
    margin = round(MARGIN_MM / SPACING_MM)
    low = np.maximum(places.min(axis=0) - margin, 0)
    part = tuple(slice(a, b + margin + 1) for a, b in zip(low, places.max(axis=0), strict=True))
    return BoneShape(shape.probability[part], shape.origin_mm + SPACING_MM * low)


def _entry(name: str, shape: BoneShape) -> dict[str, np.ndarray]:
    probability = (np.rint(STEPS * shape.probability.clip(0, 1)) * (255 // STEPS)).astype(np.uint8)
    return {f"{name}_probability": probability, f"{name}_origin_mm": shape.origin_mm.astype(np.float32)}


def _people(cases: Sequence[Case]) -> list[Subject]:
    people = []
    for case in cases:
        labels, spacing_mm = case.load_labels()
        if spacing_mm.max() <= COARSEST_MM:
            people.append(Subject(case.name, labels, spacing_mm, case.known_classes))
    return sorted(people, key=lambda person: -len(person.boxes))


def main() -> None:
    """Write the table."""
    args = read_paths(__doc__, manifest="case list", atlas="jhu_pelvis_atlas.npz")
    cases = [c for c in load_case_list(args.manifest) if c.split == "train" and c.may_train_default_weights]
    people = _people(cases)
    table = pelvis(args.atlas, people)
    for label in label_ids("spine"):
        shape = mean_shape([p for p in people if p.is_whole(label)], label)
        if shape is not None:
            table |= _entry(label_by_id(label).name, shape)
    np.savez_compressed(args.out / "bone_shapes.npz", **table)


if __name__ == "__main__":
    main()
