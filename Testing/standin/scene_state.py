"""What tests look for in the scene and on the disk."""

from pathlib import Path

import slicer
import slicer.util


def segmentations() -> list:
    nodes = slicer.mrmlScene.GetNodesByClass("vtkMRMLSegmentationNode")
    return [nodes.GetItemAsObject(index) for index in range(nodes.GetNumberOfItems())]


def leftovers() -> list[Path]:
    return list(Path(slicer.app.temporaryPath).glob("SwinX2S-*"))


def views_state() -> list:
    nodes = [
        (slicer.mrmlScene.GetNodeByID(f"vtkMRMLSliceNode{name}"), f"vtkMRMLSliceCompositeNode{name}")
        for name in ("Green", "Yellow")
    ]
    state = [
        (
            view.GetFieldOfView(),
            slicer.util.arrayFromVTKMatrix(view.GetSliceToRAS()).tolist(),
            slicer.mrmlScene.GetNodeByID(
                slicer.mrmlScene.GetNodeByID(composite).GetBackgroundVolumeID()
            ).GetName(),
        )
        for view, composite in nodes
    ]
    layout = slicer.app.layoutManager().layoutLogic().GetLayoutNode().GetViewArrangement()
    return [layout, *state]
