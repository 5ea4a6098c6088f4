"""Metal and leads: pedicle screws and rods, hip and femoral implants, wires, pacemakers, electrodes, tubes."""

from __future__ import annotations

import numpy as np

from SwinX2SLib.anatomy import label_ids
from SwinX2SLib.training.synthesis.objects import Ellipsoid, Rod, Shape
from SwinX2SLib.training.synthesis.subjects import Landmarks

RIBS = label_ids("ribs")
# T3 to L5: where screws are set.
SCREWED = tuple(range(10, 25))
HIP_OF_FEMUR = {53: 52, 54: 51}


def random_implants(landmarks: Landmarks, rng: np.random.Generator) -> list[Shape]:
    """Return the implants and leads of one person; most have none.

    Metal lies in the body, at the same place for both films.
    """
    shapes: list[Shape] = []
    metal = float(rng.uniform(2, 9))
    if rng.random() < 0.06:
        shapes += _screws_and_rods(landmarks, metal, rng)
    for femur in landmarks.seen(tuple(HIP_OF_FEMUR)):
        if rng.random() < 0.05:
            shapes += _hip_implant(landmarks, femur, metal, rng)
    if landmarks.seen(RIBS):
        for share, make in ((0.04, _sternal_wires), (0.04, _pacemaker), (0.08, _electrodes), (0.05, _tube)):
            if rng.random() < share:
                shapes += make(landmarks, metal, rng)
    return shapes


def _screws_and_rods(landmarks: Landmarks, metal: float, rng: np.random.Generator) -> list[Shape]:
    seen = landmarks.seen(SCREWED)
    if len(seen) < 2:
        return []
    first = int(rng.integers(0, len(seen) - 1))
    chosen = seen[first : first + int(rng.integers(2, 7))]
    shapes: list[Shape] = []
    for side in (-1, 1):
        heads = []
        for vertebra in chosen:
            x, y, z = landmarks.centres_mm[vertebra].tolist()
            head = (x + side * rng.normal(19, 2), y + rng.normal(22, 3), z + rng.normal(0, 2))
            point = (x + side * rng.normal(9, 3), y - rng.normal(18, 4), z + rng.normal(0, 2))
            heads.append(head)
            shapes += [Rod((head, point), 3.0, metal), Ellipsoid(head, (6.5, 7.5, 6.5), metal)]
        shapes.append(Rod(heads, 2.75, metal))
    return shapes


def _hip_implant(landmarks: Landmarks, femur: int, metal: float, rng: np.random.Generator) -> list[Shape]:
    """A total hip, or a nail with a screw into the head, along the seen part of the shaft."""
    points = landmarks.of_bone(femur)
    top = float(points[:, 2].min())
    upper, shaft = points[points[:, 2] < top + 35], points[points[:, 2] > top + 80]
    if len(shaft) < 20 or len(upper) < 20:
        return []
    outwards = np.sign(shaft[:, 0].mean())
    # The head is the inner part of the femur's upper end.
    inner = upper[np.argsort(outwards * upper[:, 0])[: max(len(upper) // 2, 1)]]
    head = inner.mean(0)
    low = shaft[shaft[:, 2] >= np.quantile(shaft[:, 2], 0.75)].mean(0)
    high = shaft[shaft[:, 2] <= np.quantile(shaft[:, 2], 0.25)].mean(0)
    if low[2] - high[2] < 10:
        return []
    along = (low - high) / (low[2] - high[2])
    entry = high + along * (top + 45 - high[2])
    if rng.random() < 0.5:
        end = high + along * (top + rng.uniform(130, 190) - high[2])
        cup = rng.uniform(22, 28)
        shapes: list[Shape] = [
            Rod((head, entry, end), (7.0, 9.0, 5.0), metal),
            Ellipsoid(head, (15, 15, 15), metal),
        ]
        return [*shapes, Ellipsoid(head, (cup, cup, cup), metal * 0.3)]
    nail = (high + along * (top - 5 - high[2]), high + along * (top + rng.uniform(150, 300) - high[2]))
    lateral = high + along * (top + 80 - high[2]) + np.array([outwards * 18, 0, 0])
    return [Rod(nail, 5.5, metal * 0.7), Rod((lateral, head), 5.0, metal)]


def _sternal_wires(landmarks: Landmarks, metal: float, rng: np.random.Generator) -> list[Shape]:
    x, front, top = _chest(landmarks)
    count = int(rng.integers(4, 8))
    heights = top + np.linspace(40, 170, count) + rng.normal(0, 4, count)
    return [Rod(((x - 10, front, h), (x + 10, front, h + rng.normal(0, 6))), 0.6, metal) for h in heights]


def _pacemaker(landmarks: Landmarks, metal: float, rng: np.random.Generator) -> list[Shape]:
    x, front, top = _chest(landmarks)
    side = 1 if rng.random() < 0.8 else -1
    box = (x + side * rng.uniform(70, 110), front - 5, top + rng.uniform(20, 60))
    lead = [
        box,
        (x + side * 40, front + 20, top),
        (x - 12, front + 60, top + 60),
        (x + 25, front + 30, top + 170),
    ]
    return [Ellipsoid(box, (24, 5, 21), metal), Rod(lead, 0.9, metal)]


def _electrodes(landmarks: Landmarks, metal: float, rng: np.random.Generator) -> list[Shape]:
    x, front, top = _chest(landmarks)
    shapes: list[Shape] = []
    for _ in range(int(rng.integers(2, 6))):
        place = np.array([x + rng.uniform(-130, 130), front - 15, top + rng.uniform(0, 260)])
        away = place + np.array([rng.normal(0, 60), -5, rng.uniform(40, 200)])
        bend = (place + away) / 2 + rng.normal(0, 20, 3)
        shapes += [Ellipsoid(place, (5, 2, 5), metal), Rod((place, bend, away), 0.7, metal * 0.5)]
    return shapes


def _tube(landmarks: Landmarks, metal: float, rng: np.random.Generator) -> list[Shape]:
    """A catheter or feeding tube down the middle."""
    x, front, top = _chest(landmarks)
    depth = front + rng.uniform(40, 110)
    heights = np.linspace(-60, rng.uniform(90, 330), 4)
    points = [(x + rng.normal(0, 15), depth, top + h) for h in heights]
    return [Rod(points, float(rng.uniform(1.0, 2.0)), metal * 0.3)]


def _chest(landmarks: Landmarks) -> tuple[float, float, float]:
    """Return the middle (x), the front (y) and the top (z) of the rib cage in view [mm]."""
    ribs = landmarks.of_bones(RIBS)
    return float(ribs[:, 0].mean()), float(np.quantile(ribs[:, 1], 0.02)), float(ribs[:, 2].min())


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
