"""Where a result comes from, as text: from the attributes that are saved with its node."""

from __future__ import annotations

import slicer

from SwinX2SLib.anatomy import labels
from SwinX2SLib.slicerui.result.edits import EDITED_ON, edited_bones
from SwinX2SLib.slicerui.result.links import provenance_value

_RADIOGRAPHS = {"ap": "Frontal radiograph", "lateral": "Lateral radiograph"}
_SHORT_HASH = 12


def provenance_words(result: slicer.vtkMRMLSegmentationNode) -> list[tuple[str, str]]:
    """Return pairs of a name and what is known under it, for everyone; what is unknown is left out."""
    rows = [
        ("On", provenance_value(result, "created").replace("T", " ")),
        ("Model", provenance_value(result, "model")),
        *((title, _radiograph(result, role)) for role, title in _RADIOGRAPHS.items()),
        ("Edited", _edited(result)),
    ]
    return [(name, words) for name, words in rows if words]


def provenance_details(result: slicer.vtkMRMLSegmentationNode) -> list[tuple[str, str]]:
    """Return pairs of a name and what is known under it, for those who repeat or check a result."""
    seconds = provenance_value(result, "seconds_total")
    rows = [
        ("Made by", _joined(result, "program", "program_version")),
        ("Computed on", _joined(result, "device", "precision")),
        ("Time", f"{float(seconds):.0f} s" if seconds else ""),
        ("Grid", _grid(result)),
        ("SHA-256 of the model", _hash(result, "model")),
        *((f"SHA-256, {title.lower()}", _hash(result, role)) for role, title in _RADIOGRAPHS.items()),
    ]
    return [(name, words) for name, words in rows if words]


def _joined(result: slicer.vtkMRMLSegmentationNode, *names: str) -> str:
    return " ".join(filter(None, (provenance_value(result, name) for name in names)))


def _radiograph(result: slicer.vtkMRMLSegmentationNode, role: str) -> str:
    spacing = provenance_value(result, f"{role}_spacing_mm_row")
    parts = (
        provenance_value(result, f"{role}_volume"),
        f"{float(spacing):.3g} mm" if spacing else "",
        provenance_value(result, f"{role}_spacing_source"),
        _tube(result, role),
    )
    return ", ".join(filter(None, parts))


def _tube(result: slicer.vtkMRMLSegmentationNode, role: str) -> str:
    detector = provenance_value(result, f"{role}_source_to_detector_mm")
    patient = provenance_value(result, f"{role}_source_to_isocentre_mm")
    if not detector or not patient:
        return ""
    source = provenance_value(result, f"{role}_tube_source")
    return f"SID {float(detector):.5g} mm, source-to-patient distance {float(patient):.5g} mm ({source})"


def _grid(result: slicer.vtkMRMLSegmentationNode) -> str:
    shape, spacing = provenance_value(result, "grid_shape"), provenance_value(result, "grid_spacing_mm")
    voxels = shape.strip("[]").replace(", ", " x ")
    return f"{voxels} voxels of {float(spacing):.3g} mm" if shape and spacing else ""


def _edited(result: slicer.vtkMRMLSegmentationNode) -> str:
    edited = set(edited_bones(result))
    bones = ", ".join(label.title for label in labels() if label.name in edited)
    return f"{provenance_value(result, EDITED_ON).replace('T', ' ')}: {bones}" if edited else ""


def _hash(result: slicer.vtkMRMLSegmentationNode, name: str) -> str:
    sha256 = provenance_value(result, f"{name}_sha256")
    return f"{sha256[:_SHORT_HASH]}..." if sha256 else ""
