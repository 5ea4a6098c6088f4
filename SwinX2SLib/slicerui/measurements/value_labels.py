"""The values of chosen measurements, written in slice and 3D views beside the places that they were measured at."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import numpy as np
import slicer
import vtk
from slicer.i18n import tr as _

from SwinX2SLib.measurements.editing import EditableMeasurements
from SwinX2SLib.measurements.from_landmarks import Key
from SwinX2SLib.report.naming import structure_title, title_of, value_words
from SwinX2SLib.slicerui.measurements.nodes import COLOURS, MANY, region_of_structure
from SwinX2SLib.slicerui.result.links import add_hidden_node, link, linked, remove_node

VALUES = "measurement_values"
"""Role (`result.links`) of the node that holds the labels."""
# More would cover each other; the table has them all.
_MOST = 30
_TEXT_SCALE, _GLYPH_SCALE = 4.0, 0.6


def value_words_in_view(edited: EditableMeasurements, key: Key, outdated: Collection[Key] = ()) -> str:
    """Return a value with its name, "Neck-shaft angle, right: 127.3°"; "" where there is none."""
    structure, name, side = key
    found = edited.reviewed(key).present
    words = value_words(found) if found.is_present else ""
    if not words:
        return ""
    parts = [title_of(name)]
    if structure.startswith(MANY):
        parts.append(structure_title(structure))
    elif side is not None:
        parts.append({"right": _("right"), "left": _("left")}[side])
    if key in outdated:
        words += f" ({_('outdated')})"
    elif found.quality == "check":
        words += f" ({_('check')})"
    return f"{', '.join(parts)}: {words}"


def place_of(edited: EditableMeasurements, key: Key) -> np.ndarray | None:
    """Return the middle (mm, frame of the segmentation) of the places of a measurement; None where it has none."""
    geometry = edited.geometry
    own = geometry.own_keys(key) if key in geometry.bindings else ()
    places = [edited.places[place] for place in sorted(own) if place in edited.places]
    return np.mean(places, axis=0) if places else None


def show_values(
    segmentation: slicer.vtkMRMLSegmentationNode,
    edited: EditableMeasurements,
    keys: Iterable[Key],
    outdated: Collection[Key] = (),
) -> None:
    """Write the values of some measurements in the views, in place of those that were written before.

    Args:
        segmentation: whose measurements they are.
        edited: the measurements as they are now.
        keys: of the measurements; of a crowd of them nothing is written.
        outdated: those of bones that were edited since.
    """
    keys = list(keys)
    labels = _labels(edited, keys, outdated) if len(keys) <= _MOST else {}
    nodes = linked(segmentation, VALUES)
    if not labels:
        for node in nodes:
            remove_node(node)
        return
    node = nodes[0] if nodes else _new_node(segmentation)
    node.SetAndObserveTransformNodeID(segmentation.GetTransformNodeID())
    modified = node.StartModify()
    node.RemoveAllControlPoints()
    for place, text in labels.values():
        node.AddControlPoint(vtk.vtkVector3d(*place), text)
    node.GetDisplayNode().SetSelectedColor(*COLOURS[region_of_structure(keys[0][0])])
    node.EndModify(modified)


def _labels(
    edited: EditableMeasurements, keys: Iterable[Key], outdated: Collection[Key]
) -> Mapping[tuple[str, str | None], tuple[np.ndarray, str]]:
    """Return place and text by structure and side: values of one bone share a label."""
    found: dict[tuple[str, str | None], list[tuple[np.ndarray, str]]] = {}
    for key in keys:
        place, text = place_of(edited, key), value_words_in_view(edited, key, outdated)
        if place is not None and text:
            found.setdefault((key[0], key[2]), []).append((place, text))
    return {
        name: (np.mean([place for place, _text in ones], axis=0), "\n".join(text for _place, text in ones))
        for name, ones in found.items()
    }


def _new_node(segmentation: slicer.vtkMRMLSegmentationNode) -> slicer.vtkMRMLMarkupsFiducialNode:
    node = add_hidden_node("vtkMRMLMarkupsFiducialNode", f"{segmentation.GetName()}: values")
    node.SetSaveWithScene(False)
    node.SetLocked(True)
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    display.SetSaveWithScene(False)
    display.SetPropertiesLabelVisibility(False)
    display.SetPointLabelsVisibility(True)
    display.SetTextScale(_TEXT_SCALE)
    display.SetGlyphScale(_GLYPH_SCALE)
    show_through(display)
    link(segmentation, VALUES, node)
    return node


def show_through(display: slicer.vtkMRMLMarkupsDisplayNode) -> None:
    """Show markups in every slice, projected, and in 3D through the bones."""
    display.SetSliceProjection(True)
    display.SetSliceProjectionUseFiducialColor(True)
    display.SetSliceProjectionOpacity(1.0)
    display.SetOccludedVisibility(True)
