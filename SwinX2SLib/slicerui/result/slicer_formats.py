"""Bones in the formats that Slicer's module Segmentations writes: STL, OBJ, NIfTI, and its own segmentation file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import slicer
import vtk

from SwinX2SLib.anatomy import labels
from SwinX2SLib.slicerui.event_loop import process_events
from SwinX2SLib.slicerui.segmentation_import import create_closed_surfaces, segment_ids

SLICER_FORMATS = ("stl", "obj", "nifti", "nrrd")
_LOGIC = slicer.vtkSlicerSegmentationsModuleLogic


class ExportError(RuntimeError):
    """The export cannot be started; the message states why."""


def write_slicer_formats(
    result: slicer.vtkMRMLSegmentationNode, formats: Sequence[str], folder: Path
) -> None:
    """Write the bones, where a transform above the segmentation puts them.

    A user's own segments are only in the segmentation file.

    Args:
        result: the segmentation, as it is now, edits and all.
        formats: of `SLICER_FORMATS`.
        folder: an existing one; surfaces and labels are named as Slicer names them.

    Raises:
        ExportError: Slicer could not write a format.
    """
    known = {label.name for label in labels()}
    bones = [bone for bone in segment_ids(result) if bone in known]
    ids = vtk.vtkStringArray()
    for bone in bones:
        ids.InsertNextValue(bone)
    for name in formats:
        if not _write(result, ids, name, folder):
            raise ExportError(
                f"Slicer could not write the format {name}. Check the free disk space of {folder}."
            )
        process_events()


def write_segmentation_file(result: slicer.vtkMRMLSegmentationNode, path: Path) -> bool:
    """Write the whole segmentation as `.seg.nrrd`, and return whether it is there."""
    storage = slicer.vtkMRMLSegmentationStorageNode()
    storage.SetFileName(str(path))
    return bool(storage.WriteData(result)) and path.is_file()


def _write(result: slicer.vtkMRMLSegmentationNode, ids: vtk.vtkStringArray, name: str, folder: Path) -> bool:
    if name == "nrrd":
        return write_segmentation_file(result, folder / "segmentation.seg.nrrd")
    if name == "nifti":
        return _write_labels(result, ids, folder)
    if not create_closed_surfaces(result):
        return False
    inside = folder / "stl" if name == "stl" else folder
    inside.mkdir(exist_ok=True)
    done = _LOGIC.ExportSegmentsClosedSurfaceRepresentationToFiles(str(inside), result, ids, name.upper())
    # Slicer returns true where a file could not be written, too.
    expected = ids.GetNumberOfValues() if name == "stl" else 1
    return bool(done) and len([*inside.glob(f"*.{name}")]) == expected


def _write_labels(result: slicer.vtkMRMLSegmentationNode, ids: vtk.vtkStringArray, folder: Path) -> bool:
    """Write the bones as a label volume whose values are the ids of `anatomy`."""
    values = slicer.vtkMRMLColorTableNode()
    values.SetTypeToUser()
    values.SetNumberOfColors(1 + max(label.id for label in labels()))
    for label in labels():
        values.SetColor(label.id, label.title, *(channel / 255 for channel in label.colour), 1.0)
    extent = slicer.vtkSegmentation.EXTENT_REFERENCE_GEOMETRY
    done = _LOGIC.ExportSegmentsBinaryLabelmapRepresentationToFiles(
        str(folder), result, ids, "nii.gz", True, None, extent, values
    )
    return bool(done) and any(folder.glob("*.nii.gz"))
