"""Radiographs from DICOM files: pixels, spacing and its source, view.

pydicom is imported with the first file: a Slicer that has never run a reconstruction reads headers without it.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from SwinX2SLib.io.dicom_files import read_dicom, require_picture
from SwinX2SLib.radiographs.acquisition import positive_number, stated_distances
from SwinX2SLib.radiographs.decoded_image import (
    DecodedImage,
    DecodeError,
    HeaderSpacing,
    decoding,
    gray_of_channels,
    multi_frame_error,
)

if TYPE_CHECKING:
    from pydicom import Dataset


_KEYWORDS = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")


def radiograph_spacing(dataset: Dataset) -> tuple[HeaderSpacing | None, str, list[str]]:
    """Return the spacing of a radiograph, why there is none ("" if there is one), and notes for the user."""
    found = {keyword: _pair(dataset, keyword) for keyword in _KEYWORDS}
    pixel, imager, scanned = (found[keyword] for keyword in _KEYWORDS)
    calibration = str(dataset.get("PixelSpacingCalibrationType") or "")
    if pixel and (calibration or (imager and not _same(pixel, imager))):
        kind = (
            f"calibrated by {calibration.lower()}"
            if calibration
            else "calibrated; differs from ImagerPixelSpacing"
        )
        return HeaderSpacing(*pixel, f"DICOM PixelSpacing ({kind})", imager, calibrated=True), "", []
    if imager:
        return _at_patient(dataset, imager)
    if pixel:
        note = "The header does not state whether PixelSpacing refers to the patient or to the detector."
        return HeaderSpacing(*pixel, "DICOM PixelSpacing (not calibrated)"), "", [note]
    if scanned:
        return HeaderSpacing(*scanned, "DICOM NominalScannedPixelSpacing (digitised radiograph)"), "", []
    stated = [keyword for keyword in _KEYWORDS if keyword in dataset]
    if stated:
        return (
            None,
            f"the DICOM header has no valid {' or '.join(stated)} (zero, negative, empty or not a number)",
            [],
        )
    return None, "the DICOM header has no pixel spacing", []


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
            "ImagerPixelSpacing refers to the detector and the magnification is unknown: sizes are 5-20 % "
            "too large."
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


_LETTERS = set("LRAPHF")
# Upright laterals; RLD and LLD (decubitus) are frontal radiographs.
_LATERAL_POSITIONS = {"LL", "RL", "LAT", "LATERAL"}


def patient_orientation(dataset: Dataset) -> tuple[tuple[str, str] | None, list[str]]:
    """Return the first letters of Patient Orientation, where columns and rows increase, or None and why.

    Source: PS3.3 C.7.6.1.1.1.
    """
    value = dataset.get("PatientOrientation")
    stated = [value] if isinstance(value, str) else list(value or ())
    letters = tuple(str(part)[:1] for part in stated)
    if len(letters) == 2 and set(letters) <= _LETTERS and len(set(letters)) == 2:
        return letters, []
    stated_text = "\\".join(map(str, stated)).strip()
    note = (
        f"The patient orientation in the header ({stated_text}) does not define the display orientation and was "
        "ignored."
    )
    return None, [note] if stated_text else []


def stated_view(dataset: Dataset) -> str:
    """Return "AP", "PA" or "lateral" as View Position says (PS3.3 C.8.1.1, C.8.7.5), else ""."""
    position = str(dataset.get("ViewPosition") or "").strip().upper()
    return "lateral" if position in _LATERAL_POSITIONS else position if position in ("AP", "PA") else ""


_RADIOGRAPH_MODALITIES = {"CR", "DX", "RG", "RF", "XA", "MG", "OT", "SC", "DR", ""}


def decode_dicom(path: Path) -> DecodedImage:
    """Decode one DICOM radiograph: modality and VOI tables applied, padding marked, spacing and orientation read.

    A linear window is not applied: it would cut off bone, and the normalisation finds its own limits.

    Raises:
        DecodeError: broken, truncated, several frames, no picture.
    """
    with decoding("DICOM file", "Export it again, uncompressed if possible."):
        dataset = read_dicom(path, force=path.suffix.lower() in (".dcm", ".dicom"))
        _require_picture(dataset)
        if int(dataset.get("NumberOfFrames") or 1) > 1:
            raise multi_frame_error(int(dataset.NumberOfFrames))
        require_picture(dataset, path)
        return _radiograph(dataset)


def _require_picture(dataset: Dataset) -> None:
    if "PixelData" in dataset and "Rows" in dataset:
        return
    if "Rows" in dataset or "SOPClassUID" not in dataset:
        raise DecodeError(
            "unreadable-file", "The DICOM file ends before its pixel data.", "Export or copy the file again."
        )
    raise DecodeError(
        "not-a-picture",
        "The DICOM file has no pixel data.",
        "Choose an image object (CR, DX or secondary capture).",
    )


def _radiograph(dataset: Dataset) -> DecodedImage:
    stored = dataset.pixel_array
    values, padding, colour_notes, faults = _gray(dataset, stored)
    spacing, remark, notes = radiograph_spacing(dataset)
    orientation, orientation_notes = patient_orientation(dataset)
    notes += colour_notes + orientation_notes
    modality = str(dataset.get("Modality", ""))
    if modality not in _RADIOGRAPH_MODALITIES:
        notes.append(
            f"The modality in the header is {modality}, which is usually not a radiograph: check the file."
        )
    if dataset.get("PresentationIntentType") == "FOR PROCESSING":
        notes.append(
            "The header marks the radiograph as raw detector data (FOR PROCESSING): check whether the grey "
            "levels are inverted."
        )
    return DecodedImage(
        values.astype(np.float32),
        bone_bright=dataset.get("PhotometricInterpretation") != "MONOCHROME1",
        spacing=spacing,
        spacing_remark=remark,
        orientation=orientation,
        padding=padding,
        stated_view=stated_view(dataset),
        distances=stated_distances(dataset),
        notes=notes,
        faults=faults,
    )


def _gray(dataset: Dataset, stored: np.ndarray) -> tuple[np.ndarray, np.ndarray | None, list, list]:
    """Return the gray values after the modality and VOI tables, the padding, notes and the fault of colour."""
    from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_voi

    if dataset.get("PhotometricInterpretation") == "PALETTE COLOR":
        stored = apply_color_lut(stored, dataset)
    if stored.ndim == 3:
        values, notes, faults = gray_of_channels(stored[..., :3], white=float(np.max(stored, initial=1)))
        return values, None, notes, faults
    padding = _padding(dataset, stored)
    values = apply_modality_lut(stored, dataset)
    if "VOILUTSequence" in dataset and len(dataset.VOILUTSequence):
        # The table is part of the radiograph's contrast (sigmoid curves of DX); it takes the modality's output.
        values = apply_voi(np.rint(values).astype(np.int64), dataset)
    return values, padding, [], []


def _padding(dataset: Dataset, stored: np.ndarray) -> np.ndarray | None:
    """Return where pixels are padding (PS3.3 C.7.5.1.1.2), or None."""
    value = dataset.get("PixelPaddingValue")
    if value is None:
        return None
    limit = dataset.get("PixelPaddingRangeLimit")
    low, high = sorted((int(value), int(value if limit is None else limit)))
    padding = (stored >= low) & (stored <= high)
    return padding if padding.any() else None
