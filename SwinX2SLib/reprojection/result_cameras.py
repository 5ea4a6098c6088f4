"""The cameras of a result: how its films were taken, as its provenance tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from SwinX2SLib.geometry.cameras import Camera, ConeCamera, ParallelCamera, view_axes
from SwinX2SLib.geometry.frames import transform_points

ROLES = ("ap", "lateral")


def result_cameras(provenance: Mapping[str, Any]) -> dict[str, Camera]:
    """Return the cameras of both films by role (`ap`, `lateral`).

    Rays are parallel, as the network takes them, unless the film states the distances of its tube
    (`source_to_detector_mm` and `source_to_isocentre_mm`, and `central_ray_px` where the central ray does not meet
    the film's middle); the middle of each film is the middle of the grid.

    Args:
        provenance: what `provenance.json` holds.

    Raises:
        KeyError: the provenance does not say enough of a film or of the grid.
    """
    grid = provenance["grid"]
    middle = transform_points(np.array(grid["affine_ras_mm"]), (np.array(grid["shape"]) - 1) / 2)
    isocentre = tuple(float(part) for part in middle)
    return {role: _camera(provenance["inputs"][role], isocentre) for role in ROLES}


def _camera(film: Mapping[str, Any], isocentre: tuple[float, float, float]) -> Camera:
    shape = (int(film["pixels"]["rows"]), int(film["pixels"]["columns"]))
    pixel_mm = (float(film["spacing_mm"]["row"]), float(film["spacing_mm"]["column"]))
    if "source_to_detector_mm" not in film:
        return ParallelCamera(film["view"], isocentre, pixel_mm, shape)
    detector, source = float(film["source_to_detector_mm"]), float(film["source_to_isocentre_mm"])
    # A pixel's size is told at the patient; on the detector it is larger.
    on_detector = tuple(size * detector / source for size in pixel_mm)
    ray = film.get("central_ray_px")
    if ray is None:
        return ConeCamera(film["view"], isocentre, on_detector, shape, detector, source)
    ray_px = (float(ray["row"]), float(ray["column"]))
    # The film's middle is that of the grid; the central ray goes through the patient beside it.
    down, across = (np.array(ray_px) - (np.array(shape) - 1) / 2) * pixel_mm
    columns, rows, _ = view_axes(film["view"])
    on_ray = tuple(float(part) for part in np.asarray(isocentre) + down * rows + across * columns)
    return ConeCamera(film["view"], on_ray, on_detector, shape, detector, source, ray_px)
