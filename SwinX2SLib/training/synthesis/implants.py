"""Metal and leads: pedicle screws and rods, hip and femoral implants, wires, pacemakers, electrodes, tubes."""

from __future__ import annotations

import numpy as np

from SwinX2SLib.anatomy import label_ids
from SwinX2SLib.training.synthesis.landmarks import Landmarks
from SwinX2SLib.training.synthesis.shapes import Ellipsoid, Rod, Shape

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
