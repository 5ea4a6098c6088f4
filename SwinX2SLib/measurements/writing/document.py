"""`measurements.json`: every value with its geometry, and where it comes from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from SwinX2SLib.measurements.reference import reference_range
from SwinX2SLib.measurements.results import Measurement

# The number grows when a reader of an older file would misread a newer one.
SCHEMA = {"name": "swinx2s-measurements", "version": 1}
_FRAME = "patient RAS mm: x to the right, y to the front, z to the head"


def document_text(measured: Mapping[str, Sequence[Measurement]], provenance: Mapping[str, Any]) -> str:
    """Return the JSON text.

    Args:
        measured: measurements by region.
        provenance: where they come from, ready for JSON.
    """
    content = {
        "schema": SCHEMA,
        "frame": _FRAME,
        "units": {"deg": "degrees", "mm": "millimetres", "point": "a place; no value", "1/m": "1 / metre"},
        "intended_use": "research",
        "provenance": dict(provenance),
        "measurements": [_entry(region, m) for region, found in measured.items() for m in found],
    }
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _entry(region: str, measurement: Measurement) -> dict[str, Any]:
    usual = reference_range(measurement)
    return {
        "region": region,
        **measurement.to_dict(),
        "reference_range": None if usual is None else [float(end) for end in usual],
    }
