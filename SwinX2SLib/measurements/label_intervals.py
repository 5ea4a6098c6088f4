"""90 % intervals of what is measured on drawn or segmented bones: how far raters and voxels leave it open.

Two errors add up in squares: what trained readers differ by, from each other and from the program, and what voxels of
a given size change. Both were measured once (`Testing/bench/intervals.py --labels`): the first against landmarks of
five raters on ten people, or taken from publications, the second between bones and copies of them on other grids. No
bone is measured twice, so intervals cost no time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from SwinX2SLib.measurements.bones import Bone
from SwinX2SLib.measurements.results import Measurement

WORDS = "90 % intervals"
METHOD = (
    "differences between raters, and errors by the size of the voxels, as measured on people with known bones; "
    "errors of the segmentation itself are not included"
)


@dataclass(frozen=True)
class Spread:
    """What lies within a distance of a measured value or place in nine of ten cases.

    Attributes:
        reader: readings of other raters on the bone itself, in the measurement's unit (mm for a place).
        per_voxel_mm: values of the same bone on other grids, for each mm of the largest edge of a voxel.
    """

    reader: float
    per_voxel_mm: float

    def half_width(self, voxel_mm: float) -> float:
        """Return half of the interval at voxels of this size (0 for a mesh)."""
        return float(np.hypot(self.reader, self.per_voxel_mm * voxel_mm))


# Readers of hips and femora: five raters on ten people (VSDFullBodyBoneModels), each against the program on the
# meshes of the bones. Readers of the curves of the spine: three raters, doi 10.1186/s13013-017-0112-4, of whose
# readings two differ by less than 9 degrees in 95 % (T5-T12): each has a standard deviation of 3.2. By judgement:
# readers of pelvic angles, knees, canals, vertebral heights, processes and lengths along the spine.
SPREADS = {
    "head_centre": Spread(1.8, 0.1),
    "head_radius": Spread(0.45, 0.1),
    "neck_axis": Spread(3.0, 0.7),
    "neck_shaft_angle": Spread(3.5, 0.4),
    "femoral_offset": Spread(1.8, 0.2),
    "neck_length": Spread(2.0, 0.25),
    "head_shaft_distance": Spread(2.0, 0.25),
    "anteversion": Spread(3.5, 0.5),
    "femoral_length": Spread(2.5, 0.65),
    "femoral_length_difference": Spread(2.5, 1.0),
    "mechanical_anatomical_angle": Spread(0.8, 0.2),
    "condyles": Spread(6.0, 1.1),
    "asis": Spread(4.2, 0.8),
    "aiis": Spread(6.0, 0.6),
    "psis": Spread(6.0, 0.8),
    "piis": Spread(8.0, 0.9),
    "ischial_spine": Spread(2.7, 0.75),
    "pubic_tubercle": Spread(3.5, 0.6),
    "promontory": Spread(3.2, 0.9),
    "sacral_endplate": Spread(3.0, 0.9),
    "inter_asis_width": Spread(3.5, 0.7),
    "anterior_pelvic_plane_tilt": Spread(1.5, 0.15),
    "pelvic_obliquity": Spread(1.2, 0.3),
    "pelvic_tilt": Spread(1.5, 0.25),
    "sacral_slope": Spread(4.0, 0.7),
    "pelvic_incidence": Spread(4.0, 0.5),
    "thoracic_kyphosis": Spread(5.3, 1.5),
    "lumbar_lordosis": Spread(5.3, 1.3),
    "cobb_angle": Spread(5.3, 2.5),
    "sagittal_vertical_axis": Spread(3.0, 0.7),
    "listhesis": Spread(1.2, 0.55),
    "canal_length": Spread(1.2, 0.4),
    "canal_width": Spread(1.2, 0.75),
    "anterior_body_height": Spread(1.2, 0.65),
    "posterior_body_height": Spread(1.2, 0.6),
    "superior_endplate_length": Spread(1.5, 0.65),
    "inferior_endplate_length": Spread(1.5, 0.65),
    "superior_endplate": Spread(1.5, 0.4),
    "inferior_endplate": Spread(1.5, 0.4),
    "pedicle": Spread(2.0, 0.9),
    "wedge_angle": Spread(3.0, 2.1),
    "axial_rotation": Spread(2.5, 0.6),
    "spinous_process_angle": Spread(4.0, 2.6),
    "spinous_process_length": Spread(3.0, 1.4),
}
# Of these there are several, with the levels in their names.
_FAMILIES = ("listhesis", "cobb_angle")


def spread_of(name: str) -> Spread | None:
    """Return the spread of a measurement, or None where it is not known (ribs, the length of the spine)."""
    family = next((family for family in _FAMILIES if name.startswith(family)), name)
    return SPREADS.get(family)


def with_label_intervals(
    measured: Mapping[str, list[Measurement]], bones: Mapping[str, Bone]
) -> dict[str, list[Measurement]]:
    """Return measurements with their 90 % intervals; see `Measurement.interval` for those of places.

    Args:
        measured: by region.
        bones: by label name, on which they were measured.
    """
    voxel_mm = max((max(bone.spacing_mm or (0.0,)) for bone in bones.values()), default=0.0)
    return {region: [_with_interval(one, voxel_mm) for one in found] for region, found in measured.items()}


def _with_interval(one: Measurement, voxel_mm: float) -> Measurement:
    spread = spread_of(one.name)
    if spread is None or not one.is_present:
        return one
    half = spread.half_width(voxel_mm)
    if one.value is None:
        return replace(one, interval=(0.0, half))
    return replace(one, interval=(one.value - half, one.value + half))
