"""The lower femur: condyles, epicondyles and the notch between them, with the axes of the whole bone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from SwinX2SLib.geometry.surfaces import orthogonalise, unit
from SwinX2SLib.measurements.bones import Bone
from SwinX2SLib.measurements.femur_proximal import UpperFemur, medial_and_posterior

# A femur that reaches this many head radii below the head's centre may have its condyles.
WHOLE_RADII = 13.0
# Height of the part with the condyles, in head radii, and how much wider than the shaft it has to be.
CONDYLES_RADII = 2.6
WIDENING = 2.0
# Height of the epicondyles over the lowest point of the condyles, in head radii.
EPICONDYLE_RADII = (0.8, 1.7)
# The medial epicondyle lies, from front to back, within this distance of the lateral one.
EPICONDYLES_APART_RADII = 0.45
# Strips from front to back in which the notch is looked for, and how far its roof rises from the groove to it.
NOTCH_STRIP_RADII = 0.08
NOTCH_RISE_RADII = 0.08
# Behind this place the condyles hang lower than the groove.
NOTCH_BACK_RADII = 0.2
# The anatomical axis runs through the middles of these sections, parts of the way from the head to the knee.
SHAFT_PARTS = np.linspace(0.3, 0.75, 16)
TIP_MM = 1.0
# Of coarse voxels a tip is as flat as this part of one.
TIP_VOXELS = 0.6
TURNS = 8


@dataclass(frozen=True, eq=False)
class DistalFemur:
    """The knee end.

    Attributes:
        places: RAS mm `(3,)`: posterior_condyle_medial, posterior_condyle_lateral, distal_condyle_medial,
            distal_condyle_lateral, epicondyle_medial, epicondyle_lateral, intercondylar_notch.
        medial: unit vector along the posterior condylar line.
        posterior: unit vector square to it and to the mechanical axis.
        mechanical: unit vector from the head's centre to the notch.
        shaft_point, shaft: `(3,)` mm and unit vector down, the line through the middle of the whole shaft.
    """

    places: dict[str, np.ndarray]
    medial: np.ndarray
    posterior: np.ndarray
    mechanical: np.ndarray
    shaft_point: np.ndarray
    shaft: np.ndarray

    @property
    def mechanical_anatomical_angle_deg(self) -> float:
        """Angle between the mechanical axis and that of the shaft, seen square to the condyles; positive inwards."""
        return float(np.degrees(np.arctan2(self.shaft @ self.medial, self.shaft @ self.mechanical)))


def find_distal(bone: Bone, upper: UpperFemur) -> DistalFemur | None:
    """Return the landmarks of the knee end, or None when the bone ends before it or is cut there."""
    radius = upper.head.radius_mm
    down = upper.shaft.cone.direction
    if upper.shaft.end_mm < WHOLE_RADII * radius or not _ends_in_condyles(bone, upper):
        return None
    medial, posterior = medial_and_posterior(upper.neck, down, "left" in bone.name)
    places: dict[str, np.ndarray] = {}
    tip_mm = max(TIP_MM, TIP_VOXELS * max(bone.spacing_mm or (0.0,)))
    for _ in range(TURNS):
        level = (bone.vertices_ras_mm - upper.head.centre) @ down
        part = level > level.max() - CONDYLES_RADII * radius
        points, areas = bone.vertices_ras_mm[part], bone.surface.areas[part]
        places = _landmarks(points, areas, down, medial, posterior, radius, tip_mm)
        line = places["posterior_condyle_medial"] - places["posterior_condyle_lateral"]
        down = unit(places["intercondylar_notch"] - upper.head.centre)
        medial, before = orthogonalise(line, down), medial
        posterior = posterior - down * (posterior @ down) - medial * (posterior @ medial)
        posterior = unit(posterior)
        if medial @ before > 1 - 1e-9:
            break
    shaft = _whole_shaft(bone, upper.head.centre, places["intercondylar_notch"])
    return None if shaft is None else DistalFemur(places, medial, posterior, down, *shaft)


def _whole_shaft(bone: Bone, head: np.ndarray, notch: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Return a point and the direction of the line through the middles of sections of the shaft."""
    way = notch - head
    middles = []
    for part in SHAFT_PARTS:
        pieces = bone.surface.cut(head + part * way, unit(way))
        if pieces:
            middles.append(pieces[0].centroid)
    if len(middles) < 3:
        return None
    centre = np.mean(middles, axis=0)
    direction = np.linalg.svd(np.array(middles) - centre)[2][0]
    return centre, direction * np.sign(direction @ way)


