"""Fit the mean shapes of the vertebrae, of which `fit_skeleton` makes the templates of the statistical skeleton.

`python -m Testing.assets.fit_bone_shapes MANIFEST OUT` writes `bone_shapes.npz`: means over people of the case list,
one laid onto the other by a similarity, as maps of how probable the bone is. Network order: x right -> left,
y anterior -> posterior, z superior -> inferior.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage

from SwinX2SLib.anatomy import label_by_id, label_ids, labels
from SwinX2SLib.datasets import Case, load_case_list
from SwinX2SLib.geometry.registration import Similarity, register_bones
from SwinX2SLib.skeleton.spine_alignment import read_paths
from SwinX2SLib.training.synthesis.subjects import Subject

MARGIN_MM = 6.0
# Volumes coarser than this do not show a bone's shape.
COARSEST_MM = 2.1
# Shapes that lie further off after registration (root mean square) are misnamed or broken.
DISTANCE_LIMIT_MM = 6.0
# With few points the nearest ones lie inwards of a bone's surface, and it is laid on too small.
POINTS = 4000
# Fewer people are no mean.
FEWEST_PEOPLE = 2
# Probabilities are kept in so many steps.
STEPS = 15
SPACING_MM = 2.0


@dataclass(frozen=True, eq=False)
class BoneShape:
    """How probable a bone is around its middle.

    Attributes:
        probability: float32 `(X, Y, Z)`, 0..1.
        origin_mm: place of the first voxel, `(3,)`.
        spacing_mm: of the voxels.
    """

    probability: np.ndarray
    origin_mm: np.ndarray
    spacing_mm: float = SPACING_MM


def read_shapes(path: Path) -> dict[int, BoneShape]:
    """Return the shapes of `bone_shapes.npz` by label."""
    with np.load(path) as data:
        return {
            label.id: BoneShape(
                data[f"{label.name}_probability"].astype(np.float32) / 255,
                data[f"{label.name}_origin_mm"].astype(np.float64),
            )
            for label in labels()
            if f"{label.name}_probability" in data
        }


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


def _grid(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    low, high = points.min(axis=0) - MARGIN_MM, points.max(axis=0) + MARGIN_MM
    axes = [np.arange(a, b, SPACING_MM) for a, b in zip(low, high, strict=True)]
    return low, np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)


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
    args = read_paths(__doc__, manifest="case list")
    cases = [c for c in load_case_list(args.manifest) if c.split == "train" and c.may_train_default_weights]
    people = _people(cases)
    table = {}
    for label in label_ids("spine"):
        shape = mean_shape([p for p in people if p.is_whole(label)], label)
        if shape is not None:
            table |= _entry(label_by_id(label).name, shape)
    np.savez_compressed(args.out / "bone_shapes.npz", **table)


if __name__ == "__main__":
    main()
