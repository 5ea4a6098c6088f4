"""A result in the scene survives saving and loading."""

import shutil

import numpy as np
import pytest
import slicer
import slicer.util
from result_scene import folders_in_hierarchy, points_of, save_scene_file, visible
from vtk.util.numpy_support import vtk_to_numpy

from SwinX2SLib.slicerui.provenance import PREFIX
from SwinX2SLib.slicerui.result import confidence
from SwinX2SLib.slicerui.result.confidence_table import table_of
from SwinX2SLib.slicerui.result.edits import show_edits, take_edits
from SwinX2SLib.slicerui.result.links import (
    COLOURED_BONES,
    OLD_REGION,
    OLD_SURFACE,
    OUTLINE,
    RADIOGRAPH_PLANE,
    link,
    linked,
    results_in_scene,
)
from SwinX2SLib.slicerui.result.radiograph_views import set_radiograph_opacity
from SwinX2SLib.slicerui.result.regions import make_folder, place_in, regions_of, show_region
from SwinX2SLib.slicerui.result.reopening import follow_scene

SURFACE = slicer.vtkSegmentationConverter.GetSegmentationClosedSurfaceRepresentationName()


def test_all_of_it_comes_back_from_an_mrb(result, tmp_path):
    scene = slicer.mrmlScene
    confidence.colour_by_confidence(result, True)
    show_region(result, "ribs", False)
    set_radiograph_opacity(result, 0.5)
    before = {
        "table": slicer.util.arrayFromTableColumn(table_of(result), "Confidence").copy(),
        "radiograph": vtk_to_numpy(
            linked(result, RADIOGRAPH_PLANE, radiograph="ap")[0]
            .GetPolyData()
            .GetPointData()
            .GetArray("Radiograph")
        ).copy(),
        "outline": points_of(linked(result, OUTLINE, radiograph="lateral", region="spine")[0]).copy(),
        "confidence": vtk_to_numpy(
            linked(result, COLOURED_BONES)[0].GetPolyData().GetPointData().GetArray(confidence.SCALARS)
        ).copy(),
        "folders": folders_in_hierarchy(),
        "visible": visible(result),
    }
    path = tmp_path / "result.mrb"
    assert scene.WriteToMRB(str(path), None)
    scene.Clear(1)
    assert scene.ReadFromMRB(str(path), True)
    (again,) = results_in_scene()
    radiograph = linked(again, RADIOGRAPH_PLANE, radiograph="ap")[0]
    np.testing.assert_array_equal(
        slicer.util.arrayFromTableColumn(table_of(again), "Confidence"), before["table"]
    )
    np.testing.assert_array_equal(
        vtk_to_numpy(radiograph.GetPolyData().GetPointData().GetArray("Radiograph")), before["radiograph"]
    )
    np.testing.assert_allclose(
        points_of(linked(again, OUTLINE, radiograph="lateral", region="spine")[0]),
        before["outline"],
        atol=1e-3,
    )
    (coloured,) = linked(again, COLOURED_BONES)
    values = vtk_to_numpy(coloured.GetPolyData().GetPointData().GetArray(confidence.SCALARS))
    np.testing.assert_allclose(np.sort(values), np.sort(before["confidence"]), atol=1e-3)
    assert folders_in_hierarchy() == before["folders"]
    assert visible(again) == before["visible"]
    assert radiograph.GetDisplayNode().GetOpacity() == pytest.approx(0.5)
    assert radiograph.GetDisplayNode().GetScalarVisibility()
    assert coloured.GetDisplayNode().GetColorNode().GetNumberOfColors() == 256
    assert confidence.is_coloured_by_confidence(again)
    assert len([node for node in linked(again, "legend") if node.GetVisibility()]) == 1
    show_region(again, "ribs", True)
    assert len(visible(again)) == 54
    assert again.GetAttribute(PREFIX + "model") == "none"


def reopened(path):
    """The result of a scene that is opened as Slicer does, with the module's observer."""
    slicer.mrmlScene.Clear(1)
    tag = follow_scene(slicer.mrmlScene)
    try:
        slicer.mrmlScene.SetURL(str(path))
        if path.suffix == ".mrml":
            slicer.mrmlScene.Connect()
        else:
            assert slicer.mrmlScene.ReadFromMRB(str(path), True)
    finally:
        slicer.mrmlScene.RemoveObserver(tag)
    (result,) = results_in_scene()
    return result


def test_what_a_scene_file_does_not_hold_of_hidden_nodes_is_made_again(result, tmp_path):
    """Slicer puts it into a folder of its own beside the scene file, which users may forget to pass on."""
    confidence.colour_by_confidence(result, True)
    plane = points_of(linked(result, RADIOGRAPH_PLANE, radiograph="ap")[0]).copy()
    outline = points_of(linked(result, OUTLINE, radiograph="ap", region="femur")[0]).copy()
    save_scene_file(tmp_path / "scene.mrml")
    shutil.rmtree(tmp_path / "scene_Private")
    again = reopened(tmp_path / "scene.mrml")
    np.testing.assert_allclose(
        points_of(linked(again, RADIOGRAPH_PLANE, radiograph="ap")[0]), plane, atol=1e-3
    )
    assert not confidence.is_coloured_by_confidence(again)
    assert not confidence.has_confidence(again)
    assert again.GetDisplayNode().GetVisibility3D()
    assert not show_edits(again, take_edits(again)())
    found = points_of(linked(again, OUTLINE, radiograph="ap", region="femur")[0])
    np.testing.assert_allclose(found.mean(axis=0), outline.mean(axis=0), atol=0.5)


def test_a_scene_of_an_earlier_version_keeps_its_bones_and_loses_its_models(result, tmp_path):
    hierarchy = slicer.mrmlScene.GetSubjectHierarchyNode()
    top = hierarchy.GetItemParent(hierarchy.GetItemByDataNode(result))
    for region in ("spine", "femur"):
        item, folder = make_folder(region, top)
        link(result, OLD_REGION, folder, region=region)
        for outline in linked(result, OUTLINE, region=region):
            outline.SetHideFromEditors(False)
            place_in(item, outline)
        folder.SetVisibility(region != "femur")
    for bone in ("femur_left", "vertebrae_L1"):
        model = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLModelNode", bone)
        surface = result.GetSegmentation().GetSegment(bone).GetRepresentation(SURFACE)
        model.SetAndObservePolyData(surface)
        model.CreateDefaultDisplayNodes()
        link(result, OLD_SURFACE, model, bone=bone)
        place_in(top, model)
    result.GetDisplayNode().SetVisibility3D(False)
    for bone in ("femur_left", "femur_right"):
        result.GetDisplayNode().SetSegmentVisibility(bone, False)
    path = tmp_path / "scene.mrb"
    assert slicer.mrmlScene.WriteToMRB(str(path), None)
    again = reopened(path)
    models = slicer.util.getNodesByClass("vtkMRMLModelNode")
    assert [model for model in models if not model.GetHideFromEditors()] == []
    assert len(models) == 2 + 8
    assert [*folders_in_hierarchy()] == ["out bones: radiographs"]
    assert again.GetDisplayNode().GetVisibility3D()
    assert regions_of(again) == {"spine": True, "ribs": True, "pelvis": True, "femur": False}
    confidence.colour_by_confidence(again, True)
    assert confidence.is_coloured_by_confidence(again)
    show_region(again, "femur", True)
    assert len(visible(again)) == 54
