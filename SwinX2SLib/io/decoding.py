"""Voxels out of files: the one place that calls SimpleITK's readers and puts what they say into words.

What ITK 5.4 does not do automatically, measured: it looks at no check sum; it chooses the decoder by the file's name;
it refuses NRRD files for a spacing that is no number; it ends the whole process over a name that is not UTF-8. Such
files are checked, or put under another name or header, before ITK sees them. NIfTI voxels it does not decode at all
(`nifti.read_voxels` says why).
"""

from __future__ import annotations

import re
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import SimpleITK

from SwinX2SLib.io import metaimage, nrrd
from SwinX2SLib.io.header import COPY_HINT, VolumeHeader, refuse, unreadable
from SwinX2SLib.io.metaimage import MetaImageHeader
from SwinX2SLib.io.nrrd import NrrdHeader

_WARNINGS_LOCK = threading.Lock()
# What ITK's messages hold beside their reason.
_PLACE = re.compile(
    r"^(Exception thrown in .*|/.*\.(cxx|h|hxx):\d+:?|\[nrrd\] \w+: trouble.*|\[nrrd\] \w+:)$"
)
_SPEAKER = re.compile(
    r"^(sitk::ERROR|itk::ERROR|ITK ERROR): *(\w+\(0x[0-9a-f]+\): *)?|^\[nrrd\] \w+: *|^\*\* ERROR:? *"
)
_MISSING_DATA = re.compile(r'couldn\'t open "([^"]*)"|does not exist.*"([^"]*)"')


def decode(header: VolumeHeader) -> np.ndarray:
    """Return the array of a file, of `header.shape`, in column-major order.

    Numbers that the header scales come as float32.

    Raises:
        InputError: it cannot be decoded, or needs more memory than there is.
    """
    # The panel loads before nibabel is installed.
    from SwinX2SLib.io import nifti
    from SwinX2SLib.io.nifti import NiftiHeader

    if isinstance(header, NiftiHeader):
        try:
            return nifti.read_voxels(header)
        except MemoryError as error:
            raise _too_large(header) from error
    if isinstance(header, NrrdHeader):
        nrrd.require_whole(header)
    if isinstance(header, MetaImageHeader):
        metaimage.require_whole(header)
    with _as_itk_takes_it(header) as path:
        array = read_array(path, header)
    if isinstance(header, NrrdHeader) and array.ndim == len(header.stored_axes):
        sizes = tuple(map(int, header.fields["sizes"].split()))
        # Where ITK knows the axis that is no place, it has put it behind the others already.
        if array.shape == sizes:
            array = array.transpose(header.stored_axes)
    return array.reshape(header.shape, order="F")


def read_array(path: Path, header: VolumeHeader) -> np.ndarray:
    """Return what ITK reads: axes of the image first, components of a voxel last.

    Raises:
        InputError: ITK cannot read it.
    """
    with decoder_faults(header):
        image = SimpleITK.ReadImage(str(path))
        return array_of(image)


def array_of(image: SimpleITK.Image) -> np.ndarray:
    """Return the array of a SimpleITK image, the fastest axis first, components last; column-major."""
    array = SimpleITK.GetArrayFromImage(image)
    if image.GetNumberOfComponentsPerPixel() > 1 and not np.iscomplexobj(array):
        return np.asfortranarray(np.moveaxis(array, -1, 0).T)
    return array.T


@contextmanager
def decoder_faults(header: VolumeHeader) -> Iterator[None]:
    """Put an error of ITK into words, and keep its warnings off the error stream.

    Raises:
        InputError: the block raised a `RuntimeError`, as SimpleITK does, or ran out of memory.
    """
    with _WARNINGS_LOCK:
        shown = SimpleITK.ProcessObject.GetGlobalWarningDisplay()
        SimpleITK.ProcessObject.SetGlobalWarningDisplay(False)
        try:
            yield
        except MemoryError as error:
            raise _too_large(header) from error
        except RuntimeError as error:
            if "memory" in str(error).lower() or "bad_alloc" in str(error):
                raise _too_large(header) from error
            raise _in_words(header, str(error)) from error
        finally:
            SimpleITK.ProcessObject.SetGlobalWarningDisplay(shown)


def _too_large(header: VolumeHeader) -> Exception:
    size = " x ".join(map(str, header.shape))
    message = f"The {header.format} file of {size} voxels does not fit into memory."
    return refuse("too-large", message, "Close other programs, or crop the volume.", header.path)


def _in_words(header: VolumeHeader, message: str) -> Exception:
    what = f"{header.format} file"
    if match := _MISSING_DATA.search(message):
        name = Path(match[1] or match[2]).name
        hint = "Copy the data file beside its header."
        return unreadable(what, f"its data file {name} does not exist", header.path, hint)
    lines = [line.strip() for line in message.splitlines() if line.strip() and not _PLACE.match(line.strip())]
    reason = _SPEAKER.sub("", lines[-1]).rstrip(".") if lines else "the decoder states no reason"
    return unreadable(what, reason, header.path, COPY_HINT)


@contextmanager
def _as_itk_takes_it(header: VolumeHeader) -> Iterator[Path]:
    """Yield a path from which ITK decodes the voxels: the file, or a copy under a plain name or header."""
    endings = {"NRRD": (".nrrd", ".nhdr"), "MetaImage": (".mha", ".mhd")}[header.format]
    unusual = header if isinstance(header, NrrdHeader) and not nrrd.itk_takes(header) else None
    if _name_is_plain(header, endings) and unusual is None:
        yield header.path
        return
    with tempfile.TemporaryDirectory(prefix="swinx2s-") as folder:
        copy = Path(folder, "volume" + endings[0])
        try:
            _link(header, copy) if unusual is None else nrrd.write_plain_copy(unusual, copy)
        except OSError as error:
            message = f"A temporary copy cannot be written to {folder} ({error.strerror or error})."
            raise refuse("too-large", message, "Free some space there.", header.path) from error
        yield copy


def _name_is_plain(header: VolumeHeader, endings: tuple[str, ...]) -> bool:
    try:
        str(header.path).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return header.path.name.lower().endswith(endings)


def _link(header: VolumeHeader, copy: Path) -> None:
    if header.is_detached:
        hint = "Rename the file, its data file and its folder."
        raise unreadable(
            f"{header.format} file",
            "its voxels are in another file that is referenced by name",
            header.path,
            hint,
        )
    try:
        copy.symlink_to(header.path.absolute())
    except (OSError, NotImplementedError):
        # Windows allows links to few people.
        shutil.copyfile(header.path, copy)
