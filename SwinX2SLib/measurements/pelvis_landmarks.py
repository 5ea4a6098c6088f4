"""Landmarks of the hips, found in the pelvis' own frame: x right, y forwards, z up, in any pose.

The frame is that of the anterior pelvic plane (Fischer et al. 2019, Sci Rep 9:13322): turned until both anterior
superior iliac spines and the pubic tubercles lie in its front plane. In it, each landmark is the point of the bone
that reaches furthest in a direction of its own, near the place where it lies in most people. The pubic tubercle is
looked for above the medial border of the obturator foramen: the width of the pubic body, and with it the distance of
the tubercle from the symphysis, differs between women and men, and does not follow from the size of the hip.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from SwinX2SLib.geometry.surfaces import unit
from SwinX2SLib.measurements.bones import Bone

SIDES = ("left", "right")
TURNS = 12
# The part of a hip's height below which the pubis lies, and above which the iliac spines.
WAIST = 0.42
# Height of an adult's hip; distances below are those of such a hip and shrink with a child's.
USUAL_HEIGHT_MM = 210.0
# The landmark is the middle of what reaches as far as the furthest point less this.
TIP_MM = 1.0
TIP_WIDTH_MM = 8.0


# The pubic tubercle lies this far medial of and below the upper medial corner of the obturator foramen, seen from
# the front: means of ten people with landmarks of five raters; one person's differs by 3 mm (standard deviation).
FORAMEN_TO_TUBERCLE_MM = (-3.0, -4.5)
FORAMEN_CELL_MM = 2.0
FORAMEN_AREA_MM2 = 80.0
# The definition of a landmark holds within this turn of its direction: how far it then slides is its ambiguity.
DIRECTION_DEG = 15.0


@dataclass(frozen=True)
class Spot:
    """Where a landmark of the right hip is looked for.

    Attributes:
        place: in the box of the hip, from its left, back, lower corner (0) to the opposite one (1); None for what
            lies next to the foremost point of the upper part.
        direction: in which it reaches furthest: right, forwards, up.
        search_mm: how far from that place it may lie; less where a larger spine is near.
        prior_mm: how little the place counts: a point this far away has to reach half this distance further.
    """

    place: tuple[float, float, float] | None
    direction: tuple[float, float, float]
    search_mm: float
    prior_mm: float = 40.0


# Rounded adult means. The posterior superior spine is a long crest in some and a tip in others, and its height
# varies: its place counts little.
SPOTS = {
    "asis": Spot(None, (0.1, 0.95, -0.3), 12.0),
    "aiis": Spot((0.70, 0.87, 0.48), (0.1, 0.95, -0.3), 15.0),
    "psis": Spot((0.32, 0.01, 0.765), (-0.2, -0.95, 0.12), 24.0, prior_mm=120.0),
    "piis": Spot((0.35, 0.10, 0.60), (-0.4, -0.75, -0.6), 14.0),
    "ischial_spine": Spot((0.36, 0.25, 0.32), (-0.5, -0.8, 0.33), 25.0),
    "pubic_tubercle": Spot((0.19, 0.975, 0.22), (0.45, 0.78, -0.43), 18.0, prior_mm=35.0),
}


@dataclass(frozen=True, eq=False)
class PelvicFrame:
    """The pelvis' own frame.

    Attributes:
        rotation: `(3, 3)`, rows right, forwards, up in RAS.
        origin_ras_mm: `(3,)`, midway between the pubic tubercles.
    """

    rotation: np.ndarray
    origin_ras_mm: np.ndarray

    def to_frame(self, points_ras_mm: np.ndarray) -> np.ndarray:
        """Return points `(..., 3)` in the frame [mm]."""
        return (points_ras_mm - self.origin_ras_mm) @ self.rotation.T

    def to_ras(self, points: np.ndarray) -> np.ndarray:
        """Return points `(..., 3)` of the frame in RAS mm."""
        return points @ self.rotation + self.origin_ras_mm


@dataclass(frozen=True, eq=False)
class HipLandmarks:
    """What was found on both hips.

    Attributes:
        frame: of the pelvis.
        places: RAS mm `(3,)` by name, `asis_left`...
        from_expected_mm: how far each lies from where most people have it, as in an adult of usual size.
        slide_mm: how far each slides where its direction is turned by `DIRECTION_DEG`.
        without_foramen: sides whose obturator foramen was not found.
    """

    frame: PelvicFrame
    places: dict[str, np.ndarray]
    from_expected_mm: dict[str, float]
    slide_mm: dict[str, float]
    without_foramen: tuple[str, ...] = ()


def find_hip_landmarks(left: Bone, right: Bone) -> HipLandmarks:
    """Find the frame and the landmarks of a pelvis from its two hips."""
    hips = {"left": left, "right": right}
    frame = _first_frame(hips)
    for _ in range(TURNS):
        frame, turned = _front_plane(hips, frame)
        if turned > 1 - 1e-8:
            break
    # One search in the plane that touches the bone in front; following the spines themselves can run away.
    found = _all_spots(hips, frame)
    return replace(found, frame=_frame_through(found.places, frame))


def _first_frame(hips: dict[str, Bone]) -> PelvicFrame:
    """Across from left to right; up along the hips, towards the end where they lie further apart."""
    centres = {side: _centroid(hips[side]) for side in SIDES}
    right = unit(centres["right"] - centres["left"])
    middle = (centres["right"] + centres["left"]) / 2
    points = np.concatenate([hips[side].vertices_ras_mm - centres[side] for side in SIDES])
    weights = np.concatenate([hips[side].surface.areas for side in SIDES])
    flat = points - np.outer(points @ right, right)
    up = np.linalg.eigh((flat * weights[:, None]).T @ flat)[1][:, 2]
    up = unit(up - right * (up @ right))
    if _wider_below(hips, middle, right, up):
        up = -up
    return PelvicFrame(np.stack([right, np.cross(up, right), up]), middle)


def _wider_below(hips: dict[str, Bone], middle: np.ndarray, right: np.ndarray, up: np.ndarray) -> bool:
    """Whether the hips reach further to the sides below than above; the iliac wings are the wide end."""
    widths = []
    for upper in (True, False):
        width = 0.0
        for side, sign in (("left", -1.0), ("right", 1.0)):
            away = hips[side].vertices_ras_mm - middle
            height = away @ up
            low, high = height.min(), height.max()
            part = height > high - 0.35 * (high - low) if upper else height < low + 0.35 * (high - low)
            width += float(np.average(sign * (away[part] @ right)))
        widths.append(width)
    return widths[1] > widths[0]


def _front_plane(hips: dict[str, Bone], frame: PelvicFrame) -> tuple[PelvicFrame, float]:
    """Turn the frame about its x axis, and level it, by the furthest points in front above and below."""
    above, below = {}, {}
    for side in SIDES:
        above[side], below[side] = _foremost(frame.to_frame(hips[side].vertices_ras_mm))
    places = {f"asis_{side}": frame.to_ras(above[side]) for side in SIDES}
    places |= {f"pubic_tubercle_{side}": frame.to_ras(below[side]) for side in SIDES}
    turned = _frame_through(places, frame)
    return turned, float((turned.rotation * frame.rotation).sum(axis=1).min())


def _foremost(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the foremost points, above and below, of a hip in the frame of the pelvis, each `(3,)`."""
    height = points[:, 2]
    middle = height.min() + WAIST * np.ptp(height)
    upper, lower = points[height > middle], points[height <= middle]
    return upper[upper[:, 1].argmax()], lower[lower[:, 1].argmax()]


