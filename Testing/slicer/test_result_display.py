"""What belongs to a result in the scene: regions, confidence, table, and what is told of what cannot be shown."""

import shutil

import numpy as np
import pytest
import slicer
import slicer.util
from result_scene import centre_of, folders_in_hierarchy, points_of, visible
from vtk.util.numpy_support import vtk_to_numpy
from whole_result import SURE, UNSURE, UNSURE_BONE

from SwinX2SLib.anatomy import GROUPS, label_by_id, label_ids, labels
from SwinX2SLib.reconstruct.protocol import Result
from SwinX2SLib.slicerui.result import confidence
from SwinX2SLib.slicerui.result.confidence_table import COLUMNS, table_of
from SwinX2SLib.slicerui.result.links import (
    COLOURED_BONES,
    OUTLINE,
    RADIOGRAPH_PLANE,
    linked,
    provenance_value,
)
from SwinX2SLib.slicerui.result.regions import VisibilityObserver, regions_of, show_region
from SwinX2SLib.slicerui.result.views import jump_to
from SwinX2SLib.slicerui.result_loading import ViewRadiograph, add_result, load_result, notes_of
from SwinX2SLib.slicerui.segmentation_import import ResultError, segment_ids

FEMUR_LEFT = 53
SURFACE = slicer.vtkSegmentationConverter.GetSegmentationClosedSurfaceRepresentationName()


def storable_nodes() -> list[slicer.vtkMRMLStorableNode]:
    """What lists, selectors and the Save dialog show."""
    nodes = slicer.util.getNodesByClass("vtkMRMLStorableNode")
    return [node for node in nodes if not node.GetHideFromEditors() and node.GetSaveWithScene()]


@pytest.mark.parametrize("by_confidence", [False, True])
def test_a_result_adds_its_segmentation_its_radiographs_and_its_table_to_lists_and_nothing_else(
    scene, result_folder, by_confidence
):
    before = {node.GetID() for node in storable_nodes()}
    result = load_result(result_folder)
    if by_confidence:
        confidence.colour_by_confidence(result, True)
    added = [node for node in storable_nodes() if node.GetID() not in before]
    assert sorted(node.GetClassName() for node in added) == [
        "vtkMRMLScalarVolumeNode",
        "vtkMRMLScalarVolumeNode",
        "vtkMRMLSegmentationNode",
        "vtkMRMLTableNode",
    ]
    assert not [
        node for node in slicer.util.getNodesByClass("vtkMRMLModelNode") if not node.GetHideFromEditors()
    ]


def test_the_bones_in_3d_are_the_closed_surfaces_of_the_segmentation(result):
    assert result.GetDisplayNode().GetPreferredDisplayRepresentationName3D() == SURFACE
    assert result.GetDisplayNode().GetVisibility3D()
    for bone in segment_ids(result):
        assert result.GetSegmentation().GetSegment(bone).GetRepresentation(SURFACE).GetNumberOfPoints()


def test_radiographs_stand_in_a_folder_beside_the_segmentation(result):
    folders = folders_in_hierarchy()
    pictures = {f"{result.GetName()}: {radiograph} radiograph" for radiograph in ("frontal", "lateral")}
    assert pictures <= set(folders[f"{result.GetName()}: radiographs"])
    assert [*regions_of(result)] == [*GROUPS]
    assert notes_of(result) == []


@pytest.mark.parametrize("region", GROUPS)
def test_hiding_a_region_hides_its_segments_and_no_other(result, region):
    show_region(result, region, False)
    hidden = {label_by_id(label_id).name for label_id in label_ids(region)}
    assert visible(result) == {label.name for label in labels()} - hidden
    show_region(result, region, True)
    assert visible(result) == {label.name for label in labels()}


def outlines_shown(result) -> set[str]:
    return {
        provenance_value(model, "region")
        for model in linked(result, OUTLINE, radiograph="ap")
        if model.GetNthDisplayNode(0).GetVisibility3D()
    }


def test_outlines_and_colours_follow_segments_that_are_hidden_elsewhere(result):
    confidence.colour_by_confidence(result, True)
    (model,) = linked(result, COLOURED_BONES)
    follower = VisibilityObserver()
    follower.follow(result)
    display = result.GetDisplayNode()
    display.SetSegmentVisibility("femur_left", False)
    assert regions_of(result)["femur"]
    assert outlines_shown(result) == set(GROUPS)
    with_right = model.GetPolyData().GetNumberOfPoints()
    display.SetSegmentVisibility("femur_right", False)
    assert not regions_of(result)["femur"]
    assert outlines_shown(result) == set(GROUPS) - {"femur"}
    assert model.GetPolyData().GetNumberOfPoints() < with_right
    result.GetDisplayNode().SetVisibility(False)
    assert not model.GetDisplayVisibility()
    follower.follow(None)
    display.SetSegmentVisibility("femur_right", True)
    assert outlines_shown(result) == set(GROUPS) - {"femur"}


def confidence_of(result, bone) -> np.ndarray:
    """What the coloured model says where a bone is."""
    (model,) = linked(result, COLOURED_BONES)
    points = points_of(model)
    bounds = np.zeros(6)
    result.GetSegmentation().GetSegment(bone).GetRepresentation(SURFACE).GetBounds(bounds)
    inside = ((points >= bounds[::2] - 1) & (points <= bounds[1::2] + 1)).all(axis=1)
    return vtk_to_numpy(model.GetPolyData().GetPointData().GetArray(confidence.SCALARS))[inside]


