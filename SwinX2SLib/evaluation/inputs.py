"""A prediction and its truth from files, brought onto one grid."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from SwinX2SLib.anatomy import GROUPS, label_by_id, label_ids
from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.evaluation.case import Registration
from SwinX2SLib.evaluation.options import EvaluationOptions
from SwinX2SLib.evaluation.registration import outside_notes, place_prediction
from SwinX2SLib.geometry.frames import transform_points
from SwinX2SLib.geometry.resampling import resample_labels
from SwinX2SLib.io.bone_masks import has_bone_masks
from SwinX2SLib.io.label_volumes import LabelVolume
from SwinX2SLib.label_maps import AUTOMATIC, OURS, UNKNOWN, LabelMapping, numbering, settled
from SwinX2SLib.measurements.reading import RESULT_LABELS, ReadOptions
from SwinX2SLib.measurements.sources import BonesSource, path_of, subject_of

_UNKNOWN_HINT = (
    "Valid labels are 0 to 54 as in Resources/labels.json. Set the label numbering of the file (--scheme for "
    "TRUTH, --prediction-scheme for PREDICTION), or provide a label map."
)


@dataclass(frozen=True, eq=False)
class Inputs:
    """What is compared.

    Attributes:
        prediction, truth: uint8 `(I, J, K)` on the truth's grid, or the part of it that holds bone; labels that are
            not compared, and bone that the truth does not name, are background in both.
        affine: of that grid, index -> RAS mm.
        voxels: number of voxels of the whole grid.
        labels: ids that are compared.
        groups: groups that they belong to.
        scheme: numbering of the truth.
        own_prediction: the compared labels of the prediction as read, moved to where it is compared.
        own_truth: the compared labels of the truth as read.
        notes: what a reader must know, in sentences.
        placing: how the prediction was moved, or None when it was not.
    """

    prediction: np.ndarray
    truth: np.ndarray
    affine: np.ndarray
    voxels: int
    labels: tuple[int, ...]
    groups: tuple[str, ...]
    scheme: LabelMapping
    own_prediction: LabelVolume
    own_truth: LabelVolume
    notes: tuple[str, ...]
    placing: Registration | None = None


def read_inputs(prediction: BonesSource, truth: BonesSource, options: EvaluationOptions) -> Inputs:
    """Read both and bring the prediction onto the truth's grid.

    Args:
        prediction: a label volume (NIfTI, NRRD, `.seg.nrrd`), the folder of a result of `swinx2s reconstruct`, or
            arrays; it may be empty.
        truth: a label volume of any grid, orientation and numbering.
        options: how.

    Raises:
        InputError: all faults of both, and of the options.
    """
    faults = options.faults()
    own_truth, scheme = _try_reading(truth, ReadOptions(scheme=options.scheme, keep_unnamed=True), faults)
    # A prediction may be so bad that its places contradict its names; it is compared nonetheless.
    wanted = ReadOptions(scheme=options.prediction_scheme, allow_empty=True, refuses=False)
    own_prediction, _ = _try_reading(prediction, wanted, faults)
    labels: tuple[int, ...] = ()
    groups: tuple[str, ...] = ()
    is_recognised = options.scheme == AUTOMATIC or (options.scheme is None and scheme.name != OURS)
    if own_truth is not None and is_recognised and options.groups is None:
        options = replace(options, groups=_drawn_groups(own_truth))
    if not any(fault.kind.startswith(("unknown-group", "unknown-scheme", "scheme-")) for fault in faults):
        labels, groups = _compared_labels(options, scheme, faults, path_of(truth))
    if faults or own_truth is None or own_prediction is None:
        raise InputError(faults)
    if not _counts(own_truth.labels)[list(labels)].any():
        message = f"The ground truth has no bones of the compared groups ({', '.join(groups)})."
        hint = "Check the file and the label numbering, or select other groups with --groups."
        raise InputError([Fault("empty-truth", message, hint, str(path_of(truth)))])
    return _on_one_grid(own_prediction, own_truth, (labels, groups), scheme, options, path_of(prediction))


def _drawn_groups(truth: LabelVolume) -> tuple[str, ...] | None:
    """Return the groups of which a volume holds bones; None where it holds none, which is reported elsewhere."""
    counts = _counts(truth.labels)
    return tuple(group for group in GROUPS if counts[[*label_ids(group)]].any()) or None


def _try_reading(
    source: BonesSource, options: ReadOptions, faults: list[Fault]
) -> tuple[LabelVolume | None, LabelMapping]:
    """Return a volume and the numbering that it had, or None for it and a fault."""
    path = path_of(source)
    try:
        stated = numbering(options.scheme)
    except InputError as error:
        faults += error.faults
        stated = None
    # Unlike `Path.is_dir` and `is_file`, these raise for no path at all; the reader reports what is wrong with it.
    if os.path.isdir(path) and not os.path.isfile(path / RESULT_LABELS) and not has_bone_masks(path):
        message = (
            f"The folder has no {RESULT_LABELS} and no masks: it is not a result of `swinx2s reconstruct`."
        )
        hint = "Use a label volume, a result folder, or a folder of masks, each named by its bone (hip_left.nii.gz)."
        faults.append(Fault("not-a-volume", message, hint, str(path)))
        return None, settled(stated)
    try:
        subject = subject_of(source, replace(options, scheme=OURS) if stated is None else options)
    except InputError as error:
        if stated is not None or any(fault.kind == "missing-file" for fault in error.faults):
            faults += [
                replace(fault, hint=_UNKNOWN_HINT) if fault.kind == "unknown-labels" else fault
                for fault in error.faults
            ]
        return None, settled(stated)
    if subject.volume is None:
        message = "Meshes cannot be compared voxel by voxel."
        faults.append(Fault("not-a-volume", message, "Use a label volume.", str(path)))
    return subject.volume, subject.scheme


def _compared_labels(
    options: EvaluationOptions, numbering: LabelMapping, faults: list[Fault], truth: Path
) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Return the ids that are compared and their groups: those asked for that the numbering can name."""
    asked = options.groups if options.groups is not None else numbering.annotated
    groups = tuple(group for group in GROUPS if group in asked and numbering.label_ids & {*label_ids(group)})
    nameless = [group for group in asked if group not in groups]
    if nameless or not groups:
        message = (
            f"The label numbering {numbering.name} has no bones of {', '.join(nameless) or 'a whole group'}."
        )
        hint = "Select the groups annotated in the ground truth with --groups."
        faults.append(Fault("group-not-named", message, hint, str(truth)))
    labels = sorted(numbering.label_ids & {i for group in groups for i in label_ids(group)})
    return tuple(labels), groups


