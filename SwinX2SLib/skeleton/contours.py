"""What a radiograph shows of the bones: contours of their silhouettes, and edges.

Frame: network order, axes right -> left, anterior -> posterior, superior -> inferior, in mm from the first voxel's
centre. A frontal radiograph is `(X, Z)`, a lateral one `(Y, Z)`, with square pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

from SwinX2SLib.geometry.contours import contour_lines
from SwinX2SLib.skeleton.model import rib_label
from SwinX2SLib.skeleton.table import FEMUR_LEFT, FEMUR_RIGHT

# Silhouettes with less than this area [pixels] have no contour worth fitting.
LEAST_AREA_PX = 24.0
POINTS_PER_SILHOUETTE = 90
# Limits of the probability at which a contour is drawn.
LEVELS = (0.15, 0.5)
# A ray meets a bone of voxels where it meets any of them: the contour lies outside of the surface by so much.
INSET_PX = 0.3
# The probability's fall is taken between places so far inside and outside a contour.
FALL_MM = 4.0
# Silhouettes are told apart by numbers: those of neighbouring ribs, of a side or of both, follow each other.
_RIB_NUMBERS = {
    labels: number + 100 * k
    for number in range(1, 13)
    for k, labels in enumerate(
        (
            (rib_label(number, "left"),),
            (rib_label(number, "right"),),
            (rib_label(number, "left"), rib_label(number, "right")),
        )
    )
}
_OTHERS_FROM = 1000
# Radiographs are smoothed a little, and freed of slow changes of brightness.
FINE_MM, COARSE_MM = 1.5, 15.0


@dataclass(frozen=True, eq=False)
class View:
    """One radiograph and the silhouettes that a network sees in it.

    Attributes:
        axis: of the volume that runs across the radiograph: 0 of the frontal, 1 of the lateral one.
        bones: whose each silhouette is, of one or of several together.
        silhouettes: `(S, W, H)`, how probable it is that a ray meets one of these bones.
        pixels: the radiograph `(W, H)`, bone bright; None where its edges shall not count.
        neighbours: probability that what is called a rib is the next one above, or below.
        source_mm: place of the X-ray source along the rays from the middle of the volume, negative in front of or at
            the right side of the patient; None where it is not known.
        central_ray_mm: where its central ray meets the radiograph, across and down; None for the middle.
    """

    axis: int
    bones: tuple[tuple[int, ...], ...]
    silhouettes: np.ndarray
    pixels: np.ndarray | None = None
    neighbours: float = 0.0
    source_mm: float | None = None
    central_ray_mm: tuple[float, float] | None = None


@dataclass(frozen=True, eq=False)
class Contours:
    """Points on the contours of the silhouettes in one radiograph.

    Attributes:
        view: the radiograph.
        spacing_mm: of its pixels.
        bones: of each silhouette that has a contour.
        numbers: of these silhouettes; neighbouring ribs of a side have neighbouring numbers.
        middles: of the silhouettes [mm], `(S, 2)`.
        whole: whether neither the border nor the field of view cuts them, `(S,)`.
        places: of the points [mm] across and down, `(M, 2)`.
        normals: outwards, `(M, 2)`.
        silhouette: of the points, `(M,)`.
        lengths_mm: of the piece of contour that each point stands for, `(M,)`.
        trust: in the points, `(M,)`: the square of the mean probability in a rib's silhouette; for other bones, the
            square of the fall of the probability across the contour.
        covered: by number of a silhouette of two bones, which pixels it covers, `(W, H)`.
    """

    view: View
    spacing_mm: float
    bones: tuple[tuple[int, ...], ...]
    numbers: np.ndarray
    middles: np.ndarray
    whole: np.ndarray
    places: np.ndarray
    normals: np.ndarray
    silhouette: np.ndarray
    lengths_mm: np.ndarray
    trust: np.ndarray
    covered: dict[int, np.ndarray]

    @property
    def size_mm(self) -> np.ndarray:
        """Width and height of the radiograph."""
        return np.array(self.view.silhouettes.shape[1:]) * self.spacing_mm

    @property
    def is_rib(self) -> np.ndarray:
        """Which silhouettes are those of one rib, or of both ribs of a level, `(S,)`."""
        return self.numbers < _OTHERS_FROM

    @classmethod
    def of(cls, view: View, spacing_mm: float) -> Contours:
        """Return the contours of a radiograph's silhouettes."""
        shown = [
            (bones, map_)
            for bones, map_ in zip(view.bones, np.asarray(view.silhouettes, np.float64), strict=True)
            if map_.sum() >= LEAST_AREA_PX
        ]
        likely = [np.sort(map_.ravel())[::-1][: int(map_.sum()) + 1] for _, map_ in shown]
        # The contour's level leaves the silhouette the area that its probabilities add up to.
        levels = [float(np.clip(values[-1], *LEVELS)) for values in likely]
        found = [
            _contour_points(map_, level, spacing_mm) for (_, map_), level in zip(shown, levels, strict=True)
        ]
        trust = [
            np.full(len(points[0]), values[:-1].mean() ** 2)
            if own in _RIB_NUMBERS
            else _fall(map_, *points[:2], spacing_mm) ** 2
            for (own, map_), values, points in zip(shown, likely, found, strict=True)
        ]
        found = [
            (places - INSET_PX * spacing_mm * normals, normals, lengths) for places, normals, lengths in found
        ]
        counts = [len(places) for places, _, _ in found]
        bones = tuple(bones for bones, _ in shown)
        numbers = [_RIB_NUMBERS.get(own, _OTHERS_FROM + place) for place, own in enumerate(bones)]
        columns = [np.concatenate([one[k] for one in found]) if found else _EMPTY[k] for k in range(3)]
        return cls(
            view,
            spacing_mm,
            bones,
            np.array(numbers, dtype=int),
            np.array([_middle(map_) * spacing_mm for _, map_ in shown]).reshape(-1, 2),
            np.array([_is_whole(own, map_) for own, map_ in shown], dtype=bool),
            columns[0],
            columns[1],
            np.repeat(np.arange(len(shown)), counts).astype(int),
            columns[2],
            np.concatenate(trust) if trust else _EMPTY[2],
            {
                number: map_ > LEVELS[1]
                for number, (own, map_) in zip(numbers, shown, strict=True)
                if len(own) == 2
            },
        )

    def covers(self, numbers: np.ndarray, places: np.ndarray) -> np.ndarray:
        """Return whether places lie inside silhouettes of two bones, `(N,)`; False in others.

        Args:
            numbers: of the silhouettes, `(N,)`.
            places: across and down [mm], `(N, 2)`.
        """
        pixels = (
            np.rint(places / self.spacing_mm)
            .astype(int)
            .clip(0, np.array(self.view.silhouettes.shape[1:]) - 1)
        )
        found = np.zeros(len(numbers), dtype=bool)
        for number, covered in self.covered.items():
            own = numbers == number
            found[own] = covered[tuple(pixels[own].T)]
        return found

    def thinned(self, every: int) -> Contours:
        """Return every so many points, each of which stands for a longer piece."""
        return replace(
            self,
            places=self.places[::every],
            normals=self.normals[::every],
            silhouette=self.silhouette[::every],
            lengths_mm=self.lengths_mm[::every] * every,
            trust=self.trust[::every],
        )


