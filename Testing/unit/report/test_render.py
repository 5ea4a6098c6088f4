"""Pictures of surfaces and label maps show what lies in front, on its side."""

import numpy as np
import pytest
import trimesh

from SwinX2SLib.anatomy import labels
from SwinX2SLib.geometry.frames import network_affine
from SwinX2SLib.geometry.label_surfaces import label_surfaces
from SwinX2SLib.geometry.surfaces import Surface
from SwinX2SLib.report.render import (
    BACK,
    BACKGROUND,
    FEET,
    FRONT,
    LEFT,
    RIGHT,
    render_bones,
    render_surfaces,
    window_around,
    window_of_scale,
)

SIZE = (120, 100)
ID = {label.name: label.id for label in labels()}
SHAPE = (32, 24, 40)


def ball(centre, radius=8.0):
    solid = trimesh.creation.icosphere(3, radius)
    return Surface(np.asarray(solid.vertices) + centre, np.asarray(solid.faces))


def shown(picture):
    return (picture != np.array(BACKGROUND, dtype=np.uint8)).any(axis=2)


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
def test_a_ball_is_closed_lit_from_the_upper_left_and_in_its_place(view):
    surface = ball((10.0, -20.0, 30.0))
    window = window_around(view.seen(surface.vertices), SIZE)
    picture = render_surfaces([surface], [False], view, window)
    rows, columns = np.indices(picture.shape[:2]) + 0.5
    centre = window.pixels(view.seen(np.array([10.0, -20.0, 30.0])))
    away = np.hypot(columns - centre[0], rows - centre[1]) / window.pixels_per_mm
    assert shown(picture)[away < 7.5].all()
    assert not shown(picture)[away > 8.5].any()
    upper_left, lower_right = (
        picture[
            shown(picture) & (sign * (columns - centre[0]) > 10) & (sign * (rows - centre[1]) > 10)
        ].mean()
        for sign in (-1, 1)
    )
    assert upper_left > lower_right + 30


def test_what_lies_in_front_hides_what_lies_behind():
    near, far = ball((0, 30.0, 0)), ball((0, -30.0, 0), radius=12.0)
    window = window_around(FRONT.seen(far.vertices), SIZE)
    picture = render_surfaces([far, near], [True, False], FRONT, window)
    alone = render_surfaces([near], [False], FRONT, window)
    middle = picture[SIZE[1] // 2, SIZE[0] // 2].astype(int)
    # The pale far ball is bluish, the near one of the colour of bone.
    assert middle[0] > middle[2]
    assert np.abs(middle - alone[SIZE[1] // 2, SIZE[0] // 2]).max() <= 2


def test_a_window_of_a_scale_holds_its_points_with_the_margins_asked_for():
    seen = np.array([[-10.0, 0.0], [20.0, 50.0]])
    window = window_of_scale(seen, 2.0, before=(6, 10), after=(4, 0))
    assert (window.width, window.height) == (70, 110)
    assert window.pixels(seen).tolist() == [[6, 10], [66, 110]]
    wide = window_of_scale(seen, 2.0, narrowest=100)
    assert wide.width == 100
    assert wide.pixels(seen)[:, 0].tolist() == [20, 80]


def test_bones_have_their_colours_and_lie_on_their_sides_whatever_the_order_of_the_axes():
    volume = np.zeros(SHAPE, dtype=np.uint8)
    volume[4:8, 8:16, 10:30], volume[24:28, 8:16, 10:30] = ID["hip_right"], ID["femur_left"]
    affine = network_affine(4.0, SHAPE)
    bones = label_surfaces(volume, affine)
    front = render_bones(bones, FRONT, 1.0)
    # 24 x 20 voxels of 4 mm, half a voxel less on each side by smoothing at most.
    assert front.shape[:2] == pytest.approx((80, 96), abs=4)
    colours = {name: np.array(labels()[ID[name] - 1].colour, float) for name in ("hip_right", "femur_left")}
    for name, column in (("hip_right", 8), ("femur_left", -8)):
        assert np.corrcoef(front[40, column], colours[name])[0, 1] > 0.99
    left = render_bones(bones, LEFT, 1.0)
    assert np.corrcoef(left[40, 16], colours["femur_left"])[0, 1] > 0.99
    turned = affine @ np.array([[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])
    again = render_bones(label_surfaces(volume.transpose(1, 0, 2), turned), LEFT, 1.0).astype(int)
    assert np.abs(again - left).mean() < 2
    assert not shown(render_bones({}, FRONT, 1.0)).any()
