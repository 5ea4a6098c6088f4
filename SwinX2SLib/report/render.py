"""Shaded pictures of surfaces from any direction, by numpy.

VTK's render window (9.6) draws the same pictures, in 0.4 instead of 1 s each, but without a display it needs EGL or
OSMesa, which VTK's wheel does not bring: asked for X or OSMesa where there was neither, it ended the process by a
segmentation fault, which nothing can catch. A report must come out in Slicer's worker, in a container, over ssh.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from SwinX2SLib.anatomy import label_by_id
from SwinX2SLib.geometry.surfaces import Surface

BACKGROUND = (250, 250, 252)
# From the surface towards the light: from the left, from above and from the viewer.
_LIGHT = np.array([-0.45, -0.55, 0.70]) / np.linalg.norm([0.45, 0.55, 0.70])
_AMBIENT, _DIFFUSE, _FARTHEST_SHADE = 0.38, 0.713, 0.62
_FINE = 2  # bones are drawn this much larger and reduced, which smooths edges
_EMPTY_PIXELS = 64
_MOST_STEPS = 64  # of a triangle's longest side; larger triangles than that in pixels do not come from bones
_BARE = (226, 214, 190)
_GHOST = (222, 224, 230)


@dataclass(frozen=True, eq=False)
class View:
    """A parallel view of the patient.

    Attributes:
        name: for a caption, "from the front".
        towards: `(3,)` RAS, away from the viewer.
        up: `(3,)` RAS, upwards in the picture; made square to `towards`.
        sides: letters of the patient's directions at the picture's left and right edge, or empty.
    """

    name: str
    towards: np.ndarray
    up: np.ndarray
    sides: tuple[str, str] = ("", "")

    def __post_init__(self) -> None:
        towards = np.asarray(self.towards, dtype=np.float64)
        towards = towards / np.linalg.norm(towards)
        up = np.asarray(self.up, dtype=np.float64)
        up = up - (up @ towards) * towards
        object.__setattr__(self, "towards", towards)
        object.__setattr__(self, "up", up / np.linalg.norm(up))

    @property
    def axes(self) -> np.ndarray:
        """3x3: rows are the picture's right, its down, and away from the viewer, in RAS."""
        return np.stack([np.cross(self.towards, self.up), -self.up, self.towards])

    def seen(self, points_ras_mm: np.ndarray) -> np.ndarray:
        """Return points `(..., 3)` as right, down and depth [mm]."""
        return np.asarray(points_ras_mm, dtype=np.float64) @ self.axes.T


FRONT = View("from the front", np.array([0, -1, 0]), np.array([0, 0, 1]), ("R", "L"))
LEFT = View("from the patient's left", np.array([1, 0, 0]), np.array([0, 0, 1]), ("A", "P"))
BACK = View("from behind", np.array([0, 1, 0]), np.array([0, 0, 1]), ("L", "R"))
RIGHT = View("from the patient's right", np.array([-1, 0, 0]), np.array([0, 0, 1]), ("P", "A"))
FEET = View("from below, anterior at the top", np.array([0, 0, 1]), np.array([0, 1, 0]), ("R", "L"))


@dataclass(frozen=True)
class Window:
    """The part of a view that a picture shows: its upper left corner [mm], and its scale.

    Attributes:
        left_mm, top_mm: of the upper left corner, in `View.seen`.
        width, height: of the picture in pixels.
        pixels_per_mm: scale.
    """

    left_mm: float
    top_mm: float
    width: int
    height: int
    pixels_per_mm: float

    def pixels(self, seen: np.ndarray) -> np.ndarray:
        """Return pixel places `(..., 2)` (x, y) of points as `View.seen` gives them."""
        corner = np.array([self.left_mm, self.top_mm])
        return (np.asarray(seen)[..., :2] - corner) * self.pixels_per_mm


def window_around(seen: np.ndarray, size: tuple[int, int], margin: float = 0.12) -> Window:
    """Return the window of `size` (width, height) pixels that holds points `(N, 2+)` with a margin."""
    low, high = seen[:, :2].min(axis=0), seen[:, :2].max(axis=0)
    extent = np.maximum(high - low, 1.0) * (1 + 2 * margin)
    scale = float(np.min(np.array(size) / extent))
    left, top = (low + high) / 2 - np.array(size) / scale / 2
    return Window(float(left), float(top), *size, scale)


