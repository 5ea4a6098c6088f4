"""Pictures of surfaces show what lies in front, on its side, and where a landmark is."""

import io

import numpy as np
import pytest
import trimesh
from PIL import Image

from SwinX2SLib.measurements.bones import bone_from_mesh
from SwinX2SLib.measurements.results import Landmark, Measurement
from SwinX2SLib.report.canvas import FINE
from SwinX2SLib.report.measurements.annotations import annotated
from SwinX2SLib.report.measurements.figures import figures
from SwinX2SLib.report.naming import number_words, title_of, value_words
from SwinX2SLib.report.surface_view import (
    BACK,
    BACKGROUND,
    FEET,
    FRONT,
    LEFT,
    RIGHT,
    shaded_surfaces,
    window_around,
)

SIZE = (120, 100)


def ball(centre, radius=8.0):
    mesh = trimesh.creation.icosphere(3, radius)
    return np.asarray(mesh.vertices) + centre, np.asarray(mesh.faces)


@pytest.mark.parametrize(
    ("view", "right", "down"),
    [
        (FRONT, (-1, 0, 0), (0, 0, -1)), (BACK, (1, 0, 0), (0, 0, -1)), (LEFT, (0, -1, 0), (0, 0, -1)),
        (RIGHT, (0, 1, 0), (0, 0, -1)), (FEET, (-1, 0, 0), (0, -1, 0)),
    ],
    ids=lambda value: getattr(value, "name", ""),
)  # fmt: skip
def test_views_lie_as_their_names_and_letters_say(view, right, down):
    assert view.axes[0] == pytest.approx(right)
    assert view.axes[1] == pytest.approx(down)
    letters = {"R": (1, 0, 0), "L": (-1, 0, 0), "A": (0, 1, 0), "P": (0, -1, 0)}
    assert view.axes[0] @ letters[view.sides[1]] == pytest.approx(1)
    assert view.axes[0] @ letters[view.sides[0]] == pytest.approx(-1)


@pytest.mark.parametrize("view", [FRONT, LEFT, FEET])
def test_a_surface_is_closed_lit_from_the_upper_left_and_in_its_place(view):
    vertices, faces = ball((10.0, -20.0, 30.0))
    window = window_around(view.seen(vertices), SIZE)
    picture = shaded_surfaces([(vertices, faces)], [False], view, window)
    shown = (picture != np.array(BACKGROUND, dtype=np.uint8)).any(axis=2)
    rows, columns = np.indices(shown.shape) + 0.5
    centre = window.pixels(view.seen(np.array([10.0, -20.0, 30.0])))
    away = np.hypot(columns - centre[0], rows - centre[1]) / window.pixels_per_mm
    assert shown[away < 7.5].all()
    assert not shown[away > 8.5].any()
    brightness = picture.mean(axis=2)
    upper_left, lower_right = (
        brightness[shown & (sign * (columns - centre[0]) > 10) & (sign * (rows - centre[1]) > 10)].mean()
        for sign in (-1, 1)
    )
    assert upper_left > lower_right + 30


def test_what_lies_in_front_hides_what_lies_behind():
    near, far = ball((0, 30.0, 0)), ball((0, -30.0, 0), radius=12.0)
    window = window_around(FRONT.seen(far[0]), SIZE)
    picture = shaded_surfaces([far, near], [True, False], FRONT, window)
    alone = shaded_surfaces([near], [False], FRONT, window)
    middle = picture[SIZE[1] // 2, SIZE[0] // 2].astype(int)
    # The pale far ball is bluish, the near one of the colour of bone.
    assert middle[0] > middle[2]
    assert np.abs(middle - alone[SIZE[1] // 2, SIZE[0] // 2]).max() <= 2


def test_a_landmark_is_drawn_where_it_is():
    vertices, _ = ball((0, 0, 0), 40.0)
    window = window_around(FRONT.seen(vertices), (SIZE[0] * FINE, SIZE[1] * FINE))
    blank = np.full((SIZE[1] * FINE, SIZE[0] * FINE, 3), 255, dtype=np.uint8)
    mark = Landmark("tip", np.array([20.0, 0, 10.0]))
    drawn = [Measurement("tip", "pelvis", None, None, "point", (mark,))]
    picture = np.asarray(Image.open(io.BytesIO(annotated(blank, FRONT, window, drawn))).convert("RGB"))
    assert picture.shape == (SIZE[1], SIZE[0], 3)
    column, row = (window.pixels(FRONT.seen(mark.position_ras_mm)) / FINE).astype(int)
    assert column < SIZE[0] / 2, "the patient's right is on the left"
    assert picture[row, column, 0] > picture[row, column, 1] + 80


def test_every_region_has_pictures_of_what_is_there_only():
    bones = {"sacrum": bone_from_mesh("sacrum", *ball((0, 0, 0), 30.0))}
    mark = (Landmark("promontory", np.zeros(3)),)
    found = [Measurement("promontory", "pelvis", None, None, "point", mark)]
    shown = list(figures("pelvis", found, bones))
    assert [figure.structure for figure in shown] == ["pelvis"]
    assert Image.open(io.BytesIO(shown[0].png)).size == (400, 400)
    for region in ("femur", "pelvis", "spine", "vertebra", "rib"):
        assert list(figures(region, [], bones)) == []


def test_numbers_and_names_read_as_a_person_writes_them():
    angle = Measurement("neck_shaft_angle", "femur_left", "left", 127.26, "deg")
    assert value_words(angle) == "127.3°"
    assert number_words(-0.04, "mm") == "0.0"
    assert title_of("inter_asis_width") == "Inter ASIS width"
