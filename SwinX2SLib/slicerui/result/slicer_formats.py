"""Bones in the formats that Slicer's module Segmentations writes: STL, OBJ, NIfTI, and its own segmentation file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import slicer
import vtk

from SwinX2SLib.anatomy import labels
from SwinX2SLib.slicerui.bone_voxels import bone_segments
from SwinX2SLib.slicerui.event_loop import process_events
from SwinX2SLib.slicerui.segmentation_import import create_closed_surfaces

SLICER_FORMATS = ("stl", "obj", "nifti", "nrrd")
_LOGIC = slicer.vtkSlicerSegmentationsModuleLogic


class ExportError(RuntimeError):
    """The export cannot be started; the message states why."""


def write_slicer_formats(
    result: slicer.vtkMRMLSegmentationNode, formats: Sequence[str], folder: Path
) -> None:
    """Write the bones, where a transform above the segmentation puts them.

    Segments that are parts of a bone (S1 of the sacrum) are joined to it, but for the segmentation file, which holds
    all segments as they are, a user's own too.

    Args:
        result: the segmentation, as it is now, edits and all.
        formats: of `SLICER_FORMATS`.
        folder: an existing one; surfaces and labels are named as Slicer names them.

    Raises:
        ExportError: Slicer could not write a format.
    """
    with _with_whole_bones(result) as (whole, ids):
        for name in formats:
            if not _write(result if name == "nrrd" else whole, ids, name, folder):
                raise ExportError(
                    f"Slicer could not write the format {name}. Check the free disk space of {folder}."
                )
            process_events()


@contextmanager
def _with_whole_bones(
    result: slicer.vtkMRMLSegmentationNode,
) -> Iterator[tuple[slicer.vtkMRMLSegmentationNode, vtk.vtkStringArray]]:
    """Yield a segmentation with one segment for each bone, and their ids: the result, or a copy of it in which parts
    that are segments of their own (S1) are joined to their bone."""
    bones = bone_segments(result.GetSegmentation())
    ids = vtk.vtkStringArray()
    for bone in bones:
        ids.InsertNextValue(bone)
    if all(segments == [bone] for bone, segments in bones.items()):
        yield result, ids
        return
    copy = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", result.GetName())
    try:
        copy.Copy(result)
        copy.SetName(result.GetName())
        for bone, segments in bones.items():
            _join(copy, bone, segments)
        yield copy, ids
    finally:
        slicer.mrmlScene.RemoveNode(copy)


def _join(node: slicer.vtkMRMLSegmentationNode, bone: str, segments: Sequence[str]) -> None:
    """Make one segment, with the bone's name as its id, of all segments of a bone."""
    segmentation = node.GetSegmentation()
    parts = [segment for segment in segments if segment != bone]
    for part in parts:
        image = slicer.vtkOrientedImageData()
        node.GetBinaryLabelmapRepresentation(part, image)
        if segmentation.GetSegment(bone) is None:
            label = next(label for label in labels() if label.name == bone)
            segmentation.AddEmptySegment(bone, label.title, [channel / 255 for channel in label.colour])
        _LOGIC.SetBinaryLabelmapToSegment(image, node, bone, _LOGIC.MODE_MERGE_MAX)
        segmentation.RemoveSegment(part)


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
