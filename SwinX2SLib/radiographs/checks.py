"""What makes a radiograph, or two radiographs together, unusable; every problem has a suggested fix."""

from __future__ import annotations

import numpy as np

from SwinX2SLib.errors import Fault
from SwinX2SLib.radiographs.radiograph import Radiograph

SMALLEST_SIDE_PX = 64
# A mask has two gray levels, noise on a constant a few; the poorest 8-bit radiograph has dozens.
FEWEST_GRAY_LEVELS = 16
# Levels are counted on about so many pixels, evenly spread.
_COUNTED_PIXELS = 1_000_000
# Pixels count as square up to this share; two radiographs as equally high up to that share.
SPACING_TOLERANCE = 0.01
HEIGHT_TOLERANCE = 0.05
# Share of a radiograph at its densest value, up to this share of its range, from which another window is asked for.
CLIPPED_SHARE, CLIPPED_TOLERANCE = 0.1, 0.01
# Edges of a rectangle that was photographed upright, or collimated, are parallel up to this angle.
SKEW_DEG = 2.5
# Outlines are looked for at about this size. An edge is where a line departs from its border by this share of the
# range of gray; it is straight if so many of all lines have it within a tolerance.
_OUTLINE_SIDE_PX, _EDGE_STEP, _EDGE_SHARE, _EDGE_TOLERANCE_PX = 400, 0.08, 0.6, 1.5
PHOTOGRAPH_ADVICE = (
    "Perspective, glare and reflections distort shapes and sizes: use the DICOM file, or a scan."
)
# From a coarse simulated radiograph of a wrist to a long radiograph of a whole person.
SMALLEST_RADIOGRAPH_MM, LARGEST_RADIOGRAPH_MM = 30.0, 2500.0


def picture_faults(values: np.ndarray) -> list[Fault]:
    """List what is wrong with the values `(rows, cols)` of one radiograph."""
    faults = []
    rows, cols = values.shape
    if min(rows, cols) < SMALLEST_SIDE_PX:
        faults.append(
            Fault(
                "too-small",
                f"The radiograph has {cols} x {rows} pixels; each side needs {SMALLEST_SIDE_PX} or more.",
                "Export it at full resolution, or crop less.",
            )
        )
    broken = int(values.size - np.isfinite(values).sum())
    if broken:
        faults.append(
            Fault(
                "not-finite",
                f"{broken} pixels are not finite (NaN or infinite).",
                "Export the radiograph again, or replace these pixels with finite values.",
            )
        )
    return faults


