"""Metrics of one bone: overlap, surface distances in mm, identification."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from SwinX2SLib.anatomy import CLASS_COUNT, GROUPS, label_by_id, label_ids
from SwinX2SLib.geometry.frames import transform_points


@dataclass(frozen=True)
class OverlapScores:
    """Dice of one case.

    Attributes:
        dice: Dice of each bone that the truth holds, by label id, 0..1.
        invented: ids of bones predicted though their group is annotated and the truth holds none of them.
    """

    dice: dict[int, float]
    invented: tuple[int, ...]

    @property
    def mean(self) -> float:
        """Mean Dice over the bones that the truth holds; background is never counted."""
        return float(np.mean(list(self.dice.values()))) if self.dice else float("nan")

    def dice_means(self) -> dict[str, float]:
        """Mean Dice of all bones that the truth holds, as "mean", and of each group of which it holds one."""
        means = {"mean": self.mean} if self.dice else {}
        for group in GROUPS:
            values = [self.dice[i] for i in label_ids(group) if i in self.dice]
            if values:
                means[group] = float(np.mean(values))
        return means

    def as_dict(self) -> dict:
        """Return the scores under the bones' names, for JSON."""
        return {
            "mean_foreground_dice": self.mean,
            "groups": {group: dice for group, dice in self.dice_means().items() if group in GROUPS},
            "bones": {label_by_id(i).name: value for i, value in self.dice.items()},
            "invented": [label_by_id(i).name for i in self.invented],
        }


def check_one_shape(prediction: np.ndarray, truth: np.ndarray) -> None:
    """Refuse volumes of different shapes.

    Raises:
        ValueError: the shapes differ.
    """
    if prediction.shape != truth.shape:
        raise ValueError(
            f"The shapes of prediction {prediction.shape} and ground truth {truth.shape} differ; resample "
            "one of them."
        )


def score_overlap(
    prediction: np.ndarray,
    truth: np.ndarray,
    annotated: Sequence[str] = GROUPS,
    ignore_invented_below: int = 1,
) -> OverlapScores:
    """Compare two label volumes on the same grid.

    Args:
        prediction: uint8 labels, any shape.
        truth: uint8 labels of the same shape.
        annotated: groups that the truth draws; bones of other groups are not scored, wherever predicted.
        ignore_invented_below: voxels from which a bone that the truth lacks counts as invented.

    Raises:
        ValueError: the shapes differ.
    """
    check_one_shape(prediction, truth)
    predicted_size = np.bincount(prediction.ravel(), minlength=CLASS_COUNT)
    true_size = np.bincount(truth.ravel(), minlength=CLASS_COUNT)
    common = np.bincount(truth[prediction == truth].ravel(), minlength=CLASS_COUNT)
    ids = [i for group in annotated for i in label_ids(group)]
    dice = {i: 2 * common[i] / (predicted_size[i] + true_size[i]) for i in ids if true_size[i]}
    invented = tuple(i for i in ids if not true_size[i] and predicted_size[i] >= ignore_invented_below)
    return OverlapScores({i: float(value) for i, value in dice.items()}, invented)


_PERCENTILE = 95
# Distances are of whole voxel steps; what rounding makes of them must not decide on a tolerance.
_ROUNDING_MM = 1e-6


@dataclass(frozen=True, eq=False)
class SurfaceDistances:
    """Distances of each border voxel of a mask to the other mask's border.

    Attributes:
        there_mm: `(N,)`, from the prediction to the truth.
        back_mm: `(M,)`, from the truth to the prediction.
    """

    prediction_to_truth_mm: np.ndarray
    truth_to_prediction_mm: np.ndarray

    @property
    def hausdorff95_mm(self) -> float:
        """95th percentile of all distances."""
        return float(np.percentile(self._all, _PERCENTILE))

    @property
    def directed95_mm(self) -> float:
        """The larger of both directed 95th percentiles."""
        return float(
            max(
                np.percentile(self.prediction_to_truth_mm, _PERCENTILE),
                np.percentile(self.truth_to_prediction_mm, _PERCENTILE),
            )
        )

    @property
    def hausdorff_mm(self) -> float:
        """Largest of all distances."""
        return float(self._all.max())

    @property
    def assd_mm(self) -> float:
        """Mean of all distances."""
        return float(self._all.mean())

    def nsd(self, tolerance_mm: float) -> float:
        """Part of both surfaces within a tolerance of the other, 0 to 1."""
        return float(np.mean(self._all <= tolerance_mm + _ROUNDING_MM))

    @property
    def _all(self) -> np.ndarray:
        return np.concatenate([self.prediction_to_truth_mm, self.truth_to_prediction_mm])


def surface_distances(
    prediction: np.ndarray, truth: np.ndarray, affine: np.ndarray
) -> SurfaceDistances | None:
    """Measure the distances between the surfaces of two masks.

    Args:
        prediction, truth: boolean `(I, J, K)` on the same grid; ends of the arrays count as outside.
        affine: index -> mm.

    Returns:
        The distances, or None when one of the masks is empty.
    """
    surfaces = [border_points_mm(mask, affine) for mask in (prediction, truth)]
    if not all(len(points) for points in surfaces):
        return None
    first, second = surfaces
    return SurfaceDistances(cKDTree(second).query(first)[0], cKDTree(first).query(second)[0])


def border_points_mm(mask: np.ndarray, affine: np.ndarray) -> np.ndarray:
    """Return the centres `(N, 3)` of a mask's border voxels in mm."""
    border = mask & ~ndimage.binary_erosion(mask)
    return transform_points(affine, np.argwhere(border))


IDENTIFIED_WITHIN_MM = 20.0


def identify(
    prediction: Mapping[int, np.ndarray], truth: Mapping[int, np.ndarray]
) -> tuple[dict[int, bool], dict[int, bool]]:
    """Tell which bones of one group are identified.

    Args:
        prediction, truth: centres of mass `(3,)` in mm by label id.

    Returns:
        For every true bone, whether it is identified, and whether it is identified and nearest.
    """
    both = [label for label in truth if label in prediction]
    near = dict.fromkeys(truth, False)
    nearest = dict(near)
    for label in both:
        away = {other: float(np.linalg.norm(prediction[label] - truth[other])) for other in both}
        near[label] = away[label] < IDENTIFIED_WITHIN_MM
        nearest[label] = near[label] and away[label] <= min(away.values())
    return near, nearest
