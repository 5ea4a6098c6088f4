"""How a radiograph was taken: parallel or cone, from which side, how far off the right angle, magnification and
place.

Radiograph coordinates are (u, w, d) in mm from the volume's centre: u across the radiograph (x of the coronal, y of
the sagittal), w down the radiograph (z), d along the rays (the missing axis), each growing with the volume's index.
A cone radiograph is scaled back so that the plane through the volume's centre keeps its size, as a user who
calibrates the spacing there has it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

# Pairs of neighbouring slices share a place on the radiograph: they part by 0.1 pixel at the edge of a steep cone,
# and a projection takes a quarter of the time.
SLICES_TOGETHER = 2
# Chest and bucky radiographs, and long-leg or spine radiographs (field survey) [mm].
SHORT_DETECTOR_MM, LONG_DETECTOR_MM = (950.0, 1250.0), (1780.0, 2050.0)
MOST_MAGNIFICATION_ERROR, MOST_ANGLE_DEG = 0.05, 6.0


@dataclass(frozen=True)
class ViewGeometry:
    """Geometry of one radiograph.

    Attributes:
        depth_axis: axis of the volume that the radiograph lacks, 1 for the coronal radiograph and 0 for the sagittal.
        source_mm: distance from the focal spot to the volume's centre plane; None for parallel rays.
        source_first: whether the source stands on the side of the first slices (an AP radiograph, the usual lateral).
        rotation: 3x3; its columns are the radiograph's axes and the ray in (u, w, d).
        beam_mm: where the central ray crosses the centre plane (u, w).
        zoom: size on the radiograph over size by the spacing; 1 without magnification error.
        shift_mm: how far the radiograph lies off (u, w).
    """

    depth_axis: int
    source_mm: float | None = None
    source_first: bool = True
    rotation: np.ndarray | None = None
    beam_mm: tuple[float, float] = (0.0, 0.0)
    zoom: float = 1.0
    shift_mm: tuple[float, float] = (0.0, 0.0)

    @property
    def is_straight(self) -> bool:
        """Whether the radiograph is the sum along an axis of the volume, but for zoom and shift."""
        return self.source_mm is None and self.rotation is None

    def radiograph_points(self, points_mm: np.ndarray) -> np.ndarray:
        """Return where points `(..., 3)` (x, y, z from the volume's centre [mm]) land, `(..., 2)` (u, w) [mm]."""
        across = 1 - self.depth_axis
        points = np.asarray(points_mm, dtype=np.float64)[..., [across, 2, self.depth_axis]]
        if self.rotation is not None:
            points = points @ self.rotation
        places = points[..., :2]
        if self.source_mm is not None:
            beam = np.asarray(self.beam_mm)
            depth = points[..., 2:] if self.source_first else -points[..., 2:]
            places = beam + (places - beam) * (self.source_mm / (self.source_mm + depth))
        return places * self.zoom + np.asarray(self.shift_mm)

    def projection_matrix(self, shape: Sequence[int], voxel_mm: float) -> np.ndarray:
        """Return the `(3, 4)` matrix from homogeneous voxels to homogeneous (row, column) pixels of the radiograph.

        Args:
            shape: `(X, Y, Z)` of the volume.
            voxel_mm: its voxel size, which is also the pixel's.
        """
        across = 1 - self.depth_axis
        to_mm = np.column_stack([voxel_mm * np.eye(3), -voxel_mm * (np.asarray(shape) - 1) / 2])
        radiograph = to_mm[[across, 2, self.depth_axis]]
        if self.rotation is not None:
            radiograph = self.rotation.T @ radiograph
        places, last = radiograph[:2], np.array([0.0, 0.0, 0.0, 1.0])
        if self.source_mm is not None:
            depth = radiograph[2] if self.source_first else -radiograph[2]
            # The beam's own place stays where it is: beam + (place - beam) source / (source + depth).
            places = self.source_mm * places + np.asarray(self.beam_mm)[:, None] * depth
            last = self.source_mm * last + depth
        pixels = places * (self.zoom / voxel_mm)
        middle = (np.array([shape[across], shape[2]]) - 1) / 2 + np.asarray(self.shift_mm) / voxel_mm
        column, row = pixels + middle[:, None] * last
        return np.stack([row, column, last])

    def project(self, volume: Tensor, voxel_mm: float) -> Tensor:
        """Sum a volume `(X, Y, Z)` along the rays, in units of its voxels: the radiograph, `(X, Z)` or `(Y, Z)`.

        Beyond its borders the volume goes on as it ends.
        """
        if self.is_straight:
            return self._place(volume.sum(self.depth_axis), voxel_mm)
        depth = volume.shape[self.depth_axis]
        together = SLICES_TOGETHER if depth % SLICES_TOGETHER == 0 else 1
        slices = volume.unflatten(self.depth_axis, (depth // together, together)).sum(self.depth_axis + 1)
        slices = slices.movedim(self.depth_axis, 0)
        start, slope, oblique = self._rays(tuple(slices.shape[1:]), voxel_mm)
        centres = (torch.arange(len(slices)) - (len(slices) - 1) / 2) * (together * voxel_mm)
        start, slope, oblique, centres = (
            t.float().to(volume.device) for t in (start, slope, oblique, centres)
        )
        grid = torch.addcmul(start, slope, centres[:, None, None, None])
        return _sample(slices[:, None], grid).sum(0)[0].mul_(oblique)

    def crossed_pixels(
        self, shape: tuple[int, int], voxel_mm: float, depths_mm: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return where the rays of the pixels cross slices at depths `(S,)` from the volume's centre.

        Returns:
            Flat index of the nearest pixel of each slice, int64 `(S, W, H)`, the border's beyond it; path length over
            depth, float32 `(W, H)`.
        """
        start, slope, oblique = self._rays(shape, voxel_mm)
        # grid_sample counts from -1 to 1 between the outer edges, the last axis first.
        half = torch.tensor(shape[::-1]) / 2
        start, slope = (((start + 1) * half - 0.5).float(), (slope * half).float())
        row, column = (
            torch.addcmul(start[..., k], slope[..., k], depths_mm.float()[:, None, None])
            .round_()
            .clamp_(0, size - 1)
            for k, size in enumerate(shape[::-1])
        )
        return column.mul_(shape[1]).add_(row).long(), oblique.float()

    def _rays(self, shape: tuple[int, int], voxel_mm: float) -> tuple[Tensor, Tensor, Tensor]:
        """Return the rays of the pixels where they cross the slices, float64.

        Returns:
            At depth 0 `(W, H, 2)` and the change for each mm of depth `(W, H, 2)`, both as grid_sample counts; path
            length over depth `(W, H)`.
        """
        u, w = np.meshgrid(*((np.arange(n) - (n - 1) / 2) * voxel_mm for n in shape), indexing="ij")
        turn = np.eye(3) if self.rotation is None else self.rotation
        radiograph = (np.stack([u, w], -1) - self.shift_mm) / self.zoom
        plane = radiograph @ turn[:, :2].T
        ray = np.broadcast_to(turn[:, 2], plane.shape)
        if self.source_mm is not None:
            behind = -self.source_mm if self.source_first else self.source_mm
            ray = plane - turn @ np.array([*self.beam_mm, behind])
        slope = ray[..., :2] / ray[..., 2:]
        start = plane[..., :2] - slope * plane[..., 2:]
        oblique = np.linalg.norm(ray, axis=-1) / np.abs(ray[..., 2])
        # grid_sample: the last axis first, -1 and 1 at the outer edges.
        per_mm = 2 / (np.array(shape[::-1]) * voxel_mm)
        first, along, length = (
            torch.from_numpy(np.ascontiguousarray(a))
            for a in (start[..., ::-1] * per_mm, slope[..., ::-1] * per_mm, oblique)
        )
        return first, along, length

    def _place(self, radiograph: Tensor, pixel_mm: float) -> Tensor:
        if self.zoom == 1 and self.shift_mm == (0.0, 0.0):
            return radiograph
        shift = np.array(self.shift_mm[::-1]) * 2 / (np.array(radiograph.shape[::-1]) * pixel_mm)
        matrix = torch.tensor([[[1, 0, -shift[0]], [0, 1, -shift[1]]]], dtype=torch.float32) / self.zoom
        grid = functional.affine_grid(matrix, [1, 1, *radiograph.shape], align_corners=False)
        return _sample(radiograph[None, None], grid.to(radiograph.device))[0, 0]


def random_geometries(
    spacing_mm: float, rng: np.random.Generator, aligned: bool = False
) -> tuple[ViewGeometry, ViewGeometry]:
    """Return the geometry of a coronal and of a sagittal radiograph of one person.

    Six of ten pairs follow the default convention, parallel and pixel-aligned, half of them but for a shift and a
    scale as small as two exposures differ by. The others have a cone, an error of the angle, of the magnification,
    or several.

    Args:
        spacing_mm: voxel size.
        rng: where all random numbers come from.
        aligned: follow the default convention in any case.
    """
    if rng.random() < 0.6 or aligned:
        coronal = _aligned(1, spacing_mm, rng)
        return coronal, _aligned(0, spacing_mm, rng)
    has_cone, has_angle, has_zoom = rng.random(3) < (0.6, 0.5, 0.5)
    detector = rng.uniform(*(SHORT_DETECTOR_MM if rng.random() < 0.6 else LONG_DETECTOR_MM))
    common = rng.normal(0, 0.02) if has_zoom else 0.0
    geometries = []
    for axis in (1, 0):
        own = rng.normal(0, 0.012) if has_zoom else 0.0
        geometries.append(
            ViewGeometry(
                depth_axis=axis,
                # The patient's middle lies 10 to 25 cm before the detector.
                source_mm=float(detector - rng.uniform(100, 250)) if has_cone else None,
                source_first=bool(rng.random() < (0.5 if axis == 1 else 0.7)),
                rotation=_view_error(rng) if has_angle else None,
                beam_mm=tuple(rng.normal(0, 25, 2).tolist()),
                zoom=float(1 + np.clip(common + own, -MOST_MAGNIFICATION_ERROR, MOST_MAGNIFICATION_ERROR)),
                shift_mm=tuple((rng.normal(0, 1.0, 2) * spacing_mm).tolist()),
            )
        )
    return geometries[0], geometries[1]


def _aligned(axis: int, spacing_mm: float, rng: np.random.Generator) -> ViewGeometry:
    if rng.random() < 0.5:
        return ViewGeometry(axis)
    shift = rng.normal(0, 1.0, 2) * spacing_mm
    return ViewGeometry(axis, zoom=float(1 + rng.normal(0, 0.01)), shift_mm=tuple(shift.tolist()))


def _view_error(rng: np.random.Generator) -> np.ndarray:
    """A turn about the vertical axis above all, and a little about the others."""
    vertical = np.clip(rng.normal(0, 3.0), -MOST_ANGLE_DEG, MOST_ANGLE_DEG)
    return rotation_matrix(vertical, *rng.normal(0, 1.0, 2))


def rotation_matrix(vertical_deg: float, across_deg: float = 0.0, ray_deg: float = 0.0) -> np.ndarray:
    """Return the 3x3 rotation about the radiograph's vertical, across and ray axes in (u, w, d), one after the
    other."""
    result = np.eye(3)
    for (i, j), angle in zip(
        ((0, 2), (1, 2), (0, 1)), np.deg2rad([vertical_deg, across_deg, ray_deg]), strict=True
    ):
        turn = np.eye(3)
        turn[i, i] = turn[j, j] = np.cos(angle)
        turn[i, j], turn[j, i] = np.sin(angle), -np.sin(angle)
        result = result @ turn
    return result


def _sample(radiographs: Tensor, grid: Tensor) -> Tensor:
    return functional.grid_sample(
        radiographs, grid, mode="bilinear", padding_mode="border", align_corners=False
    )


QUARTER_DEG = 90.0


@dataclass(frozen=True)
class GroupRadiograph:
    """One radiograph of a group.

    Attributes:
        geometry: of the radiograph, from the nearest of the coronal and the sagittal one.
        mirrored: whether its columns then run the other way: turned by more than 135 degrees, it is nearly the
            coronal radiograph seen from behind.
    """

    geometry: ViewGeometry
    mirrored: bool = False


def group_angles_deg(views: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the angles of both groups' radiographs from the coronal radiograph."""
    steps = tuple(QUARTER_DEG * i / views for i in range(views))
    return steps, tuple(QUARTER_DEG + step for step in steps)


def radiograph_at(pair: tuple[ViewGeometry, ViewGeometry], angle_deg: float) -> GroupRadiograph:
    """Return a radiograph taken as the pair was, but from another angle.

    Args:
        pair: geometry of the coronal and of the sagittal radiograph; the nearer one's errors are this radiograph's
            too.
        angle_deg: from the coronal radiograph, 0 to below 180.
    """
    quarter = round(angle_deg / QUARTER_DEG)
    rest = angle_deg - QUARTER_DEG * quarter
    base = pair[quarter % 2]
    if rest:
        # The radiograph's axes (u, w, d) grow with the volume's: from x towards y is a turn from u to d of the
        # coronal radiograph, and from d to u of the sagittal one.
        turn = rotation_matrix(rest if quarter == 1 else -rest)
        base = replace(base, rotation=turn if base.rotation is None else turn @ base.rotation)
    if quarter == 2:
        base = replace(base, source_first=not base.source_first)
    return GroupRadiograph(base, mirrored=quarter == 2)


def make_groups(
    pair: tuple[ViewGeometry, ViewGeometry], views: int, make: Callable[[ViewGeometry], Tensor]
) -> tuple[Tensor, Tensor]:
    """Return the coronal `(N, X, Z)` and the sagittal group `(N, Y, Z)`.

    Args:
        pair: geometry of the coronal and of the sagittal radiograph.
        views: N, radiographs of each plane; with more than one, X must equal Y.
        make: makes the radiograph of a geometry; called for the pair first.
    """
    coronal, sagittal = group_angles_deg(views)
    ordered = (coronal[0], sagittal[0], *coronal[1:], *sagittal[1:])
    made = {}
    for angle in ordered:
        radiograph = radiograph_at(pair, angle)
        made[angle] = make(radiograph.geometry).flip(0) if radiograph.mirrored else make(radiograph.geometry)
    return torch.stack([made[angle] for angle in coronal]), torch.stack([made[angle] for angle in sagittal])
