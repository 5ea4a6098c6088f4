"""Femora go to and fro with the sockets of the pelvis, against each other and no other way."""

import numpy as np
import pytest
import torch

from SwinX2SLib.skeleton.label_probabilities import ACETABULUM_WEIGHT, FEMORA, align_femora_to_acetabula

SPACING_MM = 3.0
DEPTH = 1
TURN = 0.1


@pytest.fixture(scope="module")
def turned(pelvis):
    """A pelvis turned about the body axis: one socket is in front of the other."""
    return pelvis(turn=TURN, step=20)


def depth_mm(probability: torch.Tensor, label: int) -> float:
    weight = probability[label].double().sum(dim=(0, 2))
    return float((weight * torch.arange(len(weight))).sum() / weight.sum() * SPACING_MM)


def alignment(probability, labels, placement) -> tuple[float, float]:
    """Seat femora and return how far each went backwards [mm]."""
    before = [depth_mm(probability, label) for label in FEMORA]
    said = align_femora_to_acetabula(probability, labels, placement, 0, SPACING_MM)
    moved = tuple(depth_mm(probability, label) - depth for label, depth in zip(FEMORA, before, strict=True))
    assert tuple(said[label] for label in FEMORA) == pytest.approx(moved, abs=0.2)
    return moved


def test_heads_turn_with_their_sockets(turned, sockets_mm, femora):
    acetabula = sockets_mm(turned)
    apart = acetabula[0, DEPTH] - acetabula[1, DEPTH]
    assert abs(apart) > 8
    # As by a network that puts both femora at the same depth.
    moved = alignment(*femora(acetabula, (-apart / 2, apart / 2)), turned)
    assert moved[0] == pytest.approx(ACETABULUM_WEIGHT * apart / 2, abs=0.5)
    assert moved[1] == pytest.approx(-moved[0], abs=1e-3)


def test_femora_in_their_sockets_stay(turned, sockets_mm, femora):
    assert alignment(*femora(sockets_mm(turned)), turned) == pytest.approx((0, 0), abs=0.5)


def test_how_deep_both_lie_together_is_the_networks_word(turned, sockets_mm, femora):
    assert alignment(*femora(sockets_mm(turned), (9.0, 9.0)), turned) == pytest.approx((0, 0), abs=0.5)


@pytest.mark.parametrize("shown", [(), FEMORA[:1], FEMORA[1:]])
def test_a_femur_without_the_other_is_left_alone(turned, sockets_mm, femora, shown):
    probability, labels = femora(sockets_mm(turned), (-9.0, 9.0), shown)
    before = probability.clone()
    assert align_femora_to_acetabula(probability, labels, turned, 0, SPACING_MM) == {}
    assert torch.equal(probability, before)


def test_femora_far_from_the_sockets_are_left_alone(turned, sockets_mm, femora):
    far = sockets_mm(turned) + np.array([0, 0, 70.0])
    probability, labels = femora(far, (-9.0, 9.0))
    before = probability.clone()
    assert align_femora_to_acetabula(probability, labels, turned, 0, SPACING_MM) == {}
    assert torch.equal(probability, before)


def test_what_a_femur_leaves_is_background_and_other_bones_are_untouched(turned, sockets_mm, femora):
    probability, labels = femora(sockets_mm(turned), (-9.0, 9.0))
    probability[22, :3] = 0.4
    probability[0, :3] -= 0.4
    before = probability.clone()
    align_femora_to_acetabula(probability, labels, turned, 0, SPACING_MM)
    assert not torch.equal(probability[FEMORA[0]], before[FEMORA[0]])
    others = [label for label in range(1, 55) if label not in FEMORA]
    assert torch.equal(probability[others], before[others])
    assert probability.sum(dim=0).numpy() == pytest.approx(1.0, abs=1e-5)
    assert bool((probability >= 0).all())


def test_half_precision_moves_as_far(turned, sockets_mm, femora):
    probability, labels = femora(sockets_mm(turned), (-9.0, 9.0))
    halved = probability.half()
    assert alignment(halved, labels, turned) == pytest.approx(alignment(probability, labels, turned), abs=0.1)
    assert halved.dtype == torch.float16
