"""The models that can reconstruct, which the user chooses from, read from the manifests without loading any."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from slicer.i18n import tr as _

from SwinX2SLib.slicerui.parameters import DEFAULT_MODEL
from SwinX2SLib.weights.manifest import default_name, usable_weights
from SwinX2SLib.weights.record import WeightsRecord


@dataclass(frozen=True)
class CatalogueEntry:
    """One choice of the model list.

    Attributes:
        name: that the worker knows.
        about: a sentence for a person.
        weights: name of the weights that stand behind it, "" where there are none.
        variant: of the network, likewise.
    """

    name: str
    about: str
    weights: str = ""
    variant: str = ""


def catalogue() -> tuple[CatalogueEntry, ...]:
    """Return the default first, then every model of the library and those that the user imported.

    Networks that only help are left out. A damaged list of imported models is passed over; the section Models tells.
    """
    stored, faults = usable_weights()
    for fault in faults:
        logging.error("SwinX2S: %s", fault)
    records = [weights.record for weights in stored if weights.record.reconstructs]
    models = (CatalogueEntry(record.name, _about(record), record.name, record.variant) for record in records)
    return (_default(records), *models)


def _default(records: Sequence[WeightsRecord]) -> CatalogueEntry:
    recommended = default_name()
    if recommended is None:
        return CatalogueEntry(DEFAULT_MODEL, _("this version recommends no model; choose one"))
    variant = next((record.variant for record in records if record.name == recommended), "")
    return CatalogueEntry(DEFAULT_MODEL, _("recommended: {0}").format(recommended), recommended, variant)


def _about(record: WeightsRecord) -> str:
    return f"{record.variant}, {record.bytes / 1e6:.0f} MB, {record.date}. {record.notes}".strip()
