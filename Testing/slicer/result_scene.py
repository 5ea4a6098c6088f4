"""What tests look for in the scene of a result."""

import numpy as np
import slicer
import slicer.util
import vtk
from block_bones import AFFINE
from vtk.util.numpy_support import vtk_to_numpy

from SwinX2SLib.geometry.frames import transform_points
from SwinX2SLib.slicerui.segmentation_import import segment_ids


def centre_of(bones, label_id) -> np.ndarray:
    voxels = np.argwhere(bones == label_id)
    return transform_points(AFFINE, (voxels.min(axis=0) + voxels.max(axis=0)) / 2)


def points_of(model) -> np.ndarray:
    return vtk_to_numpy(model.GetPolyData().GetPoints().GetData())


def middle(points) -> np.ndarray:
    return (points.min(axis=0) + points.max(axis=0)) / 2


def visible(result) -> set[str]:
    return {bone for bone in segment_ids(result) if result.GetDisplayNode().GetSegmentVisibility(bone)}


def folders_in_hierarchy() -> dict[str, list[str]]:
    hierarchy = slicer.mrmlScene.GetSubjectHierarchyNode()
    items = vtk.vtkIdList()
    hierarchy.GetItemChildren(hierarchy.GetSceneItemID(), items, True)
    found = {}
    for index in range(items.GetNumberOfIds()):
        item = items.GetId(index)
        if hierarchy.GetItemLevel(item) == "Folder":
            children = vtk.vtkIdList()
            hierarchy.GetItemChildren(item, children, False)
            found[hierarchy.GetItemName(item)] = [
                hierarchy.GetItemName(children.GetId(child)) for child in range(children.GetNumberOfIds())
            ]
    return found


def save_scene_file(path) -> None:
    """Save a scene file as the Save dialog does: files of the nodes that it lists, then the scene."""
    scene, folder = slicer.mrmlScene, path.parent
    scene.SetRootDirectory(str(folder))
    for node in slicer.util.getNodesByClass("vtkMRMLStorableNode"):
        if node.GetHideFromEditors() or not node.GetSaveWithScene():
            continue
        if node.GetStorageNode() is None:
            node.AddDefaultStorageNode()
        if (storage := node.GetStorageNode()) is not None:
            storage.SetFileName(str(folder / f"{node.GetID()}.{storage.GetDefaultWriteFileExtension()}"))
            assert storage.WriteData(node)
    scene.SetURL(str(path))
    assert scene.Commit()
