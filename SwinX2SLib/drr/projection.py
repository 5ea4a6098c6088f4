"""Parallel and cone projection of CTs and label maps."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import map_coordinates

from SwinX2SLib.anatomy import BACKGROUND, CLASS_COUNT
from SwinX2SLib.geometry.cameras import VIEWS, Camera, ConeCamera, view_axes
from SwinX2SLib.geometry.frames import NETWORK_ORIENTATION, orientation_of, transform_points, voxel_spacing_mm

# At 70 keV, about the mean energy of a diagnostic beam: water 0.193 and cortical bone 0.26 cm^2/g (1.92 g/cm^3),
# NIST XCOM. Whole bones, cancellous inside, attenuate less.
WATER_PER_MM = 0.0193
BONE_PER_MM = 0.035


def ct_attenuation(ct: np.ndarray, threshold: float = 0.0) -> np.ndarray:
    """Return what of a CT a ray meets, float32 [1/mm]: the excess over a threshold, on water's scale.

    The paper's ray caster (ITK) sums the excess over its threshold of 0 HU. With -1000 HU, the air's number, this is
    the definition of the Hounsfield scale read backwards.

    Args:
        ct: CT numbers [HU], or any values that rise with density; any shape.
        threshold: in the unit of `ct`; what lies below is air.
    """
    return np.maximum(np.asarray(ct, dtype=np.float32) - np.float32(threshold), 0) * np.float32(
        WATER_PER_MM / 1000
    )


def label_attenuation(labels: np.ndarray, per_mm: float | np.ndarray = BONE_PER_MM) -> np.ndarray:
    """Return a volume, float32 [1/mm], in which every bone has an even attenuation.

    Args:
        labels: uint8 label volume.
        per_mm: of all bones, or one value for each of the 55 classes.
    """
    table = np.broadcast_to(np.asarray(per_mm, dtype=np.float32), CLASS_COUNT).copy()
    if np.ndim(per_mm) == 0:
        table[BACKGROUND] = 0
    return table[labels]


def project_grid(attenuation: np.ndarray, affine: np.ndarray, view: str) -> np.ndarray:
    """Sum a volume along the rays of a view; the radiograph has one pixel for each line of voxels.

    The sum is the exact integral of the volume interpolated linearly between its voxels: the same radiograph as
    that of `project_rays` with `ParallelCamera.on_grid`.

    Args:
        attenuation: `(X, Y, Z)` in network order [1/mm].
        affine: 4x4, index -> RAS mm.
        view: one of `cameras.VIEWS`.

    Returns:
        float32 `(rows, columns)` in display orientation; the integral of the attenuation, without unit.

    Raises:
        ValueError: the volume is not in network order, or there is no such view.
    """
    if view not in VIEWS:
        raise ValueError(f"Unknown view {view!r}; views are {', '.join(VIEWS)}.")
    orientation = orientation_of(affine)
    if attenuation.ndim != 3 or orientation != NETWORK_ORIENTATION:
        raise ValueError(
            f"The volume must be 3D and in network order ({NETWORK_ORIENTATION}), not {attenuation.ndim}D "
            f"{orientation}; use geometry.frames.reorient first."
        )
    along = 0 if view == "lateral" else 1
    depth_mm = voxel_spacing_mm(affine)[along]
    return (attenuation.sum(axis=along, dtype=np.float64) * depth_mm).T.astype(np.float32)


PARALLEL_REACH_MM = 10_000.0  # parallel rays start and end this far from the isocentre
SLICES_AT_ONCE = 32  # bounds the memory
_SAME = 1e-6  # places closer than so many voxels are one


def project_rays(attenuation: np.ndarray, affine: np.ndarray, camera: Camera) -> np.ndarray:
    """Integrate a volume along the rays of a camera.

    Joseph's method (IEEE Trans Med Imaging 1 (1982) 192): a ray is sampled where it crosses the slices of voxels that
    it meets most directly, and interpolated bilinearly within them: the integral of the volume interpolated linearly,
    taken at its own nodes.

    Args:
        attenuation: `(X, Y, Z)`, any orientation [1/mm]; beyond its border it falls to 0 within one voxel.
        affine: 4x4, index -> RAS mm.
        camera: parallel or cone.

    Returns:
        float32 `(rows, columns)` in display orientation; the integral of the attenuation, without unit.

    Raises:
        ValueError: the volume is not 3D, or the source lies inside it.
    """
    if attenuation.ndim != 3:
        raise ValueError(f"The volume must be 3D, not {attenuation.ndim}D.")
    _refuse_source_inside(attenuation.shape, affine, camera)
    source, target = _ray_ends(camera)
    to_index = np.linalg.inv(affine)
    start, stop = (transform_points(to_index, ends) for ends in (source, target))
    along = int(np.abs(stop - start).mean(axis=0).argmax())
    slices = np.moveaxis(np.asarray(attenuation, dtype=np.float32), along, 0)
    # How far along the rays the first and the last slice lie, as a share of their lengths, and where in the slice.
    numbers = np.array([0, len(slices) - 1])[:, None]
    shares = (numbers - start[:, along]) / (stop - start)[:, along]
    places = np.delete(start + shares[..., None] * (stop - start), along, axis=-1)
    places, shares = places.reshape(2, *camera.shape, 2), shares.reshape(2, *camera.shape)
    axes = _separable_axes(places) if ((shares >= 0) & (shares <= 1)).all() else None
    total = _sum_separable(slices, places, *axes) if axes else _sum_at_points(slices, places, shares)
    step_mm = np.linalg.norm(target - source, axis=1) / np.abs((stop - start)[:, along])
    return (total * step_mm.reshape(camera.shape)).astype(np.float32)


def _separable_axes(places: np.ndarray) -> tuple[int, int] | None:
    """Return which axis of the slices the rows of the radiograph run along, and which its columns.

    None where a volume is oblique to the radiograph: then both depend on row and column.

    Args:
        places: `(2, rows, columns, 2)` of the rays in the first and the last slice [voxels].
    """
    for down, across in ((0, 1), (1, 0)):
        spread = max(np.ptp(places[..., down], axis=2).max(), np.ptp(places[..., across], axis=1).max())
        if spread < _SAME:
            return down, across
    return None


def _sum_separable(slices: np.ndarray, places: np.ndarray, down: int, across: int) -> np.ndarray:
    """Return the sums of slices `(S, U, V)` along rays: each slice between two matrices of interpolation."""
    rows, columns = places[:, :, 0, down], places[:, 0, :, across]
    total = np.zeros((rows.shape[1], columns.shape[1]))
    for first in range(0, len(slices), SLICES_AT_ONCE):
        part = np.ascontiguousarray(slices[first : first + SLICES_AT_ONCE])
        shares = np.arange(first, first + len(part))[:, None] / max(len(slices) - 1, 1)
        left, right = (
            _weights(ends[0] + shares * (ends[1] - ends[0]), part.shape[1 + axis])
            for ends, axis in ((rows, down), (columns, across))
        )
        values = part if down == 0 else part.transpose(0, 2, 1)
        total += (left @ values @ right.transpose(0, 2, 1)).sum(axis=0)
    return total


def _weights(places: np.ndarray, count: int) -> np.ndarray:
    """Return the weights of linear interpolation between `count` voxels `(..., count)`, 0 beyond the border."""
    away = np.abs(places.astype(np.float32)[..., None] - np.arange(count, dtype=np.float32))
    return np.maximum(np.float32(1) - away, 0, out=away)


def _sum_at_points(slices: np.ndarray, places: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Return the sums of slices `(S, U, V)` along rays between their ends, each place on its own."""
    total = np.zeros(places.shape[1:3])
    for number, values in enumerate(slices):
        share = number / max(len(slices) - 1, 1)
        at = places[0] + share * (places[1] - places[0])
        passed = shares[0] + share * (shares[1] - shares[0])
        found = map_coordinates(values, np.moveaxis(at, -1, 0), order=1, mode="grid-constant")
        total += found * ((passed >= 0) & (passed <= 1))
    return total


