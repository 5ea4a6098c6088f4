"""The section Inputs at work: the radiographs as they are used, in the scene, and what is said of them."""

import numpy as np
import pytest
import slicer
import slicer.util
from radiographs import helpers, radiograph_array, shown
from scene_state import views_state

from SwinX2SLib.radiographs import RadiographOptions
from SwinX2SLib.slicerui.inputs.choice import radiograph_choice
from SwinX2SLib.slicerui.inputs.preview import LAYOUT_ID


def test_layout_and_slices_change_on_a_click_only_and_come_back(panel, slice_views, radiograph_pair):
    before = views_state()
    assert helpers() == []
    panel.ui.showRadiographsButton.click()
    shown_state = views_state()
    assert shown_state[0] == LAYOUT_ID
    assert all(one != other for one, other in zip(before, shown_state, strict=True))
    panel.ui.showRadiographsButton.click()
    assert views_state() == before
    # Leaving the module gives the views back, too; whoever returns sees the radiographs again.
    panel.ui.showRadiographsButton.click()
    panel.whole.exit()
    assert views_state() == before
    assert helpers() == []
    panel.whole.enter()
    assert views_state() == shown_state


def test_a_scene_that_is_read_while_another_module_is_shown_leaves_the_views_alone(panel, radiograph_pair):
    panel.ui.showRadiographsButton.click()
    panel.whole.exit()
    layout = slicer.app.layoutManager().layoutLogic().GetLayoutNode()
    before = layout.GetViewArrangement()
    slicer.mrmlScene.InvokeEvent(slicer.mrmlScene.EndImportEvent)
    assert layout.GetViewArrangement() == before
    assert helpers() == []
    panel.whole.enter()
    assert layout.GetViewArrangement() == LAYOUT_ID


def test_the_radiographs_stand_upright_in_their_patient_planes_and_are_never_saved(
    panel, inputs, radiograph_pair
):
    assert slicer.app.layoutManager().layoutLogic().GetLayoutNode().GetViewArrangement() == LAYOUT_ID
    bounds = np.zeros(6)
    inputs.viewing._preview.node("ap").GetRASBounds(bounds)
    assert bounds[[0, 1, 4, 5]] == pytest.approx([-120, 120, -180, 180])
    inputs.viewing._preview.node("lateral").GetRASBounds(bounds)
    assert bounds[2:] == pytest.approx([-120, 120, -180, 180])
    # The first pixel of a radiograph in display orientation: the patient's right and front, the head.
    for role, axis in (("ap", 0), ("lateral", 1)):
        corner = inputs.viewing.planes[role].ras(0, 0)
        assert corner[axis] > 0
        assert corner[2] > 0
    assert len(helpers()) == 2
    panel.ui.showRadiographsButton.checked = False
    assert helpers() == []
    assert slicer.app.layoutManager().layoutLogic().GetLayoutNode().GetViewArrangement() != LAYOUT_ID


def test_turning_and_flipping_change_what_is_seen_and_what_is_used(panel, inputs, radiograph_pair):
    before = shown(inputs, "ap").copy()
    panel.ui.apRotateRightButton.click()
    assert np.array_equal(shown(inputs, "ap"), np.rot90(before, -1))
    panel.ui.apFlipSidesButton.click()
    assert np.array_equal(shown(inputs, "ap"), np.rot90(before, -1)[:, ::-1])
    panel.ui.apRotateRightButton.click()
    assert np.array_equal(shown(inputs, "ap"), np.rot90(np.rot90(before, -1)[:, ::-1], -1))
    panel.ui.apInvertButton.click()
    assert radiograph_choice(panel.parameters, "ap").options.invert
    panel.ui.apResetButton.click()
    assert radiograph_choice(panel.parameters, "ap").options == RadiographOptions()
    assert np.array_equal(shown(inputs, "ap"), before)


def test_a_magnification_divides_the_size_of_a_pixel_and_is_told(panel, radiograph_pair):
    panel.ui.apMagnificationBox.value = 1.25
    assert "1.2 mm" in panel.ui.apInfoLabel.text
    assert "1.25" in panel.ui.apInfoLabel.text
    assert radiograph_choice(panel.parameters, "ap").options.magnification == 1.25


def test_distances_of_the_tube_give_the_magnification_and_reach_the_worker(
    panel, inputs, radiograph_pair, told_job
):
    panel.ui.apToDetectorBox.value = 1500
    assert "distance from the source to the detector is set" in panel.ui.faultsLabel.text
    assert "Source-to-patient distance" in panel.ui.faultsLabel.text
    panel.ui.apToPatientBox.value = 1200
    assert panel.ui.faultsLabel.text == "" or "high" in panel.ui.faultsLabel.text
    assert "1.2 mm" in panel.ui.apInfoLabel.text
    assert "specified by the user" in panel.ui.apInfoLabel.text
    assert not panel.ui.apMagnificationBox.enabled
    assert panel.ui.apMagnificationBox.text == "1.250 × from the source distances"
    panel.ui.lateralToDetectorBox.value, panel.ui.lateralToPatientBox.value = 1500, 1200
    panel.ui.reconstructButton.click()
    told = told_job[0]["lateral_options"]
    assert (told["source_to_detector_mm"], told["source_to_patient_mm"]) == (1500, 1200)
    # A size that is known at the patient stays; the X-ray source is told beside it.
    panel.ui.apSpacingBox.value = 1.0
    assert "1 mm, set manually; source: source to detector 1500 mm" in panel.ui.apInfoLabel.text


