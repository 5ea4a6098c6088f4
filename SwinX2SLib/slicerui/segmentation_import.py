"""From the worker's label volume to one Slicer segmentation with stable ids, names, colours and terminology."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

from SwinX2SLib.anatomy import Label, label_by_id, labels, terminology_entry
from SwinX2SLib.slicerui.event_loop import process_events

_LABELS = slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()
_SURFACE = slicer.vtkSegmentationConverter.GetSegmentationClosedSurfaceRepresentationName()


def create_closed_surfaces(node: slicer.vtkMRMLSegmentationNode) -> bool:
    """Make the closed surfaces of all segments that have none.

    Returns:
        Whether there are surfaces now.
    """
    segmentation = node.GetSegmentation()
    for segment_id, piece in _pieces(segmentation):
        surface = _surface_of(segment_id, piece)
        if surface is None:
            return False
        segmentation.GetSegment(segment_id).AddRepresentation(_SURFACE, surface)
        process_events()
    # What is left are segments without a voxel, if any; otherwise it only notifies the node.
    return node.CreateClosedSurfaceRepresentation()


def _surface_of(segment_id: str, piece: slicer.vtkOrientedImageData) -> vtk.vtkPolyData | None:
    """Return the surface of a 0/1 image as Slicer converts it, or None where it cannot."""
    segment = slicer.vtkSegment()
    segment.SetName(segment_id)
    segment.SetLabelValue(1)
    segment.AddRepresentation(_LABELS, piece)
    boxed = slicer.vtkSegmentation()
    boxed.SetSourceRepresentationName(_LABELS)
    boxed.AddSegment(segment, segment_id)
    return segment.GetRepresentation(_SURFACE) if boxed.CreateRepresentation(_SURFACE) else None


def _pieces(segmentation: slicer.vtkSegmentation) -> Iterator[tuple[str, slicer.vtkOrientedImageData]]:
    """Yield the id of each segment with voxels and no surface, and a 0/1 image of the box that it fills."""
    from scipy import ndimage

    boxes: dict[str, tuple] = {}
    for index in range(segmentation.GetNumberOfSegments()):
        segment = segmentation.GetNthSegment(index)
        if segment.GetRepresentation(_SURFACE) is not None:
            continue
        image = segment.GetRepresentation(_LABELS)
        shared = image.GetAddressAsString("")
        if shared not in boxes:
            scalars = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions()[::-1])
            boxes[shared] = (scalars, ndimage.find_objects(scalars))
        scalars, found = boxes[shared]
        value = segment.GetLabelValue()
        if 0 < value <= len(found) and found[value - 1] is not None:
            yield segmentation.GetNthSegmentID(index), _piece(image, scalars, found[value - 1], value)


def _piece(
    image: slicer.vtkOrientedImageData, scalars: np.ndarray, box: tuple[slice, ...], value: int
) -> slicer.vtkOrientedImageData:
    """Return one segment's box with a border of background; VTK's axes run opposite to the array's."""
    block = np.pad((scalars[box] == value).astype(np.uint8), 1)
    extent = image.GetExtent()
    ends = [
        end + extent[2 * axis] for axis, part in enumerate(box[::-1]) for end in (part.start - 1, part.stop)
    ]
    geometry = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(geometry)
    piece = slicer.vtkOrientedImageData()
    piece.SetExtent(ends)
    piece.SetGeometryFromImageToWorldMatrix(geometry)
    piece.GetPointData().SetScalars(numpy_to_vtk(block.ravel(), deep=True))
    return piece


SEGMENTATION_SUFFIX = ".seg.nrrd"


class ResultError(RuntimeError):
    """The worker's result cannot be shown; the message states which file and why."""


def import_segmentation(path: Path | str, name: str) -> slicer.vtkMRMLSegmentationNode:
    """Add one segmentation node to the scene from a file of labelled bones.

    Args:
        path: `.seg.nrrd`, or a label volume (`.nii.gz`, `.nrrd`) whose values are the ids of `anatomy`.
        name: name of the new node.

    Returns:
        The node: one segment for each bone that is present, its id the bone's stable name (`vertebrae_L1`), with
        title, colour, terminology tag and reference geometry; closed surfaces made and shown in 3D.

    Raises:
        ResultError: the file cannot be read, holds no bone, or holds a label that is none of the 54 bones. The
            scene is then as it was.
    """
    path = Path(path)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    try:
        if path.name.endswith(SEGMENTATION_SUFFIX):
            _read_segmentation(path, node)
        else:
            _read_label_volume(path, node)
        process_events()
        _dress_segments(node, path)
        process_events()
        _show(node, path)
    except Exception:
        slicer.mrmlScene.RemoveNode(node)
        raise
    return node


