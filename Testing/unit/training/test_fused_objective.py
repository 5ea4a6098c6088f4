from dataclasses import replace

import numpy as np
import pytest
import torch

from SwinX2SLib.models.builder import build_model
from SwinX2SLib.models.voxel_head import voxels_of
from SwinX2SLib.training.config import TrainingConfig
from SwinX2SLib.training.data import Batch, occupied_rays
from SwinX2SLib.training.objectives import CELLS, Phase, objective_for, phases_of, sampled_voxels

SIZES = {"embed_dim": 8, "heads": (1, 1, 2, 4), "decoder_2d": (16, 16, 16, 16, 8), "decoder_3d": (16, 16, 8)}
SHAPE = (32, 32, 64)
VERTEBRA, HIP = 20, 51


@pytest.fixture(scope="module")
def network() -> torch.nn.Module:
    torch.manual_seed(0)
    return build_model("fused-nano", grid_shape=SHAPE, **SIZES)


def batch_of(count: int) -> Batch:
    """Return persons with one vertebra and one hip each, elsewhere in each."""
    labels = torch.zeros(count, *SHAPE, dtype=torch.uint8)
    for index in range(count):
        labels[index, 4 : 10 + index, 6:14, 8:20] = VERTEBRA
        labels[index, 20:28, 10:20, 30 + index : 50] = HIP
    radiographs = torch.from_numpy(np.random.default_rng(0).random((2, count, 1, 32, 64), dtype=np.float32))
    return Batch(
        coronal=radiographs[0],
        sagittal=radiographs[1],
        labels=labels,
        coronal_occupied=torch.stack([occupied_rays(volume, 1) for volume in labels]),
        sagittal_occupied=torch.stack([occupied_rays(volume, 0) for volume in labels]),
        known=torch.ones(count, 55, dtype=torch.bool),
        seeds=torch.arange(count),
    )


def test_the_layout_phase_learns_silhouettes_alone(network):
    objective = objective_for(network, TrainingConfig(model="fused-nano"))
    assert set(objective(network, batch_of(1), Phase.LAYOUT)) == {"coronal", "sagittal"}


@pytest.mark.parametrize(("volumes", "decoded"), [(0, 3), (2, 2)])
def test_as_many_volumes_are_decoded_as_the_run_says(network, volumes, decoded):
    config = TrainingConfig(model="fused-nano", volumes=volumes)
    counts = []
    handle = network.level_2.register_forward_hook(lambda module, inputs, output: counts.append(len(output)))
    parts = objective_for(network, config)(network, batch_of(3), Phase.VOLUME)
    handle.remove()
    assert counts == [decoded]
    assert set(parts) == {"coronal", "sagittal", "cross_entropy", "dice"}


@torch.no_grad()
def test_voxels_are_drawn_where_bones_are_and_carry_the_labels_of_their_places(network):
    batch = batch_of(2)
    output = network(batch.coronal, batch.sagittal)
    logits, labels = sampled_voxels(output, batch)
    assert logits.shape == (2, 55, 8 * CELLS)
    # The hull of a fresh network is empty: only cells that hold bone are drawn, all even-sided here.
    assert sorted(labels.unique().tolist()) in ([VERTEBRA, HIP], [0, VERTEBRA, HIP])
    share = (labels[0] == HIP).float().mean() / (batch.labels[0] == HIP).sum()
    other = (labels[0] == VERTEBRA).float().mean() / (batch.labels[0] == VERTEBRA).sum()
    assert float(share / other) == pytest.approx(1, abs=0.15)


@torch.no_grad()
def test_the_drawn_voxels_logits_are_those_of_the_whole_volume(network):
    batch = batch_of(1)
    for head in network.silhouettes.names:
        torch.nn.init.constant_(head.bias, 1.0)
    output = network(batch.coronal, batch.sagittal)
    whole = output.logits()[0]
    cells = torch.nonzero(output.hull(0))[::97]
    x, y, z = voxels_of(cells).unbind(-1)
    torch.testing.assert_close(
        output.person(0)(cells), whole[:, x, y, z].permute(1, 2, 0), rtol=1e-4, atol=1e-5
    )


def test_the_same_seeds_draw_the_same_voxels_and_others_do_not(network):
    batch = batch_of(1)
    output = network(batch.coronal, batch.sagittal)
    first, again = (sampled_voxels(output, batch)[1] for _ in range(2))
    other = sampled_voxels(output, replace(batch, seeds=batch.seeds + 1))[1]
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_person_without_any_bone_in_view_still_gives_a_finite_loss(network):
    batch = batch_of(1)
    empty = replace(batch, labels=torch.zeros_like(batch.labels))
    empty = replace(empty, coronal_occupied=torch.zeros_like(batch.coronal_occupied))
    empty = replace(empty, sagittal_occupied=torch.zeros_like(batch.sagittal_occupied))
    parts = objective_for(network, TrainingConfig(model="fused-nano"))(network, empty, Phase.VOLUME)
    assert all(bool(value.isfinite()) for value in parts.values())


def test_a_network_of_silhouettes_learns_them_in_its_only_phase():
    torch.manual_seed(0)
    widths = {"residual_widths": (8, 8, 16, 16, 16), "decoder_2d": (16, 16, 16, 16, 8)}
    model = build_model("silhouettes", grid_shape=SHAPE, **widths)
    assert phases_of(model) == (Phase.LAYOUT,)
    objective, batch = objective_for(model, TrainingConfig(model="silhouettes")), batch_of(3)
    optimiser = torch.optim.AdamW(model.parameters(), 1e-2)
    losses = []
    for _ in range(25):
        parts = objective(model, batch, Phase.LAYOUT)
        assert set(parts) == {"coronal", "sagittal"}
        loss = parts["coronal"] + parts["sagittal"]
        losses.append(loss.item())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert losses[-1] < 0.5 * losses[0]
    # The network of the same people in the volume phase has another one.
    assert phases_of(build_model("fused-nano", grid_shape=SHAPE, **SIZES)) == (Phase.LAYOUT, Phase.VOLUME)