def test_radiographs_that_say_they_are_swapped_are_told_and_swapped_with_all_that_was_said(
    panel, add_radiograph
):
    panel.ui.apSelector.setCurrentNode(add_radiograph("Spine lateral", seed=1))
    panel.ui.apSpacingBox.value = 0.7
    panel.ui.apFlipSidesButton.click()
    panel.ui.lateralSelector.setCurrentNode(add_radiograph("Spine AP", seed=2))
    assert "appear to be swapped" in panel.ui.recognitionLabel.text
    panel.ui.swapButton.click()
    assert panel.parameters.ap_volume.GetName() == "Spine AP"
    assert (panel.parameters.lateral_spacing_mm, panel.parameters.lateral_flip) == (0.7, "h")
    assert (panel.parameters.ap_spacing_mm, panel.parameters.ap_flip) == (0.0, "")
    assert "swapped" not in panel.ui.recognitionLabel.text


def test_another_radiograph_does_not_inherit_what_was_said_of_the_first(
    panel, radiograph_pair, add_radiograph
):
    panel.ui.apFlipUpButton.click()
    panel.ui.apSpacingBox.value = 0.7
    panel.ui.lateralSpacingBox.value = 0.8
    panel.ui.apSelector.setCurrentNode(add_radiograph("another"))
    assert radiograph_choice(panel.parameters, "ap").options == RadiographOptions()
    assert panel.parameters.lateral_spacing_mm == 0.8


def test_colour_pictures_are_made_gray_only_when_asked(panel, radiograph_pair):
    picture = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLVectorVolumeNode", "photo")
    gray = (radiograph_array(seed=4) // 12).astype(np.uint8)
    slicer.util.updateVolumeFromArray(picture, np.stack([gray] * 3, axis=-1)[np.newaxis])
    picture.SetSpacing(1.5, 1.5, 1.5)
    panel.ui.apSelector.setCurrentNode(picture)
    assert "photo: The radiograph was loaded as a colour image" in panel.ui.faultsLabel.text
    assert not panel.ui.reconstructButton.enabled
    assert panel.ui.grayButton.visible
    panel.ui.grayButton.click()
    assert panel.parameters.ap_volume.GetName() == "photo gray"
    assert np.array_equal(slicer.util.arrayFromVolume(panel.parameters.ap_volume)[0], gray)
    assert slicer.mrmlScene.GetNodeByID(picture.GetID()) is picture
    assert panel.ui.reconstructButton.enabled


def test_a_picture_in_real_colours_is_no_radiograph(panel, radiograph_pair):
    picture = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLVectorVolumeNode", "photo")
    gray = (radiograph_array(seed=4) // 12).astype(np.uint8)
    slicer.util.updateVolumeFromArray(picture, np.stack([gray, gray // 2, 255 - gray], axis=-1)[np.newaxis])
    panel.ui.apSelector.setCurrentNode(picture)
    panel.ui.grayButton.click()
    assert "in colour" in panel.ui.recognitionLabel.text
    assert panel.parameters.ap_volume is picture


def test_nothing_that_helps_to_look_is_left_when_the_scene_closes_or_the_module_goes(
    panel, radiograph_pair, module_widget
):
    panel.ui.apCropButton.click()
    panel.ui.pointHeightsButton.click()
    assert len(helpers()) == 4
    module_widget.cleanup()
    assert helpers() == []


def test_what_was_said_of_the_radiographs_comes_back_with_the_scene(panel, radiograph_pair, tmp_path):
    panel.ui.apRotateLeftButton.click()
    panel.ui.lateralMagnificationBox.value = 1.1
    panel.ui.matchHeightsBox.checked = True
    panel.ui.shiftBox.value = -12.5
    node = panel.parameters.parameterNode
    kept = {name: node.GetParameter(name) for name in node.GetParameterNames()}
    panel.ui.apResetButton.click()
    panel.ui.shiftBox.value = 3
    for name, value in kept.items():
        node.SetParameter(name, value)
    assert radiograph_choice(panel.parameters, "ap").options.rotate_deg == 270
    assert radiograph_choice(panel.parameters, "lateral").options.magnification == 1.1
    assert panel.ui.shiftBox.value == -12.5
    assert panel.ui.matchHeightsBox.checked
