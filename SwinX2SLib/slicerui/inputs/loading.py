"""Reading the file of a radiograph: a small one at once, a large one in another process while Slicer goes on
drawing."""

from __future__ import annotations

import logging
import os
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import slicer
import vtk
from slicer.i18n import tr as _

from SwinX2SLib.errors import Fault
from SwinX2SLib.radiographs.decoded_image import gray_of_channels
from SwinX2SLib.radiographs.unpacking import UnpackedImage, read_unpacked
from SwinX2SLib.radiographs.view_recognition import RadiographHints, Recognition, recognise
from SwinX2SLib.slicerui.background_process import InterpreterError, worker_environment, worker_python
from SwinX2SLib.slicerui.event_loop import run_in_thread
from SwinX2SLib.slicerui.inputs.decoding import SceneRadiograph
from SwinX2SLib.slicerui.radiographs import FILE_ATTRIBUTE

if TYPE_CHECKING:
    pass

if TYPE_CHECKING:
    pass


# Below this a radiograph is read before a process would have started; compressed ones unfold to ten times as much.
LARGE_BYTES = 3_000_000


_TIMEOUT_SECONDS = 120.0


_UNPACKER = "SwinX2SLib.radiographs.unpacking"


_PICTURES = {".png", ".jpg", ".jpeg", ".tif", ".tiff"}


_DICOM_AT, _DICOM = 128, b"DICM"


def read_radiograph(path: Path) -> slicer.vtkMRMLScalarVolumeNode:
    """Add the radiograph of a file to the scene.

    Raises:
        RuntimeError: Slicer could not load it.
    """
    is_dicom = _is_dicom(path)
    unpacked = None
    if path.stat().st_size >= LARGE_BYTES and (is_dicom or path.suffix.lower() in _PICTURES):
        unpacked = run_in_thread(lambda: _unpack(path))
    if unpacked is None:
        node = slicer.util.loadVolume(str(path), {"singleFile": True})
    else:
        node = _volume(unpacked, path.stem)
    if is_dicom:
        # The file has more information than the volume: pixel size at the detector, orientation, which end is bright.
        node.SetAttribute(FILE_ATTRIBUTE, str(path.resolve()))
    return node


def _unpack(path: Path) -> UnpackedImage | None:
    """Return a radiograph, or None where it has to be read by Slicer itself: in colour, unknown, packages not there
    yet."""
    with tempfile.TemporaryDirectory(prefix="SwinX2S-radiograph-") as folder:
        try:
            done = subprocess.run(
                [worker_python(), "-m", _UNPACKER, str(path), folder],
                env={**os.environ, **worker_environment()},
                capture_output=True,
                text=True,
                timeout=_TIMEOUT_SECONDS,
                check=False,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except (InterpreterError, OSError, subprocess.TimeoutExpired) as error:
            logging.warning("SwinX2S: %s is read by Slicer itself: %s", path, error)
            return None
        if done.returncode != 0:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            logging.info("SwinX2S: %s is read by Slicer itself: %s", path, reason)
            return None
        return read_unpacked(Path(folder))


def _volume(radiograph: UnpackedImage, name: str) -> slicer.vtkMRMLScalarVolumeNode:
    """Add a radiograph as Slicer loads a picture: first row on top in an axial plane, 1 mm if unknown."""
    row_mm, col_mm = radiograph.spacing_mm or (1.0, 1.0)
    geometry = np.diag([-col_mm, -row_mm, 1.0, 1.0])
    return slicer.util.addVolumeFromArray(radiograph.pixels[np.newaxis], ijkToRAS=geometry, name=name)


def _is_dicom(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(_DICOM_AT + len(_DICOM))[_DICOM_AT:] == _DICOM


# A folder of a study holds a handful of radiographs; a folder of slices is no pair of radiographs.
MOST_FILES = 8


def load_radiographs(
    paths: Sequence[str | Path], report: Callable[[str], None]
) -> tuple[list[slicer.vtkMRMLScalarVolumeNode], list[Fault]]:
    """Load radiographs into the scene.

    Args:
        paths: files, or folders of a few files.
        report: called with what is being read, and "" at the end.

    Returns:
        The volumes in the order of the files, and why files could not be loaded.
    """
    files, nodes, faults = _files(paths), [], []
    if len(files) > MOST_FILES:
        fault = Fault(
            "too-many-files",
            f"{len(files)} files were selected.",
            "Select only the frontal and the lateral radiograph.",
        )
        return [], [fault]
    for path in files:
        report(_("Reading {0} ({1:.1f} MB)…").format(path.name, path.stat().st_size / 1e6))
        try:
            nodes.append(read_radiograph(path))
        except RuntimeError:
            hint = "Load it with Slicer's DICOM module or Add Data to see the reason."
            faults.append(Fault("not-loaded", "Slicer could not load the file.", hint, str(path)))
    report("")
    return nodes, faults


def which_is_frontal(first: SceneRadiograph, second: SceneRadiograph) -> Recognition:
    """Detect which of two radiographs is the frontal one."""
    return recognise(*(_hints(radiograph) for radiograph in (first, second)))


def gray_copy(node: slicer.vtkMRMLVolumeNode) -> slicer.vtkMRMLScalarVolumeNode:
    """Add a gray copy of a colour picture to the scene, in the same place.

    Raises:
        ValueError: the picture really is in colour, so it is no radiograph.
    """
    channels = np.asarray(slicer.util.arrayFromVolume(node))
    gray, _notes, faults = gray_of_channels(channels[..., :3], white=float(channels.max(initial=1)))
    if faults:
        raise ValueError(str(faults[0]))
    copy = slicer.util.addVolumeFromArray(
        np.rint(gray).astype(channels.dtype) if np.issubdtype(channels.dtype, np.integer) else gray,
        ijkToRAS=_matrix(node),
        name=f"{node.GetName()} gray",
    )
    for attribute in (FILE_ATTRIBUTE, "DICOM.instanceUIDs"):
        if node.GetAttribute(attribute):
            copy.SetAttribute(attribute, node.GetAttribute(attribute))
    return copy


def _files(paths: Sequence[str | Path]) -> list[Path]:
    found = []
    for path in map(Path, paths):
        inside = sorted(each for each in path.iterdir() if each.is_file()) if path.is_dir() else [path]
        found += [each for each in inside if not each.name.startswith(".")]
    return found


def _hints(radiograph: SceneRadiograph) -> RadiographHints:
    rows, cols = radiograph.shape
    spacing = radiograph.decoded.spacing
    scale = radiograph.decoded.values.shape[1] / cols, radiograph.decoded.values.shape[0] / rows
    width_mm = cols * scale[0] * (spacing.col_mm if spacing else 1.0)
    height_mm = rows * scale[1] * (spacing.row_mm if spacing else 1.0)
    return RadiographHints(
        radiograph.view_position, radiograph.decoded.orientation, radiograph.words, width_mm, height_mm
    )


def _matrix(node: slicer.vtkMRMLVolumeNode) -> np.ndarray:
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    return slicer.util.arrayFromVTKMatrix(matrix)
