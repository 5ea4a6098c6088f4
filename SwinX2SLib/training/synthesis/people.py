"""A person as material for composition: which bones are there, which are whole, and where they are cut."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage

from SwinX2SLib.anatomy import label_by_id, label_ids

FACES = ("right", "left", "front", "back", "top", "bottom")
# A bone is cut by a face of its volume when its contact with it exceeds this share of its largest section parallel to
# it: masks that were cropped to their bounding box touch it with their tips, and are not cut.
CONTACT_SHARE = 0.12
POINTS_PER_BONE = 250
# An outermost vertebra that has less than this share of its neighbour's volume was not drawn whole.
NEIGHBOUR_SHARE = 0.5
FIRST_THORACIC = 8
VERTEBRAE = label_ids("spine")


def level_of(label: int) -> int:
    """Return the vertebra that a bone goes with: its own id, a rib's vertebra, or one below the last for the rest."""
    bone = label_by_id(label)
    if bone.group == "spine":
        return label
    if bone.group == "ribs":
        return FIRST_THORACIC - 1 + int(bone.name.rsplit("_", 1)[1])
    return VERTEBRAE[-1] + 1


@dataclass(frozen=True)
class Person:
    """A label volume in network order with what is known of it.

    Attributes:
        name: for messages.
        labels: uint8 `(X, Y, Z)`.
        spacing_mm: `(3,)`.
        known: bool `(55,)`.
    """

    name: str
    labels: np.ndarray
    spacing_mm: np.ndarray
    known: np.ndarray

    @cached_property
    def boxes(self) -> dict[int, tuple[slice, slice, slice]]:
        """Bounding box of every bone that is present."""
        found = ndimage.find_objects(self.labels)
        return {value + 1: box for value, box in enumerate(found) if box is not None}

    @cached_property
    def volumes_mm3(self) -> dict[int, float]:
        """Volume of every bone that is present."""
        counts = np.bincount(self.labels.ravel(), minlength=256)
        return {label: float(counts[label] * self.spacing_mm.prod()) for label in self.boxes}

    @cached_property
    def cut_faces(self) -> dict[int, frozenset[str]]:
        """For every bone, the faces of the volume that cut it."""
        return {label: self._cut_faces(label) for label in self.boxes}

    def is_whole(self, label: int) -> bool:
        """Whether the bone is present, no face cuts it, and it is not much smaller than its neighbours."""
        if label not in self.boxes or self.cut_faces[label]:
            return False
        if label not in VERTEBRAE:
            return True
        near = [self.volumes_mm3[v] for v in (label - 1, label + 1) if v in VERTEBRAE and v in self.boxes]
        return not near or self.volumes_mm3[label] > NEIGHBOUR_SHARE * max(near)

    def points_mm(self, label: int, count: int = POINTS_PER_BONE) -> np.ndarray:
        """Return about `count` evenly drawn voxel centres of a bone, index order `(N, 3)` [mm]."""
        box = self.boxes[label]
        points = np.argwhere(self.labels[box] == label) + [side.start for side in box]
        step = max(len(points) // count, 1)
        return points[::step] * self.spacing_mm

    def body_centre_mm(self, label: int) -> np.ndarray:
        """Return the middle of a vertebra's body: where the bone is thickest, index order `(3,)` [mm]."""
        box = self.boxes[label]
        mask = np.pad(self.labels[box] == label, 1)
        depth = ndimage.distance_transform_edt(mask, sampling=self.spacing_mm)
        weight = np.where(depth > 0.5 * depth.max(), depth, 0.0)
        centre = [np.average(np.arange(n), weights=weight.sum(o)) for n, o in _other_axes(mask.shape)]
        return (np.array(centre) - 1 + [side.start for side in box]) * self.spacing_mm

    def _cut_faces(self, label: int) -> frozenset[str]:
        box = self.boxes[label]
        mask = self.labels[box] == label
        faces = set()
        for axis, (size, others) in enumerate(_other_axes(mask.shape)):
            sections = mask.sum(others)
            limit = CONTACT_SHARE * sections.max()
            if box[axis].start == 0 and sections[0] > limit:
                faces.add(FACES[2 * axis])
            if box[axis].stop == self.labels.shape[axis] and sections[size - 1] > limit:
                faces.add(FACES[2 * axis + 1])
        return frozenset(faces)


def _other_axes(shape: tuple[int, ...]) -> list[tuple[int, tuple[int, ...]]]:
    return [(size, tuple(i for i in range(len(shape)) if i != axis)) for axis, size in enumerate(shape)]
