"""A mask for each bone, in files named by the bones, as one label volume: the ordinary output of TotalSegmentator."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from SwinX2SLib.anatomy import Structure, structure_named
from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.geometry.frames import same_grid
from SwinX2SLib.io.header import refuse
from SwinX2SLib.io.label_volumes import LabelVolume, named, whole_numbers
from SwinX2SLib.io.volumes import VOLUME_SUFFIXES, read_volume, three_axes_affine

_COPY = "Copy or unpack it again, or leave it out."
_NAMES = "Name each mask by its bone: hip_left.nii.gz."
_SEGMENTATION = ".seg.nrrd"


def mask_files(folder: Path) -> list[Path]:
    """Return the volumes of a folder, in the order of their names; segmentations of many bones are no masks."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.name.lower().endswith(VOLUME_SUFFIXES)
        and not path.name.lower().endswith(_SEGMENTATION)
        and not path.name.startswith(".")
    )


def has_bone_masks(folder: Path) -> bool:
    """Return whether a volume of a folder is named by a bone."""
    return any(_meaning(path) is not None for path in mask_files(folder))


def read_bone_masks(paths: Sequence[Path], assumed_orientation: str | None = None) -> LabelVolume:
    """Read masks as one label volume; where two overlap, the bone that comes first is taken.

    Args:
        paths: volumes on one grid, of 0 and one other value, each named by its bone (`hip_left.nii.gz`); S1 is part
            of the sacrum. Others (organs) are left out, with a note.
        assumed_orientation: of files whose header states none (see `volumes.read_three_axes`).

    Raises:
        InputError: every file that is unreadable, no mask, on another grid, or the second of its bone; or no bone.
    """
    structures, faults = _structures(paths)
    unknown = [path.name for path in paths if _meaning(path) is None]
    notes = [f"Files that are named by no bone were left out: {named(unknown)}."] if unknown else []
    labels: np.ndarray | None = None
    affine, overlap = np.eye(4), 0
    for path, structure in structures.items():
        try:
            mask = _read_mask(path, assumed_orientation)
            if labels is None:
                labels, affine = np.zeros(mask.labels.shape, dtype=np.uint8), mask.affine
            elif mask.labels.shape != labels.shape or not same_grid(affine, mask.affine, labels.shape):
                message = f"This mask has another grid than {next(iter(structures)).name}."
                raise refuse("grids-differ", message, _COPY, path)
        except InputError as error:
            faults += error.faults
            continue
        notes += [note for note in mask.notes if note not in notes]
        overlap += int(np.count_nonzero(mask.labels & (labels > 0) & (labels != structure.label.id)))
        labels[mask.labels & (labels == 0)] = structure.label.id
    if faults or labels is None:
        raise InputError(faults or [Fault("no-masks", "No mask is named by a bone.", _NAMES)])
    if overlap:
        notes.append(f"{overlap} voxels belong to two bones; the bone that is first by name is used.")
    return LabelVolume(labels, affine, tuple(notes))


def _meaning(path: Path) -> Structure | None:
    name = path.name.lower()
    ending = next((ending for ending in (".nii.gz", *VOLUME_SUFFIXES) if name.endswith(ending)), "")
    return structure_named(path.name[: len(name) - len(ending)])


def _structures(paths: Sequence[Path]) -> tuple[dict[Path, Structure], list[Fault]]:
    """Return what each file means, and faults of those that mean what another does."""
    found: dict[Path, Structure] = {}
    faults = []
    for path in paths:
        meant = _meaning(path)
        if meant is None:
            continue
        if meant in found.values():
            message = f"Two masks are {meant.part or meant.label.title}; one is {path.name}."
            faults.append(Fault("mask-twice", message, "Keep one.", str(path)))
        else:
            found[path] = meant
    return found, faults


def _read_mask(path: Path, assumed_orientation: str | None) -> LabelVolume:
    """Read a mask; its labels are boolean.

    Raises:
        InputError: it cannot be read, or holds several values.
    """
    volume = read_volume(path)
    affine = three_axes_affine(volume, assumed_orientation)
    volume, rounding = whole_numbers(volume)
    drawn = volume.array != 0
    highest = volume.array.max(initial=0)
    if not (volume.array[drawn] == highest).all():
        message = "The file is named by one bone, but has several values: it is not a mask."
        hint = "Use masks of 0 and 1; rename a label volume of many bones, and specify it by itself."
        raise refuse("not-a-mask", message, hint, path)
    return LabelVolume(drawn, affine, (*volume.header.notes, *rounding))
