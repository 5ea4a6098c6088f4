"""What the user sees of a whole result in Slicer's own 3D displayable managers."""

import mrml_boot
import numpy as np
import pytest
import slicer
from rendering import needs_rendering
from three_d_view import ThreeDView

from SwinX2SLib.anatomy import label_by_id
from SwinX2SLib.slicerui.result import confidence
from SwinX2SLib.slicerui.result.outlines import show_outlines
from SwinX2SLib.slicerui.result.radiograph_views import show_radiograph
from SwinX2SLib.slicerui.result.regions import TITLES, show_region
from SwinX2SLib.slicerui.result.views import frame_result
from SwinX2SLib.slicerui.result_loading import load_result
from SwinX2SLib.slicerui.segmentation_import import segment_ids

pytestmark = needs_rendering


@pytest.fixture
def view(scene):
    # Emptying the scene takes Slicer's own colours away.
    mrml_boot.application_logic().GetColorLogic().AddDefaultColorNodes()
    view = ThreeDView(500, 500)
    view.window.Render()
    yield view
    view.close()


@pytest.fixture
def result(view, result_folder):
    return load_result(result_folder)


def gray_places(image) -> np.ndarray:
    """Pixels without hue that are no background: what a radiograph shows."""
    pixels = image.astype(int)
    return np.argwhere((np.ptp(pixels, axis=2) < 6) & (pixels.max(axis=2) > 20))


def hued_places(image, label_id) -> np.ndarray:
    colour = np.array(label_by_id(label_id).colour, float)
    pixels = image.astype(float)
    cosine = pixels @ colour / (np.linalg.norm(pixels, axis=2) * np.linalg.norm(colour) + 1e-6)
    return np.argwhere((pixels.max(axis=2) > 40) & (cosine > 0.999))


def show_only(result, *regions: str) -> None:
    for region in TITLES:
        show_region(result, region, region in regions)


def test_the_framed_view_shows_both_radiographs_whole_and_left_on_the_right(view, result):
    show_radiograph(result, "lateral", False)
    frame_result(result)
    image = view.pixels()
    assert len(gray_places(image)) > 2000
    border = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    assert (np.ptp(border.astype(int), axis=1) > 6).all(), "a radiograph reaches the edge of the picture"
    show_only(result, "femur")
    display = result.GetDisplayNode()
    columns = []
    for bone, label_id in (("femur_left", 53), ("femur_right", 54)):
        for other in segment_ids(result):
            display.SetSegmentVisibility(other, other == bone)
        for radiograph in ("ap", "lateral"):
            show_radiograph(result, radiograph, False)
            show_outlines(result, radiograph, False)
        columns.append(hued_places(view.pixels(), label_id)[:, 1].mean())
    assert columns[0] > columns[1]


def test_from_behind_a_frontal_radiograph_hides_nothing(view, result):
    show_radiograph(result, "lateral", False)
    for radiograph in ("ap", "lateral"):
        show_outlines(result, radiograph, False)
    show_only(result, "femur")
    view.look_from(slicer.vtkMRMLCameraNode.Anterior)
    assert len(gray_places(view.pixels())) > 1000
    view.look_from(slicer.vtkMRMLCameraNode.Posterior)
    image = view.pixels()
    assert len(gray_places(image)) < 50
    assert len(hued_places(image, 53)) > 200


def test_the_eye_of_a_region_hides_its_confidence_and_its_outlines_too(view, result):
    confidence.colour_by_confidence(result, True)
    for legend in ("ap", "lateral"):
        show_radiograph(result, legend, False)
    show_only(result)
    view.look_from(slicer.vtkMRMLCameraNode.Anterior)
    empty = view.pixels()
    show_only(result, "pelvis")
    shown = view.pixels()
    assert (np.abs(shown.astype(int) - empty).max(axis=2) > 20).sum() > 1000
    # Without bones and outlines only the background's gradient is left.
    assert (np.ptp(empty.astype(int), axis=1).max()) <= 2


def test_outlines_are_drawn_in_their_bones_colours(view, result):
    show_only(result, "femur")
    result.GetDisplayNode().SetVisibility(False)
    show_radiograph(result, "lateral", False)
    show_outlines(result, "lateral", False)
    view.look_from(slicer.vtkMRMLCameraNode.Anterior)
    drawn = hued_places(view.pixels(), 53)
    show_outlines(result, "ap", False)
    assert len(drawn) > 50
    assert len(hued_places(view.pixels(), 53)) == 0
