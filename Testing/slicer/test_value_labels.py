"""The values of chosen measurements are written in slice and 3D views, where they were measured."""

import mrml_boot
import numpy as np
import pytest
import slicer
import slicer.util
from measured_person import head, surface_name
from rendering import needs_rendering
from session_scene import drag, markups
from three_d_view import ThreeDView

from SwinX2SLib.slicerui.measurements import nodes
from SwinX2SLib.slicerui.measurements.markups import positions
from SwinX2SLib.slicerui.measurements.value_labels import VALUES
from SwinX2SLib.slicerui.result.links import linked

RADIUS = ("femur_left", "head_radius", "left")
NECK_SHAFT = [(f"femur_{side}", "neck_shaft_angle", side) for side in ("right", "left")]
CANAL = ("vertebrae_L1", "canal_length", None)
PELVIC = [("pelvis", name, None) for name in ("pelvic_incidence", "sacral_slope")]


def written(session) -> dict[str, np.ndarray]:
    """The texts in the views and where they stand."""
    found = {}
    for node in linked(session.segmentation, VALUES):
        assert node.GetDisplayNode().GetVisibility()
        assert node.GetDisplayNode().GetPointLabelsVisibility()
        for index, place in enumerate(positions(node)):
            found[node.GetNthControlPointLabel(index)] = place
    return found


def test_the_value_of_each_side_stands_at_its_own_place(session):
    session.show(NECK_SHAFT)
    texts = written(session)
    assert len(texts) == 2
    for side, sign in (("right", 1), ("left", -1)):
        value = session.edited.reviewed((f"femur_{side}", "neck_shaft_angle", side)).present.value
        place = texts[f"Neck-shaft angle, {side}: {value:.1f}°"]
        assert sign * place[0] > 80
        assert np.linalg.norm(place - head(side)) < 80


def test_a_vertebra_is_named_and_doubts_are_written(session):
    session.show([CANAL])
    (text,) = written(session)
    assert text.startswith("Canal AP diameter, L1 vertebra: 17.6 mm")
    assert text.endswith("(check)")
    session.set_outdated(["vertebrae_L1"])
    (text,) = written(session)
    assert text.endswith("(outdated)")


def test_values_of_one_bone_share_a_label(session):
    session.show(PELVIC)
    (text,) = written(session)
    assert [line.split(":")[0] for line in text.split("\n")] == ["Pelvic incidence", "Sacral slope"]


def test_a_drag_changes_what_is_written(session):
    session.show([RADIUS])
    assert [*written(session)] == ["Head radius, left: 24.0 mm"]
    (node,) = markups(session, surface_name("left"))
    drag(node, surface_name("left"), head("left", 0.0, 0.0, 27.0))
    assert [*written(session)] == ["Head radius, left: 27.0 mm"]


def test_nothing_is_written_of_points_of_what_is_absent_or_of_a_crowd(session):
    for keys in (
        [("pelvis", "asis", "left")],
        [("femur_left", "anteversion", "left")],
        [],
        list(session.edited.keys) * 2,
    ):
        session.show([RADIUS])
        session.show(keys)
        assert written(session) == {}
        assert not linked(session.segmentation, VALUES)


def test_what_is_written_is_in_no_list_and_in_no_saved_scene(session, scene, tmp_path):
    session.show(NECK_SHAFT)
    (node,) = linked(session.segmentation, VALUES)
    assert node.GetHideFromEditors()
    assert node.GetLocked()
    assert scene.WriteToMRB(str(tmp_path / "scene.mrb"), None)
    session.close()
    assert not linked(session.segmentation, VALUES)
    scene.Clear(1)
    assert scene.ReadFromMRB(str(tmp_path / "scene.mrb"), True)
    fiducials = slicer.util.getNodesByClass("vtkMRMLMarkupsFiducialNode")
    assert not [each for each in fiducials if "values" in each.GetName()]


def test_landmarks_are_projected_onto_the_slices_and_seen_through_the_bones(session):
    session.show([*NECK_SHAFT, ("pelvis", "asis", "left")])
    shown = [node for node in linked(session.segmentation, nodes.MARKUP) if node.GetDisplayVisibility()]
    assert {node.GetClassName() for node in shown} >= {"vtkMRMLMarkupsLineNode", "vtkMRMLMarkupsFiducialNode"}
    for node in [*shown, *linked(session.segmentation, VALUES)]:
        assert node.GetDisplayNode().GetSliceProjection()
        assert node.GetDisplayNode().GetOccludedVisibility()


@needs_rendering
@pytest.mark.parametrize("chosen", [True, False])
def test_the_value_is_drawn_in_3d(session, chosen, monkeypatch):
    import three_d_view

    monkeypatch.setattr(
        three_d_view, "_MANAGERS", (*three_d_view._MANAGERS, "vtkMRMLMarkupsDisplayableManager")
    )
    mrml_boot.application_logic().GetColorLogic().AddDefaultColorNodes()
    view = ThreeDView(500, 500)
    try:
        session.show(NECK_SHAFT[:1] if chosen else [])
        for node in linked(session.segmentation, nodes.MARKUP):
            node.GetDisplayNode().SetVisibility(False)
        view.look_from(slicer.vtkMRMLCameraNode.Anterior)
        image = view.pixels().astype(int)
    finally:
        view.close()
    # The colour of femora is red; the background is bluish.
    red = (image[..., 0] - image[..., 2] > 60).sum()
    assert (red > 100) == chosen
