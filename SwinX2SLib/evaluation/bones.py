"""Scores of every bone of two label volumes on one grid."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from SwinX2SLib.anatomy import label_by_id
from SwinX2SLib.evaluation.metrics import IDENTIFIED_WITHIN_MM, check_one_shape
from SwinX2SLib.geometry.distances import SurfaceDistances, surface_distances
from SwinX2SLib.geometry.frames import transform_points

Box = tuple[slice, ...]


@dataclass(frozen=True, eq=False)
class BoneComparison:
    """One bone in both volumes.

    Attributes:
        label: id.
        predicted, true, common: numbers of voxels.
        predicted_centre_mm, true_centre_mm: centres of mass `(3,)`, or None.
        distances: of the surfaces, or None unless both volumes hold the bone.
    """

    label: int
    predicted: int
    true: int
    common: int
    predicted_centre_mm: np.ndarray | None
    true_centre_mm: np.ndarray | None
    distances: SurfaceDistances | None

    @property
    def group(self) -> str:
        """Group of the bone."""
        return label_by_id(self.label).group

    @property
    def dice(self) -> float:
        """Dice coefficient, 0 to 1."""
        return 2 * self.common / (self.predicted + self.true)

    @property
    def iou(self) -> float:
        """Intersection over union, 0 to 1."""
        return self.common / (self.predicted + self.true - self.common)

    @property
    def localisation_error_mm(self) -> float | None:
        """Distance of both centres of mass, or None unless both volumes hold the bone."""
        if self.predicted_centre_mm is None or self.true_centre_mm is None:
            return None
        return float(np.linalg.norm(self.predicted_centre_mm - self.true_centre_mm))


def compare_bones(
    prediction: np.ndarray, truth: np.ndarray, affine: np.ndarray, labels: Collection[int]
) -> Iterator[BoneComparison]:
    """Compare the bones that either volume holds, in the order of their ids.

    Each bone is looked at in its own box.

    Args:
        prediction, truth: uint8 labels `(I, J, K)` on the same grid.
        affine: index -> mm.
        labels: ids to compare.

    Raises:
        ValueError: the shapes differ.
    """
    check_one_shape(prediction, truth)
    highest = max(labels, default=0)
    boxes = zip(_boxes(prediction, highest), _boxes(truth, highest), strict=True)
    for label, (predicted, true) in enumerate(boxes, start=1):
        if label in labels and (predicted or true):
            box = _joined([found for found in (predicted, true) if found])
            yield _compared(label, prediction[box] == label, truth[box] == label, _box_affine(box, affine))


def _compared(label: int, prediction: np.ndarray, truth: np.ndarray, affine: np.ndarray) -> BoneComparison:
    return BoneComparison(
        label,
        int(np.count_nonzero(prediction)),
        int(np.count_nonzero(truth)),
        int(np.count_nonzero(prediction & truth)),
        centre_mm(prediction, affine),
        centre_mm(truth, affine),
        surface_distances(prediction, truth, affine),
    )


def centre_mm(mask: np.ndarray, affine: np.ndarray) -> np.ndarray | None:
    """Return the centre of mass `(3,)` of a mask in mm, or None when it is empty."""
    total = np.count_nonzero(mask)
    if not total:
        return None
    centre = []
    for axis in range(3):
        counts = mask.sum(axis=tuple(other for other in range(3) if other != axis))
        centre.append(float(counts @ np.arange(len(counts))) / total)
    return transform_points(affine, np.array(centre))


def label_centres_mm(
    labels: np.ndarray, affine: np.ndarray, wanted: Collection[int]
) -> dict[int, np.ndarray]:
    """Return the centres of mass `(3,)` in mm of the bones of a label volume, by id."""
    centres = {}
    for label, box in enumerate(_boxes(labels, max(wanted, default=0)), start=1):
        if box and label in wanted:
            centre = centre_mm(labels[box] == label, _box_affine(box, affine))
            if centre is not None:
                centres[label] = centre
    return centres


def _boxes(labels: np.ndarray, highest: int) -> list[Box | None]:
    return ndimage.find_objects(labels, max_label=highest) if highest else []


def _joined(boxes: Sequence[Box]) -> Box:
    return tuple(
        slice(min(part.start for part in parts), max(part.stop for part in parts))
        for parts in zip(*boxes, strict=True)
    )


def _box_affine(box: Box, affine: np.ndarray) -> np.ndarray:
    moved = np.array(affine, dtype=np.float64)
    moved[:3, 3] = transform_points(affine, np.array([part.start for part in box]))
    return moved


def paper_averages(bones: Sequence[BoneComparison], voxels: int, bone_voxels: int) -> dict[str, float | None]:
    """Average one case as the paper does; None where nothing is defined.

    Args:
        bones: every bone of either volume.
        voxels: number of voxels of the grid.
        bone_voxels: number of voxels that are bone in either volume.
    """
    backgrounds = [voxels - sum(bone.predicted for bone in bones), voxels - sum(bone.true for bone in bones)]
    dice = [bone.dice for bone in bones if bone.true]
    if backgrounds[1]:
        dice.append(2 * (voxels - bone_voxels) / sum(backgrounds))
    distances = [bone.distances for bone in bones if bone.distances is not None]
    errors = [bone.localisation_error_mm for bone in bones if bone.localisation_error_mm is not None]
    named = sum(1 for bone in bones if bone.predicted)
    return {
        "dice": _mean(dice),
        "hausdorff95_mm": _mean([each.directed95_mm for each in distances]),
        "localisation_error_mm": _mean(errors),
        "identification_rate": sum(error < IDENTIFIED_WITHIN_MM for error in errors) / named
        if named
        else None,
    }


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if len(values) else None
