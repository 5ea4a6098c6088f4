"""The numbers that make one skeleton of the phantom."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from SwinX2SLib.errors import Fault, InputError


@dataclass(frozen=True)
class Sided:
    """A measure of the left and of the right side, in the unit that the name of the parameter says."""

    left: float
    right: float

    def of(self, side: str) -> float:
        """Return the value of "left" or "right"."""
        return {"left": self.left, "right": self.right}[side]


@dataclass(frozen=True)
class PhantomParameters:
    """One skeleton; the defaults are an adult of middle height with a mild scoliosis and six lumbar vertebrae.

    Lengths are given before `scale` is applied. Left and right differ on purpose: a swap of sides must show.

    Attributes:
        scale: factor on every length.
        lumbar_count: 5, or 6 for a skeleton with L6.
        vertebra_height_scale: factor on body and disc heights.
        vertebra_width_scale: factor on the widths and depths of vertebrae.
        lumbar_lordosis_deg: sagittal angle between the upper endplates of L1 and S1.
        thoracic_kyphosis_deg: sagittal angle between the upper endplates of T1 and L1.
        cervical_lordosis_deg: sagittal angle between the upper endplates of C3 and T1.
        scoliosis_cobb_deg: coronal angle between the end vertebrae of the curve; positive bows to the right.
        scoliosis_apex: place of the apex counted in vertebrae above the sacrum.
        scoliosis_extent: number of vertebrae between the ends of the curve.
        axial_rotation_deg: rotation of the apical vertebra about its axis, towards the convex side.
        pelvic_incidence_deg: angle at the sacral endplate between its normal and the line to the hip axis.
        pelvic_tilt_deg: sagittal angle of the line from the hip axis to the sacral endplate.
        pelvic_width_scale, pelvic_height_scale, pelvic_depth_scale: factors on the pelvis.
        wing_scale: factor on the flare of each iliac wing.
        head_radius_mm: radius of the femoral heads.
        neck_shaft_angle_deg: angle between neck and shaft axis.
        neck_length_mm: from the centre of the head to the shaft axis.
        anteversion_deg: rotation of the neck about the shaft, forwards positive.
        shaft_adduction_deg: coronal angle of the shaft, knees inwards positive.
        shaft_length_mm: from where neck and shaft axes meet down to the cut end; 0 < length.
        rib_cage_width_mm: half width of the cage at rib 8, from the spine.
        rib_cage_depth_mm: from the back of the cage to the front at rib 7.
        rib_drop_scale: factor on how far ribs descend.
        rib_height_mm, rib_thickness_mm: section of a rib.
        twelfth_rib_length_scale: factor on the length of the last ribs.

    Raises:
        InputError: numbers that make no skeleton; names all of them.

    Examples:
        >>> from SwinX2SLib import PhantomParameters
        >>> PhantomParameters(lumbar_count=5, pelvic_incidence_deg=60.0).pelvic_incidence_deg
        60.0
    """

    scale: float = 1.0
    lumbar_count: int = 6
    vertebra_height_scale: float = 1.0
    vertebra_width_scale: float = 1.0
    lumbar_lordosis_deg: float = 50.0
    thoracic_kyphosis_deg: float = 38.0
    cervical_lordosis_deg: float = 18.0
    scoliosis_cobb_deg: float = 9.0
    scoliosis_apex: float = 10.0
    scoliosis_extent: float = 9.0
    axial_rotation_deg: float = 4.0
    pelvic_incidence_deg: float = 52.0
    pelvic_tilt_deg: float = 14.0
    pelvic_width_scale: float = 1.0
    pelvic_height_scale: float = 1.0
    pelvic_depth_scale: float = 1.0
    wing_scale: Sided = Sided(1.0, 1.06)
    head_radius_mm: Sided = Sided(23.0, 25.0)
    neck_shaft_angle_deg: Sided = Sided(125.0, 132.0)
    neck_length_mm: Sided = Sided(50.0, 54.0)
    anteversion_deg: Sided = Sided(10.0, 15.0)
    shaft_adduction_deg: Sided = Sided(6.0, 8.0)
    shaft_length_mm: Sided = Sided(110.0, 110.0)
    rib_cage_width_mm: Sided = Sided(141.0, 133.0)
    rib_cage_depth_mm: float = 168.0
    rib_drop_scale: float = 1.0
    rib_height_mm: float = 12.5
    rib_thickness_mm: float = 7.0
    twelfth_rib_length_scale: Sided = Sided(1.0, 0.8)

    def __post_init__(self) -> None:
        faults = [name for name, value in _numbers(self) if not np.isfinite(value)]
        faults += [name for name, value in _numbers(self) if name in _POSITIVE and not value > 0]
        if self.lumbar_count not in (5, 6):
            faults.append("lumbar_count (5 or 6)")
        if faults:
            hint = "Lengths and scales must be above 0, and all numbers finite."
            raise InputError([Fault("phantom-value", f"Invalid parameter: {name}.", hint) for name in faults])

    @classmethod
    def random(cls, rng: np.random.Generator) -> PhantomParameters:
        """Draw a plausible adult: lengths, curves and angles vary as between people, sides a little."""
        default = cls()
        varied: dict[str, Any] = {
            name: _vary(getattr(default, name), spread, rng) for name, spread in _RELATIVE_SPREAD.items()
        }
        for name, spread in _SPREAD_DEG.items():
            varied[name] = _shift(getattr(default, name), spread, rng)
        slope = varied["pelvic_incidence_deg"] - varied["pelvic_tilt_deg"]
        at_l1, at_t1 = float(rng.normal(-12, 3.5)), float(rng.normal(25, 5))
        # Three people in four have next to no scoliosis; the drawn curve may bow to either side.
        cobb = rng.normal(0, 4.0) if rng.random() < 0.75 else rng.uniform(-35, 35)
        apex = rng.uniform(7.0, 14.0)
        return cls(
            **varied,
            # The curves follow the pelvis, so that the head stays over the hips (Roussouly and Pinsolle 2009).
            lumbar_lordosis_deg=slope - at_l1,
            thoracic_kyphosis_deg=at_t1 - at_l1,
            lumbar_count=6 if rng.random() < 0.15 else 5,
            scoliosis_cobb_deg=float(cobb),
            axial_rotation_deg=float(cobb * rng.uniform(0.2, 0.5)),
            scoliosis_apex=float(apex),
            scoliosis_extent=float(rng.uniform(7.0, 10.0)),
            shaft_length_mm=Sided(*(float(value) for value in rng.uniform(45, 150, 1).repeat(2))),
        )

    def to_dict(self) -> dict:
        """Return plain numbers, ready for JSON; `from_dict` reads them back."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: dict) -> PhantomParameters:
        """Build parameters from what `to_dict` gave.

        Raises:
            TypeError: an unknown parameter is named.
        """
        given: dict[str, Any] = {
            name: Sided(**value) if isinstance(value, dict) else value for name, value in values.items()
        }
        return cls(**given)


