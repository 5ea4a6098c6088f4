"""Persistent settings outside the scene, in Slicer's settings file."""

from __future__ import annotations

import json
from typing import Any

import slicer

_GROUP = "SwinX2S/"


class Settings:
    """Values by name, kept as JSON text so that their types come back as they were."""

    def get(self, name: str, default: Any = None) -> Any:
        """Return a remembered value, or the default where there is none or it cannot be read."""
        text = slicer.app.userSettings().value(_GROUP + name)
        try:
            return default if text is None else json.loads(text)
        except (TypeError, ValueError):
            return default

    def set(self, name: str, value: Any) -> None:
        """Remember a JSON value."""
        slicer.app.userSettings().setValue(_GROUP + name, json.dumps(value))
