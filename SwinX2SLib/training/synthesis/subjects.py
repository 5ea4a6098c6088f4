"""A person as material for composition: which bones are there, which are whole, and where they are cut."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage
from torch import Tensor

from SwinX2SLib.anatomy import CLASS_COUNT, label_by_id, label_ids

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


# Every second voxel on each axis will do.
STRIDE = 2
LEAST_POINTS = 3


@dataclass(frozen=True)
class Landmarks:
    """Bones as sparse points, in mm (x, y, z) from the volume's centre, network directions.

    Attributes:
        points_mm: `(N, 3)`, voxels of bone.
        label: `(N,)`, whose.
        centres_mm: `(55, 3)`, centre of every bone; NaN where it is not seen.
        half_mm: `(3,)`, from the volume's centre to its borders.
    """

    points_mm: np.ndarray
    label: np.ndarray
    centres_mm: np.ndarray
    half_mm: np.ndarray

    @classmethod
    def of(cls, labels: Tensor, spacing_mm: float) -> Landmarks:
        """Find the bones of a label volume, uint8 `(X, Y, Z)`."""
        sparse = labels[::STRIDE, ::STRIDE, ::STRIDE].contiguous()
        index = sparse.nonzero()
        label = sparse[index[:, 0], index[:, 1], index[:, 2]].cpu().numpy().astype(np.int64)
        middle = (np.array(labels.shape) - 1) / 2
        points = (index.cpu().numpy() * STRIDE - middle) * spacing_mm
        count = np.bincount(label, minlength=CLASS_COUNT).astype(np.float64)
        count[count < LEAST_POINTS] = np.nan
        centres = np.stack([np.bincount(label, points[:, a], CLASS_COUNT) / count for a in range(3)], axis=1)
        return cls(points, label, centres, np.array(labels.shape) / 2 * spacing_mm)

    def sees(self, label: int) -> bool:
        """Whether the bone is in view."""
        return bool(np.isfinite(self.centres_mm[label, 0]))

    def of_bone(self, label: int) -> np.ndarray:
        """Return the points of one bone, `(M, 3)`."""
        return self.points_mm[self.label == label]

    def of_bones(self, labels: tuple[int, ...]) -> np.ndarray:
        """Return the points of several bones, `(M, 3)`."""
        return self.points_mm[np.isin(self.label, labels)]

    def seen(self, labels: tuple[int, ...]) -> list[int]:
        """Return which of these bones are in view."""
        return [label for label in labels if self.sees(label)]

    def spine_at(self, heights_mm: np.ndarray | float, vertebrae: tuple[int, ...]) -> np.ndarray | None:
        """Return x and y of the spine's line at given z, `(..., 2)`; None if fewer than two vertebrae are seen."""
        seen = self.seen(vertebrae)
        if len(seen) < 2:
            return None
        line = self.centres_mm[seen]
        line = line[np.argsort(line[:, 2])]
        return np.stack([np.interp(heights_mm, line[:, 2], line[:, axis]) for axis in (0, 1)], axis=-1)
