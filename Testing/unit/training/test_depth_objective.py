"""Losses of depth maps against calculations by hand, their truth in a sample, and a network that learns a scene."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from SwinX2SLib.anatomy import CLASS_COUNT
from SwinX2SLib.drr.depth import face_depths
from SwinX2SLib.errors import InputError
from SwinX2SLib.geometry.cameras import ConeCamera, ParallelCamera
from SwinX2SLib.geometry.frames import network_affine
from SwinX2SLib.models.builder import build_model
from SwinX2SLib.models.depth_maps import REFERENCE_MM
from SwinX2SLib.training.config import TrainingConfig
from SwinX2SLib.training.data import BatchDataset
from SwinX2SLib.training.depth_objective import centre_aligned_loss, depth_map_loss, scale_invariant_loss
from SwinX2SLib.training.objectives import objective_for
from SwinX2SLib.training.schedule import Phase
from SwinX2SLib.training.synthesis import Synthesiser
from SwinX2SLib.training.synthesis.depths import sample_depths
from SwinX2SLib.training.synthesis.view_geometry import ViewGeometry, rotation_matrix

SACRUM, HIP = 50, 52
BONES = ("sacrum", "hip_left")


def maps(*values: float) -> torch.Tensor:
    """One sample of one channel with a row of pixels."""
    return torch.tensor(values, dtype=torch.float64).view(1, 1, 1, -1)


def everywhere(depth: torch.Tensor) -> torch.Tensor:
    return torch.ones_like(depth, dtype=torch.bool)


def test_the_scale_invariant_loss_is_that_of_the_formula():
    depth, truth = maps(2.0, 8.0), maps(1.0, 2.0)
    # g = ln 2, ln 4 = 2 ln 2: mean square 2.5 ln^2 2, squared mean 2.25 ln^2 2.
    expected = math.log(2) * math.sqrt(2.5 - 2.25 + 0.15 * 2.25)
    assert float(scale_invariant_loss(depth, truth, everywhere(depth))) == pytest.approx(expected, abs=1e-6)


def test_channels_have_their_own_means_where_asked():
    depth, truth = torch.cat([maps(2.0, 2.0), maps(4.0, 4.0)], dim=1), torch.ones(1, 2, 1, 2).double()
    over_all = math.log(2) * math.sqrt(2.5 - 2.25 + 0.15 * 2.25)
    each = (math.sqrt(0.15) * math.log(2) + math.sqrt(0.15) * math.log(4)) / 2
    mask = everywhere(depth)
    assert float(scale_invariant_loss(depth, truth, mask)) == pytest.approx(over_all, abs=1e-6)
    assert float(scale_invariant_loss(depth, truth, mask, per_channel=True)) == pytest.approx(each, abs=1e-6)


def test_a_perfect_prediction_costs_the_root_of_the_least_square_and_no_more():
    depth = maps(3.0, 5.0)
    assert float(scale_invariant_loss(depth, depth, everywhere(depth))) == pytest.approx(1e-4)


def test_pixels_outside_the_mask_and_samples_without_bone_do_not_count():
    depth, truth = maps(2.0, 8.0, 1e6), maps(1.0, 2.0, 0.0)
    mask = torch.tensor([[[[True, True, False]]]])
    inner = scale_invariant_loss(depth[..., :2], truth[..., :2], everywhere(depth[..., :2]))
    assert float(scale_invariant_loss(depth, truth, mask)) == pytest.approx(float(inner))
    two, no = torch.cat([depth, depth]), torch.cat([mask, torch.zeros_like(mask)])
    assert float(scale_invariant_loss(two, torch.cat([truth, truth]), no)) == pytest.approx(float(inner))
    nothing = depth.requires_grad_()
    loss = scale_invariant_loss(nothing, truth, torch.zeros_like(mask))
    loss.backward()
    assert loss.item() == 0
    assert bool(nothing.grad.isfinite().all())


def test_negative_depths_are_finite_and_cost_much():
    depth, truth = maps(-5.0, 2.0), maps(3.0, 2.0)
    assert 5 < float(scale_invariant_loss(depth, truth, everywhere(depth))) < 20


depths = st.lists(st.floats(800, 1200), min_size=8, max_size=8)


def two_channels(values: list[float]) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64).view(1, 2, 2, 2)


@given(depths, depths, st.floats(-300, 300), st.booleans())
@settings(max_examples=50, deadline=None)
def test_the_centre_aligned_loss_does_not_see_a_shift_of_all_channels(values, true, shift, per_channel):
    depth, truth = two_channels(values), two_channels(true)
    mask = everywhere(depth)
    before, after = (
        float(centre_aligned_loss(d, truth, mask, per_channel=per_channel)) for d in (depth, depth + shift)
    )
    assert after == pytest.approx(before, abs=1e-9)


@given(depths, depths, st.floats(0.8, 1.25))
@settings(max_examples=50, deadline=None)
def test_scale_enters_the_scale_invariant_loss_by_the_weighted_mean_alone(values, true, factor):
    depth, truth = two_channels(values), two_channels(true)
    g = (torch.log(depth) - torch.log(truth)).flatten()
    variance, moved = float(g.var(unbiased=False)), float(g.mean()) + math.log(factor)
    found = float(scale_invariant_loss(factor * depth, truth, everywhere(depth)))
    assert found == pytest.approx(math.sqrt(max(variance + 0.15 * moved**2, 1e-8)), abs=1e-6)


def test_one_channel_moved_against_the_other_is_seen_after_alignment():
    truth = two_channels([1000.0] * 8)
    moved = truth + torch.tensor([10.0, -10.0]).view(1, 2, 1, 1)
    # After alignment g is +-0.01: the two channels are wrong against each other.
    assert float(centre_aligned_loss(moved, truth, everywhere(truth))) == pytest.approx(0.01, rel=0.01)


def scene() -> np.ndarray:
    labels = np.zeros((32, 32, 64), np.uint8)
    labels[6:16, 8:14, 20:44] = SACRUM
    labels[18:28, 12:24, 20:44] = HIP
    return labels


@pytest.mark.parametrize("in_front", [True, False])
def test_depths_of_a_sample_are_those_of_its_camera(in_front):
    labels, spacing = scene(), 3.0
    affine = network_affine(spacing, labels.shape)
    found = sample_depths(torch.from_numpy(labels), ViewGeometry(1, 800.0, in_front), spacing, (SACRUM, HIP))
    camera = ConeCamera("ap" if in_front else "pa", (0, 0, 0), (1.25 * spacing,) * 2, (64, 32), 1000.0, 800.0)
    exact = face_depths(labels, affine, camera, (SACRUM, HIP))
    # Of a source behind, depths of the network still grow backwards.
    faces = (exact.front_mm, exact.back_mm) if in_front else (-exact.back_mm, -exact.front_mm)
    truth = np.concatenate(faces).swapaxes(1, 2)
    depth = found.depth_mm.numpy()
    both = (depth > 0) & np.isfinite(truth)
    assert both.sum() > 0.97 * np.isfinite(truth).sum()
    away = np.abs(depth - REFERENCE_MM - truth)[both]
    assert np.median(away) < 0.02
    assert np.quantile(away, 0.95) < spacing
    assert float(found.divergence) == pytest.approx((1 if in_front else -1) * 96 / 800)


def test_zoom_shift_and_turn_of_a_radiograph_move_the_depths_with_its_picture():
    labels = torch.from_numpy(scene())
    geometry = ViewGeometry(1, rotation=rotation_matrix(4.0, 1.0), zoom=1.1, shift_mm=(3.0, -2.0))
    depth = sample_depths(labels, geometry, 2.0, (SACRUM,)).depth_mm
    # The box is six voxels deep: half of that at its rim.
    shown = geometry.project((labels == SACRUM).float(), 2.0) > 3
    seen = depth[0] > 0
    assert float(2 * (seen & shown).sum() / (seen.sum() + shown.sum())) > 0.95
    assert bool((depth[1] >= depth[0]).all())


def synthesiser(bones: tuple[int, ...] = (SACRUM, HIP), **options) -> Synthesiser:
    found = Synthesiser((32, 32, 64), depth_bones=bones, **options)
    known = np.ones(CLASS_COUNT, dtype=bool)
    found.add_volume(scene(), np.full(3, 3.0), known, 1.0)
    return found


def test_a_batch_carries_depths_and_its_frontal_radiograph():
    batch = BatchDataset(synthesiser(), 2, 5)[0]
    assert batch.depths.depth_mm.shape == (2, 4, 32, 64)
    assert batch.coronal.shape == (2, 1, 32, 64)
    assert not batch.sagittal.any()
    assert batch.to("cpu").depths.spacing_mm.shape == (2,)
    assert bool(((batch.depths.depth_mm == 0) | ((batch.depths.depth_mm - REFERENCE_MM).abs() < 200)).all())


def test_both_radiographs_stay_as_they_were_without_depths():
    batch = BatchDataset(synthesiser(()), 1, 5)[0]
    assert batch.depths is None
    assert batch.to("cpu").depths is None
    assert bool(batch.sagittal.any())


def test_a_bone_that_is_not_known_teaches_nothing():
    source = synthesiser(augment=False)
    batch = BatchDataset(source, 1, 5)[0]
    batch.known[:, SACRUM] = False
    net = build_model("depth-maps", bones=["sacrum"], widths=[8, 8, 8, 8, 8], grid_shape=[32, 32, 64])
    batch.depths = type(batch.depths)(
        batch.depths.depth_mm[:, ::2], batch.depths.spacing_mm, batch.depths.divergence
    )
    parts = depth_map_loss(net, batch, Phase.VOLUME)
    sum(parts.values()).backward()
    # The part of the silhouettes is constant then.
    assert parts["depth"].item() == parts["place"].item() == 0
    assert all(p.grad is None or not p.grad.any() for p in net.parameters())


@pytest.mark.parametrize("centre_aligned", [True, False])
def test_a_network_learns_the_depths_of_a_known_scene_in_seconds(centre_aligned):
    torch.manual_seed(3)
    net = build_model(
        "depth-maps", bones=list(BONES), widths=[8, 12, 16, 16, 16], grid_shape=[32, 32, 64],
        centre_aligned=centre_aligned,
    ).train()  # fmt: skip
    objective = objective_for(net, TrainingConfig(model="depth-maps"))
    batch = BatchDataset(synthesiser(augment=False), 1, 5)[0]
    optimiser = torch.optim.Adam(net.parameters(), 1e-2)
    first = None
    for _ in range(120):
        optimiser.zero_grad()
        loss = sum(objective(net, batch, Phase.VOLUME).values())
        first = loss.item() if first is None else first
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        output = net(batch.coronal, batch.depths.spacing_mm, batch.depths.divergence)
    mask = batch.depths.depth_mm > 0
    error = (output.aligned_mm() - batch.depths.depth_mm).abs()[mask].mean()
    assert float(loss) < 0.2 * first
    # The scene is 96 mm deep; its boxes are 18 and 36 mm thick.
    assert float(error) < 4.0
    seen = output.masks > 0
    truth = mask[:, :2]
    assert float(2 * (seen & truth).sum() / (seen.sum() + truth.sum())) > 0.97


def test_a_single_face_has_one_channel_for_each_bone():
    net = build_model("depth-maps", bones=list(BONES), faces=1, widths=[8] * 5, centre_aligned=False)
    output = net(torch.rand(1, 1, 32, 64), torch.tensor([2.0]), torch.tensor([0.0]))
    assert output.depth_mm.shape == (1, 2, 32, 64)
    assert output.placed_mm is output.depth_mm
    assert output.masks.shape == (1, 2, 32, 64)


def test_depths_follow_the_pixel_size():
    net = build_model("depth-maps", widths=[8] * 5).eval()
    radiograph, none = torch.rand(1, 1, 32, 64), torch.tensor([0.0])
    near, far = (net(radiograph, torch.tensor([mm]), none).depth_mm - REFERENCE_MM for mm in (1.0, 2.0))
    assert torch.allclose(far, 2 * near, atol=1e-3)


def test_wrong_bones_and_faces_are_reported_at_once():
    with pytest.raises(InputError, match=r"no bone 'tail'.*1 or 2 faces, not 3"):
        build_model("depth-maps", bones=["tail"], faces=3)


def test_parallel_depths_of_a_sample_are_exact():
    labels, affine = scene(), network_affine(3.0, (32, 32, 64))
    found = sample_depths(torch.from_numpy(labels), ViewGeometry(1), 3.0, (SACRUM,))
    exact = face_depths(labels, affine, ParallelCamera.on_grid("ap", labels.shape, affine), (SACRUM,))
    truth = np.concatenate([exact.front_mm, exact.back_mm]).swapaxes(1, 2)
    seen = np.isfinite(truth)
    assert np.array_equal(found.depth_mm.numpy() > 0, seen)
    assert np.allclose(found.depth_mm.numpy()[seen] - REFERENCE_MM, truth[seen], atol=1e-3)
