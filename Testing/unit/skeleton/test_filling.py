"""Placed bones fill the volume where they are, by as much as they are."""

import numpy as np
import pytest
import torch
from scipy.spatial import cKDTree

from SwinX2SLib.skeleton.bone_shapes import SPACING_MM, bone_shapes, pelvis_modes
from SwinX2SLib.skeleton.label_probabilities import _unmoved, bone_probability
from SwinX2SLib.skeleton.pieces import (
    GROWTH,
    HIP_LEFT,
    HIP_RIGHT,
    PELVIS,
    SACRUM,
    Placement,
    piece_of,
    spread_modes,
)

SHAPE = (48, 44, 40)


def vertebra(size: float = 1.0, at=(60.0, 55.0, 50.0)) -> Placement:
    """L3."""
    return Placement([piece_of((22,))], np.array([at]), [size])


def changed_pelvis() -> Placement:
    placement = Placement([piece_of(PELVIS)], np.array([[150.0, 110.0, 130.0]]), [1.0])
    with torch.no_grad():
        placement.weights[0][:5] = torch.tensor([1.0, -1.0, 1.0, -1.0, 1.0])
    return placement


def middle_mm(part, probability: np.ndarray, spacing_mm: float) -> np.ndarray:
    index = np.indices(probability.shape).reshape(3, -1)
    inside = (index * probability.ravel()).sum(axis=1) / probability.sum()
    return (inside + [side.start for side in part]) * spacing_mm


@pytest.mark.parametrize("spacing_mm", [1.5, 2.5, 4.0])
@pytest.mark.parametrize("size", [0.8, 1.2])
def test_a_turned_bone_fills_its_volume_in_its_place(size, spacing_mm):
    placement = vertebra(size)
    with torch.no_grad():
        placement.turn[0] = torch.tensor([2.0, -3.0, 4.0])
        placement.growth[0] = torch.tensor([1.0, 0.0, -0.5])
    shape = tuple(np.ceil(np.array([120, 110, 100]) / spacing_mm).astype(int))
    part, probability = bone_probability(placement, 0, 22, shape, spacing_mm)
    assert probability.dtype == np.float32
    assert 0 <= probability.min() <= probability.max() <= 1
    assert probability.shape == tuple(side.stop - side.start for side in part)
    volume = bone_shapes()[22].probability.sum() * SPACING_MM**3 * size**3 * np.exp(0.5 * GROWTH)
    assert probability.sum() * spacing_mm**3 == pytest.approx(volume, rel=0.08)
    assert middle_mm(part, probability, spacing_mm) == pytest.approx([60, 55, 50], abs=1.0)


def test_most_of_a_bone_is_where_its_points_were_placed():
    placement = changed_pelvis()
    points, _ = placement.placed_mm()
    for label in PELVIS:
        own = placement.bone == label
        part, probability = bone_probability(placement, 0, label, (120, 90, 100), 2.5)
        index = np.rint(points[own].detach().numpy() / 2.5).astype(int) - [side.start for side in part]
        met = probability[tuple(index.T)]
        assert np.average(met, weights=placement.solid[own].numpy()) > 0.7


def test_the_left_hip_fills_what_lies_left():
    placement = Placement([piece_of(PELVIS)], np.array([[150.0, 110.0, 130.0]]), [1.0])
    middle = {
        label: middle_mm(*bone_probability(placement, 0, label, (120, 90, 100), 2.5), 2.5) for label in PELVIS
    }
    assert middle[HIP_LEFT][0] > middle[SACRUM][0] + 50 > middle[HIP_RIGHT][0] + 100


@pytest.mark.parametrize("at", [(60, 55, -300), (500, 55, 50), (60, -200, 50), (60, 55, 400)])
def test_a_bone_outside_of_the_volume_fills_nothing(at):
    assert bone_probability(vertebra(at=at), 0, 22, SHAPE, 2.5) is None


def test_a_bone_that_the_volume_cuts_fills_what_lies_inside():
    part, probability = bone_probability(vertebra(at=(60.0, 55.0, 0.0)), 0, 22, SHAPE, 2.5)
    assert part[2].start == 0
    whole = bone_shapes()[22].probability.sum() * SPACING_MM**3
    assert 0.3 < probability.sum() * 2.5**3 / whole < 0.7


def test_a_place_moved_by_the_modes_and_taken_back_is_where_it_was():
    modes, weights = pelvis_modes(), changed_pelvis().weights[0].detach().numpy()
    # Around the left hip and the sacrum.
    axes = [np.arange(a, b, 3.0) for a, b in ((0, 140), (-60, 60), (-70, 120))]
    places = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    source = _unmoved(places, weights).reshape(-1, 3)
    near = cKDTree(modes.controls_mm).query(source, distance_upper_bound=8.0)[0] < np.inf
    moves = np.einsum("k,knc->nc", weights, spread_modes(modes, source[near]))
    assert np.linalg.norm(moves, axis=-1).max() > 5, "there is something to take back"
    missed = np.linalg.norm(source[near] + moves - places.reshape(-1, 3)[near], axis=-1)
    assert np.median(missed) < 0.5
    # Where two bones meet, or a bone has two sides, the nearest controls change at once.
    assert np.percentile(missed, 90) < 1.0


def test_without_weights_places_stay():
    places = np.random.default_rng(0).normal(0, 50, (5, 6, 7, 3))
    assert _unmoved(places, np.zeros(len(pelvis_modes().modes_mm))) == pytest.approx(places)
