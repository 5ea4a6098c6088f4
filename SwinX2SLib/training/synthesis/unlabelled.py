"""Bones that films show and the 54 labels leave out: sternum, clavicles, scapulae, arms, skull."""

from __future__ import annotations

import numpy as np

from SwinX2SLib.anatomy import label_ids
from SwinX2SLib.training.synthesis.landmarks import Landmarks
from SwinX2SLib.training.synthesis.shapes import Ellipsoid, Rod, Shape

RIBS = label_ids("ribs")
# Ribs 1 to 3 of both sides, and the first vertebrae that stand above and below the shoulders.
UPPER_RIBS = (*RIBS[:3], *RIBS[12:15])
C1, C2, C3, T1, T2 = 1, 2, 3, 8, 9


def random_unlabelled_bones(landmarks: Landmarks, rng: np.random.Generator) -> list[Shape]:
    """Return the bones that keep their place from film to film: sternum, clavicles, scapulae, skull."""
    shapes: list[Shape] = []
    if len(landmarks.seen(RIBS)) > 6:
        if rng.random() < 0.5:
            shapes.append(_sternum(landmarks, rng))
        if landmarks.seen(UPPER_RIBS) and rng.random() < 0.55:
            shapes += _shoulders(landmarks, rng)
    if landmarks.sees(C1) and landmarks.seen((C2, C3)) and rng.random() < 0.5:
        shapes += _skull(landmarks, rng)
    return shapes


def random_arms(landmarks: Landmarks, lateral: bool, rng: np.random.Generator) -> list[Shape]:
    """Return the arms as one film shows them: hanging, or raised before the face on most laterals.

    Args:
        lateral: whether the film is the sagittal one.
    """
    ribs = landmarks.of_bones(RIBS)
    if len(landmarks.seen(RIBS)) <= 6 or rng.random() > 0.35:
        return []
    left, right = ribs[:, 0].max(), ribs[:, 0].min()
    top, middle = ribs[:, 2].min(), float(ribs[:, 1].mean())
    raised = lateral and rng.random() < 0.8
    reach = rng.uniform(220, 300)
    bone, flesh = rng.uniform(0.25, 0.6), rng.uniform(0.04, 0.12)
    shapes: list[Shape] = []
    for edge, outwards in ((left, 1), (right, -1)):
        shoulder = (
            edge + outwards * rng.uniform(15, 35),
            middle + rng.normal(0, 15),
            top + rng.uniform(0, 40),
        )
        if raised:
            hand = (
                shoulder[0],
                shoulder[1] - reach * rng.uniform(0.5, 1),
                shoulder[2] - reach * rng.uniform(0, 0.7),
            )
        else:
            hand = (
                shoulder[0] + outwards * rng.uniform(10, 90),
                shoulder[1] + rng.normal(0, 30),
                shoulder[2] + reach,
            )
        shapes += [
            Rod((shoulder, hand), rng.uniform(9, 13), bone),
            Rod((shoulder, hand), (50.0, 38.0), flesh),
        ]
    return shapes


def _sternum(landmarks: Landmarks, rng: np.random.Generator) -> Shape:
    ribs = landmarks.of_bones(RIBS)
    front, top = float(np.quantile(ribs[:, 1], 0.02)), float(ribs[:, 2].min())
    middle = float(ribs[:, 0].mean())
    upper = (middle, front + rng.uniform(20, 40), top + rng.uniform(20, 50))
    lower = (middle + rng.normal(0, 5), front - rng.uniform(0, 10), upper[2] + rng.uniform(110, 160))
    return Rod((upper, lower), rng.uniform(6, 10), float(rng.uniform(0.2, 0.6)))


def _shoulders(landmarks: Landmarks, rng: np.random.Generator) -> list[Shape]:
    """Clavicles as bent bars, scapulae as their three borders and their spine."""
    ribs, upper = landmarks.of_bones(RIBS), landmarks.of_bones(UPPER_RIBS)
    middle, top = float(ribs[:, 0].mean()), float(upper[:, 2].min())
    front, back = float(upper[:, 1].min()), float(np.quantile(ribs[:, 1], 0.97))
    half = float(np.ptp(ribs[:, 0])) / 2
    density = float(rng.uniform(0.3, 0.8))
    lift, tilt = rng.normal(0, 15), rng.uniform(-25, 30)
    shapes: list[Shape] = []
    for side in (-1, 1):
        tip = half * rng.uniform(1.05, 1.3)
        start, sweep = rng.uniform(12, 25), rng.uniform(0.4, 0.6)
        height = top + 15 + lift + rng.normal(0, 4)
        between = (front + back) / 2
        clavicle = (
            (middle + side * start, front + 5, height + 12),
            (middle + side * tip * sweep, front - 5, height + 2 - tilt * 0.5),
            (middle + side * tip, between, height - tilt),
        )
        shapes.append(Rod(clavicle, (8.0, 5.5, 7.0), density))
        glenoid = (middle + side * tip * 0.98, between + 20, height + 25 - tilt)
        inner = (middle + side * half * rng.uniform(0.5, 0.75), back + 8, height + 15)
        tip_below = (middle + side * half * rng.uniform(0.7, 0.95), back + 12, height + rng.uniform(110, 150))
        border = density * rng.uniform(0.3, 0.7)
        shapes += [
            Rod((inner, tip_below, glenoid), 4.0, border),
            Rod((inner, (middle + side * tip, back - 10, height - tilt)), 5.0, border),
        ]
        shapes.append(
            Ellipsoid((middle + side * tip * 1.03, between + 15, height + 28 - tilt), (22, 22, 22), border)
        )
    return shapes


def _skull(landmarks: Landmarks, rng: np.random.Generator) -> list[Shape]:
    """The base of the skull above C1 and the jaw before the upper neck."""
    x, y, z = landmarks.centres_mm[C1].tolist()
    density = float(rng.uniform(0.15, 0.5))
    radii = rng.uniform(62, 76), rng.uniform(80, 95), rng.uniform(65, 80)
    centre = (x, y - rng.uniform(15, 35), z - radii[2] - rng.uniform(2, 12))
    wall = rng.uniform(5, 9)
    inner = tuple(radius - wall for radius in radii)
    drop = rng.uniform(10, 40)
    jaw = [
        Rod(
            ((x + s * 48, y - 20, z - 15), (x + s * 42, y - 35, z + drop), (x, y - 105, z + drop + 12)),
            7.0,
            density,
        )
        for s in (-1, 1)
    ]
    return [Ellipsoid(centre, radii, density), Ellipsoid(centre, inner, -density), *jaw]
