"""Projections of placed shapes, and the placement whose projections agree most with the radiographs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional

from SwinX2SLib.geometry.tuples import shape2
from SwinX2SLib.skeleton.pieces import Placement

# Edges of bone are seen between these widths of blur [pixels].
FINE_PX, COARSE_PX = 0.7, 3.5
# Where so much of the pieces' shadow lies, the radiographs are compared.
PROJECTION, PROJECTION_BLUR_PX = 0.15, 2.0


def cast(places: Tensor, weight: Tensor, shape: tuple[int, int]) -> Tensor:
    """Return the radiograph of points: each is shared among the four pixels around it.

    Args:
        places: `(N, 2)`, pixel indices.
        weight: `(N,)`.
        shape: of the radiograph.
    """
    width, height = shape
    corner = places.detach().floor()
    share = places - corner
    corner = corner.long()
    radiograph = weight.new_zeros(width * height)
    for across in (0, 1):
        for down in (0, 1):
            x, z = corner[:, 0] + across, corner[:, 1] + down
            inside = (x >= 0) & (x < width) & (z >= 0) & (z < height)
            part = (share[:, 0] if across else 1 - share[:, 0]) * (share[:, 1] if down else 1 - share[:, 1])
            index = x.clamp(0, width - 1) * height + z.clamp(0, height - 1)
            radiograph = radiograph.index_add(0, index, weight * part * inside)
    return radiograph.view(width, height)


def blurred(radiograph: Tensor, sigma_px: float) -> Tensor:
    """Return a radiograph, or radiographs `(..., W, H)`, blurred by a Gaussian; beyond the border there is
    nothing.

    Two products with banded matrices: many times faster than convolutions of one channel.
    """
    width, height = radiograph.shape[-2:]
    across, down = (_blur_matrix(count, sigma_px).to(radiograph) for count in (width, height))
    return across @ radiograph @ down


def edges(radiograph: Tensor) -> Tensor:
    """Return what of a radiograph of points is neither noise nor soft tissue."""
    return blurred(radiograph, FINE_PX) - blurred(radiograph, COARSE_PX)


def edges_seen(radiograph: Tensor) -> Tensor:
    """Return the same of a radiograph that was taken: it goes on beyond its border, where darkness would be an
    edge."""
    reach = _reach(COARSE_PX)
    wider = functional.pad(radiograph[None, None], (reach,) * 4, mode="replicate")[0, 0]
    return edges(wider)[reach:-reach, reach:-reach]


def within(radiograph: Tensor) -> Tensor:
    """Return where a radiograph of attenuation [pixels of compact bone] shows bone, or its border: 0 or 1."""
    return (blurred(radiograph.detach(), PROJECTION_BLUR_PX) > PROJECTION).float()


def similarity(one: Tensor, other: Tensor, where: Tensor) -> Tensor:
    """Return the normalised cross-correlation of two radiographs within a mask, -1..1."""
    count = where.sum().clamp(min=1)
    one, other = ((radiograph - (radiograph * where).sum() / count) * where for radiograph in (one, other))
    return (one * other).sum() / torch.sqrt((one**2).sum() * (other**2).sum() + 1e-9)


def _reach(sigma_px: float) -> int:
    return int(3 * sigma_px + 1)


@cache
def _blur_matrix(count: int, sigma_px: float) -> Tensor:
    """Return the symmetric matrix `(count, count)` of a Gaussian, cut off where it is next to nothing."""
    apart = (torch.arange(count)[:, None] - torch.arange(count)).abs()
    reach = torch.arange(-_reach(sigma_px), _reach(sigma_px) + 1)
    total = torch.exp(-0.5 * (reach / sigma_px) ** 2).sum()
    weight = torch.exp(-0.5 * (apart / sigma_px) ** 2) / total
    return torch.where(apart <= _reach(sigma_px), weight, 0.0)


STEPS, RATE = 100, 0.08
# How much the radiographs' similarity counts against the strain.
SIMILARITY_WEIGHT = 100.0


@dataclass(frozen=True)
class ViewRadiographs:
    """Both radiographs and the size of their pixels.

    Attributes:
        coronal: `(X, Z)`, bone bright.
        sagittal: `(Y, Z)`.
        spacing_mm: of pixels, and of the volume's voxels.
    """

    coronal: Tensor
    sagittal: Tensor
    spacing_mm: float

    def views(self) -> tuple[tuple[int, Tensor], ...]:
        """Return for both radiographs the axis of the volume that runs across them, and the radiograph."""
        return (0, self.coronal), (1, self.sagittal)


def fit(placement: Placement, radiographs: ViewRadiographs, steps: int = STEPS) -> None:
    """Move, turn, grow and change the pieces until their radiographs look most like those given."""
    optimiser = torch.optim.Adam(placement.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps, pct_start=0.2)
    wanted = [(axis, edges_seen(radiograph.float())) for axis, radiograph in radiographs.views()]
    with torch.enable_grad():
        for _ in range(steps):
            optimiser.zero_grad()
            loss = placement.strain()
            for radiograph, edge, where in projections(placement, wanted, radiographs.spacing_mm):
                loss = loss - SIMILARITY_WEIGHT * similarity(radiograph, edge, where)
            loss.backward()
            optimiser.step()
            schedule.step()


def projections(
    placement: Placement, wanted: list[tuple[int, Tensor]], spacing_mm: float
) -> list[tuple[Tensor, Tensor, Tensor]]:
    """Return for each view the edges of the pieces' radiograph, those of the radiograph given, and where to compare
    them."""
    placed, larger = placement.placed_mm()
    weight = placement.dense * larger / spacing_mm**3
    found = []
    for axis, edge in wanted:
        radiograph = cast(placed[:, (axis, 2)] / spacing_mm, weight, shape2(edge.shape))
        found.append((edges(radiograph), edge, within(radiograph)))
    return found


@torch.no_grad()
def piece_similarity(placement: Placement, radiographs: ViewRadiographs) -> list[float]:
    """Return for each piece how alike both radiographs are where it casts its shadow, the mean of both views."""
    wanted = [(axis, edges_seen(radiograph.float())) for axis, radiograph in radiographs.views()]
    views = projections(placement, wanted, radiographs.spacing_mm)
    placed, larger = placement.placed_mm()
    weight = placement.dense * larger / radiographs.spacing_mm**3
    result = []
    for number in range(len(placement.pieces)):
        own = placement.piece == number
        alike = []
        for (axis, edge), (radiograph, _, _) in zip(wanted, views, strict=True):
            projection = cast(
                placed[own][:, (axis, 2)] / radiographs.spacing_mm, weight[own], shape2(edge.shape)
            )
            alike.append(float(similarity(radiograph, edge, within(projection))))
        result.append(sum(alike) / len(alike))
    return result
