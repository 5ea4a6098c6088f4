"""The network that names ribs: what it is asked, that it learns it, and how its answer returns to the radiographs."""

import numpy as np
import pytest
import torch

from SwinX2SLib.models.builder import build_model
from SwinX2SLib.reconstruct.level_assignment import name_ribs
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
    model = build_model("rib-names", **SIZES)
    return model, objective_for(model, TrainingConfig(model="rib-names", network=SIZES))


def test_a_person_without_a_spine_teaches_nothing_and_does_no_harm():
    model, loss_of = objective()
    nobody = torch.zeros(SHAPE, dtype=torch.uint8)
    sum(loss_of(model, batch([nobody, nobody]), Phase.VOLUME).values()).backward()
    assert all(p.grad is None or bool((p.grad == 0).all()) for p in model.parameters())


def test_a_rib_that_nobody_annotated_teaches_nothing():
    model, loss_of = objective()
    known = torch.ones(1, 55, dtype=torch.bool)
    known[0, 26:50] = False
    sum(loss_of(model, batch([person(20)], known), Phase.VOLUME).values()).backward()
    assert all(p.grad is None or bool((p.grad == 0).all()) for p in model.parameters())


def test_the_network_learns_to_name_simple_ribs_and_puts_the_names_back_where_they_belong():
    model, loss_of = objective()
    optimiser = torch.optim.AdamW(model.parameters(), 5e-3)
    for step in range(60):
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
    name_ribs(silhouettes, (shown.coronal, shown.sagittal), model.eval())
    for left, right in zip(RIBS["left"], RIBS["right"], strict=True):
        for label in (left, right):
            if truth[0][label - 1].any():
                assert overlap(silhouettes[0][label - 1] > 0.5, truth[0][label - 1]) > 0.6
        one, other = (silhouettes[1][label - 1] for label in (left, right))
        either = truth[1][left - 1] | truth[1][right - 1]
        if either.any():
            assert overlap(1 - (1 - one) * (1 - other) > 0.5, either) > 0.6


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    return 2 * (one & other).sum() / (one.sum() + other.sum())


def test_ribs_keep_their_names_where_no_spine_is_seen():
    model, _ = objective()
    rng = np.random.default_rng(0)
    silhouettes = tuple(rng.random((54, *SHAPE[:2])).astype(np.float32) for _ in range(2))
    for view in silhouettes:
        view[:25] = 0
    before = [view.copy() for view in silhouettes]
    name_ribs(silhouettes, (torch.rand(1, 1, 96, 96), torch.rand(1, 1, 96, 96)), model.eval())
    assert all((one == other).all() for one, other in zip(before, silhouettes, strict=True))
