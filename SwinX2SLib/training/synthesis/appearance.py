"""From path integrals to a radiograph: window, response, contrast, noise, blur, dropout, specks, collimation.

The looks that strong domain randomisation needs (SyntheX, FleXray), around those of digitally reconstructed
radiographs and of real ones; a third of the radiographs stay nearly as projected.
"""

from __future__ import annotations

import numpy as np
import SimpleITK
import torch
from torch import Tensor
from torch.nn import functional

from SwinX2SLib.anatomy import CLASS_COUNT, GROUPS, label_ids

# As the reader of radiographs scales them (radiographs.normalise).
LOW_QUANTILE, HIGH_QUANTILE = 0.005, 0.995
LEAST_VISIBILITY = 0.35
# How often the densities of single bones are drawn widely (FleXray), and their limits.
WIDE_SHARE, DENSITIES = 0.2, (0.1, 4.0)
LEAST_OPEN = 0.6  # a shutter leaves at least this share of each side open


def expose(path: Tensor, rng: np.random.Generator) -> Tensor:
    """Turn a path integral `(W, H)` into a radiograph `(W, H)` in 0..1, bone bright.

    Half the radiographs are linear in the path, as the paper's; the others saturate as a detector does.
    """
    # Radiographs are windowed: what is thinner than the window's foot is black, what is thicker than its head white.
    # Published radiographs have up to a tenth of their pixels white.
    share_white = 10 ** rng.uniform(-3, -1.1)
    share_black = rng.uniform(0.0, 0.3) if rng.random() < 0.4 else 0.0
    marks = torch.tensor([share_black, 1 - share_white], device=path.device)
    foot, head = path.flatten().quantile(marks).tolist()
    if share_black == 0:
        foot = min(foot, 0.0)
    radiograph = ((path - foot) / max(head - foot, 1e-6)).clamp_(min=0)
    if rng.random() < 0.5:
        strength = rng.uniform(0.3, 3.0)
        radiograph = (1 - torch.exp(-strength * radiograph)) / float(1 - np.exp(-strength))
    # A radiograph stretched from its least to its most is darkened by one dense spot: a random white point covers
    # that.
    if rng.random() < 0.4:
        radiograph = radiograph * float(rng.uniform(0.6, 1.0))
    return radiograph.clamp_(0, 1)


def finish(path: Tensor, bones: Tensor, rng: np.random.Generator, as_projected: bool = False) -> Tensor:
    """Turn a path integral into a radiograph on which the bones can be made out.

    A radiograph that hides them is made once more without strong changes: it would teach to guess.

    Args:
        path: `(W, H)`, of everything.
        bones: `(W, H)`, of the bones alone, in the same place.
        rng: where all random numbers come from.
        as_projected: leave the radiograph nearly as projected in any case.
    """
    radiograph = degrade(expose(path, rng), rng, as_projected)
    if visibility(radiograph, bones) < LEAST_VISIBILITY:
        radiograph = _scale_as_the_reader(_noise(expose(path, rng), 0.004, rng), rng)
    return radiograph


