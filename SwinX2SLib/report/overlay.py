"""Films with the outlines of the reconstructed bones on them: does the result explain the picture?"""

from __future__ import annotations

import io

import numpy as np
from matplotlib import patheffects
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from scipy import ndimage

from SwinX2SLib.anatomy import label_by_id
from SwinX2SLib.geometry.cameras import ParallelCamera
from SwinX2SLib.geometry.frames import transform_points
from SwinX2SLib.radiographs import Radiograph
from SwinX2SLib.reprojection import bone_outlines

_LONG_SIDE_INCHES, _DPI = 7.4, 108
_DARKEST = 110  # colours are lifted to this brightness, or they would vanish on a film
_SIDES = {"ap": ("R", "L"), "pa": ("R", "L"), "lateral": ("A", "P")}
_INK = [patheffects.withStroke(linewidth=2.5, foreground="black")]


def outlined_film(film: Radiograph, labels: np.ndarray, affine: np.ndarray) -> bytes:
    """Return a PNG of a film with the outline of every bone in its colour, and the sides named.

    The reconstruction is projected as it was made: parallel rays, the film's middle at the origin.

    Args:
        film: as it hangs.
        labels: uint8 `(X, Y, Z)`, network order.
        affine: 4x4, index -> RAS mm.
    """
    rows, cols = film.pixels.shape
    height_mm, width_mm = film.size_mm
    scale = _LONG_SIDE_INCHES / max(height_mm, width_mm)
    figure = Figure(figsize=(width_mm * scale, height_mm * scale), dpi=_DPI)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.imshow(film.pixels, cmap="gray", vmin=0, vmax=1, aspect="auto", interpolation="bilinear")
    axes.set(xlim=(-0.5, cols - 0.5), ylim=(rows - 0.5, -0.5))
    for label_id, outline in bone_outlines(labels, affine, film_camera(film)).items():
        # Lines are of rows and columns, the axes of columns and rows.
        lines = [line[:, ::-1] for line in outline.lines]
        axes.add_collection(
            LineCollection(lines, colors=[_bright_colour(label_id)], linewidths=1.3, alpha=0.95)
        )
    _name_levels(axes, film, labels, affine)
    for name, where, align in zip(_SIDES[film.view], (0.02, 0.98), ("left", "right"), strict=True):
        axes.text(
            where, 0.985, name, transform=axes.transAxes, ha=align, va="top",
            color="white", fontsize=17, fontweight="bold", path_effects=_INK,
        )  # fmt: skip
    FigureCanvasAgg(figure)
    stream = io.BytesIO()
    figure.savefig(stream, format="png", pil_kwargs={"optimize": True})
    return stream.getvalue()


def film_camera(film: Radiograph) -> ParallelCamera:
    """Return the camera of a film as the reconstruction takes it: parallel rays, its middle at the origin."""
    return ParallelCamera(film.view, (0.0, 0.0, 0.0), film.spacing_mm, film.pixels.shape)


def _name_levels(axes, film: Radiograph, labels: np.ndarray, affine: np.ndarray) -> None:
    """Write the level on each vertebra."""
    camera = film_camera(film)
    for label_id, box in enumerate(ndimage.find_objects(labels), start=1):
        if box is None or label_by_id(label_id).group != "spine":
            continue
        centre = np.argwhere(labels[box] == label_id).mean(axis=0) + [part.start for part in box]
        row, column = camera.project(transform_points(affine, centre))
        level = label_by_id(label_id).name.removeprefix("vertebrae_")
        axes.text(
            column, row, level, color=_bright_colour(label_id), fontsize=8, fontweight="bold",
            ha="center", va="center", path_effects=_INK, clip_on=True,
        )  # fmt: skip


def _bright_colour(label_id: int) -> tuple[float, float, float]:
    colour = np.array(label_by_id(label_id).colour, dtype=np.float64)
    brightness = colour @ (0.30, 0.59, 0.11)
    if brightness < _DARKEST:
        colour += (255 - colour) * (_DARKEST - brightness) / (255 - brightness)
    return tuple(colour / 255)