def test_coloured_bones_carry_the_confidence_of_each_bone(result):
    confidence.colour_by_confidence(result, True)
    for bone, expected in (("femur_left", SURE), (label_by_id(UNSURE_BONE).name, UNSURE)):
        values = confidence_of(result, bone)
        # A surface lies between its voxels and those outside, of which the network is sure.
        assert abs(np.median(values) / 100 - expected) < 0.35
    assert confidence.has_confidence(result)


def test_confidence_colours_take_the_place_of_the_bones_own_and_leave_nothing_behind(result):
    nodes = {node.GetID() for node in slicer.util.getNodesByClass("vtkMRMLNode")}
    confidence.colour_by_confidence(result, True)
    assert confidence.is_coloured_by_confidence(result)
    assert not result.GetDisplayNode().GetVisibility3D()
    (legend,) = linked(result, "legend")
    assert legend.GetVisibility()
    for region in GROUPS:
        show_region(result, region, False)
    assert not legend.GetVisibility()
    show_region(result, "pelvis", True)
    assert legend.GetVisibility()
    confidence.colour_by_confidence(result, False)
    assert result.GetDisplayNode().GetVisibility3D()
    assert {node.GetID() for node in slicer.util.getNodesByClass("vtkMRMLNode")} == nodes


def test_the_table_says_what_is_known_of_each_bone(result, bones):
    table = table_of(result).GetTable()
    assert [table.GetColumnName(index) for index in range(table.GetNumberOfColumns())] == list(COLUMNS)
    rows = {table.GetValueByName(row, "Segment").ToString(): row for row in range(table.GetNumberOfRows())}
    assert list(rows) == [label.name for label in labels()]
    unsure, femur = rows[label_by_id(UNSURE_BONE).name], rows["femur_left"]
    assert table.GetValueByName(unsure, "Confidence").ToDouble() == pytest.approx(100 * UNSURE, abs=0.2)
    assert table.GetValueByName(femur, "Confidence").ToDouble() == pytest.approx(100 * SURE, abs=0.2)
    assert table.GetValueByName(femur, "Verdict").ToString() == "? look 80 %"
    assert table.GetValueByName(femur, "Voxels").ToInt() == (bones == FEMUR_LEFT).sum()
    assert table.GetValueByName(femur, "On frontal radiograph").ToDouble() > 90


def test_views_jump_to_a_bone(result, bones):
    slice_node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSliceNode")
    slice_node.SetOrientationToAxial()
    camera = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLCameraNode")
    jump_to(result, "femur_left")
    expected = centre_of(bones, FEMUR_LEFT)
    to_ras = slice_node.GetSliceToRAS()
    assert to_ras.GetElement(2, 3) == pytest.approx(expected[2], abs=3)
    np.testing.assert_allclose(camera.GetFocalPoint(), expected, atol=3)
    assert jump_to(result, "no_bone") is None


def test_a_radiograph_that_is_gone_is_told_and_the_rest_is_shown(scene, result_folder, tmp_path):
    copy = shutil.copytree(result_folder, tmp_path / "copy")
    text = (
        (copy / "provenance.json")
        .read_text()
        .replace(str(result_folder / "ap.png"), str(tmp_path / "gone.png"))
    )
    (copy / "provenance.json").write_text(text)
    node = load_result(copy)
    assert len(notes_of(node)) == 1
    assert "ap radiograph is not shown" in notes_of(node)[0]
    assert [provenance_value(model, "radiograph") for model in linked(node, RADIOGRAPH_PLANE)] == ["lateral"]
    assert np.isnan(table_of(node).GetTable().GetValueByName(0, "On frontal radiograph").ToDouble())


def test_a_broken_map_of_uncertainty_leaves_the_bones(scene, result_folder, tmp_path):
    copy = shutil.copytree(result_folder, tmp_path / "copy")
    (copy / "uncertainty.nii.gz").write_bytes(b"broken")
    node = load_result(copy)
    assert len(segment_ids(node)) == 54
    assert "not shown" in notes_of(node)[0]


def test_a_folder_that_is_no_result_is_refused(scene, tmp_path):
    with pytest.raises(ResultError, match="is not a result folder"):
        load_result(tmp_path)


def test_the_workers_result_gets_all_of_it(scene, result_folder):
    nodes = {
        role: slicer.util.addVolumeFromArray(np.zeros((1, 4, 4), np.uint8), name=role)
        for role in ("ap", "lateral")
    }
    radiographs = {
        role: ViewRadiograph(node.GetID(), role, f"/{role}", "said so") for role, node in nodes.items()
    }
    names = {
        "segmentation": "segmentation.seg.nrrd",
        "labels": "labels.nii.gz",
        "uncertainty": "uncertainty.nii.gz",
    }
    files = {
        role: str(result_folder / name) for role, name in {**names, "provenance": "provenance.json"}.items()
    }
    node = add_result(Result(files), radiographs)
    assert len(linked(node, RADIOGRAPH_PLANE)) == 2
    assert table_of(node) is not None
