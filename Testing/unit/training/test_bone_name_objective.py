"""The network that names bones: what it is asked, that it learns it, how its answer returns to the radiographs."""

import numpy as np
import pytest
import torch

from SwinX2SLib.models.builder import build_model
from SwinX2SLib.reconstruct.level_assignment import name_bones
from SwinX2SLib.skeleton.levels import LEVELS
from SwinX2SLib.skeleton.spine_frame import BESIDE_MM, DEPTH_MM, SIDES, SpineFrame, drawn_about
from SwinX2SLib.training.config import TrainingConfig
from SwinX2SLib.training.data import Batch, occupied_rays
from SwinX2SLib.training.objectives import Phase, objective_for

pytestmark = pytest.mark.slow

SHAPE = (96, 96, 96)
SIZES = {"widths": (16, 16, 16, 16, 16)}
RIBS = {"left": range(26, 38), "right": range(38, 50)}


def person(top: int, first: int = 10, count: int = 6) -> torch.Tensor:
    """Vertebrae of 8 slices from T3 on; from each, straight ribs run to both sides and forwards."""
    labels = torch.zeros(SHAPE, dtype=torch.uint8)
    for number in range(count):
        label, row = first + number, top + 8 * number
        labels[44:52, 60:70, row + 1 : row + 7] = label
        for away in range(6, 36):
            height = row + 3 + away // 4
            depth = slice(62 - away, 66 - away)
            labels[48 + away, depth, height : height + 3] = 26 + label - 8
            labels[47 - away, depth, height : height + 3] = 38 + label - 8
    return labels


def batch(labels: list[torch.Tensor], known: torch.Tensor | None = None) -> Batch:
    """Radiographs on which bone is bright, as the rays meet it."""
    stack = torch.stack(labels)
    bone = (stack > 0).float()
    return Batch(
        coronal=bone.mean(2)[:, None],
        sagittal=bone.mean(1)[:, None],
        labels=stack,
        coronal_occupied=torch.stack([occupied_rays(one, 1) for one in stack]),
        sagittal_occupied=torch.stack([occupied_rays(one, 0) for one in stack]),
        known=torch.ones(len(stack), 55, dtype=torch.bool) if known is None else known,
        seeds=torch.arange(len(stack)),
    )


def objective():
    torch.manual_seed(0)
    model = build_model("bone-names", **SIZES)
    return model, objective_for(model, TrainingConfig(model="bone-names", network=SIZES))


def test_a_person_without_a_spine_teaches_nothing_and_does_no_harm():
    model, loss_of = objective()
    nobody = torch.zeros(SHAPE, dtype=torch.uint8)
    sum(loss_of(model, batch([nobody, nobody]), Phase.VOLUME).values()).backward()
    assert all(p.grad is None or bool((p.grad == 0).all()) for p in model.parameters())


def test_a_bone_that_nobody_annotated_teaches_nothing():
    model, loss_of = objective()
    known = torch.ones(1, 55, dtype=torch.bool)
    known[0, 26:50] = False
    sum(loss_of(model, batch([person(20)], known), Phase.VOLUME).values()).backward()
    heads = [plane.head.weight.grad.flatten(1).abs().sum(1) for plane in (model.frontal, model.lateral)]
    assert all(bool((head[:12] == 0).all()) and bool((head[12:] > 0).all()) for head in heads)


def test_the_network_learns_to_name_simple_ribs_and_puts_the_names_back_where_they_belong():
    model, loss_of = objective()
    optimiser = torch.optim.AdamW(model.parameters(), 5e-3)
    for step in range(120):
        losses = loss_of(model, batch([person(14 + step % 9), person(14 + (step + 4) % 9)]), Phase.VOLUME)
        optimiser.zero_grad()
        sum(losses.values()).backward()
        optimiser.step()
    shown = batch([person(21)])
    truth = [occupied[0].numpy() > 0 for occupied in (shown.coronal_occupied, shown.sagittal_occupied)]
    # The names of the vertebrae are known, those of the ribs are not.
    silhouettes = tuple(view.astype(np.float32) for view in truth)
    for view in silhouettes:
        view[25:49] = 0
    name_bones(silhouettes, (shown.coronal, shown.sagittal), model.eval())
    for left, right in zip(RIBS["left"], RIBS["right"], strict=True):
        for label in (left, right):
            if truth[0][label - 1].any():
                assert overlap(silhouettes[0][label - 1] > 0.5, truth[0][label - 1]) > 0.6
        one, other = (silhouettes[1][label - 1] for label in (left, right))
        either = truth[1][left - 1] | truth[1][right - 1]
        if either.any():
            assert overlap(1 - (1 - one) * (1 - other) > 0.5, either) > 0.6


def test_what_a_perfect_network_sees_returns_to_its_place_with_its_side_and_name():
    shown = batch([person(21)])
    truth = [occupied[0].float() for occupied in (shown.coronal_occupied, shown.sagittal_occupied)]
    frames = [SpineFrame.of(view.numpy()) for view in truth]
    left, right = (bones for bones, _ in SIDES)
    beside = [drawn_about(frames[0], truth[0][own], BESIDE_MM, side) for own, side in SIDES]
    deep = drawn_about(frames[1], torch.maximum(truth[1][left], truth[1][right]), DEPTH_MM)
    perfect = tuple(torch.logit(seen[None].clamp(1e-4, 1 - 1e-4)) for seen in (torch.stack(beside), deep))
    silhouettes = tuple(view.numpy().copy() for view in truth)
    for view in silhouettes:
        view[LEVELS:] = 0.7  # of no use, and everywhere
    name_bones(silhouettes, (shown.coronal, shown.sagittal), lambda *drawn: perfect)
    for number in (*left, *right):
        assert same(silhouettes[0][number], truth[0][number])
    for one, other in zip(left, right, strict=True):
        probability = 1 - (1 - silhouettes[1][one]) * (1 - silhouettes[1][other])
        if one == other:
            probability = silhouettes[1][one]
        assert same(probability, torch.maximum(truth[1][one], truth[1][other]))


def same(probability: np.ndarray, truth: torch.Tensor) -> bool:
    seen, true = probability > 0.5, truth.numpy() > 0
    return not seen.any() if not true.any() else overlap(seen, true) > 0.8


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    return 2 * (one & other).sum() / (one.sum() + other.sum())


def test_ribs_keep_their_names_where_no_spine_is_seen():
    model, _ = objective()
    rng = np.random.default_rng(0)
    silhouettes = tuple(rng.random((54, *SHAPE[:2])).astype(np.float32) for _ in range(2))
    for view in silhouettes:
        view[:25] = 0
    before = [view.copy() for view in silhouettes]
    name_bones(silhouettes, (torch.rand(1, 1, 96, 96), torch.rand(1, 1, 96, 96)), model.eval())
    assert all((one == other).all() for one, other in zip(before, silhouettes, strict=True))
