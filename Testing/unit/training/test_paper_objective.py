import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from monai.losses import DiceCELoss
from torch import nn
from torch.nn import functional

from SwinX2SLib.errors import InputError
from SwinX2SLib.models.builder import build_model
from SwinX2SLib.phantom import PhantomParameters, build_phantom
from SwinX2SLib.training import paper_objective as objective_module
from SwinX2SLib.training.config import TrainingConfig
from SwinX2SLib.training.data import Batch
from SwinX2SLib.training.objectives import Phase, objective_for
from SwinX2SLib.training.paper_objective import paper_loss, paper_objective

SMALL = {"embed_dim": 4, "depths": [2, 2, 2, 2], "grid_shape": [32, 32, 64]}


class GivenViews(nn.Module):
    """Stands for a network whose features are the logits of both views, and whose head changes nothing."""

    def __init__(self, coronal: torch.Tensor, sagittal: torch.Tensor):
        super().__init__()
        self.views = coronal, sagittal
        classes = coronal.shape[1]
        self.head = nn.Conv3d(classes, classes, 1, bias=False)
        nn.init.eye_(self.head.weight.view(classes, classes))

    def forward(self, coronal, sagittal, apply_head):
        assert not apply_head
        return self.views


def batch_of(labels: torch.Tensor, known: torch.Tensor, radiographs: tuple[int, int] = (1, 1)) -> Batch:
    size = len(labels)
    generator = torch.Generator().manual_seed(5)
    occupied = torch.zeros(size, known.shape[1] - 1, 1, 1, dtype=torch.uint8)
    coronal, sagittal = (torch.rand(size, 1, *radiographs, generator=generator) for _ in range(2))
    return Batch(coronal, sagittal, labels, occupied, occupied, known, torch.zeros(size, dtype=torch.int64))


def random_case(seed: int, classes: int = 6, size: int = 2, grid: tuple[int, ...] = (5, 4, 3)):
    generator = torch.Generator().manual_seed(seed)
    views = [3 * torch.randn(size, classes, *grid, generator=generator) for _ in range(2)]
    labels = torch.randint(0, classes, (size, *grid), generator=generator, dtype=torch.uint8)
    return views, labels, torch.ones(size, classes, dtype=torch.bool)


def loss_of(views, labels, known, cross_loss=True) -> dict[str, torch.Tensor]:
    return paper_loss(GivenViews(*views), batch_of(labels, known), cross_loss)


def values_of(*arguments) -> dict[str, float]:
    return {name: float(value.detach()) for name, value in loss_of(*arguments).items()}


def total(parts: dict[str, torch.Tensor]) -> float:
    return float(sum(parts.values()).detach())


def reference_loss(views, labels) -> torch.Tensor:
    """Equation 7 out of the losses of MONAI and PyTorch that the published code uses."""
    single = DiceCELoss(to_onehot_y=True, softmax=True)
    terms = []
    for own, other in (views, views[::-1]):
        terms += [
            single(own, labels[:, None].long()),
            functional.kl_div(other.log_softmax(1), own.softmax(1), reduction="none").mean(),
        ]
    return 0.5 * sum(terms)


def test_two_voxels_cost_what_the_hand_computes():
    bone = {"coronal": (0.8, 0.4), "sagittal": (0.6, 0.2)}
    views = [
        torch.tensor([[1 - a, 1 - b, a, b] for a, b in [bone[view]]]).log().view(1, 2, 2, 1, 1)
        for view in ("coronal", "sagittal")
    ]
    labels = torch.tensor([1, 0], dtype=torch.uint8).view(1, 2, 1, 1)
    parts = values_of(views, labels, torch.ones(1, 2, dtype=torch.bool))
    entropy = -(math.log(0.8) + math.log(0.6) + math.log(0.6) + math.log(0.8)) / 4
    assert parts["cross_entropy"] == pytest.approx(entropy, rel=1e-5)
    dices = [2 * 0.6 / (0.8 + 1), 2 * 0.8 / (1.2 + 1), 2 * 0.8 / (1.2 + 1), 2 * 0.6 / (0.8 + 1)]
    assert parts["dice"] == pytest.approx(1 - sum(dices) / 4, rel=1e-4)
    divergence = sum(
        (p - q) * math.log(p / q) for p, q in ((0.8, 0.6), (0.2, 0.4), (0.4, 0.2), (0.6, 0.8))
    ) / (2 * 2)
    assert parts["cross_view"] == pytest.approx(divergence / 2, rel=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_the_loss_and_its_gradient_are_those_of_the_published_code(seed):
    views, labels, known = random_case(seed)
    gradients = []
    for loss in (lambda v: sum(loss_of(v, labels, known).values()), lambda v: reference_loss(v, labels)):
        inputs = [view.clone().requires_grad_() for view in views]
        value = loss(inputs)
        gradients.append((value.detach(), *torch.autograd.grad(value, inputs)))
    for ours, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-6)


