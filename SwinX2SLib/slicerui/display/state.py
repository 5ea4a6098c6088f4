"""How a result is shown at the moment, read from its nodes."""

from __future__ import annotations

from dataclasses import dataclass

import slicer

from SwinX2SLib.slicerui.display.confidence import has_confidence, is_coloured_by_confidence
from SwinX2SLib.slicerui.display.links import FILM_PLANE, OUTLINE, linked
from SwinX2SLib.slicerui.display.regions import regions_of

FILM_ROLES = ("ap", "lateral")


@dataclass(frozen=True)
class DisplayState:
    """What a panel shows of a result.

    Attributes:
        regions: whether each region of the result is shown.
        films: whether each film of the result is shown in 3D.
        outlines: whether the outlines on each film are shown.
        opacity: of the films, 0..1.
        can_show_confidence: whether there is a map of confidence.
        by_confidence: whether the bones have its colours.
    """

    regions: dict[str, bool]
    films: dict[str, bool]
    outlines: dict[str, bool]
    opacity: float
    can_show_confidence: bool
    by_confidence: bool


def display_state(result: slicer.vtkMRMLSegmentationNode | None) -> DisplayState:
    """Return how a result is shown; nothing at all for None."""
    if result is None:
        return DisplayState({}, {}, {}, 1.0, False, False)
    planes = {role: linked(result, FILM_PLANE, film=role) for role in FILM_ROLES}
    outlines = {role: linked(result, OUTLINE, film=role) for role in FILM_ROLES}
    return DisplayState(
        regions={region: bool(node.GetVisibility()) for region, node in regions_of(result).items()},
        films={role: bool(found[0].GetDisplayVisibility()) for role, found in planes.items() if found},
        outlines={
            role: any(model.GetDisplayVisibility() for model in found)
            for role, found in outlines.items()
            if found
        },
        opacity=next((found[0].GetDisplayNode().GetOpacity() for found in planes.values() if found), 1.0),
        can_show_confidence=has_confidence(result),
        by_confidence=is_coloured_by_confidence(result),
    )
