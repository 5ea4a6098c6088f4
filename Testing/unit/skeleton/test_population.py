"""People drawn from the skeleton are like people, and their label maps are whole."""

import numpy as np
import pytest
import torch

from SwinX2SLib.geometry.frames import orientation_of
from SwinX2SLib.skeleton.model import skeleton_model
from SwinX2SLib.skeleton.population import label_map, random_torso, sample_weights
from SwinX2SLib.skeleton.table import skeleton_table


@pytest.fixture(scope="module")
def skeletons():
    rng = np.random.default_rng(2)
    with torch.no_grad():
        return [skeleton_model()(sample_weights(rng)) for _ in range(150)]


def test_ribs_have_the_published_means_and_deviations(skeletons):
    chords = torch.stack([s.rib_curves_mm[1, :, -1] - s.rib_curves_mm[1, :, 0] for s in skeletons]).norm(
        dim=-1
    )
    ribs = skeleton_table().ribs
    assert chords.mean(0).numpy() == pytest.approx(ribs.mean[:, 0], rel=0.06)
    ratio = chords.std(0).numpy() / ribs.sd[:, 0]
    assert (ratio > 0.6).all()
    assert (ratio < 1.8).all()


def test_pelvic_incidence_is_that_of_adults(skeletons):
    found = []
    for skeleton in skeletons:
        normal, to_heads = (
            skeleton.endplate_mm[1].numpy(),
            (skeleton.heads_mm.mean(0) - skeleton.endplate_mm[0]).numpy(),
        )
        flat = np.array([normal[1:], to_heads[1:]])
        flat /= np.linalg.norm(flat, axis=1, keepdims=True)
        found.append(np.degrees(np.arccos(-flat[0] @ flat[1])))
    # Vialle et al. 2005: 55 (11) degrees.
    assert np.mean(found) == pytest.approx(55, abs=6)
    assert 4 < np.std(found) < 14


def test_a_label_map_has_every_bone_in_network_order():
    labels, affine = label_map(sample_weights(np.random.default_rng(0)), 4.0)
    assert set(np.unique(labels)) == set(range(55)) - {25}
    assert orientation_of(affine) == "LPI"
    middles = {label: np.argwhere(labels == label).mean(axis=0) for label in (1, 24, 51, 52)}
    # Index order: x right -> left, z superior -> inferior.
    assert middles[51][0] < middles[52][0]
    assert middles[1][2] < middles[24][2]


def test_a_torso_is_cut_below_the_hips_and_near_the_neck():
    labels, affine = random_torso(np.random.default_rng(3), 4.0)
    assert {54, 53, 50, 24, 12} <= set(np.unique(labels))
    assert labels.flags.c_contiguous
    lowest = affine[2, 3] + affine[2, 2] * (labels.shape[2] - 1)
    assert -210 < lowest < -30


def test_the_same_seed_gives_the_same_person():
    one, other = (sample_weights(np.random.default_rng(7)) for _ in range(2))
    assert all(torch.equal(one[name], other[name]) for name in one)
