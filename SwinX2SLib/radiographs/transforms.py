"""Crops, turns and flips of a radiograph, and the orientation that its header states."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from SwinX2SLib.errors import Fault
from SwinX2SLib.geometry.tuples import vector2
from SwinX2SLib.radiographs.radiograph import LATERAL, Crop, RadiographOptions

_OPPOSITE = dict(zip("LRAPHF", "RLPAFH", strict=True))
_WORDS = {"L": "left", "R": "right", "A": "front", "P": "back", "H": "head", "F": "feet"}
# Where the columns and rows of a radiograph in display orientation increase.
_ORIENTATION = {"frontal": ("L", "F"), "lateral": ("P", "F")}
_LPS_LETTERS = (("L", "R"), ("P", "A"), ("H", "F"))


@dataclass(frozen=True)
class Reorientation:
    """A transposition, then flips: what brings a stored picture into the layout of this package."""

    transpose: bool = False
    flip_columns: bool = False
    flip_rows: bool = False

    def apply(self, picture: np.ndarray) -> np.ndarray:
        """Turn a picture `(rows, cols)`; the result is a view."""
        picture = picture.T if self.transpose else picture
        return picture[:: -1 if self.flip_rows else 1, :: -1 if self.flip_columns else 1]

    def turn_spacing(self, spacing_mm: tuple[float, float]) -> tuple[float, float]:
        """Return `(row, col)` spacing after the turn."""
        return spacing_mm[::-1] if self.transpose else spacing_mm

    def describe(self) -> str:
        """Describe the reorientation, "" for none."""
        steps = (
            (self.transpose, "rows and columns exchanged"),
            (self.flip_columns, "flipped left-right"),
            (self.flip_rows, "flipped up-down"),
        )
        return ", ".join(words for wanted, words in steps if wanted)


def header_turn(orientation: tuple[str, str], view: str) -> Reorientation | Fault:
    """Return the reorientation from a header, or a fault if it contradicts the view.

    Args:
        orientation: patient directions in which the stored columns and rows increase, letters of L R A P H F.
        view: "ap", "pa" or "lateral".
    """
    columns, rows = _ORIENTATION["lateral" if view == LATERAL else "frontal"]
    stored_columns, stored_rows = orientation
    transpose = stored_columns in "HF"
    if transpose:
        stored_columns, stored_rows = stored_rows, stored_columns
    if stored_columns not in (columns, _OPPOSITE[columns]) or stored_rows not in "HF":
        across, down = (_WORDS[letter] for letter in orientation)
        wanted = "from front to back" if view == LATERAL else "from right to left"
        return Fault(
            "view-mismatch",
            f"According to the header the columns run towards the patient's {across} and the rows towards "
            f"the {down}; in the {view} view, columns must run {wanted} and rows from head to feet.",
            "Swap the two files, or ignore the orientation in the header for this view "
            "(--ignore-orientation).",
        )
    return Reorientation(transpose, stored_columns != columns, stored_rows != rows)


def stated_view_fault(stated: str, view: str) -> Fault | None:
    """Return a fault if a header names another view than the one that a radiograph is used as.

    Args:
        stated: "AP", "PA", "lateral", or "" for none.
        view: "ap", "pa" or "lateral".
    """
    if not stated or (stated == LATERAL) == (view == LATERAL):
        return None
    used = "lateral" if view == LATERAL else "frontal"
    return Fault(
        "view-mismatch",
        f"The view in the header is {stated}, but the radiograph is used as the {used} one.",
        "Swap the two files, or ignore the orientation in the header for this view (--ignore-orientation).",
    )


def upright_letters(column_lps: np.ndarray, row_lps: np.ndarray) -> tuple[str, str] | None:
    """Return the patient directions in which columns and rows increase, or None for a plane that is not upright.

    An axial plane is what programs write around a picture of unknown orientation.

    Args:
        column_lps: step from one column to the next, LPS mm.
        row_lps: step from one row to the next.
    """
    letters = _letter(column_lps), _letter(row_lps)
    return letters if {"H", "F"} & set(letters) else None


def _letter(direction: np.ndarray) -> str:
    axis = int(np.argmax(np.abs(direction)))
    return _LPS_LETTERS[axis][0 if direction[axis] > 0 else 1]


_AXES = ("h", "v")


def edited(picture: np.ndarray, turn: Reorientation, options: RadiographOptions) -> np.ndarray:
    """Crop a stored picture `(rows, cols)`, turn it by its header, rotate and flip it as the user asked.

    Raises:
        ValueError: the crop reaches outside the picture.
    """
    if options.crop is not None:
        picture = picture[options.crop.slices(picture.shape)]
    picture = np.rot90(turn.apply(picture), -options.rotate_deg // 90)
    picture = picture[:: -1 if "v" in options.flip else 1, :: -1 if "h" in options.flip else 1]
    return np.ascontiguousarray(picture)


def stored_of_edited(shape: tuple[int, int], turn: Reorientation, options: RadiographOptions) -> np.ndarray:
    """Return the 3x3 matrix from (column, row, 1) of the edited picture to (column, row, 1) of the stored one.

    Args:
        shape: rows and columns of the stored picture.
        turn: reorientation from the header.
        options: user options.
    """
    matrix = np.eye(3)
    for step in _steps(shape, turn, options):
        matrix = matrix @ step
    return matrix


def rotated(options: RadiographOptions, clockwise_deg: int) -> RadiographOptions:
    """Return the options that turn the radiograph, as it is seen now, further clockwise by a multiple of 90
    degrees."""
    # Seen through one mirror, a turn goes the other way round.
    sign = -1 if len(options.flip) == 1 else 1
    return replace(options, rotate_deg=(options.rotate_deg + sign * clockwise_deg) % 360)


def flipped(options: RadiographOptions, axis: str) -> RadiographOptions:
    """Return the options that flip the radiograph, as it is seen now, left-right ("h") or up-down ("v")."""
    kept = {name for name in _AXES if (name in options.flip) != (name == axis)}
    if kept == set(_AXES):
        # Both flips are half a turn.
        return replace(options, flip="", rotate_deg=(options.rotate_deg + 180) % 360)
    return replace(options, flip="".join(kept))


def crop_of_edited(
    shape: tuple[int, int],
    turn: Reorientation,
    options: RadiographOptions,
    rectangle: tuple[float, float, float, float],
) -> Crop | None:
    """Return the crop, in percent of the stored picture, that leaves a rectangle of the picture as it is seen.

    Args:
        shape: rows and columns of the stored picture.
        turn: reorientation from the header.
        options: user options; a crop among it was seen, too.
        rectangle: left, top, right and bottom edge in the edited picture, in pixels from its upper left corner;
            what lies outside the picture is cut off.

    Returns:
        None where nothing, or everything, would be left.
    """
    rows, cols = shape
    left, top, right, bottom = rectangle
    # Pixel centres lie at whole numbers, edges half a pixel before them.
    corners = np.array([[left - 0.5, top - 0.5, 1], [right - 0.5, bottom - 0.5, 1]])
    stored = corners @ stored_of_edited(shape, turn, options).T + 0.5
    inside = np.clip(stored[:, :2], 0, [cols, rows]) / [cols, rows] * 100
    low, high = inside.min(axis=0), inside.max(axis=0)
    if (high - low).min() <= 0 or (low.max() <= 0 and high.min() >= 100):
        return None
    (left, top), (width, height) = vector2(low), vector2(high - low)
    return Crop(left, top, width, height, percent=True)


def rectangle_of_crop(
    shape: tuple[int, int], turn: Reorientation, options: RadiographOptions
) -> tuple[float, float, float, float]:
    """Return where the crop of `options` lies in the picture that is edited without it, as `crop_of_edited` takes it.

    Raises:
        ValueError: the crop reaches outside the picture.
    """
    rows, cols = options.crop.slices(shape) if options.crop else (slice(0, count) for count in shape)
    corners = np.array([[cols.start - 0.5, rows.start - 0.5, 1], [cols.stop - 0.5, rows.stop - 0.5, 1]])
    to_edited = np.linalg.inv(stored_of_edited(shape, turn, replace(options, crop=None)))
    seen = (corners @ to_edited.T + 0.5)[:, :2]
    (left, top), (right, bottom) = seen.min(axis=0), seen.max(axis=0)
    return float(left), float(top), float(right), float(bottom)


def _steps(shape: tuple[int, int], turn: Reorientation, options: RadiographOptions) -> Iterator[np.ndarray]:
    """Yield each step as the matrix from its picture to the one before."""
    if options.crop is not None:
        rows, cols = options.crop.slices(shape)
        yield np.array([[1, 0, cols.start], [0, 1, rows.start], [0, 0, 1.0]])
        shape = rows.stop - rows.start, cols.stop - cols.start
    if turn.transpose:
        yield np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1.0]])
        shape = shape[::-1]
    if turn.flip_columns or turn.flip_rows:
        yield _flip(shape, turn.flip_columns, turn.flip_rows)
    for _ in range(options.rotate_deg // 90):
        # The first row of a picture turned clockwise is its first column, from the bottom up.
        yield np.array([[0, 1, 0], [-1, 0, shape[0] - 1], [0, 0, 1.0]])
        shape = shape[::-1]
    if options.flip:
        yield _flip(shape, "h" in options.flip, "v" in options.flip)


def _flip(shape: tuple[int, int], columns: bool, rows: bool) -> np.ndarray:
    matrix = np.eye(3)
    if columns:
        matrix[0] = [-1, 0, shape[1] - 1]
    if rows:
        matrix[1] = [0, -1, shape[0] - 1]
    return matrix
