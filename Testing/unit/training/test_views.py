"""Views of a person: what they show, and draws that are functions of their generator alone."""

import numpy as np
import torch

from SwinX2SLib.anatomy import CLASS_COUNT, labels
from SwinX2SLib.training.synthesis import Synthesiser
from SwinX2SLib.training.synthesis.views import PRESETS, SPACING_LIMITS_MM, random_view

ID = {label.name: label.id for label in labels()}
GRID = (72, 72, 96)
EVERYTHING = np.ones(CLASS_COUNT, dtype=bool)


def test_views_show_what_they_are_about(person, joints):
    extent = np.array(person.labels.shape) * person.spacing_mm
    rng = np.random.default_rng(0)
    spacings = []
    for _ in range(300):
        view = random_view(joints.bones_mm, extent, GRID, 0.2, rng)
        spacings.append(view.spacing_mm)
        low, high = (view.centre_mm + sign * view.spacing_mm * np.array(GRID) / 2 for sign in (-1, 1))
        seen = sum(((box[0] < high) & (box[1] > low)).all() for box in joints.bones_mm.values())
        assert seen >= 3, "a view of nothing teaches nothing"
    assert min(spacings) < 2.2 < 4.0 < max(spacings) or max(spacings) / min(spacings) > 3
    presets = [s for s in spacings if s >= SPACING_LIMITS_MM[0]]
    assert len(presets) == len(spacings)


def test_a_neck_gets_no_view_of_a_pelvis():
    boxes = {label: np.array([[40.0, 40, 20 * label], [90, 90, 20 * label + 18]]) for label in range(1, 9)}
    rng = np.random.default_rng(0)
    for _ in range(50):
        view = random_view(boxes, np.array([130.0, 130, 190]), GRID, 0.0, rng)
        assert 0 < view.centre_mm[2] < 200
    assert set(PRESETS) == {"torso", "chest", "pelvis", "neck", "lumbar", "spine"}


def test_without_augmentation_every_draw_is_the_plain_projection(person):
    made = Synthesiser(GRID, augment=False)
    made.add_volume(person.labels, person.spacing_mm, EVERYTHING, 1.0)
    first, second = (made.draw(np.random.default_rng(seed)) for seed in (0, 1))
    torch.testing.assert_close(first.coronal, second.coronal, rtol=0, atol=0)
    torch.testing.assert_close(first.labels, second.labels, rtol=0, atol=0)
    thickness = (first.labels > 0).sum(0).float()
    torch.testing.assert_close(first.sagittal, thickness / thickness.max())
    left, right = (torch.nonzero(first.labels == ID[f"femur_{s}"]).float().mean(0) for s in ("left", "right"))
    assert left[0] > right[0]


def test_a_draw_is_a_function_of_its_generator_alone(person):
    made = Synthesiser(GRID)
    made.add_volume(person.labels, person.spacing_mm, EVERYTHING, 1.0)
    torch.manual_seed(1)
    first = made.draw(np.random.default_rng(5))
    torch.manual_seed(2)
    made.draw(np.random.default_rng(6))
    again = made.draw(np.random.default_rng(5))
    torch.testing.assert_close(first.labels, again.labels, rtol=0, atol=0)
    torch.testing.assert_close(first.coronal, again.coronal, rtol=0, atol=0)