def segment_ids(node: slicer.vtkMRMLSegmentationNode) -> list[str]:
    """Return the segment ids of a segmentation node, in the order of the node."""
    segmentation = node.GetSegmentation()
    return [segmentation.GetNthSegmentID(index) for index in range(segmentation.GetNumberOfSegments())]


def _read_segmentation(path: Path, node: slicer.vtkMRMLSegmentationNode) -> None:
    storage = slicer.vtkMRMLSegmentationStorageNode()
    storage.SetFileName(str(path))
    _read(storage, node, path)
    _remove_absent(node)


def _remove_absent(node: slicer.vtkMRMLSegmentationNode) -> None:
    """Remove segments without voxels: the worker's file names all 54 bones, found or not."""
    kind = slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()
    values_of: dict[str, set[int]] = {}
    for segment_id in segment_ids(node):
        segment = node.GetSegmentation().GetSegment(segment_id)
        image = segment.GetRepresentation(kind)
        if image is not None and (shared := image.GetAddressAsString("")) not in values_of:
            values = vtk.vtkIntArray()
            slicer.vtkSlicerSegmentationsModuleLogic.GetAllLabelValues(values, image)
            values_of[shared] = {values.GetValue(index) for index in range(values.GetNumberOfValues())}
        if image is None or segment.GetLabelValue() not in values_of[image.GetAddressAsString("")]:
            node.GetSegmentation().RemoveSegment(segment_id)
            process_events()


def _read_label_volume(path: Path, node: slicer.vtkMRMLSegmentationNode) -> None:
    volume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", f"{node.GetName()} labels")
    try:
        storage = slicer.vtkMRMLVolumeArchetypeStorageNode()
        storage.SetFileName(str(path))
        _read(storage, volume, path)
        _import_label_volume(volume, node, path)
    finally:
        slicer.mrmlScene.RemoveNode(volume)


def _read(storage: slicer.vtkMRMLStorageNode, node: slicer.vtkMRMLNode, path: Path) -> None:
    if not path.is_file():
        raise ResultError(f"{path} cannot be read: the file does not exist.")
    if not storage.ReadData(node):
        messages = storage.GetUserMessages()
        reasons = [messages.GetNthMessageText(index) for index in range(messages.GetNumberOfMessages())]
        raise ResultError(f"{path} cannot be read: {' '.join(' '.join(reasons[:1]).split())}")


def _import_label_volume(
    volume: slicer.vtkMRMLLabelMapVolumeNode, node: slicer.vtkMRMLSegmentationNode, path: Path
) -> None:
    values = vtk.vtkIntArray()
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    logic.GetAllLabelValues(values, volume.GetImageData())
    present = [_label(values.GetValue(index), path) for index in range(values.GetNumberOfValues())]
    ids = vtk.vtkStringArray()
    for label in present:
        ids.InsertNextValue(label.name)
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    if ids.GetNumberOfValues() and not logic.ImportLabelmapToSegmentationNode(volume, node, ids):
        raise ResultError(f"{path} was read, but Slicer could not make segments of its labels.")
    # Slicer numbers the given ids from 1, though the shared image keeps the volume's own values.
    for label in present:
        node.GetSegmentation().GetSegment(label.name).SetLabelValue(label.id)


def _label(value: int, path: Path) -> Label:
    try:
        return label_by_id(value)
    except KeyError as error:
        raise ResultError(f"{path} contains the label value {value}. {error.args[0]}") from None


def _dress_segments(node: slicer.vtkMRMLSegmentationNode, path: Path) -> None:
    known = {label.name: label for label in labels()}
    present = segment_ids(node)
    if not present:
        raise ResultError(f"No bone was found: every voxel of {path.name} is background.")
    if mismatched_views := [segment for segment in present if segment not in known]:
        raise ResultError(
            f"{path} contains segments that are not among the 54 bones: {', '.join(mismatched_views)}."
        )
    for segment_id in present:
        _dress(node.GetSegmentation().GetSegment(segment_id), known[segment_id])


def _dress(segment: slicer.vtkSegment, label: Label) -> None:
    segment.SetName(label.title)
    segment.SetNameAutoGenerated(False)
    segment.SetColor(*(channel / 255.0 for channel in label.colour))
    segment.SetColorAutoGenerated(False)
    segment.SetTag(slicer.vtkSegment.GetTerminologyEntryTagName(), terminology_entry(label))
    segment.SetTag("SwinX2S.group", label.group)


def _show(node: slicer.vtkMRMLSegmentationNode, path: Path) -> None:
    if not create_closed_surfaces(node):
        raise ResultError(f"Slicer could not make surfaces of the bones in {path}.")
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    surface = slicer.vtkSegmentationConverter.GetSegmentationClosedSurfaceRepresentationName()
    display.SetPreferredDisplayRepresentationName3D(surface)
    display.SetVisibility3D(True)
