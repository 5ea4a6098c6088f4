"""A skeleton fitted to silhouettes of a known one finds it again."""

import numpy as np
import pytest
import torch

from SwinX2SLib.geometry.frames import voxel_spacing_mm
from SwinX2SLib.geometry.surfaces import Surface
from SwinX2SLib.geometry.voxelisation import fill_surfaces
from SwinX2SLib.skeleton.model import skeleton_model
from SwinX2SLib.skeleton.population import label_map, sample_weights
from SwinX2SLib.skeleton.silhouette_fitting import Fit, SilhouetteTarget, fit_skeleton
from SwinX2SLib.training.data import occupied_rays

SPACING_MM = 4.0
PART = (21, 22, 23, 24, 50, 51, 52)


@pytest.fixture(scope="module")
def lumbar_and_pelvis():
    labels, affine = label_map(sample_weights(np.random.default_rng(5)), SPACING_MM)
    rows = np.flatnonzero(np.isin(labels, PART).any(axis=(0, 1)))
    labels = np.where(np.isin(labels, PART), labels, 0)[:, :, rows[0] - 2 : rows[-1] + 3]
    assert voxel_spacing_mm(affine) == pytest.approx([SPACING_MM] * 3)
    return np.ascontiguousarray(np.pad(labels, [(0, size % 2) for size in labels.shape]))


def targets(labels, views=(0, 1)):
    bones = tuple((label,) for label in range(1, 55))
    shown = torch.from_numpy(labels)
    return [SilhouetteTarget(axis, bones, occupied_rays(shown, 1 - axis).float()) for axis in views]


def dice(fit: Fit, labels: np.ndarray) -> dict[int, float]:
    model = skeleton_model()
    points = fit.points_mm().detach().double().numpy()
    # Network order is RAS with all axes reversed, which turns surfaces inside out.
    surfaces = {label: Surface(points[model.slices[label]], model.faces[label][:, ::-1]) for label in PART}
    found = fill_surfaces(surfaces, labels.shape, np.diag([SPACING_MM] * 3 + [1.0]))
    return {
        label: 2
        * float(((found == label) & (labels == label)).sum())
        / ((found == label).sum() + (labels == label).sum())
        for label in PART
    }


@pytest.mark.slow
def test_the_bones_of_a_person_of_the_model_are_found_again_in_three_dimensions(lumbar_and_pelvis):
    found = dice(fit_skeleton(targets(lumbar_and_pelvis), SPACING_MM), lumbar_and_pelvis)
    assert np.mean([found[label] for label in (21, 22, 23, 24)]) > 0.7
    assert np.mean([found[label] for label in (50, 51, 52)]) > 0.65


@pytest.mark.slow
def test_a_fit_lowers_the_loss_and_keeps_to_people(lumbar_and_pelvis):
    fit = fit_skeleton(targets(lumbar_and_pelvis, (0,)), SPACING_MM)
    assert fit.loss < 0.3 * fit.history[0]
    assert all(float(value.abs().max()) < 6 for value in fit.weights.values())


def test_silhouettes_that_show_next_to_nothing_are_left_out(lumbar_and_pelvis):
    (target,) = targets(lumbar_and_pelvis, (1,))
    from SwinX2SLib.skeleton.silhouette_fitting import _seen

    assert {bones[0] for bones in _seen(target).bones} == set(PART)
