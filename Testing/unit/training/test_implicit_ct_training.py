"""Learning CT numbers and structures: samples, points, parts of the loss, and small scenes that must be fitted."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional

from SwinX2SLib.errors import InputError
from SwinX2SLib.models.builder import build_model
from SwinX2SLib.models.implicit_ct import grid_to_box, projected, to_unit
from SwinX2SLib.phantom.build import AIR_HU, CANCELLOUS_HU, SOFT_TISSUE_HU
from SwinX2SLib.training.config import TrainingConfig
from SwinX2SLib.training.data import Batch, BatchDataset, load_sources
from SwinX2SLib.training.implicit_ct import CTLoss, _neighbours, _points, ct_loss, parse_loss, values_at
from SwinX2SLib.training.objectives import Phase, objective_for, phases_of
from SwinX2SLib.training.synthesis import Synthesiser
from SwinX2SLib.training.synthesis.sample import box_matrices
from SwinX2SLib.training.synthesis.view_geometry import ViewGeometry, rotation_matrix

SHAPE = (16, 16, 24)
SIZES = {"widths": [16, 16], "features": 16, "octaves": 4, "hidden": [64, 64], "grid_shape": list(SHAPE)}
SACRUM, HIP = 50, 51
GEOMETRIES = [
    ViewGeometry(1),
    ViewGeometry(0, zoom=1.03, shift_mm=(2.0, -3.0)),
    ViewGeometry(1, source_mm=300.0, source_first=True, beam_mm=(4.0, -6.0)),
    ViewGeometry(0, source_mm=350.0, source_first=False, rotation=rotation_matrix(5.0, 1.0, -2.0), zoom=0.98),
]


def blocks():
    """Two blocks of bone, unlike from every side, in soft tissue: labels and CT [HU]."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[3:8, 4:9, 3:9] = SACRUM
    labels[9:14, 8:13, 12:20] = HIP
    ct = np.full(SHAPE, -1000.0, np.float32)
    ct[2:15, 2:15, 2:22] = 40.0
    ct[labels == SACRUM] = 500.0
    ct[labels == HIP] = 900.0
    return labels, ct


def known():
    return np.ones(55, bool)


def synthesiser(augment=False):
    made = Synthesiser(SHAPE, augment=augment, with_ct=True)
    labels, ct = blocks()
    made.add_volume(labels, np.full(3, 4.0), known(), 1.0, ct, "HU")
    return made


def batch(seed=0, size=1):
    return BatchDataset(synthesiser(), size, seed)[0]


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_the_matrix_of_a_geometry_is_its_projection(geometry):
    voxel_mm = 2.5
    points = np.random.default_rng(1).uniform(-0.5, 0.5, (20, 3)) * SHAPE * voxel_mm
    index = points / voxel_mm + (np.array(SHAPE) - 1) / 2
    row, column, last = geometry.projection_matrix(SHAPE, voxel_mm) @ np.column_stack([index, np.ones(20)]).T
    across = SHAPE[1 - geometry.depth_axis]
    expected = geometry.radiograph_points(points) / voxel_mm + (np.array([across, SHAPE[2]]) - 1) / 2
    np.testing.assert_allclose(np.stack([column / last, row / last], 1), expected, atol=1e-9)


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_a_bright_voxel_is_bright_on_the_sample_where_its_matrix_says(geometry):
    voxel = (10, 6, 15)
    volume = torch.zeros(SHAPE)
    volume[voxel] = 1.0
    picture = geometry.project(volume, 2.0).numpy()
    columns, rows = np.indices(picture.shape)
    centre = [(picture * axis).sum() / picture.sum() for axis in (rows, columns)]
    other = ViewGeometry(1 - geometry.depth_axis)
    pair = (geometry, other) if geometry.depth_axis == 1 else (other, geometry)
    matrix = box_matrices(pair, SHAPE, 2.0)[1 - geometry.depth_axis]
    point = grid_to_box(SHAPE).float() @ torch.tensor([*voxel, 1.0])
    place = projected(point[None, None], matrix[None])[0, 0].numpy()
    pixel = (place + 1) / 2 * (np.array(picture.shape[::-1]) - 1)
    # Pairs of slices share a place, see `SLICES_TOGETHER`.
    np.testing.assert_allclose(pixel, centre, atol=0.15)


def test_samples_hold_the_ct_that_their_radiographs_show():
    sample = synthesiser().draw(np.random.default_rng(0))
    labels, ct = blocks()
    np.testing.assert_array_equal(sample.ct, ct)
    np.testing.assert_array_equal(sample.labels, labels)
    path = (ct + 1000).sum(1)
    np.testing.assert_allclose(sample.coronal, path / path.max(), atol=1e-6)


