"""Whether the radiographs of a result can lend their patient and study to a DICOM segmentation."""

from __future__ import annotations

import hashlib
import importlib.util
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.export.dicom_values import is_uid, patient_and_study
from SwinX2SLib.io.dicom_files import read_dicom
from SwinX2SLib.io.header import reading

if TYPE_CHECKING:
    from pydicom import Dataset
    from pydicom.tag import BaseTag

    from SwinX2SLib.export.source import ExportSource


_NEEDED = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
_HINT = "Export another format, or reconstruct from the DICOM files of the radiographs."


def dicom_faults(source: ExportSource) -> list[Fault]:
    """List why no DICOM segmentation can be written of a result."""
    return dicom_package_faults() or radiograph_headers(source.radiographs, source.radiograph_hashes)[1]


@dataclass(frozen=True, eq=False)
class LentHeader:
    """What a radiograph lends to a DICOM segmentation.

    Attributes:
        dataset: its UIDs, its modality, and patient, study and equipment as the standard allows them.
        notes: a sentence about each value that was corrected or left empty, by tag.
        patient_id: as it is stored.
    """

    dataset: Dataset
    notes: Mapping[BaseTag, str]
    patient_id: str


def radiograph_headers(
    radiographs: Mapping[str, Path], hashes: Mapping[str, str]
) -> tuple[dict[str, LentHeader], list[Fault]]:
    """Return the headers of those radiographs that are DICOM files, by role, and all that keeps them from being used.

    Args:
        radiographs: files by role; what is no DICOM file is passed over, as one of the two is enough.
        hashes: SHA-256 that a file must have, by role; "" for any.
    """
    headers: dict[str, LentHeader] = {}
    faults: list[Fault] = []
    people: set[str] = set()
    for role, path in radiographs.items():
        try:
            header = _lent(path)
        except InputError as error:
            faults += error.faults
            continue
        if header is None:
            continue
        if wrong := [name for name in _NEEDED if not is_uid(str(header.dataset.get(name)))]:
            message = (
                f"The DICOM header has no valid {', '.join(wrong)}, so the radiograph cannot be referenced."
            )
            faults.append(Fault("dicom-incomplete", message, _HINT, str(path)))
        elif not _is_image(header.dataset):
            message = f"The DICOM object is of the kind {header.dataset.SOPClassUID}, not a standard image."
            faults.append(Fault("dicom-incomplete", message, _HINT, str(path)))
        elif hashes.get(role) and hashlib.sha256(path.read_bytes()).hexdigest() != hashes[role]:
            message = "The file was changed after the reconstruction."
            faults.append(
                Fault("radiograph-changed", message, "Restore it, or reconstruct again.", str(path))
            )
        else:
            headers[role] = header
            people.add(header.patient_id)
    if len(people) > 1:
        message = f"The radiographs belong to two patients (IDs {', '.join(sorted(people))})."
        faults.append(Fault("two-patients", message, "Check that both radiographs belong to one person."))
    if not headers and not faults:
        faults.append(
            Fault(
                "no-dicom-radiograph",
                "Neither radiograph is a DICOM file; patient and study are unknown.",
                _HINT,
            )
        )
    return headers, faults


def dicom_package_faults() -> list[Fault]:
    """List why DICOM segmentations cannot be written here at all."""
    if importlib.util.find_spec("highdicom") is not None:
        return []
    message = "The Python package highdicom, which writes DICOM segmentations, is not installed."
    hint = "Install SwinX2S again with the packages that it needs: pip install --upgrade swinx2s."
    return [Fault("package-missing", message, hint)]


def _lent(path: Path) -> LentHeader | None:
    """Return the header of a DICOM file, or None for a file that is none (or is no longer there).

    Raises:
        InputError: it is damaged.
    """
    from pydicom.errors import InvalidDicomError

    with reading(path, "DICOM file"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            stored = read_dicom(path, stop_before_pixels=True)
        except (InvalidDicomError, OSError):
            return None
        dataset, notes = patient_and_study(stored)
        for name in _NEEDED:
            setattr(dataset, name, str(stored.get(name) or ""))
        dataset.Modality = str(stored.get("Modality") or "OT")
        patient_id = stored.get_item("PatientID").value if "PatientID" in stored else b""
        text = patient_id.decode("latin-1") if isinstance(patient_id, bytes) else str(patient_id or "")
        return LentHeader(dataset, notes, text.strip(" \0"))


def _is_image(header: Dataset) -> bool:
    from pydicom.uid import UID

    name = UID(header.SOPClassUID).name
    return "Image Storage" in name and "Retired" not in name
