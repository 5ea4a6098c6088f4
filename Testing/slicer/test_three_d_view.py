"""What the user sees: the imported bones in Slicer's own 3D displayable managers."""

import numpy as np
import pytest
import slicer
from rendering import needs_rendering
from three_d_view import ThreeDView

from SwinX2SLib.anatomy import label_by_id, labels
from SwinX2SLib.slicerui.segmentation_import import import_segmentation, segment_ids

pytestmark = needs_rendering


@pytest.fixture
def view(scene):
    view = ThreeDView()
    yield view
    view.close()


def _pixels_of(image: np.ndarray, label_id: int) -> np.ndarray:
    """Rows and columns whose hue is that of a bone's colour (shading scales a colour, and adds a highlight)."""
    colour = np.array(label_by_id(label_id).colour, float)
    pixels = image.astype(float)
    lit = pixels.max(axis=2) > 40
    cosine = pixels @ colour / (np.linalg.norm(pixels, axis=2) * np.linalg.norm(colour) + 1e-6)
    return np.argwhere(lit & (cosine > 0.999))


def _show_only(node, *names: str) -> None:
    for segment_id in segment_ids(node):
        node.GetDisplayNode().SetSegmentVisibility(segment_id, segment_id in names)


def test_from_the_front_the_left_femur_is_on_the_right_and_below_c1(view, bones_file):
    node = import_segmentation(bones_file, "Bones")
    view.look_from(slicer.vtkMRMLCameraNode.Anterior)
    middle = view.pixels().shape[1] / 2
    _show_only(node, "femur_left", "vertebrae_C1")
    image = view.pixels()
    femur, atlas = _pixels_of(image, 53), _pixels_of(image, 1)
    assert len(femur) > 500
    assert femur[:, 1].min() > middle
    assert femur[:, 0].min() > atlas[:, 0].max()


def test_every_bone_is_seen_in_its_colour(view, bones_file):
    node = import_segmentation(bones_file, "Bones")
    view.look_from(slicer.vtkMRMLCameraNode.Anterior)
    for label in labels():
        _show_only(node, label.name)
        assert len(_pixels_of(view.pixels(), label.id)) > 50, label.name


def test_hiding_the_segmentation_empties_the_view(view, bones_file):
    node = import_segmentation(bones_file, "Bones")
    view.look_from(slicer.vtkMRMLCameraNode.Anterior)
    assert len(_pixels_of(view.pixels(), 53)) > 500
    node.GetDisplayNode().SetVisibility(False)
    assert len(_pixels_of(view.pixels(), 53)) == 0
