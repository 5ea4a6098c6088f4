"""A result projected back onto both radiographs: silhouettes, outlines, edge agreement."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from SwinX2SLib.anatomy import CLASS_COUNT
from SwinX2SLib.geometry.cameras import Camera, ConeCamera, radiograph_camera, view_axes
from SwinX2SLib.geometry.frames import reorient, transform_points, voxel_spacing_mm
from SwinX2SLib.geometry.tuples import shape2, vector3
from SwinX2SLib.io.provenance import VIEWS

# Of a voxel: a volume that is turned by less lies straight for the eye.
_STRAIGHT = 0.01


@dataclass(frozen=True, eq=False)
class Silhouettes:
    """Which bone throws its shadow where.

    Attributes:
        masks: boolean `(55, rows, columns)`, by label id; a radiograph's layout.
        camera: whose detector's pixels these are; the geometry that was asked for, with pixels as fine as the voxels.
    """

    masks: np.ndarray
    camera: Camera


def silhouettes(labels: np.ndarray, affine: np.ndarray, camera: Camera) -> Silhouettes:
    """Project every bone of a label volume along the rays of a camera.

    A plane of voxels square to the central ray lands on the detector as the same plane, only larger; the shadow of
    a bone is the union of its planes.

    Args:
        labels: uint8 `(I, J, K)`, ids of `anatomy`, any order of axes.
        affine: 4x4, index -> RAS mm; its axes run along the patient's.
        camera: the radiograph's; its pixels and size do not matter.

    Raises:
        ValueError: the volume is turned against the patient's axes, or the source lies inside it.
    """
    labels, affine = reorient(labels, affine)
    _require_straight(affine)
    spacing = voxel_spacing_mm(affine)
    along, across = (0, 1) if camera.view == "lateral" else (1, 0)
    depths = _along(2, camera, affine, along, labels.shape[along])
    scales = _magnifications(camera, depths)
    raster = _raster(camera, affine, labels.shape, float(min(spacing[across], spacing[2])))
    columns_mm, rows_mm = _raster_mm(raster)
    first_column, first_row = (
        _along(part, camera, affine, axis, 1)[0] for part, axis in ((0, across), (1, 2))
    )
    # A border of background stands for all that lies outside.
    planes = np.pad(np.moveaxis(labels, (2, across), (1, 2)), ((0, 0), (1, 1), (1, 1)))
    masks = np.zeros((CLASS_COUNT, *raster.shape), dtype=bool)
    for plane, scale in zip(planes, scales, strict=True):
        if not plane.any():
            continue
        row = _index(rows_mm / scale, first_row, spacing[2], labels.shape[2])
        column = _index(columns_mm / scale, first_column, spacing[across], labels.shape[across])
        seen = plane[np.ix_(row, column)]
        at_row, at_column = np.nonzero(seen)
        masks[seen[at_row, at_column], at_row, at_column] = True
    return Silhouettes(masks, raster)


def _require_straight(affine: np.ndarray) -> None:
    turned = affine[:3, :3] / voxel_spacing_mm(affine) - np.diag(np.sign(np.diag(affine[:3, :3])))
    if np.abs(turned).max() > _STRAIGHT:
        raise ValueError("The volume is not aligned with the patient axes; resample it first.")


def _along(part: int, camera: Camera, affine: np.ndarray, axis: int, count: int) -> np.ndarray:
    """Return where an axis' voxels lie along a camera axis (0 columns, 1 rows, 2 rays), from the isocentre [mm]."""
    index = np.zeros((count, 3))
    index[:, axis] = np.arange(count)
    return (transform_points(affine, index) - camera.isocentre_ras_mm) @ view_axes(camera.view)[part]


def _magnifications(camera: Camera, depths_mm: np.ndarray) -> np.ndarray:
    if not isinstance(camera, ConeCamera):
        return np.ones(len(depths_mm))
    distance = camera.source_to_isocentre_mm + depths_mm
    if distance.min() <= 0:
        raise ValueError("The X-ray source is inside the volume.")
    return camera.source_to_detector_mm / distance


def _raster(camera: Camera, affine: np.ndarray, shape: tuple[int, ...], pixel_mm: float) -> Camera:
    """Return a camera whose detector holds the whole volume, its pixels those of the voxels' columns.

    Where rays are parallel its pixel centres lie on the lines of voxels.
    """
    ends = np.array([[-0.5] * 3, np.array(shape) - 0.5])
    corners = transform_points(affine, np.stack(np.meshgrid(*ends.T, indexing="ij"), axis=-1).reshape(-1, 3))
    # Its middle is where the central ray goes, wherever that is on the radiograph.
    centred = dataclasses.replace(camera, central_ray_px=None) if isinstance(camera, ConeCamera) else camera
    probe = dataclasses.replace(centred, pixel_mm=(pixel_mm, pixel_mm), shape=(1, 1))
    reach = np.abs(probe.project(corners)).max(axis=0)
    # An even count of pixels where the voxels are even, so that both lie centre on centre.
    across = 1 if camera.view == "lateral" else 0
    counts = [
        2 * int(np.ceil(extent - count / 2 - 1e-6)) + count
        for extent, count in zip(reach, (shape[2], shape[across]), strict=True)
    ]
    return dataclasses.replace(probe, shape=shape2(counts))


