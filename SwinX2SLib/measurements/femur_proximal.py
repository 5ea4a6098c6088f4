"""The upper femur: head, neck isthmus, shaft axis and trochanters, found on its surface.

Lengths are counted in radii of the head, so that a child's or a large man's femur is searched in the same places.
The acetabulum says where the head has to be (`acetabulum.HeadSite`). After Cerveri et al. 2010, Ann Biomed Eng
38:1752.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from SwinX2SLib.geometry.fits import Cone, Sphere, fit_cone, fit_sphere, vote_for_sphere
from SwinX2SLib.geometry.surfaces import Section, Surface, orthogonalise, plane_basis, unit
from SwinX2SLib.measurements.acetabulum import HeadSite
from SwinX2SLib.measurements.bones import Bone

HEAD_RADII_MM = np.arange(12.0, 34.0, 1.5)
VOTERS = 3500
# What looks within this angle of the neck's axis from the head's centre is neck, not head.
NECK_CONE_COS = np.cos(np.radians(62.0))
# From the head's centre along the neck, in head radii: where the isthmus may lie.
ISTHMUS_RADII = np.arange(0.6, 1.91, 0.075)
# Sections as near to the narrowest one steady its centre against stairs of voxels and dents.
BESIDE_RADII = 0.25
# Sections of the neck lie within this distance of the head's centre.
NECK_REACH_RADII = 3.2
# From the head's centre down the shaft, in head radii: below the lesser trochanter, above the bow of the middle.
SHAFT_RADII = (3.6, 6.6)
CLEAR_SHAFT_RADII = 1.2
# Of a shorter shaft, what lies below the greater trochanter counts too, but for the lesser one.
TROCHANTER_RADII = 2.0
LEAST_SHAFT_RADII = 0.4
# The shaft's side faces away from its axis (cosine of the tilt), and lies this near to it.
MOST_TILT, MOST_RADII_ASIDE = 0.5, 1.3
# Around each of these edges what counts fades over such a width: else a vertex would count or not by where the mesh
# happens to put it. Of femora (VSD) cut off 3.3 to 4.2 head radii below the head's centre, on a 2.6 mm grid, a little
# more smoothing (0.25 instead of 0.2) changes the offset by 0.10 mm (root mean square; 0.25 at most); with hard edges
# it was 0.17 (0.74). Their distance from the whole bone's offset is the same: 3.3 mm.
EDGE_RADII, EDGE_TILT, EDGE_RADII_ASIDE = 0.3, 0.6, 0.1
# The shaft ends where the first of so many sectors around its axis ends.
SECTORS = 8
# A shaft is not quite round: a stricter fit of a short one settles on one side of it, 14 degrees askew.
SHAFT_NOISE_MM = 0.8
# Seen along the shaft, the lesser trochanter lies between these angles from medial (0) towards posterior (90).
TROCHANTER_SECTOR_DEG = (-25.0, 105.0)
# Around the acetabulum's centre, in its radii: what may belong to the head.
SITE_RADII = 2.0
NO_HEAD = "The femoral head was not found."


@dataclass(frozen=True, eq=False)
class Neck:
    """The neck at its narrowest.

    Attributes:
        isthmus: the narrowest section.
        direction: unit vector from the isthmus to the head's centre.
        level_mm: distance of the isthmus from the head's centre.
    """

    isthmus: Section
    direction: np.ndarray
    level_mm: float


@dataclass(frozen=True, eq=False)
class Shaft:
    """The upper shaft.

    Attributes:
        cone: fitted to it; its direction points down.
        length_mm: of the part that was fitted.
        clear_of_trochanter: whether that part lies below the lesser trochanter.
        end_mm: how far below the head's centre the bone ends.
    """

    cone: Cone
    length_mm: float
    clear_of_trochanter: bool
    end_mm: float


@dataclass(frozen=True, eq=False)
class ProximalFemur:
    """What was found; what was not is None, `missing` says why there is no head."""

    head: Sphere | None = None
    neck: Neck | None = None
    shaft: Shaft | None = None
    missing: str = NO_HEAD


@dataclass(frozen=True, eq=False)
class UpperFemur:
    """Head, neck and shaft of a femur that has them all."""

    head: Sphere
    neck: Neck
    shaft: Shaft


def find_proximal(bone: Bone, site: HeadSite | None = None) -> ProximalFemur:
    """Find head, neck and shaft of a femur.

    Args:
        bone: the femur.
        site: where its head has to be; anywhere when None.
    """
    noise = 0.5 if bone.spacing_mm is None else max(0.5, 0.3 * max(bone.spacing_mm))
    found = _from_head(bone, _find_head(bone.surface, noise, None), noise)
    reason = site.misplaced(bone, found.head) if site and found.head else ""
    if not reason or site is None:
        return found
    if site.centre is not None:
        apart = np.linalg.norm(bone.vertices_ras_mm - site.centre, axis=1)
        near = np.flatnonzero(apart < SITE_RADII * site.radius_mm)
        found = _from_head(bone, _find_head(bone.surface, noise, None, near), noise)
        if found.head is not None and not site.misplaced(bone, found.head):
            return found
    return ProximalFemur(missing=reason)


def _from_head(bone: Bone, head: Sphere | None, noise: float) -> ProximalFemur:
    """Return neck and shaft to a first head, and the head from what lies away from the neck."""
    surface = bone.surface
    if head is None:
        return ProximalFemur()
    neck = _find_neck(surface, head)
    if neck is None:
        return ProximalFemur(head)
    head = _find_head(surface, noise, (head, neck)) or head
    neck = _find_neck(surface, head) or neck
    return ProximalFemur(head, neck, _find_shaft(surface, head, neck, noise, "left" in bone.name))


def medial_and_posterior(neck: Neck, down: np.ndarray, left: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return both directions `(3,)` square to the shaft, medial being where the neck points."""
    medial = orthogonalise(neck.direction, down)
    return medial, np.cross(medial, down) * (-1.0 if left else 1.0)


