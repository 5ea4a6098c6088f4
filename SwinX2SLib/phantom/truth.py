"""What is known of a phantom: places and measures, RAS mm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class FemurTruth:
    """One femur.

    Attributes:
        head_centre, head_radius_mm: the ball of the head.
        neck_axis: unit vector from the shaft axis to the head.
        shaft_axis: unit vector downwards along the shaft.
        neck_shaft_point: where both axes meet.
        neck_shaft_angle_deg: between the neck and the shaft axis.
        neck_length_mm: from the head's centre to the meeting point.
        femoral_offset_mm: distance from the head's centre to the shaft axis.
    """

    head_centre: np.ndarray
    head_radius_mm: float
    neck_axis: np.ndarray
    shaft_axis: np.ndarray
    neck_shaft_point: np.ndarray
    neck_shaft_angle_deg: float
    neck_length_mm: float
    femoral_offset_mm: float


@dataclass(frozen=True)
class VertebraTruth:
    """One vertebra.

    Attributes:
        body_centre: middle of the body.
        axes: `(3, 3)`, columns right, front and up of the body.
        body_height_mm: between the endplate centres.
        body_width_mm, body_depth_mm: of the endplates.
        upper_endplate_centre, lower_endplate_centre: on the body's axis.
        upper_endplate_normal, lower_endplate_normal: unit vectors, both upwards.
        canal_length_mm: front to back, in the plane half way up the body.
        canal_width_mm: side to side.
        canal_centre: in that plane.
    """

    body_centre: np.ndarray
    axes: np.ndarray
    body_height_mm: float
    body_width_mm: float
    body_depth_mm: float
    upper_endplate_centre: np.ndarray
    lower_endplate_centre: np.ndarray
    upper_endplate_normal: np.ndarray
    lower_endplate_normal: np.ndarray
    canal_length_mm: float
    canal_width_mm: float
    canal_centre: np.ndarray


@dataclass(frozen=True)
class PhantomTruth:
    """All that is known of a skeleton.

    Attributes:
        vertebrae: by label name.
        ribs: centreline `(N, 3)` from the head to the front end, by label name.
        femora: by side.
        landmarks: `(3,)` by name: asis, psis, pubic_tubercle and ischial_spine with _left or _right; promontory.
        sacral_endplate_centre, sacral_endplate_normal: the upper end of S1.
        pelvic_incidence_deg, pelvic_tilt_deg, sacral_slope_deg: in the sagittal plane.
    """

    vertebrae: dict[str, VertebraTruth]
    ribs: dict[str, np.ndarray]
    femora: dict[str, FemurTruth]
    landmarks: dict[str, np.ndarray]
    sacral_endplate_centre: np.ndarray
    sacral_endplate_normal: np.ndarray
    pelvic_incidence_deg: float
    pelvic_tilt_deg: float
    sacral_slope_deg: float

    def cobb_angle_deg(self, upper: str, lower: str) -> float:
        """Return the coronal angle between the upper endplate of one vertebra and the lower one of another.

        Args:
            upper, lower: label names, `vertebrae_T5`...
        """
        first, second = (
            self.vertebrae[upper].upper_endplate_normal,
            self.vertebrae[lower].lower_endplate_normal,
        )
        return float(abs(np.degrees(np.arctan2(first[0], first[2]) - np.arctan2(second[0], second[2]))))

    def kyphosis_deg(self, upper: str, lower: str) -> float:
        """Return the sagittal angle between the same endplates; kyphosis positive, lordosis negative."""
        first, second = (
            self.vertebrae[upper].upper_endplate_normal,
            self.vertebrae[lower].lower_endplate_normal,
        )
        return float(np.degrees(np.arctan2(first[1], first[2]) - np.arctan2(second[1], second[2])))
