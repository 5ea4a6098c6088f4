"""From stored values to 0..1 with bone bright, whatever the detector, the window or the collimation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Specks, burnt-in letters and hot pixels cover less than this share of a radiograph on either end.
LOW_PERCENTILE, HIGH_PERCENTILE = 0.5, 99.5
# A shutter leaves most of the radiograph open.
_SHUTTER_LIMIT = 0.4
# Unexposed edge: this share of each line lies within this share of the radiograph's range of one value.
_FLAT_SHARE, _FLAT_TOLERANCE = 0.98, 0.012
# White shutter with scatter under it: white at the edge, and ending on a sharp straight step, over which most of
# the line darkens (an abdomen does not end so). Levels are of the radiograph's range, the step's width of its side.
_WHITE, _STILL_WHITE, _DARK, _STEP_WIDTH = 0.9, 0.7, 0.4, 0.03
# Air at an edge is black before and after; what was brighter than this share of the range is reported to the user.
_NEAR_BLACK = 0.1
# Burnt-in labels and lead markers are flat, and lie beyond the rest of the radiograph by this share of its range.
# What is larger may be a bone that a window cut off.
_BEYOND, _LARGEST_LABEL = 0.5, 0.02
# Corners of one value are those of a round or tilted shutter, which leaves so much open at least.
_CORNERS, _LEAST_OPEN = 3, 0.3
# It ends on a step over so many pixels; soft tissue goes on smoothly.
_STEP_PX = 3
# The darkest pixels of a line, burnt-in dark letters aside.
_DARKEST_PERCENTILE = 5


@dataclass(frozen=True)
class NormalisedRadiograph:
    """A radiograph in 0..1, bone bright.

    Attributes:
        pixels: float32 `(rows, cols)`.
        notes: sentences for the user.
    """

    pixels: np.ndarray
    notes: tuple[str, ...]


def normalise(
    values: np.ndarray, bone_bright: bool, padding: np.ndarray | None = None
) -> NormalisedRadiograph | None:
    """Scale a radiograph between robust percentiles of what the shutter leaves open.

    Straight unexposed or shuttered edges, black or white, and padding take no part and become 0 (air): a white
    shutter would look like bone.

    Args:
        values: finite, `(rows, cols)`.
        bone_bright: whether large values are dense.
        padding: True where a pixel is no part of the radiograph.

    Returns:
        The radiograph, or None if it is empty or constant.
    """
    dense = values if bone_bright else -values
    if padding is not None and not padding.all():
        # Whatever stands there must not widen the range in which edges are looked for.
        dense = np.where(padding, dense[~padding].min(), dense)
    widths = _shutter_widths(dense)
    rows, cols = dense.shape
    open_part = (
        slice(widths["top"], rows - widths["bottom"]),
        slice(widths["left"], cols - widths["right"]),
    )
    inside = np.zeros(dense.shape, dtype=bool)
    corners = _corners(dense[open_part])
    inside[open_part] = ~corners
    if padding is not None:
        inside &= ~padding
    if not inside.any():
        return None
    low, high = np.percentile(_without_labels(dense[inside]), (LOW_PERCENTILE, HIGH_PERCENTILE))
    if not high > low:
        return None
    pixels = np.clip((dense - low) / (high - low), 0, 1).astype(np.float32)
    notes = _notes(pixels, widths)
    if corners.any():
        notes += (f"A round or tilted shutter ({corners.mean():.0%} of the radiograph) was set to black.",)
    pixels[~inside] = 0
    return NormalisedRadiograph(pixels, notes)


def _corners(dense: np.ndarray) -> np.ndarray:
    """Return which pixels a bright round or tilted shutter covers, `(rows, cols)`.

    It is of one value, and so are at least `_CORNERS` corners of the picture, from which it reaches inwards.
    """
    from scipy import ndimage  # not there yet where the panel has never installed anything

    low, high = np.percentile(_without_labels(dense.ravel()), (LOW_PERCENTILE, HIGH_PERCENTILE))
    tolerance = _FLAT_TOLERANCE * (high - low)
    corners = dense[[0, 0, -1, -1], [0, -1, 0, -1]].astype(np.float64)
    value = np.median(np.sort(corners)[-_CORNERS:])
    nothing = np.zeros(dense.shape, dtype=bool)
    if np.sum(np.abs(corners - value) <= tolerance) < _CORNERS or value - low <= _NEAR_BLACK * (high - low):
        return nothing
    flat = np.abs(dense - value) <= tolerance
    # What lies between the border and the first pixel of another value, seen along rows and along columns.
    reached = [np.logical_and.accumulate(lines, axis=0) for lines in _sides(flat).values()]
    top, bottom, left, right = reached[0], reached[1][::-1], reached[2].T, reached[3][::-1].T
    covered = np.asarray((top | bottom) & (left | right))
    if not 0 < covered.mean() <= 1 - _LEAST_OPEN:
        return nothing
    beyond = ndimage.binary_dilation(covered, iterations=_STEP_PX) & ~covered
    step = np.median(np.abs(dense[beyond] - value))
    return covered if step > _NEAR_BLACK * (high - low) else nothing


def _without_labels(values: np.ndarray) -> np.ndarray:
    """Return values without those of burnt-in labels, which would narrow the contrast of everything else."""
    for sign in (1, -1):
        signed = np.float32(sign) * values
        flat = signed >= signed.max() - _FLAT_TOLERANCE * np.ptp(signed)
        if not 0 < flat.mean() <= _LARGEST_LABEL:
            continue
        low, high = np.percentile(signed[~flat], (LOW_PERCENTILE, HIGH_PERCENTILE))
        if signed.max() - high > _BEYOND * (high - low):
            values = values[~flat]
    return values


def _sides(picture: np.ndarray) -> dict[str, np.ndarray]:
    """Return views of a picture whose first lines lie at the named side."""
    return {"top": picture, "bottom": picture[::-1], "left": picture.T, "right": picture.T[::-1]}


def _shutter_widths(dense: np.ndarray) -> dict[str, int]:
    """Return how many lines on each side are covered by a shutter or show nothing."""
    low, high = np.percentile(dense, (LOW_PERCENTILE, HIGH_PERCENTILE))
    tolerance = _FLAT_TOLERANCE * (high - low)
    return {
        side: max(_flat_lines(lines, tolerance), _white_lines(lines, low, high))
        for side, lines in _sides(dense).items()
    }


def _notes(pixels: np.ndarray, widths: dict[str, int]) -> tuple[str, ...]:
    """Return which edges turn black that were not.

    Args:
        pixels: the radiograph in 0..1, before its edges are blackened.
        widths: lines to blacken, for each side.
    """
    borders = ", ".join(
        f"{widths[side]} px {side}"
        for side, lines in _sides(pixels).items()
        if widths[side] and np.median(lines[: widths[side]]) > _NEAR_BLACK
    )
    return (f"Collimated borders that were not black were set to black: {borders}.",) if borders else ()


def _flat_lines(lines: np.ndarray, tolerance: float) -> int:
    """Count the lines from the first on that hold one and the same value."""
    value = np.median(lines[0])
    limit = int(len(lines) * _SHUTTER_LIMIT)
    for count, line in enumerate(lines[:limit]):
        if np.mean(np.abs(line - value) <= tolerance) < _FLAT_SHARE:
            return count
    return limit


def _white_lines(lines: np.ndarray, low: float, high: float) -> int:
    """Count the lines from the first on that are white up to a sharp step."""
    if not high > low or (np.percentile(lines[0], _DARKEST_PERCENTILE) - low) < _WHITE * (high - low):
        return 0
    limit, width = int(len(lines) * _SHUTTER_LIMIT), max(int(len(lines) * _STEP_WIDTH), 2)
    levels = (np.percentile(lines[: limit + width], (_DARKEST_PERCENTILE, 50), axis=1) - low) / (high - low)
    ends = np.flatnonzero(levels[0, :limit] < _STILL_WHITE)
    if not ends.size:
        return 0
    darkest, middle = levels[:, ends[0] : ends[0] + width]
    if darkest.min() > _DARK or middle.min() > _STILL_WHITE:
        return 0
    # Up to the foot of the step, so that its slope does not stay as a bright rim.
    return int(ends[0] + np.argmax(darkest <= _DARK))
