"""Where a film stands in the patient: the frontal one in a coronal plane, the lateral one in a sagittal plane.

The middle of what both films show is the origin, as in the reconstruction; rays are parallel, so a film may stand at
any depth and is shown in the middle.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from SwinX2SLib.slicerui.inputs.examination import Examination

# RAS directions in which columns and rows of a hanging film run, and the direction across the film.
_DIRECTIONS = {
    "ap": np.array([[-1.0, 0, 0], [0, 0, -1.0], [0, -1.0, 0]]),
    "lateral": np.array([[0, -1.0, 0], [0, 0, -1.0], [1.0, 0, 0]]),
}
# Deep enough to be seen in whatever slice of a person is shown.
_THICKNESS_MM = 400.0


@dataclass(frozen=True)
class FilmPlane:
    """A film of `(rows, cols)` pixels in the patient.

    Attributes:
        role: "ap" or "lateral".
        shape: rows and columns.
        pixel_mm: height and width of a pixel; 1 mm where nobody knows, so that it can be seen and calibrated.
        middle_mm: height of the film's middle, RAS.
    """

    role: str
    shape: tuple[int, int]
    pixel_mm: tuple[float, float]
    middle_mm: float

    def ijk_to_ras(self) -> np.ndarray:
        """Return the 4x4 matrix (column, row, slice) -> RAS mm of a volume of one slice."""
        row_mm, col_mm = self.pixel_mm
        matrix = np.eye(4)
        matrix[:3, :3] = (_DIRECTIONS[self.role] * [[col_mm], [row_mm], [_THICKNESS_MM]]).T
        rows, cols = self.shape
        matrix[:3, 3] = -matrix[:3, :2] @ [(cols - 1) / 2, (rows - 1) / 2] + [0, 0, self.middle_mm]
        return matrix

    def ras(self, column: float, row: float) -> np.ndarray:
        """Return where a pixel is, RAS mm."""
        return (self.ijk_to_ras() @ [column, row, 0, 1])[:3]

    def pixel(self, ras: np.ndarray) -> np.ndarray:
        """Return column and row under a place."""
        return (np.linalg.inv(self.ijk_to_ras()) @ [*ras, 1.0])[:2]

    def size_mm(self) -> np.ndarray:
        """Return the extent along R, A and S; none across the film."""
        rows, cols = self.shape
        row_mm, col_mm = self.pixel_mm
        return np.abs(_DIRECTIONS[self.role][:2].T @ [cols * col_mm, rows * row_mm])


def film_planes(examination: Examination) -> dict[str, FilmPlane]:
    """Return where the films stand, by role."""
    planes = {}
    for role, seen in examination.films.items():
        known = all(math.isfinite(length) for length in seen.film.spacing_mm)
        scale = seen.scene_film.shape[0] / seen.scene_film.decoded.values.shape[0]
        pixel_mm = seen.film.spacing_mm if known else (scale, scale)
        middle_mm = 0.0 - examination.middles_mm.get(role, 0.0)
        planes[role] = FilmPlane(role, seen.film.pixels.shape, pixel_mm, middle_mm)
    return planes
