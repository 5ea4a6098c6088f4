"""Projection along the rays of any camera, by nanodrr (ray marching with linear interpolation)."""

from __future__ import annotations

import numpy as np

from SwinX2SLib.geometry.cameras import Camera, ConeCamera, view_axes
from SwinX2SLib.geometry.frames import transform_points

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
        float32 `(rows, columns)` as the film hangs; the integral of the attenuation, without unit.

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
    from nanodrr.data import Subject
    from nanodrr.drr import render
    from torchio import ScalarImage

    tensor = torch.from_numpy(np.ascontiguousarray(attenuation, dtype=np.float32))[None]
    subject = Subject.from_images(ScalarImage(tensor=tensor, affine=np.asarray(affine)), convert_to_mu=False)
    world = torch.eye(4)[None]
    unused = {"k_inv": None, "sdd": None}  # the ends of the rays are given
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
        raise ValueError(
            "The X-ray source lies inside the volume; give a larger distance from source to isocentre."
        )
