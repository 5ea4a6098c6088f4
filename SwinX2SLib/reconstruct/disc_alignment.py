"""Move reconstructed vertebrae along the body axis to the discs that the radiographs show.

The reconstructing network names vertebrae well but places them up to a third of one too high or too low, smoothly
along the spine. Each disc of the reconstruction is looked for in the radiographs, near its place, by a small
network that does not name it (`models.spine_discs`); neighbours must move alike. All arrays in network order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from SwinX2SLib.reconstruct.label_assignment import NEGLIGIBLE
from SwinX2SLib.skeleton.discs import SACRUM, Disc, find_discs, usual_distances

VERTEBRAE = slice(1, 26)
# How far a disc is looked for [voxels].
SHIFTS = np.arange(-8.0, 8.5, 0.5)
UNMOVED = len(SHIFTS) // 2
# Log-odds are trusted no further than this.
SUREST = 5.0
# One standard deviation of a disc's shift [voxels]; the sacrum's is well placed, with the pelvis.
SHIFT_SIGMA, SACRAL_SIGMA = 5.0, 2.5
# One standard deviation of the logarithm of a distance between neighbouring discs, next to the person's size: 0.05 in
# the table of distances, and half a voxel of 16.
DISTANCE_SIGMA = 0.08
# Log-odds that a move must win in all, and against another row of discs; less is noise, or a guess (odds of 20 to 1).
LEAST_GAIN = 3.0
# Discs of another row lie at least this share of the distance to the next disc away, at most so many voxels.
OTHER_ROW, OTHER_ROW_VOXELS = 1 / 3, 4.0
# The person's size, relative to the length of the reconstruction's spine.
SIZES = np.exp(np.linspace(-0.2, 0.2, 11))


@dataclass(frozen=True)
class DiscAlignment:
    """Where the vertebrae went.

    Attributes:
        discs: those of the reconstruction as it was, from above downwards.
        shifts: of each disc along Z, voxels, positive inferiorly.
    """

    discs: list[Disc]
    shifts: np.ndarray

    def sources(self, slices: int) -> np.ndarray:
        """Return for each slice of the seated vertebrae the slice that it was: float `(slices,)`."""
        heights = np.array([disc.height for disc in self.discs])
        aligned = heights + self.shifts
        rows = np.arange(slices, dtype=float)
        sources = np.interp(rows, aligned, heights)
        above, below = rows < aligned[0], rows > aligned[-1]
        sources[above], sources[below] = rows[above] - self.shifts[0], rows[below] - self.shifts[-1]
        return sources


@torch.inference_mode()
def disc_log_odds(network: nn.Module, coronal: Tensor, sagittal: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Return the log-odds that the middle of a disc lies at each pixel, `(X, Z)` and `(Y, Z)`.

    Args:
        network: a `SpineDiscNet` in evaluation mode, on the radiographs' device.
        coronal: frontal radiographs `(1, N, X, Z)`.
        sagittal: lateral radiographs `(1, N, Y, Z)`.
    """
    frontal, lateral = (
        network(radiograph[:, :1], is_lateral)[0].float().clamp(-SUREST, SUREST).cpu().numpy()
        for radiograph, is_lateral in ((coronal, False), (sagittal, True))
    )
    return frontal, lateral


def align_vertebrae_to_discs(
    log_odds: tuple[np.ndarray, np.ndarray], labels: np.ndarray
) -> DiscAlignment | None:
    """Find where the radiographs show the discs of a reconstruction.

    Args:
        log_odds: that a disc lies at each pixel, `(X, Z)` and `(Y, Z)`; of `disc_log_odds`.
        labels: uint8 `(X, Y, Z)`, the reconstruction.

    Returns:
        None where there are less than two discs, they are out of order, none are seen, or two rows of them fit
        alike.
    """
    discs = find_discs(labels)
    if len(discs) < 2 or bool((np.diff([disc.height for disc in discs]) <= 0).any()):
        return None
    evidence = np.stack([_evidence(disc, *log_odds) for disc in discs])
    search = _Search(discs, evidence)
    score, path = search.best()
    gain = np.take_along_axis(evidence, path[:, None], axis=1)[:, 0] - evidence[:, UNMOVED]
    sure = gain.sum() >= LEAST_GAIN and score - search.best(apart_from=path)[0] >= LEAST_GAIN
    return DiscAlignment(discs, SHIFTS[path]) if sure else None


