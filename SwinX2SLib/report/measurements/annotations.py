"""Landmarks, lines, planes and angles drawn on a shaded picture."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageFont

from SwinX2SLib.measurements.results import Axis, Measurement, Plane
from SwinX2SLib.report.canvas import DOT_PIXELS, FINE, Canvas
from SwinX2SLib.report.naming import value_words, word_of
from SwinX2SLib.report.render import View, Window

_PALETTE = ((196, 30, 58), (0, 92, 175), (11, 122, 64), (140, 70, 160), (176, 96, 0), (0, 124, 140))
# Seen more from its face than this, a plane has no line worth drawing.
_MOST_FACING = 0.75
# An axis seen so much along itself is a point.
_END_ON = 0.8
_ON_PLANE_MM = 15.0
# Angles against the patient's axes (RAS); the others lie between two parts of the body.
_AGAINST = {
    "pelvic_tilt": (0, 0, 1),
    "anterior_pelvic_plane_tilt": (0, 0, 1),
    "sacral_slope": (0, 1, 0),
    "pelvic_obliquity": (1, 0, 0),
    "axial_rotation": (0, 1, 0),
}
_REFERENCE_COLOUR = (110, 116, 130)
_ARC_PIXELS, _LEAST_AXIS_PIXELS = 42, 12


def annotated(
    picture: np.ndarray,
    view: View,
    window: Window,
    drawn: Sequence[Measurement],
    words: Callable[[Measurement], str] | None = None,
) -> bytes:
    """Return a PNG of a shaded picture with the geometry of measurements on it.

    Args:
        picture: uint8 `(height, width, 3)`, made with `window`, which has twice the pixels of the result.
        view, window: of the picture.
        drawn: measurements; absent ones have nothing to draw.
        words: what is written at each, instead of its value and the names of its landmarks.
    """
    canvas = Canvas(Image.fromarray(picture), view, window)
    shown = [measurement for measurement in drawn if measurement.is_present]
    for index, measurement in enumerate(shown):
        _draw_lines(canvas, measurement, _PALETTE[index % len(_PALETTE)])
    for measurement in shown:
        for place in _marks(canvas, measurement):
            reach = (DOT_PIXELS + 2) * FINE
            canvas.taken.append((*(place - reach), *(place + reach)))
    for index, measurement in enumerate(shown):
        _draw_words(canvas, measurement, _PALETTE[index % len(_PALETTE)], words)
    _name_sides(canvas)
    small = canvas.image.reduce(FINE).quantize(96, dither=Image.Dither.NONE)
    stream = io.BytesIO()
    small.save(stream, format="PNG", optimize=True)
    return stream.getvalue()


def _draw_lines(canvas: Canvas, measurement: Measurement, colour: tuple) -> None:
    for curve in measurement.curves:
        canvas.line(canvas.place(curve.points_ras_mm), colour)
    for axis in measurement.axes:
        if axis.name not in canvas.axes:
            canvas.axes.add(axis.name)
            canvas.line(_axis_line(canvas, axis, measurement), colour)
        for plane in measurement.planes:
            if abs(axis.direction_ras @ canvas.view.towards) > _END_ON:
                canvas.line(canvas.place(np.stack([axis.point_ras_mm, plane.point_ras_mm])), colour)
                _draw_normal(canvas, plane, colour)
    for plane in measurement.planes:
        if abs(plane.normal_ras @ canvas.view.towards) < _MOST_FACING:
            canvas.line(_plane_line(canvas, plane, measurement), colour)
    places = canvas.place(np.array([mark.position_ras_mm for mark in measurement.landmarks]).reshape(-1, 3))
    if _is_distance(measurement):
        canvas.line(places, colour)
    if measurement.name.endswith("_radius") and measurement.value and len(places) == 1:
        turn = np.linspace(0, 2 * np.pi, 80)
        radius = measurement.value * canvas.window.pixels_per_mm
        canvas.line(places[0] + radius * np.stack([np.cos(turn), np.sin(turn)], axis=1), colour, 1.5)
    _draw_reference(canvas, measurement)
    if _crossing(canvas, measurement) is not None:
        _draw_arc(canvas, measurement, colour)


def _draw_words(
    canvas: Canvas, measurement: Measurement, colour: tuple, words: Callable[[Measurement], str] | None
) -> None:
    places = _marks(canvas, measurement)
    for place in places:
        canvas.dot(place, colour)
    if words is not None:
        at_end = bool(measurement.curves and places)
        canvas.word(words(measurement), places[-1] if at_end else _middle(canvas, measurement), colour)
        return
    if measurement.value is not None:
        canvas.word(
            f"{word_of(measurement.name)} {value_words(measurement)}", _middle(canvas, measurement), colour
        )
    # Both ends of a distance explain themselves; places have their names.
    if not _is_distance(measurement):
        for mark, place in zip(measurement.landmarks, places, strict=True):
            # The letters at the edges already name the sides.
            sides = ("left", "right") if "R" in canvas.view.sides else ()
            canvas.word(word_of(mark.name, sides), place, colour)


def _marks(canvas: Canvas, measurement: Measurement) -> list[np.ndarray]:
    return [canvas.place(mark.position_ras_mm) for mark in measurement.landmarks]


def _is_distance(measurement: Measurement) -> bool:
    return len(measurement.landmarks) == 2 and measurement.unit == "mm" and not measurement.curves


def _is_angle_of_axes(measurement: Measurement) -> bool:
    return len(measurement.axes) == 2 and measurement.unit == "deg"


def _crossing(canvas: Canvas, measurement: Measurement) -> np.ndarray | None:
    """Return where the two axes of an angle cross in the picture, or None."""
    if not _is_angle_of_axes(measurement):
        return None
    place = canvas.place(_meeting(*measurement.axes))
    return place if ((place > 0) & (place < canvas.image.size)).all() else None


def _middle(canvas: Canvas, measurement: Measurement) -> np.ndarray:
    """Return where the value is written."""
    if (crossing := _crossing(canvas, measurement)) is not None:
        return crossing
    if measurement.curves:
        points = measurement.curves[0].points_ras_mm
        return canvas.place(points[len(points) // 2])
    places = [mark.position_ras_mm for mark in measurement.landmarks]
    places += [plane.point_ras_mm for plane in measurement.planes]
    places = places or [axis.point_ras_mm for axis in measurement.axes]
    if not places:
        return np.array(canvas.image.size) / 2
    return canvas.place(np.mean(places, axis=0))


def _axis_line(canvas: Canvas, axis: Axis, measurement: Measurement) -> np.ndarray:
    """Return the ends of an axis: through the picture, or as far as an angle needs it."""
    point = canvas.place(axis.point_ras_mm)
    step = canvas.place(axis.point_ras_mm + axis.direction_ras) - point
    reach = 0.28 * min(canvas.image.size)
    length = np.linalg.norm(step) / canvas.window.pixels_per_mm
    step = step / max(np.linalg.norm(step), 1e-9) * max(reach * length, _LEAST_AXIS_PIXELS * FINE)
    if (crossing := _crossing(canvas, measurement)) is not None:
        point = crossing
    return np.stack([point - step, point + step])


def _plane_line(canvas: Canvas, plane: Plane, measurement: Measurement) -> np.ndarray:
    """Return the ends of the trace of a plane that is seen from its edge, as far as the landmarks on it reach."""
    along = np.cross(plane.normal_ras, canvas.view.towards)
    along /= np.linalg.norm(along)
    reach = 0.16 * min(canvas.image.size) / canvas.window.pixels_per_mm
    marks = [mark.position_ras_mm - plane.point_ras_mm for mark in measurement.landmarks]
    on_plane = [mark @ along for mark in marks if abs(mark @ plane.normal_ras) < _ON_PLANE_MM]
    ends = [min([-reach, *on_plane]), max([reach, *on_plane])]
    return canvas.place(np.stack([plane.point_ras_mm + end * along for end in ends]))


def _draw_reference(canvas: Canvas, measurement: Measurement) -> None:
    """Draw the patient's own direction against which an angle is measured."""
    direction = _AGAINST.get(measurement.name)
    points = [axis.point_ras_mm for axis in measurement.axes] + [
        plane.point_ras_mm for plane in measurement.planes
    ]
    if direction is None or not points:
        return
    reach = 0.3 * min(canvas.image.size) / canvas.window.pixels_per_mm
    ends = canvas.place(np.stack([points[0], points[0] + reach * np.array(direction)]))
    canvas.line(ends, _REFERENCE_COLOUR, 1.2)