_POSITIVE = frozenset(
    {
        "scale",
        "vertebra_height_scale",
        "vertebra_width_scale",
        "scoliosis_extent",
        "pelvic_width_scale",
        "pelvic_height_scale",
        "pelvic_depth_scale",
        "wing_scale",
        "head_radius_mm",
        "neck_length_mm",
        "shaft_length_mm",
        "rib_cage_width_mm",
        "rib_cage_depth_mm",
        "rib_drop_scale",
        "rib_height_mm",
        "rib_thickness_mm",
        "twelfth_rib_length_scale",
    }
)

# Standard deviations between adults, as a part of the mean for lengths and in degrees for angles.
_RELATIVE_SPREAD = {
    "scale": 0.07,
    "vertebra_height_scale": 0.04,
    "vertebra_width_scale": 0.06,
    "pelvic_width_scale": 0.05,
    "pelvic_height_scale": 0.04,
    "pelvic_depth_scale": 0.05,
    "wing_scale": 0.05,
    "head_radius_mm": 0.05,
    "neck_length_mm": 0.07,
    "rib_cage_width_mm": 0.06,
    "rib_cage_depth_mm": 0.10,
    "rib_drop_scale": 0.12,
    "rib_height_mm": 0.08,
    "rib_thickness_mm": 0.08,
    "twelfth_rib_length_scale": 0.25,
}
_SPREAD_DEG = {
    "cervical_lordosis_deg": 8.0,
    "pelvic_incidence_deg": 9.0,
    "pelvic_tilt_deg": 6.0,
    "neck_shaft_angle_deg": 5.0,
    "anteversion_deg": 7.0,
    "shaft_adduction_deg": 4.0,
}


def _numbers(parameters: PhantomParameters) -> list[tuple[str, float]]:
    pairs: list[tuple[str, float]] = []
    for name, value in vars(parameters).items():
        pairs += [(name, value.left), (name, value.right)] if isinstance(value, Sided) else [(name, value)]
    return pairs


def _vary(value: float | Sided, spread: float, rng: np.random.Generator) -> float | Sided:
    common = float(np.exp(spread * np.clip(rng.normal(), -2, 2)))
    if isinstance(value, Sided):
        one, other = (float(np.exp(0.25 * spread * rng.normal())) for _ in range(2))
        return Sided(value.left * common * one, value.right * common * other)
    return value * common


def _shift(value: float | Sided, spread: float, rng: np.random.Generator) -> float | Sided:
    common = float(spread * np.clip(rng.normal(), -2, 2))
    if isinstance(value, Sided):
        one, other = (float(0.3 * spread * rng.normal()) for _ in range(2))
        return Sided(value.left + common + one, value.right + common + other)
    return value + common
