"""NIfTI-1 and NIfTI-2 files, by nibabel.

ITK 5.4 reads neither: its NIfTI library takes a file that is cut short for whole and NaN for 0, tells numbers of the
header with six digits, refuses sheared volumes and does not know NIfTI-2.
"""

from __future__ import annotations

import gzip
import logging
import math
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from nibabel.arrayproxy import ArrayProxy
from nibabel.nifti1 import Nifti1Header
from nibabel.nifti2 import Nifti2Header
from nibabel.spatialimages import HeaderDataError
from nibabel.wrapstruct import WrapStructError

from SwinX2SLib.io.header import (
    COPY_HINT,
    VolumeHeader,
    refuse,
    stated_lengths,
    unreadable,
    without_single_ends,
)
from SwinX2SLib.io.limits import require_size
from SwinX2SLib.io.packing import BLOCK_BYTES, MOST_COMPRESSED

_WHAT = "NIfTI file"
_GZIP = b"\x1f\x8b"
# By the size that each states first; where its mark stands, and the marks of one file and of two.
_VERSIONS = {348: (Nifti1Header, 344, (b"n+1\0", b"ni1\0")), 540: (Nifti2Header, 4, (b"n+2\0", b"ni2\0"))}
_LARGEST_HEADER_BYTES = max(_VERSIONS)
_MM_PER_UNIT = {"meter": 1000.0, "mm": 1.0, "micron": 0.001}
_FORMS_AGREE_MM = 0.1
# Of the length of a voxel.
_SIZES_AGREE = 1e-3
# Of nibabel.
_CUT_SHORT = re.compile(r"Expected (\d+) bytes, got (\d+)")
# What nibabel's checks find is reported as faults, or corrected.
_SILENT = logging.Logger("SwinX2SLib.io.nifti", logging.CRITICAL + 1)


@dataclass(frozen=True, eq=False)
class NiftiHeader(VolumeHeader):
    """What a NIfTI file states.

    Attributes:
        stored: nibabel's header, not checked.
        data_path: of the voxels: the file itself, or the `.img` beside a `.hdr`.
    """

    stored: Any = None
    data_path: Path = Path()

    @property
    def is_detached(self) -> bool:
        """Whether the voxels lie in a file of their own."""
        return self.data_path != self.path

    @property
    def offset(self) -> int:
        """Where the voxels begin in their file [bytes]."""
        stated = float(self.stored["vox_offset"])
        least = 0 if self.is_detached else self.stored.single_vox_offset
        return max(int(stated), least) if math.isfinite(stated) else least

    @property
    def unpacked_bytes(self) -> int:
        """How many bytes the array takes, as stored with what precedes it or as float32, whichever is more."""
        slope, intercept = self.stored.get_slope_inter()
        scaled = 4 * math.prod(self.shape) if slope is not None and (slope, intercept) != (1, 0) else 0
        return max(self.data_bytes + self.offset, scaled)

    @property
    def data_bytes(self) -> int:
        """How many bytes the voxels take."""
        shape: tuple[int, ...] = self.stored.get_data_shape()
        return math.prod(shape) * int(self.stored.get_data_dtype().itemsize)


def looks_like_nifti(head: bytes) -> bool:
    """Return whether a file begins as NIfTI-1 or NIfTI-2 does, compressed or not.

    Args:
        head: the first 600 bytes or more, fewer of a shorter file.
    """
    if head.startswith(_GZIP):
        try:
            head = zlib.decompressobj(wbits=31).decompress(head, _LARGEST_HEADER_BYTES)
        except zlib.error:
            return False
    return _kind_of(head) is not None


def read_nifti_header(path: Path) -> NiftiHeader:
    """Read the header of a NIfTI file, `.nii`, `.nii.gz` or `.hdr`; recognised by its bytes.

    Raises:
        InputError: damaged, of another kind, or more voxels than the file can hold.
        OSError: it cannot be opened.
    """
    with _unpacked(path, path) as stream:
        head = stream.read(_LARGEST_HEADER_BYTES)
    kind = _kind_of(head)
    if kind is None:
        raise unreadable(_WHAT, "it does not start like a NIfTI file", path)
    try:
        stored = kind(head[: kind.sizeof_hdr], check=False)
    except WrapStructError:
        raise unreadable(_WHAT, "its header is truncated", path) from None
    is_pair = bytes(stored["magic"]).startswith(b"ni")
    header = _described(path, stored, _image_beside(path) if is_pair else path)
    _require_room(header)
    return header


