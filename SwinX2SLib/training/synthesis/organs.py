"""Organs, gas and contrast medium, as shapes placed by the bones in view."""

from __future__ import annotations

import numpy as np

from SwinX2SLib.anatomy import label_ids
from SwinX2SLib.training.synthesis.landmarks import Landmarks
from SwinX2SLib.training.synthesis.shapes import Ellipsoid, Rod, Shape

SPINE, RIBS = label_ids("spine"), label_ids("ribs")
T3, T6, T9, T11, T12, L1, L2, L3, L5 = 10, 13, 16, 18, 19, 20, 21, 22, 24
BESIDE_BOWEL = (T12, L1, L2, L3)


def random_organs(landmarks: Landmarks, strength: float, rng: np.random.Generator) -> list[Shape]:
    """Return heart, liver, spleen, aorta, kidneys, bowel gas and contrast medium that differ from the body around.

    Args:
        strength: how much denser than the body the solid organs are, about 0.1 on plain films; 1 and more where
            films show only what exceeds water, or contrast medium.
    """
    shapes: list[Shape] = []
    if landmarks.seen(RIBS) and landmarks.seen((T6, T9)):
        shapes += _heart(landmarks, strength, rng)
    if landmarks.seen((T11, T12, L1, L2, L3)):
        shapes += _upper_abdomen(landmarks, strength, rng)
        if rng.random() < 0.7:
            shapes += _gas(landmarks, rng)
        if landmarks.seen(BESIDE_BOWEL) and rng.random() < 0.06:
            shapes.append(_filled_bowel(landmarks, rng))
    return shapes


def _before_spine(
    landmarks: Landmarks, height: float, aside: float, before: float
) -> tuple[float, float, float] | None:
    """Return a place beside (left is positive) and before the spine's line at a height [mm]."""
    line = landmarks.spine_at(height, SPINE)
    return None if line is None else (float(line[0] + aside), float(line[1] - before), float(height))


def _blob(
    landmarks: Landmarks, place: tuple[float, float, float], radii: tuple[float, float, float],
    density: float, rng: np.random.Generator,
) -> list[Shape]:  # fmt: skip
    """Return an ellipsoid at (aside, before the spine, height), jittered; none without a spine."""
    aside, before, height = np.array(place) + rng.normal(0, 8, 3)
    centre = _before_spine(landmarks, height, aside, before)
    size = np.array(radii) * np.exp(rng.normal(0, 0.15, 3))
    return [] if centre is None else [Ellipsoid(centre, tuple(size.tolist()), density)]


def _heart(landmarks: Landmarks, strength: float, rng: np.random.Generator) -> list[Shape]:
    height = float(np.nanmean(landmarks.centres_mm[[T6, T9], 2])) + 25
    # Within the lungs the heart is denser than the air around even on films where it equals the body.
    heart = _blob(landmarks, (25, 85, height), (48, 45, 58), 0.35 + strength, rng)
    aorta_top = height - 60
    line = [
        _before_spine(landmarks, h, 12, b) for h, b in ((aorta_top, 60), (aorta_top - 15, 40), (height, 30))
    ]
    if rng.random() < 0.5 and all(line):
        heart.append(Rod(line, float(rng.uniform(10, 16)), 0.3 + strength))
    if rng.random() < 0.5:
        heart += _lung_vessels(landmarks, height - 25, rng)
    return heart


def _lung_vessels(landmarks: Landmarks, height: float, rng: np.random.Generator) -> list[Shape]:
    """Vessels that run from the hilum of each lung outwards."""
    shapes: list[Shape] = []
    density = float(rng.uniform(0.3, 1.0))
    for side in (-1, 1):
        hilum = _before_spine(landmarks, height, side * 30, 55)
        for _ in range(4):
            away = (side * rng.uniform(15, 75), rng.normal(0, 35), rng.uniform(-70, 110))
            end = tuple(np.add(hilum, away).tolist())
            bend = tuple((np.add(hilum, end) / 2 + rng.normal(0, 8, 3)).tolist())
            shapes.append(Rod((hilum, bend, end), (6.0, 4.0, 1.5), density))
    return shapes


def _upper_abdomen(landmarks: Landmarks, strength: float, rng: np.random.Generator) -> list[Shape]:
    seen = landmarks.seen((T11, T12, L1, L2, L3))
    height = float(np.mean(landmarks.centres_mm[seen, 2]))
    liver = _blob(landmarks, (-75, 60, height - 30), (75, 75, 70), strength * rng.uniform(0.3, 1), rng)
    spleen = _blob(landmarks, (90, 10, height - 30), (30, 35, 50), strength * rng.uniform(0.3, 1), rng)
    excreted = rng.uniform(0.7, 2) if rng.random() < 0.06 else 0.0
    kidneys = [
        shape
        for side in (-1, 1)
        for shape in _blob(
            landmarks, (side * 62, 15, height + 15), (23, 20, 46), strength * 0.6 + excreted, rng
        )
    ]
    return [*liver, *spleen, *kidneys]


def _gas(landmarks: Landmarks, rng: np.random.Generator) -> list[Shape]:
    """Bubbles in stomach and bowel, before the lumbar spine."""
    seen = landmarks.seen((T12, L1, L2, L3, L5))
    if not seen:
        return []
    heights = landmarks.centres_mm[seen, 2]
    low, high = float(heights.min()) - 20, float(heights.max()) + 60
    shapes: list[Shape] = []
    for _ in range(int(rng.integers(2, 10))):
        place = (rng.normal(0, 70), rng.uniform(60, 150), rng.uniform(low, high))
        radius = rng.uniform(8, 24)
        shapes += _blob(landmarks, place, (radius, radius, radius), -float(rng.uniform(0.4, 1.0)), rng)
    if rng.random() < 0.5:
        shapes += _blob(landmarks, (70, 70, low - 20), (38, 30, 25), -0.9, rng)
    return shapes


def _filled_bowel(landmarks: Landmarks, rng: np.random.Generator) -> Shape:
    """A loop of bowel full of contrast medium."""
    height = float(np.nanmean(landmarks.centres_mm[list(BESIDE_BOWEL), 2])) + 60
    line = landmarks.spine_at(height, SPINE)
    middle = np.zeros(2) if line is None else line
    count = int(rng.integers(4, 8))
    points = np.stack(
        [
            middle[0] + rng.uniform(-110, 110, count),
            middle[1] - rng.uniform(70, 130, count),
            height + rng.uniform(-70, 90, count),
        ],
        axis=1,
    )
    return Rod(points, float(rng.uniform(9, 18)), float(rng.uniform(0.5, 1.5)))
