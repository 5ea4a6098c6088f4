"""Radiographs as they would be of a person of mean size whose spine is straight: bones lie where their level says.

Which rib it is follows from the vertebra that it starts at, and the pelvis lies below L5. Once the vertebrae have
their names, a radiograph is drawn anew with rows that stand for heights of the mean spine and columns that count from
the spine: a bone's name can then be read from its place. Network order: rows run along the last axis, superior ->
inferior.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from SwinX2SLib.geometry.tuples import shape2
from SwinX2SLib.skeleton.discs import ADULT_SIZE, BODY_STEPS_MM, SACRUM
from SwinX2SLib.skeleton.levels import LEVELS
from SwinX2SLib.skeleton.model import rib_label
from SwinX2SLib.skeleton.table import FEMUR_LEFT, FEMUR_RIGHT, HIP_LEFT, HIP_RIGHT

# Vertebrae whose places count: C2 to L5.
_FIRST, _LAST = 2, 24
# Heights of these vertebrae in the mean person, from T7 downwards [mm].
_HEIGHTS_MM = np.concatenate([[0.0], np.cumsum(BODY_STEPS_MM[: _LAST - _FIRST])]) * ADULT_SIZE
_HEIGHTS_MM -= _HEIGHTS_MM[14 - _FIRST]
# Size of a pixel in the mean person, and rows: from C1 to below the lesser trochanter.
PIXEL_MM, ROWS, TOP_MM = 3.0, 256, -248.0
# First and last column from the spine [mm]: beside it in a frontal radiograph, along the depth in a lateral one.
BESIDE_MM, DEPTH_MM = (-18.0, 198.0), (-249.0, 87.0)
# Places of the bones of each side among the silhouettes, ribs, hip, femur and those in the middle, and in which
# direction columns count from the spine.
_MIDDLE = [*range(LEVELS), SACRUM - 1]
SIDES = tuple(
    ([rib_label(number, side) - 1 for number in range(1, 13)] + [hip - 1, femur - 1] + _MIDDLE, sign)
    for side, hip, femur, sign in (
        ("left", HIP_LEFT, FEMUR_LEFT, 1),
        ("right", HIP_RIGHT, FEMUR_RIGHT, -1),
    )
)
BONES_OF_A_SIDE = len(SIDES[0][0])
# A silhouette with less probability in all [pixels] has no place; so many places make a spine.
LEAST_MASS, LEAST_LEVELS = 8.0, 3
# A vertebra lies off the smooth course by less than this [mean mm]; others are left out.
OUTLIER_MM = 12.0
# Degree of the course in the levels that are seen; beyond them it goes on straight.
DEGREE = 3


@dataclass(frozen=True, eq=False)
class SpineFrame:
    """Where a straight mean spine lies in one radiograph.

    Attributes:
        shape: of the radiograph `(W, H)`.
        heights_mm: of the mean person, ascending, `(K,)`.
        rows: of the radiograph at these heights [pixels], ascending.
        columns: of the spine at these heights [pixels].
        pixels_per_mm: of the mean person.
    """

    shape: tuple[int, int]
    heights_mm: np.ndarray
    rows: np.ndarray
    columns: np.ndarray
    pixels_per_mm: float

    @classmethod
    def of(cls, silhouettes: np.ndarray, errors_px: np.ndarray | None = None) -> SpineFrame | None:
        """Return the frame of a radiograph by its silhouettes of vertebrae; None where too few are seen.

        Args:
            silhouettes: `(54, W, H)`, how probable it is that a ray meets each bone.
            errors_px: column and row by which each vertebra is moved, `(23, 2)`.
        """
        vertebrae = silhouettes[_FIRST - 1 : _LAST].astype(np.float32)
        mass = vertebrae.sum(axis=(1, 2))
        seen = np.flatnonzero(mass > LEAST_MASS)
        if len(seen) < LEAST_LEVELS:
            return None
        across, down = (vertebrae[seen].sum(axis=axis) for axis in (2, 1))
        places = np.stack([(line @ np.arange(line.shape[1])) / mass[seen] for line in (across, down)], axis=1)
        if errors_px is not None:
            places = places + errors_px[seen]
        return cls._through(shape2(silhouettes.shape[1:]), _HEIGHTS_MM[seen], places)

    @classmethod
    def _through(
        cls, shape: tuple[int, int], heights_mm: np.ndarray, places: np.ndarray
    ) -> SpineFrame | None:
        """Return the smooth course through places `(N, 2)` of vertebrae."""
        kept = np.ones(len(heights_mm), dtype=bool)
        for _ in range(2):
            slope, _ = np.polyfit(heights_mm[kept], places[kept, 1], 1)
            degree = min(DEGREE, kept.sum() - 2)
            course = [np.polynomial.Polynomial.fit(heights_mm[kept], places[kept, k], degree) for k in (0, 1)]
            if slope <= 0:
                return None
            away = np.abs(course[1](heights_mm) - places[:, 1]) / slope
            kept = away < max(OUTLIER_MM, 1.5 * float(np.median(away)))
            if kept.sum() < LEAST_LEVELS:
                return None
        first, last = heights_mm[kept].min(), heights_mm[kept].max()
        along = np.concatenate([[first - 400], np.linspace(first, last, 24), [last + 400]])
        columns, rows = (own(along.clip(first, last)) for own in course)
        rows = np.maximum.accumulate(rows + slope * (along - along.clip(first, last)))
        rows += 1e-3 * np.arange(len(rows))
        return cls(shape, along, rows, columns, float(slope))

    def places(self, span_mm: tuple[float, float], side: int = 1) -> np.ndarray:
        """Return where the pixels of the drawn radiograph lie in the real one, `(C, ROWS, 2)`.

        Args:
            span_mm: first and last column from the spine.
            side: 1 counts columns upwards from the spine, -1 downwards.

        Returns:
            Shares of width and height, 0 to 1 from border to border.
        """
        heights = TOP_MM + PIXEL_MM * np.arange(ROWS)
        away = side * _columns_mm(span_mm) * self.pixels_per_mm
        columns = np.interp(heights, self.heights_mm, self.columns) + away[:, None]
        rows = np.broadcast_to(np.interp(heights, self.heights_mm, self.rows), columns.shape)
        return (np.stack([columns, rows], axis=-1) + 0.5) / self.shape

    def places_back(self, span_mm: tuple[float, float], side: int = 1) -> np.ndarray:
        """Return where the pixels of the radiograph lie in the drawn one, `(W, H, 2)`; arguments as of `places`."""
        heights = np.interp(np.arange(self.shape[1]), self.rows, self.heights_mm)
        spine = np.interp(heights, self.heights_mm, self.columns)
        away = side * (np.arange(self.shape[0])[:, None] - spine) / self.pixels_per_mm
        columns = (away - span_mm[0]) / PIXEL_MM
        rows = np.broadcast_to((heights - TOP_MM) / PIXEL_MM, columns.shape)
        return (np.stack([columns, rows], axis=-1) + 0.5) / [len(_columns_mm(span_mm)), ROWS]


def _columns_mm(span_mm: tuple[float, float]) -> np.ndarray:
    """Return how far the columns of a drawn radiograph lie from the spine in the mean person, `(C,)`."""
    return np.arange(*span_mm, PIXEL_MM)


def drawn_at(pictures: Tensor, places: np.ndarray) -> Tensor:
    """Return pictures `(N, W, H)` read at places `(C, R, 2)` [shares of their sides], linearly, `(N, C, R)`; 0
    outside."""
    grid = torch.from_numpy(2 * places - 1).to(pictures).flip(-1)
    return functional.grid_sample(pictures[None], grid[None], padding_mode="zeros", align_corners=False)[0]


def drawn_about(
    frame: SpineFrame | None, pictures: Tensor, span_mm: tuple[float, float], side: int = 1
) -> Tensor:
    """Return pictures `(N, W, H)` drawn about the spine, `(N, C, ROWS)`; empty without a frame.

    Args:
        frame: of the radiograph.
        pictures: of the same field as the radiograph.
        span_mm, side: as of `SpineFrame.places`.
    """
    if frame is None:
        return pictures.new_zeros(len(pictures), len(_columns_mm(span_mm)), ROWS)
    return drawn_at(pictures, frame.places(span_mm, side))
