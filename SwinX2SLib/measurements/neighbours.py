"""Values of vertebrae and ribs beside those of their neighbours and fellows: what is unlike is looked at again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np

from SwinX2SLib.measurements.results import Measurement
from SwinX2SLib.measurements.vertebra_frame import vertebra_levels

NEIGHBOUR_LEVELS = 2
MOST_TURN_DEG = 12.0
# The atlas and the axis are like no other; C2 has a dens for an upper endplate.
FIRST_ALIKE = 2
# Least and most part of the mean of its neighbours; outside lies a fracture, or a damaged segmentation.
NEIGHBOUR_PARTS = {
    "anterior_body_height": (0.7, 1.4),
    "posterior_body_height": (0.7, 1.4),
    "superior_endplate_length": (0.75, 1.35),
    "inferior_endplate_length": (0.75, 1.35),
    "canal_length": (0.7, 1.4),
    "canal_width": (0.7, 1.4),
    "spinous_process_length": (0.7, 1.5),
}
# Least and most part of the length that the rib of the other side, and those above and below, let expect.
RIB_PARTS = (0.8, 1.25)
# The last rib may be a stump on one side.
LAST_RIB, LAST_RIB_PARTS = 12, (0.5, 2.0)
# The spinous process of the last lumbar vertebra is so much shorter than those above.
LAST_LUMBAR, LAST_SPINOUS_PART = 23, 0.8
_SIDES = ("left", "right")
Reasons = dict[tuple[str, str], list[str]]


def of_neighbours(values: Mapping[int, float], level: int) -> list[float]:
    """Return the values of the levels up to two above and below."""
    near = range(level - NEIGHBOUR_LEVELS, level + NEIGHBOUR_LEVELS + 1)
    return [values[other] for other in near if other != level and other in values]


def unlike_neighbours(vertebrae: Iterable[Measurement]) -> Reasons:
    """Return reasons by structure and name for measures of a vertebra that no neighbour has."""
    levels = vertebra_levels()
    values: dict[str, dict[int, float]] = {}
    for one in vertebrae:
        if one.value is not None and levels[one.structure] >= FIRST_ALIKE:
            values.setdefault(one.name, {})[levels[one.structure]] = one.value
    found: Reasons = {}
    for structure, level in levels.items():
        for name, judge in _JUDGES.items():
            near = of_neighbours(values.get(name, {}), level)
            if level in values.get(name, {}) and len(near) >= 2:
                short = name == "spinous_process_length" and level >= LAST_LUMBAR
                usual = float(np.median(near)) * (LAST_SPINOUS_PART if short else 1.0)
                reason = judge(values[name][level], usual)
                if reason:
                    found[structure, name] = [reason]
    return found


def unlike_other_ribs(ribs: Iterable[Measurement]) -> Reasons:
    """Return reasons for both measures of a rib whose length is unlike its fellow's and its neighbours'."""
    lengths = {
        (one.side, int(one.structure.rsplit("_", 1)[1])): one.value
        for one in ribs
        if one.name == "rib_length" and one.value is not None
    }
    found: Reasons = {}
    for (side, number), length in lengths.items():
        other = next(name for name in _SIDES if name != side)
        expected = [lengths[other, number]] if (other, number) in lengths else []
        for near in _SIDES:
            pair = [lengths.get((near, number + step)) for step in (-1, 1)]
            expected += [sum(pair) / 2] if None not in pair else []
        if not expected:
            continue
        part = length / float(np.median(expected))
        least, most = LAST_RIB_PARTS if number == LAST_RIB else RIB_PARTS
        if not least <= part <= most:
            reason = f"Its length is {part:.0%} of what its fellow and its neighbours let expect."
            for name in ("rib_length", "rib_curvature"):
                found[f"rib_{side}_{number}", name] = [reason]
    return found


def _size_judge(least: float, most: float) -> Callable[[float, float], str]:
    def judge(value: float, usual: float) -> str:
        part = value / usual if usual else 1.0
        if least <= part <= most:
            return ""
        return f"It is {part:.0%} of that of its neighbours: a fracture, or a damaged segmentation."

    return judge


def _turn_judge(value: float, usual: float) -> str:
    if abs(value - usual) <= MOST_TURN_DEG:
        return ""
    return f"The vertebra is turned by {abs(value - usual):.0f} degrees against its neighbours."


_JUDGES: dict[str, Callable[[float, float], str]] = {
    **{name: _size_judge(*parts) for name, parts in NEIGHBOUR_PARTS.items()},
    "axial_rotation": _turn_judge,
}
