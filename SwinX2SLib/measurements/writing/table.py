"""`measurements.csv`: one row for each value, for a spreadsheet to sort and filter."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from SwinX2SLib.measurements.reference import reference_range
from SwinX2SLib.measurements.results import Measurement

COLUMNS = (
    "region", "structure", "side", "measurement", "value", "unit", "interval_low", "interval_high",
    "usual_low", "usual_high", "quality", "reasons", "landmark", "right_mm", "anterior_mm", "superior_mm",
)  # fmt: skip


def table_text(measured: Mapping[str, Sequence[Measurement]]) -> str:
    """Return the CSV text; a place has a row for each of its landmarks, with its coordinates in RAS mm.

    Args:
        measured: measurements by region.
    """
    stream = io.StringIO()
    rows = csv.DictWriter(stream, COLUMNS, restval="", lineterminator="\r\n")
    rows.writeheader()
    for region, found in measured.items():
        for measurement in found:
            for row in _rows(measurement):
                rows.writerow({"region": region, **row})
    return stream.getvalue()


def _rows(measurement: Measurement) -> list[dict[str, object]]:
    row = {
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
