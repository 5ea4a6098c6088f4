"""The models that the user can choose from, read from the manifests without loading any."""

from __future__ import annotations

from dataclasses import dataclass

from SwinX2SLib.slicerui.parameters import DEFAULT_MODEL
from SwinX2SLib.weights.manifest import default_name, stored_weights
from SwinX2SLib.weights.record import WeightsRecord


@dataclass(frozen=True)
class CatalogueEntry:
    """One choice of the model list: the name that the worker knows, and a sentence about it."""

    name: str
    about: str


def catalogue() -> tuple[CatalogueEntry, ...]:
    """Return the default first, then every model of the library and those that the user imported."""
    recommended = default_name()
    about = f"recommended: {recommended}" if recommended else "this version recommends no model; choose one"
    models = (CatalogueEntry(weights.record.name, _about(weights.record)) for weights in stored_weights())
    return (CatalogueEntry(DEFAULT_MODEL, about), *models)


def _about(record: WeightsRecord) -> str:
    return f"{record.variant}, {record.bytes / 1e6:.0f} MB, {record.date}. {record.notes}".strip()
