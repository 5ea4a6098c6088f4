"""Markups in the real MRML that are dragged, turned and deleted: values follow, and undo takes them back."""

import json

import numpy as np
import pytest
import vtk
from measured_person import HEAD_MM, head, surface_name
from session_scene import drag, line, markups, value

from SwinX2SLib.slicerui.measurements import nodes
from SwinX2SLib.slicerui.measurements.markups import places_of, positions
from SwinX2SLib.slicerui.result.links import linked, provenance_value

RADIUS = ("femur_left", "head_radius", "left")
LORDOSIS, WEDGE = ("spine", "lumbar_lordosis", None), ("vertebrae_L1", "wedge_angle", None)
INCIDENCE = ("pelvis", "pelvic_incidence", None)
CENTRE = "femur_left/head_centre_left"


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
    assert line(session, "Femur", "Neck-shaft angle")["Edited"] == ""
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
    assert json.loads(provenance_value(session.document, nodes.EDITS)) == {
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
