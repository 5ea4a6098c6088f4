"""Machine names of measurements as a person reads them."""

from __future__ import annotations

from collections.abc import Collection

from SwinX2SLib.anatomy import labels
from SwinX2SLib.measurements.results import Measurement

REGION_TITLES = {
    "femur": "Femora",
    "pelvis": "Pelvis",
    "spine": "Spine",
    "vertebra": "Vertebrae",
    "rib": "Ribs",
}
_WRITTEN = {
    "asis": "ASIS",
    "psis": "PSIS",
    "aiis": "AIIS",
    "piis": "PIIS",
    "sva": "SVA",
    "s1": "S1",
    "c7": "C7",
    "cobb": "Cobb",
    "app": "APP",
    "ras": "RAS",
}
# What the field does not call as its machine name has it; the canal's length is the paper's "vcl".
_NAMES = {"neck_shaft_angle": "neck-shaft angle", "canal_length": "canal AP diameter"}
_UNITS = {"deg": "°", "1": "", "mm2": "mm²", "mm3": "mm³"}
# Angles and lengths to a tenth; nothing here is known more closely.
_DECIMALS = {"mm3": 0, "mm2": 0, "1": 2}


def title_of(name: str) -> str:
    """Return the title of a measurement or landmark, "Neck-shaft angle"."""
    words = word_of(name)
    return words[:1].upper() + words[1:]


def word_of(name: str, known: Collection[str] = ()) -> str:
    """Return a machine name as text, without parts that are known already, such as a side."""
    if name in _NAMES:
        return _NAMES[name]
    parts = [part for part in name.split("_") if part not in ("", "vertebrae", *known)]
    return " ".join(_WRITTEN.get(part, part) for part in parts)


def structure_title(structure: str) -> str:
    """Return the title of a bone or a group."""
    return next((label.title for label in labels() if label.name == structure), title_of(structure))


def number_words(value: float, unit: str) -> str:
    """Return a number as it is written, without its unit."""
    text = f"{value:.{_DECIMALS.get(unit, 1)}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def unit_words(unit: str) -> str:
    """Return a unit as it is written."""
    return _UNITS.get(unit, unit)


def value_words(measurement: Measurement) -> str:
    """Return a value with its unit, "127.3°"; "" where there is none."""
    if measurement.value is None:
        return ""
    unit = unit_words(measurement.unit)
    space = "" if unit in ("°", "") else " "
    return number_words(measurement.value, measurement.unit) + space + unit
