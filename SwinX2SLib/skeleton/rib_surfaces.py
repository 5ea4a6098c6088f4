"""Ribs in three dimensions: their curves turned into place and the tubes around them, for all 24 at once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import torch
from torch import Tensor

from SwinX2SLib.skeleton.table import RIB_POINTS

DEGREE = float(np.pi / 180)
SECTION_POINTS = 10
# Height and thickness along a rib: head, neck, shaft; the costal end is a little wider.
_SECTION_PLACES = (0.0, 0.05, 0.15, 0.85, 1.0)
_SECTION_PROFILES = ((0.7, 0.62, 1.0, 1.0, 1.08), (0.9, 0.8, 1.0, 0.9, 1.0))
TUBE_VERTICES = RIB_POINTS * SECTION_POINTS + 2


def placed_ribs(
    plane: Tensor, pump_deg: Tensor, swing_deg: Tensor, bucket_deg: Tensor
) -> tuple[Tensor, Tensor]:
    """Return curves `(..., N, 3)` of right ribs from their heads, and the normals `(..., 3)` of their planes.

    Frame: right, front, up.

    The chord points down and the convex side to the right; then pump handle (forwards about the transverse axis),
    lateral swing (about the vertical) and bucket handle (about the chord; the lateral arch rises).
    """
    pump, swing, bucket = (angle * DEGREE for angle in (pump_deg, swing_deg, bucket_deg))
    flat = torch.sin(pump)
    chord = torch.stack([flat * torch.sin(swing), flat * torch.cos(swing), -torch.cos(pump)], dim=-1)
    aside = torch.stack([torch.cos(swing), -torch.sin(swing), torch.zeros_like(swing)], dim=-1)
    # Square to both, upwards and forwards.
    over = torch.linalg.cross(aside, chord)
    lateral = torch.cos(bucket)[..., None] * aside + torch.sin(bucket)[..., None] * over
    curve = plane[..., :1] * chord[..., None, :] + plane[..., 1:] * lateral[..., None, :]
    return curve, torch.linalg.cross(lateral, chord)


def rib_tubes(curve: Tensor, normal: Tensor, section: Tensor) -> Tensor:
    """Return surfaces `(2, 12, RIB_POINTS * SECTION_POINTS + 2, 3)` around curves; a rib is taller than thick.

    Args:
        curve: `(2, 12, RIB_POINTS, 3)`.
        normal: of their planes, `(2, 12, 3)`.
        section: half height (along the normal) and half thickness; the broad side of the first rib lies in its plane.
    """
    tangent = torch.cat(
        [
            curve[..., 1:2, :] - curve[..., :1, :],
            curve[..., 2:, :] - curve[..., :-2, :],
            curve[..., -1:, :] - curve[..., -2:-1, :],
        ],
        dim=-2,
    )
    tangent = tangent / tangent.norm(dim=-1, keepdim=True)
    upward = normal[..., None, :].expand_as(tangent)
    outward = torch.linalg.cross(upward, tangent)
    place = np.linspace(0, 1, RIB_POINTS)
    tall, thick = (_profile(place, profile) for profile in _SECTION_PROFILES)
    heights = torch.cat([section[1:], section[:1].expand(11)])[:, None] * tall
    widths = torch.cat([section[:1], section[1:].expand(11)])[:, None] * thick
    angle = torch.linspace(0, 2 * np.pi, SECTION_POINTS + 1)[:-1]
    ring = (
        torch.cos(angle)[:, None] * (heights[..., None] * upward)[..., None, :]
        + torch.sin(angle)[:, None] * (widths[..., None] * outward)[..., None, :]
    )
    surface = (curve[..., None, :] + ring).flatten(-3, -2)
    return torch.cat([surface, curve[..., :1, :], curve[..., -1:, :]], dim=-2)


@cache
def tube_faces() -> np.ndarray:
    """Return the faces of `rib_tubes`, counter-clockwise from outside."""
    k = SECTION_POINTS
    ring, point = np.meshgrid(np.arange(RIB_POINTS - 1), np.arange(k), indexing="ij")
    a, b = ring * k + point, ring * k + (point + 1) % k
    quads = np.stack([a, b, a + k, b, b + k, a + k], axis=-1).reshape(-1, 3)
    first, last, start = RIB_POINTS * k, RIB_POINTS * k + 1, (RIB_POINTS - 1) * k
    around = np.arange(k)
    caps = [
        np.stack([np.full(k, first), (around + 1) % k, around], axis=1),
        np.stack([np.full(k, last), start + around, start + (around + 1) % k], axis=1),
    ]
    return np.concatenate([quads, *caps])[:, ::-1]


def _profile(place: np.ndarray, values: Sequence[float]) -> Tensor:
    return torch.from_numpy(np.interp(place, _SECTION_PLACES, values).astype(np.float32))
