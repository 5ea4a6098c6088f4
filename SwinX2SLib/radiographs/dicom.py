"""DICOM radiographs: CR, DX and secondary captures, plain or compressed (JPEG, JPEG lossless, JPEG 2000, RLE)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
from pydicom.pixels import apply_color_lut, apply_modality_lut, apply_voi

from SwinX2SLib.radiographs.decoded import (
    DecodedFilm,
    DecodeError,
    decoding,
    gray_of_channels,
    multi_frame_error,
)
from SwinX2SLib.radiographs.dicom_spacing import film_spacing
from SwinX2SLib.radiographs.dicom_view import patient_orientation, stated_view
from SwinX2SLib.radiographs.tube import stated_distances

_RADIOGRAPH_MODALITIES = {"CR", "DX", "RG", "RF", "XA", "MG", "OT", "SC", "DR", ""}


def decode_dicom(path: Path) -> DecodedFilm:
    """Decode one DICOM film: modality and VOI tables applied, padding marked, spacing and orientation read.

    A linear window is not applied: it would cut off bone, and the normalisation finds its own limits.

    Raises:
        DecodeError: broken, truncated, several frames, no picture.
    """
    with decoding("DICOM file", "Export it again, without compression if that is possible."):
        dataset = pydicom.dcmread(path, force=path.suffix.lower() in (".dcm", ".dicom"))
        _require_picture(dataset)
        if int(dataset.get("NumberOfFrames") or 1) > 1:
            raise multi_frame_error(int(dataset.NumberOfFrames))
        return _film(dataset)


def _require_picture(dataset: pydicom.Dataset) -> None:
    if "PixelData" in dataset and "Rows" in dataset:
        return
    if "Rows" in dataset or "SOPClassUID" not in dataset:
        raise DecodeError(
            "unreadable-file", "The DICOM file ends before its picture.", "Export or copy the file again."
        )
    raise DecodeError(
        "not-a-picture",
        "The DICOM file holds no picture.",
        "Choose an image object (CR, DX or secondary capture).",
    )


def _film(dataset: pydicom.Dataset) -> DecodedFilm:
    stored = dataset.pixel_array
    values, padding, colour_notes, faults = _gray(dataset, stored)
    spacing, remark, notes = film_spacing(dataset)
    orientation, orientation_notes = patient_orientation(dataset)
    notes += colour_notes + orientation_notes
    modality = str(dataset.get("Modality", ""))
    if modality not in _RADIOGRAPH_MODALITIES:
        notes.append(
            f"The header gives the modality {modality}, which is no radiograph as a rule: check the file."
        )
    if dataset.get("PresentationIntentType") == "FOR PROCESSING":
        notes.append(
            "The header marks the film as raw detector data (FOR PROCESSING): check dark and bright."
        )
    return DecodedFilm(
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


def _gray(dataset: pydicom.Dataset, stored: np.ndarray) -> tuple[np.ndarray, np.ndarray | None, list, list]:
    """Return the gray values after the modality and VOI tables, the padding, notes and the fault of colour."""
    if dataset.get("PhotometricInterpretation") == "PALETTE COLOR":
        stored = apply_color_lut(stored, dataset)
    if stored.ndim == 3:
        values, notes, faults = gray_of_channels(stored[..., :3], white=float(np.max(stored, initial=1)))
        return values, None, notes, faults
    padding = _padding(dataset, stored)
    values = apply_modality_lut(stored, dataset)
    if "VOILUTSequence" in dataset and len(dataset.VOILUTSequence):
        # The table is part of the film's contrast (sigmoid curves of DX); it takes the modality's output.
        values = apply_voi(np.rint(values).astype(np.int64), dataset)
    return values, padding, [], []


def _padding(dataset: pydicom.Dataset, stored: np.ndarray) -> np.ndarray | None:
    """Return where pixels are padding (PS3.3 C.7.5.1.1.2), or None."""
    value = dataset.get("PixelPaddingValue")
    if value is None:
        return None
    limit = dataset.get("PixelPaddingRangeLimit")
    low, high = sorted((int(value), int(value if limit is None else limit)))
    padding = (stored >= low) & (stored <= high)
    return padding if padding.any() else None