def _ray_ends(camera: Camera) -> tuple[np.ndarray, np.ndarray]:
    """Return starts `(1 or N, 3)` and ends `(N, 3)` of the rays, RAS mm, row by row."""
    columns, rows, rays = view_axes(camera.view)
    down, across = (
        (np.arange(count) - middle) * size
        for count, middle, size in zip(camera.shape, camera.middle_px, camera.pixel_mm, strict=True)
    )
    plane = (down[:, None, None] * rows + across[None, :, None] * columns).reshape(-1, 3)
    isocentre = np.asarray(camera.isocentre_ras_mm, dtype=np.float64)
    if isinstance(camera, ConeCamera):
        behind = camera.source_to_detector_mm - camera.source_to_isocentre_mm
        return camera.source_ras_mm[None], isocentre + plane + behind * rays
    return isocentre + plane - PARALLEL_REACH_MM * rays, isocentre + plane + PARALLEL_REACH_MM * rays


def _refuse_source_inside(shape: tuple[int, ...], affine: np.ndarray, camera: Camera) -> None:
    if not isinstance(camera, ConeCamera):
        return
    index = transform_points(np.linalg.inv(affine), camera.source_ras_mm)
    if ((index > -1) & (index < np.asarray(shape))).all():
        raise ValueError("The X-ray source is inside the volume; use a larger source-to-isocentre distance.")


def project_ct(
    ct: np.ndarray, affine: np.ndarray, view_or_camera: str | Camera, threshold: float = 0.0
) -> np.ndarray:
    """Return the radiograph of a CT.

    Args:
        ct: `(X, Y, Z)` [HU]; in network order if a view is named.
        affine: 4x4, index -> RAS mm.
        view_or_camera: a view ("ap", "pa", "lateral"): parallel rays, one pixel for each line of voxels, as in the
            published radiographs; or a camera.
        threshold: CT number below which all is air.

    Returns:
        float32 `(rows, columns)` in display orientation, bone bright; the integral of the attenuation.
    """
    return _project(ct_attenuation(ct, threshold), affine, view_or_camera)


def project_labels(
    labels: np.ndarray,
    affine: np.ndarray,
    view_or_camera: str | Camera,
    per_mm: float | np.ndarray = BONE_PER_MM,
) -> np.ndarray:
    """Return the radiograph of a label map.

    Args:
        labels: uint8 `(X, Y, Z)`; in network order if a view is named.
        affine: 4x4, index -> RAS mm.
        view_or_camera: as of `project_ct`.
        per_mm: attenuation of all bones, or of each of the 55 classes [1/mm].

    Returns:
        float32 `(rows, columns)` in display orientation, bone bright; the integral of the attenuation.
    """
    return _project(label_attenuation(labels, per_mm), affine, view_or_camera)


def _project(attenuation: np.ndarray, affine: np.ndarray, view_or_camera: str | Camera) -> np.ndarray:
    if isinstance(view_or_camera, str):
        return project_grid(attenuation, affine, view_or_camera)
    return project_rays(attenuation, affine, view_or_camera)
