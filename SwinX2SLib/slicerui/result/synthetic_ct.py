"""The CT numbers that came with a result: a volume in slices and in 3D, marked as synthetic."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import slicer
import slicer.util
import vtk
from vtk.util.numpy_support import numpy_to_vtk

from SwinX2SLib.slicerui.provenance import set_attribute
from SwinX2SLib.slicerui.result.links import link

if TYPE_CHECKING:
    import numpy as np

SYNTHETIC_CT = "synthetic_ct"
"""Role of the volume for its result."""
MARK = "synthetic, not for diagnosis"
# Bone and soft tissue [HU].
_WINDOW, _LEVEL = 1400.0, 200.0
# Slicer's preset of volume rendering that shows bones.
_PRESET = "CT-Bones"


def read_synthetic_ct(folder: Path) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the CT numbers of a result's folder and their affine (index -> RAS mm); None where there are none.

    Raises:
        InputError: the file cannot be read.
    """
    from SwinX2SLib.io.volumes import read_three_axes
    from SwinX2SLib.reconstruct.reconstruction import CT_FILE

    return read_three_axes(folder / CT_FILE) if (folder / CT_FILE).is_file() else None


def add_synthetic_ct(
    result: slicer.vtkMRMLSegmentationNode, hu: np.ndarray, affine: np.ndarray
) -> slicer.vtkMRMLScalarVolumeNode:
    """Add a result's CT numbers to the scene, and show them in slices and by volume rendering.

    Args:
        result: the segmentation that it belongs to.
        hu: `(I, J, K)` [HU].
        affine: 4x4, index -> RAS mm.
    """
    name = slicer.mrmlScene.GenerateUniqueName(f"{result.GetName()}: CT ({MARK})")
    volume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    image = vtk.vtkImageData()
    image.SetDimensions(hu.shape)
    # VTK's first axis runs fastest.
    image.GetPointData().SetScalars(numpy_to_vtk(hu.astype("int16").ravel(order="F"), deep=True))
    volume.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(affine))
    volume.SetAndObserveImageData(image)
    volume.SetDescription(MARK)
    set_attribute(volume, "remark", MARK)
    volume.CreateDefaultDisplayNodes()
    display = volume.GetDisplayNode()
    display.SetAutoWindowLevel(False)
    display.SetWindowLevel(_WINDOW, _LEVEL)
    link(result, SYNTHETIC_CT, volume)
    _show_in_slices(volume)
    _render(volume)
    return volume


def _show_in_slices(volume: slicer.vtkMRMLScalarVolumeNode) -> None:
    composites = slicer.mrmlScene.GetNodesByClass("vtkMRMLSliceCompositeNode")
    composites.UnRegister(None)
    for index in range(composites.GetNumberOfItems()):
        composites.GetItemAsObject(index).SetBackgroundVolumeID(volume.GetID())


def _render(volume: slicer.vtkMRMLScalarVolumeNode) -> None:
    """Show a volume in 3D, where Slicer has its module Volume Rendering."""
    module = getattr(getattr(slicer, "modules", None), "volumerendering", None)
    if module is None:
        return
    logic = module.logic()
    display = logic.CreateDefaultVolumeRenderingNodes(volume)
    preset = logic.GetPresetByName(_PRESET)
    if preset is not None:
        display.GetVolumePropertyNode().Copy(preset)
    display.SetVisibility(True)
