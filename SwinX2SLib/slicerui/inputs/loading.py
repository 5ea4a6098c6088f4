"""Films from files, told apart; colour made gray where that is wanted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import slicer
import vtk
from slicer.i18n import tr as _

from SwinX2SLib.errors import Fault
from SwinX2SLib.radiographs.decoded import gray_of_channels
from SwinX2SLib.radiographs.view_recognition import FilmHints, Recognition, recognise
from SwinX2SLib.slicerui.films import FILE_ATTRIBUTE
from SwinX2SLib.slicerui.inputs.decoding import SceneFilm
from SwinX2SLib.slicerui.inputs.reading import read_film

# A folder of a study holds a handful of films; a folder of slices is no pair of films.
MOST_FILES = 8


def load_films(
    paths: Sequence[str | Path], say: Callable[[str], None]
) -> tuple[list[slicer.vtkMRMLScalarVolumeNode], list[Fault]]:
    """Load films into the scene.

    Args:
        paths: files, or folders of a few files.
        say: told what is being read, and "" at the end.

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
        say(_("Reading {0} ({1:.1f} MB)…").format(path.name, path.stat().st_size / 1e6))
        try:
            nodes.append(read_film(path))
        except RuntimeError:
            hint = "Load it with Slicer's DICOM module or Add Data, which say more."
            faults.append(Fault("not-loaded", "Slicer could not load the file.", hint, str(path)))
    say("")
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
