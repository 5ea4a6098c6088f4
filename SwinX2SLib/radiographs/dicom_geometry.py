"""What a DICOM header states about the size of pixels, the orientation in the patient and the view.

pydicom is imported with the first file: a Slicer that has never run a reconstruction reads headers without it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from SwinX2SLib.errors import Fault
from SwinX2SLib.radiographs.acquisition import LARGEST_MAGNIFICATION, positive_number
from SwinX2SLib.radiographs.decoded_image import HeaderSpacing
from SwinX2SLib.radiographs.transforms import upright_letters
from SwinX2SLib.radiographs.view_recognition import FRONTAL, LATERAL, VIEW_POSITIONS, view_in_words

if TYPE_CHECKING:
    from pydicom import Dataset


_KEYWORDS = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")
_Size = tuple[float, float]
# Sizes and magnifications of a header count as equal up to these shares: the rounding of decimal strings, and
# magnifications that are stated with two digits.
_SAME_SIZE, _SAME_MAGNIFICATION = 1e-3, 0.02
_LONGEST_TEXT = 60


def radiograph_spacing(dataset: Dataset) -> tuple[HeaderSpacing | None, str, list[str]]:
    """Return the spacing of a radiograph, why there is none ("" if there is one), and notes for the user.

    Sizes at the patient are smaller than at the detector. A PixelSpacing that contradicts ImagerPixelSpacing in this
    is a device's default, unless the header names how it was calibrated (PS3.3 10.7.1).
    """
    pixel, imager, scanned = (_pair(dataset, keyword) for keyword in _KEYWORDS)
    unusable = {
        keyword: text
        for keyword in _KEYWORDS
        if _pair(dataset, keyword) is None and (text := _text(dataset, keyword))
    }
    notes = [
        f"{keyword} in the header ({text}) is not usable and was ignored."
        for keyword, text in unusable.items()
    ]
    calibration = str(dataset.get("PixelSpacingCalibrationType") or "")
    found: HeaderSpacing
    if pixel and (calibration or (imager and not _same(pixel, imager))):
        found, more = _calibrated(dataset, pixel, imager, calibration)
    elif imager:
        found, more = _at_patient(dataset, imager)
    elif pixel:
        found = HeaderSpacing(*pixel, "DICOM PixelSpacing (not calibrated)")
        more = ["The header does not state whether PixelSpacing refers to the patient or to the detector."]
    elif scanned:
        found, more = HeaderSpacing(*scanned, "DICOM NominalScannedPixelSpacing (digitised radiograph)"), []
    elif unusable:
        stated = " or ".join(unusable)
        texts = ", ".join(unusable.values())
        return None, f"the DICOM header has no valid {stated} (zero, negative or not a number: {texts})", []
    else:
        return None, "the DICOM header has no pixel spacing", []
    return found, "", notes + more


def aspect_ratio_faults(dataset: Dataset, spacing: HeaderSpacing | None) -> list[Fault]:
    """Return a fault where Pixel Aspect Ratio states pixels that are not square (PS3.3 C.7.6.3.1.7).

    Args:
        dataset: the header.
        spacing: of `radiograph_spacing`, which states the shape of a pixel as well and goes before the ratio.
    """
    ratio = _pair(dataset, "PixelAspectRatio")
    if ratio is None or spacing is not None or math.isclose(*ratio, rel_tol=0.01):
        return []
    height, width = ratio
    message = f"The pixels are not square: PixelAspectRatio in the header is {height:g}:{width:g} (height to width)."
    hint = "Resample the radiograph to square pixels; one number for the pixel size cannot describe it."
    return [Fault("spacing-anisotropic", message, hint)]


def _calibrated(
    dataset: Dataset, pixel: _Size, imager: _Size | None, calibration: str
) -> tuple[HeaderSpacing, list[str]]:
    """Return the spacing of a PixelSpacing that says to be calibrated, or differs from ImagerPixelSpacing."""
    kind = (
        f"calibrated by {calibration.lower()}"
        if calibration
        else "calibrated; differs from ImagerPixelSpacing"
    )
    spacing = HeaderSpacing(*pixel, f"DICOM PixelSpacing ({kind})", imager, calibrated=True)
    if imager is None:
        return spacing, []
    implied = [at_detector / at_patient for at_detector, at_patient in zip(imager, pixel, strict=True)]
    contradiction = (
        f"PixelSpacing ({_words(pixel)}) contradicts ImagerPixelSpacing ({_words(imager)}): it implies a "
        f"magnification of {implied[0]:.3g}, but"
    )
    if min(implied) < 1 - _SAME_SIZE or max(implied) > LARGEST_MAGNIFICATION:
        words = (
            f"{contradiction} the detector shows the patient 1 to {LARGEST_MAGNIFICATION:g} times as large."
        )
        if calibration:
            return spacing, [
                f"{words} PixelSpacing was used because the header states its calibration: check it."
            ]
        found, notes = _at_patient(dataset, imager)
        return found, [
            f"{words} ImagerPixelSpacing was used: check the size, or set it with --spacing-mm.",
            *notes,
        ]
    known, notes = magnification(dataset)
    if known is not None and not math.isclose(implied[0], known[0], rel_tol=_SAME_MAGNIFICATION):
        notes.append(f"{contradiction} the header states {known[0]:.3g} ({known[1]}). PixelSpacing was used.")
    return spacing, notes


def magnification(dataset: Dataset) -> tuple[tuple[float, str] | None, list[str]]:
    """Return how much the detector enlarges the patient with its origin, None if unknown, and notes."""
    keyword = "EstimatedRadiographicMagnificationFactor"
    distances = "DistanceSourceToDetector / DistanceSourceToPatient"
    factor = positive_number(dataset, keyword)
    detector, patient = (positive_number(dataset, name.strip()) for name in distances.split("/"))
    ratio = detector / patient if detector and patient else None
    notes = []
    if factor is None and _text(dataset, keyword) not in ("", "0"):
        notes.append(f"{keyword} in the header ({_text(dataset, keyword)}) is not usable and was ignored.")
    elif factor is not None and not 1 <= factor <= LARGEST_MAGNIFICATION:
        notes.append(f"{keyword} in the header ({factor:g}) is implausible and was ignored.")
        factor = None
    # `reading.source_from_header` reports distances that no examination has.
    ratio = ratio if ratio is not None and 1 <= ratio <= LARGEST_MAGNIFICATION else None
    if (
        factor is not None
        and ratio is not None
        and not math.isclose(factor, ratio, rel_tol=_SAME_MAGNIFICATION)
    ):
        notes.append(f"{keyword} ({factor:.3g}) contradicts {distances} ({ratio:.3g}); the former was used.")
    if factor is not None:
        return (factor, keyword), notes
    return ((ratio, distances) if ratio is not None else None), notes


def _at_patient(dataset: Dataset, imager: _Size) -> tuple[HeaderSpacing, list[str]]:
    found, notes = magnification(dataset)
    if found is None:
        notes.append(
            "ImagerPixelSpacing refers to the detector and the magnification is unknown: sizes are 5-20 % "
            "too large."
        )
        return HeaderSpacing(*imager, "DICOM ImagerPixelSpacing (at the detector)", imager), notes
    factor, tag = found
    source = f"DICOM ImagerPixelSpacing / {factor:.4g} ({tag})"
    return HeaderSpacing(imager[0] / factor, imager[1] / factor, source, imager), notes


def _pair(dataset: Dataset, keyword: str) -> _Size | None:
    value = dataset.get(keyword)
    try:
        row, col = (float(part) for part in value)
    except (TypeError, ValueError):
        return None
    usable = all(math.isfinite(part) and part > 0 for part in (row, col))
    return (row, col) if usable else None


def _text(dataset: Dataset, keyword: str) -> str:
    """Return the value of an element as it stands in the header, "" where it is absent or empty."""
    value = dataset.get(keyword)
    if value is None:
        return ""
    parts = [value] if isinstance(value, str) or not hasattr(value, "__iter__") else list(value)
    text = "\\".join(map(str, parts)).strip()
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}..."


def _words(size: _Size) -> str:
    return f"{size[0]:.4g} x {size[1]:.4g} mm"


def _same(first: _Size, second: _Size) -> bool:
    return all(math.isclose(a, b, rel_tol=_SAME_SIZE) for a, b in zip(first, second, strict=True))


_OPPOSITES = ({"L", "R"}, {"A", "P"}, {"H", "F"})
_LETTERS = set().union(*_OPPOSITES)


def patient_orientation(dataset: Dataset) -> tuple[tuple[str, str] | None, list[str]]:
    """Return the patient directions in which columns and rows increase, letters of L R A P H F, or None; and notes.

    They come from Patient Orientation (PS3.3 C.7.6.1.1.1), else from an upright Image Orientation (Patient)
    (PS3.3 C.7.6.2.1.1). An axial one, which programs write around a picture of unknown orientation, states nothing.
    """
    placed, notes = _placed_orientation(dataset)
    value = dataset.get("PatientOrientation")
    stated = [value] if isinstance(value, str) else list(value or ())
    letters = tuple(str(part)[:1] for part in stated)
    if (
        len(letters) == 2
        and set(letters) <= _LETTERS
        and not any(set(letters) <= pair for pair in _OPPOSITES)
    ):
        if placed is not None and placed != letters:
            notes.append(
                f"The patient orientation in the header ({_text(dataset, 'PatientOrientation')}) contradicts "
                f"ImageOrientationPatient ({_text(dataset, 'ImageOrientationPatient')}); the former was used."
            )
        return (letters[0], letters[1]), notes
    if text := _text(dataset, "PatientOrientation"):
        notes.append(
            f"The patient orientation in the header ({text}) does not define the display orientation and was ignored."
        )
    return placed, notes


def _placed_orientation(dataset: Dataset) -> tuple[tuple[str, str] | None, list[str]]:
    text = _text(dataset, "ImageOrientationPatient")
    if not text:
        return None, []
    try:
        directions = np.array([float(part) for part in dataset.ImageOrientationPatient]).reshape(2, 3)
    except (TypeError, ValueError):
        directions = np.zeros((2, 3))
    # Columns and rows step at right angles, by unit vectors.
    if not np.allclose(directions @ directions.T, np.eye(2), atol=0.02):
        return None, [f"ImageOrientationPatient in the header ({text}) is not usable and was ignored."]
    return upright_letters(*directions), []


def view_position(dataset: Dataset) -> str:
    """Return View Position as a known term (`view_recognition.VIEW_POSITIONS`), else the view of View Code Sequence.

    Source: PS3.3 C.8.1.1 and C.8.7.5; PS3.16 CID 4010.
    """
    position = str(dataset.get("ViewPosition") or "").strip().upper()
    known = any(position in positions for positions in VIEW_POSITIONS.values())
    return position if known else _coded_view(dataset)


def _coded_view(dataset: Dataset) -> str:
    from pydicom.sr.codedict import codes
    from pydicom.sr.coding import Code

    views = codes.cid4010
    positions = {
        "AP": (views.AnteroPosterior,),
        "PA": (views.PosteroAnterior,),
        "FRONTAL": (views.Frontal,),
        "LATERAL": (views.LeftLateral, views.RightLateral, views.LateralProjection, views.Sagittal),
    }
    for item in dataset.get("ViewCodeSequence") or ():
        value, scheme, meaning = (
            str(item.get(keyword) or "") for keyword in ("CodeValue", "CodingSchemeDesignator", "CodeMeaning")
        )
        # SNM3 is an older designator of the scheme SRT, PS3.16 8.
        code = Code(value, "SRT" if scheme in ("SNM3", "99SDM") else scheme, meaning)
        for position, known in positions.items():
            if code in known:
                return position
        if view := view_in_words(meaning):
            return {FRONTAL: "FRONTAL", LATERAL: "LATERAL"}[view]
    return ""


def stated_view(dataset: Dataset) -> str:
    """Return "AP", "PA", "frontal" or "lateral" as the header states, else "" (also lying down, RLD and LLD)."""
    position = view_position(dataset)
    if position in VIEW_POSITIONS[LATERAL]:
        return LATERAL
    return {"AP": "AP", "PA": "PA", "FRONTAL": FRONTAL}.get(position, "")
