"""Published ranges of measurements, to stand beside the values of one person."""

from __future__ import annotations

from SwinX2SLib.measurements.ranges import FEMUR, PELVIS
from SwinX2SLib.measurements.results import Measurement
from SwinX2SLib.measurements.rib import USUAL_LENGTH_MM
from SwinX2SLib.measurements.spine import USUAL_RANGES
from SwinX2SLib.measurements.vertebra_frame import vertebra_levels
from SwinX2SLib.measurements.vertebra_ranges import usual_range


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
