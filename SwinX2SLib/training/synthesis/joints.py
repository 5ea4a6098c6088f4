"""What the deformation needs to know of a person: where the spine runs, where the hips turn, which space is femur."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage

from SwinX2SLib.anatomy import ids_by_name, label_ids
from SwinX2SLib.skeleton.spine_alignment import LEVELS
from SwinX2SLib.training.synthesis.pelvis_shape import PelvisField, fit_pelvis_field
from SwinX2SLib.training.synthesis.subjects import Person

COARSE_MM = 8.0
BLEND_MM = 16.0  # the joint's width: half a femur's turn is taken where femur and hip are equally near
CONTACT_MM = 9.0  # the femoral head is what of the femur lies this near to the hip
HEAD_RADIUS_MM = (15.0, 32.0)
FEWEST_POINTS = 40


@dataclass(frozen=True)
class Hip:
    """A hip joint.

    Attributes:
        centre_mm: of the femoral head, index order [mm].
        side: +1 on the patient's left (towards larger x), -1 on the right.
        share: float32 `(X, Y, Z)`; how much of the femur's motion each place takes, 0..1.
        spacing_mm: of `share`, `(3,)`.
    """

    centre_mm: np.ndarray
    side: int
    share: np.ndarray
    spacing_mm: np.ndarray

    def share_at(self, points: np.ndarray) -> np.ndarray:
        """Return the share at points `(N, 3)` [mm]."""
        place = points.T / self.spacing_mm[:, None]
        return ndimage.map_coordinates(self.share, place, order=1, mode="nearest")


@dataclass(frozen=True)
class Joints:
    """One person's.

    Attributes:
        spine_mm: `(24, 3)` body centres C1..L5, index order; NaN where not whole.
        hips: those whose femoral head is there.
        pelvis: how the pelvis may vary, or None without a whole one.
        bones_mm: for every bone that is there, two corners of its box, `(2, 3)`.
    """

    spine_mm: np.ndarray = field(default_factory=lambda: np.full((LEVELS, 3), np.nan))
    hips: tuple[Hip, ...] = ()
    pelvis: PelvisField | None = None
    bones_mm: dict[int, np.ndarray] = field(default_factory=dict)


def find_joints(person: Person) -> Joints:
    """Return what the deformation needs to know of a person."""
    spine = np.full((LEVELS, 3), np.nan)
    for label in label_ids("spine")[:LEVELS]:
        if person.is_whole(label):
            spine[label - 1] = person.body_centre_mm(label)
    boxes = {
        label: np.array([[s.start for s in box], [s.stop for s in box]]) * person.spacing_mm
        for label, box in person.boxes.items()
    }
    return Joints(spine, tuple(_hips(person)), fit_pelvis_field(person), boxes)


def _hips(person: Person) -> list[Hip]:
    ids = ids_by_name()
    step = np.maximum(np.round(COARSE_MM / person.spacing_mm), 1).astype(int)
    coarse = person.labels[tuple(slice(None, None, n) for n in step)]
    spacing = person.spacing_mm * step
    found = []
    for side, sign in (("left", 1), ("right", -1)):
        femur, hip = ids[f"femur_{side}"], ids[f"hip_{side}"]
        if not ((coarse == femur).any() and (coarse == hip).any()):
            continue
        centre = femoral_head_mm(person, femur, hip)
        if centre is None:
            continue
        near, far = (
            ndimage.distance_transform_edt(~mask, sampling=spacing)
            for mask in (coarse == femur, (coarse != femur) & (coarse > 0))
        )
        ramp = np.clip((far - near) / (2 * BLEND_MM) + 0.5, 0, 1)
        found.append(Hip(centre, sign, (ramp**2 * (3 - 2 * ramp)).astype(np.float32), spacing))
    return found


def femoral_head_mm(person: Person, femur: int, hip: int) -> np.ndarray | None:
    """Return the centre `(3,)` of the sphere through what of a femur's surface faces the hip [mm], or None."""
    box = tuple(slice(max(s.start - 2, 0), s.stop + 2) for s in person.boxes[femur])
    view = person.labels[box]
    if not (view == hip).any():
        return None
    mask = view == femur
    surface = mask & ~ndimage.binary_erosion(mask, border_value=1)
    distance = ndimage.distance_transform_edt(view != hip, sampling=person.spacing_mm)
    points = np.argwhere(surface & (distance < CONTACT_MM)) * person.spacing_mm
    if len(points) < FEWEST_POINTS:
        return None
    # |p|² = 2 p·c + (r² - |c|²), linear in the centre c.
    system = np.column_stack([2 * points, np.ones(len(points))])
    solution = np.linalg.lstsq(system, (points**2).sum(1), rcond=None)[0]
    radius = np.sqrt(max(solution[3] + (solution[:3] ** 2).sum(), 0))
    if not HEAD_RADIUS_MM[0] <= radius <= HEAD_RADIUS_MM[1]:
        return None
    return solution[:3] + [s.start for s in box] * person.spacing_mm
