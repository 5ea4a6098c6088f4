"""Pictures of a prediction beside its truth, and plots: colours, sides and places."""

import io

import numpy as np
import pytest
from hip_boxes import boxes
from PIL import Image

from SwinX2SLib.report.evaluation.case import FOUND, INVENTED, MISSED, compared_pictures
from SwinX2SLib.report.evaluation.plots import COLOURS, error_plot


def pixels(picture) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture.png)).convert("RGB")).astype(int)


def tinted(picture, colour) -> np.ndarray:
    """Where a picture has the hue of a colour, whatever the light; the letters of the sides on top are left out."""
    shown = pixels(picture).astype(float)
    shown[:26] = 0
    brightness = np.linalg.norm(shown, axis=2, keepdims=True)
    hue = np.array(colour) / np.linalg.norm(colour)
    return (np.linalg.norm(shown / np.maximum(brightness, 1) - hue, axis=2) < 0.08) & (
        brightness[..., 0] > 110
    )


def test_the_dots_of_models_keep_their_colours():
    dice = np.linspace(0.4, 0.9, 300)
    error = 10 * (1 - dice)
    png = error_plot(
        dice, error, [f"{i}" for i in range(300)], [(0, 0.5, 2.0), (1, 0.6, 5.0), (2, 0.8, 4.0)], "mm"
    )
    shown = np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)
    for colour in COLOURS[:3]:
        wanted = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
        assert (np.abs(shown - wanted).max(axis=2) <= 12).sum() > 40


@pytest.mark.parametrize("flip", [False, True])
def test_a_missed_right_bone_shows_on_the_left_of_the_frontal_picture(flip):
    prediction, truth = compared_pictures(boxes(without=(51,), flip=flip), boxes(flip=flip), ("pelvis",))[:2]
    columns = np.flatnonzero(tinted(truth, MISSED).any(axis=0))
    assert columns.size
    assert columns.max() < pixels(truth).shape[1] / 2
    assert "Missed: Right hip bone" in truth.alt
    assert not tinted(prediction, MISSED).any()


def test_an_invented_bone_has_its_own_colour():
    prediction, truth = compared_pictures(boxes(), boxes(without=(52,)), ("pelvis",))[:2]
    columns = np.flatnonzero(tinted(prediction, INVENTED).any(axis=0))
    assert columns.min() > pixels(prediction).shape[1] / 2
    assert tinted(truth, FOUND).any()
    assert "Extra bones: Left hip bone" in prediction.alt


def test_a_bone_that_lies_off_is_painted_by_its_distance():
    # The right hip moves 12 mm to the left, towards lower x in RAS; the left one stays.
    prediction = compared_pictures(boxes(shift=-4), boxes(), ("pelvis",))[0]
    near, far = (74, 122, 184), (239, 138, 98)
    middle = pixels(prediction).shape[1] // 2
    assert tinted(prediction, far)[:, :middle].any()
    assert tinted(prediction, near)[:, middle:].any()
    assert not tinted(prediction, far)[:, middle:].any()


def test_groups_that_are_not_scored_are_not_drawn():
    assert compared_pictures(boxes(), boxes(), ("ribs",)) == []
