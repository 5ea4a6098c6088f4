"""What the section Compare keeps in the scene."""

from __future__ import annotations

from typing import Union

import slicer
from slicer.parameterNodeWrapper import parameterNodeWrapper

from SwinX2SLib.slicerui.comparing.choices import Distance, Placement


@parameterNodeWrapper
class CompareParameters:
    """State of the section Compare.

    Attributes:
        compare_prediction: the reconstruction.
        compare_truth: segmentation or label map of the CT.
        compare_truth_file: file of it instead; wins over the node, "" for none.
        compare_scheme: "auto", a numbering of `label_schemes`, or the path of a map.
        compare_placement: how the reconstruction is laid onto the CT.
        compare_measurements: whether both are measured, too.
        compare_distance: what the colours show.
    """

    compare_prediction: slicer.vtkMRMLSegmentationNode
    compare_truth: Union[slicer.vtkMRMLSegmentationNode, slicer.vtkMRMLLabelMapVolumeNode, None] = None  # noqa: UP007
    compare_truth_file: str = ""
    compare_scheme: str = "auto"
    compare_placement: Placement = Placement.RIGID
    compare_measurements: bool = True
    compare_distance: Distance = Distance.SIGNED
