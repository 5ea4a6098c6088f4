"""Results of a scene that was read: what files do not hold is made again, what earlier versions added is removed."""

from __future__ import annotations

import slicer

from SwinX2SLib.slicerui.result.confidence import renew_coloured
from SwinX2SLib.slicerui.result.links import (
    COLOURED_BONES,
    CONFIDENCE_COLOURS,
    LEGEND,
    OLD_REGION,
    OLD_SURFACE,
    OUTLINE,
    RADIOGRAPH_PLANE,
    linked,
    remove_node,
    results_in_scene,
)
from SwinX2SLib.slicerui.result.radiograph_slices import remove_from_slices
from SwinX2SLib.slicerui.result.radiograph_views import connect_picture, redraw_plane


def follow_scene(scene: slicer.vtkMRMLScene) -> int:
    """Restore results whenever something was read into a scene, from now on; return the observer's tag."""
    return scene.AddObserver(scene.EndImportEvent, _on_scene_read)


def _on_scene_read(scene: slicer.vtkMRMLScene, _event: object) -> None:
    if not scene.IsBatchProcessing():
        _restore_results()
        return
    # The subject hierarchy knows its nodes only when all is done.
    tags: list[int] = []

    def on_end(*_event: object) -> None:
        scene.RemoveObserver(tags.pop())
        _restore_results()

    tags.append(scene.AddObserver(scene.EndBatchProcessEvent, on_end))


def _restore_results() -> None:
    # The module may have been reloaded since.
    from SwinX2SLib.slicerui.result import reopening

    for result in results_in_scene():
        reopening.restore_result(result)


def restore_result(result: slicer.vtkMRMLSegmentationNode) -> None:
    """Show a result that was read with a scene as it was when the scene was saved."""
    _remove_old_surfaces(result)
    remove_from_slices(result)
    for model in linked(result, RADIOGRAPH_PLANE):
        # A scene file, other than a bundle, may come without the files of its hidden nodes.
        if model.GetPolyData() is None:
            redraw_plane(result, model)
        connect_picture(model)
    if any(model.GetPolyData() is None for model in linked(result, COLOURED_BONES)):
        renew_coloured(result)


def _remove_old_surfaces(result: slicer.vtkMRMLSegmentationNode) -> None:
    """Remove the model of each bone and the folders of the regions: the segmentation has surfaces and visibility."""
    old = linked(result, OLD_SURFACE)
    if not old:
        return
    # The items of the scene that was read have no nodes before.
    slicer.vtkMRMLSubjectHierarchyNode.ResolveSubjectHierarchy(slicer.mrmlScene)
    for legend in linked(result, LEGEND):
        slicer.mrmlScene.RemoveNode(legend)
    for node in [*old, *linked(result, OLD_REGION), *linked(result, CONFIDENCE_COLOURS)]:
        remove_node(node)
    for node in [*linked(result, RADIOGRAPH_PLANE), *linked(result, OUTLINE)]:
        node.SetHideFromEditors(True)
    result.GetDisplayNode().SetVisibility3D(True)
