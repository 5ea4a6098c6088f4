"""Which markups hold the places of a bone: lines for axes and distances, planes, curves, and single landmarks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from SwinX2SLib.measurements.from_landmarks import Key
from SwinX2SLib.measurements.results import Measurement
from SwinX2SLib.measurements.shared_geometry import SharedGeometry
from SwinX2SLib.report.naming import structure_title, title_of, word_of

LINE, PLANE, CURVE, POINTS = "Line", "Plane", "Curve", "Fiducial"


@dataclass(frozen=True)
class MarkupSpec:
    """One markups node.

    Attributes:
        kind: `LINE`, `PLANE`, `CURVE` or `POINTS`.
        name: of the node.
        places: keys of its control points; of a plane the key of the plane.
        labels: of its control points.
        tells_length: whether the length that Slicer shows of it is the measurement itself.
    """

    kind: str
    name: str
    places: tuple[str, ...]
    labels: tuple[str, ...] = ()
    tells_length: bool = False


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
        tells = found.name != "sagittal_vertical_axis"
        name = f"{title}: {word_of(found.name)}"
        yield MarkupSpec(LINE, name, places, tells_length=tells)


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
