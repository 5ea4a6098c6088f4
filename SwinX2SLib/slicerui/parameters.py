"""What the user chooses, kept in a parameter node and saved with the scene."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import slicer
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import WithinRange, parameterNodeWrapper

from SwinX2SLib.radiographs.acquisition import LARGEST_TO_DETECTOR_MM

DEFAULT_MODEL = "default"
# 0 stands for "from header"; a radiograph's pixel is far below a centimetre.
FROM_RADIOGRAPH_MM, LARGEST_PIXEL_MM = 0.0, 10.0
# A magnification starts at 1, so what lies just below stands for "from header".
FROM_RADIOGRAPH_FACTOR, LARGEST_FACTOR = 0.99, 2.0
LARGEST_SHIFT_MM = 1000.0


class FrontalView(Enum):
    """Which way the rays went through the patient on the frontal radiograph."""

    AP = "ap"
    PA = "pa"

    def label(self) -> str:
        """Return the texts of the drop-down list."""
        words = {"ap": _("AP (source anterior)"), "pa": _("PA (source posterior)")}
        return words[self.value]


class Device(Enum):
    """Where the network runs."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"

    def label(self) -> str:
        """Return the texts of the drop-down list."""
        words = {
            "auto": _("automatic"),
            "cpu": _("CPU"),
            "cuda": _("NVIDIA GPU (CUDA)"),
        }
        return words[self.value]


@parameterNodeWrapper
class ReconstructionParameters:
    """The module's parameters; the names are those of `SlicerParameterName` properties in the `.ui` files.

    Attributes:
        ap_volume: the frontal radiograph.
        lateral_volume: the lateral radiograph.
        ap_view: direction of the rays of the frontal radiograph.
        ap_spacing_mm: size of a pixel of the frontal radiograph at the patient [mm]; 0 takes the value of the header.
        ap_magnification: how much larger than the patient the detector shows it; 0.99 takes the value of the header.
        ap_source_to_detector_mm, ap_source_to_patient_mm: distances of the X-ray source [mm]; 0 takes the value of
            the header.
        ap_rotate_deg, ap_flip, ap_invert, ap_crop, ap_trust_header: how the frontal radiograph is brought upright,
            as in `radiographs.RadiographOptions`; no crop is "".
        lateral_spacing_mm and so on: the same for the lateral radiograph.
        heights_matched: only the heights that both radiographs show are used, the lateral radiograph moved up by
        lateral_offset_mm: so far [mm].
        only_frontal: there is a frontal radiograph alone; a lateral one that is chosen is not used.
        accept_assumed_spacing: the user knows that pixels of exactly 1 mm are right.
        device: where the network runs.
        model: name of a model of `Resources/models.json`, or "default".
        also_ct: whether CT numbers are reconstructed, too.
    """

    ap_volume: slicer.vtkMRMLScalarVolumeNode
    lateral_volume: slicer.vtkMRMLScalarVolumeNode
    ap_view: FrontalView = FrontalView.AP
    ap_spacing_mm: Annotated[float, WithinRange(FROM_RADIOGRAPH_MM, LARGEST_PIXEL_MM)] = FROM_RADIOGRAPH_MM
    ap_magnification: Annotated[float, WithinRange(FROM_RADIOGRAPH_FACTOR, LARGEST_FACTOR)] = (
        FROM_RADIOGRAPH_FACTOR
    )
    ap_source_to_detector_mm: Annotated[float, WithinRange(FROM_RADIOGRAPH_MM, LARGEST_TO_DETECTOR_MM)] = (
        FROM_RADIOGRAPH_MM
    )
    ap_source_to_patient_mm: Annotated[float, WithinRange(FROM_RADIOGRAPH_MM, LARGEST_TO_DETECTOR_MM)] = (
        FROM_RADIOGRAPH_MM
    )
    ap_rotate_deg: int = 0
    ap_flip: str = ""
    ap_invert: bool = False
    ap_crop: str = ""
    ap_trust_header: bool = True
    lateral_spacing_mm: Annotated[float, WithinRange(FROM_RADIOGRAPH_MM, LARGEST_PIXEL_MM)] = (
        FROM_RADIOGRAPH_MM
    )
    lateral_magnification: Annotated[float, WithinRange(FROM_RADIOGRAPH_FACTOR, LARGEST_FACTOR)] = (
        FROM_RADIOGRAPH_FACTOR
    )
    lateral_source_to_detector_mm: Annotated[
        float, WithinRange(FROM_RADIOGRAPH_MM, LARGEST_TO_DETECTOR_MM)
    ] = FROM_RADIOGRAPH_MM
    lateral_source_to_patient_mm: Annotated[
        float, WithinRange(FROM_RADIOGRAPH_MM, LARGEST_TO_DETECTOR_MM)
    ] = FROM_RADIOGRAPH_MM
    lateral_rotate_deg: int = 0
    lateral_flip: str = ""
    lateral_invert: bool = False
    lateral_crop: str = ""
    lateral_trust_header: bool = True
    heights_matched: bool = False
    lateral_offset_mm: Annotated[float, WithinRange(-LARGEST_SHIFT_MM, LARGEST_SHIFT_MM)] = 0.0
    only_frontal: bool = False
    accept_assumed_spacing: bool = False
    device: Device = Device.AUTO
    model: str = DEFAULT_MODEL
    also_ct: bool = False


# Names in scenes of version 0.1.
_RENAMED = {"lateral_shift_mm": "lateral_offset_mm"}


def rename_old_parameters(node: slicer.vtkMRMLScriptedModuleNode) -> None:
    """Give the parameters of a scene that an earlier version saved the names of today."""
    for old, new in _RENAMED.items():
        if node.HasParameter(old) and not node.HasParameter(new):
            node.SetParameter(new, node.GetParameter(old))
            node.UnsetParameter(old)
