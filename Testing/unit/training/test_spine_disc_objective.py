"""The network that finds discs: what it is asked, and that it can learn it."""

import numpy as np
import pytest
import torch

from SwinX2SLib.models.builder import build_model
from SwinX2SLib.skeleton.discs import find_discs
from SwinX2SLib.training.config import TrainingConfig
from SwinX2SLib.training.data import Batch
from SwinX2SLib.training.objectives import MARGIN_PX, Phase, objective_for, ridges

pytestmark = pytest.mark.slow

SHAPE = (32, 32, 64)
SIZES = {"widths": (8, 8, 16, 16, 16)}


def spine(offset: int) -> torch.Tensor:
    labels = torch.zeros(SHAPE, dtype=torch.uint8)
    for number in range(4):
        top = 4 + offset + 13 * number
        labels[11:21, 8:28, top : top + 10] = 20 + number
    return labels


def batch(labels: list[torch.Tensor]) -> Batch:
    """Radiographs on which bone is bright, as the rays meet it."""
    stack = torch.stack(labels)
    bone = (stack > 0).float()
    return Batch(
        coronal=bone.mean(2)[:, None],
        sagittal=bone.mean(1)[:, None],
        labels=stack,
        coronal_occupied=torch.zeros(0),
        sagittal_occupied=torch.zeros(0),
        known=torch.ones(len(stack), 55, dtype=torch.bool),
        seeds=torch.zeros(len(stack), dtype=torch.long),
    )


def objective():
    torch.manual_seed(0)
    model = build_model("spine-discs", **SIZES)
    return model, objective_for(model, TrainingConfig(model="spine-discs", network=SIZES))


def test_the_ridge_runs_along_the_middle_of_each_disc_and_only_rows_near_discs_teach():
    discs = find_discs(spine(0).numpy())
    target, teaches = ridges(discs, (32, 64), lateral=False)
    # The bodies' faces are slices 13 and 17.
    assert int(target[15].argmax()) == 15
    assert target[15, 15] == 1
    assert target[5].max() == 0
    rows = np.flatnonzero(teaches[0])
    assert (rows[0], rows[-1]) == (15 - MARGIN_PX, 41 + MARGIN_PX)


def test_a_person_without_a_spine_teaches_nothing_and_does_no_harm():
    model, loss_of = objective()
    losses = loss_of(model, batch([torch.zeros(SHAPE, dtype=torch.uint8)]), Phase.VOLUME)
    total = sum(losses.values())
    total.backward()
    assert total.item() == 0
    assert all(p.grad is None or bool((p.grad == 0).all()) for p in model.parameters())


def test_the_network_learns_where_the_discs_of_simple_spines_lie():
    model, loss_of = objective()
    optimiser = torch.optim.AdamW(model.parameters(), 1e-2)
    for step in range(40):
        losses = loss_of(model, batch([spine(step % 7), spine((step + 3) % 7)]), Phase.VOLUME)
        optimiser.zero_grad()
        sum(losses.values()).backward()
        optimiser.step()
    with torch.no_grad():
        seen = model(batch([spine(5)]).coronal, False)[0, 16]
    highest = seen.topk(3).indices.sort().values
    assert torch.equal(highest, torch.tensor([20, 33, 46]))
