"""Measurements as JSON, CSV and Slicer markups."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from SwinX2SLib.geometry.frames import ras_to_lps
from SwinX2SLib.io.csv_tables import csv_text
from SwinX2SLib.measurements.quality_flags import FEMUR, PELVIS
from SwinX2SLib.measurements.results import Axis, Measurement
from SwinX2SLib.measurements.rib import USUAL_LENGTH_MM
from SwinX2SLib.measurements.spine import USUAL_RANGES
from SwinX2SLib.measurements.vertebra import usual_range
from SwinX2SLib.measurements.vertebra_frame import vertebra_levels


def reference_range(measurement: Measurement) -> tuple[float, float] | None:
    """Return the least and the most that is usual between adults, in the measurement's unit, or None."""
    structure, name = measurement.structure, measurement.name
    if structure in vertebra_levels():
        return usual_range(name, structure)
    if structure == "spine":
        return USUAL_RANGES.get(name)
    if structure.startswith("rib"):
        return USUAL_LENGTH_MM[int(structure.rsplit("_", 1)[1])] if name == "rib_length" else None
    known = (PELVIS if structure == "pelvis" else FEMUR).get(name)
    return None if known is None else (known.lower, known.upper)


# The number grows when a reader of an older file would misread a newer one.
SCHEMA = {"name": "swinx2s-measurements", "version": 1}
_FRAME = "patient RAS, mm: x right, y anterior, z superior"