def _frame_through(places: dict[str, np.ndarray], before: PelvicFrame) -> PelvicFrame:
    """Return the frame of the anterior pelvic plane; as before where the points give none."""
    across = places["asis_right"] - places["asis_left"]
    pubis = (places["pubic_tubercle_right"] + places["pubic_tubercle_left"]) / 2
    upwards = (places["asis_right"] + places["asis_left"]) / 2 - pubis
    if np.linalg.norm(across) < 1e-3 or np.linalg.norm(np.cross(upwards, across)) < 1e-3:
        return before
    right = unit(across)
    forwards = unit(np.cross(upwards, right))
    return PelvicFrame(np.stack([right, forwards, np.cross(right, forwards)]), pubis)


def _all_spots(hips: dict[str, Bone], frame: PelvicFrame) -> HipLandmarks:
    found = HipLandmarks(frame, {}, {}, {})
    for side, sign in (("left", -1.0), ("right", 1.0)):
        mirror = np.array([sign, 1.0, 1.0])
        points = frame.to_frame(hips[side].vertices_ras_mm) * mirror
        low, size = points.min(axis=0), np.ptp(points, axis=0)
        tree, scale = cKDTree(points), float(np.clip(size[2] / USUAL_HEIGHT_MM, 0.4, 1.2))
        corner = foramen_corner(points, hips[side].faces)
        if corner is None:
            found = replace(found, without_foramen=(*found.without_foramen, side))
        for name, spot in SPOTS.items():
            expected = _foremost(points)[0] if spot.place is None else low + size * np.array(spot.place)
            if name == "pubic_tubercle" and corner is not None:
                expected[[0, 2]] = corner + scale * np.array(FORAMEN_TO_TUBERCLE_MM)
            near = _near(tree, expected, scale * spot.search_mm)
            penalty = ((points[near] - expected) ** 2).sum(axis=1) / (2 * scale * spot.prior_mm)
            tips = [
                _tip(points[near], hips[side].surface.areas[near], penalty, direction)
                for direction in _directions(spot)
            ]
            key = f"{name}_{side}"
            found.places[key] = frame.to_ras(tips[0] * mirror)
            found.from_expected_mm[key] = float(np.linalg.norm(tips[0] - expected)) / scale
            found.slide_mm[key] = float(np.linalg.norm(np.array(tips) - tips[0], axis=1).max())
    return found


