"""Radiographs from DICOM files.

pydicom is imported with the first file: a Slicer that has never run a reconstruction reads headers without it.
"""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from SwinX2SLib.io.dicom_files import read_dicom, require_picture
from SwinX2SLib.radiographs.acquisition import stated_distances
from SwinX2SLib.radiographs.decoded_image import DecodedImage, DecodeError, decoding, multi_frame_error
from SwinX2SLib.radiographs.dicom_geometry import (
    aspect_ratio_faults,
    patient_orientation,
    radiograph_spacing,
    stated_view,
    view_position,
)
from SwinX2SLib.radiographs.dicom_pixels import PIXEL_KEYWORDS, gray_image

if TYPE_CHECKING:
    from pydicom import Dataset


_RADIOGRAPH_MODALITIES = {"CR", "DX", "RG", "RF", "XA", "MG", "OT", "SC", "DR", ""}
_OTHER_MODALITIES = {"MR", "PT", "NM", "US"}
_ENDINGS = (".dcm", ".dicom")
_HINT = "Export it again, uncompressed if possible."


@dataclass(frozen=True)
class RadiographHeader:
    """What identifies a radiograph among others.

    Attributes:
        view_position: see `dicom_geometry.view_position`.
        orientation: see `dicom_geometry.patient_orientation`.
        names: descriptions of series and protocol.
        study: Study Instance UID, or "".
        patient: Patient ID, or "".
    """

    view_position: str = ""
    orientation: tuple[str, str] | None = None
    names: tuple[str, ...] = ()
    study: str = ""
    patient: str = ""


def radiograph_header(path: Path) -> RadiographHeader | None:
    """Read what identifies a radiograph, without its pixels; None for an object that is none.

    No radiographs are objects without a picture (dose reports, presentation states, structured reports, DICOMDIR),
    segmentations, several frames and slices of a volume.

    Raises:
        DecodeError: broken or truncated.
    """
    with decoding("DICOM file", _HINT), warnings.catch_warnings():
        # What a reader warns of is reported when the radiograph is read.
        warnings.simplefilter("ignore")
        dataset = read_dicom(path, stop_before_pixels=True, force=path.suffix.lower() in _ENDINGS)
        if not _is_radiograph(dataset):
            return None
        return RadiographHeader(
            view_position(dataset),
            patient_orientation(dataset)[0],
            tuple(str(dataset.get(keyword) or "") for keyword in ("SeriesDescription", "ProtocolName")),
            str(dataset.get("StudyInstanceUID") or "").strip(),
            str(dataset.get("PatientID") or "").strip(),
        )


def _is_radiograph(dataset: Dataset) -> bool:
    from pydicom.uid import UID

    meta = getattr(dataset, "file_meta", None) or {}
    uid = str(dataset.get("SOPClassUID") or meta.get("MediaStorageSOPClassUID") or "")
    # Keywords of PS3.6 A; a private class has none.
    keyword = UID(uid).keyword
    is_image = "ImageStorage" in keyword if keyword else "Rows" in dataset
    if (is_image or not uid) and "Rows" not in dataset:
        raise _truncated()
    modality = str(dataset.get("Modality") or "")
    is_slice = (
        modality == "CT"
        and "LOCALIZER" not in (dataset.get("ImageType") or ())
        and "ImageOrientationPatient" in dataset
        and patient_orientation(dataset)[0] is None
    )
    frames = int(dataset.get("NumberOfFrames") or 1)
    return is_image and frames == 1 and modality not in _OTHER_MODALITIES and not is_slice


def decode_dicom(path: Path) -> DecodedImage:
    """Decode one DICOM radiograph: modality and VOI tables applied, padding and shutter marked, spacing and
    orientation read.

    A linear window is not applied: it would cut off bone, and the normalisation finds its own limits.

    Raises:
        DecodeError: broken, truncated, several frames, no picture.
    """
    with decoding("DICOM file", _HINT):
        dataset = read_dicom(path, force=path.suffix.lower() in _ENDINGS)
        _require_picture(dataset)
        if int(dataset.get("NumberOfFrames") or 1) > 1:
            raise multi_frame_error(int(dataset.NumberOfFrames))
        require_picture(dataset, path)
        return _radiograph(dataset)


def _require_picture(dataset: Dataset) -> None:
    if "Rows" in dataset and any(keyword in dataset for keyword in PIXEL_KEYWORDS):
        return
    if "Rows" in dataset or "SOPClassUID" not in dataset:
        raise _truncated()
    raise DecodeError(
        "not-a-picture",
        "The DICOM file has no pixel data.",
        "Choose an image object (CR, DX or secondary capture).",
    )


def patient_sha256(dataset: Dataset) -> str:
    """Return a hash by which headers of one patient are known, or "" without a Patient ID (PS3.3 C.7.1.1)."""
    number, issuer = (str(dataset.get(name) or "").strip() for name in ("PatientID", "IssuerOfPatientID"))
    return hashlib.sha256(f"{number}\\{issuer}".encode()).hexdigest() if number else ""


def _truncated() -> DecodeError:
    return DecodeError(
        "unreadable-file", "The DICOM file ends before its pixel data.", "Export or copy the file again."
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
        patient_sha256=patient_sha256(dataset),
        notes=notes,
        faults=image.faults + aspect_ratio_faults(dataset, spacing),
    )
