"""Measurements in the real MRML: markups that are dragged, values that follow, undo, sign-off, and an MRB."""

import json

import numpy as np
import pytest
import slicer
import vtk
from measured_person import HEAD_MM, head, measured_person, measured_text, surface_name, usual_radius

from SwinX2SLib.errors import InputError
from SwinX2SLib.slicerui.display.links import linked, told_of
from SwinX2SLib.slicerui.measuring import nodes
from SwinX2SLib.slicerui.measuring.markups import places_of, positions
from SwinX2SLib.slicerui.measuring.rows import COLUMNS
from SwinX2SLib.slicerui.measuring.session import MeasuringSession
from SwinX2SLib.slicerui.measuring.table import csv_text, tabbed_text

RADIUS, ANGLE = ("femur_left", "head_radius", "left"), ("femur_left", "neck_shaft_angle", "left")
LORDOSIS, WEDGE = ("spine", "lumbar_lordosis", None), ("vertebrae_L1", "wedge_angle", None)
INCIDENCE = ("pelvis", "pelvic_incidence", None)
CENTRE = "femur_left/head_centre_left"


@pytest.fixture
def segmentation(scene):
    return scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Bones")


@pytest.fixture
def session(segmentation):
    nodes.add_document(segmentation, measured_text())
    session = MeasuringSession(segmentation)
    yield session
    session.close()


def markups(session, place):
    """All nodes that hold a place, or a plane."""
    return [node for node in linked(session.segmentation, nodes.MARKUP) if place in places_of(node)]


def drag(node, place, target, steps=3):
    """What Slicer's views do with a control point."""
    index = places_of(node).index(place)
    start = positions(node)[index]
    node.InvokeEvent(node.PointStartInteractionEvent)
    for part in np.linspace(0, 1, steps + 1)[1:]:
        node.SetNthControlPointPosition(index, *(start + part * (np.array(target) - start)))
    node.InvokeEvent(node.PointEndInteractionEvent)


def value(session, key):
    return session.edited.reviewed(key).present.value


def cells(session):
    table = nodes.table_of(session.segmentation).GetTable()
    names = [table.GetColumnName(index) for index in range(table.GetNumberOfColumns())]
    return [
        {name: table.GetValueByName(row, name).ToString() for name in names}
        for row in range(table.GetNumberOfRows())
    ]


def line(session, structure, measurement):
    return next(
        row for row in cells(session) if (row["Structure"], row["Measurement"]) == (structure, measurement)
    )


def folders(item=None):
    """The subject hierarchy as nested names."""
    hierarchy = slicer.mrmlScene.GetSubjectHierarchyNode()
    children = vtk.vtkIdList()
    hierarchy.GetItemChildren(hierarchy.GetSceneItemID() if item is None else item, children, False)
    ids = [children.GetId(index) for index in range(children.GetNumberOfIds())]
    return {hierarchy.GetItemName(child): folders(child) for child in ids}


def test_the_table_has_a_line_for_each_measurement_with_both_sides(session):
    assert list(cells(session)[0]) == list(COLUMNS)
    row = line(session, "Femur", "Head radius")
    assert (row["Right"], row["Left"], row["Value"], row["Unit"]) == ("24.0", "24.0", "", "mm")
    assert row["Reference range"] == usual_radius()
    assert row["Quality"] == "good"
    absent = line(session, "Femur", "Anteversion")
    assert (absent["Left"], absent["Quality"]) == ("–", "absent")
    assert "condyles" in absent["Reason"]
    canal = line(session, "L1 vertebra", "Canal length")
    assert canal["Quality"] == "check"
    assert "one film" in canal["Reason"]
    assert float(canal["Value"]) == pytest.approx(np.hypot(17.5, 2.0), abs=0.06)
    assert [row["Region"] for row in cells(session)] == sorted(
        (row["Region"] for row in cells(session)), key=["Spine", "Ribs", "Pelvis", "Femora"].index
    )
    count = sum(len(found) for found in measured_person().values())
    assert sum(len(row.keys) for row in session.rows) == count