def _find_head(
    surface: Surface, noise_mm: float, known: tuple[Sphere, Neck] | None, voters: np.ndarray | None = None
) -> Sphere | None:
    """Return the ball of the head; with a first ball and its neck known, from what lies away from the neck.

    Args:
        surface: of the femur.
        noise_mm: distance of noise.
        known: first ball and its neck.
        voters: `(N,)` vertices among which the first ball is looked for; all when None.
    """
    voters = np.arange(len(surface.vertices)) if voters is None else voters
    if len(voters) < 50:
        return None
    if known is None:
        voters = voters[:: max(1, len(voters) // VOTERS)]
        centre, radius = vote_for_sphere(surface.vertices[voters], surface.normals[voters], HEAD_RADII_MM)
    else:
        centre, radius = known[0].centre, known[0].radius_mm
    for _ in range(3):
        on = _on_head(surface, centre, radius, known)
        if on.sum() < 20:
            return None
        weights = surface.areas[on]
        centre, radius = fit_sphere(surface.vertices[on], weights, centre, radius, noise_mm)
        if not HEAD_RADII_MM[0] / 2 < radius < 2 * HEAD_RADII_MM[-1]:
            return None
    on = _on_head(surface, centre, radius, known)
    residual = np.linalg.norm(surface.vertices[on] - centre, axis=1) - radius
    near = np.abs(residual) < 4 * noise_mm
    if near.sum() < 20:
        return None
    covered = float(surface.areas[on][near].sum() / (4 * np.pi * radius**2))
    spread = float(np.sqrt(np.average(residual[near] ** 2, weights=surface.areas[on][near])))
    return Sphere(centre, radius, spread, covered)


def _on_head(surface: Surface, centre: np.ndarray, radius: float, known: tuple | None) -> np.ndarray:
    away = surface.vertices - centre
    distance = np.linalg.norm(away, axis=1)
    away /= np.maximum(distance, 1e-9)[:, None]
    on = (np.abs(distance - radius) < 0.2 * radius) & ((away * surface.normals).sum(axis=1) > 0.8)
    return on if known is None else on & (away @ -known[1].direction < NECK_CONE_COS)


def _find_neck(surface: Surface, head: Sphere) -> Neck | None:
    """Return the narrowest section of the neck on an axis that runs through the head's centre and the section's."""
    away = surface.vertices - head.centre
    distance = np.linalg.norm(away, axis=1)
    shell = (distance > 1.15 * head.radius_mm) & (distance < 1.9 * head.radius_mm)
    if not shell.any():
        return None
    outwards = unit(np.average(away[shell], axis=0, weights=surface.areas[shell]))
    surface, neck = surface.near(head.centre, NECK_REACH_RADII * head.radius_mm), None
    for _ in range(8):
        neck = _narrowest(surface, head, outwards)
        if neck is None:
            return None
        turned, outwards = outwards @ -neck.direction, -neck.direction
        if turned > 1 - 1e-6:
            break
    return neck


def _narrowest(surface: Surface, head: Sphere, outwards: np.ndarray) -> Neck | None:
    found = []
    for level in ISTHMUS_RADII * head.radius_mm:
        point = head.centre + level * outwards
        pieces = [s for s in surface.cut(point, outwards) if s.area_mm2 > 0.1 * head.radius_mm**2]
        if pieces:
            nearest = min(pieces, key=lambda piece: float(np.linalg.norm(piece.centroid - point)))
            if np.linalg.norm(nearest.centroid - point) < head.radius_mm:
                found.append((level, nearest))
    if not found:
        return None
    smallest = min(found, key=lambda pair: pair[1].area_mm2)
    beside = [section for level, section in found if abs(level - smallest[0]) < BESIDE_RADII * head.radius_mm]
    centre = np.mean([section.centroid for section in beside], axis=0)
    area = float(np.mean([section.area_mm2 for section in beside]))
    away = head.centre - centre
    return Neck(Section(area, centre, smallest[1].points), unit(away), float(np.linalg.norm(away)))


def _find_shaft(surface: Surface, head: Sphere, neck: Neck, noise_mm: float, left: bool) -> Shaft | None:
    distance = np.linalg.norm(surface.vertices - head.centre, axis=1)
    end = surface.vertices[distance > 0.97 * distance.max()].mean(axis=0)
    # Neck and shaft axis meet about two radii from the head's centre.
    point = head.centre - 2.0 * head.radius_mm * neck.direction
    direction = unit(end - point)
    shaft = None
    for _ in range(3):
        behind = _trochanter_sector(surface, neck, point, direction, left)
        shaft = _fit_shaft(surface, head, point, direction, noise_mm, behind)
        if shaft is None:
            return None
        point, direction = shaft.cone.point, shaft.cone.direction
    return shaft


def _trochanter_sector(
    surface: Surface, neck: Neck, point: np.ndarray, direction: np.ndarray, left: bool
) -> np.ndarray:
    """Return which vertices lie, seen along the shaft, where the lesser trochanter is, `(V,)`."""
    medial, posterior = medial_and_posterior(neck, direction, left)
    away = surface.vertices - point
    angle = np.degrees(np.arctan2(away @ posterior, away @ medial))
    return (angle > TROCHANTER_SECTOR_DEG[0]) & (angle < TROCHANTER_SECTOR_DEG[1])


def _fit_shaft(
    surface: Surface,
    head: Sphere,
    point: np.ndarray,
    direction: np.ndarray,
    noise_mm: float,
    trochanter: np.ndarray,
) -> Shaft | None:
    level = (surface.vertices - head.centre) @ direction / head.radius_mm
    last = float(level.max())
    tilt = np.abs(surface.normals @ direction)
    away = surface.vertices - point
    aside = np.linalg.norm(away - np.outer(away @ direction, direction), axis=1) / head.radius_mm
    tube = (tilt < MOST_TILT) & (aside < MOST_RADII_ASIDE)
    bottom = min(SHAFT_RADII[1], _whole_round(away, direction, np.where(tube, level, 0.0)) - 0.05)
    clear = bottom - SHAFT_RADII[0] >= CLEAR_SHAFT_RADII
    if not clear:  # of a stump all that is there counts
        bottom = min(SHAFT_RADII[1], last - 0.05)
    top = SHAFT_RADII[0] if clear else TROCHANTER_RADII
    if bottom - top < LEAST_SHAFT_RADII:
        return None
    share = _faded(level - top, EDGE_RADII) * _faded(bottom - level, EDGE_RADII)
    share *= _faded(MOST_TILT - tilt, EDGE_TILT) * _faded(MOST_RADII_ASIDE - aside, EDGE_RADII_ASIDE)
    share *= np.where(trochanter, _faded(level - SHAFT_RADII[0], EDGE_RADII), 1.0)
    chosen = share > 0
    if chosen.sum() < 30:
        return None
    scale, weights = max(noise_mm, SHAFT_NOISE_MM), surface.areas[chosen] * share[chosen]
    cone = fit_cone(surface.vertices[chosen], weights, point, direction, scale)
    if cone.direction @ direction < 0.8 or not 0.1 < cone.radius_mm / head.radius_mm < 1.5:
        return None
    return Shaft(cone, (bottom - top) * head.radius_mm, clear, last * head.radius_mm)


def _faded(beyond: np.ndarray, width: float) -> np.ndarray:
    """Return how much counts `(V,)` what lies so far beyond an edge: from 0 to 1 over a width around it."""
    return np.clip(beyond / width + 0.5, 0.0, 1.0)


def _whole_round(away: np.ndarray, direction: np.ndarray, level: np.ndarray) -> float:
    """Return the level down to which the shaft is there all round: an oblique cut leaves one side longer.

    Args:
        away: `(V, 3)` from a point on the axis.
        direction: of the axis, down.
        level: `(V,)`, 0 for what is no shaft.
    """
    across, beside = plane_basis(direction)
    turn = np.arctan2(away @ beside, away @ across) / (2 * np.pi) % 1.0
    sector = np.minimum((turn * SECTORS).astype(int), SECTORS - 1)
    deepest = np.zeros(SECTORS)
    np.maximum.at(deepest, sector, level)
    return float(deepest.min())


def meeting_points(head: Sphere, neck: Neck, cone: Cone) -> tuple[np.ndarray, np.ndarray]:
    """Return the points on the neck axis and on the shaft axis where the two come nearest, each `(3,)`."""
    away = head.centre - cone.point
    along = neck.direction @ cone.direction
    scale = max(1 - along**2, 1e-9)
    on_neck = (along * (away @ cone.direction) - away @ neck.direction) / scale
    on_shaft = (away @ cone.direction - along * (away @ neck.direction)) / scale
    return head.centre + on_neck * neck.direction, cone.point + on_shaft * cone.direction
