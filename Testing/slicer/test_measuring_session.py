"""Measurements in the real MRML: table, markups, folders, sign-off, and an MRB."""

import numpy as np
import pytest
from measured_person import HEAD_MM, head, measured_person, measured_text, surface_name, usual_radius
from session_scene import cells, drag, folders, line, markups, value

from SwinX2SLib.errors import InputError
from SwinX2SLib.slicerui.measurements import nodes
from SwinX2SLib.slicerui.measurements.markups import places_of, positions
from SwinX2SLib.slicerui.measurements.session import MeasuringSession
from SwinX2SLib.slicerui.measurements.table import COLUMNS, tabbed_text, table_csv
from SwinX2SLib.slicerui.result.links import linked

RADIUS, ANGLE = ("femur_left", "head_radius", "left"), ("femur_left", "neck_shaft_angle", "left")
LORDOSIS = ("spine", "lumbar_lordosis", None)


def test_the_table_has_a_line_for_each_measurement_with_both_sides(session):
    assert list(cells(session)[0]) == list(COLUMNS)
    row = line(session, "Femur", "Head radius")
    assert (row["Right"], row["Left"], row["Value"], row["Unit"]) == ("24.0", "24.0", "", "mm")
    assert row["Reference range"] == usual_radius()
    assert row["Quality"] == "good"
    absent = line(session, "Femur", "Anteversion")
    assert (absent["Left"], absent["Quality"]) == ("–", "absent")
    assert "condyles" in absent["Reason"]
    canal = line(session, "L1 vertebra", "Canal AP diameter")
    assert canal["Quality"] == "check"
    assert "one radiograph" in canal["Reason"]
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
    assert "L1 vertebra: canal AP diameter" in tree["Spine"]["L1 vertebra"]
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
    assert table_csv(session.rows, session.edited, "Not reviewed").count("Not reviewed") == len(session.rows)


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
