"""The pair of films of one deformed person: attenuation, projection, exposure, degradation."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from SwinX2SLib.training.synthesis.appearance import degrade, expose, misregister
from SwinX2SLib.training.synthesis.attenuation import (
    bone_attenuation,
    ct_attenuation,
    soft_tissue_projections,
)


def make_films(
    labels: Tensor | None,
    ct: Tensor | None,
    ct_kind: str | None,
    spacing_mm: float,
    rng: np.random.Generator,
) -> tuple[Tensor, Tensor]:
    """Make the coronal and the sagittal film of a person, from the CT if there is one, else from the labels.

    Args:
        labels: uint8 `(X, Y, Z)`, network order; None only where there is a CT.
        ct: float32 `(X, Y, Z)` on the same grid, or None.
        ct_kind: "HU" or "8-bit rescaled"; None without a CT.
        spacing_mm: voxel size, the same on all axes.
        rng: where all random numbers come from.

    Returns:
        float32 `(X, Z)` and `(Y, Z)` in 0..1, bone bright, on the device of what they are made from.

    Raises:
        ValueError: there are neither labels nor a CT.
    """
    if ct is not None:
        attenuation = ct_attenuation(ct, ct_kind, rng)
    elif labels is not None:
        attenuation = bone_attenuation(labels, rng)
    else:
        raise ValueError("Films are made from labels or from a CT; neither was given.")
    paths = [attenuation.sum(1), attenuation.sum(0)]
    if ct is None and rng.random() < 0.9:
        soft = soft_tissue_projections(labels, rng)
        # Two kinds of film: projections of what exceeds water, where bone stands out, and real films, where
        # the soft tissue on the way absorbs more than the bone.
        share = np.exp(rng.normal(-2.8, 0.9) if rng.random() < 0.6 else rng.normal(-1.0, 0.6))
        paths = [path + share * tissue for path, tissue in zip(paths, soft, strict=True)]
    films = []
    for path in paths:
        film = expose(path, rng)
        if rng.random() < 0.5:
            film = misregister(film, rng)
        films.append(degrade(film, rng))
    return films[0], films[1]