def test_deformed_samples_stay_reproducible_and_hold_their_geometry():
    drawn = [synthesiser(augment=True).draw(np.random.default_rng(7)) for _ in range(2)]
    assert torch.equal(drawn[0].ct, drawn[1].ct)
    assert torch.equal(drawn[0].matrices, drawn[1].matrices)
    assert drawn[0].matrices.shape == (2, 3, 4)
    assert drawn[0].ct.shape == SHAPE


def test_other_runs_draw_what_they_drew_before():
    plain = Synthesiser(SHAPE)
    labels, ct = blocks()
    plain.add_volume(labels, np.full(3, 4.0), known(), 1.0, ct, "HU")
    sample = plain.draw(np.random.default_rng(3))
    assert sample.ct is None
    assert sample.matrices is None


@pytest.mark.parametrize(("ct", "kind"), [(None, None), (blocks()[1], "8-bit rescaled")])
def test_a_volume_without_hounsfield_units_teaches_no_ct(ct, kind):
    with pytest.raises(ValueError, match="a CT in HU"):
        Synthesiser(SHAPE, with_ct=True).add_volume(blocks()[0], np.ones(3), known(), 1.0, ct, kind)


def test_half_the_points_lie_in_or_near_structures_and_a_third_in_the_rest_of_the_body():
    labels, ct = (torch.from_numpy(each) for each in blocks())
    loss = CTLoss(points=4000, near=0.5, body=0.3)
    points = _points(labels, ct, 5, loss)
    voxels = points.round().long()
    near = functional.max_pool3d((labels > 0).float()[None, None], 5, 1, 2)[0, 0] > 0
    body = (ct > -500) & ~near
    is_near, is_body = (mask[tuple(voxels.T)].float().mean().item() for mask in (near, body))
    shares = near.float().mean().item(), body.float().mean().item()
    assert is_near == pytest.approx(0.5 + 0.2 * shares[0], abs=0.03)
    assert is_body == pytest.approx(0.3 + 0.2 * shares[1], abs=0.03)
    assert torch.equal(points, _points(labels, ct, 5, loss))
    assert bool((points >= 0).all())
    assert bool((points <= torch.tensor(SHAPE) - 1).all())


def test_without_any_structure_the_points_lie_elsewhere():
    labels, ct = torch.zeros(SHAPE, dtype=torch.uint8), torch.from_numpy(blocks()[1])
    assert _points(labels, ct, 1, CTLoss(points=100)).shape == (100, 3)


def test_neighbours_lie_one_voxel_away_within_the_box():
    given = batch()
    index = torch.rand(1, 400, 3) * (torch.tensor(SHAPE) - 1)
    found = _neighbours(index, given)
    steps = (found - index[:, :100]).abs()
    assert steps.sum(-1) == pytest.approx(torch.ones(1, 100), abs=1e-5)
    assert bool((found <= torch.tensor(SHAPE) - 1).all())


def test_values_between_voxels_are_interpolated():
    volume = torch.arange(24.0).view(1, 2, 3, 4)
    index = torch.tensor([[[0.0, 0.0, 0.0], [1.0, 2.0, 3.0], [0.5, 1.0, 1.5]]])
    assert values_at(volume, index)[0].tolist() == pytest.approx([0.0, 23.0, 0.5 * 12 + 4 + 1.5])


def test_the_parts_of_the_loss_are_those_of_a_calculation_by_hand():
    network = build_model("implicit-ct", **SIZES)
    given = batch()
    flat = torch.full_like(given.ct, 250.0)  # half of the window
    given = Batch(**{**vars(given), "ct": flat, "labels": torch.zeros_like(given.labels)})
    with torch.no_grad():
        for head, bias in ((network.intensity, 0.2), (network.structure, 0.0)):
            head.weight.zero_()
            head.bias.fill_(bias)
    loss = CTLoss(points=64, intensity=10.0, gradient=3.0, cross_entropy=2.0, dice=0.0, background=0.5)
    parts = {name: value.item() for name, value in ct_loss(network, given, loss).items()}
    assert parts["intensity"] == pytest.approx(10 * 0.3, abs=1e-5)
    assert parts["gradient"] == pytest.approx(0.0, abs=1e-5)
    # Even probabilities: whatever the weight of the background, a mean of logarithms of 55.
    assert parts["cross_entropy"] == pytest.approx(2 * np.log(55), rel=1e-5)
    assert parts["dice"] == 0


