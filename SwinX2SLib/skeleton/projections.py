"""Projections of placed shapes, and the placement whose projections agree most with the radiographs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional

from SwinX2SLib.skeleton.pieces import Placement

# Edges of bone are seen between these widths of blur [pixels].
FINE_PX, COARSE_PX = 0.7, 3.5
# Where so much of the pieces' shadow lies, the films are compared.
SHADOW, SHADOW_BLUR_PX = 0.15, 2.0


def cast(places: Tensor, weight: Tensor, shape: tuple[int, int]) -> Tensor:
    """Return the film of points: each is shared among the four pixels around it.

    Args:
        places: `(N, 2)`, pixel indices.
        weight: `(N,)`.
        shape: of the film.
    """
    width, height = shape
    corner = places.detach().floor()
    share = places - corner
    corner = corner.long()
    film = weight.new_zeros(width * height)
    for across in (0, 1):
        for down in (0, 1):
            x, z = corner[:, 0] + across, corner[:, 1] + down
            inside = (x >= 0) & (x < width) & (z >= 0) & (z < height)
            part = (share[:, 0] if across else 1 - share[:, 0]) * (share[:, 1] if down else 1 - share[:, 1])
            index = x.clamp(0, width - 1) * height + z.clamp(0, height - 1)
            film = film.index_add(0, index, weight * part * inside)
    return film.view(width, height)


def blurred(film: Tensor, sigma_px: float) -> Tensor:
    """Return a film, or films `(..., W, H)`, blurred by a Gaussian; beyond the border there is nothing."""
    kernel = _kernel(sigma_px).to(film.device)
    reach = len(kernel) // 2
    flat = film.reshape(-1, 1, *film.shape[-2:])
    flat = functional.conv2d(flat, kernel[None, None, :, None], padding=(reach, 0))
    return functional.conv2d(flat, kernel[None, None, None], padding=(0, reach)).reshape(film.shape)


def edges(film: Tensor) -> Tensor:
    """Return what of a film of points is neither noise nor soft tissue."""
    return blurred(film, FINE_PX) - blurred(film, COARSE_PX)


def edges_seen(film: Tensor) -> Tensor:
    """Return the same of a film that was taken: it goes on beyond its border, where darkness would be an edge."""
    reach = len(_kernel(COARSE_PX)) // 2
    wider = functional.pad(film[None, None], (reach,) * 4, mode="replicate")[0, 0]
    return edges(wider)[reach:-reach, reach:-reach]


def within(film: Tensor) -> Tensor:
    """Return where a film of attenuation [pixels of compact bone] shows bone, or its border: 0 or 1."""
    return (blurred(film.detach(), SHADOW_BLUR_PX) > SHADOW).float()


def likeness(one: Tensor, other: Tensor, where: Tensor) -> Tensor:
    """Return the normalised cross-correlation of two films within a mask, -1..1."""
    count = where.sum().clamp(min=1)
    one, other = ((film - (film * where).sum() / count) * where for film in (one, other))
    return (one * other).sum() / torch.sqrt((one**2).sum() * (other**2).sum() + 1e-9)


@cache
def _kernel(sigma_px: float) -> Tensor:
    reach = int(3 * sigma_px + 1)
    kernel = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / sigma_px) ** 2)
    return kernel / kernel.sum()


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