def _raster_mm(raster: Camera) -> tuple[np.ndarray, np.ndarray]:
    """Return where the columns and rows of a detector lie from its middle [mm]."""
    rows, columns = (
        (np.arange(count) - (count - 1) / 2) * size
        for count, size in zip(raster.shape, raster.pixel_mm, strict=True)
    )
    return columns, rows


def _index(places_mm: np.ndarray, first_mm: float, spacing_mm: float, count: int) -> np.ndarray:
    """Return the voxel of each place in an axis with a border: 0 and count + 1 are outside."""
    return np.clip(np.rint((places_mm - first_mm) / spacing_mm).astype(int) + 1, 0, count + 1)


# Stairs of voxels are smoothed by this much [pixels of the silhouette], and cut at this level, which keeps the area.
_SMOOTHING, _LEVEL, _MARGIN = 0.6, 0.45, 3


@dataclass(frozen=True, eq=False)
class BoneOutline:
    """The outline of one bone on a radiograph.

    Attributes:
        lines: closed lines `(N, 2)` of (row, column) in the radiograph's pixels.
        inwards: for each line, unit vectors `(N, 2)` on the radiograph (down, right) that point into the shadow.
    """

    lines: tuple[np.ndarray, ...]
    inwards: tuple[np.ndarray, ...]


def bone_outlines(labels: np.ndarray, affine: np.ndarray, camera: Camera) -> dict[int, BoneOutline]:
    """Return the outline of every bone on a radiograph, by label id; see `each_outline`."""
    return dict(each_outline(labels, affine, camera))


def each_outline(labels: np.ndarray, affine: np.ndarray, camera: Camera) -> Iterator[tuple[int, BoneOutline]]:
    """Yield label id and outline of one bone after the other, for those who have other things to do in between.

    Args:
        labels: uint8 `(I, J, K)`, ids of `anatomy`.
        affine: 4x4, index -> RAS mm; its axes run along the patient's.
        camera: of the radiograph.

    Raises:
        ValueError: as `silhouettes`.
    """
    projections = silhouettes(labels, affine, camera)
    for label_id in np.flatnonzero(projections.masks.any(axis=(1, 2))):
        yield int(label_id), _outline(projections.masks[label_id], projections.camera, camera)


def _outline(mask: np.ndarray, raster: Camera, camera: Camera) -> BoneOutline:
    # Not at import: Slicer's panel needs what lies beside before any package is installed.
    from scipy import ndimage

    from SwinX2SLib.geometry.contours import contour_lines

    box = ndimage.find_objects(mask.view(np.uint8))[0]
    smooth = ndimage.gaussian_filter(np.pad(mask[box].astype(np.float32), _MARGIN), _SMOOTHING)
    # A shadow of a pixel or two may stay below the level.
    found = contour_lines(smooth, min(_LEVEL, 0.5 * float(smooth.max())))
    slope = np.gradient(ndimage.gaussian_filter(smooth, 1.0))
    start = np.array([part.start - _MARGIN for part in box])
    lines, inwards = [], []
    for line in found:
        direction = np.stack([ndimage.map_coordinates(part, line.T, order=1) for part in slope], axis=1)
        length = np.linalg.norm(direction, axis=1, keepdims=True)
        inwards.append(direction / np.maximum(length, 1e-9))
        lines.append(_radiograph_pixels(line + start, raster, camera))
    return BoneOutline(tuple(lines), tuple(inwards))


def _radiograph_pixels(pixels: np.ndarray, raster: Camera, camera: Camera) -> np.ndarray:
    """Convert (row, column) of one detector to that of another of the same geometry."""
    from_middle_mm = (pixels - raster.middle_px) * raster.pixel_mm
    return from_middle_mm / camera.pixel_mm + camera.middle_px


# A radiograph is compared this far inside and outside of the outline: about the breadth of a cortex.
STEP_MM = 2.5
# With less of the outline on the radiograph there is nothing to compare.
LEAST_SHARE_ON_RADIOGRAPH = 0.25