def test_learned_weights_follow_kendall():
    network = build_model("implicit-ct", **SIZES, learned_weights=True)
    given = batch()
    with torch.no_grad():
        plain = ct_loss(network, given, CTLoss(points=200))
        network.log_variances.copy_(torch.tensor([1.0, -1.0, 2.0]))
        weighed = ct_loss(network, given, CTLoss(points=200))
    assert float(weighed["intensity"]) == pytest.approx(
        np.exp(-1) * float(plain["intensity"]) + 1.0, rel=1e-5
    )
    assert float(weighed["cross_entropy"]) == pytest.approx(
        np.e * float(plain["cross_entropy"]) - 0.5, rel=1e-5
    )
    assert float(weighed["dice"]) == pytest.approx(np.exp(-2) * float(plain["dice"]) + 1.0, rel=1e-5)
    assert float(weighed["gradient"]) == pytest.approx(float(plain["gradient"]), rel=1e-5)


def fitted(steps, **sizes):
    """Return a network that has learned the blocks, and the samples."""
    torch.manual_seed(0)
    network = build_model("implicit-ct", **{**SIZES, **sizes})
    objective = objective_for(
        network, TrainingConfig(model="implicit-ct", loss={"points": 1500}, validate_every=0)
    )
    optimiser = torch.optim.AdamW(network.parameters(), 5e-3)
    for step in range(steps):
        parts = objective(network, batch(step), Phase.VOLUME)
        optimiser.zero_grad()
        sum(parts.values()).backward()
        optimiser.step()
    return network.eval(), batch()


def learned_ct(network, given):
    with torch.inference_mode():
        parts = [
            v.intensity[0] for _, v in network.chunks(given.coronal, given.sagittal, SHAPE, given.matrices[0])
        ]
    return torch.cat(parts).view(SHAPE)


def test_two_blocks_in_soft_tissue_are_fitted_with_their_structures():
    network, given = fitted(120)
    error = (learned_ct(network, given) - to_unit(given.ct[0])).abs()
    assert float(error.mean()) < 0.06
    with torch.inference_mode():
        labels = network.reconstruct_logits(given.coronal, given.sagittal)[0].argmax(0)
    for bone in (SACRUM, HIP):
        mine, true = labels == bone, given.labels[0] == bone
        assert float(2 * (mine & true).sum() / (mine.sum() + true.sum())) > 0.7


def test_without_a_structure_head_the_ct_alone_is_fitted():
    network, given = fitted(80, out_channels=0)
    assert float((learned_ct(network, given) - to_unit(given.ct[0])).abs().mean()) < 0.08


def test_phases_and_parameters_of_the_run_are_checked_at_once():
    network = build_model("implicit-ct", **SIZES, out_channels=0)
    assert phases_of(network) == (Phase.VOLUME,)
    config = TrainingConfig(
        model="implicit-ct",
        layout_steps=5,
        cross_loss=False,
        loss={"near": 0.9, "body": 0.5},
        validate_every=9,
    )
    with pytest.raises(InputError) as error:
        objective_for(network, config)
    words = " ".join(fault.message for fault in error.value.faults)
    assert all(part in words for part in ("layout_steps", "cross-view", "Dice", "together 1 at most"))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"samples": 3}, "Unknown parameter loss.samples"),
        ({"points": 0}, "loss.points must be 1 or more"),
        ({"dice": -1}, "loss.dice must be a number, 0 or more"),
        ({"dice": "much"}, "loss.dice must be a number"),
        ({"intensity": 0, "cross_entropy": 0, "dice": 0, "gradient": 0}, "At least one part"),
    ],
)
def test_parameters_of_the_loss_that_are_wrong_are_named(values, words):
    with pytest.raises(InputError, match=words):
        parse_loss(values)


def test_other_networks_have_no_parameters_of_the_loss():
    config = TrainingConfig(model="fused-nano", loss={"points": 5})
    with pytest.raises(InputError, match="has no parameters of its loss"):
        objective_for(build_model("fused-nano", grid_shape=[32, 32, 32]), config)


def test_people_without_a_ct_are_refused_and_phantoms_are_painted():
    config = TrainingConfig(model="implicit-ct", network=SIZES, composed=2, population=1)
    with pytest.raises(InputError) as error:
        load_sources(config, [], SHAPE)
    words = " ".join(fault.message for fault in error.value.faults)
    assert all(part in words for part in ("composed is 2", "population is 1", "none of the 0 cases has a CT"))
    (phantom,) = load_sources(replace(config, composed=0, population=0, phantoms=1), [], SHAPE).sources
    assert phantom.ct_kind == "HU"
    bone, other = phantom.ct[phantom.labels > 0], phantom.ct[phantom.labels == 0]
    assert sorted(set(other.tolist())) == [AIR_HU, SOFT_TISSUE_HU]
    assert bool((bone >= CANCELLOUS_HU).all())
