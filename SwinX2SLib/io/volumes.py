"""The one reader and writer of volumes: NIfTI, NRRD, MetaImage, and a CT as a folder of DICOM files.

A volume is an array and an affine, 4x4 float64, from array index (voxel centres) to RAS mm. The first array axis is
the fastest of the file, ITK's x; no axis is turned on reading.
"""

from __future__ import annotations

import errno
import gzip
import os
import shutil
import stat
import struct
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK

from SwinX2SLib.geometry.frames import ras_to_lps, reorient
from SwinX2SLib.io import metaimage, nrrd
from SwinX2SLib.io.atomic_output import atomic_file
from SwinX2SLib.io.decoding import decode
from SwinX2SLib.io.dicom_series import read_dicom_series
from SwinX2SLib.io.header import COPY_HINT, VolumeHeader, refuse
from SwinX2SLib.io.limits import require_size
from SwinX2SLib.io.packing import BLOCK_BYTES

VOLUME_SUFFIXES = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd")
_HEAD_BYTES = 1024
# Label maps: as small as nibabel writes them, in the same time.
_COMPRESSION = 2
_AXES = "RLAPSI"
# Offsets in a NIfTI-1 header: scl_slope and scl_inter, xyzt_units, qform_code and sform_code, srow_x to srow_z.
_SCALING, _UNITS, _CODES, _SROW = 112, 123, 252, 280
_MM, _SCANNER = 2, 1
# How far axes may be from right angles for a quaternion to say where they run, as cosine.
_RIGHT_ANGLE = 1e-6


@dataclass(frozen=True, eq=False)
class Volume:
    """Voxels and what their file states.

    Attributes:
        array: of `header.shape`, the fastest axis of the file first; float32 (or float64 where stored so) where the
            header scales the numbers, else as stored.
        header: see `VolumeHeader`.
    """

    array: np.ndarray
    header: VolumeHeader

    @property
    def affine(self) -> np.ndarray:
        """The affine, 4x4 float64, index -> RAS mm.

        Raises:
            InputError: the header states none, or one that places no voxel.
        """
        return self.header.stated_affine


def read_header(path: Path) -> VolumeHeader:
    """Read what a file states, without its voxels; the format follows from the first bytes, since names may be wrong.

    Args:
        path: NIfTI-1 or NIfTI-2 (compressed or not, one file or two), NRRD (attached or not), or MetaImage.

    Raises:
        InputError: there is no such file, it is of another kind, or its header is damaged.
    """
    path = Path(path)
    try:
        head = _head(path)
        if head.startswith(nrrd.MAGIC):
            return nrrd.read_nrrd_header(path)
        # The panel loads before nibabel is installed.
        from SwinX2SLib.io import nifti

        if nifti.looks_like_nifti(head):
            return nifti.read_nifti_header(path)
        if metaimage.looks_like_metaimage(head):
            return metaimage.read_metaimage_header(path)
        # A damaged file is reported as what it claims to be.
        if path.name.lower().endswith((".nii", ".nii.gz")):
            return nifti.read_nifti_header(path)
    except FileNotFoundError:
        raise refuse("missing-file", "The file does not exist.", "Check the path.", path) from None
    except OSError as error:
        message = f"The file cannot be opened ({error.strerror or error})."
        raise refuse("unreadable-file", message, "Check the path and its permissions.", path) from error
    message = "The file is not a NIfTI, NRRD or MetaImage file."
    raise refuse("unsupported-format", message, "Export the volume in one of these formats.", path)


def read_volume(path: Path) -> Volume:
    """Read a file of voxels, or the one CT of a folder of DICOM files.

    Args:
        path: see `read_header`; or a folder.

    Raises:
        InputError: see `read_header` and `read_dicom_series`; cut short, damaged, or too large for the memory.
    """
    path = Path(path)
    if os.path.isdir(path):
        header, array = read_dicom_series(path)
        return Volume(array, header)
    header = read_header(path)
    require_size(header.unpacked_bytes, f"{header.format} file", path)
    if 0 in header.shape:
        size = " x ".join(map(str, header.shape))
        raise refuse("not-a-volume", f"The file has {size} voxels.", "Export it again.", path)
    return Volume(decode(header), header)


