"""Whether the radiographs of a result can lend their patient and study to a DICOM segmentation."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from SwinX2SLib.errors import Fault

if TYPE_CHECKING:
    from pydicom import Dataset

    from SwinX2SLib.export.source import ExportSource


_NEEDED = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
_HINT = "Export another format, or reconstruct from the DICOM files of the radiographs."


def dicom_faults(source: ExportSource) -> list[Fault]:
    """List why no DICOM segmentation can be written of a result."""
    return dicom_package_faults() or radiograph_headers(source.radiographs, source.radiograph_hashes)[1]


def radiograph_headers(
    radiographs: Mapping[str, Path], hashes: Mapping[str, str]
) -> tuple[dict[str, Dataset], list[Fault]]:
    """Return the headers of those radiographs that are DICOM files, by role, and all that keeps them from being used.

    Args:
        radiographs: files by role; what is no DICOM file is passed over, as one of the two is enough.
        hashes: SHA-256 that a file must have, by role; "" for any.
    """
    headers, faults = {}, []
    for role, path in radiographs.items():
        header = _header(path)
        if header is None:
            continue
        missing = [name for name in _NEEDED if not header.get(name)]
        if missing:
            message = f"The DICOM header has no {', '.join(missing)}, so the radiograph cannot be referenced."
            faults.append(Fault("dicom-incomplete", message, _HINT, str(path)))
        elif hashes.get(role) and hashlib.sha256(path.read_bytes()).hexdigest() != hashes[role]:
            message = "The file was changed after the reconstruction."
            faults.append(
                Fault("radiograph-changed", message, "Restore it, or reconstruct again.", str(path))
            )
        else:
            headers[role] = header
    people = {str(header.get("PatientID") or "") for header in headers.values()}
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


def _header(path: Path) -> Dataset | None:
    """Return the header of a DICOM file, or None for a file that is none (or is no longer there)."""
    from pydicom import dcmread
    from pydicom.errors import InvalidDicomError

    try:
        return dcmread(path, stop_before_pixels=True)
    except (InvalidDicomError, OSError):
        return None
