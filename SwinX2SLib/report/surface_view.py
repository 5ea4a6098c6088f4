"""Shaded pictures of surfaces from any direction, without a graphics library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage

from SwinX2SLib.anatomy import label_by_id

PIXELS_PER_VOXEL = 4
_FINE = 6  # rays for each voxel; the picture is reduced from them, which smooths its edges
# Thin bones keep more of their voxels than thick ones, which may be smoothed more.
_SMOOTHING_VOXELS = {"ribs": 0.55, "spine": 0.65, "pelvis": 0.95, "femur": 0.95}
_SURFACE_LEVEL = 0.40
_PAD = 2
BACKGROUND = (250, 250, 252)
# From the surface towards the light: from the left, from above and from the viewer.
_LIGHT = np.array([-0.45, -0.55, 0.70]) / np.linalg.norm([0.45, 0.55, 0.70])
_AMBIENT, _FARTHEST_SHADE = 0.38, 0.62


def shaded_view(labels: np.ndarray, view: str) -> np.ndarray:
    """Return a picture of the bones.

    Args:
        labels: uint8 `(X, Y, Z)`, network order, cubic voxels.
        view: "front": seen from the front, patient's right on the left of the picture; or "left": seen from the
            patient's left side, front on the left of the picture.

    Returns:
        uint8 `(rows, columns, 3)`.
    """
    # The ray's axis comes first and runs away from the viewer; the picture's columns and rows follow.
    if view == "front":
        volume = labels.transpose(1, 0, 2)
    elif view == "left":
        volume = labels[::-1]
    else:
        raise ValueError(f"Unknown view {view!r}; views are front and left.")
    size = tuple(_FINE * count for count in volume.shape[1:])
    nearest = np.full(size, np.inf)
    picture = np.broadcast_to(np.array(BACKGROUND, dtype=np.float64), (*size, 3)).copy()
    for label_id, box in enumerate(ndimage.find_objects(volume), start=1):
        if box is None:
            continue
        depth, corner = _surface_depth(volume, box, label_id)
        window = tuple(
            slice(start, start + length) for start, length in zip(corner, depth.shape, strict=True)
        )
        in_front = depth < nearest[window]
        colour = np.array(label_by_id(label_id).colour, dtype=np.float64)
        picture[window][in_front] = (_lambert(depth)[..., None] * colour)[in_front]
        nearest[window][in_front] = depth[in_front]
    shown = np.isfinite(nearest)
    picture[shown] *= distance_shade(nearest[shown])[:, None]
    fine = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8).transpose(1, 0, 2))
    shape = tuple(PIXELS_PER_VOXEL * count for count in volume.shape[1:])
    return np.asarray(fine.resize(shape, Image.Resampling.LANCZOS))


def _surface_depth(
    volume: np.ndarray, box: tuple[slice, ...], label_id: int
) -> tuple[np.ndarray, tuple[int, int]]:
    """Return how far along its ray, in voxels, each pixel meets a smooth surface of one bone, or infinity.

    Also returned is the place of the first pixel in the picture.
    """
    wide = tuple(
        slice(max(part.start - _PAD, 0), min(part.stop + _PAD, count))
        for part, count in zip(box, volume.shape, strict=True)
    )
    mask = (volume[wide] == label_id).astype(np.float32)
    smooth = ndimage.gaussian_filter(mask, _SMOOTHING_VOXELS[label_by_id(label_id).group], mode="nearest")
    fine = ndimage.zoom(smooth, (1, _FINE, _FINE), order=1, grid_mode=True, mode="nearest")
    inside = fine >= _SURFACE_LEVEL
    first = inside.argmax(axis=0)
    here = np.take_along_axis(fine, first[None], axis=0)[0]
    before = np.take_along_axis(fine, np.maximum(first - 1, 0)[None], axis=0)[0]
    step = np.where(first > 0, (here - _SURFACE_LEVEL) / np.maximum(here - before, 1e-6), 0)
    depth = np.where(inside.any(axis=0), wide[0].start + first - np.clip(step, 0, 1), np.inf)
    return depth, (_FINE * wide[1].start, _FINE * wide[2].start)


def _lambert(depth: np.ndarray) -> np.ndarray:
    """Return the brightness of each pixel of a depth map: how far its surface faces the light."""
    seen = np.isfinite(depth)
    if not seen.any():
        return np.zeros(depth.shape)
    # Blur depth within the bone only, so that its rim does not lean towards the background.
    weight = ndimage.gaussian_filter(seen.astype(np.float64), 0.4 * _FINE)
    filled = ndimage.gaussian_filter(np.where(seen, depth, 0.0), 0.4 * _FINE) / np.maximum(weight, 1e-6)
    filled = np.where(weight > 1e-3, filled, depth[seen].max())
    across, down = np.gradient(filled * _FINE)
    normal = np.stack([-across, -down, np.ones_like(across)], axis=-1)
    # Depth grows away from the viewer: a surface whose depth grows to the right faces right.
    normal[..., :2] *= -1
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    return light_of_normals(normal)


def light_of_normals(normals: np.ndarray) -> np.ndarray:
    """Return the brightness of a surface from its unit normals `(..., 3)`: right, down, towards the viewer."""
    return _AMBIENT + (1 - _AMBIENT) * np.clip(normals @ _LIGHT, 0, 1) * 1.15


def distance_shade(depth: np.ndarray) -> np.ndarray:
    """Return how much darker places are the farther they lie from the viewer; `depth` in any unit."""
    if not depth.size:
        return np.ones_like(depth)
    nearest, farthest = depth.min(), depth.max()
    return 1 - (1 - _FARTHEST_SHADE) * (depth - nearest) / max(farthest - nearest, 1e-6)


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


def shaded_surfaces(
    surfaces: Sequence[tuple[np.ndarray, np.ndarray]],
    ghosts: Sequence[bool],
    view: View,
    window: Window,
    colours: Sequence[np.ndarray] | None = None,
) -> np.ndarray:
    """Return a picture of surfaces.

    Args:
        surfaces: vertices `(V, 3)` RAS mm and faces `(F, 3)`, outside counter-clockwise.
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
    for (vertices, faces), ghost, painted in zip(surfaces, ghosts, colours, strict=True):
        painted = np.broadcast_to(np.asarray(_GHOST if ghost else painted, dtype=np.float64), vertices.shape)
        pixel, along, normal, colour = _samples(vertices, faces, painted, view, window)
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


def _samples(
    vertices: np.ndarray, faces: np.ndarray, colours: np.ndarray, view: View, window: Window
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return pixel, depth [mm], normal and colour of points that cover each triangle that faces the viewer."""
    seen = view.seen(vertices)
    place = window.pixels(seen)
    normals = vertex_normals(vertices, faces) @ (view.axes.T * np.array([1, 1, -1]))
    faces = faces[normals[faces, 2].max(axis=1) > 0]
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


def vertex_normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Return unit normals `(V, 3)`, the mean of the faces' around each vertex weighted by their areas."""
    corner = vertices[faces]
    across = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    total = np.stack(
        [np.bincount(faces.ravel(), np.repeat(across[:, axis], 3), len(vertices)) for axis in range(3)],
        axis=1,
    )
    return total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12)
