"""How well the outline of a bone lies on the edges that a film shows."""

from __future__ import annotations

import numpy as np

from SwinX2SLib.reprojection.outlines import BoneOutline

# A film is compared this far inside and outside of the outline: about the breadth of a cortex.
STEP_MM = 2.5
# With less of the outline on the film there is nothing to compare.
LEAST_SHARE_ON_FILM = 0.25


def edge_agreement(film: np.ndarray, pixel_mm: tuple[float, float], outline: BoneOutline) -> float | None:
    """Return the share of an outline at which the film is brighter inside than outside; chance gives about 0.5.

    Args:
        film: `(rows, columns)`, bone bright, as it hangs.
        pixel_mm: size of a pixel on the film (row, column).
        outline: of one bone on this film.

    Returns:
        0..1, or None where less than a quarter of the outline lies on the film.
    """
    # Not at import: Slicer's panel needs what lies beside before any package is installed.
    from scipy import ndimage

    lines, inwards = np.concatenate(outline.lines), np.concatenate(outline.inwards)
    step = STEP_MM * inwards / np.asarray(pixel_mm)
    inside, outside = lines + step, lines - step
    last = np.array(film.shape) - 1
    on_film = ((np.minimum(inside, outside) >= 0) & (np.maximum(inside, outside) <= last)).all(axis=1)
    # Points stand closer where a line runs askew to the pixels: each counts by the length it stands for.
    weights = np.concatenate([_lengths(line * pixel_mm) for line in outline.lines])
    if weights[on_film].sum() < LEAST_SHARE_ON_FILM * weights.sum():
        return None
    brightness = [ndimage.map_coordinates(film, places[on_film].T, order=1) for places in (inside, outside)]
    return float(np.average(brightness[0] > brightness[1], weights=weights[on_film]))


def _lengths(line_mm: np.ndarray) -> np.ndarray:
    """Return the length of line that belongs to each of its points `(N,)`."""
    steps = np.linalg.norm(np.diff(line_mm, axis=0), axis=1)
    return (np.append(steps, 0.0) + np.insert(steps, 0, 0.0)) / 2
