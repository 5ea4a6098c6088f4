"""A radiograph ready to use, and user options for a file."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from SwinX2SLib.radiographs.acquisition import LARGEST_MAGNIFICATION

if TYPE_CHECKING:
    from SwinX2SLib.radiographs.acquisition import XraySource


AP, PA, LATERAL = "ap", "pa", "lateral"
FRONTAL_VIEWS = (AP, PA)
VIEWS = (AP, PA, LATERAL)
FLIPS = ("", "h", "v", "hv")

ROTATIONS_DEG = (0, 90, 180, 270)


@dataclass(frozen=True)
class Crop:
    """A rectangle of the image as stored in the file.

    Attributes:
        left, top, width, height: pixels, or percent of the picture's width and height.
        percent: whether the numbers are percent.
    """

    left: float
    top: float
    width: float
    height: float
    percent: bool = False

    @classmethod
    def parse(cls, text: str) -> Crop:
        """Read `LEFT,TOP,WIDTH,HEIGHT`, in pixels (`100,0,2000,2400`) or all in percent (`5%,0%,90%,100%`).

        Raises:
            ValueError: the text is no such rectangle.
        """
        parts = [part.strip() for part in text.split(",")]
        percent = all(part.endswith("%") for part in parts)
        try:
            left, top, width, height = (float(part.removesuffix("%") if percent else part) for part in parts)
        except ValueError:
            raise ValueError(
                f"{text!r} is not a valid crop; use LEFT,TOP,WIDTH,HEIGHT in pixels (100,0,2000,2400) or in "
                "percent (5%,0%,90%,100%)."
            ) from None
        if min(left, top) < 0 or min(width, height) <= 0 or not math.isfinite(left + top + width + height):
            raise ValueError(
                f"{text!r} is not a valid crop; left and top must be 0 or more, width and height more than 0."
            )
        return cls(left, top, width, height, percent)

    def __str__(self) -> str:
        unit = "%" if self.percent else ""
        return ",".join(f"{value:g}{unit}" for value in (self.left, self.top, self.width, self.height))

    def slices(self, shape: tuple[int, int]) -> tuple[slice, slice]:
        """Return the row and column slices of this rectangle in a picture of `shape` (rows, cols).

        Raises:
            ValueError: the rectangle reaches outside the picture.
        """
        rows, cols = shape
        scale_x, scale_y = (cols / 100, rows / 100) if self.percent else (1.0, 1.0)
        left, top = round(self.left * scale_x), round(self.top * scale_y)
        right, bottom = round((self.left + self.width) * scale_x), round((self.top + self.height) * scale_y)
        if right > cols or bottom > rows:
            raise ValueError(f"The crop {self} extends beyond the image of {cols} x {rows} pixels.")
        return slice(top, bottom), slice(left, right)


@dataclass(frozen=True)
class RadiographOptions:
    """User options for one radiograph; they override the file header.

    They act in this order: crop (in the image as stored), the header's orientation, rotation, flip.

    Attributes:
        spacing_mm: size of a pixel at the patient [mm]; None takes it from the header.
        crop: part of the stored picture to use; None uses all.
        rotate_deg: clockwise turn, 0, 90, 180 or 270.
        flip: "" none, "h" left-right, "v" up-down, "hv" both.
        invert: invert the gray levels, after the photometric interpretation of the header.
        trust_orientation: let the header's patient orientation turn the radiograph into the layout of this package.
        magnification: how much larger than the patient the detector shows it; the header's size of a pixel at the
            detector is divided by it. None takes the value of the header.
        source_to_detector_mm: source-to-detector distance along the central ray; None takes the value of the header.
            With the next one it gives the magnification, and the cone of rays with which the bones are drawn on the
            radiograph.
        source_to_patient_mm: likewise.

    Raises:
        ValueError: a number that no radiograph can have, or two that contradict each other.

    Examples:
        >>> from SwinX2SLib import RadiographOptions
        >>> RadiographOptions(spacing_mm=0.2, flip="h").rotate_deg
        0
    """

    spacing_mm: float | None = None
    crop: Crop | None = None
    rotate_deg: int = 0
    flip: str = ""
    invert: bool = False
    trust_orientation: bool = True
    magnification: float | None = None
    source_to_detector_mm: float | None = None
    source_to_patient_mm: float | None = None

    def __post_init__(self) -> None:
        if self.spacing_mm is not None and not (math.isfinite(self.spacing_mm) and self.spacing_mm > 0):
            raise ValueError(f"The pixel spacing must be more than 0 mm, not {self.spacing_mm}.")
        if self.rotate_deg not in ROTATIONS_DEG:
            raise ValueError(f"The rotation must be 0, 90, 180 or 270 degrees, not {self.rotate_deg}.")
        if self.flip not in FLIPS:
            raise ValueError(f"The flip must be h, v or hv, not {self.flip!r}.")
        if self.magnification is not None and not 1 <= self.magnification <= LARGEST_MAGNIFICATION:
            raise ValueError(
                f"The magnification must be between 1 and {LARGEST_MAGNIFICATION:g}, not "
                f"{self.magnification}."
            )
        if self.magnification is not None and self.spacing_mm is not None:
            raise ValueError("Specify either the pixel size at the patient or the magnification, not both.")
        distances = [
            each for each in (self.source_to_detector_mm, self.source_to_patient_mm) if each is not None
        ]
        if not all(math.isfinite(each) and each > 0 for each in distances):
            raise ValueError(f"The source distances must be more than 0 mm, not {distances}.")
        if distances and self.magnification is not None:
            raise ValueError("Specify either the source distances or the magnification, not both.")


@dataclass(frozen=True)
class Radiograph:
    """A radiograph in standard display orientation.

    Attributes:
        pixels: float32 `(rows, cols)` in 0..1, bone bright, air and all that lies beyond the radiograph 0; rows
            superior -> inferior; columns of a frontal radiograph patient right -> left, of a lateral radiograph
            anterior -> posterior.
        spacing_mm: size of a pixel along rows' and columns' direction `(row, col)` at the patient [mm].
        spacing_source: where the spacing comes from, human-readable.
        view: "ap", "pa" or "lateral". PA and AP radiographs have the same display orientation (patient right on the
            viewer's left), so nothing is mirrored; the view is recorded because the rays diverge from the patient's
            back and enlarge other bones than in an AP radiograph.
        path: the file, or None for a radiograph that was computed.
        sha256: hash of the file's bytes, or "".
        notes: what was done or should be known, a sentence each.
        middle_mm: how far the middle of `pixels` lies above the middle of the radiograph [mm], where rows were cut
            off to match another radiograph.
        xray_source: position of the X-ray source; None if unknown.
        central_ray_px: (row, column) of `pixels` in which the central ray met the radiograph, taken to be the
            middle of the image as stored; None without an X-ray source.
        options: what the user said about it.
        patient_sha256: hash of the Patient ID and its issuer in the header, or "".

    Examples:
        >>> from SwinX2SLib import read_radiographs
        >>> from SwinX2SLib.resources import resource_path
        >>> files = [resource_path("Demo", f"phantom_{view}.png") for view in ("ap", "lateral")]
        >>> _, lateral = read_radiographs(*files, spacing_mm=1.0)
        >>> lateral.size_mm, lateral.view
        ((640.0, 320.0), 'lateral')
    """

    pixels: np.ndarray
    spacing_mm: tuple[float, float]
    spacing_source: str
    view: str
    path: Path | None = None
    sha256: str = ""
    notes: tuple[str, ...] = ()
    middle_mm: float = 0.0
    xray_source: XraySource | None = None
    central_ray_px: tuple[float, float] | None = None
    options: RadiographOptions = RadiographOptions()
    patient_sha256: str = ""

    @property
    def size_mm(self) -> tuple[float, float]:
        """Height and width of the radiograph [mm]."""
        return self.pixels.shape[0] * self.spacing_mm[0], self.pixels.shape[1] * self.spacing_mm[1]
