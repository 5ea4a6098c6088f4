"""Evaluation of a label volume against the truth on the same grid."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from SwinX2SLib.anatomy import GROUPS, label_by_id
from SwinX2SLib.evaluation.bones import BoneComparison, compare_bones, paper_averages
from SwinX2SLib.evaluation.case import GroupEvaluation, LabelEvaluation, Status
from SwinX2SLib.evaluation.metrics import identify
from SwinX2SLib.evaluation.options import TOLERANCES_MM

Lines = Mapping[int, tuple[float | None, float | None]]


@dataclass(frozen=True)
class VolumeEvaluation:
    """What two volumes on one grid say (see `case.CaseEvaluation`)."""

    labels: dict[str, LabelEvaluation]
    groups: dict[str, GroupEvaluation]
    foreground: GroupEvaluation
    paper: dict[str, float | None]

    def dice_means(self) -> dict[str, float]:
        """Return the mean Dice 0..1 of all bones that the truth holds, as "mean", and of each group."""
        means = {"mean": self.foreground.dice} | {name: group.dice for name, group in self.groups.items()}
        return {name: value for name, value in means.items() if value is not None}


def evaluate_volumes(
    prediction: np.ndarray,
    truth: np.ndarray,
    affine: np.ndarray,
    labels: Collection[int],
    tolerances_mm: Sequence[float] = TOLERANCES_MM,
    lines: Lines | None = None,
    voxels: int | None = None,
) -> VolumeEvaluation:
    """Compare two label volumes.

    Args:
        prediction, truth: uint8 `(I, J, K)`; labels that are not compared are background.
        affine: index -> mm.
        labels: ids that are compared.
        tolerances_mm: of the normalised surface Dice.
        lines: Dice and distance [mm] of both centrelines of a rib, by id.
        voxels: number of voxels of the whole grid, when the arrays are a part of it that holds all bone.

    Raises:
        ValueError: the shapes differ.
    """
    bones = list(compare_bones(prediction, truth, affine, labels))
    found, nearest = _identified(bones)
    voxel_mm3 = abs(float(np.linalg.det(affine[:3, :3])))
    scored = {
        label_by_id(bone.label).name: _label_evaluation(
            bone,
            (found.get(bone.label), nearest.get(bone.label)),
            tolerances_mm,
            (lines or {}).get(bone.label, (None, None)),
            voxel_mm3,
        )
        for bone in bones
    }
    groups = {
        group: mean_evaluation({name: one for name, one in scored.items() if one.group == group})
        for group in GROUPS
        if any(one.group == group for one in scored.values())
    }
    bone_voxels = sum(bone.predicted + bone.true for bone in bones) - _shared_voxels(
        prediction, truth, labels
    )
    paper = paper_averages(bones, voxels or prediction.size, bone_voxels)
    return VolumeEvaluation(scored, groups, mean_evaluation(scored, tolerances_mm), paper)


def _shared_voxels(prediction: np.ndarray, truth: np.ndarray, labels: Collection[int]) -> int:
    """Count the voxels that are bone in both volumes, the same bone or not."""
    known = np.zeros(256, dtype=bool)
    known[list(labels)] = True
    # A slab at a time, for the largest CTs.
    return sum(int(np.count_nonzero(known[p] & known[t])) for p, t in zip(prediction, truth, strict=True))


def _identified(bones: Sequence[BoneComparison]) -> tuple[dict[int, bool], dict[int, bool]]:
    near: dict[int, bool] = {}
    nearest: dict[int, bool] = {}
    for group in GROUPS:
        members = [bone for bone in bones if bone.group == group]
        found = identify(
            {b.label: b.predicted_centre_mm for b in members if b.predicted_centre_mm is not None},
            {b.label: b.true_centre_mm for b in members if b.true_centre_mm is not None},
        )
        near |= found[0]
        nearest |= found[1]
    return near, nearest


def _label_evaluation(
    bone: BoneComparison,
    identified: tuple[bool | None, bool | None],
    tolerances_mm: Sequence[float],
    line: tuple[float | None, float | None],
    voxel_mm3: float,
) -> LabelEvaluation:
    status: Status = "both" if bone.predicted and bone.true else "missed" if bone.true else "invented"
    distances, overlap = bone.distances, bone.true > 0
    nothing = 0.0 if overlap else None
    return LabelEvaluation(
        dice=bone.dice if overlap else None,
        iou=bone.iou if overlap else None,
        hausdorff95_mm=None if distances is None else distances.hausdorff95_mm,
        hausdorff_mm=None if distances is None else distances.hausdorff_mm,
        assd_mm=None if distances is None else distances.assd_mm,
        nsd={str(float(t)): nothing if distances is None else distances.nsd(t) for t in tolerances_mm},
        localisation_error_mm=bone.localisation_error_mm,
        line_dice=line[0],
        line_distance_mm=line[1],
        label=bone.label,
        group=bone.group,
        status=status,
        identified=identified[0],
        nearest=identified[1],
        prediction_ml=bone.predicted * voxel_mm3 / 1000,
        truth_ml=bone.true * voxel_mm3 / 1000,
    )


def mean_evaluation(
    labels: Mapping[str, LabelEvaluation], tolerances_mm: Sequence[float] = ()
) -> GroupEvaluation:
    """Average bones; invented ones are counted, and have no scores to average.

    Args:
        labels: bones by name.
        tolerances_mm: of the normalised surface Dice, for when there is no bone.
    """
    held = [one for one in labels.values() if one.status != "invented"]
    keys = list(
        dict.fromkeys([*(str(float(t)) for t in tolerances_mm), *(key for one in held for key in one.nsd)])
    )

    def mean(name: str) -> float | None:
        return _mean([getattr(one, name) for one in held])

    return GroupEvaluation(
        dice=mean("dice"),
        iou=mean("iou"),
        hausdorff95_mm=mean("hausdorff95_mm"),
        hausdorff_mm=mean("hausdorff_mm"),
        assd_mm=mean("assd_mm"),
        nsd={key: _mean([one.nsd.get(key) for one in held]) for key in keys},
        localisation_error_mm=mean("localisation_error_mm"),
        line_dice=mean("line_dice"),
        line_distance_mm=mean("line_distance_mm"),
        labels=len(held),
        identification_rate=mean("identified"),
        identification_rate_verse=mean("nearest"),
        missed=tuple(name for name, one in labels.items() if one.status == "missed"),
        invented=tuple(name for name, one in labels.items() if one.status == "invented"),
    )


def _mean(values: Sequence[float | bool | None]) -> float | None:
    defined = [float(value) for value in values if value is not None]
    return float(np.mean(defined)) if defined else None
