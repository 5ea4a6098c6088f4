"""Markups that hold places of measurements: made, written and read. Places are those of the node itself, so that a
transform above it moves bones and landmarks alike and is no edit."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import slicer
import vtk

from SwinX2SLib.measurements.editing import EditableMeasurements
from SwinX2SLib.measurements.from_landmarks import Key
from SwinX2SLib.measurements.results import Measurement
from SwinX2SLib.measurements.shared_geometry import SharedGeometry
from SwinX2SLib.report.naming import structure_title, title_of, word_of
from SwinX2SLib.slicerui.measurements.value_labels import show_through
from SwinX2SLib.slicerui.provenance import set_attribute
from SwinX2SLib.slicerui.result.links import provenance_value

LINE, PLANE, CURVE, POINTS = "Line", "Plane", "Curve", "Fiducial"


@dataclass(frozen=True)
class MarkupSpec:
    """One markups node.

    Attributes:
        kind: `LINE`, `PLANE`, `CURVE` or `POINTS`.
        name: of the node.
        places: keys of its control points; of a plane the key of the plane.
        labels: of its control points.
    """

    kind: str
    name: str
    places: tuple[str, ...]
    labels: tuple[str, ...] = ()


def markup_specs(geometry: SharedGeometry, structure: str) -> list[MarkupSpec]:
    """Return the nodes that hold all places of a structure, each kind of place once."""
    specs: dict[tuple, MarkupSpec] = {}
    for key, found in geometry.measurements.items():
        if key[0] == structure:
            for spec in _specs_of(geometry, key, found):
                specs.setdefault((spec.kind, spec.places), spec)
    held = {place for spec in specs.values() if spec.kind != PLANE for place in spec.places}
    held |= {geometry.origins[spec.places[0]] for spec in specs.values() if spec.kind == PLANE}
    single = _single_places(geometry, structure, held)
    if single:
        name = f"{structure_title(structure)}: landmarks"
        specs[POINTS,] = MarkupSpec(POINTS, name, tuple(single), tuple(single.values()))
    return list(specs.values())


def structures_of(geometry: SharedGeometry) -> list[str]:
    """Return the structures of which something was measured, in the order of the document."""
    return list(dict.fromkeys(structure for structure, _, _ in geometry.measurements))


def _specs_of(geometry: SharedGeometry, key: Key, found: Measurement) -> Iterator[MarkupSpec]:
    binding, title = geometry.bindings[key], structure_title(key[0])
    for axis, ends in zip(found.axes, binding.axes, strict=True):
        if ends is None:
            continue
        # The neck's axis ends in the head's centre.
        last = ends[1] or _head_place(geometry, key)
        if last is not None:
            yield MarkupSpec(LINE, f"{title}: {word_of(axis.name, ('left', 'right'))}", (ends[0], last))
    for plane, known in zip(found.planes, binding.planes, strict=True):
        if known is not None:
            yield MarkupSpec(PLANE, f"{title}: {word_of(plane.name)}", (known,))
    for curve, known in zip(found.curves, binding.curves, strict=True):
        if known is not None:
            name = f"{title}: {word_of(curve.name)}"
            yield MarkupSpec(CURVE, name, geometry.lines[known].places)
    places = tuple(place for place in binding.landmarks if place is not None)
    if found.unit == "mm" and not found.curves and len(found.landmarks) == len(places) == 2:
        yield MarkupSpec(LINE, f"{title}: {word_of(found.name)}", places)


def _head_place(geometry: SharedGeometry, key: Key) -> str | None:
    found, binding = geometry.measurements[key], geometry.bindings[key]
    return next(
        (
            place
            for mark, place in zip(found.landmarks, binding.landmarks, strict=True)
            if mark.name.startswith("head_centre")
        ),
        None,
    )


def _single_places(geometry: SharedGeometry, structure: str, held: set[str]) -> dict[str, str]:
    """Return the places that no other node of the structure holds, with their labels."""
    single: dict[str, str] = {}
    for key, found in geometry.measurements.items():
        if key[0] != structure:
            continue
        for mark, place in zip(found.landmarks, geometry.bindings[key].landmarks, strict=True):
            if place is not None and place not in held:
                single.setdefault(place, title_of(mark.name))
    return single


PLACES, KIND = "places", "kind"
"""Attributes of a markups node: JSON list of the keys of its control points, or of its plane; its kind."""
_PLANE_SIZE_MM = 45.0
_SAME_MM = 1e-6


def make_markup(spec: MarkupSpec, colour: tuple[float, float, float]) -> slicer.vtkMRMLMarkupsNode:
    """Add a node to the scene, hidden, with control points that are nowhere yet."""
    node = slicer.mrmlScene.AddNewNodeByClass(f"vtkMRMLMarkups{spec.kind}Node", spec.name)
    set_attribute(node, PLACES, json.dumps(spec.places))
    set_attribute(node, KIND, spec.kind)
    if spec.kind == PLANE:
        node.SetPlaneType(slicer.vtkMRMLMarkupsPlaneNode.PlaneTypePointNormal)
        node.SetSizeMode(slicer.vtkMRMLMarkupsPlaneNode.SizeModeAbsolute)
        node.SetSize(_PLANE_SIZE_MM, _PLANE_SIZE_MM)
    node.CreateDefaultDisplayNodes()
    _dress(node, spec, colour)
    return node


def _dress(node: slicer.vtkMRMLMarkupsNode, spec: MarkupSpec, colour: tuple[float, float, float]) -> None:
    display = node.GetDisplayNode()
    display.SetVisibility(False)
    for set_colour in (display.SetColor, display.SetSelectedColor):
        set_colour(*colour)
    display.SetPointLabelsVisibility(spec.kind == POINTS)
    display.SetPropertiesLabelVisibility(spec.kind != POINTS)
    display.SetHandlesInteractive(spec.kind == PLANE)
    show_through(display)
    if spec.kind == PLANE:
        display.SetScaleHandleVisibility(False)
    for index in range(node.GetNumberOfMeasurements()):
        # Values are written by `value_labels`; another number would be read as the measurement.
        node.GetNthMeasurement(index).SetEnabled(False)


def places_of(node: slicer.vtkMRMLMarkupsNode) -> list[str]:
    """Return the keys of the control points of a node (of a plane: of the plane)."""
    return json.loads(provenance_value(node, PLACES) or "[]")


def write_markup(
    node: slicer.vtkMRMLMarkupsNode, edited: EditableMeasurements, labels: tuple[str, ...] = ()
) -> None:
    """Put a node where the places are now; one that is there already is left alone."""
    keys = places_of(node)
    if provenance_value(node, KIND) == PLANE:
        _write_plane(node, edited.places[edited.geometry.origins[keys[0]]], edited.normals[keys[0]])
        return
    wanted = np.array([edited.places[key] for key in keys])
    if node.GetNumberOfControlPoints() == len(keys):
        for index in np.flatnonzero(np.abs(wanted - positions(node)).max(axis=1) > _SAME_MM):
            node.SetNthControlPointPosition(int(index), *wanted[index])
        return
    # New, or a control point was deleted.
    node.SetFixedNumberOfControlPoints(False)
    node.RemoveAllControlPoints()
    for index, place in enumerate(wanted):
        label = labels[index] if labels else keys[index].rsplit("/", 1)[1].replace("_", " ")
        node.AddControlPoint(vtk.vtkVector3d(*place), label if provenance_value(node, KIND) == POINTS else "")
    if provenance_value(node, KIND) in (POINTS, CURVE):
        node.SetFixedNumberOfControlPoints(True)


def _write_plane(node: slicer.vtkMRMLMarkupsPlaneNode, origin: np.ndarray, normal: np.ndarray) -> None:
    if node.GetNumberOfControlPoints() == 0 or np.abs(np.array(node.GetOrigin()) - origin).max() > _SAME_MM:
        node.SetOrigin(*origin)
    if np.abs(np.array(node.GetNormal()) - normal).max() > _SAME_MM:
        node.SetNormal(*normal)


def read_markup(
    node: slicer.vtkMRMLMarkupsNode, edited: EditableMeasurements
) -> Mapping[str, np.ndarray] | None:
    """Return where the places of a node are now, and how its plane faces; None where control points are missing."""
    keys = places_of(node)
    if provenance_value(node, KIND) == PLANE:
        if node.GetNumberOfControlPoints() == 0 or not node.GetIsPlaneValid():
            return None
        return {
            edited.geometry.origins[keys[0]]: np.array(node.GetOrigin()),
            keys[0]: np.array(node.GetNormal()),
        }
    if node.GetNumberOfControlPoints() != len(keys):
        return None
    return dict(zip(keys, positions(node), strict=True))


def positions(node: slicer.vtkMRMLMarkupsNode) -> np.ndarray:
    """Return the positions of the control points `(N, 3)`, in the node's own frame."""
    return np.array([node.GetNthControlPointPosition(i) for i in range(node.GetNumberOfControlPoints())])


def show_markup(node: slicer.vtkMRMLMarkupsNode, wanted: set[str]) -> None:
    """Show of a node what holds wanted places or planes, or hide it."""
    keys = places_of(node)
    shown = not wanted.isdisjoint(keys)
    if shown and provenance_value(node, KIND) == POINTS:
        for index, key in enumerate(keys[: node.GetNumberOfControlPoints()]):
            node.SetNthControlPointVisibility(index, key in wanted)
    node.GetDisplayNode().SetVisibility(shown)
