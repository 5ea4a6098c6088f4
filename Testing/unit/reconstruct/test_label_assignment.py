import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from SwinX2SLib.reconstruct.label_assignment import (
    LEAST_EXPECTED_DICE,
    BonePart,
    assign_labels,
    assign_parts,
    best_threshold,
)


def probabilities(bones: dict[int, torch.Tensor], classes: int = 4) -> torch.Tensor:
    shape = next(iter(bones.values())).shape
    volume = torch.zeros(classes, *shape)
    for bone, value in bones.items():
        volume[bone] = value
    volume[0] = 1 - volume[1:].sum(0)
    return volume


def test_a_bone_that_is_nowhere_likelier_than_not_is_still_shown_where_it_is_likeliest():
    thin = torch.zeros(10, 10, 10)
    thin[4:7, :, 5] = 0.3
    found = assign_labels(probabilities({2: thin}))
    assert torch.equal(torch.from_numpy(found.labels == 2), thin > 0)
    # 30 voxels of 0.3: 2 * 9 / (30 + 9).
    assert found.expected_dice[2] == pytest.approx(18 / 39)
    np.testing.assert_allclose(found.uncertainty[found.labels == 2], 0.7, atol=1e-3)


def test_a_sure_bone_is_taken_where_it_is_likelier_than_not():
    sure = torch.zeros(10, 10, 10)
    sure[2:8, 2:8, 2:8] = 0.98
    sure[2:8, 2:8, 8] = 0.2
    found = assign_labels(probabilities({1: sure}))
    assert torch.equal(torch.from_numpy(found.labels == 1), sure > 0.5)
    assert found.expected_dice[1] > 0.9


def test_a_bone_whose_place_nobody_could_tell_is_not_shown():
    haze = torch.full((20, 20, 20), 0.02)
    found = assign_labels(probabilities({3: haze}))
    assert not found.labels.any()
    assert found.expected_dice[3] == 0


def test_two_bones_that_claim_a_voxel_are_weighed_by_their_own_thresholds():
    sure, faint = torch.zeros(12, 4, 4), torch.zeros(12, 4, 4)
    sure[:6], sure[6] = 0.95, 0.3
    faint[6:9] = 0.25
    found = assign_labels(probabilities({1: sure, 2: faint}))
    assert (found.labels[:6] == 1).all()
    assert (found.labels[6:9] == 2).all()
    assert (found.labels[9:] == 0).all()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 400), st.floats(0.2, 6))
def test_no_other_threshold_promises_more(seed, count, sharpness):
    values = torch.from_numpy(np.random.default_rng(seed).beta(0.5, sharpness, count).astype(np.float32))
    threshold, expected = best_threshold(values)
    total = float(values.sum())
    for other in np.linspace(0.002, 0.999, 60):
        above = values >= other
        assert 2 * float(values[above].sum()) / (int(above.sum()) + total) <= expected + 1e-5
    above = values >= threshold
    assert 2 * float(values[above].sum()) / (int(above.sum()) + total) == pytest.approx(expected, abs=1e-5)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_with_certain_probabilities_the_labels_are_the_likeliest(seed):
    labels = np.random.default_rng(seed).integers(0, 4, (5, 6, 7))
    volume = torch.nn.functional.one_hot(torch.from_numpy(labels), 4).permute(3, 0, 1, 2).float()
    found = assign_labels(volume)
    np.testing.assert_array_equal(found.labels, labels)
    assert all(found.expected_dice[b] == pytest.approx(1) for b in range(1, 4))


def test_the_promised_dice_is_what_labels_drawn_from_the_probabilities_reach():
    generator = torch.Generator().manual_seed(1)
    blob = torch.exp(-((torch.arange(40) - 20.0) ** 2) / 60)
    blob = 0.6 * blob[:, None, None] * blob[None, :, None] * blob[None, None, :]
    found = assign_labels(probabilities({1: blob}))
    reached = []
    for _ in range(20):
        truth = torch.rand(blob.shape, generator=generator) < blob
        shown = torch.from_numpy(found.labels == 1)
        reached.append(2 * float((truth & shown).sum()) / float(truth.sum() + shown.sum()))
    assert np.mean(reached) == pytest.approx(float(found.expected_dice[1]), abs=0.01)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_bones_given_in_parts_of_the_volume_get_the_labels_that_they_get_in_the_whole(seed):
    rng = np.random.default_rng(seed)
    whole, parts = torch.zeros(5, 9, 8, 7), []
    for label in (1, 2, 4):
        start = rng.integers(0, 4, 3)
        part = tuple(slice(int(a), int(a) + int(rng.integers(1, 4))) for a in start)
        values = torch.from_numpy(rng.beta(0.7, 0.7, whole[label][part].shape).astype(np.float32)) / 3
        whole[label][part] = values
        parts.append(BonePart(label, part, values))
    whole[0] = 1 - whole[1:].sum(0)
    expected, found = assign_labels(whole), assign_parts((9, 8, 7), parts)
    np.testing.assert_array_equal(found.labels, expected.labels)
    np.testing.assert_allclose(found.uncertainty, expected.uncertainty, atol=1e-3)
    np.testing.assert_allclose(found.expected_dice[:5], expected.expected_dice[:5], atol=1e-5)


def test_a_bone_of_known_shape_is_shown_whole_and_promises_what_its_probability_says():
    solid = torch.zeros(6, 6, 6, dtype=torch.bool)
    solid[2:4, 2:4, 2:4] = True
    soft = torch.full((6, 6, 6), 0.02)
    soft[solid] = 0.25
    # Another bone, of unknown shape, is certain of some of the same voxels.
    other = torch.zeros(6, 6, 6)
    other[3:5, 3:5, 3:5] = 0.99
    whole = (slice(0, 6),) * 3
    found = assign_parts((6, 6, 6), [BonePart(2, whole, other), BonePart(1, whole, soft, solid)])
    np.testing.assert_array_equal(found.labels == 1, solid.numpy())
    # 8 voxels of 0.25, of 2 + 208 * 0.02 that are expected.
    assert found.expected_dice[1] == pytest.approx(2 * 2 / (8 + 2 + 208 * 0.02))
    assert found.uncertainty[2, 2, 2] == pytest.approx(0.75, abs=1e-3)


def test_where_bones_of_known_shape_overlap_the_more_probable_one_is_shown():
    solid, whole = torch.ones(3, 3, 3, dtype=torch.bool), (slice(0, 3),) * 3
    parts = [BonePart(k, whole, torch.full((3, 3, 3), p), solid) for k, p in ((1, 0.3), (2, 0.5), (3, 0.4))]
    assert (assign_parts((3, 3, 3), parts).labels == 2).all()


def test_without_bones_all_is_certain_background():
    found = assign_parts((3, 4, 5), [])
    assert not found.labels.any()
    assert not found.uncertainty.any()


def test_half_precision_and_no_numbers_are_told_apart():
    volume = probabilities({1: torch.full((4, 4, 4), 0.9)}).half()
    assert (assign_labels(volume).labels == 1).all()
    volume[:] = torch.nan
    broken = assign_labels(volume)
    assert np.isnan(broken.uncertainty).all()
    assert LEAST_EXPECTED_DICE > 0