def move_along_z(probability: Tensor, sources: np.ndarray) -> None:
    """Resample the vertebrae of probabilities `(55, X, Y, Z)` along Z, in place; beyond the ends there is none.

    Args:
        probability: of the classes.
        sources: for each slice, the slice it comes from.
    """
    bones = probability[VERTEBRAE]
    occupied = bones.amax(dim=(0, 3)) > NEGLIGIBLE
    if not bool(occupied.any()):
        return
    (x0, x1), (y0, y1) = (_span(occupied.any(dim)) for dim in (1, 0))
    interpolation = _interpolation_matrix(sources).to(bones.device)
    for bone in bones[:, x0:x1, y0:y1]:
        bone.copy_(bone.float() @ interpolation)


def _span(occupied: Tensor) -> tuple[int, int]:
    places = torch.nonzero(occupied)
    return int(places[0]), int(places[-1]) + 1


def _evidence(disc: Disc, frontal: np.ndarray, lateral: np.ndarray) -> np.ndarray:
    """Return the log-odds for each of `SHIFTS` that the disc lies there, from maps `(X, Z)` and `(Y, Z)`."""
    return _along(frontal, disc.across, disc.frontal) + _along(lateral, disc.along, disc.lateral)


def _along(log_odds: np.ndarray, columns: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """Return the mean log-odds along a disc's line, moved by each of `SHIFTS`; beyond the radiograph nothing is
    known."""
    rows = np.arange(log_odds.shape[1])
    seen = [
        np.interp(height + SHIFTS, rows, log_odds[column], left=0.0, right=0.0)
        for column, height in zip(columns, heights, strict=True)
    ]
    return np.mean(seen, axis=0)


class _Search:
    """The shifts of all discs with the most evidence, by dynamic programming.

    Every other row of discs fits a radiograph nearly as well, half a vertebra off; what decides is that distances of
    discs grow downwards as they do in people, and where the sacrum lies.

    Args:
        discs: from above downwards.
        evidence: log-odds `(discs, shifts)`.
    """

    def __init__(self, discs: list[Disc], evidence: np.ndarray):
        self.heights = np.array([disc.height for disc in discs])
        self.sacral = np.array([disc.lower == SACRUM for disc in discs])
        sigma = np.where(self.sacral, SACRAL_SIGMA, SHIFT_SIGMA)
        self.worth = evidence - 0.5 * (SHIFTS / sigma[:, None]) ** 2
        steps = np.diff(self.heights)
        # Distance (disc, shift of this one, shift of the next).
        self.distance = steps[:, None, None] + SHIFTS[None, None, :] - SHIFTS[None, :, None]
        usual = usual_distances([disc.upper for disc in discs])
        self.usual = usual * steps.sum() / usual.sum()

    def best(self, apart_from: np.ndarray | None = None) -> tuple[float, np.ndarray]:
        """Return the score and the index of each disc's shift of the best path.

        Args:
            apart_from: a path whose discs, but for the sacrum's, are not to be met again.
        """
        worth = self.worth
        if apart_from is not None:
            reach = np.minimum(OTHER_ROW * np.gradient(self.heights), OTHER_ROW_VOXELS)
            met = np.abs(SHIFTS - SHIFTS[apart_from][:, None]) < reach[:, None]
            worth = np.where(met & ~self.sacral[:, None], -1e6, worth)
        found = (_path(worth, self.distance, size * self.usual) for size in SIZES)
        return max(found, key=lambda one: one[0])


def _path(worth: np.ndarray, distance: np.ndarray, usual: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the score of the best path, and the index of each disc's shift on it."""
    score, came_from = worth[0], []
    for apart, expected, own in zip(distance, usual, worth[1:], strict=True):
        strain = np.log(np.maximum(apart, 1e-3) / expected) / DISTANCE_SIGMA
        total = score[:, None] - 0.5 * strain**2
        came_from.append(total.argmax(axis=0))
        score = total.max(axis=0) + own
    path = [int(score.argmax())]
    for pointers in reversed(came_from):
        path.append(int(pointers[path[-1]]))
    return float(score.max()), np.array(path[::-1])


def _interpolation_matrix(sources: np.ndarray) -> Tensor:
    """Return the matrix `(slices, slices)` of linear interpolation, from old slices (rows) to new (columns).

    Args:
        sources: for each new slice, the old one it comes from; beyond the ends there is nothing.
    """
    slices = len(sources)
    lower = np.floor(sources).astype(int)
    share = sources - lower
    interpolation = torch.zeros(slices, slices)
    for rows, weights in ((lower, 1 - share), (lower + 1, share)):
        inside = np.flatnonzero((rows >= 0) & (rows < slices))
        interpolation[rows[inside], inside] += torch.from_numpy(weights[inside]).float()
    return interpolation