def test_nothing_is_drawn_until_it_is_asked_for_and_then_only_that(session):
    assert not linked(session.segmentation, nodes.MARKUP)
    session.show([ANGLE])
    shown = {
        node.GetName()
        for node in linked(session.segmentation, nodes.MARKUP)
        if node.GetDisplayNode().GetVisibility()
    }
    assert shown == {"Left femur: neck axis", "Left femur: shaft axis", "Left femur: head radius"}
    session.show([LORDOSIS])
    shown = {
        node.GetName()
        for node in linked(session.segmentation, nodes.MARKUP)
        if node.GetDisplayNode().GetVisibility()
    }
    assert (
        shown == {"Spine: L1 superior endplate", "Pelvis: sacral endplate", "Spine: sacral endplate"} & shown
    )
    assert "Spine: L1 superior endplate" in shown
    session.show([])
    assert not any(
        node.GetDisplayNode().GetVisibility() for node in linked(session.segmentation, nodes.MARKUP)
    )


def test_markups_stand_in_folders_of_their_regions(session):
    session.show(session.edited.keys)
    tree = folders()["Bones: measurements"]
    assert {"Spine", "Ribs", "Pelvis", "Femora"} <= set(tree)
    assert "L1 vertebra: canal length" in tree["Spine"]["L1 vertebra"]
    assert "Left femur: shaft axis" in tree["Femora"]
    (rib,) = tree["Ribs"].values()
    assert any("centreline" in name for name in rib)
    kinds = {node.GetClassName() for node in linked(session.segmentation, nodes.MARKUP)}
    assert kinds == {f"vtkMRMLMarkups{kind}Node" for kind in ("Line", "Plane", "Curve", "Fiducial")}
    # Each place is held by a node, or it could not be moved.
    held = {place for node in linked(session.segmentation, nodes.MARKUP) for place in places_of(node)}
    geometry = session.edited.geometry
    held |= {geometry.origins[plane] for plane in held if plane in geometry.origins}
    assert held == set(geometry.places) | set(geometry.normals)


def test_markups_are_where_the_places_are(session):
    session.show(session.edited.keys)
    for node in linked(session.segmentation, nodes.MARKUP):
        for place, position in zip(places_of(node), positions(node), strict=False):
            if place in session.edited.places:
                np.testing.assert_allclose(position, session.edited.places[place], atol=1e-6)
    (plane,) = [
        node
        for node in linked(session.segmentation, nodes.MARKUP)
        if node.GetName() == "Spine: L1 superior endplate"
    ]
    normal = np.array([0.0, -0.2, 0.98])
    np.testing.assert_allclose(plane.GetNormal(), normal / np.linalg.norm(normal), atol=1e-6)


def test_dragging_the_heads_surface_changes_the_radius_live_and_marks_it(session):
    session.show([RADIUS])
    (node,) = markups(session, surface_name("left"))
    heard = []
    session.changed.connect(lambda touched: heard.append((touched, value(session, RADIUS))))
    drag(node, surface_name("left"), head("left", 0.0, 0.0, 27.0))
    assert value(session, RADIUS) == pytest.approx(27.0)
    assert [round(radius, 3) for touched, radius in heard if RADIUS in touched] == [25.0, 26.0, 27.0]
    row = line(session, "Femur", "Head radius")
    assert row["Left"] == "27.0"
    assert row["Edited"] == f"left: edited (computed {HEAD_MM})"
    assert line(session, "Femur", "Neck shaft angle")["Edited"] == ""
    assert session.edited.reviewed(RADIUS).stored.computed.value == HEAD_MM


def test_a_place_that_several_markups_hold_moves_in_all_of_them(session):
    session.show(session.edited.keys)
    holding = markups(session, CENTRE)
    assert len(holding) >= 2
    before = value(session, INCIDENCE)
    drag(holding[0], CENTRE, head("left", 0.0, 12.0, 0.0))
    for node in holding:
        np.testing.assert_allclose(
            positions(node)[places_of(node).index(CENTRE)], head("left", 0.0, 12.0, 0.0), atol=1e-6
        )
    assert value(session, INCIDENCE) != pytest.approx(before, abs=0.1)
    assert session.edited.is_edited(INCIDENCE)


