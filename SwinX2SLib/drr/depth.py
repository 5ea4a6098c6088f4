"""Depth maps of bones: where a radiograph's rays first enter and last leave them, and the way back to points.

Depths are distances in mm along the ray from the plane through the isocentre that is square to the central ray;
they grow away from the X-ray source. The distance from the source to a point of a cone's ray is that of the source
from this plane, along the ray, plus the depth. Maps have a radiograph's layout, `(rows, columns)` in display
orientation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from SwinX2SLib.geometry.cameras import Camera, ConeCamera, view_axes
from SwinX2SLib.geometry.frames import transform_points

RAYS_AT_ONCE = 2048  # bounds the memory: every ray holds the planes that it crosses
_FAR_MM = 1e9
_NO_LENGTH_MM = 1e-9


@dataclass(frozen=True, eq=False)
class Rays:
    """The rays of a radiograph's pixels.

    Attributes:
        origins_ras_mm: where they cross the plane through the isocentre, `(rows, columns, 3)`.
        directions: unit vectors away from the source, `(rows, columns, 3)`.
    """

    origins_ras_mm: np.ndarray
    directions: np.ndarray

    def points(self, depth_mm: np.ndarray) -> np.ndarray:
        """Return the places at depths `(..., rows, columns)`, `(..., rows, columns, 3)` RAS mm."""
        return self.origins_ras_mm + np.asarray(depth_mm)[..., None] * self.directions


@dataclass(frozen=True, eq=False)
class DepthMaps:
    """Front and back depth of bones.

    Attributes:
        front_mm: float32 `(bones, rows, columns)`, of the face towards the source; NaN where a ray misses the bone.
        back_mm: of the face away from it.
    """

    front_mm: np.ndarray
    back_mm: np.ndarray

    @property
    def masks(self) -> np.ndarray:
        """Which rays meet each bone, bool `(bones, rows, columns)`."""
        return np.isfinite(self.front_mm)


def camera_rays(camera: Camera) -> Rays:
    """Return the rays of a camera's pixels."""
    columns, rows, along = view_axes(camera.view)
    size_mm = np.array(camera.pixel_mm, dtype=np.float64)
    if isinstance(camera, ConeCamera):
        size_mm = size_mm / camera.magnification
    down, across = (
        (np.arange(count) - middle) * size
        for count, middle, size in zip(camera.shape, camera.middle_px, size_mm, strict=True)
    )
    origins = (
        np.asarray(camera.isocentre_ras_mm) + down[:, None, None] * rows + across[None, :, None] * columns
    )
    if not isinstance(camera, ConeCamera):
        return Rays(origins, np.broadcast_to(along, origins.shape).copy())
    away = origins - camera.source_ras_mm
    return Rays(origins, away / np.linalg.norm(away, axis=-1, keepdims=True))


def face_depths(labels: np.ndarray, affine: np.ndarray, camera: Camera, bones: Sequence[int]) -> DepthMaps:
    """Return the depths at which the rays of a camera first enter and last leave bones of a label volume.

    Every ray is followed from voxel to voxel (Siddon 1985, Med Phys 12:252): depths are those of the voxels' faces.

    Args:
        labels: uint8 `(I, J, K)`, any orientation.
        affine: 4x4, index -> RAS mm.
        camera: parallel or cone.
        bones: labels.

    Raises:
        ValueError: the volume is not 3D.
    """
    if labels.ndim != 3:
        raise ValueError(f"The volume must be 3D, not {labels.ndim}D.")
    rays = camera_rays(camera)
    front = np.full((len(bones), *camera.shape), np.nan, np.float32)
    back = front.copy()
    flat = front.reshape(len(bones), -1), back.reshape(len(bones), -1)
    for part, names, depths in _followed(labels, affine, rays):
        for number, bone in enumerate(bones):
            inside = names == bone
            met = np.flatnonzero(inside.any(axis=1))
            first = inside[met].argmax(axis=1)
            last = inside.shape[1] - 1 - inside[met, ::-1].argmax(axis=1)
            flat[0][number, part.start + met] = depths[met, first]
            flat[1][number, part.start + met] = depths[met, last + 1]
    return DepthMaps(front, back)


