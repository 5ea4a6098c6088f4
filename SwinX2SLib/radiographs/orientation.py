"""Turning a stored picture into a film as it hangs on a light box."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from SwinX2SLib.errors import Fault
from SwinX2SLib.radiographs.radiograph import LATERAL

_OPPOSITE = dict(zip("LRAPHF", "RLPAFH", strict=True))
_WORDS = {"L": "left", "R": "right", "A": "front", "P": "back", "H": "head", "F": "feet"}
# Where the columns and rows of a hanging film increase.
_HANGING = {"frontal": ("L", "F"), "lateral": ("P", "F")}
_LPS_LETTERS = (("L", "R"), ("P", "A"), ("H", "F"))


@dataclass(frozen=True)
class Turn:
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
        """Say in words what the turn does, "" for nothing."""
        steps = (
            (self.transpose, "rows and columns exchanged"),
            (self.flip_columns, "flipped left-right"),
            (self.flip_rows, "flipped up-down"),
        )
        return ", ".join(words for wanted, words in steps if wanted)


def header_turn(orientation: tuple[str, str], view: str) -> Turn | Fault:
    """Return the turn that a header's orientation asks for, or a fault if it contradicts the view.

    Args:
        orientation: patient directions in which the stored columns and rows increase, letters of L R A P H F.
        view: "ap", "pa" or "lateral".
    """
    columns, rows = _HANGING["lateral" if view == LATERAL else "frontal"]
    stored_columns, stored_rows = orientation
    transpose = stored_columns in "HF"
    if transpose:
        stored_columns, stored_rows = stored_rows, stored_columns
    if stored_columns not in (columns, _OPPOSITE[columns]) or stored_rows not in "HF":
        across, down = (_WORDS[letter] for letter in orientation)
        wanted = "from front to back" if view == LATERAL else "from right to left"
        return Fault(
            "view-mismatch",
            f"The header says that the columns run to the patient's {across} and the rows to the {down}; "
            f"a film used as the {view} view runs {wanted} and from head to feet.",
            "Swap the two files, or turn the header's orientation off for this view (--ignore-orientation).",
        )
    return Turn(transpose, stored_columns != columns, stored_rows != rows)


def stated_view_fault(stated: str, view: str) -> Fault | None:
    """Return a fault if a header names another view than the one that a film is used as.

    Args:
        stated: "AP", "PA", "lateral", or "" for none.
        view: "ap", "pa" or "lateral".
    """
    if not stated or (stated == LATERAL) == (view == LATERAL):
        return None
    used = "lateral" if view == LATERAL else "frontal"
    return Fault(
        "view-mismatch",
        f"The header calls the film {stated}, but it is used as the {used} film.",
        "Swap the two files, or turn the header's orientation off for this view (--ignore-orientation).",
    )


def upright_letters(column_lps: np.ndarray, row_lps: np.ndarray) -> tuple[str, str] | None:
    """Return the patient directions in which columns and rows increase, or None for a plane that is not upright.

    An axial plane is what programs write around a picture of unknown orientation.

    Args:
        column_lps: step from one column to the next, LPS mm.
        row_lps: step from one row to the next.
    """
    letters = tuple(_letter(step) for step in (column_lps, row_lps))
    return letters if {"H", "F"} & set(letters) else None


def _letter(direction: np.ndarray) -> str:
    axis = int(np.argmax(np.abs(direction)))
    return _LPS_LETTERS[axis][0 if direction[axis] > 0 else 1]
