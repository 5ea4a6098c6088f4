"""Closed surfaces filled into label volumes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from vtkmodules.vtkImagingStencil import vtkImageStencilToImage, vtkPolyDataToImageStencil

from SwinX2SLib.geometry.surfaces import Surface
from SwinX2SLib.geometry.vtk_arrays import array_of, polydata_of


def fill_surfaces(
    surfaces: Mapping[int, Surface], shape: tuple[int, int, int], affine: np.ndarray
) -> np.ndarray:
    """Return a label volume of surfaces; where they overlap, the first one has the voxel.

    Args:
        surfaces: in world coordinates [mm] by label, 1..255; closed.
        shape: `(I, J, K)` of the volume.
        affine: 4x4, index -> world mm.

    Returns:
        uint8 `(I, J, K)`.
    """
    volume = np.zeros(shape, dtype=np.uint8)
    inverse = np.linalg.inv(affine)
    for label, surface in surfaces.items():
        index = surface.vertices @ inverse[:3, :3].T + inverse[:3, 3]
        low = np.maximum(np.floor(index.min(axis=0)).astype(int), 0)
        high = np.minimum(np.ceil(index.max(axis=0)).astype(int), np.array(shape) - 1)
        if (high < low).any():
            continue
        part = volume[tuple(slice(a, b + 1) for a, b in zip(low, high, strict=True))]
        part[_filled(Surface(index, surface.faces), low, high) & (part == 0)] = label
    return volume


def _filled(surface: Surface, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return which voxels from `low` to `high` have their centre in a surface given in voxel indices."""
    stencil = vtkPolyDataToImageStencil()
    stencil.SetInputData(polydata_of(surface))
    stencil.SetOutputOrigin(0.0, 0.0, 0.0)
    stencil.SetOutputSpacing(1.0, 1.0, 1.0)
    stencil.SetOutputWholeExtent(*np.stack([low, high], axis=1).ravel().tolist())
    image = vtkImageStencilToImage()
    image.SetInputConnection(stencil.GetOutputPort())
    image.SetInsideValue(1)
    image.SetOutsideValue(0)
    image.SetOutputScalarTypeToUnsignedChar()
    image.Update()
    return array_of(image.GetOutput()) > 0