def _ends_in_condyles(bone: Bone, upper: UpperFemur) -> bool:
    """Whether the last part of the bone is much wider than its shaft and closed by itself, not by a cut."""
    down = upper.shaft.cone.direction
    radius = upper.head.radius_mm
    last = ((bone.vertices_ras_mm - upper.head.centre) @ down).max()
    areas = []
    for back in (0.1, 1.0):
        point = upper.head.centre + down * (last - back * radius)
        areas.append(sum(section.area_mm2 for section in bone.surface.cut(point, down)))
    shaft = np.pi * upper.shaft.cone.radius_mm**2
    return areas[1] > WIDENING * shaft and areas[0] < 0.8 * areas[1]


def _landmarks(
    points: np.ndarray,
    areas: np.ndarray,
    down: np.ndarray,
    medial: np.ndarray,
    posterior: np.ndarray,
    radius: float,
    tip_mm: float,
) -> dict[str, np.ndarray]:
    """Return the places that reach furthest in each direction, on the medial and the lateral half."""
    across, back, depth = points @ medial, points @ posterior, points @ down
    middle = (across.min() + across.max()) / 2
    halves = {"lateral": across < middle, "medial": across > middle}
    places: dict[str, np.ndarray] = {}
    for name, half in halves.items():
        sign = 1.0 if name == "medial" else -1.0
        places[f"posterior_condyle_{name}"] = _tip(points, areas, half, back, tip_mm)
        places[f"distal_condyle_{name}"] = _tip(points, areas, half, depth, tip_mm)
        height = (depth.max() - depth) / radius
        high = half & (height > EPICONDYLE_RADII[0]) & (height < EPICONDYLE_RADII[1])
        if name == "medial":
            high &= np.abs(back - places["epicondyle_lateral"] @ posterior) < EPICONDYLES_APART_RADII * radius
        places[f"epicondyle_{name}"] = _tip(
            points, areas, high if high.any() else half, sign * across, tip_mm
        )
    places["intercondylar_notch"] = _notch(points, places, down, medial, posterior, radius)
    return places


def _tip(
    points: np.ndarray, areas: np.ndarray, chosen: np.ndarray, reach: np.ndarray, tip_mm: float
) -> np.ndarray:
    numbers = np.flatnonzero(chosen)
    tip = numbers[reach[numbers] > reach[numbers].max() - tip_mm]
    return np.average(points[tip], axis=0, weights=np.maximum(areas[tip], 1e-9))


def _notch(
    points: np.ndarray,
    places: dict[str, np.ndarray],
    down: np.ndarray,
    medial: np.ndarray,
    posterior: np.ndarray,
    radius: float,
) -> np.ndarray:
    """Return the entrance of the notch between the condyles: the middle of its roof's front edge.

    In each narrow strip from front to back, the bone's lower edge is highest in the groove. Along it that edge
    comes down behind the kneecap and goes up again between the condyles: the notch begins where it has gone up.
    """
    centre = (places["distal_condyle_medial"] + places["distal_condyle_lateral"]) / 2
    away = points - centre
    x, y, z = away @ medial, away @ posterior, away @ down
    strip = NOTCH_STRIP_RADII * radius
    highest = []
    for front in np.arange(-1.0, 0.8, NOTCH_STRIP_RADII) * radius:
        row = (y >= front) & (y < front + strip) & (np.abs(x) < 0.45 * radius) & (z > -1.0 * radius)
        lows = []
        for left in np.arange(-0.4, 0.4, 0.1) * radius:
            column = np.flatnonzero(row & (x >= left) & (x < left + 0.1 * radius))
            if len(column):
                lows.append(column[z[column].argmax()])
        if lows:
            highest.append(points[min(lows, key=lambda number: z[number])])
    if not highest:
        return centre
    edge = np.array(highest)
    depth = (edge - centre) @ down
    front = (edge - centre) @ posterior < NOTCH_BACK_RADII * radius
    lowest = int(np.where(front, depth, -np.inf).argmax())
    risen = np.flatnonzero(depth[lowest:] < depth[lowest] - NOTCH_RISE_RADII * radius)
    return edge[lowest + int(risen[0]) - 1] if len(risen) else edge[lowest]
