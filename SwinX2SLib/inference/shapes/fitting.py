"""The placement of pieces whose films look most like those given."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from SwinX2SLib.inference.shapes.placement import Placement
from SwinX2SLib.inference.shapes.shadows import cast, edges, edges_seen, likeness, within

STEPS, RATE = 100, 0.08
# How much the films' likeness counts against the strain.
LIKENESS_WEIGHT = 100.0


@dataclass(frozen=True)
class Films:
    """Both films and the size of their pixels.

    Attributes:
        coronal: `(X, Z)`, bone bright.
        sagittal: `(Y, Z)`.
        spacing_mm: of pixels, and of the volume's voxels.
    """

    coronal: Tensor
    sagittal: Tensor
    spacing_mm: float

    def views(self) -> tuple[tuple[int, Tensor], ...]:
        """Return for both films the axis of the volume that runs across them, and the film."""
        return (0, self.coronal), (1, self.sagittal)


def fit(placement: Placement, films: Films, steps: int = STEPS) -> None:
    """Move, turn, grow and change the pieces until their films look most like those given."""
    optimiser = torch.optim.Adam(placement.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps, pct_start=0.2)
    wanted = [(axis, edges_seen(film.float())) for axis, film in films.views()]
    with torch.enable_grad():
        for _ in range(steps):
            optimiser.zero_grad()
            loss = placement.strain()
            for film, edge, where in shadows(placement, wanted, films.spacing_mm):
                loss = loss - LIKENESS_WEIGHT * likeness(film, edge, where)
            loss.backward()
            optimiser.step()
            schedule.step()


def shadows(
    placement: Placement, wanted: list[tuple[int, Tensor]], spacing_mm: float
) -> list[tuple[Tensor, Tensor, Tensor]]:
    """Return for each view the edges of the pieces' film, those of the film given, and where to compare them."""
    placed, larger = placement.placed_mm()
    weight = placement.dense * larger / spacing_mm**3
    found = []
    for axis, edge in wanted:
        film = cast(placed[:, (axis, 2)] / spacing_mm, weight, tuple(edge.shape))
        found.append((edges(film), edge, within(film)))
    return found


@torch.no_grad()
def piece_likeness(placement: Placement, films: Films) -> list[float]:
    """Return for each piece how alike both films are where it casts its shadow, the mean of both views."""
    wanted = [(axis, edges_seen(film.float())) for axis, film in films.views()]
    views = shadows(placement, wanted, films.spacing_mm)
    placed, larger = placement.placed_mm()
    weight = placement.dense * larger / films.spacing_mm**3
    result = []
    for number in range(len(placement.pieces)):
        own = placement.piece == number
        alike = []
        for (axis, edge), (film, _, _) in zip(wanted, views, strict=True):
            shadow = cast(placed[own][:, (axis, 2)] / films.spacing_mm, weight[own], tuple(edge.shape))
            alike.append(float(likeness(film, edge, within(shadow))))
        result.append(sum(alike) / len(alike))
    return result