def read_three_axes(path: Path, assumed_orientation: str | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Read a volume of one number a voxel.

    Args:
        path: see `read_volume`.
        assumed_orientation: of files whose header states none, "LPS" for example, with the middle of the array at the
            origin; without it they are refused.

    Returns:
        The array `(I, J, K)` and its affine (index -> RAS mm).

    Raises:
        InputError: see `read_volume`; another number of axes, or no place in the patient.
    """
    volume = read_volume(path)
    return volume.array, three_axes_affine(volume, assumed_orientation)


def three_axes_affine(volume: Volume, assumed_orientation: str | None = None) -> np.ndarray:
    """Return the affine (index -> RAS mm) of a volume of one number a voxel (see `read_three_axes`).

    Raises:
        InputError: it is no such volume, or has no place in the patient.
    """
    require_three_axes(volume)
    if volume.header.affine is None and assumed_orientation is not None:
        return assumed_affine(volume.header, assumed_orientation)
    return volume.affine


def require_three_axes(volume: Volume) -> None:
    """Refuse what is no volume of one number a voxel.

    Raises:
        InputError: colours, complex numbers, layers, moments, or a picture.
    """
    header, hint = volume.header, "Use a three-dimensional volume."
    if header.is_colour or np.iscomplexobj(volume.array):
        what = "colours" if header.is_colour else "complex numbers"
        raise refuse("not-a-volume", f"The file has {what}, not one number per voxel.", hint, header.path)
    if volume.array.ndim != 3 or header.space_axes != 3 or min(header.shape) < 2:
        size = " x ".join(map(str, header.shape))
        message = f"The file has the size {size}, which is not a volume."
        raise refuse("not-a-volume", message, hint, header.path)


def assumed_affine(header: VolumeHeader, orientation: str) -> np.ndarray:
    """Return the affine (index -> RAS mm) of a volume whose axes are said to run as `orientation`, around the origin.

    Raises:
        InputError: the header states no spacing either.
    """
    lengths = [length for length in header.spacing_mm if length is not None]
    if len(lengths) < len(header.spacing_mm):
        hint = "Export it with its spacing."
        raise refuse("spacing-absent", "The header has no spacing either.", hint, header.path)
    affine = np.zeros((4, 4))
    affine[3, 3] = 1.0
    for axis, letter in enumerate(orientation):
        affine[_AXES.index(letter) // 2, axis] = lengths[axis] * (1 if letter in "RAS" else -1)
    affine[:3, 3] = -affine[:3, :3] @ ((np.asarray(header.shape[:3]) - 1) / 2)
    return affine


def write_volume(
    path: Path,
    array: np.ndarray,
    affine: np.ndarray,
    orientation: str | None = None,
    slope: float = 1.0,
) -> None:
    """Write a volume, atomically.

    Args:
        path: ends in `.nii`, `.nii.gz`, `.nrrd` or `.mha`; its folder exists.
        array: whole numbers or float32 or float64, `(I, J, K)`; bool becomes uint8, float16 float32.
        affine: 4x4, index -> RAS mm.
        orientation: in which order the file's axes shall run ("RAS"); as the array's by default.
        slope: the numbers times this are what is meant (NIfTI).

    Raises:
        ValueError: the array, the affine, or the ending cannot be written.
        OSError: it cannot be written.
    """
    path = Path(path)
    if orientation is not None:
        array, affine = reorient(array, affine, orientation)
    is_nifti = path.name.lower().endswith((".nii", ".nii.gz"))
    if not is_nifti and path.suffix.lower() not in (".nrrd", ".mha"):
        raise ValueError(f"Unknown volume format: {path.name}")
    if slope != 1.0 and not is_nifti:
        raise ValueError(f"Only NIfTI stores a slope: {path.name}")
    image = image_of(array, affine)
    with atomic_file(path) as partial:
        if is_nifti:
            _write_nifti(partial, image, affine, slope)
        else:
            write_image(partial, image)


def image_of(array: np.ndarray, affine: np.ndarray) -> SimpleITK.Image:
    """Return a SimpleITK image, in LPS as ITK has it.

    Args:
        array: `(I, J, K)`.
        affine: 4x4, index -> RAS mm, not singular.

    Raises:
        ValueError: the array has not three axes, or the affine is singular or not finite.
    """
    affine = np.asarray(affine, dtype=np.float64)
    array = np.asarray(array)
    if array.ndim != 3 or affine.shape != (4, 4) or not np.isfinite(affine).all():
        raise ValueError(f"An array of three axes and a finite affine are needed, not {array.shape}.")
    stored = {"b": np.uint8, "f": np.float32 if array.dtype == np.float16 else array.dtype}.get(
        array.dtype.kind
    )
    image = SimpleITK.GetImageFromArray(np.ascontiguousarray(array.T, dtype=stored or array.dtype))
    lps = ras_to_lps(affine)
    spacing = np.linalg.norm(lps[:3, :3], axis=0)
    if not abs(np.linalg.det(lps[:3, :3])) > 0:
        raise ValueError("The affine is singular.")
    image.SetSpacing(spacing.tolist())
    image.SetOrigin(lps[:3, 3].tolist())
    image.SetDirection((lps[:3, :3] / spacing).ravel().tolist())
    return image


def write_image(path: Path, image: SimpleITK.Image, compression: int = _COMPRESSION) -> None:
    """Write a SimpleITK image under any name, also one that ITK cannot take.

    Raises:
        OSError: it cannot be written.
    """
    # ITK ends the process over a name that is not UTF-8, and does not say why a file cannot be made.
    with path.open("wb"):
        pass
    try:
        str(path).encode("utf-8")
        target = path
    except UnicodeEncodeError:
        target = Path(tempfile.mkdtemp(prefix="swinx2s-"), "volume" + "".join(path.suffixes[-2:]))
    size = image.GetNumberOfPixels() * image.GetNumberOfComponentsPerPixel() * image.GetSizeOfPixelComponent()
    try:
        SimpleITK.WriteImage(image, str(target), True, compression)
        # Of a full disk ITK's writer of NIfTI says nothing.
        if target.suffix == ".nii" and target.stat().st_size < size:
            raise RuntimeError("the file was not written completely")
        if target != path:
            shutil.copyfile(target, path)
    except RuntimeError as error:
        raise _why_not(target, size, str(error)) from error
    finally:
        if target != path:
            shutil.rmtree(target.parent, ignore_errors=True)


def _why_not(path: Path, size: int, message: str) -> OSError:
    """Return the system's own error of a write of some bytes that ITK could not finish, the disk being full."""
    try:
        with path.open("wb") as stream:
            for start in range(0, size, BLOCK_BYTES):
                stream.write(bytes(min(BLOCK_BYTES, size - start)))
    except OSError as error:
        return OSError(error.errno, error.strerror, str(path))
    return OSError(errno.EIO, message.strip().splitlines()[-1], str(path))


def _write_nifti(path: Path, image: SimpleITK.Image, affine: np.ndarray, slope: float) -> None:
    """Write by ITK, then state what it drops: the shear, the slope, that lengths are mm."""
    directions = np.reshape(image.GetDirection(), (3, 3))
    sheared = np.abs(directions.T @ directions - np.eye(3)).max() > _RIGHT_ANGLE
    if sheared:
        # No quaternion says it; the affine itself does.
        image.SetDirection(np.eye(3).ravel().tolist())
    # A name that `remove_stale` knows, as that of `path` is.
    plain = path.with_name(path.name[: path.name.lower().rindex(".nii")] + ".nii")
    try:
        write_image(plain, image)
        with plain.open("rb+") as stream:
            for offset, form, values in (
                (_SCALING, "<2f", (slope, 0.0)),
                (_UNITS, "<B", (_MM,)),
                (_CODES, "<2h", (0 if sheared else _SCANNER, _SCANNER)),
                (_SROW, "<12f", tuple(np.asarray(affine, dtype=np.float64)[:3].ravel())),
            ):
                stream.seek(offset)
                stream.write(struct.pack(form, *values))
        if plain != path:
            _pack(plain, path)
    finally:
        if plain != path:
            plain.unlink(missing_ok=True)


def _pack(plain: Path, path: Path) -> None:
    with plain.open("rb") as source, path.open("wb") as target:
        if path.suffix.lower() != ".gz":
            shutil.copyfileobj(source, target, BLOCK_BYTES)
            return
        # Without time and name: the same volume is the same file.
        with gzip.GzipFile("", "wb", _COMPRESSION, target, mtime=0) as packed:
            shutil.copyfileobj(source, packed, BLOCK_BYTES)


def _head(path: Path) -> bytes:
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        what = "a folder" if stat.S_ISDIR(mode) else "a pipe or a device"
        raise refuse(
            "unreadable-file", f"This is {what}, not a file.", "Specify the file of the volume.", path
        )
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    if not head:
        raise refuse("unreadable-file", "The file is empty.", COPY_HINT, path)
    return head
