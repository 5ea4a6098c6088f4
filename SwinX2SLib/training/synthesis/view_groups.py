"""More than one film of each plane (section 4.1 of the paper): the source goes round the patient in equal steps.

Film `i` of `N` of the coronal group is turned by `90 i / N` degrees from the coronal one, of the sagittal group by as
much from the sagittal one. The columns of a film turned by `t` from the coronal one run along `(cos t, sin t)` in
(right -> left, anterior -> posterior), so that at 90 degrees it is the sagittal film.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from SwinX2SLib.training.synthesis.film_geometry import FilmGeometry, rotation_matrix

QUARTER_DEG = 90.0


@dataclass(frozen=True)
class GroupFilm:
    """One film of a group.

    Attributes:
        geometry: of the film, from the nearest of the coronal and the sagittal one.
        mirrored: whether its columns then run the other way: turned by more than 135 degrees, it is nearly the
            coronal film seen from behind.
    """

    geometry: FilmGeometry
    mirrored: bool = False


def group_angles_deg(views: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the angles of both groups' films from the coronal film."""
    steps = tuple(QUARTER_DEG * i / views for i in range(views))
    return steps, tuple(QUARTER_DEG + step for step in steps)


def film_at(pair: tuple[FilmGeometry, FilmGeometry], angle_deg: float) -> GroupFilm:
    """Return a film taken as the pair was, but from another angle.

    Args:
        pair: geometry of the coronal and of the sagittal film; the nearer one's errors are this film's too.
        angle_deg: from the coronal film, 0 to below 180.
    """
    quarter = round(angle_deg / QUARTER_DEG)
    rest = angle_deg - QUARTER_DEG * quarter
    base = pair[quarter % 2]
    if rest:
        # The film's axes (u, w, d) grow with the volume's: from x towards y is a turn from u to d of the coronal
        # film, and from d to u of the sagittal one.
        turn = rotation_matrix(rest if quarter == 1 else -rest)
        base = replace(base, rotation=turn if base.rotation is None else turn @ base.rotation)
    if quarter == 2:
        base = replace(base, source_first=not base.source_first)
    return GroupFilm(base, mirrored=quarter == 2)


def make_groups(
    pair: tuple[FilmGeometry, FilmGeometry], views: int, make: Callable[[FilmGeometry], Tensor]
) -> tuple[Tensor, Tensor]:
    """Return the coronal `(N, X, Z)` and the sagittal group `(N, Y, Z)`.

    Args:
        pair: geometry of the coronal and of the sagittal film.
        views: N, films of each plane; with more than one, X must equal Y.
        make: makes the film of a geometry; called for the pair first.
    """
    coronal, sagittal = group_angles_deg(views)
    ordered = (coronal[0], sagittal[0], *coronal[1:], *sagittal[1:])
    made = {}
    for angle in ordered:
        film = film_at(pair, angle)
        made[angle] = make(film.geometry).flip(0) if film.mirrored else make(film.geometry)
    return tuple(torch.stack([made[angle] for angle in group]) for group in (coronal, sagittal))
