"""Radiographs from DICOM files.

pydicom is imported with the first file: a Slicer that has never run a reconstruction reads headers without it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from SwinX2SLib.radiographs.acquisition import stated_distances
from SwinX2SLib.radiographs.decoded_image import DecodedImage, DecodeError, decoding, multi_frame_error
from SwinX2SLib.radiographs.dicom_geometry import (
    aspect_ratio_faults,
    patient_orientation,
    radiograph_spacing,
    stated_view,
)
from SwinX2SLib.radiographs.dicom_pixels import PIXEL_KEYWORDS, gray_image

if TYPE_CHECKING:
    from pydicom import Dataset


_RADIOGRAPH_MODALITIES = {"CR", "DX", "RG", "RF", "XA", "MG", "OT", "SC", "DR", ""}


def decode_dicom(path: Path) -> DecodedImage:
    """Decode one DICOM radiograph: modality and VOI tables applied, padding and shutter marked, spacing and
    orientation read.

    A linear window is not applied: it would cut off bone, and the normalisation finds its own limits.

    Raises:
        DecodeError: broken, truncated, several frames, no picture.
    """
    with decoding("DICOM file", "Export it again, uncompressed if possible."):
        import pydicom

        dataset = pydicom.dcmread(path, force=path.suffix.lower() in (".dcm", ".dicom"))
        _require_picture(dataset)
        if int(dataset.get("NumberOfFrames") or 1) > 1:
            raise multi_frame_error(int(dataset.NumberOfFrames))
        return _radiograph(dataset)


def _require_picture(dataset: Dataset) -> None:
    if "Rows" in dataset and any(keyword in dataset for keyword in PIXEL_KEYWORDS):
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
    image = gray_image(dataset)
    spacing, remark, notes = radiograph_spacing(dataset)
    orientation, orientation_notes = patient_orientation(dataset)
    notes += image.notes + orientation_notes
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
        image.values.astype(np.float32),
        bone_bright=dataset.get("PhotometricInterpretation") != "MONOCHROME1",
        spacing=spacing,
        spacing_remark=remark,
        orientation=orientation,
        padding=image.outside,
        stated_view=stated_view(dataset),
        distances=stated_distances(dataset),
        notes=notes,
        faults=image.faults + aspect_ratio_faults(dataset, spacing),
    )
