"""What the section Measurements keeps in the scene; all else is kept by the nodes of the measurements."""

from __future__ import annotations

import slicer
from slicer.parameterNodeWrapper import parameterNodeWrapper


@parameterNodeWrapper
class MeasurementsParameters:
    """State of the section Measurements.

    Attributes:
        measured_segmentation: the bones that are measured.
    """

    measured_segmentation: slicer.vtkMRMLSegmentationNode
