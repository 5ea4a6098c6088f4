"""What is wrong with the choices alone, told without reading a pixel."""

from __future__ import annotations

import slicer

from SwinX2SLib.errors import Fault
from SwinX2SLib.slicerui.films import film_faults, film_spacing
from SwinX2SLib.slicerui.inputs.choice import film_choice
from SwinX2SLib.slicerui.inputs.roles import ROLES
from SwinX2SLib.slicerui.parameters import ReconstructionParameters


def choice_faults(parameters: ReconstructionParameters) -> list[Fault]:
    """List what can be told from the choices alone, without reading a pixel."""
    ap, lateral = parameters.ap_volume, parameters.lateral_volume
    faults = film_faults(ap, "frontal") + film_faults(lateral, "lateral")
    if ap is not None and ap is lateral:
        hint = "Choose the lateral film of the same person."
        faults.append(Fault("same-film", "Both films are the same volume.", hint, ap.GetName()))
    return faults + _colour_faults(parameters) + _spacing_faults(parameters)


def is_colour(film: slicer.vtkMRMLScalarVolumeNode | None) -> bool:
    """Return whether a volume holds several values in each pixel, as a colour picture does."""
    image = film.GetImageData() if film is not None else None
    return image is not None and image.GetNumberOfScalarComponents() > 1


def _colour_faults(parameters: ReconstructionParameters) -> list[Fault]:
    films = dict.fromkeys((parameters.ap_volume, parameters.lateral_volume))
    hint = "Click Convert to gray; the picture itself stays as it is."
    return [
        Fault("colour-volume", "The film was loaded as a colour picture.", hint, film.GetName())
        for film in films
        if is_colour(film)
    ]


def _spacing_faults(parameters: ReconstructionParameters) -> list[Fault]:
    if parameters.accept_assumed_spacing:
        return []
    hint = "Set Pixel size, calibrate on a marker, or tick that 1 mm is right."
    choices = [film_choice(parameters, role) for role in ROLES]
    return [
        Fault(
            "spacing-assumed",
            "The size of a pixel is unknown; Slicer assumed 1 mm.",
            hint,
            film.node.GetName(),
        )
        for film in choices
        if film.node is not None and film_spacing(film.node, film.options).assumed
    ]
