import math

import pytest
import torch

from SwinX2SLib.training.losses import dice_ce, merge_unknown, silhouette_loss

CLASSES = 55


def logits_for(labels: torch.Tensor, confidence: float) -> torch.Tensor:
    return confidence * torch.nn.functional.one_hot(labels.long(), CLASSES).movedim(-1, 1).float()


def all_known(batch: int = 1) -> torch.Tensor:
    return torch.ones(batch, CLASSES, dtype=torch.bool)


def test_a_uniform_prediction_costs_the_logarithm_of_the_number_of_classes():
    labels = torch.zeros(1, 2, 2, 2, dtype=torch.uint8)
    entropy, _ = dice_ce(torch.zeros(1, CLASSES, 2, 2, 2), labels, all_known())
    assert float(entropy) == pytest.approx(math.log(CLASSES), rel=1e-5)


def test_a_certain_and_right_prediction_costs_nothing():
    labels = torch.randint(0, CLASSES, (2, 8, 8, 8), dtype=torch.uint8)
    entropy, dice = dice_ce(logits_for(labels, 50.0), labels, all_known(2))
    assert float(entropy) == pytest.approx(0, abs=1e-5)
    assert float(dice) == pytest.approx(0, abs=1e-4)


def test_dice_of_one_bone_half_found_is_what_the_hand_computes():
    labels = torch.zeros(1, 1, 1, 4, dtype=torch.uint8)
    labels[..., :2] = 20
    predicted = torch.zeros(1, 1, 1, 4, dtype=torch.uint8)
    predicted[..., :1] = 20
    _, dice = dice_ce(logits_for(predicted, 60.0), labels, all_known())
    # Smoothed by one: (2*1+1)/(1+2+1) for the bone and for its group alike.
    assert float(dice) == pytest.approx(1 - 3 / 4, abs=1e-4)


def test_an_unknown_bone_predicted_on_background_is_not_punished():
    labels = torch.zeros(1, 2, 2, 2, dtype=torch.uint8)
    predicted = torch.full_like(labels, 30)
    known = all_known()
    assert float(dice_ce(logits_for(predicted, 20.0), labels, known)[0]) > 10
    known[:, 26:50] = False
    assert float(dice_ce(logits_for(predicted, 20.0), labels, known)[0]) == pytest.approx(0, abs=1e-5)


def test_merging_keeps_the_total_probability():
    logits = torch.randn(2, CLASSES, 3, 3, 3)
    known = all_known(2)
    known[1, 26:50] = False
    merged = merge_unknown(logits, known).softmax(1)
    expected = logits.softmax(1)
    torch.testing.assert_close(merged[0], expected[0])
    torch.testing.assert_close(merged[1, 0], expected[1, 0] + expected[1, 26:50].sum(0))
    assert float(merged[1, 26:50].max()) == 0


def test_silhouettes_of_unknown_bones_are_not_scored():
    occupied = torch.zeros(1, CLASSES - 1, 4, 4, dtype=torch.uint8)
    logits = torch.full((1, CLASSES - 1, 4, 4), -30.0)
    logits[:, 29] = 30.0
    known = all_known()
    assert float(silhouette_loss(logits, occupied, known)) > 10
    known[:, 30] = False
    assert float(silhouette_loss(logits, occupied, known)) == pytest.approx(
        1, abs=1e-4
    )  # no bone present: Dice term 1


def test_the_loss_pulls_every_class_towards_its_label():
    labels = torch.randint(0, CLASSES, (1, 6, 6, 6), dtype=torch.uint8)
    logits = torch.zeros(1, CLASSES, 6, 6, 6, requires_grad=True)
    sum(dice_ce(logits, labels, all_known())).backward()
    downhill = -logits.grad.gather(1, labels[:, None].long())
    assert bool((downhill > 0).all())
