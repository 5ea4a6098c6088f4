"""Both radiographs on the network's grid, and the vertical alignment of one with the other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from SwinX2SLib.errors import Fault
from SwinX2SLib.geometry.frames import network_affine
from SwinX2SLib.radiographs.radiograph import Radiograph


@dataclass(frozen=True)
class PreparedPair:
    """The network's input.

    Attributes:
        coronal: float32 `(X, Z)` in 0..1, bone bright.
        sagittal: float32 `(Y, Z)`.
        spacing_mm: of the isotropic grid `(X, Y, Z)`.
        affine: 4x4, index of the grid in network order -> RAS mm; the radiographs' common centre is the origin.
        field: the part of the grid that both radiographs show.
    """

    coronal: np.ndarray
    sagittal: np.ndarray
    spacing_mm: float
    affine: np.ndarray
    field: tuple[slice, slice, slice]


def prepare_pair(ap: Radiograph, lateral: Radiograph, grid_shape: Sequence[int]) -> PreparedPair:
    """Place both radiographs into a grid that holds them whole, at one spacing for all three axes.

    The centres of the radiographs are the centre of the grid; radiographs that differ in height (a pair may, by up
    to 5 %) share their middle. What lies outside a radiograph is 0, as air.

    Args:
        ap: frontal radiograph, AP or PA.
        lateral: lateral radiograph.
        grid_shape: voxels `(X, Y, Z)`.
    """
    x, y, z = (int(count) for count in grid_shape)
    (ap_height, width), (lateral_height, depth) = ap.size_mm, lateral.size_mm
    spacing_mm = max(width / x, depth / y, max(ap_height, lateral_height) / z)
    return PreparedPair(
        coronal=place_radiograph(ap, (x, z), spacing_mm),
        sagittal=place_radiograph(lateral, (y, z), spacing_mm),
        spacing_mm=spacing_mm,
        affine=network_affine(spacing_mm, (x, y, z)),
        field=(
            _shown(width, x, spacing_mm),
            _shown(depth, y, spacing_mm),
            _shown(min(ap_height, lateral_height), z, spacing_mm),
        ),
    )


def _shown(size_mm: float, count: int, spacing_mm: float) -> slice:
    """Return which of `count` voxels have their centre within a size about the middle; one at least."""
    beyond = int(np.ceil((count - size_mm / spacing_mm) / 2 - 1e-6))
    start = min(max(beyond, 0), (count - 1) // 2)
    return slice(start, count - start)


def place_radiograph(radiograph: Radiograph, shape: tuple[int, int], spacing_mm: float) -> np.ndarray:
    """Resample a radiograph onto `shape` (across, down) pixels of `spacing_mm`, centre on centre; float32, 0 around
    it."""
    row_mm, col_mm = radiograph.spacing_mm
    across = resampling_matrix(radiograph.pixels.shape[1], col_mm, shape[0], spacing_mm)
    down = resampling_matrix(radiograph.pixels.shape[0], row_mm, shape[1], spacing_mm)
    return np.ascontiguousarray(across @ radiograph.pixels.T @ down.T, dtype=np.float32)


def resampling_matrix(count: int, spacing_mm: float, new_count: int, new_spacing_mm: float) -> np.ndarray:
    """Return the weights `(new_count, count)`, float64, that resample a line of pixels, centre on centre.

    A triangle filter as wide as the coarser of the two spacings: linear interpolation when refining, a smooth average
    over twice the new pixel when coarsening. What the filter sees beyond the line counts as 0.
    """
    old_mm = (np.arange(count) - (count - 1) / 2) * spacing_mm
    new_mm = (np.arange(new_count) - (new_count - 1) / 2) * new_spacing_mm
    reach_mm = max(spacing_mm, new_spacing_mm)
    weights = np.clip(1 - np.abs(new_mm[:, None] - old_mm[None, :]) / reach_mm, 0, None)
    # The same filter on a line without end, whose sum depends on where it stands between two pixels.
    steps = np.arange(-np.ceil(reach_mm / spacing_mm) - 1, np.ceil(reach_mm / spacing_mm) + 2)
    phase_mm = np.remainder(new_mm - old_mm[0], spacing_mm)
    total = np.clip(1 - np.abs(phase_mm[:, None] - steps * spacing_mm) / reach_mm, 0, None).sum(axis=1)
    return weights / total[:, None]


AUTOMATIC: Literal["auto"] = "auto"
Shift = float | Literal["auto"] | None
"""Millimetres, "auto", or None: the middles of both radiographs are taken to show the same height."""

# Less than this in common is no pair; from a wrist to a whole person, see `checks.SMALLEST_RADIOGRAPH_MM`.
SMALLEST_BAND_MM = 30.0
# Two pairs of points may be read a few millimetres off; beyond that share one pixel size is wrong.
SCALE_TOLERANCE = 0.05
_STEP_MM = 2.0
# Automatic: radiographs share at least this part of the lower one's height. What the similarity must be, and how much
# better than at any other place further off than half a vertebra with its disc (about 35 mm in the lumbar spine).
_LEAST_OVERLAP = 0.5
_LEAST_SIMILARITY, _LEAST_LEAD, _APART_MM = 0.5, 0.12, 18.0
# Slow changes over this height are how the radiographs were exposed, not where bones lie.
_SLOW_MM = 60.0
_BORDER_SHARE, _TRIMMED_SHARE = 0.04, 0.1


@dataclass(frozen=True)
class FoundShift:
    """Where the rows of two radiographs are most similar.

    Attributes:
        shift_mm: how far the lateral radiograph is to be moved up.
        similarity: correlation there, -1..1.
        lead: by how much that is more than at the next best place.
    """

    shift_mm: float
    similarity: float
    lead: float

    @property
    def is_sure(self) -> bool:
        """Whether it is convincing enough to be used without visual inspection."""
        return self.similarity >= _LEAST_SIMILARITY and self.lead >= _LEAST_LEAD


@dataclass(frozen=True)
class PointMatch:
    """Result of two pairs of points.

    Attributes:
        shift_mm: how far the lateral radiograph is to be moved up so that the points meet on average.
        scale: distance on the frontal radiograph over that on the lateral one; 1 where both pixel sizes are right.
    """

    shift_mm: float
    scale: float

    @property
    def scales_agree(self) -> bool:
        """Whether both distances are the same, as near as points can be set."""
        return abs(self.scale - 1) <= SCALE_TOLERANCE


def match_heights(
    ap: Radiograph, lateral: Radiograph, shift: Shift
) -> tuple[Radiograph, Radiograph, list[Fault]]:
    """Cut both radiographs to the band that they share.

    Args:
        ap: frontal radiograph.
        lateral: lateral radiograph.
        shift: how far the lateral radiograph is moved up [mm]; "auto" finds it; None leaves both radiographs as
            they are.

    Returns:
        Both radiographs (as given where there is a fault) and why they cannot be matched.
    """
    if shift is None or not all(math.isfinite(radiograph.size_mm[0]) for radiograph in (ap, lateral)):
        return ap, lateral, []
    if shift == AUTOMATIC:
        found = automatic_shift(ap, lateral)
        if found is None or not found.is_sure:
            return ap, lateral, [_unsure(lateral)]
        shift = found.shift_mm
    (ap_height, _), (lateral_height, _) = ap.size_mm, lateral.size_mm
    bottom = max(-ap_height / 2, shift - lateral_height / 2)
    top = min(ap_height / 2, shift + lateral_height / 2)
    if top - bottom < SMALLEST_BAND_MM:
        return ap, lateral, [_apart(lateral, shift)]
    return _band(ap, bottom, top, ""), _band(lateral, bottom - shift, top - shift, f"{shift:+.1f} mm"), []


def shift_of_points(ap_mm: Sequence[float], lateral_mm: Sequence[float]) -> PointMatch:
    """Return the shift that two pairs of points ask for.

    Args:
        ap_mm: heights of two points on the frontal radiograph.
        lateral_mm: heights of the same two points of the body on the lateral radiograph.

    Raises:
        ValueError: there are not two points on each radiograph, or both lie at one height.
    """
    first, second = np.asarray(ap_mm, float), np.asarray(lateral_mm, float)
    if first.shape != (2,) or second.shape != (2,):
        raise ValueError("Two points are required on each radiograph.")
    if min(abs(np.ptp(first)), abs(np.ptp(second))) < SMALLEST_BAND_MM:
        raise ValueError(f"The two points must be at least {SMALLEST_BAND_MM:g} mm apart vertically.")
    return PointMatch(
        shift_mm=float(first.mean() - second.mean()),
        scale=float((first[0] - first[1]) / (second[0] - second[1])),
    )


def automatic_shift(ap: Radiograph, lateral: Radiograph) -> FoundShift | None:
    """Find the shift at which the rows of both radiographs are most similar.

    Whatever the direction of parallel rays, a row sums up the same slice of the body (the zeroth moment of the Radon
    transform does not depend on the angle), so both radiographs brighten and fade at the same heights.

    Returns:
        The best place and its confidence; None where the radiographs have too few rows to decide.
    """
    first, second = (_profiles(radiograph) for radiograph in (ap, lateral))
    counts = first.shape[1], second.shape[1]
    least = max(int(_LEAST_OVERLAP * min(counts)), int(SMALLEST_BAND_MM / _STEP_MM))
    if min(counts) < least:
        return None
    # Row k of the lateral radiograph lies beside row k + offset of the frontal one; both count from the top.
    offsets = np.arange(least - counts[1], counts[0] - least + 1)
    alike = np.array([_similarity(first, second, offset) for offset in offsets])
    best = int(np.argmax(alike))
    others = alike[np.abs(offsets - offsets[best]) * _STEP_MM > _APART_MM]
    lead = float(alike[best] - others.max()) if others.size else 1.0
    fine = offsets[best] + _vertex(alike, best)
    middle = (counts[0] - 1) / 2 - (counts[1] - 1) / 2
    return FoundShift(float((middle - fine) * _STEP_MM), float(alike[best]), lead)


def _profiles(radiograph: Radiograph) -> np.ndarray:
    """Return what is compared of a radiograph: `(features, heights)`, each without its slow changes."""
    rows, cols = radiograph.pixels.shape
    count = max(round(radiograph.size_mm[0] / _STEP_MM), 1)
    down = resampling_matrix(rows, radiograph.spacing_mm[0], count, _STEP_MM)
    columns = max(round(radiograph.size_mm[1] / _STEP_MM), 1)
    across = resampling_matrix(cols, radiograph.spacing_mm[1], columns, _STEP_MM)
    small = down @ radiograph.pixels @ across.T
    edges = np.gradient(small, axis=0) if count > 1 else np.zeros_like(small)
    features = np.stack([trimmed_rows(part) for part in (small, edges, np.abs(edges))])
    # Shutters, letters and the radiograph's own edge lie at its border, and at the same height on any two
    # radiographs.
    border = min(int(_BORDER_SHARE * count), (count - 1) // 2)
    features[:, :border] = features[:, border : border + 1]
    features[:, count - border :] = features[:, count - border - 1 : count - border]
    width = int(_SLOW_MM / _STEP_MM) // 2 * 2 + 1
    padded = np.pad(features, ((0, 0), (width // 2, width // 2)), mode="reflect" if count > width else "edge")
    slow = np.stack([np.convolve(line, np.ones(width) / width, mode="valid") for line in padded])
    return features - slow


def trimmed_rows(picture: np.ndarray) -> np.ndarray:
    """Return the mean of each row without its extremes, where letters and implants are."""
    ordered = np.sort(picture, axis=1)
    cut = int(_TRIMMED_SHARE * ordered.shape[1])
    return ordered[:, cut : ordered.shape[1] - cut].mean(axis=1)


def _similarity(first: np.ndarray, second: np.ndarray, offset: int) -> float:
    """Return the mean correlation of the features where both radiographs overlap."""
    start, stop = max(offset, 0), min(first.shape[1], second.shape[1] + offset)
    a, b = first[:, start:stop], second[:, start - offset : stop - offset]
    a, b = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
    scale = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    return float(np.mean((a * b).sum(axis=1) / np.maximum(scale, 1e-12)))


def _vertex(values: np.ndarray, best: int) -> float:
    """Return where a parabola through a maximum and its neighbours peaks, -0.5..0.5 from it."""
    if not 0 < best < len(values) - 1:
        return 0.0
    before, at, after = values[best - 1 : best + 2]
    bend = before - 2 * at + after
    return 0.0 if bend >= 0 else float(np.clip(0.5 * (before - after) / bend, -0.5, 0.5))


def _band(radiograph: Radiograph, bottom_mm: float, top_mm: float, shift: str) -> Radiograph:
    """Return the rows of a radiograph between two heights above its middle."""
    rows, row_mm = radiograph.pixels.shape[0], radiograph.spacing_mm[0]
    first = round((radiograph.size_mm[0] / 2 - top_mm) / row_mm)
    last = min(first + round((top_mm - bottom_mm) / row_mm), rows)
    notes = radiograph.notes
    if shift:
        notes += (f"Vertically aligned with the frontal radiograph: moved up by {shift}.",)
    if last - first < rows:
        notes += (f"Cropped to the {(last - first) * row_mm:.0f} mm in height that both radiographs cover.",)
    middle_mm = radiograph.middle_mm + ((rows - 1) / 2 - (first + last - 1) / 2) * row_mm
    ray = radiograph.central_ray_px and (radiograph.central_ray_px[0] - first, radiograph.central_ray_px[1])
    part = radiograph.pixels[first:last]
    return replace(radiograph, pixels=part, notes=notes, middle_mm=middle_mm, central_ray_px=ray)


def _unsure(lateral: Radiograph) -> Fault:
    return Fault(
        "heights-unsure",
        "The radiographs could not be aligned vertically: their row profiles are not similar enough.",
        "Set the vertical offset of the lateral radiograph with --lateral-offset-mm.",
        str(lateral.path) if lateral.path is not None else None,
    )


def _apart(lateral: Radiograph, shift_mm: float) -> Fault:
    return Fault(
        "heights-apart",
        f"With a vertical offset of {shift_mm:.0f} mm the radiographs do not overlap.",
        "Correct --lateral-offset-mm.",
        str(lateral.path) if lateral.path is not None else None,
    )
