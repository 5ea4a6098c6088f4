"""Closed surfaces of many segments that share one label volume, by Slicer's own conversion but faster.

Slicer converts a shared volume anew for each of its segments, 54 times the whole volume. Here each segment is
converted in the box that it fills; the surfaces are the same, point for point.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

from SwinX2SLib.slicerui.breathing import breathe

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
        breathe()
    # What is left are segments without a voxel, if any; with all there it only tells the node.
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
