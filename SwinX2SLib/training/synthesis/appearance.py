"""From path integrals to a film: response, contrast, noise, blur, bias, dropout, specks, collimation."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional


def expose(path: Tensor, rng: np.random.Generator) -> Tensor:
    """Turn a path integral `(W, H)` into a film `(W, H)` in 0..1, bone bright.

    Half the films are linear in the path, as the paper's; the others saturate as a detector does.
    """
    # Half the films are windowed from below too: what is thinner than the window's foot is black.
    foot = path.quantile(float(rng.uniform(0.0, 0.3))) if rng.random() < 0.5 else 0.0
    peak = (path.quantile(0.995) - foot).clamp(min=1e-6)
    film = ((path - foot) / peak).clamp(min=0)
    if rng.random() < 0.5:
        strength = rng.uniform(0.3, 3.0)
        film = (1 - torch.exp(-strength * film)) / (1 - np.exp(-strength))
    # A linear film stretched min..max lets one dense spot darken the rest: a random white point covers that.
    return (film * rng.uniform(0.6, 1.6)).clamp(0, 1)


def degrade(film: Tensor, rng: np.random.Generator) -> Tensor:
    """Randomise a film `(W, H)` in 0..1 as films differ; anatomy keeps its place."""
    film = film ** float(np.exp(rng.normal(0, 0.35)))
    if rng.random() < 0.3:
        film = _contrast_curve(film, rng)
    if rng.random() < 0.4:
        film = film * _smooth(film.shape, 0.25, rng).exp()
    if rng.random() < 0.5:
        film = _blur_or_sharpen(film, rng)
    if rng.random() < 0.7:
        noise = torch.from_numpy(
            rng.normal(0, rng.uniform(0.005, 0.06), tuple(film.shape)).astype(np.float32)
        )
        film = film + noise
    if rng.random() < 0.25:
        film = _specks(film, rng)
    if rng.random() < 0.25:
        film = _drop_boxes(film, rng)
    if rng.random() < 0.2:
        film = _collimate(film, rng)
    film = film.clamp(0, 1)
    low, high = film.amin(), film.amax()
    return (film - low) / (high - low).clamp(min=1e-6)


def misregister(film: Tensor, rng: np.random.Generator, height_px: float = 1.0) -> Tensor:
    """Shift and scale a film `(W, H)` slightly against the other, as two exposures of one person are.

    Args:
        height_px: standard deviation of the vertical shift [pixels].
    """
    width, height = film.shape
    scale = 1 + rng.normal(0, 0.012)
    shift_w, shift_h = rng.normal(0, 1.0) * 2 / width, rng.normal(0, height_px) * 2 / height
    # grid_sample's last axis comes first in the matrix.
    matrix = torch.tensor([[[scale, 0, shift_h], [0, scale, shift_w]]], dtype=torch.float32)
    grid = functional.affine_grid(matrix, [1, 1, width, height], align_corners=False)
    return functional.grid_sample(film[None, None], grid, align_corners=False, padding_mode="border")[0, 0]


def _contrast_curve(film: Tensor, rng: np.random.Generator) -> Tensor:
    gain, middle = rng.uniform(4, 10), rng.uniform(0.3, 0.6)
    return torch.sigmoid(gain * (film - middle))


def _blur_or_sharpen(film: Tensor, rng: np.random.Generator) -> Tensor:
    blurred = functional.avg_pool2d(film[None, None], 3, stride=1, padding=1, count_include_pad=False)[0, 0]
    amount = rng.uniform(-0.8, 1.0)
    return film + amount * (blurred - film)


def _smooth(shape: torch.Size, deviation: float, rng: np.random.Generator) -> Tensor:
    coarse = torch.from_numpy(rng.normal(0, deviation, (1, 1, 4, 5)).astype(np.float32))
    return functional.interpolate(coarse, size=tuple(shape), mode="bicubic", align_corners=True)[0, 0]


def _specks(film: Tensor, rng: np.random.Generator) -> Tensor:
    """Salt and pepper, as the wrapped specks of some published radiographs."""
    shape, film = film.shape, film.clone().flatten()
    count = int(film.numel() * 10 ** rng.uniform(-3.5, -2))
    where = torch.from_numpy(rng.integers(0, film.numel(), count))
    film[where] = torch.from_numpy((rng.random(count) < 0.7).astype(np.float32))
    return film.view(shape)


def _drop_boxes(film: Tensor, rng: np.random.Generator) -> Tensor:
    film = film.clone()
    width, height = film.shape
    for _ in range(int(rng.integers(1, 5))):
        w, h = int(rng.integers(3, width // 6)), int(rng.integers(3, height // 6))
        x, z = int(rng.integers(0, width - w)), int(rng.integers(0, height - h))
        film[x : x + w, z : z + h] = float(rng.random())
    return film


def _collimate(film: Tensor, rng: np.random.Generator) -> Tensor:
    film = film.clone()
    width, height = film.shape
    value = float(rng.random() < 0.3)
    w, h = int(rng.integers(0, width // 8)), int(rng.integers(0, height // 12))
    if w:
        film[:w] = value
        film[-int(rng.integers(1, w + 1)) :] = value
    if h and rng.random() < 0.5:
        film[:, :h] = value
    return film
