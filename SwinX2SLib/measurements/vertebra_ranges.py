"""Published adult sizes of vertebrae, against which a measured one is held."""

from __future__ import annotations

import numpy as np

from SwinX2SLib.measurements.vertebra_frame import vertebra_levels

# Means [mm]: posterior body height, upper endplate depth, canal depth, canal width. Panjabi et al., Spine 16 (1991)
# 861 (cervical) and 888 (thoracic) and Spine 17 (1992) 299 (lumbar), rounded; levels between run linearly. L6 is
# taken as L5. C1: inner ring, Konig et al., Surg Radiol Anat 27 (2005) 91.
_MEANS = {
    "C1": (np.nan, np.nan, 31.0, 29.0),
    "C2": (np.nan, 15.5, 21.0, 24.5),
    "C3": (11.6, 15.0, 16.2, 22.9),
    "C5": (11.4, 15.2, 15.9, 24.9),
    "C7": (12.8, 18.1, 15.2, 24.5),
    "T1": (14.1, 18.5, 16.4, 21.8),
    "T3": (15.7, 22.7, 15.8, 18.3),
    "T6": (17.4, 26.0, 16.4, 17.3),
    "T9": (19.3, 29.3, 15.7, 17.9),
    "T12": (22.7, 32.8, 18.1, 22.2),
    "L1": (23.8, 34.1, 19.0, 23.7),
    "L3": (23.8, 35.2, 17.5, 24.3),
    "L5": (22.9, 34.7, 19.7, 27.1),
    "L6": (22.9, 34.7, 19.7, 27.1),
}
_COLUMNS = {
    "anterior_body_height": 0,
    "posterior_body_height": 0,
    "superior_endplate_length": 1,
    "inferior_endplate_length": 1,
    "canal_length": 2,
    "canal_width": 2 + 1,
}
# The publications were found, their tables were not: the means above may be off by a millimetre or two.
# People differ, and a crushed vertebra is real; beyond these parts of the mean a person should look.
LEAST_PART, MOST_PART = 0.6, 1.5
ANGLE_LIMITS_DEG = {
    "wedge_angle": (-20.0, 20.0),
    "spinous_process_angle": (-25.0, 80.0),
    "axial_rotation": (-45.0, 45.0),
}
SPINOUS_LENGTH_MM = (8.0, 60.0)


def usual_range(measure: str, vertebra: str) -> tuple[float, float] | None:
    """Return least and most usual value of a measure [mm or degrees], or None when none is published.

    Args:
        measure: machine name, `canal_length`.
        vertebra: label name, `vertebrae_L1`.
    """
    if measure in ANGLE_LIMITS_DEG:
        return ANGLE_LIMITS_DEG[measure]
    if measure == "spinous_process_length":
        return SPINOUS_LENGTH_MM
    if measure not in _COLUMNS:
        return None
    levels = vertebra_levels()
    known = [levels[f"vertebrae_{level}"] for level in _MEANS]
    values = [row[_COLUMNS[measure]] for row in _MEANS.values()]
    usable = np.isfinite(values)
    mean = float(np.interp(levels[vertebra], np.array(known)[usable], np.array(values)[usable]))
    return LEAST_PART * mean, MOST_PART * mean