def test_a_turned_endplate_changes_every_angle_that_it_bounds(session):
    session.show([LORDOSIS, WEDGE])
    lordosis, wedge = value(session, LORDOSIS), value(session, WEDGE)
    (plane,) = [
        node for node in linked(session.segmentation, nodes.MARKUP) if "L1 superior" in node.GetName()
    ]
    plane.InvokeEvent(plane.PointStartInteractionEvent)
    plane.SetNormal(0.0, -0.4, 0.9)
    plane.InvokeEvent(plane.PointEndInteractionEvent)
    turned = np.degrees(np.arctan2(0.4, 0.9) - np.arctan2(0.2, 0.98))
    assert value(session, LORDOSIS) == pytest.approx(lordosis + turned, abs=1e-6)
    assert value(session, WEDGE) == pytest.approx(wedge + turned, abs=0.5)
    assert value(session, WEDGE) != pytest.approx(wedge, abs=1.0)


def test_one_drag_is_one_step_of_undo_and_a_click_is_none(session):
    session.show([RADIUS])
    (node,) = markups(session, surface_name("left"))
    for reach in (26.0, 28.0):
        drag(node, surface_name("left"), head("left", 0.0, 0.0, reach))
    drag(node, surface_name("left"), head("left", 0.0, 0.0, 28.0))
    session.undo()
    assert value(session, RADIUS) == pytest.approx(26.0)
    np.testing.assert_allclose(positions(node)[1], head("left", 0.0, 0.0, 26.0), atol=1e-6)
    assert line(session, "Femur", "Head radius")["Left"] == "26.0"
    session.undo()
    assert not session.edited.can_undo
    assert line(session, "Femur", "Head radius")["Edited"] == ""
    session.redo()
    session.redo()
    assert value(session, RADIUS) == pytest.approx(28.0)
    session.reset([RADIUS])
    assert value(session, RADIUS) == HEAD_MM
    session.undo()
    assert value(session, RADIUS) == pytest.approx(28.0)


def test_a_script_that_moves_a_point_is_an_edit_too(session):
    session.show([RADIUS])
    (node,) = markups(session, surface_name("left"))
    node.SetNthControlPointPosition(1, *(head("left", 0.0, 0.0, 25.0)))
    assert value(session, RADIUS) == pytest.approx(25.0)
    assert json.loads(told_of(session.document, nodes.EDITS)) == {
        surface_name("left"): pytest.approx(head("left", 0.0, 0.0, 25.0))
    }
    session.undo()
    assert value(session, RADIUS) == HEAD_MM


def test_a_transform_above_the_landmarks_is_no_edit(session, scene):
    session.show([RADIUS])
    (node,) = markups(session, surface_name("left"))
    transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    node.SetAndObserveTransformNodeID(transform.GetID())
    matrix = vtk.vtkMatrix4x4()
    matrix.SetElement(0, 3, 50.0)
    transform.SetMatrixTransformToParent(matrix)
    assert value(session, RADIUS) == HEAD_MM
    assert not session.edited.edits


def test_deleted_markups_come_back_where_they_were(session, scene):
    session.show([RADIUS])
    (node,) = markups(session, surface_name("left"))
    drag(node, surface_name("left"), head("left", 0.0, 0.0, 26.0))
    node.SetFixedNumberOfControlPoints(False)
    node.RemoveNthControlPoint(1)
    assert value(session, RADIUS) == pytest.approx(26.0)
    session.show([RADIUS])
    scene.RemoveNode(node)
    session.show([RADIUS])
    (again,) = markups(session, surface_name("left"))
    np.testing.assert_allclose(positions(again)[1], head("left", 0.0, 0.0, 26.0), atol=1e-6)


