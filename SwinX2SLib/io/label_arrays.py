"""Label volumes that a program holds: arrays, or an object with `labels` and `affine`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.io.header import checked_affine
from SwinX2SLib.io.label_volumes import LabelVolume, NumberedLabels, label_values

ARRAY = Path("array")
"""Stands for the file in faults and records of arrays."""


@runtime_checkable
class LabelledVolume(Protocol):
    """Anything with a label volume and its place: a reconstruction, a phantom, what was read from a file."""

    @property
    def labels(self) -> np.ndarray:
        """Whole numbers `(I, J, K)`, 0 or an id of `anatomy`."""

    @property
    def affine(self) -> np.ndarray:
        """4x4, index -> RAS mm."""


LabelArrays = LabelledVolume | Sequence[ArrayLike]
"""Such an object, or the pair (labels, affine)."""


def arrays_of(source: LabelArrays) -> tuple[np.ndarray, np.ndarray]:
    """Return values `(I, J, K)` and affine (4x4, index -> RAS mm) of what a program holds.

    Raises:
        InputError: it is no such thing.
    """
    if isinstance(source, LabelledVolume):
        return np.asarray(source.labels), np.asarray(source.affine)
    if isinstance(source, tuple | list) and len(source) == 2:
        return np.asarray(source[0]), np.asarray(source[1])
    message = f"This is a {type(source).__name__}, not a volume."
    hint = "Use a path, an object with labels and affine, or the pair (labels, affine)."
    raise InputError([Fault("not-a-volume", message, hint)])


def label_volume(
    source: LabelArrays, ignore_unknown: bool = False, mapping: NumberedLabels | None = None
) -> LabelVolume:
    """Return arrays as a checked label volume.

    Args:
        source: an object with `labels` and `affine`, or the pair of both.
        ignore_unknown: whether values that are no bone are left out instead of being a fault.
        mapping: what the values mean, when not our labels.

    Raises:
        InputError: no volume, values that are no label, or an affine that places no voxel; with all faults.
    """
    values, affine = arrays_of(source)
    faults: list[Fault] = []
    try:
        affine = placed(affine)
    except InputError as error:
        faults += error.faults
        affine = np.eye(4)
    try:
        labels, notes = label_values(values, affine, ignore_unknown, ARRAY, mapping)
    except InputError as error:
        faults += error.faults
    if faults:
        raise InputError(faults)
    return LabelVolume(labels, affine, notes)


def placed(affine: np.ndarray) -> np.ndarray:
    """Return an affine that a program holds as 4x4 float64.

    Raises:
        InputError: it is none, singular, or not finite.
    """
    if affine.shape != (4, 4) or affine.dtype.kind not in "iuf":
        message = f"The affine has the shape {affine.shape}, not (4, 4)."
        hint = "Use the matrix from array index to RAS mm."
        raise InputError([Fault("affine-shape", message, hint, str(ARRAY))])
    return checked_affine(affine, ARRAY)
