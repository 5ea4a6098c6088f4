"""Lines of equal value in an image: flying edges, joined to lines."""

from __future__ import annotations

import numpy as np
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkFiltersCore import vtkFlyingEdges2D, vtkStripper

from SwinX2SLib.geometry.vtk_arrays import image_of


def contour_lines(image: np.ndarray, level: float) -> list[np.ndarray]:
    """Return the lines along which an image, interpolated linearly along its rows and columns, has a value.

    Args:
        image: `(rows, columns)`.
        level: the value.

    Returns:
        Lines `(N, 2)` of (row, column) in pixels; the last point of a closed line is its first. A line is open only
        where the image ends.
    """
    contour = vtkFlyingEdges2D()
    contour.SetInputData(image_of(np.asarray(image, dtype=np.float64)[..., None]))
    contour.SetValue(0, level)
    contour.ComputeScalarsOff()
    stripper = vtkStripper()
    stripper.SetInputConnection(contour.GetOutputPort())
    stripper.JoinContiguousSegmentsOn()
    stripper.SetMaximumLength(max(image.size * 4, 1))
    stripper.Update()
    found = stripper.GetOutput()
    if not found.GetNumberOfLines():
        return []
    points = vtk_to_numpy(found.GetPoints().GetData())[:, :2].astype(np.float64)
    cells = found.GetLines()
    ends = vtk_to_numpy(cells.GetOffsetsArray())
    joined = points[vtk_to_numpy(cells.GetConnectivityArray())]
    return np.split(joined, ends[1:-1])