def read_voxels(header: NiftiHeader) -> np.ndarray:
    """Return the array of a file, of `header.shape`, column-major: as stored, or float32 where the header scales it.

    Raises:
        InputError: voxels are missing, or the check sum of a compressed file is wrong.
    """
    stored, dtype = header.stored, header.stored.get_data_dtype()
    slope, intercept = stored.get_slope_inter()
    with _unpacked(header.data_path, header.path) as stream:
        spec = (stored.get_data_shape(), dtype, header.offset, slope, intercept)
        proxy = ArrayProxy(stream, spec, mmap=False)
        is_scaled = not header.is_colour and header.step > 0
        single = np.complex64 if dtype.kind == "c" else np.float32
        array = np.asarray(proxy, dtype=single) if is_scaled else np.asarray(proxy.get_unscaled())
        # The check sum stands at the end.
        held = header.offset + header.data_bytes
        while block := stream.read(BLOCK_BYTES):
            held += len(block)
            require_size(held, _WHAT, header.path)
    if header.is_colour:
        array = np.stack([array[name] for name in dtype.names], axis=-1)
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    return array.reshape(header.shape, order="F")


def _kind_of(head: bytes) -> type[Nifti1Header] | None:
    for size, (kind, at, marks) in _VERSIONS.items():
        if any(head[:4] == size.to_bytes(4, order) for order in ("little", "big")):
            return kind if head[at : at + 4] in marks else None
    return None


def _image_beside(path: Path) -> Path:
    name = path.name.removesuffix(".gz").removesuffix(".hdr")
    for ending in (".img", ".img.gz"):
        if (path.parent / (name + ending)).is_file():
            return path.parent / (name + ending)
    hint = "Copy the data file beside its header."
    raise unreadable(_WHAT, f"its data file {name}.img does not exist", path, hint)


def _unit_of(stored: Nifti1Header) -> str:
    """Return the unit of length, "" where the code in the header stands for none."""
    try:
        return str(stored.get_xyzt_units()[0])
    except KeyError:
        return ""


def _step_of(stored: Nifti1Header) -> float:
    """Return the slope by which the header scales the numbers, 0 where it does not."""
    slope, intercept = stored.get_slope_inter()
    return 0.0 if slope is None or (slope, intercept) == (1, 0) else abs(float(slope))


def _described(path: Path, stored: Nifti1Header, data_path: Path) -> NiftiHeader:
    shape, dtype, channels = _array_of(path, stored)
    axes = min(len(shape), 3)
    unit = _unit_of(stored)
    unit, mm = (unit, _MM_PER_UNIT[unit]) if unit in _MM_PER_UNIT else ("", 1.0)
    affine, notes = _placed(stored, mm, shape, path)
    notes += _name_notes(path)
    stated = np.abs(stored["pixdim"][1 : axes + 1] * mm)
    if affine is not None and stored["sform_code"] > 0:
        stated = np.linalg.norm(affine[:3, :axes], axis=0)
    return NiftiHeader(
        path=path,
        format="NIfTI",
        shape=without_single_ends(shape) + ((channels,) if channels else ()),
        space_axes=axes,
        affine=affine,
        spacing_mm=stated_lengths(stated),
        dtype=dtype,
        step=_step_of(stored),
        is_colour=channels > 0,
        unit=unit,
        notes=notes,
        stored=stored,
        data_path=data_path,
    )


def _array_of(path: Path, stored: Nifti1Header) -> tuple[tuple[int, ...], np.dtype, int]:
    """Return the shape, the type of the numbers, and how many make a colour, 0 where none do.

    Raises:
        InputError: the header contradicts itself, or states numbers that are not supported.
    """
    count, sizes = int(stored["dim"][0]), stored["dim"][1:]
    if not 1 <= count <= 7 or (sizes[:count] < 0).any():
        raise unreadable(_WHAT, f"its header states {count} axes, of {sizes} voxels", path)
    try:
        dtype = stored.get_data_dtype().newbyteorder("=")
        stored.get_slope_inter()
    except (HeaderDataError, KeyError):
        reason = f"its voxels are of an unsupported type, {stored['datatype']}, or its scaling is not finite"
        raise unreadable(_WHAT, reason, path) from None
    if dtype.names is None and (dtype.kind not in "iufc" or dtype.itemsize > 8 * (1 + (dtype.kind == "c"))):
        raise unreadable(_WHAT, f"its voxels are of an unsupported type, {stored['datatype']}", path)
    if 8 * dtype.itemsize != stored["bitpix"]:
        reason = f"its header states {stored['bitpix']} bits a voxel of type {stored['datatype']}"
        raise unreadable(_WHAT, reason, path)
    shape = tuple(int(size) for size in sizes[:count])
    return (shape, np.dtype(np.uint8), len(dtype.names)) if dtype.names else (shape, dtype, 0)