def visibility(radiograph: Tensor, bones: Tensor) -> float:
    """Return how well the fine structure of a radiograph follows that of its bones: their correlation, -1 to 1.

    Args:
        radiograph: `(W, H)`.
        bones: `(W, H)`, path through the bones.
    """
    width = int(min(radiograph.shape) // 6) // 2 * 2 + 1
    fine = [_average(picture, 3) - _average(picture, width) for picture in (radiograph, bones)]
    first, second = (picture - picture.mean() for picture in fine)
    return float((first * second).sum() / (first.norm() * second.norm()).clamp(min=1e-6))


def degrade(radiograph: Tensor, rng: np.random.Generator, as_projected: bool = False) -> Tensor:
    """Randomise a radiograph `(W, H)` in 0..1 as radiographs differ; anatomy keeps its place.

    Returns:
        `(W, H)` in 0..1, scaled as the reader of radiographs scales.
    """
    radiograph = radiograph ** float(np.exp(rng.normal(0, 0.3)))
    nearly_as_projected = rng.random() < 0.35 or as_projected
    radiograph = (
        _noise(radiograph, rng.uniform(0.003, 0.02), rng)
        if nearly_as_projected
        else _strongly(radiograph, rng)
    )
    if rng.random() < 0.03:
        radiograph = _wrap(radiograph, rng)
    radiograph = _scale_as_the_reader(radiograph, rng)
    if rng.random() < 0.2:
        radiograph = _collimate(radiograph, rng)
    if rng.random() < 0.003:
        radiograph = 1 - radiograph  # the reader was given the wrong polarity
    return radiograph


def _strongly(radiograph: Tensor, rng: np.random.Generator) -> Tensor:
    if rng.random() < 0.3:
        radiograph = _contrast_curve(radiograph, rng)
    if rng.random() < 0.4:
        radiograph = radiograph * _smooth(radiograph, 0.25, rng).exp_()
    if rng.random() < 0.2:
        radiograph = _flatten(radiograph, rng)
    elif rng.random() < 0.15:
        radiograph = _equalised(radiograph, rng)
    if rng.random() < 0.5:
        radiograph = _blur_or_sharpen(radiograph, rng)
    if rng.random() < 0.7:
        radiograph = _noise(radiograph, rng.uniform(0.005, 0.04), rng)
    if rng.random() < 0.15:
        radiograph = _specks(radiograph, rng)
    if rng.random() < 0.2:
        radiograph = _drop_boxes(radiograph, rng)
    return radiograph.clamp(0, 1)


def _contrast_curve(radiograph: Tensor, rng: np.random.Generator) -> Tensor:
    gain, middle = float(rng.uniform(4, 8)), float(rng.uniform(0.3, 0.6))
    return torch.sigmoid(gain * (radiograph - middle))


def _flatten(radiograph: Tensor, rng: np.random.Generator) -> Tensor:
    """Take out a part of the slow changes of brightness, as the processing of digital radiographs does."""
    width = int(min(radiograph.shape) // rng.integers(4, 8)) // 2 * 2 + 1
    slow = _average(_average(radiograph, width), width)
    return radiograph - float(rng.uniform(0.3, 0.8)) * (slow - slow.mean())


def _equalised(radiograph: Tensor, rng: np.random.Generator) -> Tensor:
    """Equalise the histogram around every pixel, in part, as workstations do (Stark 2000, IEEE TIP 9:889)."""
    image = SimpleITK.GetImageFromArray(radiograph.cpu().numpy())
    radius = int(min(radiograph.shape) // rng.integers(6, 12))
    share, sharpness = rng.uniform(0.3, 0.9), rng.uniform(0.2, 0.8)
    found = SimpleITK.AdaptiveHistogramEqualization(
        image, [radius, radius], float(sharpness), float(1 - share)
    )
    return torch.from_numpy(SimpleITK.GetArrayFromImage(found)).to(radiograph.device).clamp(0, 1)


def _blur_or_sharpen(radiograph: Tensor, rng: np.random.Generator) -> Tensor:
    amount = float(rng.uniform(-1.0, 1.0))
    blurred = _average(radiograph, 3)
    if amount > 0.5 and rng.random() < 0.5:
        blurred = _average(blurred, 3)
    return radiograph + amount * (blurred - radiograph)


def _noise(radiograph: Tensor, deviation: float, rng: np.random.Generator) -> Tensor:
    """Noise of the detector; half the time stronger where fewer photons pass, and at times grainy."""
    noise = torch.from_numpy(rng.normal(0, deviation, tuple(radiograph.shape)).astype(np.float32)).to(
        radiograph.device
    )
    if rng.random() < 0.3:
        noise = 1.5 * _average(noise, 3)
    if rng.random() < 0.5:
        # Photons that pass fall exponentially with the path; their relative noise is one over the square root.
        noise = noise * torch.exp(radiograph * float(rng.uniform(0.3, 0.8)) - 0.3)
    return radiograph + noise


def _specks(radiograph: Tensor, rng: np.random.Generator) -> Tensor:
    """Salt and pepper."""
    shape, radiograph = radiograph.shape, radiograph.clone().flatten()
    count = int(radiograph.numel() * 10 ** rng.uniform(-3.5, -2))
    where = torch.from_numpy(rng.integers(0, radiograph.numel(), count)).to(radiograph.device)
    radiograph[where] = torch.from_numpy((rng.random(count) < 0.5).astype(np.float32)).to(radiograph.device)
    return radiograph.view(shape)


def _wrap(radiograph: Tensor, rng: np.random.Generator) -> Tensor:
    """Overshoot of a sharp resampling that ran over 8 bits: black specks in white, white ones on black edges."""
    low, high = radiograph.amin(), radiograph.amax()
    radiograph = (radiograph - low) / (high - low).clamp(min=1e-6)
    sharp = radiograph + float(rng.uniform(0.2, 0.6)) * (radiograph - _average(radiograph, 3))
    return torch.remainder(sharp * float(rng.uniform(0.97, 1.03)) + 0.004, 1.0)


def _drop_boxes(radiograph: Tensor, rng: np.random.Generator) -> Tensor:
    radiograph = radiograph.clone()
    width, height = radiograph.shape
    for _ in range(int(rng.integers(1, 5))):
        w, h = int(rng.integers(3, width // 6)), int(rng.integers(3, height // 6))
        x, z = int(rng.integers(0, width - w)), int(rng.integers(0, height - h))
        radiograph[x : x + w, z : z + h] = float(rng.random())
    return radiograph


def _scale_as_the_reader(radiograph: Tensor, rng: np.random.Generator) -> Tensor:
    """Stretch between the reader's percentiles; a fifth of the radiographs from their least to their most."""
    if rng.random() < 0.8:
        marks = torch.tensor([LOW_QUANTILE, HIGH_QUANTILE], device=radiograph.device)
        low, high = radiograph.flatten().quantile(marks)
    else:
        low, high = radiograph.amin(), radiograph.amax()
    return ((radiograph - low) / (high - low).clamp(min=1e-6)).clamp_(0, 1)


def _collimate(radiograph: Tensor, rng: np.random.Generator) -> Tensor:
    """Close the shutter on some sides; the reader makes it black, and now and then misses a white one."""
    radiograph = radiograph.clone()
    value = float(rng.random() < 0.1)
    for axis, size in enumerate(radiograph.shape):
        most = (1 - LEAST_OPEN) / 2 * rng.random() ** 2
        for start in (True, False):
            width = int(rng.uniform(0, most) * size) if rng.random() < 0.6 else 0
            radiograph.narrow(axis, 0 if start else size - width, width).fill_(value)
    return radiograph


def _smooth(radiograph: Tensor, deviation: float, rng: np.random.Generator) -> Tensor:
    coarse = torch.from_numpy(rng.normal(0, deviation, (1, 1, 4, 5)).astype(np.float32)).to(radiograph.device)
    return functional.interpolate(coarse, size=tuple(radiograph.shape), mode="bicubic", align_corners=True)[
        0, 0
    ]


def _average(radiograph: Tensor, width: int) -> Tensor:
    """Mean over squares `width` pixels wide (odd)."""
    rows = functional.avg_pool2d(
        radiograph[None], (width, 1), stride=1, padding=(width // 2, 0), count_include_pad=False
    )
    return functional.avg_pool2d(
        rows, (1, width), stride=1, padding=(0, width // 2), count_include_pad=False
    )[0]


def bone_attenuation(labels: Tensor, rng: np.random.Generator) -> Tensor:
    """Give every bone a random density and a denser cortical shell.

    Densities are lognormal around a common level (label maps alone can drive training: see FleXray, SynthSeg), drawn
    for the group and again for the bone; so is the density within the shell.

    Args:
        labels: uint8 `(X, Y, Z)`.

    Returns:
        float32 `(X, Y, Z)`, arbitrary units around 1 in cortical bone, 0 elsewhere.
    """
    cortical = np.zeros(CLASS_COUNT, dtype=np.float32)
    # Now and then bones differ far more than in people, so that shape and place decide.
    wide = rng.random() < WIDE_SHARE
    for group in GROUPS:
        ids = list(label_ids(group))
        own = rng.normal(0, 1.0 if wide else 0.2, len(ids))
        cortical[ids] = np.exp(rng.normal(0, 0.3) + own).clip(*DENSITIES)
    spongy = cortical * np.clip(_spongy_share(rng) * np.exp(rng.normal(0, 0.15, CLASS_COUNT)), 0.05, 1)
    table = torch.from_numpy(np.concatenate([spongy, cortical]).astype(np.float32)).to(labels.device)
    place = torch.where(_shell(labels), labels + CLASS_COUNT, labels)
    return table.index_select(0, place.reshape(-1).int()).view(labels.shape)


def _spongy_share(rng: np.random.Generator) -> float:
    """Return how dense bone is inside its shell: often so little that endplates alone stand out, as from CT."""
    return float(rng.uniform(0.03, 0.45) if rng.random() < 0.6 else rng.uniform(0.3, 1.0))


def _shell(labels: Tensor) -> Tensor:
    """Return which voxels have a neighbour of another label."""
    shell = torch.zeros_like(labels, dtype=torch.bool)
    for axis in range(3):
        count = labels.shape[axis] - 1
        edge = labels.narrow(axis, 1, count) != labels.narrow(axis, 0, count)
        shell.narrow(axis, 1, count).logical_or_(edge)
        shell.narrow(axis, 0, count).logical_or_(edge)
    return shell


def ct_attenuation(ct: Tensor, kind: str, rng: np.random.Generator) -> Tensor:
    """Turn CT values into attenuation.

    Two kinds of radiograph, as with label maps: what exceeds a threshold near water (the paper's), and everything
    that absorbs, where soft tissue weighs as on real radiographs.

    Args:
        ct: float32 `(X, Y, Z)`; HU, or the published 8-bit rescaled values.
        kind: "HU" or "8-bit rescaled".

    Returns:
        float32 `(X, Y, Z)` with bone around 1.
    """
    as_real = rng.random() < 0.4
    water = float(rng.uniform(0.05, 0.25))
    if kind == "HU":
        # The paper thresholds at 0 HU; a random threshold covers other tubes and filters.
        bone = (ct - float(rng.uniform(-100, 120))).clamp_(0, 1500).div_(600)
        return bone.add_((ct + 1000).clamp_(0, 1200), alpha=water / 1000) if as_real else bone
    threshold = float(rng.uniform(60, 130))
    bone = (ct - threshold).clamp_(min=0).div_(60)
    return bone.add_(ct.clamp(0, threshold), alpha=water / threshold) if as_real else bone