def _draw_normal(canvas: Canvas, plane: Plane, colour: tuple) -> None:
    reach = 0.14 * min(canvas.image.size) / canvas.window.pixels_per_mm
    canvas.line(
        canvas.place(np.stack([plane.point_ras_mm, plane.point_ras_mm + reach * plane.normal_ras])),
        colour,
        1.5,
    )


def _meeting(one: Axis, other: Axis) -> np.ndarray:
    """Return the point midway between the places where two axes come closest."""
    a, b, gap = one.direction_ras, other.direction_ras, other.point_ras_mm - one.point_ras_mm
    cosine = a @ b
    if 1 - cosine**2 < 1e-6:
        return (one.point_ras_mm + other.point_ras_mm) / 2
    first = (gap @ a - (gap @ b) * cosine) / (1 - cosine**2)
    second = ((gap @ a) * cosine - gap @ b) / (1 - cosine**2)
    return (one.point_ras_mm + first * a + other.point_ras_mm + second * b) / 2


def _draw_arc(canvas: Canvas, measurement: Measurement, colour: tuple) -> None:
    """Draw the arc of an angle, on the sides of the axes between which it lies."""
    if measurement.value is None:
        return
    one, other = (axis.direction_ras for axis in measurement.axes)
    between = np.degrees(np.arccos(np.clip(one @ other, -1, 1)))
    if abs(180 - between - abs(measurement.value)) < abs(between - abs(measurement.value)):
        other = -other
    middle = _meeting(*measurement.axes)
    centre = canvas.place(middle)
    rays = [canvas.place(middle + ray) - centre for ray in (one, other)]
    start, stop = (np.arctan2(ray[1], ray[0]) for ray in rays)
    turn = (stop - start + np.pi) % (2 * np.pi) - np.pi
    angles = start + np.linspace(0, turn, 40)
    canvas.line(centre + _ARC_PIXELS * FINE * np.stack([np.cos(angles), np.sin(angles)], axis=1), colour, 1.5)


def _name_sides(canvas: Canvas) -> None:
    font = ImageFont.load_default(size=18 * FINE)
    for name, x, anchor in zip(canvas.view.sides, (8, canvas.image.width - 8), ("la", "ra"), strict=True):
        canvas.pen.text((x, 6), name, fill=(90, 98, 120), font=font, anchor=anchor)
