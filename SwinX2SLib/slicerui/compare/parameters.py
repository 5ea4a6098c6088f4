"""What the section Compare keeps in the scene."""

from __future__ import annotations

from enum import Enum
from typing import Union

import slicer
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import parameterNodeWrapper


class Placement(Enum):
    """How the reconstruction is laid onto the CT before both are compared."""

    RIGID = "rigid"
    BONES = "bones"
    CENTRES = "centres"
    NONE = "none"

    def label(self) -> str:
        """Return the words of the drop-down list."""
        words = {
            "rigid": _("turned and shifted, bone onto bone"),
            "bones": _("shifted, bone onto bone"),
            "centres": _("shifted, middle of the volumes"),
            "none": _("as both lie in the scene"),
        }
        return words[self.value]


class Distance(Enum):
    """What the colours of the surfaces show."""

    SIGNED = "signed"
    ABSOLUTE = "absolute"

    def label(self) -> str:
        """Return the words of the drop-down list."""
        words = {
            "signed": _("outside (red) or inside (blue) the CT's bone"),
            "absolute": _("distance only"),
        }
        return words[self.value]


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
