"""Prediction against truth in pictures: the prediction's surfaces painted by their distance from the truth's."""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy.spatial import cKDTree

from SwinX2SLib.anatomy import label_by_id, label_ids
from SwinX2SLib.evaluation import surfaces as bone_surfaces
from SwinX2SLib.measurements.reading.volume import LabelVolume
from SwinX2SLib.report.evaluated_words import Picture
from SwinX2SLib.report.surface_view import FRONT, LEFT, View, Window, shaded_surfaces

# Distances from here on [mm] have the colour; dark blue to dark red through pale, told apart with any colour vision.
DISTANCE_COLOURS = (
    (0.0, (74, 122, 184)),
    (2.0, (146, 197, 222)),
    (4.0, (250, 225, 150)),
    (8.0, (239, 138, 98)),
    (16.0, (178, 24, 43)),
)
INVENTED, MISSED, FOUND = (122, 63, 160), (214, 40, 130), (226, 214, 190)
LEGEND = (
    *(
        (colour, f"below {DISTANCE_COLOURS[i + 1][0]:g} mm" if not start else f"from {start:g} mm")
        for i, (start, colour) in enumerate(DISTANCE_COLOURS)
    ),
    (INVENTED, "invented: the truth has no such bone"),
    (FOUND, "truth"),
    (MISSED, "truth that is missed"),
)
_FINE, _LARGEST_PIXELS, _MARGIN_PIXELS = 2, 420, 16
_LETTER_PIXELS, _NARROWEST_PIXELS = 22, 160
_Surface = tuple[np.ndarray, np.ndarray]


def compared_pictures(prediction: LabelVolume, truth: LabelVolume, groups: Collection[str]) -> list[Picture]:
    """Return pictures of prediction and truth from the front and from the left, all in the same scale.

    Args:
        prediction, truth: in the same patient space (RAS mm), on any grid.
        groups: whose bones are shown, of `anatomy.GROUPS`; others are not scored either.

    Returns:
        Four pictures, or none when neither volume holds a bone of the groups.
    """
    predicted, true = (label_surfaces(volume, groups) for volume in (prediction, truth))
    if not predicted and not true:
        return []
    distance_colours = {
        name: _distance_colours(surface, true.get(name)) for name, surface in predicted.items()
    }
    truth_colours = {name: FOUND if name in predicted else MISSED for name in true}
    every = np.concatenate([vertices for vertices, _ in (*predicted.values(), *true.values())])
    scale = _scale(every)
    pictures = []
    for view in (FRONT, LEFT):
        for what, surfaces, colours in (
            ("Prediction", predicted, distance_colours),
            ("Truth", true, truth_colours),
        ):
            png = _picture(surfaces, colours, view, _window(view.seen(every), scale))
            title = f"{what}, {view.name}"
            pictures.append(
                Picture(title, f"{title}: {len(surfaces)} bones. {_alt(what, predicted, true)}", png)
            )
    return pictures


def label_surfaces(volume: LabelVolume, groups: Collection[str]) -> dict[int, _Surface]:
    """Return the smoothed surface of each label: vertices `(V, 3)` RAS mm and faces `(F, 3)`; specks included."""
    wanted = [label for group in groups for label in label_ids(group)]
    found = bone_surfaces.label_surfaces(volume, wanted)
    return {label: (surface.vertices, surface.faces) for label, surface in found.items()}


def _distance_colours(surface: _Surface, truth: _Surface | None) -> np.ndarray:
    """Return the colour of each vertex of a prediction, `(V, 3)`."""
    if truth is None:
        return np.array(INVENTED, dtype=np.float64)
    distance = cKDTree(truth[0]).query(surface[0])[0]
    starts, colours = zip(*DISTANCE_COLOURS, strict=True)
    return np.array(colours, dtype=np.float64)[np.searchsorted(starts, distance, side="right") - 1]


def _scale(every: np.ndarray) -> float:
    """Return the pixels of a mm that let the widest view fit."""
    extent = max(float(np.ptp(view.seen(every)[:, :2], axis=0).max()) for view in (FRONT, LEFT))
    return _LARGEST_PIXELS * _FINE / max(extent, 1.0)


def _window(seen: np.ndarray, scale: float) -> Window:
    before = np.array([_MARGIN_PIXELS, _LETTER_PIXELS + 4]) * _FINE
    after = np.array([_MARGIN_PIXELS, _MARGIN_PIXELS]) * _FINE
    low, high = seen[:, :2].min(axis=0), seen[:, :2].max(axis=0)
    # Even numbers, since the picture is halved.
    size = 2 * np.ceil(((high - low) * scale + before + after) / 2).astype(int)
    if size[0] < _NARROWEST_PIXELS * _FINE:
        before[0], size[0] = before[0] + (_NARROWEST_PIXELS * _FINE - size[0]) // 2, _NARROWEST_PIXELS * _FINE
    corner = low - before / scale
    return Window(float(corner[0]), float(corner[1]), int(size[0]), int(size[1]), scale)


def _picture(
    surfaces: Mapping[int, _Surface], colours: Mapping[int, np.ndarray], view: View, window: Window
) -> bytes:
    picture = shaded_surfaces(
        list(surfaces.values()), [False] * len(surfaces), view, window, [colours[name] for name in surfaces]
    )
    image = Image.fromarray(picture).reduce(_FINE)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(size=_LETTER_PIXELS - 4)
    for letter, place, anchor in zip(view.sides, (6, image.width - 6), ("la", "ra"), strict=True):
        draw.text((place, 3), letter, fill=(40, 40, 60), font=font, anchor=anchor)
    stream = io.BytesIO()
    # A small missed bone must keep its colour, which the usual choice by number of pixels may lose.
    few = image.quantize(192, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.save(stream, format="PNG", optimize=True)
    return stream.getvalue()


def _alt(what: str, predicted: Mapping[int, _Surface], true: Mapping[int, _Surface]) -> str:
    if what == "Prediction":
        extra = [label_by_id(label).title for label in predicted if label not in true]
        return "Painted by distance from the truth." + (f" Invented: {', '.join(extra)}." if extra else "")
    lost = [label_by_id(label).title for label in true if label not in predicted]
    return f"Missed by the prediction: {', '.join(lost)}." if lost else "No bone is missed."
