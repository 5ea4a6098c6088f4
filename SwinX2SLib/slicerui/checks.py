"""All that is wrong with the user's inputs, told at once and before any work."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from SwinX2SLib.errors import Fault
from SwinX2SLib.slicerui.films import film_faults, film_spacing
from SwinX2SLib.slicerui.parameters import ReconstructionParameters
from SwinX2SLib.slicerui.words import fault_of_the_module

if TYPE_CHECKING:
    from SwinX2SLib.radiographs import FilmOptions


def choice_faults(parameters: ReconstructionParameters) -> list[Fault]:
    """List what can be told from the choices alone, without reading a pixel."""
    ap, lateral = parameters.ap_volume, parameters.lateral_volume
    faults = film_faults(ap, "frontal") + film_faults(lateral, "lateral")
    if ap is not None and ap is lateral:
        hint = "Choose the lateral film of the same person."
        faults.append(Fault("same-film", "Both films are the same volume.", hint, ap.GetName()))
    faults += _spacing_faults(parameters)
    return faults


def film_file_faults(parameters: ReconstructionParameters, files: Mapping[str, Path]) -> list[Fault]:
    """List what the worker would refuse: it reads the same files by the same rules.

    Args:
        parameters: what the user chose.
        files: of the roles `ap` and `lateral`, as given to the worker.
    """
    # Its readers come with the dependencies, so not before they are installed.
    from SwinX2SLib.radiographs import examine_pair

    options = film_options(parameters)
    _, _, faults = examine_pair(
        files["ap"], files["lateral"], options["ap"], options["lateral"], parameters.ap_view.value
    )
    names = {
        str(files["ap"]): parameters.ap_volume.GetName(),
        str(files["lateral"]): parameters.lateral_volume.GetName(),
    }
    return [fault_of_the_module(fault, names) for fault in faults]


def film_options(parameters: ReconstructionParameters) -> dict[str, FilmOptions]:
    """Return what the user said about the films `ap` and `lateral`."""
    from SwinX2SLib.radiographs import FilmOptions

    return {
        "ap": FilmOptions(spacing_mm=parameters.ap_spacing_mm or None),
        "lateral": FilmOptions(
            spacing_mm=parameters.lateral_spacing_mm or None, flip=parameters.lateral_facing.value
        ),
    }


def _spacing_faults(parameters: ReconstructionParameters) -> list[Fault]:
    films = (
        (parameters.ap_volume, parameters.ap_spacing_mm),
        (parameters.lateral_volume, parameters.lateral_spacing_mm),
    )
    hint = "Set Pixel size, or tick that 1 mm is right."
    return [
        Fault("spacing-assumed", "The size of a pixel is unknown; Slicer assumed 1 mm.", hint, film.GetName())
        for film, given_mm in films
        if film is not None and not parameters.accept_assumed_spacing and film_spacing(film, given_mm).assumed
    ]
