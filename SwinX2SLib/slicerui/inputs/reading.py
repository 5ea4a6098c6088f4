"""Reading the file of a film: a small one at once, a large one in another process while Slicer goes on drawing."""

from __future__ import annotations

import logging
import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import slicer

from SwinX2SLib.radiographs.unpacking import UnpackedFilm, read_unpacked
from SwinX2SLib.slicerui.breathing import beside
from SwinX2SLib.slicerui.films import FILE_ATTRIBUTE
from SwinX2SLib.slicerui.interpreter import InterpreterError, worker_environment, worker_python

# Below this a film is read before a process would have started; compressed ones unfold to ten times as much.
LARGE_BYTES = 3_000_000
_TIMEOUT_SECONDS = 120.0
_UNPACKER = "SwinX2SLib.radiographs.unpacking"
_PICTURES = {".png", ".jpg", ".jpeg", ".tif", ".tiff"}
_DICOM_AT, _DICOM = 128, b"DICM"


def read_film(path: Path) -> slicer.vtkMRMLScalarVolumeNode:
    """Add the film of a file to the scene.

    Raises:
        RuntimeError: Slicer could not load it.
    """
    is_dicom = _is_dicom(path)
    unpacked = None
    if path.stat().st_size >= LARGE_BYTES and (is_dicom or path.suffix.lower() in _PICTURES):
        unpacked = beside(lambda: _unpack(path))
    if unpacked is None:
        node = slicer.util.loadVolume(str(path), {"singleFile": True})
    else:
        node = _volume(unpacked, path.stem)
    if is_dicom:
        # The file says more than the volume: pixel size at the detector, orientation, which end is bright.
        node.SetAttribute(FILE_ATTRIBUTE, str(path.resolve()))
    return node


def _unpack(path: Path) -> UnpackedFilm | None:
    """Return a film, or None where it has to be read by Slicer itself: in colour, unknown, packages not there yet."""
    with tempfile.TemporaryDirectory(prefix="SwinX2S-film-") as folder:
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
            reason = (done.stderr.strip().splitlines() or ["no reason told"])[-1]
            logging.info("SwinX2S: %s is read by Slicer itself: %s", path, reason)
            return None
        return read_unpacked(Path(folder))


def _volume(film: UnpackedFilm, name: str) -> slicer.vtkMRMLScalarVolumeNode:
    """Add a film as Slicer loads a picture: first row on top in an axial plane, 1 mm where nobody says."""
    row_mm, col_mm = film.spacing_mm or (1.0, 1.0)
    geometry = np.diag([-col_mm, -row_mm, 1.0, 1.0])
    return slicer.util.addVolumeFromArray(film.pixels[np.newaxis], ijkToRAS=geometry, name=name)


def _is_dicom(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(_DICOM_AT + len(_DICOM))[_DICOM_AT:] == _DICOM