def edge_agreement(
    radiograph: np.ndarray, pixel_mm: tuple[float, float], outline: BoneOutline
) -> float | None:
    """Return the share of an outline at which the radiograph is brighter inside than outside; chance gives about 0.5.

    Args:
        radiograph: `(rows, columns)`, bone bright, in display orientation.
        pixel_mm: size of a pixel on the radiograph (row, column).
        outline: of one bone on this radiograph.

    Returns:
        0..1, or None where less than a quarter of the outline lies on the radiograph.
    """
    # Not at import: Slicer's panel needs what lies beside before any package is installed.
    from scipy import ndimage

    lines, inwards = np.concatenate(outline.lines), np.concatenate(outline.inwards)
    step = STEP_MM * inwards / np.asarray(pixel_mm)
    inside, outside = lines + step, lines - step
    last = np.array(radiograph.shape) - 1
    on_radiograph = ((np.minimum(inside, outside) >= 0) & (np.maximum(inside, outside) <= last)).all(axis=1)
    # Points stand closer where a line runs askew to the pixels: each counts by the length it stands for.
    weights = np.concatenate([_lengths(line * pixel_mm) for line in outline.lines])
    if weights[on_radiograph].sum() < LEAST_SHARE_ON_RADIOGRAPH * weights.sum():
        return None
    brightness = [
        ndimage.map_coordinates(radiograph, places[on_radiograph].T, order=1) for places in (inside, outside)
    ]
    return float(np.average(brightness[0] > brightness[1], weights=weights[on_radiograph]))


def _lengths(line_mm: np.ndarray) -> np.ndarray:
    """Return the length of line that belongs to each of its points `(N,)`."""
    steps = np.linalg.norm(np.diff(line_mm, axis=0), axis=1)
    return (np.append(steps, 0.0) + np.insert(steps, 0, 0.0)) / 2


def detector_points(camera: Camera, pixels: np.ndarray, distance_mm: float) -> np.ndarray:
    """Return RAS mm `(..., 3)` of (row, column) pixels `(..., 2)` of a radiograph.

    Args:
        camera: of the radiograph.
        pixels: pixel centres are whole numbers.
        distance_mm: of the radiograph from the isocentre along the rays, where rays are parallel and it may stand
            anywhere; a radiograph of diverging rays stands where its camera says.
    """
    columns, rows, rays = view_axes(camera.view)
    if isinstance(camera, ConeCamera):
        distance_mm = camera.source_to_detector_mm - camera.source_to_isocentre_mm
    from_middle = (np.asarray(pixels, dtype=np.float64) - camera.middle_px) * camera.pixel_mm
    middle = np.asarray(camera.isocentre_ras_mm) + distance_mm * rays
    return middle + from_middle[..., :1] * rows + from_middle[..., 1:] * columns


def detector_corners(camera: Camera, distance_mm: float) -> np.ndarray:
    """Return RAS mm `(2, 2, 3)` of the outer corners, `[top or bottom][left or right in standard orientation]`."""
    last_row, last_column = np.array(camera.shape) - 0.5
    pixels = [[(-0.5, -0.5), (-0.5, last_column)], [(last_row, -0.5), (last_row, last_column)]]
    return detector_points(camera, np.array(pixels), distance_mm)


ROLES = ("ap", "lateral")


def result_cameras(provenance: Mapping[str, Any]) -> dict[str, Camera]:
    """Return the cameras of the radiographs by role (`ap`, and `lateral` if there was one).

    Rays are parallel, as the network takes them, unless the radiograph states its source distances
    (`source_to_detector_mm` and `source_to_isocentre_mm`, and `central_ray_px` where the central ray does not meet
    the radiograph's middle); the middle of each radiograph is the middle of the grid.

    Args:
        provenance: what `provenance.json` holds.

    Raises:
        KeyError: the provenance does not say enough of a radiograph or of the grid.
    """
    grid = provenance["grid"]
    middle = transform_points(np.array(grid["affine_ras_mm"]), (np.array(grid["shape"]) - 1) / 2)
    isocentre = vector3(middle)
    roles = ROLES[:1] if provenance.get(VIEWS) == list(ROLES[:1]) else ROLES
    return {role: _camera(provenance["inputs"][role], isocentre) for role in roles}


def _camera(radiograph: Mapping[str, Any], isocentre: tuple[float, float, float]) -> Camera:
    shape = (int(radiograph["pixels"]["rows"]), int(radiograph["pixels"]["columns"]))
    pixel_mm = (float(radiograph["spacing_mm"]["row"]), float(radiograph["spacing_mm"]["column"]))
    distances_mm = None
    if "source_to_detector_mm" in radiograph:
        distances_mm = (
            float(radiograph["source_to_detector_mm"]),
            float(radiograph["source_to_isocentre_mm"]),
        )
    ray = radiograph.get("central_ray_px")
    ray_px = None if ray is None else (float(ray["row"]), float(ray["column"]))
    return radiograph_camera(radiograph["view"], isocentre, pixel_mm, shape, distances_mm, ray_px)


__all__ = [
    "BoneOutline",
    "Silhouettes",
    "bone_outlines",
    "detector_corners",
    "detector_points",
    "each_outline",
    "edge_agreement",
    "result_cameras",
    "silhouettes",
]
