"""What the user says about the films, between the parameter node and the library."""

from __future__ import annotations

from dataclasses import dataclass

import slicer

from SwinX2SLib.errors import Fault
from SwinX2SLib.radiographs import Crop, FilmOptions
from SwinX2SLib.radiographs.registration import Shift
from SwinX2SLib.slicerui.films import ROLES, film_faults, film_spacing
from SwinX2SLib.slicerui.parameters import FROM_FILM_FACTOR, FROM_FILM_MM, ReconstructionParameters

_TUBE = ("source_to_detector_mm", "source_to_patient_mm")
_EDITS = ("spacing_mm", "magnification", *_TUBE, "rotate_deg", "flip", "invert", "crop", "trust_header")


@dataclass(frozen=True)
class FilmChoice:
    """One chosen film.

    Attributes:
        role: "ap" or "lateral".
        node: the volume, or None.
        view: "ap", "pa" or "lateral".
        options: what the user says about it.
    """

    role: str
    node: slicer.vtkMRMLScalarVolumeNode | None
    view: str
    options: FilmOptions


def film_choice(parameters: ReconstructionParameters, role: str) -> FilmChoice:
    """Return the film of a role."""
    say = {name: getattr(parameters, f"{role}_{name}") for name in _EDITS}
    spacing_mm = say["spacing_mm"] if say["spacing_mm"] > FROM_FILM_MM else None
    tube = {name: say[name] if say[name] > FROM_FILM_MM else None for name in _TUBE}
    # The tube's distances give the magnification, too.
    factor = say["magnification"] if say["magnification"] >= 1 and spacing_mm is None else None
    factor = None if any(tube.values()) else factor
    options = FilmOptions(
        spacing_mm=spacing_mm,
        magnification=factor,
        rotate_deg=say["rotate_deg"],
        flip=say["flip"],
        invert=say["invert"],
        crop=Crop.parse(say["crop"]) if say["crop"] else None,
        trust_orientation=say["trust_header"],
        **tube,
    )
    view = parameters.ap_view.value if role == "ap" else role
    return FilmChoice(role, getattr(parameters, f"{role}_volume"), view, options)


def set_edits(parameters: ReconstructionParameters, role: str, options: FilmOptions) -> None:
    """Take over rotation, flip, inversion and crop of a film."""
    with slicer.util.NodeModify(parameters.parameterNode):
        setattr(parameters, f"{role}_rotate_deg", options.rotate_deg)
        setattr(parameters, f"{role}_flip", options.flip)
        setattr(parameters, f"{role}_invert", options.invert)
        setattr(parameters, f"{role}_crop", str(options.crop) if options.crop else "")


def forget_options(parameters: ReconstructionParameters, role: str) -> None:
    """Go back to what the film itself says; for when another film is chosen."""
    with slicer.util.NodeModify(parameters.parameterNode):
        set_edits(parameters, role, FilmOptions())
        setattr(parameters, f"{role}_spacing_mm", FROM_FILM_MM)
        setattr(parameters, f"{role}_magnification", FROM_FILM_FACTOR)
        for name in _TUBE:
            setattr(parameters, f"{role}_{name}", FROM_FILM_MM)
        setattr(parameters, f"{role}_trust_header", True)


def swap_films(parameters: ReconstructionParameters) -> None:
    """Exchange both films with all that was said about them."""
    with slicer.util.NodeModify(parameters.parameterNode):
        for name in ("volume", *_EDITS):
            first, second = (getattr(parameters, f"{role}_{name}") for role in ROLES)
            setattr(parameters, f"ap_{name}", second)
            setattr(parameters, f"lateral_{name}", first)
        parameters.lateral_shift_mm = -parameters.lateral_shift_mm


def lateral_shift(parameters: ReconstructionParameters) -> Shift:
    """Return how far the lateral film is moved up [mm], or None where heights are not matched."""
    return parameters.lateral_shift_mm if parameters.heights_matched else None


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
