"""Pictures of measurements show what is there, and where a landmark is."""

import io

import numpy as np
import trimesh
from PIL import Image

from SwinX2SLib.measurements.bones import bone_from_mesh
from SwinX2SLib.measurements.results import Landmark, Measurement
from SwinX2SLib.report.canvas import FINE
from SwinX2SLib.report.measurements.annotations import annotated
from SwinX2SLib.report.measurements.figures import figures
from SwinX2SLib.report.naming import number_words, title_of, value_words
from SwinX2SLib.report.render import FRONT, window_around

SIZE = (120, 100)


def ball(centre, radius=8.0):
    mesh = trimesh.creation.icosphere(3, radius)
    return np.asarray(mesh.vertices) + centre, np.asarray(mesh.faces)


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
