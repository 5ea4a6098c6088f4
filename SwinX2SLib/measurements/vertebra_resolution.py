"""How far the voxels carry the direction of an endplate.

An endplate along the layers of a volume is a terrace with a step or two: where the patient lies half a voxel further,
the step lies elsewhere, and the plane through it leans otherwise. No fit can know better. An endplate that crosses
many layers has no such doubt.
"""

from __future__ import annotations

import numpy as np

from SwinX2SLib.measurements.bones import Bone
from SwinX2SLib.measurements.solid import LocalFrame
from SwinX2SLib.measurements.vertebra_body import ENDPLATE_RIM, ENDPLATE_WIDTH, Box, Endplate

# The layers may lie anywhere: so many places of the volume against the bone are tried, each part of a voxel.
PHASES = 8
# A doubt below this is none [degrees]: half a voxel then moves an angle between two endplates by less than one.
LEAST_DOUBT_DEG = 0.5


def endplate_doubt_deg(bone: Bone, frame: LocalFrame, box: Box, plate: Endplate) -> tuple[float, float]:
    """Return how far the voxels may turn an endplate seen from the side and from the front [degrees].

    The fitted plane is rounded to the layers that run most along it, in all their places, and fitted again.

    Args:
        bone: of the endplate; of a mesh there is no doubt.
        frame: in which `box` and `plate` are given.
        box: the body.
        plate: fitted to one of its ends.
    """
    if bone.affine is None:
        return 0.0, 0.0
    right, front = np.meshgrid(
        np.linspace(-ENDPLATE_WIDTH, ENDPLATE_WIDTH, 15) * box.width,
        np.linspace(box.back + ENDPLATE_RIM * box.depth, box.front - ENDPLATE_RIM * box.depth, 25),
    )
    right, front = right.ravel(), front.ravel()
    places = frame.to_ras(np.stack([right, front, plate.at(right, front)], axis=1))
    columns = bone.affine[:3, :3]
    along = (columns / np.linalg.norm(columns, axis=0)).T @ (frame.axes @ plate.normal)
    axis = int(np.abs(along).argmax())
    layer = (np.linalg.inv(bone.affine)[axis, :3] @ places.T) + np.linalg.inv(bone.affine)[axis, 3]
    phase = np.arange(PHASES)[:, None] / PHASES
    rounded = (
        (np.round(layer + phase) - phase - layer) * np.linalg.norm(columns[:, axis]) * np.sign(along[axis])
    )
    design = np.stack([np.ones_like(right), right, front], axis=1)
    slopes = np.linalg.lstsq(design, rounded.T, rcond=None)[0]
    sideways, forwards = np.degrees(np.arctan(np.abs(slopes[1:]).max(axis=1)))
    return float(forwards), float(sideways)


def voxel_doubt(voxel_mm: float, *doubts_deg: float) -> tuple[str, ...]:
    """Return a reason when the doubts of the endplates that an angle lies between are worth a word.

    Args:
        voxel_mm: edge of the voxels.
        doubts_deg: of each endplate.
    """
    doubt = float(np.sqrt(np.sum(np.square(doubts_deg))))
    if doubt < LEAST_DOUBT_DEG:
        return ()
    return (f"Voxels of {voxel_mm:.1f} mm leave this angle uncertain by {doubt:.1f} degrees.",)