def test_the_gradient_is_the_slope_of_the_loss():
    views, labels, known = random_case(7, grid=(2, 2, 2))
    known[0, 3:5] = False
    inputs = [view.clone().requires_grad_() for view in views]
    value = sum(loss_of(inputs, labels, known).values())
    gradients = torch.autograd.grad(value, inputs)
    directions = [torch.randn_like(view) for view in views]
    slope = sum(float((g * d).sum()) for g, d in zip(gradients, directions, strict=True))
    ends = [
        total(loss_of([v + sign * 3e-3 * d for v, d in zip(views, directions, strict=True)], labels, known))
        for sign in (1, -1)
    ]
    assert (ends[0] - ends[1]) / 6e-3 == pytest.approx(slope, rel=2e-2, abs=2e-4)


def test_a_sample_costs_what_it_would_cost_a_network_without_the_classes_unknown_to_it():
    views, labels, known = random_case(1, classes=6, size=1)
    labels[labels >= 4] = 0
    known[:, 4:] = False
    reduced = []
    for view in views:
        background = torch.logsumexp(view[:, [0, 4, 5]], dim=1, keepdim=True)
        reduced.append(torch.cat([background, view[:, 1:4]], dim=1))
    assert total(loss_of(views, labels, known)) == pytest.approx(
        float(reference_loss(reduced, labels)), rel=1e-4
    )


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**20), unknown=st.sets(st.integers(1, 5), min_size=1, max_size=4), data=st.data())
def test_moving_an_unknown_classs_mass_to_the_background_changes_nothing(seed, unknown, data):
    views, labels, known = random_case(seed, size=1)
    known[:, sorted(unknown)] = False
    chosen = data.draw(st.sampled_from(sorted(unknown)))
    moved = [view.clone() for view in views]
    for view in moved:
        view[:, 0] = torch.logaddexp(view[:, 0], view[:, chosen])
        view[:, chosen] = -1e4
    before, after = values_of(views, labels, known), values_of(moved, labels, known)
    assert after == pytest.approx(before, rel=1e-4, abs=1e-6)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**20), unknown=st.integers(1, 5))
def test_what_is_drawn_of_an_unknown_class_counts_as_background(seed, unknown):
    views, labels, known = random_case(seed, size=1)
    known[:, unknown] = False
    erased = torch.where(labels == unknown, 0, labels)
    assert total(loss_of(views, labels, known)) == pytest.approx(total(loss_of(views, erased, known)))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**20))
def test_views_that_agree_do_not_diverge_and_views_that_differ_do_alike_in_both_directions(seed):
    (coronal, sagittal), labels, known = random_case(seed)
    # A constant added to all logits of a voxel is the same prediction.
    same = values_of((coronal, coronal + torch.randn(2, 1, 5, 4, 3)), labels, known)
    assert same["cross_view"] == pytest.approx(0, abs=1e-5)
    one = values_of((coronal, sagittal), labels, known)["cross_view"]
    assert one > 1e-3
    assert values_of((sagittal, coronal), labels, known)["cross_view"] == pytest.approx(one, rel=1e-5)


def test_without_the_cross_loss_the_views_do_not_see_each_other():
    views, labels, known = random_case(3)
    with_it, without = values_of(views, labels, known), values_of(views, labels, known, False)
    cross_view = with_it.pop("cross_view")
    assert cross_view > 0
    assert without == with_it


def test_the_loss_of_a_batch_is_the_mean_of_the_losses_of_its_samples():
    views, labels, known = random_case(4, size=3)
    known[1, 2:4] = False
    known[2, 5] = False
    alone = [
        total(loss_of([v[i : i + 1] for v in views], labels[i : i + 1], known[i : i + 1])) for i in range(3)
    ]
    assert total(loss_of(views, labels, known)) == pytest.approx(sum(alone) / 3, rel=1e-5)


