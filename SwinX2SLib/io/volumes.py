"""What is read from a file of labels: the volume in the file's own array order, and what was found odd."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from SwinX2SLib.anatomy import CLASS_COUNT
from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.geometry.frames import orientation_of

_MOST_NAMED = 8


class Numbering(Protocol):
    """What the values, or the names of segments, of a file mean (see `label_schemes.LabelMapping`)."""

    names: Mapping[str, int]

    def to_labels_with_unnamed(self, labels: np.ndarray, affine: np.ndarray) -> np.ndarray:
        """Return the values as our labels, uint8; marks above 54 stand for bone without a name."""


@dataclass(frozen=True, eq=False)
class LabelVolume:
    """A label volume of the 54 bones.

    Attributes:
        labels: uint8 `(I, J, K)`, the file's own array order; above 54, bone that a `Numbering` does not name.
        affine: 4x4, index -> RAS mm.
        notes: what a reader of the result must know, in sentences.
    """

    labels: np.ndarray
    affine: np.ndarray
    notes: tuple[str, ...] = ()


def refuse(kind: str, message: str, hint: str, path: Path) -> InputError:
    """Return the error of one fault of a file."""
    return InputError([Fault(kind, message, hint, str(path))])


@contextmanager
def reading(path: Path, what: str) -> Iterator[None]:
    """Turn whatever a decoder raises into a fault in words.

    Raises:
        InputError: the block raised an `Exception` other than running out of memory.
    """
    try:
        yield
    except (InputError, MemoryError):
        raise
    except Exception as error:  # decoders raise many types for damaged files
        told = f"{type(error).__name__}: {error}".splitlines()[0].rstrip(".")
        message = f"The {what} cannot be read ({told})."
        raise refuse("segmentation-unreadable", message, "Export or copy it again.", path) from error


def checked_affine(affine: np.ndarray, path: Path) -> np.ndarray:
    """Return an affine as float64.

    Raises:
        InputError: it is singular or not finite.
    """
    affine = np.asarray(affine, dtype=np.float64)
    try:
        if not np.isfinite(affine).all():
            raise ValueError("The affine holds numbers that are not finite (NaN or infinity).")
        orientation_of(affine)
    except ValueError as error:
        message = f"The header places no voxel in the patient. {error}"
        raise refuse("affine-singular", message, "Export the segmentation again.", path) from None
    return affine


def label_values(
    values: np.ndarray,
    affine: np.ndarray,
    ignore_unknown: bool,
    path: Path,
    numbering: Numbering | None = None,
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return a volume of numbers as uint8 labels, and a note of what was left out.

    Args:
        values: three axes (axes of length one at the end are dropped).
        affine: index -> RAS mm.
        ignore_unknown: whether values that are no bone become background instead of a fault.
        path: for the faults.
        numbering: what the values mean, when not our labels.

    Raises:
        InputError: the array has not three axes, or holds values that are no label.
    """
    while values.ndim > 3 and values.shape[-1] == 1:
        values = values[..., 0]
    if values.ndim != 3 or not values.size:
        message = f"The file has {values.ndim} axes ({' x '.join(map(str, values.shape))})."
        raise refuse("not-a-volume", message, "Give one three-dimensional label volume.", path)
    if numbering is not None:
        return _renumbered(values, affine, path, numbering), ()
    found = _distinct(values, path)
    strange = [value for value in found if not 0 <= value < CLASS_COUNT]
    if strange and not ignore_unknown:
        hint = (
            "Labels run from 0 to 54 as in Resources/labels.json; a file in another numbering would give the values "
            "of other bones. Renumber it, or add --ignore-unknown to leave these values out."
        )
        raise refuse("unknown-labels", f"These values are no bone: {named(strange)}.", hint, path)
    if not strange:
        return values.astype(np.uint8), ()
    known = np.where((values >= 0) & (values < CLASS_COUNT), values, 0).astype(np.uint8)
    return known, (f"Values that are no bone were left out: {named(strange)}.",)


def _renumbered(values: np.ndarray, affine: np.ndarray, path: Path, numbering: Numbering) -> np.ndarray:
    _distinct(values, path)
    try:
        return numbering.to_labels_with_unnamed(values, affine)
    except InputError as error:
        raise InputError([replace(fault, path=str(path)) for fault in error.faults]) from error


def named(values: list) -> str:
    """Return a list in words, not all of a long one."""
    # A number of hundreds of digits says no more than its size.
    told = [
        f"{value:.6g}" if not isinstance(value, str) and abs(value) >= 1e15 else str(value)
        for value in values[:_MOST_NAMED]
    ]
    shown = ", ".join(told)
    return shown if len(values) <= _MOST_NAMED else f"{shown} and {len(values) - _MOST_NAMED} more"


def _distinct(values: np.ndarray, path: Path) -> list[int]:
    """Return the distinct whole numbers of a volume, in order.

    Raises:
        InputError: the array holds no numbers, or some are not whole.
    """
    if values.dtype.names or not (np.issubdtype(values.dtype, np.number) or values.dtype == bool):
        message = f"The file holds {values.dtype}, not numbers."
        raise refuse("not-labels", message, "Give a label volume.", path)
    if np.iscomplexobj(values):
        raise refuse("not-labels", "The file holds complex numbers.", "Give a label volume.", path)
    found: set[float] = set()
    # A slice at a time: a whole volume need not be sorted at once.
    for slab in np.moveaxis(values, -1, 0):
        found.update(np.unique(slab).tolist())
        if len(found) > 4096:
            break
    if not all(np.isfinite(value) for value in found):
        message = "The file holds numbers that are not finite (NaN or infinity)."
        raise refuse("not-labels", message, "Give the label volume itself, with 0 for background.", path)
    wrong = [value for value in found if value != int(value)]
    if wrong or len(found) > 4096:
        message = "The file holds values between whole numbers, or thousands of them: an image, not labels."
        raise refuse("not-labels", message, "Give the label volume itself.", path)
    return sorted(int(value) for value in found)