def _name_notes(path: Path) -> tuple[str, ...]:
    """Return a note where the name says that a file is compressed, and its bytes do not, or the reverse."""
    named, packed = path.name.lower().endswith(".gz"), _is_gzip(path)
    if named == packed:
        return ()
    state = "is not" if named else "is"
    return (f"The file {state} compressed, unlike its name says; it was read by its bytes.",)


def _placed(
    stored: Nifti1Header, mm: float, shape: tuple[int, ...], path: Path
) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Return the affine (index -> RAS mm) that counts, the sform where there is one, and how the forms differ.

    Raises:
        InputError: the forms run an axis in opposite directions: programs that choose differently mirror or turn the
            patient.
    """
    mended = stored.copy()
    # A size of 0 is one that is not stated; the volume has some extent nonetheless.
    mended.check_fix(logger=_SILENT, error_level=math.inf)
    forms = [form for read in (mended.get_sform, mended.get_qform) if (form := _form(read)) is not None]
    for affine in forms:
        affine[:3] *= mm
    notes: tuple[str, ...] = ()
    if len(forms) == 2 and np.isfinite(forms).all():
        _require_one_way(forms[0], forms[1], path)
        ends = [(0, max(length - 1, 0)) for length in (*shape, 1, 1)[:3]]
        corners = np.array([(*corner, 1) for corner in np.array(np.meshgrid(*ends)).reshape(3, -1).T])
        apart = (corners @ (forms[0] - forms[1]).T)[:, :3]
        furthest = float(np.linalg.norm(apart, axis=1).max())
        if furthest > _FORMS_AGREE_MM:
            sizes = [np.linalg.norm(form[:3, :3], axis=0) for form in forms]
            notes = (
                f"The header defines two positions that differ by up to {furthest:.1f} mm (qform and "
                f"sform){_sizes_words(*sizes)}; the sform was used.",
            )
    return (forms[0] if forms else None), notes


def _require_one_way(sform: np.ndarray, qform: np.ndarray, path: Path) -> None:
    cosines = (sform[:3, :3] * qform[:3, :3]).sum(axis=0)
    mirrored = np.linalg.det(sform[:3, :3]) * np.linalg.det(qform[:3, :3]) < 0
    if not mirrored and (cosines >= 0).all():
        return
    what = "mirror each other" if mirrored else "run axes in opposite directions"
    message = (
        f"The header defines two positions that {what} (qform and sform): programs that read one or the other show "
        "left and right, or head and feet, exchanged."
    )
    hint = "Find out which one is right, and write it to both, or set the code of the other to 0."
    raise refuse("forms-contradict", message, hint, path)


def _sizes_words(sform_mm: np.ndarray, qform_mm: np.ndarray) -> str:
    if np.allclose(sform_mm, qform_mm, rtol=_SIZES_AGREE):
        return ""
    sizes = [" x ".join(f"{length:.4g}" for length in lengths) for lengths in (sform_mm, qform_mm)]
    return f", with voxels of {sizes[0]} mm (sform) and {sizes[1]} mm (qform)"


def _form(read: Any) -> np.ndarray | None:
    """Return one of the two affines of a header, with NaN where it is no affine, or None where it is not coded."""
    try:
        affine, code = read(coded=True)
    except (HeaderDataError, ValueError):
        return np.full((4, 4), np.nan)
    return None if affine is None or code <= 0 else np.asarray(affine, dtype=np.float64)


def _require_room(header: NiftiHeader) -> None:
    """Refuse a damaged header, before memory is asked for that no file of this size can fill."""
    stored = header.data_path.stat().st_size
    most = stored * MOST_COMPRESSED if _is_gzip(header.data_path) else stored - header.offset
    if header.data_bytes > most:
        size = " x ".join(map(str, header.shape))
        message = f"The header states {size} voxels, more than a file of {stored} bytes can contain."
        raise refuse("unreadable-file", message, COPY_HINT, header.path)


def _is_gzip(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(len(_GZIP)) == _GZIP


@contextmanager
def _unpacked(data_path: Path, path: Path) -> Iterator[BinaryIO]:
    """Open a file, compressed or not, whatever it is called.

    Raises:
        InputError: it ends too early, or its check sum is wrong; names `path`.
    """
    with data_path.open("rb") as stored, _stream(stored) as stream:
        try:
            yield stream
        except (EOFError, zlib.error, OSError) as error:
            short = _CUT_SHORT.search(str(error))
            reason = (
                f"it ends after {short[2]} of {short[1]} bytes of voxels" if short else str(error).rstrip(".")
            )
            raise unreadable(_WHAT, reason, path) from error


def _stream(stored: BinaryIO) -> Any:
    is_packed = stored.read(len(_GZIP)) == _GZIP
    stored.seek(0)
    return gzip.GzipFile(fileobj=stored, mode="rb") if is_packed else stored
