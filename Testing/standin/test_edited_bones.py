"""Sections follow edits of the bones, in their own time, and let go of what they followed."""

import numpy as np
import pytest
import slicer
from block_bones import block_bones
from drawn_parts import add_upper_half_as_segment
from measured_person import measured_text
from result_scene import save_scene_file
from vtk.util.numpy_support import vtk_to_numpy
from whole_result import write_whole_result

from SwinX2SLib.slicerui import edit_observer
from SwinX2SLib.slicerui.bone_voxels import bone_digests, bone_layers, bone_segments, label_volume
from SwinX2SLib.slicerui.edit_observer import EditObserver
from SwinX2SLib.slicerui.measurements import nodes
from SwinX2SLib.slicerui.measurements.outdated import remember_measured
from SwinX2SLib.slicerui.result.links import COLOURED_BONES, linked
from SwinX2SLib.slicerui.result_loading import load_result
from SwinX2SLib.slicerui.segmentation_import import import_segmentation, segment_ids

BONE = "femur_left"
RADIUS = ("femur_left", "head_radius", "left")


@pytest.fixture(autouse=True)
def short_rest(monkeypatch):
    monkeypatch.setattr(edit_observer, "REST_MS", 30)


@pytest.fixture
def bones(panel, bones_file):
    return import_segmentation(bones_file, "Bones")


@pytest.fixture
def measured(panel, bones):
    section = panel.whole.sections["measurements"]
    remember_measured(nodes.add_document(bones, measured_text()), bone_digests(bone_layers(bones)))
    section.parameters.measured_segmentation = bones
    return section


