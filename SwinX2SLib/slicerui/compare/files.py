"""Segmentations and label maps of the scene as files, where they lie in the patient."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import slicer

_LABELS = slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()


class WritingError(RuntimeError):
    """A node cannot be written; the message states why."""


def node_file(node: slicer.vtkMRMLDisplayableNode, folder: Path, stem: str) -> Path:
    """Write a segmentation (`.seg.nrrd`) or a label map (`.nrrd`); transforms that it lies under are applied.

    Args:
        node: neither it nor the scene is changed.
        folder: where to.
        stem: name of the file without its ending.

    Raises:
        WritingError: it holds nothing, or cannot be written.
    """
    is_segmentation = node.IsA("vtkMRMLSegmentationNode")
    if is_segmentation and not node.GetSegmentation().GetNumberOfSegments():
        raise WritingError(f"{node.GetName()} has no segments.")
    if not is_segmentation and node.GetImageData() is None:
        raise WritingError(f"{node.GetName()} holds no voxels.")
    path = folder / (f"{stem}.seg.nrrd" if is_segmentation else f"{stem}.nrrd")
    kind = slicer.vtkMRMLSegmentationStorageNode if is_segmentation else slicer.vtkMRMLNRRDStorageNode
    storage = kind()
    storage.SetFileName(str(path))
    storage.SetUseCompression(False)
    with _as_it_lies(node) as written:
        if not storage.WriteData(written) or not path.is_file():
            raise WritingError(
                f"{node.GetName()} could not be written to {folder}. Check the free disk space."
            )
    return path


@contextmanager
def _as_it_lies(node: slicer.vtkMRMLDisplayableNode) -> Iterator[slicer.vtkMRMLDisplayableNode]:
    """Yield the node, or for as long as it is needed a copy without transforms and with voxels."""
    needs_voxels = node.IsA("vtkMRMLSegmentationNode") and (
        node.GetSegmentation().GetSourceRepresentationName() != _LABELS
    )
    if node.GetParentTransformNode() is None and not needs_voxels:
        yield node
        return
    copy = slicer.mrmlScene.AddNewNodeByClass(node.GetClassName())
    try:
        copy.SetHideFromEditors(True)
        copy.Copy(node)
        if needs_voxels:
            _make_voxels(copy, node.GetName())
        if node.GetParentTransformNode() is not None:
            copy.SetAndObserveTransformNodeID(node.GetTransformNodeID())
            slicer.vtkSlicerTransformLogic.hardenTransform(copy)
        yield copy
    finally:
        slicer.mrmlScene.RemoveNode(copy)


def _make_voxels(node: slicer.vtkMRMLSegmentationNode, name: str) -> None:
    segmentation = node.GetSegmentation()
    if not segmentation.CreateRepresentation(_LABELS):
        raise WritingError(f"{name} could not be converted to voxels.")
    segmentation.SetSourceRepresentationName(_LABELS)
