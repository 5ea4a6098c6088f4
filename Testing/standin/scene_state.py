"""What tests look for in the scene and on the disk."""

from pathlib import Path

import slicer


def segmentations() -> list:
    nodes = slicer.mrmlScene.GetNodesByClass("vtkMRMLSegmentationNode")
    return [nodes.GetItemAsObject(index) for index in range(nodes.GetNumberOfItems())]


def leftovers() -> list[Path]:
    return list(Path(slicer.app.temporaryPath).glob("SwinX2S-*"))
