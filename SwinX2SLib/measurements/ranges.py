"""Ranges of measures between adults, from the literature; what lies outside is flagged, not hidden."""

from __future__ import annotations

from dataclasses import dataclass


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

    def doubts(self, value: float, what: str, unit: str) -> tuple[str, ...]:
        """Return a reason when a value lies outside, else nothing."""
        if self.lower <= value <= self.upper:
            return ()
        return (
            f"{what} of {value:.1f} {unit} lies outside of {self.lower:g} to {self.upper:g} {unit} ({self.source}).",
        )


_NOBLE = "Noble et al. 1988, Clin Orthop 235:148"
_VIALLE = "Vialle et al. 2005, J Bone Joint Surg Am 87:260"
# Noble gives ranges, rounded outwards here; of the others it is the mean and 3.5 standard deviations.
FEMUR = {
    "head_radius": PublishedRange(17.0, 30.0, _NOBLE),
    "neck_shaft_angle": PublishedRange(105.0, 155.0, _NOBLE),
    "femoral_offset": PublishedRange(23.0, 62.0, _NOBLE),
    "anteversion": PublishedRange(-23.0, 42.0, "Toogood et al. 2009, Clin Orthop 467:876"),
}
PELVIS = {
    "inter_asis_width": PublishedRange(
        163.0, 289.0, "226 +- 18 mm between the 40 people of the JHU pelvis atlas"
    ),
    "pelvic_incidence": PublishedRange(18.0, 92.0, _VIALLE),
    "pelvic_tilt": PublishedRange(-8.0, 35.0, _VIALLE),
    "sacral_slope": PublishedRange(12.0, 71.0, _VIALLE),
}
