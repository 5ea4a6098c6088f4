"""Pixel size of a DICOM film at the patient, and where it comes from.

In the order of trust (PS3.3 C.8.11.4, C.8.7.1 and the spacing rules of 10.7.1.3):

1. Pixel Spacing that was calibrated: it says so, or it differs from Imager Pixel Spacing.
2. Imager Pixel Spacing (at the detector), divided by the magnification where the header gives one.
3. Pixel Spacing alone, whose plane the header leaves open.
4. Nominal Scanned Pixel Spacing of a digitised film.

Devices write 0.000 for "unknown"; that counts as absent, and is told.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from SwinX2SLib.radiographs.decoded import HeaderSpacing
from SwinX2SLib.radiographs.tube import positive_number

if TYPE_CHECKING:
    from pydicom import Dataset

_KEYWORDS = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")


def film_spacing(dataset: Dataset) -> tuple[HeaderSpacing | None, str, list[str]]:
    """Return the spacing of a film, why there is none ("" if there is one), and notes for the user."""
    found = {keyword: _pair(dataset, keyword) for keyword in _KEYWORDS}
    pixel, imager, scanned = (found[keyword] for keyword in _KEYWORDS)
    calibration = str(dataset.get("PixelSpacingCalibrationType") or "")
    if pixel and (calibration or (imager and not _same(pixel, imager))):
        kind = (
            f"calibrated by {calibration.lower()}"
            if calibration
            else "calibrated, differs from ImagerPixelSpacing"
        )
        return HeaderSpacing(*pixel, f"DICOM PixelSpacing ({kind})", imager, calibrated=True), "", []
    if imager:
        return _at_patient(dataset, imager)
    if pixel:
        note = "The header does not say whether PixelSpacing holds at the patient or at the detector."
        return HeaderSpacing(*pixel, "DICOM PixelSpacing (not calibrated)"), "", [note]
    if scanned:
        return HeaderSpacing(*scanned, "DICOM NominalScannedPixelSpacing (digitised film)"), "", []
    stated = [keyword for keyword in _KEYWORDS if keyword in dataset]
    if stated:
        return (
            None,
            f"the DICOM header states no usable {' or '.join(stated)} (0, below 0, empty or no number)",
            [],
        )
    return None, "the DICOM header has no spacing", []


def magnification(dataset: Dataset) -> tuple[float, str] | None:
    """Return how much the detector enlarges the patient and where that stands, None if the header is silent."""
    factor = positive_number(dataset, "EstimatedRadiographicMagnificationFactor")
    if factor and factor >= 1:
        return factor, "EstimatedRadiographicMagnificationFactor"
    detector = positive_number(dataset, "DistanceSourceToDetector")
    patient = positive_number(dataset, "DistanceSourceToPatient")
    if detector and patient and detector >= patient:
        return detector / patient, "DistanceSourceToDetector / DistanceSourceToPatient"
    return None


def _at_patient(dataset: Dataset, imager: tuple[float, float]) -> tuple[HeaderSpacing, str, list[str]]:
    found = magnification(dataset)
    if found is None:
        note = (
            "ImagerPixelSpacing holds at the detector; no magnification is given: sizes are 5-20 % too large."
        )
        return HeaderSpacing(*imager, "DICOM ImagerPixelSpacing (at the detector)", imager), "", [note]
    factor, tag = found
    source = f"DICOM ImagerPixelSpacing / {factor:.4g} ({tag})"
    return HeaderSpacing(imager[0] / factor, imager[1] / factor, source, imager), "", []


def _pair(dataset: Dataset, keyword: str) -> tuple[float, float] | None:
    value = dataset.get(keyword)
    try:
        row, col = (float(part) for part in value)
    except (TypeError, ValueError):
        return None
    usable = all(math.isfinite(part) and part > 0 for part in (row, col))
    return (row, col) if usable else None


def _same(first: tuple[float, float], second: tuple[float, float]) -> bool:
    return all(math.isclose(a, b, rel_tol=1e-3) for a, b in zip(first, second, strict=True))
