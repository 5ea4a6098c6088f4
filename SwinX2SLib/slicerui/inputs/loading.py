"""Films from files: dropped on the panel or chosen in a dialog, told apart, colour made gray where that is wanted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import qt
import slicer
import vtk

from SwinX2SLib.errors import Fault
from SwinX2SLib.radiographs.decoded import gray_of_channels
from SwinX2SLib.radiographs.view_recognition import FilmHints, Recognition, recognise
from SwinX2SLib.slicerui.films import FILE_ATTRIBUTE
from SwinX2SLib.slicerui.inputs.decoding import SceneFilm

_DICOM_AT, _DICOM = 128, b"DICM"
# A folder of a study holds a handful of films; a folder of slices is no pair of films.
MOST_FILES = 8


def load_films(paths: Sequence[str | Path]) -> tuple[list[slicer.vtkMRMLScalarVolumeNode], list[Fault]]:
    """Load films into the scene.

    Args:
        paths: files, or folders of a few files.

    Returns:
        The volumes in the order of the files, and why files could not be loaded.
    """
    files, nodes, faults = _files(paths), [], []
    if len(files) > MOST_FILES:
        fault = Fault(
            "too-many-files", f"{len(files)} files were given.", "Give the frontal and the lateral film only."
        )
        return [], [fault]
    for path in files:
        try:
            node = slicer.util.loadVolume(str(path), {"singleFile": True})
        except RuntimeError:
            hint = "Load it with Slicer's DICOM module or Add Data, which say more."
            faults.append(Fault("not-loaded", "Slicer could not load the file.", hint, str(path)))
            continue
        if _is_dicom(path):
            # The file says more than the volume: pixel size at the detector, orientation, which end is bright.
            node.SetAttribute(FILE_ATTRIBUTE, str(path.resolve()))
        nodes.append(node)
    return nodes, faults


def which_is_frontal(first: SceneFilm, second: SceneFilm) -> Recognition:
    """Tell which of two films is the frontal one."""
    return recognise(*(_hints(film) for film in (first, second)))


def gray_copy(node: slicer.vtkMRMLVolumeNode) -> slicer.vtkMRMLScalarVolumeNode:
    """Add a gray copy of a colour picture to the scene, in the same place.

    Raises:
        ValueError: the picture really is in colour, so it is no radiograph.
    """
    channels = np.asarray(slicer.util.arrayFromVolume(node))
    gray, _, faults = gray_of_channels(channels[..., :3], white=float(channels.max(initial=1)))
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


class FileDrop(qt.QWidget):
    """Event filter that takes files dropped on a widget."""

    def __init__(self, widget: qt.QWidget, on_files: Callable[[list[str]], None]):
        super().__init__()
        self._on_files = on_files
        widget.setAcceptDrops(True)
        widget.installEventFilter(self)

    def eventFilter(self, _widget: qt.QObject, event: qt.QEvent) -> bool:
        """Take events of dragging files; leave all others alone."""
        if event.type() not in (qt.QEvent.DragEnter, qt.QEvent.Drop):
            return False
        files = [url.toLocalFile() for url in event.mimeData().urls() if url.toLocalFile()]
        if not files:
            return False
        event.acceptProposedAction()
        if event.type() == qt.QEvent.Drop:
            self._on_files(files)
        return True


def _files(paths: Sequence[str | Path]) -> list[Path]:
    found = []
    for path in map(Path, paths):
        inside = sorted(each for each in path.iterdir() if each.is_file()) if path.is_dir() else [path]
        found += [each for each in inside if not each.name.startswith(".")]
    return found


def _is_dicom(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(_DICOM_AT + len(_DICOM))[_DICOM_AT:] == _DICOM


def _hints(film: SceneFilm) -> FilmHints:
    rows, cols = film.shape
    spacing = film.decoded.spacing
    scale = film.decoded.values.shape[1] / cols, film.decoded.values.shape[0] / rows
    width_mm = cols * scale[0] * (spacing.col_mm if spacing else 1.0)
    height_mm = rows * scale[1] * (spacing.row_mm if spacing else 1.0)
    return FilmHints(film.view_position, film.decoded.orientation, film.words, width_mm, height_mm)


def _matrix(node: slicer.vtkMRMLVolumeNode) -> np.ndarray:
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    return slicer.util.arrayFromVTKMatrix(matrix)
