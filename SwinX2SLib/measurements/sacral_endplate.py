"""The upper endplate of S1 with its rims, found where the hips, or the vertebra above, say that it faces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csgraph
from scipy.spatial import cKDTree

from SwinX2SLib.geometry.fits import tukey
from SwinX2SLib.geometry.surfaces import unit
from SwinX2SLib.measurements.bones import Bone
from SwinX2SLib.measurements.pelvis_landmarks import PelvicFrame
from SwinX2SLib.measurements.results import NotFoundError
from SwinX2SLib.measurements.vertebra_shape import VertebraShape

# In the frame of the anterior pelvic plane the endplate faces forwards and upwards, and at most so far off.
FACING = (0.0, 0.7, 0.7)
FACING_COS = np.cos(np.radians(42.0))
HALF_WIDTH_MM = 24.0
# The endplate is among the uppermost of the sacrum; further down, the tail may face the same way.
DEPTH_MM = 60.0
SEEDS = 160
PATCH_MM = 7.0
FLATNESS_MM = 1.6
ALIKE_COS = np.cos(np.radians(28.0))
# The promontory is the mean of the front edge in five columns of this width, no further from the centre than that.
COLUMN_MM = 3.5
PROMONTORY_REACH_MM = 32.0
TIP_MM = 1.0
# The disc under the lowest lumbar vertebra is no higher than this.
MOST_DISC_MM = 22.0
_NO_ENDPLATE = "No flat endplate was found at the upper end of the sacrum."


@dataclass(frozen=True, eq=False)
class SacralEndplate:
    """The upper end of S1.

    Attributes:
        centre_ras_mm: `(3,)`, centroid of the flat part.
        normal_ras: `(3,)`, upwards.
        promontory_ras_mm: `(3,)`, the middle of its front edge.
        posterior_ras_mm: `(3,)`, its back edge in the median plane.
        area_mm2: of the flat part.
        residual_mm: root mean square distance of that part from its plane.
    """

    centre_ras_mm: np.ndarray
    normal_ras: np.ndarray
    promontory_ras_mm: np.ndarray
    posterior_ras_mm: np.ndarray
    area_mm2: float
    residual_mm: float


def find_sacral_endplate(sacrum: Bone, frame: PelvicFrame) -> SacralEndplate:
    """Return the largest flat face of the sacrum near the middle that looks forwards and upwards.

    Args:
        sacrum: the bone.
        frame: of the hips, or of the vertebra above (`frame_under`).

    Raises:
        NotFoundError: no such face is there.
    """
    points = frame.to_frame(sacrum.vertices_ras_mm)
    normals = sacrum.surface.normals @ frame.rotation.T
    areas = sacrum.surface.areas
    middle = float(np.average(points[:, 0], weights=np.maximum(areas, 1e-9)))
    chosen = (np.abs(points[:, 0] - middle) < HALF_WIDTH_MM) & (points[:, 2] > points[:, 2].max() - DEPTH_MM)
    chosen &= normals @ unit(np.array(FACING)) > FACING_COS
    if chosen.sum() < 30:
        raise NotFoundError(_NO_ENDPLATE)
    plane = _best_plane(points[chosen], normals[chosen], areas[chosen])
    if plane is None:
        raise NotFoundError(_NO_ENDPLATE)
    face = _flat_part(sacrum, points, normals, chosen, *plane)
    if face.sum() < 12:
        raise NotFoundError(_NO_ENDPLATE)
    centre, normal, residual = _fit_plane(points[face], areas[face])
    promontory = _promontory(points, areas, centre, normal)
    return SacralEndplate(
        frame.to_ras(centre),
        normal @ frame.rotation,
        frame.to_ras(promontory),
        frame.to_ras(_back_edge(points[face], centre, normal)),
        float(areas[face].sum()),
        residual,
    )


def frame_under(vertebra: VertebraShape) -> PelvicFrame:
    """Return the frame in which the endplate that a vertebra faces looks where it does in the frame of the hips.

    Raises:
        NotFoundError: the vertebra has no lower endplate.
    """
    plate = vertebra.endplate_ras("inferior")
    if plate is None:
        raise NotFoundError("The lower endplate of the lowest lumbar vertebra was not found.")
    centre, normal = plate
    right = vertebra.found_frame.axes[:, 0]
    right = unit(right - normal * (right @ normal))
    forwards = unit(np.cross(normal, right) + normal)
    return PelvicFrame(np.stack([right, forwards, np.cross(right, forwards)]), centre)


def check_disc(endplate: SacralEndplate, vertebra: VertebraShape) -> None:
    """Raise when an endplate of S1 cannot belong to the vertebra above.

    Raises:
        NotFoundError: it lies too far off.
    """
    plate = vertebra.endplate_ras("inferior")
    if plate is not None and np.linalg.norm(endplate.centre_ras_mm - plate[0]) > MOST_DISC_MM + 10.0:
        raise NotFoundError("The sacrum is too far below the lowest lumbar vertebra.")


def _best_plane(points: np.ndarray, normals: np.ndarray, areas: np.ndarray) -> tuple | None:
    """Return point and normal of the plane on which most area lies, facing the same way."""
    tree = cKDTree(points)
    best, found = 0.0, None
    for seed in range(0, len(points), max(1, len(points) // SEEDS)):
        near = tree.query_ball_point(points[seed], PATCH_MM)
        normal = (normals[near] * areas[near, None]).sum(axis=0)
        if not np.linalg.norm(normal) > 0:
            continue
        normal, centre = unit(normal), points[near].mean(axis=0)
        on = (np.abs((points - centre) @ normal) < FLATNESS_MM) & (normals @ normal > ALIKE_COS)
        area = float(areas[on].sum())
        if area > best:
            best, found = area, (centre, normal)
    return found


def _flat_part(
    sacrum: Bone,
    points: np.ndarray,
    normals: np.ndarray,
    chosen: np.ndarray,
    centre: np.ndarray,
    normal: np.ndarray,
) -> np.ndarray:
    """Return which vertices `(V,)` are the connected flat face; the plane is fitted to it three times."""
    face = chosen
    for _ in range(3):
        on = chosen & (np.abs((points - centre) @ normal) < FLATNESS_MM) & (normals @ normal > ALIKE_COS)
        face = _largest_patch(sacrum, on)
        if face.sum() < 12:
            break
        centre, normal, _ = _fit_plane(points[face], sacrum.surface.areas[face])
    return face


def _largest_patch(sacrum: Bone, on: np.ndarray) -> np.ndarray:
    numbers = np.flatnonzero(on)
    if not len(numbers):
        return on
    _, patch = csgraph.connected_components(sacrum.surface.adjacency[numbers][:, numbers], directed=False)
    areas = np.bincount(patch, sacrum.surface.areas[numbers])
    face = np.zeros_like(on)
    face[numbers[patch == areas.argmax()]] = True
    return face


def _fit_plane(points: np.ndarray, areas: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Return centroid, unit normal (upwards) and residual of the plane through points, with Tukey's weights."""
    weights, centre, normal = areas, points[0], np.array(FACING)
    for _ in range(4):
        centre = np.average(points, axis=0, weights=weights)
        away = points - centre
        normal = np.linalg.eigh((away * weights[:, None]).T @ away)[1][:, 0]
        height = away @ normal
        weights = np.maximum(areas * tukey(height / 0.6), 1e-9)
    normal = normal if normal @ np.array(FACING) > 0 else -normal
    centre = np.average(points, axis=0, weights=areas)
    return centre, normal, float(np.sqrt(np.average(((points - centre) @ normal) ** 2, weights=areas)))