def cut(node, bone=BONE):
    """Take the upper third of a bone away, as the Segment Editor does; return a copy of what it was."""
    image, before = slicer.vtkOrientedImageData(), slicer.vtkOrientedImageData()
    node.GetBinaryLabelmapRepresentation(bone, image)
    before.DeepCopy(image)
    array = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions()[::-1])
    heights = np.flatnonzero(array.any(axis=(1, 2)))
    array[heights[0] : heights[0] + len(heights) // 3] = 0
    write(node, image, bone)
    return before


def write(node, image, bone=BONE):
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    assert logic.SetBinaryLabelmapToSegment(image, node, bone, logic.MODE_REPLACE)


def test_many_changes_are_worked_out_once_when_the_hand_rests(bones, spin_until):
    taken, found = [], []

    def take(node):
        taken.append(node)
        return lambda: len(taken)

    follower = EditObserver(take, lambda node, count: found.append((node, count)))
    follower.follow(bones)
    for _ in range(5):
        cut(bones)
    assert not taken
    spin_until(follower.is_settled)
    assert found == [(bones, 1)]
    cut(bones)
    spin_until(lambda: len(found) == 2)
    follower.stop()


def test_what_was_edited_meanwhile_is_worked_out_again(bones, spin_until):
    found = []

    def take(_node):
        if not found:
            cut(bones)
        return lambda: None

    follower = EditObserver(take, lambda *_told: found.append(True))
    follower.follow(bones)
    spin_until(lambda: found and follower.is_settled())
    follower.stop()


@pytest.mark.parametrize("end", ["stop", "removed", "closed"])
def test_nothing_is_heard_after_the_end(bones, spin, end):
    heard = []
    follower = EditObserver(lambda node: heard.append(node), lambda *_told: heard.append("found"))
    follower.follow(bones)
    if end == "stop":
        follower.stop()
        cut(bones)
    elif end == "removed":
        slicer.mrmlScene.RemoveNode(bones)
        bones.GetSegmentation().RemoveSegment(BONE)
    else:
        slicer.mrmlScene.Clear(0)
        bones.GetSegmentation().RemoveSegment(BONE)
    spin(0.2)
    assert heard == []
    assert follower.is_settled()
    assert not bones.HasObserver(slicer.vtkSegmentation.SegmentRemoved)


def test_the_list_of_bones_and_the_provenance_follow_an_edit(panel, spin_until, tmp_path):
    section = panel.whole.sections["result"]
    section.open_result(write_whole_result(tmp_path / "out", block_bones()))
    result, table = section.parameters.result_segmentation, section.ui.boneList
    spin_until(section._edits.is_settled)
    row = next(row for row in range(table.rowCount) if table.item(row, 0).text() == "Left femur")
    before = [table.item(row, column).text() for column in range(table.columnCount)]
    image = cut(result)
    spin_until(lambda: "Edited" in section.ui.provenanceLabel.text)
    assert any("Edited manually" in table.item(row, column).text() for column in range(table.columnCount))
    assert "Left femur" in section.ui.provenanceLabel.text
    write(result, image)
    spin_until(lambda: "Edited" not in section.ui.provenanceLabel.text)
    assert [table.item(row, column).text() for column in range(table.columnCount)] == before


def test_measurements_of_edited_bones_are_marked_and_others_are_not(measured, bones, spin_until):
    ui, session = measured.ui, measured.session
    spin_until(measured._edits.is_settled)
    assert not ui.measuredOutdatedLabel.text
    ui.reviewerEdit.text = "Dr. Ada"
    ui.reviewSignButton.click()
    assert session.is_reviewed
    image = cut(bones)
    spin_until(lambda: session.outdated)
    assert session.outdated == [BONE]
    assert "Left femur" in ui.measuredOutdatedLabel.text
    outdated = {key for row in session.rows if row.outdated for key in row.keys.values()}
    assert RADIUS in outdated
    assert ("pelvis", "pelvic_incidence", None) in outdated
    assert ("vertebrae_L1", "wedge_angle", None) not in outdated
    assert not session.is_reviewed
    assert "bones were edited" in ui.reviewLabel.text
    number = next(number for number, row in enumerate(session.rows) if RADIUS in row.keys.values())
    assert measured._tree.text(number, "Quality") == "outdated"
    table = nodes.table_of(bones).GetTable()
    assert table.GetValueByName(number, "Bones").ToString() == "edited after measurement"
    write(bones, image)
    spin_until(lambda: not session.outdated)
    assert session.is_reviewed
    assert not ui.measuredOutdatedLabel.text
    assert measured._tree.text(number, "Quality") == "good"


def test_s1_that_a_user_draws_belongs_to_the_sacrum(measured, bones, spin_until):
    whole, _ = label_volume(bone_layers(bones), ["sacrum"])
    drawn = add_upper_half_as_segment(bones, "sacrum", "S1")
    assert drawn not in ("S1", "sacrum")
    # Where a program wrote it without a name it is known by its code.
    spin_until(lambda: measured.session.outdated == ["sacrum"])
    joined, _ = label_volume(bone_layers(bones), ["sacrum"])
    assert np.count_nonzero(joined) == np.count_nonzero(whole)
    segment = bones.GetSegmentation().GetSegment(drawn)
    segment.SetName("Segment_1")
    assert bone_segments(bones.GetSegmentation())["sacrum"] == ["sacrum"]
    code = "SCT^123037004^Body structure~SCT^65985001^S1~^^"
    segment.SetTag(slicer.vtkSegment.GetTerminologyEntryTagName(), f"Any~{code}~Any~^^~^^")
    assert bone_segments(bones.GetSegmentation())["sacrum"] == ["sacrum", drawn]
    segment.SetName("Left femur")
    # A second segment of a whole bone is a user's own.
    assert bone_segments(bones.GetSegmentation())["femur_left"] == ["femur_left"]


def test_edits_of_another_session_are_found_when_the_scene_is_opened(measured, bones, spin, spin_until):
    cut(bones)
    measured.parameters.measured_segmentation = None
    spin(0.1)
    measured.parameters.measured_segmentation = bones
    spin_until(lambda: measured.session.outdated == [BONE])


def test_a_report_of_outdated_measurements_is_asked_for(measured, bones, tmp_path, spin_until):
    asked = []
    measured.confirm = lambda question: bool(asked.append(question))
    cut(bones)
    spin_until(lambda: measured.session.outdated)
    measured.write_report(tmp_path)
    assert "edited after the measurement" in asked[0]
    assert not measured._is_running()


@pytest.mark.parametrize("name", ["scene.mrb", "scene.mrml"])
def test_a_scene_that_was_saved_and_opened_again_follows_its_edits(
    panel, result_folder, spin_until, tmp_path, name, slot_errors
):
    result = load_result(result_folder)
    remember_measured(nodes.add_document(result, measured_text()), bone_digests(bone_layers(result)))
    panel.whole.services.result_added.emit(result)
    panel.ui.ribsBox.checked = False
    panel.ui.confidenceBox.checked = True
    panel.whole.sections["measurements"]._tree.choose(0)
    scene, path = slicer.mrmlScene, tmp_path / name
    if path.suffix == ".mrb":
        assert scene.WriteToMRB(str(path), None)
    else:
        save_scene_file(path)
    scene.Clear(0)
    assert panel.ui.boneList.rowCount == 0
    assert panel.ui.neckShaftCard.isHidden()
    if path.suffix == ".mrb":
        assert scene.ReadFromMRB(str(path), True)
    else:
        scene.SetURL(str(path))
        assert scene.Connect()
    panel.whole.enter()
    shown, measured = panel.whole.sections["result"], panel.whole.sections["measurements"]
    again = shown.parameters.result_segmentation
    assert again is measured.parameters.measured_segmentation is not None
    assert panel.ui.boneList.rowCount == 54
    assert not panel.ui.ribsBox.checked
    assert panel.ui.confidenceBox.checked
    assert not panel.ui.slicesButton.checked
    spin_until(lambda: shown._edits.is_settled() and measured._edits.is_settled())
    assert measured.session.outdated == []
    (coloured,) = linked(again, COLOURED_BONES)
    before = coloured.GetPolyData().GetNumberOfPoints()
    cut(again)
    spin_until(lambda: measured.session.outdated and "Edited" in panel.ui.provenanceLabel.text)
    assert measured.session.outdated == [BONE]
    assert "Left femur" in panel.ui.measuredOutdatedLabel.text
    assert "outdated" in panel.ui.neckShaftCard.text
    assert coloured.GetPolyData().GetNumberOfPoints() < before
    panel.ui.confidenceBox.checked = False
    assert again.GetDisplayNode().GetVisibility3D()
    panel.ui.ribsBox.checked = True
    panel.ui.femurBox.checked = False
    ids = segment_ids(again)
    assert {bone for bone in ids if not again.GetDisplayNode().GetSegmentVisibility(bone)} == {
        "femur_left",
        "femur_right",
    }