def window_of_scale(
    seen: np.ndarray,
    pixels_per_mm: float,
    before: tuple[int, int] = (0, 0),
    after: tuple[int, int] = (0, 0),
    narrowest: int = 0,
) -> Window:
    """Return the window of a given scale that holds points `(N, 2+)`.

    Args:
        seen: as `View.seen` gives them.
        pixels_per_mm: scale.
        before: pixels to the left of the points and above them.
        after: pixels to the right of the points and below them.
        narrowest: least width [pixels]; the points then stand in the middle.

    Returns:
        A window of even width and height, which can be halved.
    """
    low, high = seen[:, :2].min(axis=0), seen[:, :2].max(axis=0)
    width, height = 2 * np.ceil(((high - low) * pixels_per_mm + np.add(before, after)) / 2).astype(int)
    beside = max(narrowest - width, 0)
    corner = low - np.add(before, (beside // 2, 0)) / pixels_per_mm
    return Window(float(corner[0]), float(corner[1]), int(width + beside), int(height), pixels_per_mm)


def render_surfaces(
    surfaces: Sequence[Surface],
    ghosts: Sequence[bool],
    view: View,
    window: Window,
    colours: Sequence[np.ndarray] | None = None,
) -> np.ndarray:
    """Return a picture of surfaces.

    Args:
        surfaces: RAS mm, faces counter-clockwise from outside.
        ghosts: for each, whether it is but context and drawn pale.
        view: from where.
        window: what of it.
        colours: for each, red, green and blue of its vertices, `(V, 3)` or `(3,)`, 0..255; bone when None.

    Returns:
        uint8 `(height, width, 3)`.
    """
    depth = np.full(window.width * window.height, np.inf)
    picture = np.tile(np.array(BACKGROUND, dtype=np.float64), (depth.size, 1))
    colours = [np.array(_BARE)] * len(surfaces) if colours is None else colours
    for surface, ghost, painted in zip(surfaces, ghosts, colours, strict=True):
        painted = np.broadcast_to(_GHOST if ghost else painted, surface.vertices.shape).astype(np.float64)
        pixel, along, normal, colour = _samples(surface, painted, view, window)
        if not len(pixel):
            continue
        nearest = np.full(depth.size, np.inf)
        np.minimum.at(nearest, pixel, along)
        front = (along <= nearest[pixel]) & (nearest[pixel] < depth[pixel])
        picture[pixel[front]] = light_of_normals(normal[front])[:, None] * colour[front]
        depth = np.minimum(depth, nearest)
    shown = np.isfinite(depth)
    picture[shown] *= distance_shade(depth[shown])[:, None]
    return np.clip(picture, 0, 255).astype(np.uint8).reshape(window.height, window.width, 3)


def render_bones(surfaces: Mapping[int, Surface], view: View, pixels_per_mm: float) -> np.ndarray:
    """Return a picture of bones, each in its own colour, that ends where they end.

    Args:
        surfaces: RAS mm, by label id.
        view: from where.
        pixels_per_mm: scale.

    Returns:
        uint8 `(height, width, 3)`; a small empty picture without bones.
    """
    if not surfaces:
        return np.full((_EMPTY_PIXELS, _EMPTY_PIXELS, 3), BACKGROUND, dtype=np.uint8)
    seen = view.seen(np.concatenate([surface.vertices for surface in surfaces.values()]))
    colours = [np.array(label_by_id(label).colour) for label in surfaces]
    window = window_of_scale(seen, _FINE * pixels_per_mm)
    fine = render_surfaces(list(surfaces.values()), [False] * len(surfaces), view, window, colours)
    return np.asarray(Image.fromarray(fine).reduce(_FINE))


def _samples(
    surface: Surface, colours: np.ndarray, view: View, window: Window
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return pixel, depth [mm], normal and colour of points that cover each triangle that faces the viewer."""
    seen = view.seen(surface.vertices)
    place = window.pixels(seen)
    normals = surface.normals @ (view.axes.T * np.array([1, 1, -1]))
    faces = surface.faces[normals[surface.faces, 2].max(axis=1) > 0]
    corner = place[faces]
    edges = np.abs(corner - np.roll(corner, 1, axis=1)).max(axis=(1, 2))
    steps = np.clip(np.ceil(edges * 1.2), 1, _MOST_STEPS).astype(int)
    values = np.concatenate([place, seen[:, 2:], normals, colours], axis=1)
    parts = []
    for count in np.unique(steps):
        chosen = faces[steps == count]
        first, second = np.divmod(np.arange((count + 1) ** 2), count + 1)
        inside = first + second <= count
        weights = np.stack([first, second, count - first - second], axis=1)[inside] / count
        parts.append((weights @ values[chosen]).reshape(-1, 9))
    points = np.concatenate(parts) if parts else np.zeros((0, 9))
    column, row = np.floor(points[:, :2]).astype(int).T
    shown = (column >= 0) & (column < window.width) & (row >= 0) & (row < window.height)
    points = points[shown]
    return row[shown] * window.width + column[shown], points[:, 2], points[:, 3:6], points[:, 6:]


def light_of_normals(normals: np.ndarray) -> np.ndarray:
    """Return the brightness of a surface from its unit normals `(..., 3)`: right, down, towards the viewer."""
    return _AMBIENT + _DIFFUSE * np.clip(normals @ _LIGHT, 0, 1)


def distance_shade(depth: np.ndarray) -> np.ndarray:
    """Return how much darker places are the farther they lie from the viewer; `depth` in any unit."""
    if not depth.size:
        return np.ones_like(depth)
    nearest, farthest = depth.min(), depth.max()
    return 1 - (1 - _FARTHEST_SHADE) * (depth - nearest) / max(farthest - nearest, 1e-6)
