"""`landmarks.mrk.json`: landmarks, axes and centrelines as markups of 3D Slicer.

Schema: https://raw.githubusercontent.com/slicer/slicer/main/Modules/Loadable/Markups/Resources/Schema/
markups-schema-v1.0.3.json. Places are written in LPS, as Slicer itself writes them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from SwinX2SLib.geometry.frames import ras_to_lps
from SwinX2SLib.measurements.results import Axis, Measurement

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
    lines = {}
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
    curves = {}
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
