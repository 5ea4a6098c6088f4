"""What lies on or beside the patient in one film: lead letters, rows of text, the table's edge."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from SwinX2SLib.training.synthesis.film_geometry import FilmGeometry
from SwinX2SLib.training.synthesis.shapes import Rod, draw_shapes

# Strokes of the letters that radiographers set, on a unit square, w down.
_LETTERS = {
    "L": (((0, 0), (0, 1), (0.7, 1)),),
    "R": (((0, 1), (0, 0), (0.6, 0.1), (0.6, 0.4), (0, 0.5), (0.7, 1)),),
    "S": (((0.7, 0.1), (0.1, 0), (0, 0.35), (0.7, 0.6), (0.6, 1), (0, 0.9)),),
    "P": (((0, 1), (0, 0), (0.6, 0.1), (0.6, 0.45), (0, 0.5)),),
    "A": (((0, 1), (0.35, 0), (0.7, 1)), ((0.15, 0.6), (0.55, 0.6))),
}


def add_marks(path: Tensor, pixel_mm: float, rng: np.random.Generator) -> Tensor:
    """Add lead letters and small text near a film's border, now and then.

    Args:
        path: `(W, H)`, path integral.
    """
    if rng.random() > 0.2:
        return path
    half = np.array(path.shape) / 2 * pixel_mm
    size = float(rng.uniform(0.03, 0.09) * half[1] * 2)
    corner = half * rng.uniform(0.6, 0.95, 2) * rng.choice((-1, 1), 2)
    strokes = _LETTERS[str(rng.choice(list(_LETTERS)))]
    lines = [np.array(stroke) * size + corner - size / 2 for stroke in strokes]
    if rng.random() < 0.3:
        start = corner + np.array([0, size])
        lines += [
            start + np.array([(0.3 * size * i, 0), (0.3 * size * i + 0.15 * size, 0)])
            for i in range(int(rng.integers(3, 9)))
        ]
    # Drawn in the plane of the film: x is across it, and no cone moves it.
    density = float(path.amax()) * float(rng.uniform(0.1, 1.2))
    shapes = [
        Rod(np.column_stack([line[:, 0], np.zeros(len(line)), line[:, 1]]), 0.7 * pixel_mm, density)
        for line in lines
    ]
    return draw_shapes(path, shapes, pixel_mm, FilmGeometry(1))


def add_table(path: Tensor, pixel_mm: float, lateral: bool, rng: np.random.Generator) -> Tensor:
    """Add the edge of a table or cushion: upright lines behind the patient on a lateral, at the sides on others."""
    if rng.random() > 0.12:
        return path
    across = (torch.arange(path.shape[0], device=path.device) / path.shape[0])[:, None]
    level = float(path.amax()) * rng.uniform(0.05, 0.3)
    where = [rng.uniform(0.82, 0.97)] if lateral else [rng.uniform(0.02, 0.1), rng.uniform(0.9, 0.98)]
    for place in where:
        width = rng.uniform(0.004, 0.02)
        path = path + level * torch.exp(-(((across - float(place)) / float(width)) ** 2))
        if rng.random() < 0.4:
            beyond = across > float(place) if place > 0.5 else across < float(place)
            path = path + 0.5 * level * beyond
    return path