def _promontory(points: np.ndarray, areas: np.ndarray, centre: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """Return the front edge of the endplate: what reaches furthest forwards along it and above it."""
    right = unit(np.array([1.0, 0.0, 0.0]) - normal[0] * normal)
    forwards = np.cross(normal, right)
    away = points - centre
    lateral, reach = away @ right, away @ unit(normal + forwards)
    near = np.linalg.norm(away, axis=1) < PROMONTORY_REACH_MM
    columns = []
    for left in np.arange(-2.5, 2.5) * COLUMN_MM:
        column = np.flatnonzero(near & (lateral >= left) & (lateral < left + COLUMN_MM))
        if len(column):
            tip = column[reach[column] > reach[column].max() - TIP_MM]
            columns.append(np.average(points[tip], axis=0, weights=np.maximum(areas[tip], 1e-9)))
    return np.mean(columns, axis=0) if columns else centre


def _back_edge(face: np.ndarray, centre: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """Return where the flat face `(N, 3)` ends behind, in a column about its middle."""
    right = unit(np.array([1.0, 0.0, 0.0]) - normal[0] * normal)
    forwards = np.cross(normal, right)
    away = face - centre
    middle = np.abs(away @ right) < 2.5 * COLUMN_MM
    reach = float((away[middle] @ forwards).min(initial=0.0))
    return centre + reach * forwards
