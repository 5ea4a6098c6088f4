"""Are films of the size that a network was built for?"""

from __future__ import annotations

from torch import Tensor


def film_faults(coronal: Tensor, sagittal: Tensor, grid_shape: tuple[int, int, int], views: int) -> list[str]:
    """Return what is wrong with films, in sentences; empty when they fit.

    Args:
        coronal: to be `(B, views, X, Z)`.
        sagittal: to be `(B, views, Y, Z)`.
        grid_shape: `(X, Y, Z)` of the network.
        views: films of each plane.
    """
    x, y, z = grid_shape
    faults = [
        f"The {name} films must be (batch, {views}, {width}, {z}), not {tuple(film.shape)}."
        for name, film, width in (("coronal", coronal, x), ("sagittal", sagittal, y))
        if film.ndim != 4 or tuple(film.shape[1:]) != (views, width, z)
    ]
    if not faults and len(coronal) != len(sagittal):
        faults.append(f"There are {len(coronal)} coronal films and {len(sagittal)} sagittal ones.")
    return faults
