"""How far the voxels carry the direction of an endplate.

An endplate along the layers of a volume is a terrace with a step or two, or none: where the patient lies half a voxel
further, the step lies elsewhere, and the plane through it leans otherwise. No fit can know better. An endplate that
crosses many layers has less of this uncertainty.
"""

from __future__ import annotations

import numpy as np

from SwinX2SLib.measurements.bones import Bone
from SwinX2SLib.measurements.vertebra_body import ENDPLATE_RIM, ENDPLATE_WIDTH, Box, Endplate
from SwinX2SLib.measurements.voxel_solid import LocalFrame

# The layers may lie anywhere: so many places of the volume against the bone are tried, each part of a voxel.
PHASES = 8
# So many leans to each side and forwards are tried, from one layer less to one more from end to end of the endplate;
# a fit is alike that differs by less than this part of a layer from end to end.
LEANS = 9
ALIKE_STEPS = 0.25
# Smaller uncertainties are ignored [degrees]: half a voxel then moves an angle by less than one.
LEAST_UNCERTAINTY_DEG = 0.75
# The endplate of S1 is askew to the layers; where they lie turns it by about so much (phantoms at 1.5 to 2.6 mm).
SACRAL_UNCERTAINTY_DEG_PER_MM = 0.4


def endplate_uncertainty_deg(bone: Bone, frame: LocalFrame, box: Box, plate: Endplate) -> tuple[float, float]:
    """Return how far the voxels may turn an endplate seen from the side and from the front [degrees].

    Planes that lean otherwise are rounded to the layers that run most along them, in all places of these, and fitted:
    each that then gives the plane that was found may be the true one.

    Args:
        bone: of the endplate; of a mesh there is no uncertainty.
        frame: in which `box` and `plate` are given.
        box: the body.
        plate: fitted to one of its ends.
    """
    if bone.affine is None:
        return 0.0, 0.0
    width, depth = 2 * ENDPLATE_WIDTH * box.width, (1 - 2 * ENDPLATE_RIM) * box.depth
    grid = np.meshgrid(np.linspace(-0.5, 0.5, 11) * width, np.linspace(-0.5, 0.5, 15) * depth)
    right, front = (places.ravel() for places in grid)
    columns = bone.affine[:3, :3]
    spacing = np.linalg.norm(columns, axis=0)
    normals = np.abs((columns / spacing).T @ (frame.axes @ plate.normal))
    axis = int(normals.argmax())
    # The layers along which the endplate runs, as slopes in the frame, and their distance upwards.
    layers = (columns[:, axis] / spacing[axis]) @ frame.axes
    slopes = np.array([plate.slope_right, plate.slope_front]) + layers[:2] / layers[2]
    step = spacing[axis] / abs(layers[2])
    lean = np.linspace(-1.0, 1.0, LEANS)
    leans = np.stack(np.meshgrid(lean, lean, indexing="ij"), axis=-1).reshape(-1, 2) * step / [width, depth]
    heights = (slopes + leans) @ np.stack([right, front])
    phase = np.arange(PHASES)[:, None, None] / PHASES
    rounded = step * np.round(heights / step + phase)
    design = np.stack([np.ones_like(right), right, front], axis=1)
    fitted = (rounded @ np.linalg.pinv(design).T)[..., 1:]
    off = np.abs(fitted - slopes) * [width, depth] / step
    alike = (off < ALIKE_STEPS).all(axis=-1).any(axis=0)
    if not alike.any():
        alike = np.abs(leans).sum(axis=1) < 1e-12
    sideways, forwards = np.degrees(np.arctan(np.abs(leans[alike]).max(axis=0)))
    return float(forwards), float(sideways)


def sacral_uncertainty_deg(voxel_mm: float) -> float:
    """Return how far voxels of this size may turn the endplate of S1, seen from the side [degrees]."""
    return SACRAL_UNCERTAINTY_DEG_PER_MM * voxel_mm


def voxel_uncertainty(voxel_mm: float, *uncertainties_deg: float) -> tuple[str, ...]:
    """Return a flag if the uncertainty of an angle between endplates is relevant.

    Args:
        voxel_mm: edge of the voxels.
        uncertainties_deg: of each endplate.
    """
    uncertainty = float(np.sqrt(np.sum(np.square(uncertainties_deg))))
    if uncertainty < LEAST_UNCERTAINTY_DEG:
        return ()
    return (
        f"With voxels of {voxel_mm:.1f} mm the uncertainty of this angle is about {uncertainty:.1f} degrees.",
    )
