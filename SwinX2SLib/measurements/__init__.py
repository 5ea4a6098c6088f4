"""Measurements of bones: pure geometry on label volumes and meshes, each value with landmarks and a quality."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    **dict.fromkeys(("Bone", "bone_from_mesh", "bones_from_labels"), "bones"),
    **dict.fromkeys(("Axis", "Curve", "Landmark", "Measurement", "Plane", "absent"), "results"),
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    """Load what is asked for: values can be read, and computed from landmarks, where no bone can be."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
