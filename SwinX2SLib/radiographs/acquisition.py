"""Distances of the X-ray source from detector and patient, which define the cone-beam geometry.

In the order of trust: what the user says; DICOM Distance Source to Detector with Estimated Radiographic Magnification
Factor (the ratio of source to image receptor over source to object) or Distance Source to Patient (PS3.3 C.8.7.5,
C.8.11.7).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

# Beyond twice the size the patient would stand nearer to the X-ray source than to the detector.
LARGEST_MAGNIFICATION = 2.0


if TYPE_CHECKING:
    from pydicom import Dataset


# Nobody is examined nearer to the focal spot (a C-arm stands half a metre off), and no room is longer.
SMALLEST_TO_PATIENT_MM, LARGEST_TO_DETECTOR_MM = 300.0, 6000.0
BY_USER = "specified by the user"


@dataclass(frozen=True)
class StatedDistances:
    """Source distances from a header.

    Attributes:
        to_detector_mm: from the source, along the central ray; None if absent or invalid.
        to_patient_mm: likewise.
        source: origin of the value, human-readable.
    """

    to_detector_mm: float | None = None
    to_patient_mm: float | None = None
    source: str = ""


@dataclass(frozen=True)
class XraySource:
    """Position of the X-ray source.

    Attributes:
        source_to_detector_mm: along the central ray.
        source_to_patient_mm: likewise, to the plane in the patient at which sizes hold.
        source: origin of the distances, human-readable.
    """

    source_to_detector_mm: float
    source_to_patient_mm: float
    source: str

    @property
    def magnification(self) -> float:
        """How much larger than the patient the detector shows it."""
        return self.source_to_detector_mm / self.source_to_patient_mm

    def __str__(self) -> str:
        return (
            f"source to detector {self.source_to_detector_mm:.5g} mm / source to patient "
            f"{self.source_to_patient_mm:.5g} mm, {self.source}"
        )


def stated_distances(dataset: Dataset) -> StatedDistances:
    """Return the source distances from a DICOM header; 0 and invalid values count as absent."""
    detector = positive_number(dataset, "DistanceSourceToDetector")
    patient = positive_number(dataset, "DistanceSourceToPatient")
    factor = positive_number(dataset, "EstimatedRadiographicMagnificationFactor")
    if factor is not None and 1 <= factor <= LARGEST_MAGNIFICATION and detector is not None:
        words = "DICOM DistanceSourceToDetector and EstimatedRadiographicMagnificationFactor"
        return StatedDistances(detector, detector / factor, words)
    words = "DICOM DistanceSourceToDetector and DistanceSourceToPatient"
    return StatedDistances(detector, patient, words)


def positive_number(dataset: Dataset, keyword: str) -> float | None:
    """Return a number of the header; None where it is absent, unreadable or not above 0."""
    try:
        value = float(dataset.get(keyword))
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) and value > 0 else None
