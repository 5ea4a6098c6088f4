"""Parts of bones as segments of a user's own."""

import numpy as np
import slicer
from vtk.util.numpy_support import vtk_to_numpy


def add_upper_half_as_segment(node, bone: str, name: str) -> str:
    """Move the upper half of a bone to a new segment of this name, as a user draws it; return the segment's id."""
    logic, segmentation = slicer.vtkSlicerSegmentationsModuleLogic, node.GetSegmentation()
    image, upper = slicer.vtkOrientedImageData(), slicer.vtkOrientedImageData()
    node.GetBinaryLabelmapRepresentation(bone, image)
    upper.DeepCopy(image)
    halves = []
    for each in (image, upper):
        halves.append(vtk_to_numpy(each.GetPointData().GetScalars()).reshape(each.GetDimensions()[::-1]))
    rows = np.flatnonzero(halves[0].any(axis=(1, 2)))
    middle = (rows[0] + rows[-1] + 1) // 2
    # Indices along K run to the feet.
    halves[0][:middle], halves[1][middle:] = 0, 0
    drawn = segmentation.AddEmptySegment("", name)
    assert logic.SetBinaryLabelmapToSegment(image, node, bone, logic.MODE_REPLACE)
    assert logic.SetBinaryLabelmapToSegment(upper, node, drawn, logic.MODE_REPLACE)
    return drawn