def _followed(
    labels: np.ndarray, affine: np.ndarray, rays: Rays
) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
    """Yield, for some rays at a time, the labels `(N, M)` between the planes that they cross, and the depths of these
    `(N, M + 1)` [mm]."""
    inverse, count = np.linalg.inv(affine), np.array(labels.shape)
    origins = transform_points(inverse, rays.origins_ras_mm.reshape(-1, 3))
    steps = rays.directions.reshape(-1, 3) @ inverse[:3, :3].T
    padded = np.pad(labels, 1)
    for start in range(0, len(origins), RAYS_AT_ONCE):
        origin, step = origins[start : start + RAYS_AT_ONCE], steps[start : start + RAYS_AT_ONCE]
        crossed = []
        for axis in range(3):
            planes = np.arange(count[axis] + 1) - 0.5
            along = step[:, axis, None]
            moving = np.abs(along) > 1e-12
            crossed.append(
                np.where(moving, (planes - origin[:, axis, None]) / np.where(moving, along, 1), _FAR_MM)
            )
        depths = np.sort(np.concatenate(crossed, axis=1), axis=1)
        middle = (depths[:, 1:] + depths[:, :-1]) / 2
        place = np.zeros(middle.shape, dtype=np.int64)
        for axis in range(3):
            index = np.rint(origin[:, axis, None] + step[:, axis, None] * middle) + 1
            place = place * padded.shape[axis] + index.clip(0, count[axis] + 1).astype(np.int64)
        names = padded.ravel()[place]
        names[np.diff(depths, axis=1) < _NO_LENGTH_MM] = 0
        yield slice(start, start + len(origin)), names, depths


@dataclass(frozen=True, eq=False)
class FacePoints:
    """Points on one face of a bone.

    Attributes:
        places_ras_mm: `(N, 3)`.
        normals: unit vectors out of the bone, `(N, 3)`.
    """

    places_ras_mm: np.ndarray
    normals: np.ndarray


# Neighbours further apart in depth than so many times their distance across do not lie on one face.
_STEEPEST = 4.0


def face_points(rays: Rays, depth_mm: np.ndarray, mask: np.ndarray, towards_source: bool) -> FacePoints:
    """Return a depth map as points with normals.

    Args:
        rays: of the radiograph.
        depth_mm: `(rows, columns)` of one face.
        mask: where it is seen, bool `(rows, columns)`.
        towards_source: whether the face looks towards the X-ray source (front), or away from it (back).

    Returns:
        The points of pixels with neighbours across and down; at the rim, where the face turns away, there are none.
    """
    places = rays.points(np.where(mask, depth_mm, 0.0))
    step_mm = float(np.linalg.norm(np.diff(rays.origins_ras_mm, axis=0), axis=-1).mean())
    used = mask.copy()
    tangents = []
    for axis in (0, 1):
        tangent, near = np.zeros_like(places), np.zeros_like(mask)
        inner = [slice(None), slice(None)]
        inner[axis] = slice(1, -1)
        after, before = (np.roll(places, way, axis) for way in (-1, 1))
        tangent[tuple(inner)] = (after - before)[tuple(inner)]
        shown = np.roll(mask, -1, axis) & np.roll(mask, 1, axis)
        steep = np.linalg.norm(tangent, axis=-1) > 2 * _STEEPEST * step_mm
        near[tuple(inner)] = (shown & ~steep)[tuple(inner)]
        used &= near
        tangents.append(tangent)
    normal = np.cross(tangents[0], tangents[1])[used]
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    way = (normal * rays.directions[used]).sum(axis=1)
    normal[way > 0 if towards_source else way < 0] *= -1
    return FacePoints(places[used], normal)


def filled_between(
    front_mm: np.ndarray,
    back_mm: np.ndarray,
    mask: np.ndarray,
    camera: Camera,
    shape: tuple[int, int, int],
    affine: np.ndarray,
) -> np.ndarray:
    """Return which voxels lie between the front and the back face of a bone: its closed volume by depths alone.

    Args:
        front_mm, back_mm: depths `(rows, columns)`.
        mask: which rays meet the bone, bool `(rows, columns)`.
        camera: of the radiograph.
        shape: `(I, J, K)` of the volume.
        affine: 4x4, index -> RAS mm.

    Returns:
        bool `(I, J, K)`; False beyond the radiograph.
    """
    rays = camera_rays(camera)
    filled = np.zeros(shape, dtype=bool)
    last = np.array(camera.shape) - 1
    for plane in range(shape[0]):
        index = np.stack(
            np.meshgrid([plane], np.arange(shape[1]), np.arange(shape[2]), indexing="ij"), axis=-1
        )
        places = transform_points(affine, index.reshape(-1, 3))
        pixel = np.rint(np.nan_to_num(camera.project(places), nan=-1.0)).astype(int)
        shown = ((pixel >= 0) & (pixel <= last)).all(axis=1)
        row, column = pixel[shown].T
        away = places[shown] - rays.origins_ras_mm[row, column]
        depth = (away * rays.directions[row, column]).sum(axis=1)
        met = mask[row, column] & (depth >= front_mm[row, column]) & (depth <= back_mm[row, column])
        filled[plane].ravel()[np.flatnonzero(shown)] = met
    return filled