def test_scoring_in_slabs_changes_neither_loss_nor_gradient_and_never_holds_more_than_a_slab(monkeypatch):
    views, labels, known = random_case(6, grid=(9, 4, 8))
    found, sizes = [], []
    for elements in (10**9, 2 * 6 * 4 * 8 * 2):
        monkeypatch.setattr(objective_module, "SLAB_ELEMENTS", elements)
        model = GivenViews(*(view.clone().requires_grad_() for view in views))
        model.head.register_forward_hook(lambda module, arguments, output: sizes.append(output.numel()))
        sizes.clear()
        value = sum(paper_loss(model, batch_of(labels, known)).values())
        value.backward()
        found.append([value.detach(), model.head.weight.grad, *(view.grad for view in model.views)])
        assert max(sizes) <= elements
    # Two views in five slabs, once on the way there and once more on the way back.
    assert len(sizes) == 2 * 5 * 2
    for whole, slabs in zip(*found, strict=True):
        torch.testing.assert_close(slabs, whole)


def test_the_objective_of_the_papers_networks_follows_from_their_type_and_obeys_the_ablation():
    model = build_model("swinx2s-tiny", out_channels=7, **SMALL)
    batch = batch_of(
        torch.zeros(1, 32, 32, 64, dtype=torch.uint8), torch.ones(1, 7, dtype=torch.bool), (32, 64)
    )
    for cross_loss, names in (
        (True, {"cross_entropy", "dice", "cross_view"}),
        (False, {"cross_entropy", "dice"}),
    ):
        config = TrainingConfig(model="swinx2s-tiny", layout_steps=0, cross_loss=cross_loss)
        with torch.no_grad():
            assert set(objective_for(model, config)(model, batch, Phase.VOLUME)) == names


def test_steps_that_learn_silhouettes_alone_are_refused_for_networks_without_silhouettes():
    with pytest.raises(InputError, match="layout_steps = 0"):
        paper_objective(TrainingConfig(model="swinx2s-tiny", layout_steps=5))
    with pytest.raises(ValueError, match="layout"):
        paper_objective(TrainingConfig(model="swinx2s-tiny", layout_steps=0))(None, None, Phase.LAYOUT)


def test_a_network_of_one_prediction_has_no_cross_loss_to_leave_out():
    with torch.device("meta"):
        model = build_model("fused-nano")
    with pytest.raises(InputError, match="cross_loss"):
        objective_for(model, TrainingConfig(model="fused-nano", cross_loss=False))


@pytest.fixture(scope="module")
def phantom_batch() -> Batch:
    """The phantom in 32x32x64 voxels, and how much bone each of its rays meets."""
    phantom = build_phantom(PhantomParameters(), 6.0)
    sides = zip(phantom.labels.shape, (32, 32, 64), strict=True)
    nearest = [np.linspace(0, side - 1, wanted).round().astype(int) for side, wanted in sides]
    labels = torch.from_numpy(phantom.labels[np.ix_(*nearest)])
    radiographs = [(labels > 0).float().mean(axis) for axis in (1, 0)]
    known = torch.ones(1, 55, dtype=torch.bool)
    batch = batch_of(labels[None], known)
    batch.coronal, batch.sagittal = (
        (radiograph / radiograph.max())[None, None] for radiograph in radiographs
    )
    return batch


@pytest.mark.slow
@pytest.mark.parametrize("mixed_precision", [False, True])
@pytest.mark.parametrize("transformer_skip", [True, False])
def test_a_small_network_of_the_paper_learns_one_phantom_channels_last(
    phantom_batch, mixed_precision, transformer_skip, request
):
    if mixed_precision:
        request.getfixturevalue("native_bfloat16")
    torch.manual_seed(0)
    sizes = {**SMALL, "embed_dim": 8, "depths": [1, 1, 1, 1]}
    model = build_model("swinx2s-tiny", transformer_skip=transformer_skip, **sizes)
    for module in model.modules():
        if isinstance(module, nn.Conv3d):
            module.to(memory_format=torch.channels_last_3d)
    optimiser = torch.optim.AdamW(model.parameters(), 1e-2)
    losses = []
    for _ in range(20):
        with torch.autocast("cpu", torch.bfloat16, enabled=mixed_precision):
            loss = sum(paper_loss(model, phantom_batch).values())
        optimiser.zero_grad()
        loss.backward()
        assert bool(nn.utils.clip_grad_norm_(model.parameters(), 1.0).isfinite())
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.7 * losses[0]