def gray_level_faults(values: np.ndarray) -> list[Fault]:
    """Report an image `(rows, cols)` that is not constant but has too few gray levels for a radiograph."""
    levels = np.unique(values.ravel()[:: 1 + values.size // _COUNTED_PIXELS]).size
    if levels >= FEWEST_GRAY_LEVELS:
        return []
    return [
        Fault(
            "few-gray-levels",
            f"The image has only {levels} gray levels: it is a mask, a drawing or an empty radiograph.",
            "Choose the radiograph itself, or export it with at least 8 bits per pixel.",
        )
    ]


def spacing_faults(shape: tuple[int, int], spacing_mm: tuple[float, float], source: str) -> list[Fault]:
    """List what is wrong with the spacing of one radiograph; a missing spacing (NaN) is reported elsewhere.

    Args:
        shape: rows and columns of the radiograph.
        spacing_mm: `(row, col)`.
        source: where the spacing comes from.
    """
    row, col = spacing_mm
    if not np.isfinite([row, col]).all():
        return []
    if abs(row - col) > SPACING_TOLERANCE * max(row, col):
        return [
            Fault(
                "spacing-anisotropic",
                f"The pixels are not square: {row:.4g} mm high and {col:.4g} mm wide ({source}).",
                "Resample the radiograph to square pixels, or give --spacing-mm if the header is wrong.",
            )
        ]
    height, width = shape[0] * row, shape[1] * col
    if max(height, width) > LARGEST_RADIOGRAPH_MM or min(height, width) < SMALLEST_RADIOGRAPH_MM:
        return [
            Fault(
                "spacing-implausible",
                f"With a pixel size of {row:.4g} mm ({source}) the radiograph would measure {width:.4g} x "
                f"{height:.4g} mm.",
                "Set the pixel size in millimetres with --spacing-mm.",
            )
        ]
    return []


def clipping_notes(values: np.ndarray, pixels: np.ndarray, bone_bright: bool) -> list[str]:
    """Return a note where a large part of a radiograph is of the densest value: the window of a viewer cut it off.

    Args:
        values: `(rows, cols)`, as they are in the file.
        pixels: the radiograph in 0..1 that was made of them; 0 in borders and padding.
        bone_bright: whether large values are dense.
    """
    dense = (values if bone_bright else -values)[pixels > 0]
    if not dense.size:
        return []
    share = float(np.mean(dense >= dense.max() - CLIPPED_TOLERANCE * np.ptp(dense)))
    if share < CLIPPED_SHARE:
        return []
    return [
        f"{share:.0%} of the radiograph are of one value, the densest (a window that was set in a viewer, or "
        "overexposure): bones there cannot be seen. Export it with a wider window, or as DICOM."
    ]


def photograph_notes(values: np.ndarray) -> list[str]:
    """Return a note where the outline of a radiograph is no rectangle, as in a photograph taken from the side.

    Collimators and cassettes are rectangles, which may be rotated. Three straight edges are needed, since the outline
    of a body may have two.

    Args:
        values: `(rows, cols)`, finite.
    """
    step = 1 + max(values.shape) // _OUTLINE_SIDE_PX
    small = values[::step, ::step].astype(np.float32)
    low, high = np.percentile(small, (0.5, 99.5))
    if not high > low:
        return []
    scaled = (small - low) / (high - low)
    # Seen from each side, with the direction in which a rotation of the whole rectangle turns its edge.
    sides = ((scaled, -1), (scaled[:, ::-1], 1), (scaled.T, 1), (scaled.T[:, ::-1], -1))
    angles = [sign * angle for lines, sign in sides if (angle := _edge_angle_deg(lines)) is not None]
    if len(angles) < 3 or np.ptp(angles) < SKEW_DEG:
        return []
    return [
        f"The outline of the radiograph is not rectangular (edges differ by {np.ptp(angles):.0f} degrees), as in a "
        f"photograph of a light box or a screen. {PHOTOGRAPH_ADVICE}"
    ]


def _edge_angle_deg(lines: np.ndarray) -> float | None:
    """Return the angle of the straight edge that ends a uniform border on the left, or None without such an edge."""
    count, length = lines.shape
    departs = np.abs(lines - np.median(lines[:, :2], axis=1, keepdims=True)) > _EDGE_STEP
    position = departs.argmax(axis=1)
    rows = np.flatnonzero(departs.any(axis=1) & (position > 1) & (position < length // 3))
    if len(rows) < _EDGE_SHARE * count:
        return None
    kept = rows
    for _ in range(5):
        slope, offset = np.polyfit(kept, position[kept], 1)
        residuals = np.abs(position[rows] - slope * rows - offset)
        kept = rows[residuals <= max(_EDGE_TOLERANCE_PX, float(np.median(residuals)))]
    straight = np.sum(residuals <= _EDGE_TOLERANCE_PX) >= _EDGE_SHARE * count
    return float(np.degrees(np.arctan(slope))) if straight else None


def check_pair(ap: Radiograph, lateral: Radiograph) -> list[Fault]:
    """List why two radiographs cannot be used together."""
    faults = []
    if (ap.sha256 and ap.sha256 == lateral.sha256) or np.array_equal(ap.pixels, lateral.pixels):
        faults.append(same_picture(_path(lateral)))
    heights = np.array([ap.size_mm[0], lateral.size_mm[0]])
    if np.isfinite(heights).all() and np.ptp(heights) > HEIGHT_TOLERANCE * heights.max():
        share = np.ptp(heights) / heights.max()
        faults.append(
            Fault(
                "heights-disagree",
                f"The frontal radiograph is {heights[0]:.0f} mm high and the lateral one {heights[1]:.0f} "
                f"mm, a difference of {share:.0%} (the limit is {HEIGHT_TOLERANCE:.0%}): they do not show "
                "the same part of the body.",
                "Align them vertically with --lateral-offset-mm, crop the larger one with --crop to the "
                "same top and bottom, or correct --spacing-mm.",
                _path(lateral),
            )
        )
    return faults


def two_patients_notes(ap: Radiograph, lateral: Radiograph) -> list[str]:
    """Return a note where the headers of two radiographs name two patients."""
    named = {ap.patient_sha256, lateral.patient_sha256} - {""}
    if len(named) < 2:
        return []
    return [
        "The headers of the two radiographs name two patients (Patient ID): check that both are of one person."
    ]


def same_picture(path: str | None) -> Fault:
    """Return the fault of a lateral radiograph that is the frontal one."""
    return Fault(
        "same-file",
        "The frontal and the lateral radiograph are the same image.",
        "Choose the lateral radiograph of the same person.",
        path,
    )


def _path(radiograph: Radiograph) -> str | None:
    return str(radiograph.path) if radiograph.path is not None else None
