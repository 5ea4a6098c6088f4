"""From parameters to a label volume with its truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.geometry.frames import network_affine, voxel_spacing_mm
from SwinX2SLib.geometry.tuples import shape3, vector3
from SwinX2SLib.phantom.parameters import PhantomParameters
from SwinX2SLib.phantom.skeleton import build_skeleton
from SwinX2SLib.phantom.solids import Bone, Depth
from SwinX2SLib.phantom.truth import PhantomTruth

MARGIN_MM = 12.0


@dataclass(frozen=True)
class FieldOfView:
    """The part of space that a volume covers.

    Attributes:
        lower_ras_mm, upper_ras_mm: two corners of the box.
    """

    lower_ras_mm: tuple[float, float, float]
    upper_ras_mm: tuple[float, float, float]


@dataclass(frozen=True)
class Phantom:
    """A skeleton on a grid.

    Attributes:
        labels: uint8 `(X, Y, Z)`, network order, 0 or a label id.
        affine: 4x4, index -> RAS mm.
        truth: what is known of it, in RAS mm, whether inside the field of view or not.
        parameters: that it was made from.

    Examples:
        >>> from SwinX2SLib import build_phantom
        >>> phantom = build_phantom(spacing_mm=8.0)
        >>> phantom.truth.femora["left"].neck_shaft_angle_deg
        125.0
    """

    labels: np.ndarray
    affine: np.ndarray
    truth: PhantomTruth
    parameters: PhantomParameters


def build_phantom(
    parameters: PhantomParameters | None = None,
    spacing_mm: float = 2.0,
    field_of_view: FieldOfView | None = None,
) -> Phantom:
    """Build the skeleton and put it on a grid.

    The origin of the RAS frame is the middle of the hip axis.

    Args:
        parameters: of the skeleton; the defaults when None.
        spacing_mm: edge of the cubic voxels.
        field_of_view: box to cover; all bones and a margin when None.

    Returns:
        Labels in network order, their affine, and all that is known of the skeleton.

    Raises:
        InputError: the spacing is not positive, or the field of view is empty.

    Examples:
        >>> from SwinX2SLib import PhantomParameters, build_phantom
        >>> phantom = build_phantom(PhantomParameters(lumbar_count=5), spacing_mm=8.0)
        >>> phantom.labels.dtype, phantom.affine.shape
        (dtype('uint8'), (4, 4))
    """
    if not spacing_mm > 0:
        raise _unbuildable(f"The voxel spacing must be positive, not {spacing_mm} mm.")
    parameters = parameters or PhantomParameters()
    bones, truth = build_skeleton(parameters)
    if field_of_view is None:
        lower, upper = _bounds(bones)
        lower, upper = lower - MARGIN_MM, upper + MARGIN_MM
    else:
        lower, upper = np.array(field_of_view.lower_ras_mm), np.array(field_of_view.upper_ras_mm)
    if not (upper > lower).all():
        raise _unbuildable(f"The field of view is empty: from {lower} to {upper} mm.")
    shape = shape3(np.maximum(np.ceil((upper - lower) / spacing_mm - 1e-6), 1))
    affine = network_affine(spacing_mm, shape, vector3((lower + upper) / 2))
    canvas = _Canvas(shape, affine)
    for bone in bones:
        canvas.paint(bone)
    return Phantom(canvas.labels, affine, truth, parameters)


def _unbuildable(message: str) -> InputError:
    return InputError([Fault("phantom-value", message, "Correct the argument.")])


class _Canvas:
    """A label volume; where bones overlap, the one in which a voxel lies deeper has it."""

    def __init__(self, shape: tuple[int, int, int], affine: np.ndarray):
        self.labels = np.zeros(shape, dtype=np.uint8)
        self._depth = np.zeros(shape, dtype=np.float32)
        self._spacing = -float(affine[0, 0])
        self._origin = affine[:3, 3]
        self._coordinates = [
            self._origin[axis] - self._spacing * np.arange(count) for axis, count in enumerate(shape)
        ]

    def paint(self, bone: Bone) -> None:
        """Draw the part of a bone that lies in the volume."""
        parts = [piece for part in bone.parts for piece in part.pieces()]
        window = self._window(
            np.min([piece[0] for piece in parts], axis=0), np.max([piece[1] for piece in parts], axis=0)
        )
        if window is None:
            return
        start = np.array([piece.start for piece in window])
        depth = np.full([piece.stop - piece.start for piece in window], np.inf, dtype=np.float32)
        for lower, upper, function in parts:
            self._evaluate(depth, start, lower, upper, function, np.minimum)
        for hole in bone.holes:
            for lower, upper, function in hole.pieces():
                self._evaluate(depth, start, lower, upper, _outside(function), np.maximum)
        deeper = depth < self._depth[window]
        self._depth[window][deeper] = depth[deeper]
        self.labels[window][deeper] = bone.label

    def _evaluate(
        self,
        depth: np.ndarray,
        start: np.ndarray,
        lower: np.ndarray,
        upper: np.ndarray,
        function: Depth,
        combine: Callable[[np.ndarray, np.ndarray], np.ndarray],
    ) -> None:
        """Combine a piece's depth into a bone's, within the overlap of their boxes."""
        piece = self._window(lower, upper)
        if piece is None:
            return
        local = tuple(
            slice(max(part.start - first, 0), min(part.stop - first, count))
            for part, first, count in zip(piece, start, depth.shape, strict=True)
        )
        if any(part.start >= part.stop for part in local):
            return
        axes = [
            line[part.start + first : part.stop + first]
            for line, part, first in zip(self._coordinates, local, start, strict=True)
        ]
        points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
        depth[local] = combine(depth[local], function(points))

    def _window(self, lower: np.ndarray, upper: np.ndarray) -> tuple[slice, slice, slice] | None:
        """Return the voxels whose centres lie in a box, or None; indices run against the coordinates."""
        first = np.maximum(np.ceil((self._origin - upper) / self._spacing), 0).astype(int)
        last = np.floor((self._origin - lower) / self._spacing).astype(int) + 1
        last = np.minimum(last, self.labels.shape)
        if (last <= first).any():
            return None
        right, back, down = (slice(int(a), int(b)) for a, b in zip(first, last, strict=True))
        return right, back, down


def _outside(function: Depth) -> Depth:
    """Return the depth in all that a piece leaves free."""
    return lambda points: -function(points)


def _bounds(bones: tuple[Bone, ...]) -> tuple[np.ndarray, np.ndarray]:
    boxes = [piece[:2] for bone in bones for part in bone.parts for piece in part.pieces()]
    return np.min([box[0] for box in boxes], axis=0), np.max([box[1] for box in boxes], axis=0)


# CT numbers [HU] of the tissues, rounded.
AIR_HU, SOFT_TISSUE_HU, CANCELLOUS_HU, CORTICAL_HU = -1000.0, 45.0, 220.0, 1000.0
CORTEX_MM = 1.6
BODY_BLUR_MM, BODY_LEVEL = 22.0, 0.035  # the skin is where the blurred bones reach this density
BODY_GRID_MM = 6.0


def phantom_ct(phantom: Phantom) -> np.ndarray:
    """Return CT numbers, float32 `(X, Y, Z)` [HU]: cortical shells, cancellous inside, a body round the bones."""
    spacing = float(voxel_spacing_mm(phantom.affine)[0])
    bone = phantom.labels > 0
    depth_mm = ndimage.distance_transform_edt(bone, sampling=spacing)
    # A voxel's depth is measured from the centre of the nearest voxel outside, half a voxel beyond the surface.
    shell = np.clip((CORTEX_MM + spacing / 2 - depth_mm) / spacing + 0.5, 0, 1)
    ct = np.where(_body(bone, spacing), np.float32(SOFT_TISSUE_HU), np.float32(AIR_HU))
    inside = CANCELLOUS_HU + shell[bone] * (CORTICAL_HU - CANCELLOUS_HU)
    ct[bone] = inside
    return ct


def _body(bone: np.ndarray, spacing: float) -> np.ndarray:
    """Return a smooth envelope of the bones, found on a coarse grid."""
    factor = min(1.0, spacing / BODY_GRID_MM)
    coarse = ndimage.zoom(bone.astype(np.float32), factor, order=1, grid_mode=True, mode="grid-constant")
    # The radiograph does not end the body: what lies beyond continues as the last slice does.
    blurred = ndimage.gaussian_filter(coarse, BODY_BLUR_MM * factor / spacing, mode="nearest")
    scale = [fine / rough for fine, rough in zip(bone.shape, coarse.shape, strict=True)]
    smooth = ndimage.zoom(blurred, scale, order=1, grid_mode=True, mode="nearest")
    return ndimage.binary_fill_holes(smooth > BODY_LEVEL)
