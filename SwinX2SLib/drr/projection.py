"""Parallel and cone projection of CTs and label maps."""

from __future__ import annotations

from typing import Any

import numpy as np

from SwinX2SLib.anatomy import BACKGROUND, CLASS_COUNT
from SwinX2SLib.errors import needs_extra
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
    that of `project_rays` with `ParallelCamera.on_grid`, which has to sample.

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
RAYS_AT_ONCE = 8192  # bounds the memory: every ray holds its samples


def project_rays(
    attenuation: np.ndarray, affine: np.ndarray, camera: Camera, samples: int | None = None
) -> np.ndarray:
    """Integrate a volume along the rays of a camera.

    Args:
        attenuation: `(X, Y, Z)`, any orientation [1/mm].
        affine: 4x4, index -> RAS mm.
        camera: parallel or cone.
        samples: along the part of each ray that lies in the volume; twice the voxels of its diagonal when None.

    Returns:
        float32 `(rows, columns)` in display orientation; the integral of the attenuation, without unit.

    Raises:
        ValueError: the volume is not 3D, or the source lies inside it.
    """
    if attenuation.ndim != 3:
        raise ValueError(f"The volume must be 3D, not {attenuation.ndim}D.")
    _refuse_source_inside(attenuation.shape, affine, camera)
    samples = samples or int(2 * np.ceil(np.linalg.norm(attenuation.shape)))
    return _march(attenuation, affine, *_ray_ends(camera), samples).reshape(camera.shape)


def _march(
    attenuation: np.ndarray, affine: np.ndarray, source: np.ndarray, target: np.ndarray, samples: int
) -> np.ndarray:
    """Return the integral along rays from `source` `(1 or N, 3)` to `target` `(N, 3)`, RAS mm, as float32 `(N,)`."""
    # nanodrr and the torch below it are heavy, and nothing else of the package needs them.
    import torch

    with needs_extra("projection"):
        from nanodrr.data import Subject
        from nanodrr.drr import render
        from torchio import ScalarImage

    tensor = torch.from_numpy(np.ascontiguousarray(attenuation, dtype=np.float32))[None]
    subject = Subject.from_images(ScalarImage(tensor=tensor, affine=np.asarray(affine)), convert_to_mu=False)
    world = torch.eye(4)[None]
    unused: dict[str, Any] = {"k_inv": None, "sdd": None}  # the ends of the rays are given
    integrals = []
    with torch.inference_mode():
        for start in range(0, len(target), RAYS_AT_ONCE):
            part = slice(start, start + RAYS_AT_ONCE)
            starts, ends = (
                torch.from_numpy(places[part] if len(places) > 1 else places).float()[None]
                for places in (source, target)
            )
            picture = render(
                subject, rt_inv=world, height=1, width=ends.shape[1], n_samples=samples,
                src=starts, tgt=ends, backend="torch", **unused,
            )  # fmt: skip
            integrals.append(picture.reshape(-1))
    return torch.cat(integrals).numpy()


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
