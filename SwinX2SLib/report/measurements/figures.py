"""The pictures of a page of measurements: which bones, seen from where, with which measurements drawn on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from SwinX2SLib.measurements.bones import Bone
from SwinX2SLib.measurements.results import Measurement
from SwinX2SLib.report.canvas import FINE
from SwinX2SLib.report.measurements.annotations import annotated
from SwinX2SLib.report.naming import structure_title, value_words
from SwinX2SLib.report.render import BACK, FEET, FRONT, LEFT, RIGHT, View, render_surfaces, window_around

_LARGE, _TALL, _SMALL = (400, 400), (340, 640), (290, 270)
_PROXIMAL_MM, _DISTAL_MM = 95.0, 75.0


@dataclass(frozen=True)
class Figure:
    """A picture of a page.

    Attributes:
        structure: whose it is, `femur_left`, `pelvis`.
        title: what it shows and from where.
        png: the picture.
    """

    structure: str
    title: str
    png: bytes


def figures(region: str, measurements: Sequence[Measurement], bones: dict[str, Bone]) -> Iterator[Figure]:
    """Yield the pictures of one region's measurements; what is absent has none.

    Args:
        region: one of `person.REGIONS`.
        measurements: of the region.
        bones: by label name.
    """
    makers: dict[str, Callable] = {
        "femur": _femur,
        "pelvis": _pelvis,
        "spine": _spine,
        "vertebra": _vertebra,
    }
    by_structure: dict[str, dict[tuple, Measurement]] = {}
    for measurement in measurements:
        if measurement.is_present:
            key = (measurement.name, measurement.side)
            by_structure.setdefault(measurement.structure, {})[key] = measurement
    if region == "rib":
        yield from _ribs(by_structure, bones)
        return
    for structure, found in by_structure.items():
        yield from makers[region](structure, found, bones)


def _femur(structure: str, found: dict, bones: dict[str, Bone]) -> Iterator[Figure]:
    side = structure.removeprefix("femur_")
    chosen = _choose(found, "head_centre", "head_radius", "neck_axis", "neck_shaft_angle")
    points = bones[structure].vertices_ras_mm
    centre = found[("head_centre", side)].landmarks[0].position_ras_mm
    near = points[np.linalg.norm(points - centre, axis=1) < _PROXIMAL_MM]
    view = _view_of_angle(found.get(("neck_shaft_angle", side)))
    title = f"{structure_title(structure)}, neck and shaft, {view.name}"
    yield _figure(structure, title, chosen, [structure], [], bones, view, _LARGE, near)
    lengths = _choose(found, "femoral_offset", "neck_length", "head_shaft_distance")
    if lengths:
        title = f"{structure_title(structure)}, distances, {view.name}"
        yield _figure(structure, title, lengths, [structure], [], bones, view, _LARGE, near)
    yield from _knee(structure, found, bones)


def _knee(structure: str, found: dict, bones: dict[str, Bone]) -> Iterator[Figure]:
    side = structure.removeprefix("femur_")
    if axes := _choose(found, "femoral_length", "mechanical_anatomical_angle"):
        title = f"{structure_title(structure)}, axes, from the front"
        yield _figure(structure, title, axes, [structure], [], bones, FRONT, (300, 400))
    if condyles := _choose(found, "condyles"):
        points = bones[structure].vertices_ras_mm
        middle = np.mean([mark.position_ras_mm for mark in condyles[0].landmarks], axis=0)
        near = points[np.linalg.norm(points - middle, axis=1) < _DISTAL_MM]
        title = f"{structure_title(structure)}, condyles, from behind"
        yield _figure(structure, title, condyles, [structure], [], bones, BACK, _LARGE, near)
    if ("anteversion", side) in found:
        version = _choose(found, "anteversion")
        title = f"{structure_title(structure)}, anteversion, along the shaft from the feet"
        shaft = next(axis for axis in found[("neck_shaft_angle", side)].axes if "shaft" in axis.name)
        upwards = shaft.direction_ras * np.sign(shaft.direction_ras @ FEET.towards)
        along = View("", upwards, FEET.up, FEET.sides)
        yield _figure(structure, title, version, [structure], [], bones, along, _LARGE)


def _view_of_angle(measurement: Measurement | None) -> View:
    """Return the view square to both axes of an angle, from the front; the shaft hangs down."""
    if measurement is None or len(measurement.axes) != 2:
        return FRONT
    one, other = (axis.direction_ras for axis in measurement.axes)
    towards = np.cross(one, other)
    if np.linalg.norm(towards) < 0.1:
        return FRONT
    towards = towards if towards @ FRONT.towards > 0 else -towards
    shaft = next((axis.direction_ras for axis in measurement.axes if "shaft" in axis.name), FRONT.up)
    up = shaft if shaft @ FRONT.up > 0 else -shaft
    return View("perpendicular to both axes", towards, up, FRONT.sides)


def _pelvis(structure: str, found: dict, bones: dict[str, Bone]) -> Iterator[Figure]:
    whole: list[str] = [name for name in ("hip_left", "hip_right", "sacrum") if name in bones]
    femora: list[str] = [name for name in ("femur_left", "femur_right") if name in bones]
    front = _choose(found, "asis", "aiis", "pubic_tubercle", "inter_asis_width", "pelvic_obliquity")
    if front:
        yield _figure(structure, "Pelvis from the front", front, whole, [], bones, FRONT, (520, 400))
    back = _choose(found, "psis", "piis", "ischial_spine")
    if back:
        yield _figure(structure, "Pelvis from behind", back, whole, [], bones, BACK, (520, 400))
    for title, names in (
        ("Tilt of the anterior pelvic plane", ("anterior_pelvic_plane_tilt",)),
        ("Sacral endplate and slope", ("promontory", "sacral_endplate", "sacral_slope")),
        ("Pelvic incidence", ("pelvic_incidence",)),
        ("Pelvic tilt", ("pelvic_tilt",)),
    ):
        if chosen := _choose(found, *names):
            shown = [name for name in whole if name != "hip_left"]
            title = f"{title}, from the patient's left (without the left hip bone)"
            yield _figure(structure, title, chosen, shown, [], bones, LEFT, _LARGE)
    if legs := _choose(found, "femoral_length_difference"):
        yield _figure(structure, "Lengths of the femora", legs, femora, whole, bones, FRONT, _TALL)


def _spine(structure: str, found: dict, bones: dict[str, Bone]) -> Iterator[Figure]:
    shown = [name for name in bones if name.startswith("vertebrae_") or name == "sacrum"]
    front = [m for m in found.values() if m.name.startswith(("cobb", "centreline"))]
    slips = [m for m in found.values() if m.name.startswith("listhesis")]
    side = [m for m in found.values() if m not in front and m not in slips]
    if front:
        yield _figure(structure, "Spine from the front", front, shown, [], bones, FRONT, _TALL)
    if side:
        yield _figure(structure, "Spine from the left", side, shown, [], bones, LEFT, _TALL)
    if slips:
        yield _figure(
            structure, "Listhesis, from the left", slips, shown, [], bones, LEFT, _TALL, words=_slip
        )


def _vertebra(structure: str, found: dict, bones: dict[str, Bone]) -> Iterator[Figure]:
    left, feet = _own_views(found)
    side = _choose(
        found,
        "anterior_body_height", "posterior_body_height", "superior_endplate_length", (
            "inferior_endplate_length"
        ),
        "spinous_process_length", "spinous_process_angle", "wedge_angle", "superior_endplate", (
            "inferior_endplate"
        ),
    )  # fmt: skip
    above = [m for m in found.values() if m not in side]
    title = structure_title(structure)
    if side:
        yield _figure(
            structure, f"{title} from the left", side, [structure], [], bones, left, _SMALL, words=_value
        )
    if above:
        yield _figure(
            structure, f"{title} from below", above, [structure], [], bones, feet, _SMALL, words=_value
        )


def _own_views(found: dict) -> tuple[View, View]:
    """Return the views from the left and from below along a vertebra's own axes, where it shows them."""
    ups = [m.planes[0].normal_ras for m in found.values() if m.name.endswith("_endplate") and m.planes]
    rotation = found.get(("axial_rotation", None))
    up = np.sum([np.sign(normal @ FRONT.up) * normal for normal in ups], axis=0) if ups else FRONT.up
    front = rotation.axes[0].direction_ras if rotation and rotation.axes else FEET.up
    return View("", np.cross(front, up), up, LEFT.sides), View("", up, front, FEET.sides)


