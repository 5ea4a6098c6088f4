"""What the section Result keeps in the scene; all else is kept by the result's own nodes."""

from __future__ import annotations

import slicer
from slicer.parameterNodeWrapper import parameterNodeWrapper


@parameterNodeWrapper
class ResultParameters:
    """State of the section Result.

    Attributes:
        result_segmentation: the result that is shown.
    """

    result_segmentation: slicer.vtkMRMLSegmentationNode
