"""Between numpy and VTK: images of one label, and surfaces of triangles."""

from __future__ import annotations

import numpy as np
from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray, vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkImageData, vtkPolyData

from SwinX2SLib.geometry.surfaces import Surface


def image_of(volume: np.ndarray) -> vtkImageData:
    """Return a copy of an array `(I, J, K)` as an image of spacing one, whose first voxel lies at the origin."""
    image = vtkImageData()
    image.SetDimensions(*volume.shape)
    image.GetPointData().SetScalars(numpy_to_vtk(volume.ravel(order="F"), deep=True))
    return image


def polydata_of(surface: Surface) -> vtkPolyData:
    """Return a copy of a surface, its points in double precision."""
    points, cells, data = vtkPoints(), vtkCellArray(), vtkPolyData()
    points.SetData(numpy_to_vtk(np.ascontiguousarray(surface.vertices, dtype=np.float64), deep=True))
    faces = np.ascontiguousarray(surface.faces, dtype=np.int64)
    cells.SetData(
        numpy_to_vtkIdTypeArray(np.arange(len(faces) + 1, dtype=np.int64) * 3, deep=True),
        numpy_to_vtkIdTypeArray(faces.ravel(), deep=True),
    )
    data.SetPoints(points)
    data.SetPolys(cells)
    return data


def surface_of(data: vtkPolyData) -> Surface:
    """Return a copy of the triangles of a polydata; it must hold no other polygons.

    Returns:
        float64 vertices and int64 faces; empty arrays where there are none.
    """
    if not data.GetNumberOfPoints():
        return Surface(np.zeros((0, 3)), np.zeros((0, 3), dtype=np.int64))
    vertices = vtk_to_numpy(data.GetPoints().GetData()).astype(np.float64)
    faces = vtk_to_numpy(data.GetPolys().GetConnectivityArray()).astype(np.int64)
    return Surface(vertices, faces.reshape(-1, 3))


def array_of(image: vtkImageData) -> np.ndarray:
    """Return a copy of an image's values, `(I, J, K)`."""
    values = vtk_to_numpy(image.GetPointData().GetScalars())
    return values.reshape(image.GetDimensions(), order="F").copy()
