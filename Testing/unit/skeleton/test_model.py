"""The statistical skeleton holds together: joints, sides, levels, and gradients."""

import numpy as np
import pytest
import torch

from SwinX2SLib.geometry.surfaces import Surface
from SwinX2SLib.skeleton.discs import SACRUM
from SwinX2SLib.skeleton.model import PARTS, log_prior, rib_label, skeleton_model, zero_weights
from SwinX2SLib.skeleton.population import Demographics, sample_weights
from SwinX2SLib.skeleton.table import FEMUR_LEFT, FEMUR_RIGHT, HIP_LEFT, HIP_RIGHT


@pytest.fixture(scope="module")
def model():
    return skeleton_model()


@pytest.fixture(scope="module")
def people(model):
    rng = np.random.default_rng(4)
    with torch.no_grad():
        return [model(sample_weights(rng)) for _ in range(12)]


def bone(model, skeleton, label):
    return skeleton.points_mm[model.slices[label]].numpy()


def test_there_are_53_bones_and_every_vertex_belongs_to_one(model, people):
    assert sorted(model.slices) == [label for label in range(1, 55) if label != 25]
    covered = np.zeros(len(people[0].points_mm), dtype=int)
    for part in model.slices.values():
        covered[part] += 1
    assert (covered == 1).all()


def test_every_surface_is_closed_and_looks_outwards(model, people):
    for label, faces in model.faces.items():
        edges = np.sort(faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
        counts = np.unique(edges, axis=0, return_counts=True)[1]
        assert (counts % 2 == 0).all(), label
        assert Surface(bone(model, people[0], label).astype(float), faces).volume_mm3 > 1000, label


def test_left_and_right_lie_on_their_sides(model, people):
    for skeleton in people:
        for left, right in (
            (HIP_LEFT, HIP_RIGHT),
            (FEMUR_LEFT, FEMUR_RIGHT),
            (rib_label(6, "left"), rib_label(6, "right")),
        ):
            # The patient's right is +x in RAS.
            assert bone(model, skeleton, left)[:, 0].mean() < 0 < bone(model, skeleton, right)[:, 0].mean()


def test_the_head_of_a_femur_lies_in_the_acetabulum(model, people):
    for skeleton in people:
        for number, (femur, hip) in enumerate(((FEMUR_LEFT, HIP_LEFT), (FEMUR_RIGHT, HIP_RIGHT))):
            head = bone(model, skeleton, femur)[model.table.head]
            socket = bone(model, skeleton, hip)[model.table.sockets[hip]]
            middle = skeleton.heads_mm[number].numpy()
            radii = [np.linalg.norm(points - middle, axis=1) for points in (head, socket)]
            assert radii[0].std() < 2
            assert radii[1].std() < 3
            # Cartilage lies between them; their sizes vary apart from each other a little.
            assert abs(radii[1].mean() - radii[0].mean()) < 6


def test_l5_lies_on_the_sacrum_no_further_from_its_middle_than_in_people(model, people):
    for skeleton in people:
        above = skeleton.body_centres_mm[23, 2].item() - bone(model, skeleton, SACRUM)[:, 2].mean()
        assert 30 < above < 85
        assert np.linalg.norm(skeleton.body_centres_mm[23].numpy() - skeleton.endplate_mm[0].numpy()) < 35


def test_vertebrae_follow_each_other_downwards_and_grow(people):
    for skeleton in people:
        steps = np.linalg.norm(np.diff(skeleton.body_centres_mm.numpy(), axis=0), axis=1)
        assert (np.diff(skeleton.body_centres_mm.numpy()[:, 2]) < 0).all()
        assert steps[20] > 1.5 * steps[5]


def test_ribs_begin_at_their_vertebrae(people):
    for skeleton in people:
        heads = skeleton.rib_curves_mm[:, :, 0].numpy()
        apart = np.linalg.norm(heads - skeleton.body_centres_mm.numpy()[7:19], axis=-1)
        assert (apart > 8).all()
        assert (apart < 40).all()


def test_the_mean_rib_6_ends_where_the_published_one_does(model):
    # In front of, beside and below its head (Holcombe et al. 2017; see the frame's check).
    curve = model(zero_weights()).rib_curves_mm[1, 5]
    away = (curve[-1] - curve[0]).numpy()
    assert np.linalg.norm(away) == pytest.approx(197.3, abs=1)
    assert away == pytest.approx([78, 147, -106], abs=20)


def test_both_sides_are_mirror_images_where_no_weight_tells_them_apart(model):
    curves = model(zero_weights()).rib_curves_mm
    lengths = torch.linalg.norm(curves[:, :, -1] - curves[:, :, 0], dim=-1)
    assert lengths[0].tolist() == pytest.approx(lengths[1].tolist(), rel=1e-5)


def test_every_weight_moves_the_skeleton_and_has_a_gradient(model):
    weights = {name: value.requires_grad_(True) for name, value in zero_weights().items()}
    points = model(weights).points_mm
    (points * torch.linspace(-1, 1, len(points))[:, None] * torch.tensor([1.0, 0.7, 0.3])).sum().backward()
    for name, value in weights.items():
        assert torch.isfinite(value.grad).all(), name
        assert value.grad.abs().max() > 0, name


def test_the_prior_is_highest_at_the_mean_person_and_falls_as_a_normal_density():
    weights = zero_weights()
    assert log_prior(weights).item() == 0
    weights["size"] = torch.tensor([2.0])
    assert log_prior(weights).item() == pytest.approx(-2.0)


def test_tall_people_are_larger_and_old_people_have_flatter_ribs(model):
    def mean_of(height_m, age_years):
        rng, found = np.random.default_rng(1), []
        for _ in range(20):
            with torch.no_grad():
                found.append(model(sample_weights(rng, Demographics("male", age_years, height_m, 80.0))))
        spans = [float((one.body_centres_mm[7] - one.body_centres_mm[23]).norm()) for one in found]
        curves = torch.stack([one.rib_curves_mm[1, 5] for one in found])
        chord = curves[:, -1] - curves[:, 0]
        return np.mean(spans), float(torch.rad2deg(torch.arccos(-chord[:, 2] / chord.norm(dim=1))).mean())

    assert mean_of(1.9, 50)[0] > 1.1 * mean_of(1.6, 50)[0]
    assert mean_of(1.75, 85)[1] > mean_of(1.75, 25)[1]


def test_the_parts_of_the_weights_have_the_shapes_that_the_table_needs(model):
    assert PARTS["pelvis"][0] == len(model.table.bones[SACRUM].modes_mm)
    assert PARTS["femur"][0] == len(model.table.bones[FEMUR_LEFT].modes_mm)
    assert PARTS["lean"][0] == len(model.table.lean_modes)