_EMPTY = (np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0))


def _middle(shown: np.ndarray) -> np.ndarray:
    return (np.indices(shown.shape) * shown).sum(axis=(1, 2)) / shown.sum()


def _is_whole(bones: Sequence[int], shown: np.ndarray) -> bool:
    """Whether the border does not cut a silhouette; femora are hardly ever seen whole."""
    border = np.concatenate([shown[0], shown[-1], shown[:, 0], shown[:, -1]])
    return bool((border < 0.5).all()) and not {FEMUR_LEFT, FEMUR_RIGHT} & set(bones)


def _contour_points(
    shown: np.ndarray, level: float, spacing_mm: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return places `(M, 2)` [mm], outward normals and lengths `(M,)` [mm] of points on a contour of a map."""
    lines = [line * spacing_mm for line in contour_lines(shown, level) if len(line) > 4]
    total = sum(float(np.linalg.norm(np.diff(line, axis=0), axis=1).sum()) for line in lines)
    step = max(0.9 * spacing_mm, total / POINTS_PER_SILHOUETTE)
    places, normals = [_EMPTY[0]], [_EMPTY[1]]
    for line in lines:
        passed = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
        if passed[-1] < 3 * step:
            continue
        at = np.arange(0.5 * step, passed[-1], step)
        before, after = (_along(line, passed, at + shift) for shift in (-0.7 * step, 0.7 * step))
        tangent = after - before
        tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-9)
        places.append(_along(line, passed, at))
        normals.append(np.stack([tangent[:, 1], -tangent[:, 0]], axis=1))
    where, outward = np.concatenate(places), np.concatenate(normals)
    outside, inside = (
        map_coordinates(shown, ((where + sign * spacing_mm * outward) / spacing_mm).T, order=0)
        for sign in (1, -1)
    )
    outward[outside > inside] *= -1
    return where, outward, np.full(len(where), step)


def _fall(shown: np.ndarray, places: np.ndarray, normals: np.ndarray, spacing_mm: float) -> np.ndarray:
    """Return by how much a map falls across the points of a contour, 0..1, `(M,)`."""
    inside, outside = (
        map_coordinates(shown, ((places + way * normals) / spacing_mm).T, order=1, mode="nearest")
        for way in (-FALL_MM, FALL_MM)
    )
    return np.clip(inside - outside, 0, 1)


def _along(line: np.ndarray, passed: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return points at lengths along a line; a closed line goes round."""
    at = at % passed[-1] if np.allclose(line[0], line[-1]) else at.clip(0, passed[-1])
    return np.stack([np.interp(at, passed, line[:, axis]) for axis in (0, 1)], axis=1)


@dataclass(frozen=True, eq=False)
class Edges:
    """Where the brightness of a radiograph falls.

    Attributes:
        view: the radiograph.
        spacing_mm: of its pixels.
        smooth: the radiograph without noise and slow changes, `(W, H)`.
        usual: half of the root mean square change from pixel to pixel: less is noise.
    """

    view: View
    spacing_mm: float
    smooth: np.ndarray
    usual: float

    @classmethod
    def of(cls, view: View, spacing_mm: float) -> Edges:
        """Return the edges of a radiograph that has pixels."""
        pixels = np.asarray(view.pixels, np.float64)
        smooth = gaussian_filter(pixels, FINE_MM / spacing_mm) - gaussian_filter(
            pixels, COARSE_MM / spacing_mm
        )
        steps = np.concatenate([np.diff(smooth, axis=axis).ravel() for axis in (0, 1)])
        return cls(view, spacing_mm, smooth, float(0.5 * np.sqrt((steps**2).mean())) or 1.0)

    def nearest(
        self, places: np.ndarray, outward: np.ndarray, reach_mm: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return how far outwards the best edge of each place lies [mm], and how far it is to be trusted, 0..1.

        Bone is bright: an edge falls outwards. Of equal ones the nearest is the best.

        Args:
            places: `(M, 2)` [mm].
            outward: unit normals `(M, 2)`.
            reach_mm: no edge is looked for beyond.
        """
        step = 0.5 * self.spacing_mm
        count = round(reach_mm / step) + 1
        offsets = np.arange(-count, count + 1) * step
        at = (places[:, None] + offsets[:, None] * outward[:, None]) / self.spacing_mm
        values = map_coordinates(self.smooth, at.reshape(-1, 2).T, order=1, mode="nearest")
        falls = -np.diff(values.reshape(len(places), -1), axis=1)
        falls, offsets = falls[:, 1:] + falls[:, :-1], offsets[1:-1]
        best = (falls - 2 * self.usual * (offsets / reach_mm) ** 2).argmax(axis=1)
        strength = falls[np.arange(len(places)), best] / (2 * self.usual)
        return offsets[best], np.clip(strength - 1, 0, 2) / 2
