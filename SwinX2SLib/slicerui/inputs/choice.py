"""User options for the radiographs: conversion between the parameter node and the library."""

from __future__ import annotations

from dataclasses import dataclass

import slicer

from SwinX2SLib.errors import Fault
from SwinX2SLib.radiographs import Crop, RadiographOptions
from SwinX2SLib.radiographs.registration import Shift
from SwinX2SLib.slicerui.parameters import (
    FROM_RADIOGRAPH_FACTOR,
    FROM_RADIOGRAPH_MM,
    ReconstructionParameters,
)
from SwinX2SLib.slicerui.radiographs import ROLES, radiograph_faults, radiograph_spacing

_TUBE = ("source_to_detector_mm", "source_to_patient_mm")
_EDITS = ("spacing_mm", "magnification", *_TUBE, "rotate_deg", "flip", "invert", "crop", "trust_header")


@dataclass(frozen=True)
class RadiographChoice:
    """One chosen radiograph.

    Attributes:
        role: "ap" or "lateral".
        node: the volume, or None.
        view: "ap", "pa" or "lateral".
        options: user options about it.
    """

    role: str
    node: slicer.vtkMRMLScalarVolumeNode | None
    view: str
    options: RadiographOptions


def radiograph_choice(parameters: ReconstructionParameters, role: str) -> RadiographChoice:
    """Return the radiograph of a role."""
    edits = {name: getattr(parameters, f"{role}_{name}") for name in _EDITS}
    spacing_mm = edits["spacing_mm"] if edits["spacing_mm"] > FROM_RADIOGRAPH_MM else None
    xray_source = {name: edits[name] if edits[name] > FROM_RADIOGRAPH_MM else None for name in _TUBE}
    # The source distances give the magnification, too.
    factor = edits["magnification"] if edits["magnification"] >= 1 and spacing_mm is None else None
    factor = None if any(xray_source.values()) else factor
    options = RadiographOptions(
        spacing_mm=spacing_mm,
        magnification=factor,
        rotate_deg=edits["rotate_deg"],
        flip=edits["flip"],
        invert=edits["invert"],
        crop=Crop.parse(edits["crop"]) if edits["crop"] else None,
        trust_orientation=edits["trust_header"],
        **xray_source,
    )
    view = parameters.ap_view.value if role == "ap" else role
    return RadiographChoice(role, getattr(parameters, f"{role}_volume"), view, options)


def used_roles(parameters: ReconstructionParameters) -> tuple[str, ...]:
    """Return the roles of the radiographs that are used: both, or the frontal one alone."""
    return ROLES[:1] if parameters.only_frontal else ROLES


def set_edits(parameters: ReconstructionParameters, role: str, options: RadiographOptions) -> None:
    """Take over rotation, flip, inversion and crop of a radiograph."""
    with slicer.util.NodeModify(parameters.parameterNode):
        setattr(parameters, f"{role}_rotate_deg", options.rotate_deg)
        setattr(parameters, f"{role}_flip", options.flip)
        setattr(parameters, f"{role}_invert", options.invert)
        setattr(parameters, f"{role}_crop", str(options.crop) if options.crop else "")


def forget_options(parameters: ReconstructionParameters, role: str) -> None:
    """Reset to the values of the header, when another radiograph is selected."""
    with slicer.util.NodeModify(parameters.parameterNode):
        set_edits(parameters, role, RadiographOptions())
        setattr(parameters, f"{role}_spacing_mm", FROM_RADIOGRAPH_MM)
        setattr(parameters, f"{role}_magnification", FROM_RADIOGRAPH_FACTOR)
        for name in _TUBE:
            setattr(parameters, f"{role}_{name}", FROM_RADIOGRAPH_MM)
        setattr(parameters, f"{role}_trust_header", True)


def swap_radiographs(parameters: ReconstructionParameters) -> None:
    """Swap both radiographs with their options."""
    with slicer.util.NodeModify(parameters.parameterNode):
        for name in ("volume", *_EDITS):
            first, second = (getattr(parameters, f"{role}_{name}") for role in ROLES)
            setattr(parameters, f"ap_{name}", second)
            setattr(parameters, f"lateral_{name}", first)
        parameters.lateral_offset_mm = -parameters.lateral_offset_mm


def lateral_offset(parameters: ReconstructionParameters) -> Shift:
    """Return how far the lateral radiograph is moved up [mm], or None where heights are not matched."""
    return parameters.lateral_offset_mm if parameters.heights_matched else None


def choice_faults(parameters: ReconstructionParameters) -> list[Fault]:
    """List the faults that are visible without reading pixels."""
    ap, lateral = parameters.ap_volume, parameters.lateral_volume
    faults = radiograph_faults(ap, "frontal")
    faults += [] if parameters.only_frontal else radiograph_faults(lateral, "lateral")
    if ap is not None and ap is lateral and not parameters.only_frontal:
        hint = "Choose the lateral radiograph of the same person."
        faults.append(Fault("same-radiograph", "Both radiographs use the same volume.", hint, ap.GetName()))
    return faults + _colour_faults(parameters) + _spacing_faults(parameters)


def is_colour(radiograph: slicer.vtkMRMLScalarVolumeNode | None) -> bool:
    """Return whether a volume holds several values in each pixel, as a colour picture does."""
    image = radiograph.GetImageData() if radiograph is not None else None
    return image is not None and image.GetNumberOfScalarComponents() > 1


def _colour_faults(parameters: ReconstructionParameters) -> list[Fault]:
    radiographs = dict.fromkeys(radiograph_choice(parameters, role).node for role in used_roles(parameters))
    hint = "Click Convert to gray; the original image is not changed."
    return [
        Fault("colour-volume", "The radiograph was loaded as a colour image.", hint, radiograph.GetName())
        for radiograph in radiographs
        if is_colour(radiograph)
    ]


def _spacing_faults(parameters: ReconstructionParameters) -> list[Fault]:
    if parameters.accept_assumed_spacing:
        return []
    hint = "Set Pixel size, calibrate with a marker, or confirm that 1 mm is correct."
    choices = [radiograph_choice(parameters, role) for role in used_roles(parameters)]
    return [
        Fault(
            "spacing-assumed",
            "The pixel size is unknown; Slicer assumed 1 mm.",
            hint,
            radiograph.node.GetName(),
        )
        for radiograph in choices
        if radiograph.node is not None and radiograph_spacing(radiograph.node, radiograph.options).assumed
    ]
