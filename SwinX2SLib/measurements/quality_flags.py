"""Quality flags of measurements, and published reference ranges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from SwinX2SLib.anatomy import labels
from SwinX2SLib.measurements.bones import Bone
from SwinX2SLib.measurements.results import Measurement, absent

KEPT_FRACTION = 0.85


def bone_flags(bone: Bone, allowed_cuts: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return reasons that lie in the bone itself: cut by the field of view, or in pieces.

    Args:
        bone: to be measured.
        allowed_cuts: faces of the field of view that may cut it without harm.
    """
    reasons: tuple[str, ...] = ()
    title = title_of(bone.name)
    cuts = [face for face in bone.cut if face not in allowed_cuts]
    if cuts:
        reasons += (f"The {title} is cut off by the field of view ({', '.join(cuts)}).",)
    if bone.kept_fraction < KEPT_FRACTION:
        reasons += (
            f"{1 - bone.kept_fraction:.0%} of the {title} was in separate components and was ignored.",
        )
    return reasons


def missing_reason(bone: Bone | None, name: str, least_voxels: int) -> str:
    """Return why a bone that is missing, or has too few voxels, cannot be measured."""
    if bone is None:
        return f"The {title_of(name)} is not in the segmentation."
    return f"The {title_of(name)} has {bone.voxel_count} voxels; at least {least_voxels} are needed."


def title_of(name: str) -> str:
    """Return the name that a person reads, in running text."""
    title = next(label.title for label in labels() if label.name == name)
    return title[0].lower() + title[1:] if title[1:2].islower() else title


@dataclass(frozen=True)
class PublishedRange:
    """The range of a measure between adults.

    Attributes:
        lower, upper: in the measure's unit.
        source: publication.
    """

    lower: float
    upper: float
    source: str

    def flags(self, value: float, what: str, unit: str) -> tuple[str, ...]:
        """Return a reason when a value lies outside, else nothing."""
        if self.lower <= value <= self.upper:
            return ()
        return (
            f"{what} of {value:.1f} {unit} is outside the reference range {self.lower:g} to {self.upper:g} "
            f"{unit} ({self.source}).",
        )


# Confirmed in the text or abstract: the 1070 femora (PMC4775021: neck-shaft 100.1 to 146.2, torsion -23.6 to 48.7
# degrees) and Toogood's means (PMC2650061: 129.2 and 9.7). Not confirmed against their texts: Noble's ranges, widened
# here by 1 mm of radius and 3 mm of offset; Vialle's means, taken with 3.5 standard deviations.
_CT_FEMORA = "1070 femora in CT, PMC4775021"
_NOBLE = "Noble et al. 1988, Clin Orthop 235:148, widened"
_VIALLE = "Vialle et al. 2005, J Bone Joint Surg Am 87:260, widened"
FEMUR = {
    "head_radius": PublishedRange(16.0, 31.0, _NOBLE),
    "neck_shaft_angle": PublishedRange(100.0, 155.0, f"{_CT_FEMORA}, widened upwards"),
    "femoral_offset": PublishedRange(20.0, 65.0, _NOBLE),
    "anteversion": PublishedRange(-24.0, 49.0, _CT_FEMORA),
}
PELVIS = {
    "inter_asis_width": PublishedRange(
        163.0, 289.0, "226 +- 18 mm between the 40 people of the JHU pelvis atlas"
    ),
    "pelvic_incidence": PublishedRange(18.0, 92.0, _VIALLE),
    "pelvic_tilt": PublishedRange(-10.0, 38.0, _VIALLE),
    "sacral_slope": PublishedRange(8.0, 74.0, _VIALLE),
}
# What no living person has, patients with severe deformities among them; a value beyond it is a mistake of the
# segmentation. Wider than the extremes of the publications above and of stenosis (Verbiest 1975, Orthop Clin North Am
# 6:177: bony canals below 10 mm; here 7), by judgement.
POSSIBLE = {
    "head_radius": (7.0, 45.0),
    "neck_shaft_angle": (75.0, 175.0),
    "anteversion": (-70.0, 100.0),
    "inter_asis_width": (80.0, 400.0),
    "pelvic_incidence": (5.0, 120.0),
    "pelvic_tilt": (-60.0, 80.0),
    "sacral_slope": (-45.0, 100.0),
    "canal_length": (7.0, 40.0),
    "canal_width": (8.0, 60.0),
}


# What a frontal radiograph alone can carry: sizes and angles in its plane, or nearly so; of Cobb angles there
# are several, with the levels of their curves in their names. All else depends on depths.
FRONTAL = (
    *("head_radius", "neck_shaft_angle", "femoral_offset", "neck_length", "head_shaft_distance"),
    *("femoral_length", "femoral_length_difference", "mechanical_anatomical_angle"),
    *("inter_asis_width", "pelvic_obliquity", "cobb_angle"),
)
NOT_FRONTAL = (
    "It depends on depths, which a frontal radiograph alone does not show: add a lateral one to measure it."
)


def without_depths(measured: Mapping[str, list[Measurement]]) -> dict[str, list[Measurement]]:
    """Return measurements by region, those absent that a frontal radiograph alone does not show; landmarks stay."""
    return {region: [_frontal(one) for one in ones] for region, ones in measured.items()}


def _frontal(one: Measurement) -> Measurement:
    if one.value is None or one.unit == "point" or one.name.startswith(FRONTAL):
        return one
    return absent(one.name, one.structure, one.side, one.unit, NOT_FRONTAL)


def withheld_if_impossible(measurement: Measurement) -> Measurement:
    """Return the measurement, or its absence where no person has such a value."""
    if measurement.value is None or measurement.name not in POSSIBLE:
        return measurement
    lower, upper = POSSIBLE[measurement.name]
    if lower <= measurement.value <= upper:
        return measurement
    return absent(
        measurement.name,
        measurement.structure,
        measurement.side,
        measurement.unit,
        f"The bones give {measurement.value:.1f} {measurement.unit}, which no person has; the value is withheld.",
    )