def document_text(measured: Mapping[str, Sequence[Measurement]], provenance: Mapping[str, Any]) -> str:
    """Return the JSON text.

    Args:
        measured: measurements by region.
        provenance: where they come from, ready for JSON.
    """
    content = {
        "schema": SCHEMA,
        "frame": _FRAME,
        "units": {"deg": "degrees", "mm": "millimetres", "point": "a position; no value", "1/m": "1 / metre"},
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


_SCHEMA = (
    "https://raw.githubusercontent.com/slicer/slicer/main/Modules/Loadable/Markups/Resources/Schema/"
    "markups-schema-v1.0.3.json#"
)
_AXIS_HALF_LENGTH_MM = 60.0
_SHORT_AXIS_HALF_LENGTH_MM = 25.0  # of a vertebra
_CURVE_POINTS = 24
_COLOURS = {
    "femur": (0.77, 0.12, 0.23),
    "pelvis": (0.0, 0.36, 0.69),
    "spine": (0.04, 0.48, 0.25),
    "vertebra": (0.55, 0.27, 0.63),
    "rib": (0.69, 0.38, 0.0),
}


def markups_text(measured: Mapping[str, Sequence[Measurement]]) -> str:
    """Return the JSON text: for each region one list of landmarks, and a line or curve for each axis and centreline.

    Args:
        measured: measurements by region.
    """
    markups = []
    for region, found in measured.items():
        shown = [measurement for measurement in found if measurement.is_present]
        markups += [_landmarks(region, shown), *_axes(region, shown), *_curves(region, shown)]
    content = {"@schema": _SCHEMA, "markups": [markup for markup in markups if markup["controlPoints"]]}
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


def _landmarks(region: str, measurements: Sequence[Measurement]) -> dict[str, Any]:
    points: dict[str, np.ndarray] = {}
    for measurement in measurements:
        for mark in measurement.landmarks:
            points.setdefault(_unique(measurement, mark.name), mark.position_ras_mm)
    return _markup("Fiducial", f"{region} landmarks", region, points, shown=region != "vertebra")


def _axes(region: str, measurements: Sequence[Measurement]) -> list[dict[str, Any]]:
    lines: dict[str, Axis] = {}
    for measurement in measurements:
        for axis in measurement.axes:
            lines.setdefault(_unique(measurement, axis.name), axis)
    half = _SHORT_AXIS_HALF_LENGTH_MM if region == "vertebra" else _AXIS_HALF_LENGTH_MM
    shown = region != "vertebra"
    return [_markup("Line", name, region, _ends(axis, half), shown) for name, axis in lines.items()]


def _ends(axis: Axis, half_mm: float) -> dict[str, np.ndarray]:
    reach = half_mm * axis.direction_ras
    return {"from": axis.point_ras_mm - reach, "to": axis.point_ras_mm + reach}


def _curves(region: str, measurements: Sequence[Measurement]) -> list[dict[str, Any]]:
    curves: dict[str, np.ndarray] = {}
    for measurement in measurements:
        for curve in measurement.curves:
            curves.setdefault(_unique(measurement, curve.name), _few(curve.points_ras_mm))
    return [
        _markup("Curve", name, region, {str(place): point for place, point in enumerate(points, 1)})
        for name, points in curves.items()
    ]


def _few(points: np.ndarray) -> np.ndarray:
    """Return points of a curve that are enough for Slicer to draw it; the rest is in `measurements.json`."""
    return points[np.unique(np.linspace(0, len(points) - 1, _CURVE_POINTS).astype(int))]


def _unique(measurement: Measurement, name: str) -> str:
    """Return a name that tells the bone, where the landmark's own does not: "spinous_tip" is on every vertebra."""
    structure = measurement.structure
    return (
        name
        if structure in ("pelvis", "spine")
        or (structure.startswith("femur") and (measurement.side in name.split("_")))
        else f"{structure} {name}"
    )


def _markup(
    kind: str, name: str, region: str, points: dict[str, np.ndarray], shown: bool = True
) -> dict[str, Any]:
    labelled = kind == "Fiducial"
    colour = list(_COLOURS[region])
    return {
        "type": kind,
        "name": name,
        "coordinateSystem": "LPS",
        "coordinateUnits": "mm",
        "locked": True,
        "controlPoints": [
            {
                "id": str(place),
                "label": label if labelled else "",
                "position": ras_to_lps(point).tolist(),
                "selected": True,
                "locked": True,
                "visibility": True,
                "positionStatus": "defined",
            }
            for place, (label, point) in enumerate(points.items(), 1)
        ],
        "display": {
            "visibility": shown,
            "color": colour,
            "selectedColor": colour,
            "pointLabelsVisibility": labelled,
            "propertiesLabelVisibility": False,
        },
    }


COLUMNS = (
    "region", "structure", "side", "measurement", "value", "unit", "interval_low", "interval_high",
    "usual_low", "usual_high", "quality", "reasons", "landmark", "right_mm", "anterior_mm", "superior_mm",
)  # fmt: skip


def table_text(measured: Mapping[str, Sequence[Measurement]]) -> str:
    """Return the CSV text; a place has a row for each of its landmarks, with its coordinates in RAS mm.

    Args:
        measured: measurements by region.
    """
    return csv_text(
        COLUMNS,
        (
            {"region": region, **row}
            for region, found in measured.items()
            for measurement in found
            for row in _rows(measurement)
        ),
    )


def _rows(measurement: Measurement) -> list[dict[str, object]]:
    row: dict[str, object] = {
        "structure": measurement.structure,
        "side": measurement.side or "",
        "measurement": measurement.name,
        "value": "" if measurement.value is None else f"{measurement.value:.3f}",
        "unit": measurement.unit,
        "quality": measurement.quality,
        "reasons": " ".join(measurement.reasons),
    }
    for name, ends in (("interval", measurement.interval), ("usual", reference_range(measurement))):
        if ends is not None:
            row |= {f"{name}_low": f"{ends[0]:.3f}", f"{name}_high": f"{ends[1]:.3f}"}
    if measurement.unit != "point" or not measurement.landmarks:
        return [row]
    axes = ("right_mm", "anterior_mm", "superior_mm")
    return [
        row
        | {"landmark": mark.name}
        | {axis: f"{place:.3f}" for axis, place in zip(axes, mark.position_ras_mm, strict=True)}
        for mark in measurement.landmarks
    ]


__all__ = ["SCHEMA", "document_text", "markups_text", "table_text"]
