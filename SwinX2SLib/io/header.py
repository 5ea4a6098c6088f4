"""What the header of a volume states, before any voxel is read.

ITK fills in what a header leaves out (a spacing of 1 mm, an axial plane), takes for an oblique volume what is sheared
or refuses it, and prints numbers with six digits. What a file states, and where its voxels lie, is therefore read
here; the voxels themselves are ITK's to decode (`decoding`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.geometry.frames import orientation_of

COPY_HINT = "Export or copy it again."
_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, eq=False)
class VolumeHeader:
    """What a file of a volume states.

    Attributes:
        path: of the file, or the folder of a DICOM series.
        format: "NIfTI", "NRRD", "MetaImage" or "DICOM".
        shape: of the array that `read_volume` returns: the axes in space in the file's order, the fastest first, then
            those that are no place (time, layers, colours); axes of length one behind the third are left out.
        space_axes: how many axes of `shape` lie in space.
        affine: 4x4 float64, index -> RAS mm, or None where the header does not say how the array lies in the patient.
            The columns of a two-dimensional picture's missing axes are unit vectors.
        spacing_mm: size of a voxel along each axis in space; None where the header states none, 0 or no number.
        dtype: of the numbers as stored, or None where only the decoder knows.
        step: between neighbouring numbers where the header scales what is stored (NIfTI's slope), else 0.
        is_colour: whether a voxel is a colour (red, green, blue and perhaps opacity along the last axis).
        unit: of length as the header states it, or "".
        fields: the header's own names and texts (those of NRRD and MetaImage; segments of a `.seg.nrrd`).
        notes: what a reader of the result must know, in sentences.
    """

    path: Path
    format: str
    shape: tuple[int, ...]
    space_axes: int
    affine: np.ndarray | None
    spacing_mm: tuple[float | None, ...]
    dtype: np.dtype | None = None
    step: float = 0.0
    is_colour: bool = False
    unit: str = ""
    fields: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    notes: tuple[str, ...] = ()

    @property
    def voxel_bytes(self) -> int:
        """Size of one stored number; 0 where only the decoder knows."""
        return 0 if self.dtype is None else self.dtype.itemsize

    @property
    def unpacked_bytes(self) -> int:
        """How many bytes the array takes, as stored or as it is returned, whichever is more."""
        return math.prod(self.shape) * max(self.voxel_bytes, 1)

    @property
    def is_detached(self) -> bool:
        """Whether the voxels lie in a file of their own."""
        return False

    @property
    def stated_affine(self) -> np.ndarray:
        """The affine, 4x4 float64, index -> RAS mm, checked.

        Raises:
            InputError: the header states none, or one that is singular or not finite.
        """
        if self.affine is None:
            message = (
                "The header does not define the position of the volume in the patient "
                f"({_WHY_UNPLACED[self.format]})."
            )
            raise refuse("orientation-absent", message, "Export it with position and orientation.", self.path)
        return checked_affine(self.affine, self.path)


_WHY_UNPLACED = {
    "NIfTI": "sform and qform codes are 0",
    "NRRD": "no space, or no directions",
    "MetaImage": "no transform matrix",
    "DICOM": "no position or orientation",
}


def refuse(kind: str, message: str, hint: str, path: Path) -> InputError:
    """Return the error of one fault of a file."""
    return InputError([Fault(kind, message, hint, str(path))])


def unreadable(what: str, reason: str, path: Path, hint: str = COPY_HINT) -> InputError:
    """Return the error of a file that cannot be read.

    Args:
        what: "NIfTI file", for example.
        reason: in a few words.
        path: of the file.
        hint: what to do.
    """
    return refuse("unreadable-file", f"The {what} cannot be read ({reason}).", hint, path)


@contextmanager
def reading(path: Path, what: str) -> Iterator[None]:
    """Turn whatever a decoder raises into a fault as text.

    Raises:
        InputError: the block raised an `Exception` other than running out of memory.
    """
    try:
        yield
    except (InputError, MemoryError):
        raise
    except Exception as error:  # decoders raise many types for damaged files
        message = f"{type(error).__name__}: {error}".splitlines()[0].rstrip(".")
        raise unreadable(what, message, path) from error


def checked_affine(affine: np.ndarray, path: Path) -> np.ndarray:
    """Return an affine (index -> RAS mm) as float64.

    Raises:
        InputError: it is singular or not finite.
    """
    affine = np.asarray(affine, dtype=np.float64)
    try:
        if not np.isfinite(affine).all():
            raise ValueError("The affine has values that are not finite (NaN or infinity).")
        orientation_of(affine)
    except ValueError as error:
        message = f"The header does not define valid voxel positions. {error}"
        raise refuse("affine-singular", message, "Export the volume again.", path) from None
    return affine


def affine_of_steps(steps: np.ndarray, origin: np.ndarray) -> np.ndarray:
    """Return a 4x4 affine from the step along each array axis.

    Args:
        steps: `(axes, 3)` [mm], one, two or three axes.
        origin: `(3,)` [mm], of the first voxel.
    """
    affine = np.eye(4)
    affine[:3, : len(steps)] = np.asarray(steps, dtype=np.float64).T
    if len(steps) == 2:
        normal = np.cross(*affine[:3, :2].T)
        length = np.linalg.norm(normal)
        affine[:3, 2] = normal / length if length > 0 else (0, 0, 1)
    affine[:3, 3] = origin
    return affine


def stated_lengths(lengths: Sequence[float]) -> tuple[float | None, ...]:
    """Return lengths, None for those that are 0, negative or no number."""
    return tuple(float(length) if np.isfinite(length) and length > 0 else None for length in lengths)


def without_single_ends(shape: Sequence[int]) -> tuple[int, ...]:
    """Return a shape without axes of length one behind the third."""
    kept = [int(length) for length in shape]
    while len(kept) > 3 and kept[-1] == 1:
        kept.pop()
    return tuple(kept)
