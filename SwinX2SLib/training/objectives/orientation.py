"""The objective of the network that tells how a film hangs: films hung at random, and how they were hung."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from SwinX2SLib.models.film_orientation import ORIENTATIONS, Orientation, View, as_square, hang
from SwinX2SLib.training.batches import Batch
from SwinX2SLib.training.objectives.phase import Phase

# Each film is hung in so many ways: drawing a person costs more than looking at a film.
WAYS = 3
# The least share of either side of a film that a random section keeps.
LEAST_SECTION = 0.6


def orientation_loss(model: nn.Module, batch: Batch, phase: Phase) -> dict[str, Tensor]:
    """Return the cross entropy of both views' films, each hung in several ways.

    Args:
        model: a `FilmOrientationNet`.
        batch: films that hang as they should.
        phase: not used; there is one.
    """
    generator = torch.Generator().manual_seed(int(batch.seeds[0]))
    films, targets = [], []
    for view, stack in ((View.FRONTAL, batch.coronal), (View.LATERAL, batch.sagittal)):
        for film in stack.repeat_interleave(WAYS, dim=0):
            square = as_square(_section(film[None], generator), model.config.film_px)
            orientation, target = _random_orientation(view, generator)
            films.append(hang(square, orientation))
            targets.append(target)
    logits = model(torch.cat(films))
    return {
        "orientation": functional.cross_entropy(logits.float(), torch.tensor(targets, device=logits.device))
    }


def _section(film: Tensor, generator: torch.Generator) -> Tensor:
    """Return a random rectangle of a film `(1, 1, W, H)`: real films are cut to any proportions."""
    for axis in (-2, -1):
        size = film.shape[axis]
        share = LEAST_SECTION + (1 - LEAST_SECTION) * torch.rand((), generator=generator).item()
        kept = max(round(size * share), 1)
        start = int(torch.randint(size - kept + 1, (), generator=generator))
        film = film.narrow(axis, start, kept)
    return film


def _random_orientation(view: View, generator: torch.Generator) -> tuple[Orientation, int]:
    """Return how a film is hung and the index of its name; a frontal film may be mirrored, but is not called so."""
    turns, mirrored = (
        int(torch.randint(4, (), generator=generator)),
        torch.rand((), generator=generator) < 0.5,
    )
    shown = Orientation(view, turns, bool(mirrored))
    named = shown if view is View.LATERAL else Orientation(view, turns)
    return shown, ORIENTATIONS.index(named)