def _ribs(by_structure: dict[str, dict], bones: dict[str, Bone]) -> Iterator[Figure]:
    lines = [m for found in by_structure.values() for m in found.values() if m.name == "rib_length"]
    spine = [name for name in bones if name.startswith("vertebrae_T")]
    for side, view in (("left", LEFT), ("right", RIGHT)):
        drawn = [m for m in lines if m.side == side]
        shown = [m.structure for m in drawn]
        for seen in (FRONT, view) if drawn else ():
            title = f"{side.capitalize()} ribs with their centrelines, {seen.name}"
            yield _figure(
                f"ribs_{side}", title, drawn, shown, spine, bones, seen, (420, 460), words=_rib_number
            )


def _rib_number(measurement: Measurement) -> str:
    return measurement.structure.rsplit("_", 1)[1]


def _slip(measurement: Measurement) -> str:
    levels = measurement.name.removeprefix("listhesis_").replace("_", "/")
    return f"{levels} {value_words(measurement)}"


def _value(measurement: Measurement) -> str:
    """Return the value alone, where pictures are small."""
    return "" if measurement.value is None else value_words(measurement)


def _choose(found: dict, *names: str) -> list[Measurement]:
    return [measurement for (name, _), measurement in found.items() if name in names]


def _figure(
    structure: str,
    title: str,
    drawn: list[Measurement],
    shown: list[str],
    ghosts: list[str],
    bones: dict[str, Bone],
    view: View,
    size: tuple[int, int],
    points: np.ndarray | None = None,
    words: Callable[[Measurement], str] | None = None,
) -> Figure:
    """Draw one picture: `shown` bones with `ghosts` behind them; the window holds `points`, or the shown bones."""
    if points is None or not len(points):
        points = np.concatenate([bones[name].vertices_ras_mm for name in shown])
    window = window_around(view.seen(points), (size[0] * FINE, size[1] * FINE))
    names = [*shown, *ghosts]
    surfaces = [bones[name].surface for name in names]
    picture = render_surfaces(surfaces, [False] * len(shown) + [True] * len(ghosts), view, window)
    return Figure(structure, title, annotated(picture, view, window, drawn, words))
