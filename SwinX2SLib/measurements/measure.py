"""All measurements of one person."""

from __future__ import annotations

from collections.abc import Callable, Collection

from SwinX2SLib.measurements.bones import Bone
from SwinX2SLib.measurements.crosschecks import doubts_among, with_doubts
from SwinX2SLib.measurements.femur import measure_femur
from SwinX2SLib.measurements.pelvis import measure_pelvis
from SwinX2SLib.measurements.pelvis_landmarks import SIDES
from SwinX2SLib.measurements.results import Measurement
from SwinX2SLib.measurements.rib import measure_ribs
from SwinX2SLib.measurements.spine import measure_spine
from SwinX2SLib.measurements.vertebra import measure_vertebrae, vertebra_shapes

# What is measured, in the order of a report.
REGIONS = ("femur", "pelvis", "spine", "vertebra", "rib")


def measure_subject(
    bones: dict[str, Bone],
    only: Collection[str] = REGIONS,
    report: Callable[[str], None] = lambda message: None,
) -> dict[str, list[Measurement]]:
    """Measure what the bones show.

    Args:
        bones: by label name; missing and broken ones give absences with reasons.
        only: which of `REGIONS`.
        report: told in words which region is being measured.

    Returns:
        Measurements by region, in the order of `REGIONS`.

    Raises:
        ValueError: there is no such region.
    """
    if unknown := set(only) - set(REGIONS):
        raise ValueError(f"Unknown region {', '.join(sorted(unknown))}; regions are {', '.join(REGIONS)}.")
    # The column and its vertebrae rest on the same parts, which take the longest to find.
    shapes = vertebra_shapes(bones) if {"spine", "vertebra"} & set(only) else {}
    # The hip axis of the pelvis rests on the femora.
    femora = {}
    if {"femur", "pelvis"} & set(only):
        femora = {side: measure_femur(bones.get(f"femur_{side}"), side) for side in SIDES}
    measured: dict[str, Callable[[], list[Measurement]]] = {
        "femur": lambda: [one for side in SIDES for one in femora[side]],
        "pelvis": lambda: measure_pelvis(bones, femora),
        "spine": lambda: measure_spine(bones, shapes),
        "vertebra": lambda: measure_vertebrae(bones, shapes),
        "rib": lambda: measure_ribs(bones),
    }
    wanted, found = [region for region in REGIONS if region in only], {}
    for number, region in enumerate(wanted, start=1):
        report(f"Measuring region {number} of {len(wanted)}: {region}")
        found[region] = measured[region]()
    return with_doubts(found, doubts_among(bones, shapes))
