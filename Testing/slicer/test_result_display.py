"""What belongs to a result in the scene: regions, confidence, table, and what is told of what cannot be shown."""

import shutil

import numpy as np
import pytest
import slicer
import slicer.util
from result_scene import centre_of, folders_in_hierarchy, visible
from vtk.util.numpy_support import vtk_to_numpy
from whole_result import SURE, UNSURE, UNSURE_BONE

from SwinX2SLib.anatomy import GROUPS, label_by_id, label_ids, labels
from SwinX2SLib.reconstruct.protocol import Result
from SwinX2SLib.slicerui.result import confidence
from SwinX2SLib.slicerui.result.confidence_table import COLUMNS, table_of
from SwinX2SLib.slicerui.result.links import RADIOGRAPH_PLANE, SURFACE, linked, provenance_value
from SwinX2SLib.slicerui.result.regions import TITLES, VisibilityObserver, regions_of, show_region
from SwinX2SLib.slicerui.result.views import jump_to
from SwinX2SLib.slicerui.result_loading import ViewRadiograph, add_result, load_result, notes_of
from SwinX2SLib.slicerui.segmentation_import import ResultError, segment_ids

FEMUR_LEFT = 53


def test_every_region_is_a_folder_with_its_bones(result):
    folders = folders_in_hierarchy()
    for group in GROUPS:
        expected = {label_by_id(label_id).title for label_id in label_ids(group)}
        assert expected <= set(folders[TITLES[group]])
    pictures = {f"{result.GetName()}: {radiograph} radiograph" for radiograph in ("frontal", "lateral")}
    assert set(folders["Radiographs"]) == {"Frontal radiograph", "Lateral radiograph"} | pictures
    assert [*regions_of(result)] == [*GROUPS]
    assert notes_of(result) == []


@pytest.mark.parametrize("region", GROUPS)
def test_hiding_a_region_hides_its_segments_and_no_other(result, region):
    show_region(result, region, False)
    hidden = {label_by_id(label_id).name for label_id in label_ids(region)}
    assert visible(result) == {label.name for label in labels()} - hidden
    show_region(result, region, True)
    assert visible(result) == {label.name for label in labels()}


def test_the_eyes_of_the_hierarchy_reach_the_segments(result):
    follower = VisibilityObserver()
    follower.follow(result)
    regions_of(result)["ribs"].SetVisibility(False)
    assert visible(result) == {label.name for label in labels() if label.group != "ribs"}
    regions_of(result)["ribs"].SetVisibility(True)
    linked(result, SURFACE, bone="femur_left")[0].GetDisplayNode().SetVisibility(False)
    assert visible(result) == {label.name for label in labels()} - {"femur_left"}
    follower.follow(None)
    regions_of(result)["ribs"].SetVisibility(False)
    assert "rib_left_1" in visible(result)


def test_surfaces_carry_the_confidence_of_their_bone(result):
    for bone, expected in (("femur_left", SURE), (label_by_id(UNSURE_BONE).name, UNSURE)):
        (model,) = linked(result, SURFACE, bone=bone)
        values = vtk_to_numpy(model.GetPolyData().GetPointData().GetArray(confidence.SCALARS))
        # A surface lies between its voxels and those outside, of which the network is sure.
        assert abs(np.median(values) / 100 - expected) < 0.35
    assert confidence.has_confidence(result)


def test_confidence_colours_take_the_place_of_the_bones_own_and_have_one_legend(result):
    legends = lambda: [node for node in linked(result, "legend") if node.GetVisibility()]  # noqa: E731
    confidence.colour_by_confidence(result, True)
    assert confidence.is_coloured_by_confidence(result)
    assert not result.GetDisplayNode().GetVisibility3D()
    assert len(legends()) == 1
    first = legends()[0]
    show_region(result, provenance_value(first.GetDisplayableNode(), "region"), False)
    assert len(legends()) == 1
    assert legends()[0] is not first
    confidence.colour_by_confidence(result, False)
    assert result.GetDisplayNode().GetVisibility3D()
    assert not legends()


def test_the_table_says_what_is_known_of_each_bone(result, bones):
    table = table_of(result).GetTable()
    assert [table.GetColumnName(index) for index in range(table.GetNumberOfColumns())] == list(COLUMNS)
    rows = {table.GetValueByName(row, "Segment").ToString(): row for row in range(table.GetNumberOfRows())}
    assert list(rows) == [label.name for label in labels()]
    unsure, femur = rows[label_by_id(UNSURE_BONE).name], rows["femur_left"]
    assert table.GetValueByName(unsure, "Confidence").ToDouble() == pytest.approx(100 * UNSURE, abs=0.2)
    assert "Low confidence" in table.GetValueByName(unsure, "Remarks").ToString()
    assert table.GetValueByName(femur, "Confidence").ToDouble() == pytest.approx(100 * SURE, abs=0.2)
    assert table.GetValueByName(femur, "Expected Dice").ToDouble() == pytest.approx(80)
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