def test_a_sign_off_holds_until_something_is_changed(session):
    session.show([RADIUS])
    (node,) = markups(session, surface_name("left"))
    assert session.review_words() == "Not reviewed"
    with pytest.raises(ValueError, match="name"):
        session.sign("  ")
    session.sign("Dr. Ada")
    assert session.is_reviewed
    assert session.review_words().startswith("Reviewed by Dr. Ada on 20")
    drag(node, surface_name("left"), head("left", 0.0, 0.0, 26.0))
    assert not session.is_reviewed
    assert "changed since Dr. Ada" in session.review_words()
    session.undo()
    assert session.is_reviewed
    session.withdraw()
    assert session.review_words() == "Not reviewed"


def test_text_for_a_spreadsheet_has_a_line_for_each_row(session):
    text = tabbed_text(session.rows, session.edited)
    assert {line.count("\t") for line in text.splitlines()} == {len(COLUMNS) - 1}
    assert len(text.splitlines()) == len(session.rows) + 1
    assert csv_text(session.rows, session.edited, "Not reviewed").count("Not reviewed") == len(session.rows)


def test_values_edits_and_sign_off_come_back_from_an_mrb(session, segmentation, scene, tmp_path):
    session.show(session.edited.keys)
    (node,) = markups(session, surface_name("left"))
    drag(node, surface_name("left"), head("left", 0.0, 0.0, 26.5))
    (plane,) = [node for node in linked(segmentation, nodes.MARKUP) if "L1 superior" in node.GetName()]
    plane.SetNormal(0.1, -0.3, 0.9)
    session.sign("Dr. Ada")
    before, names = cells(session), sorted(node.GetName() for node in linked(segmentation, nodes.MARKUP))
    values = {key: value(session, key) for key in session.edited.keys}
    tree, review = folders(), session.review
    session.close()
    path = tmp_path / "measured.mrb"
    assert scene.WriteToMRB(str(path), None)
    scene.Clear(1)
    assert scene.ReadFromMRB(str(path), True)
    again = MeasuringSession(scene.GetFirstNodeByName("Bones"))
    assert cells(again) == before
    assert {key: value(again, key) for key in again.edited.keys} == pytest.approx(
        values, abs=1e-9, nan_ok=True
    ) or all(value(again, key) == pytest.approx(values[key], abs=1e-9) for key in values)
    assert again.edited.is_edited(RADIUS)
    assert not again.edited.is_edited(("femur_right", "head_radius", "right"))
    assert (again.review, again.is_reviewed) == (review, True)
    assert folders() == tree
    assert sorted(node.GetName() for node in linked(again.segmentation, nodes.MARKUP)) == names
    # And it is alive.
    (node,) = markups(again, surface_name("left"))
    drag(node, surface_name("left"), head("left", 0.0, 0.0, 30.0))
    assert value(again, RADIUS) == pytest.approx(30.0)
    assert not again.is_reviewed
    again.reset()
    assert value(again, RADIUS) == HEAD_MM
    again.close()


def test_measuring_again_takes_the_place_of_what_was_there(session, segmentation, scene):
    session.show(session.edited.keys)
    session.sign("Dr. Ada")
    session.close()
    count = {name: scene.GetNumberOfNodesByClass(name) for name in ("vtkMRMLTextNode", "vtkMRMLTableNode")}
    nodes.add_document(segmentation, measured_text())
    again = MeasuringSession(segmentation)
    assert not linked(segmentation, nodes.MARKUP)
    assert scene.GetNumberOfNodesByClass("vtkMRMLMarkupsNode") == 0
    assert {name: scene.GetNumberOfNodesByClass(name) for name in count} == count
    assert list(folders()).count("Bones: measurements") == 1
    assert folders()["Bones: measurements"].keys() == {"Bones: measurements", "Bones: measurements table"}
    assert again.review is None
    again.close()


def test_a_document_that_cannot_be_read_is_refused(segmentation):
    nodes.add_document(segmentation, "{}")
    with pytest.raises(InputError):
        MeasuringSession(segmentation)
