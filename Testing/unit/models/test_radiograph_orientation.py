"""How a radiograph hangs: what the names mean, and a network that can learn them."""

import pytest
import torch

from SwinX2SLib.models.builder import build_model
from SwinX2SLib.models.orientation import ORIENTATIONS, Orientation, View, as_square, reorient
from SwinX2SLib.training.config import TrainingConfig
from SwinX2SLib.training.data import Batch
from SwinX2SLib.training.objectives import Phase, objective_for

pytestmark = pytest.mark.slow


def test_a_quarter_turn_brings_the_upper_left_corner_to_the_upper_right():
    radiograph = torch.zeros(3, 5)  # (across, down)
    radiograph[0, 0] = 1
    turned = reorient(radiograph, Orientation(View.FRONTAL, 1))
    assert turned.shape == (5, 3)
    assert turned[-1, 0] == 1


def test_a_radiograph_is_mirrored_before_it_is_turned():
    radiograph = torch.zeros(3, 5)
    radiograph[0, 0] = 1
    assert reorient(radiograph, Orientation(View.LATERAL, 0, True))[-1, 0] == 1
    assert reorient(radiograph, Orientation(View.LATERAL, 1, True))[-1, -1] == 1


def test_every_orientation_shows_a_radiograph_differently():
    radiograph = torch.rand(4, 4)
    lateral = [reorient(radiograph, o) for o in ORIENTATIONS if o.view is View.LATERAL]
    assert len({tuple(shown.ravel().tolist()) for shown in lateral}) == 8
    assert not any(o.mirrored for o in ORIENTATIONS if o.view is View.FRONTAL)


@pytest.mark.parametrize("size", [(20, 40), (40, 20), (31, 17), (8, 8)])
def test_a_radiograph_keeps_its_proportions_in_the_square(size):
    square = as_square(torch.ones(1, 1, *size), 24)[0, 0]
    assert square.shape == (24, 24)
    across, down = (int((square > 0.5).any(axis).sum()) for axis in (1, 0))
    assert across / down == pytest.approx(size[0] / size[1], rel=0.08)
    middles = [float((square.sum(axis) * torch.arange(24)).sum() / square.sum()) for axis in (1, 0)]
    assert middles == pytest.approx([11.5, 11.5], abs=0.5)


def test_the_network_learns_how_simple_radiographs_hang():
    """Frontal radiographs: a bright upper edge; lateral ones: a bright upper edge and a half-bright left one."""
    torch.manual_seed(0)
    config = {"widths": (8, 16, 16, 16), "radiograph_px": 32}
    model = build_model("film-orientation", **config)
    objective = objective_for(model, TrainingConfig(model="film-orientation", network=config))
    optimiser = torch.optim.AdamW(model.parameters(), 5e-3)
    losses = []
    for step in range(60):
        loss = objective(model, _batch(step), Phase.VOLUME)["orientation"]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert sum(losses[-5:]) / 5 < losses[0] / 3


def _batch(step: int) -> Batch:
    coronal, sagittal = 0.1 * torch.rand(2, 6, 1, 32, 32)
    coronal[..., 2:30, :12] += 1
    sagittal[..., 2:30, :12] += 1
    sagittal[..., :12, 2:30] += 0.5
    nothing = torch.zeros(6, 1)
    return Batch(coronal, sagittal, nothing, nothing, nothing, nothing, torch.arange(6) + 10 * step)