def _on_one_grid(
    prediction: LabelVolume,
    truth: LabelVolume,
    compared: tuple[tuple[int, ...], tuple[str, ...]],
    numbering: LabelMapping,
    options: EvaluationOptions,
    path: Path,
) -> Inputs:
    labels, groups = compared
    prediction, placing, notes = place_prediction(prediction, truth, labels, options.align)
    resampled = resample_labels(prediction.labels, prediction.affine, truth.labels.shape, truth.affine)
    notes += outside_notes(prediction, truth, labels, path)
    unnamed = [group for group in groups if _counts(truth.labels)[UNKNOWN[group]]]
    for group in unnamed:
        resampled[(truth.labels == UNKNOWN[group]) & _among(resampled, label_ids(group))] = 0
    notes += _unnamed_notes(unnamed, numbering, labels, groups)
    resampled, drawn = _kept(resampled, labels), _kept(truth.labels, labels)
    box = _bone_box(resampled, drawn)
    affine = truth.affine.copy()
    affine[:3, 3] = transform_points(truth.affine, np.array([part.start for part in box]))
    return Inputs(
        prediction=resampled[box],
        truth=drawn[box],
        affine=affine,
        voxels=drawn.size,
        labels=labels,
        groups=groups,
        scheme=numbering,
        own_prediction=LabelVolume(_kept(prediction.labels, labels), prediction.affine),
        own_truth=LabelVolume(drawn, truth.affine),
        notes=tuple(dict.fromkeys((*truth.notes, *prediction.notes, *notes))),
        placing=placing,
    )


def _unnamed_notes(
    unnamed: Sequence[str], numbering: LabelMapping, labels: Sequence[int], groups: Sequence[str]
) -> list[str]:
    notes = [
        f"The ground truth has bone of the group {group} without a specific label ({numbering.title}); "
        "predicted bone of this group is not scored there."
        for group in unnamed
    ]
    for group in groups:
        missing = [label_by_id(i).title for i in label_ids(group) if i not in labels]
        if missing:
            notes.append(f"{numbering.title} has no labels for {', '.join(missing)}; not scored.")
    return notes


def _counts(labels: np.ndarray) -> np.ndarray:
    """Return the number of voxels `(256,)` of each value, a slab at a time."""
    return sum((np.bincount(slab.ravel(), minlength=256) for slab in labels), np.zeros(256, dtype=np.int64))


def _among(labels: np.ndarray, kept: Sequence[int]) -> np.ndarray:
    table = np.zeros(256, dtype=bool)
    table[list(kept)] = True
    return table[labels]


def _kept(labels: np.ndarray, kept: Sequence[int]) -> np.ndarray:
    table = np.zeros(256, dtype=np.uint8)
    table[list(kept)] = list(kept)
    return table[labels]


def _bone_box(*volumes: np.ndarray) -> tuple[slice, ...]:
    """Return the box that holds all bone of the volumes."""
    box = []
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        filled = np.flatnonzero(np.any([volume.any(axis=others) for volume in volumes], axis=0))
        box.append(slice(int(filled[0]), int(filled[-1]) + 1))
    return tuple(box)
