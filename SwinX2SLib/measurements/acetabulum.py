"""Where the head of a femur has to be: in the acetabulum of its side, or else at the end next to the trunk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from SwinX2SLib.geometry.fits import Sphere, vote_for_sphere
from SwinX2SLib.measurements.bones import Bone
from SwinX2SLib.measurements.quality_flags import title_of

# Of 11 people in CT, on grids up to 4 mm, and 10 as meshes (VSD), the acetabulum was found within 0.24 radii of the
# head's centre; in reconstructions whose head was right within 0.30. False heads lay 0.86 radii away or more.
MOST_APART_RADII = 0.6
ACETABULUM_RADII_MM = np.arange(12.0, 31.0, 1.5)
# Dents of porous bone are as round as an acetabulum, but smaller: large hollows count for more than the part of a
# ball that they are. Stairs of voxels spread the votes.
AREA_POWER, SPREAD_RADII = 1.0, 0.16
VOTERS = 3500
LEAST_VERTICES = 100
# A bone so many times as long as wide has two ends, and a head lies in the half next to the trunk.
LEAST_ELONGATION = 2.0
# Without other bones: a femur within this angle (cosine) of the patient's axis has its head above.
UPRIGHT_COS = 0.5


@dataclass(frozen=True, eq=False)
class HeadSite:
    """Where the head of a femur has to be.

    Attributes:
        side: "left" or "right".
        centre: RAS mm `(3,)`, of the acetabulum, or None without a hip bone.
        radius_mm: of the acetabulum.
        trunk: RAS mm `(3,)`, the middle of the other bones of the trunk, or None.
    """

    side: str
    centre: np.ndarray | None
    radius_mm: float
    trunk: np.ndarray | None

    def misplaced(self, bone: Bone, head: Sphere) -> str:
        """Return why a ball is not the head of a femur, a sentence, or nothing where it may be."""
        if self.centre is not None:
            apart = float(np.linalg.norm(head.centre - self.centre))
            if apart <= MOST_APART_RADII * max(head.radius_mm, self.radius_mm):
                return ""
            return (
                f"The femoral head was not found in the acetabulum: the round part lies {apart:.0f} mm away."
            )
        up = _up_along(bone, self.trunk)
        if up is None:
            return ""
        level = bone.vertices_ras_mm @ up
        if float(head.centre @ up) >= (level.min() + level.max()) / 2:
            return ""
        return f"The femoral head was not found: the round part of the {title_of(bone.name)} is at its lower end."


def head_site(bones: Mapping[str, Bone], side: str) -> HeadSite:
    """Return where the head of a femur has to be.

    Args:
        bones: by label name.
        side: "left" or "right".
    """
    hip = bones.get(f"hip_{side}")
    trunk = [
        bone.vertices_ras_mm.mean(axis=0)
        for name, bone in bones.items()
        if not name.startswith("femur") and len(bone.vertices_ras_mm)
    ]
    middle = np.mean(trunk, axis=0) if trunk else None
    if hip is None or len(hip.vertices_ras_mm) < LEAST_VERTICES:
        return HeadSite(side, None, 0.0, middle)
    centre, radius = _acetabulum(hip, bones.get(f"femur_{side}"))
    return HeadSite(side, centre, radius, middle)


def _acetabulum(hip: Bone, femur: Bone | None) -> tuple[np.ndarray, float]:
    """Return centre and radius of the largest round hollow in the half of a hip bone that is nearer to the femur."""
    points, normals = hip.vertices_ras_mm, hip.surface.normals
    if femur is not None and len(femur.vertices_ras_mm):
        apart = cKDTree(femur.vertices_ras_mm).query(points)[0]
        near = apart <= np.median(apart)
        points, normals = points[near], normals[near]
    step = max(1, len(points) // VOTERS)
    return vote_for_sphere(points[::step], -normals[::step], ACETABULUM_RADII_MM, AREA_POWER, SPREAD_RADII)


def _up_along(bone: Bone, trunk: np.ndarray | None) -> np.ndarray | None:
    """Return the direction `(3,)` along a femur to the trunk, or None where its ends cannot be distinguished."""
    away = bone.vertices_ras_mm - bone.vertices_ras_mm.mean(axis=0)
    axes = np.linalg.svd(away, full_matrices=False)[2]
    extent = np.ptp(away @ axes.T, axis=0)
    if extent[0] < LEAST_ELONGATION * extent[1]:
        return None
    if trunk is not None:
        towards = float((trunk - bone.vertices_ras_mm.mean(axis=0)) @ axes[0])
        return axes[0] * np.sign(towards) if abs(towards) > extent[0] / 4 else None
    return axes[0] * np.sign(axes[0][2]) if abs(axes[0][2]) > UPRIGHT_COS else None
