"""A person of the skeleton comes back from rough silhouettes; what is not modelled is the hull of its silhouettes."""

import numpy as np
import pytest
from scipy.ndimage import binary_dilation

from SwinX2SLib.anatomy import label_ids
from SwinX2SLib.reconstruct.label_assignment import assign_parts
from SwinX2SLib.reconstruct.skeleton_fit import SkeletonFit, fit_to_radiographs
from SwinX2SLib.skeleton.population import label_map, sample_weights

SPACING_MM, L6 = 4.0, 25
WHOLE = (slice(None), slice(None), slice(None))


@pytest.fixture(scope="module")
def truth() -> np.ndarray:
    labels, _ = label_map(sample_weights(np.random.default_rng(8)), SPACING_MM)
    rows = np.flatnonzero((labels == 53).any(axis=(0, 1)))
    return np.ascontiguousarray(labels[:, :, : rows[0] + 30])


def rough(truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return silhouettes of a network that draws every bone too thick."""
    views = []
    for axis in (1, 0):
        shown = np.stack([(truth == label).any(axis=axis) for label in range(1, 55)])
        thick = np.stack([binary_dilation(one) for one in shown])
        views.append(np.maximum(0.9 * shown, 0.55 * thick).astype(np.float32))
    return views[0], views[1]


def radiographs(truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    bone = (truth > 0).astype(np.float32)
    return bone.sum(1) / 20, bone.sum(0) / 20


def labels_of(fit: SkeletonFit, shape: tuple[int, int, int]) -> np.ndarray:
    return assign_parts(shape, fit.bones).labels


def dice(labels: np.ndarray, truth: np.ndarray, group: str) -> float:
    own = [label for label in label_ids(group) if (truth == label).sum() > 20]
    return float(
        np.mean(
            [
                2 * ((labels == k) & (truth == k)).sum() / ((labels == k).sum() + (truth == k).sum())
                for k in own
            ]
        )
    )


@pytest.fixture(scope="module")
def fitted(truth) -> SkeletonFit:
    silhouettes = rough(truth)
    for view in silhouettes:
        view[L6 - 1, 2:6, 2:6] = 0.7
    return fit_to_radiographs(silhouettes, radiographs(truth), SPACING_MM, {}, WHOLE)


def test_bones_of_rough_silhouettes_become_those_of_the_person(fitted, truth):
    found = labels_of(fitted, truth.shape)
    for group in ("spine", "pelvis", "femur"):
        assert dice(found, truth, group) > 0.7, group
    assert dice(found, truth, "ribs") > 0.25


def test_the_fit_states_a_position_error_for_every_bone_that_it_took(fitted, truth):
    assert set(label_ids("ribs")) <= set(fitted.position_error_mm)
    assert set(fitted.position_error_mm) <= {int(label) for label in np.unique(truth)} | set(
        label_ids("ribs")
    )
    assert all(0 < error < 60 for error in fitted.position_error_mm.values())


def test_probabilities_are_probabilities_and_a_bone_that_is_not_modelled_is_its_visual_hull(fitted):
    for bone in fitted.bones:
        assert 0 <= float(bone.probability.min()) <= float(bone.probability.max()) <= 1
    (hull,) = [bone for bone in fitted.bones if bone.label == L6]
    assert hull.part == (slice(2, 6), slice(2, 6), slice(2, 6))
    np.testing.assert_allclose(hull.probability.numpy(), 0.49, atol=1e-6)


def test_where_nothing_is_seen_there_is_nothing():
    nothing = np.zeros((54, 24, 40), np.float32)
    fit = fit_to_radiographs((nothing, nothing), (nothing[0], nothing[0]), SPACING_MM, {}, WHOLE)
    assert fit.bones == []
    assert fit.position_error_mm == {}


def test_a_vertebra_seen_in_one_radiograph_alone_is_not_drawn(truth):
    coronal, sagittal = rough(truth)
    sagittal[19] = 0.2 * (sagittal[19] > 0)
    fit = fit_to_radiographs((coronal, sagittal), radiographs(truth), SPACING_MM, {}, WHOLE)
    assert 20 not in {bone.label for bone in fit.bones}
    assert 19 in {bone.label for bone in fit.bones}


def test_a_bone_that_the_skeleton_cannot_explain_is_its_visual_hull(truth):
    coronal, sagittal = rough(truth)
    # A femur where no person has one: beside the head end of the image.
    for view in (coronal, sagittal):
        view[52] = 0
        view[52, -9:-1, 1:12] = 0.9
    fit = fit_to_radiographs((coronal, sagittal), radiographs(truth), SPACING_MM, {}, WHOLE)
    assert 53 not in fit.position_error_mm
    assert 53 in {bone.label for bone in fit.bones}


def test_a_femur_cut_by_the_border_of_the_radiographs_ends_there_in_a_larger_grid_too(truth):
    """Air around the radiographs is no sign that bones end."""
    silhouettes, pixels = rough(truth), radiographs(truth)
    plain = fit_to_radiographs(silhouettes, pixels, SPACING_MM, {}, WHOLE)
    more = 5
    padded = tuple(np.pad(view, ((0, 0), (more, more), (more, more))) for view in silhouettes)
    air = tuple(np.pad(view, more) for view in pixels)
    shape = truth.shape
    field = tuple(slice(more, more + side) for side in shape)
    found = fit_to_radiographs(padded, air, SPACING_MM, {}, field)
    whole = assign_parts(tuple(side + 2 * more for side in shape), found.bones).labels
    assert not whole[:, :, shape[2] + more :].any()
    np.testing.assert_array_equal(whole[field], labels_of(plain, shape))
    point = np.array([100.0, 80.0, 200.0, 1.0])
    moved = point + np.array([*[more * SPACING_MM] * 3, 0.0])
    np.testing.assert_allclose(
        found.motions[53] @ moved, plain.motions[53] @ point + more * SPACING_MM, atol=1e-3
    )
