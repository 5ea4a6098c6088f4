"""Where a measurement stands: its region of the body, and its place in the lists."""

from __future__ import annotations

from slicer.i18n import tr as _

from SwinX2SLib.anatomy import labels

TITLES = {"spine": "Spine", "ribs": "Ribs", "pelvis": "Pelvis", "femur": "Femora"}
"""Regions of the body in the order of the panel; the library measures the column and its vertebrae apart."""
_OF_LIBRARY = {"spine": "spine", "vertebra": "spine", "rib": "ribs", "pelvis": "pelvis", "femur": "femur"}
COLOURS = {
    "spine": (0.04, 0.55, 0.28),
    "ribs": (0.80, 0.45, 0.0),
    "pelvis": (0.10, 0.45, 0.85),
    "femur": (0.85, 0.15, 0.28),
}
_GROUPS = {label.name: label.group for label in labels()}


def title_of(region: str) -> str:
    """Return a region of `TITLES` in the language of the application."""
    words = {"spine": _("Spine"), "ribs": _("Ribs"), "pelvis": _("Pelvis"), "femur": _("Femora")}
    return words[region]


def region_of(library_region: str) -> str:
    """Return the region of the body of one of `measurements.person.REGIONS`."""
    return _OF_LIBRARY[library_region]


def region_of_structure(structure: str) -> str:
    """Return the region of a bone, or of a group of bones."""
    return _GROUPS.get(structure, structure)
