"""The models that the user can choose from, read from `Resources/models.json` without loading any."""

from __future__ import annotations

import json
from dataclasses import dataclass

from SwinX2SLib.resources import resource_path
from SwinX2SLib.slicerui.parameters import DEFAULT_MODEL


@dataclass(frozen=True)
class CatalogueEntry:
    """One choice of the model list: the name that the worker knows, and a sentence about it."""

    name: str
    about: str


def catalogue() -> tuple[CatalogueEntry, ...]:
    """Return the default first, then every model of the manifest."""
    manifest = json.loads(resource_path("models.json").read_text(encoding="utf-8"))
    models = manifest["models"] if isinstance(manifest, dict) else manifest
    default = CatalogueEntry(DEFAULT_MODEL, "The model that this version recommends.")
    return (default, *(CatalogueEntry(model["name"], _about(model)) for model in models))


def _about(model: dict) -> str:
    size = f"{model['bytes'] / 1e6:.0f} MB"
    return " ".join(filter(None, (f"{model['variant']}, {size}, {model['date']}.", model.get("notes", ""))))