def foramen_corner(points: np.ndarray, faces: np.ndarray) -> np.ndarray | None:
    """Return the medial and the upper border of the obturator foramen seen from the front, or None without one.

    Args:
        points: `(N, 3)` of a right hip (or a mirrored left one) in the frame of the pelvis.
        faces: `(F, 3)` of its surface.

    Returns:
        `(2,)`, x and z [mm].
    """
    low = points.min(axis=0)
    corners = points[faces[points[faces][:, :, 2].mean(axis=1) < low[2] + WAIST * np.ptp(points[:, 2])]]
    edges = (corners + np.roll(corners, 1, axis=1)) / 2
    seen = np.concatenate([corners, edges, corners.mean(axis=1, keepdims=True)], axis=1).reshape(-1, 3)
    if not len(seen):
        return None
    cells = np.floor((seen[:, [0, 2]] - low[[0, 2]]) / FORAMEN_CELL_MM).astype(int) + 1
    bone = np.zeros(cells.max(axis=0) + 2, dtype=bool)
    bone[tuple(cells.T)] = True
    bone = ndimage.binary_closing(np.pad(bone, 1), np.ones((3, 3)))[1:-1, 1:-1]
    holes, count = ndimage.label(ndimage.binary_fill_holes(bone) & ~bone)
    sizes = np.bincount(holes.ravel(), minlength=count + 1)[1:]
    if not count or sizes.max() * FORAMEN_CELL_MM**2 < FORAMEN_AREA_MM2:
        return None
    hole = np.argwhere(holes == 1 + sizes.argmax())
    return low[[0, 2]] + FORAMEN_CELL_MM * (np.array([hole[:, 0].min(), hole[:, 1].max()]) - 0.5)


def _directions(spot: Spot) -> list[np.ndarray]:
    """Return the direction of a landmark, then the same turned to each side about each axis."""
    direction = unit(np.array(spot.direction))
    turns = np.radians(DIRECTION_DEG) * np.concatenate([np.eye(3), -np.eye(3)])
    return [direction, *Rotation.from_rotvec(turns).apply(direction)]


def _near(tree: cKDTree, expected: np.ndarray, search_mm: float) -> np.ndarray:
    """Return the points within a distance of a place, or the nearest one."""
    near = np.array(tree.query_ball_point(expected, search_mm), dtype=int)
    near.sort()
    return near if len(near) else np.array([tree.query(expected)[1]])


def _tip(points: np.ndarray, areas: np.ndarray, penalty: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """Return the tip `(3,)` of points that reaches furthest in a direction.

    Args:
        points: `(N, 3)` of a surface, with their `areas` `(N,)`.
        penalty: `(N,)`, how much further each has to reach [mm].
        direction: unit vector.
    """
    score = points @ direction - penalty
    tip = score > score.max() - TIP_MM
    tip &= np.linalg.norm(points - points[score.argmax()], axis=1) < TIP_WIDTH_MM
    return np.average(points[tip], axis=0, weights=np.maximum(areas[tip], 1e-9))


def _centroid(bone: Bone) -> np.ndarray:
    return np.average(bone.vertices_ras_mm, axis=0, weights=np.maximum(bone.surface.areas, 1e-12))
