"""How a DICOM film hangs and which view it is, as its header says.

Like `dicom_spacing` it needs nothing but what answers `get` by keyword: a dataset, or Slicer's database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydicom import Dataset

_LETTERS = set("LRAPHF")
# Upright laterals; RLD and LLD (decubitus) are frontal films.
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
    told = "\\".join(map(str, stated)).strip()
    note = f"The header's patient orientation ({told}) says nothing of how the film hangs and was left aside."
    return None, [note] if told else []


def stated_view(dataset: Dataset) -> str:
    """Return "AP", "PA" or "lateral" as View Position says (PS3.3 C.8.1.1, C.8.7.5), else ""."""
    position = str(dataset.get("ViewPosition") or "").strip().upper()
    return "lateral" if position in _LATERAL_POSITIONS else position if position in ("AP", "PA") else ""
