"""What the user chooses, kept in a parameter node and saved with the scene."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import slicer
from slicer.parameterNodeWrapper import WithinRange, parameterNodeWrapper

DEFAULT_MODEL = "default"
# 0 stands for "as the film says"; a radiograph's pixel is far below a centimetre.
FROM_FILM_MM, LARGEST_PIXEL_MM = 0.0, 10.0


class FrontalView(Enum):
    """Which way the rays went through the patient on the frontal film."""

    AP = "ap"
    PA = "pa"

    def label(self) -> str:
        """Return the words of the drop-down list."""
        return {"ap": "AP (tube in front of the patient)", "pa": "PA (tube behind the patient)"}[self.value]


class LateralFacing(Enum):
    """Where the patient's front is on the lateral film; the value is the flip that brings it to the left."""

    LEFT = ""
    RIGHT = "h"

    def label(self) -> str:
        """Return the words of the drop-down list."""
        return f"patient's front on the {self.name.lower()} of the film"


class Device(Enum):
    """Where the network runs."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"

    def label(self) -> str:
        """Return the words of the drop-down list."""
        return {"auto": "automatic", "cpu": "processor (CPU)", "cuda": "NVIDIA graphics card (CUDA)"}[
            self.value
        ]


@parameterNodeWrapper
class ReconstructionParameters:
    """The module's parameters; the names are those of `SlicerParameterName` properties in the `.ui` files.

    Attributes:
        ap_volume: the frontal film.
        lateral_volume: the lateral film.
        ap_view: direction of the rays of the frontal film.
        lateral_facing: where the patient's front is on the lateral film.
        ap_spacing_mm: size of a pixel of the frontal film at the patient [mm]; 0 takes what the film says.
        lateral_spacing_mm: the same for the lateral film.
        accept_assumed_spacing: the user knows that pixels of exactly 1 mm are right.
        device: where the network runs.
        model: name of a model of `Resources/models.json`, or "default".
    """

    ap_volume: slicer.vtkMRMLScalarVolumeNode
    lateral_volume: slicer.vtkMRMLScalarVolumeNode
    ap_view: FrontalView = FrontalView.AP
    lateral_facing: LateralFacing = LateralFacing.LEFT
    ap_spacing_mm: Annotated[float, WithinRange(FROM_FILM_MM, LARGEST_PIXEL_MM)] = FROM_FILM_MM
    lateral_spacing_mm: Annotated[float, WithinRange(FROM_FILM_MM, LARGEST_PIXEL_MM)] = FROM_FILM_MM
    accept_assumed_spacing: bool = False
    device: Device = Device.AUTO
    model: str = DEFAULT_MODEL
