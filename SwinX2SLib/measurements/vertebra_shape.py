"""All that is found on one vertebra, in its own frame and in RAS mm, with the reason for each part that is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import numpy as np

from SwinX2SLib.measurements.bones import Bone
from SwinX2SLib.measurements.resolution import endplate_uncertainty_deg
from SwinX2SLib.measurements.results import NotFoundError
from SwinX2SLib.measurements.vertebra_arch import (
    Canal,
    Spinous,
    find_canal,
    find_pedicle,
    find_ring_canal,
    find_spinous,
)
from SwinX2SLib.measurements.vertebra_body import (
    Box,
    Endplate,
    Section,
    body_box,
    corner,
    fit_endplate,
    median_section,
)
from SwinX2SLib.measurements.vertebra_frame import NO_ARCH, frame_from_neighbours, initial_frame
from SwinX2SLib.measurements.voxel_solid import LocalFrame, Solid, fill

ROUGH_STEP_MM = 1.5
FINE_STEP_MM = 1.0
LEAST_VOXELS = 60
LEAST_VOLUME_MM3 = 1000.0
CORNERS = (
    ("superior_anterior", True, True),
    ("superior_posterior", True, False),
    ("inferior_anterior", False, True),
    ("inferior_posterior", False, False),
)
_NO_BODY = "The atlas has no body."
_DENS = "The axis has the dens instead of an upper endplate."


Part = TypeVar("Part")


@dataclass(eq=False)
class VertebraShape:
    """What one vertebra shows.

    Attributes:
        name: label name.
        frame: right, front and up of the vertebra; the origin lies in its body (of the atlas: in its ring).
        section: median section, or None.
        superior, inferior: endplates, local, or None.
        corners: `(3,)` local by name of `CORNERS`.
        canal, spinous: or None.
        pedicles: `(3,)` local by side.
        uncertainties_deg: by endplate, how far the voxels may turn it, seen from the side and from the front.
        missing: the reason, by part: frame, body, superior, inferior, canal, spinous, pedicle_left, pedicle_right.
        lent: whether its directions are those of its neighbours, since it shows no arch of its own.
    """

    name: str
    frame: LocalFrame | None = None
    section: Section | None = None
    superior: Endplate | None = None
    inferior: Endplate | None = None
    corners: dict[str, np.ndarray] = field(default_factory=dict)
    canal: Canal | None = None
    spinous: Spinous | None = None
    pedicles: dict[str, np.ndarray] = field(default_factory=dict)
    uncertainties_deg: dict[str, tuple[float, float]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    lent: bool = False

    @property
    def lacks_arch(self) -> bool:
        """Whether only the arch is missing for its directions to be told."""
        return self.frame is None and NO_ARCH in self.missing.get("frame", "")

    @property
    def found_frame(self) -> LocalFrame:
        """The frame of a vertebra of which any part was found.

        Raises:
            NotFoundError: its directions are not to be told.
        """
        if self.frame is None:
            raise NotFoundError(self.missing.get("frame", "The vertebra's directions are not to be told."))
        return self.frame

    @property
    def voxel_mm(self) -> float:
        """Voxels that the bone came from; 0 where nothing of it was found."""
        return 0.0 if self.section is None else self.section.voxel_mm

    def try_part(self, part: str, find: Callable[[], Part]) -> Part | None:
        """Return what `find` finds, or None with the reason noted."""
        try:
            return find()
        except NotFoundError as error:
            self.missing[part] = str(error)
            return None

    def endplate_ras(self, which: str) -> tuple[np.ndarray, np.ndarray] | None:
        """Return the middle and the upward normal `(3,)` RAS of "superior" or "inferior", or None."""
        plate: Endplate | None = getattr(self, which)
        if plate is None or self.frame is None:
            return None
        names = [f"{which}_{end}" for end in ("anterior", "posterior")]
        ends = [self.corners[name] for name in names if name in self.corners]
        front = float(np.mean([end[1] for end in ends])) if len(ends) == len(names) else 0.0
        middle = np.array([0.0, front, plate.at(0.0, front)])
        return self.frame.to_ras(middle), self.frame.axes @ plate.normal

    def body_centre_ras(self) -> np.ndarray | None:
        """Return the middle of the body, `(3,)` RAS mm, or None."""
        if self.frame is None or "body" in self.missing:
            return None
        if len(self.corners) == len(CORNERS):
            return self.frame.to_ras(np.mean(list(self.corners.values()), axis=0))
        return self.frame.origin


def vertebra_shape(bone: Bone, up: np.ndarray, front: np.ndarray | None = None) -> VertebraShape:
    """Find the parts of one vertebra.

    Args:
        bone: the vertebra.
        up: rough direction upwards along the column, `(3,)` unit RAS.
        front: direction forwards `(3,)` RAS that its neighbours lend it, for one without an arch.
    """
    shape = VertebraShape(bone.name, lent=front is not None)
    if bone.volume_mm3 < LEAST_VOLUME_MM3 or (bone.voxel_count or LEAST_VOXELS) < LEAST_VOXELS:
        shape.missing["frame"] = f"The bone is too incomplete: {bone.volume_mm3 / 1000:.1f} cm³."
        return shape
    voxel_mm = max(bone.spacing_mm) if bone.spacing_mm else FINE_STEP_MM
    try:
        frame = initial_frame(bone, up) if front is None else frame_from_neighbours(bone, up, front)
        if bone.name != "vertebrae_C1":
            frame = _levelled(bone, frame, voxel_mm)
    except NotFoundError as error:
        shape.missing["frame"] = f"The orientation of the vertebra is unknown: {str(error).rstrip('.')}."
        return shape
    shape.frame = frame
    solid = fill(bone, frame, FINE_STEP_MM)
    section = shape.section = median_section(solid, voxel_mm)
    if bone.name == "vertebrae_C1":
        _describe_atlas(shape, solid, section)
    else:
        _describe(shape, solid, bone, section)
    return shape


def _levelled(bone: Bone, frame: LocalFrame, voxel_mm: float) -> LocalFrame:
    """Turn a frame about its right axis until up is square to the mean of the endplates, origin in mid body."""
    for step in (ROUGH_STEP_MM, ROUGH_STEP_MM):
        solid = fill(bone, frame, step)
        section = median_section(solid, voxel_mm)
        box = body_box(solid, section)
        normals = []
        for upper in (False, True):
            if not (upper and bone.name == "vertebrae_C2"):
                try:
                    normals.append(fit_endplate(solid, box, upper).normal)
                except NotFoundError:
                    continue
        up = np.mean(normals, axis=0) if normals else np.array([0.0, 0.0, 1.0])
        tilt = abs(float(np.arctan2(up[1], up[2])))
        top = box.top if bone.name != "vertebrae_C2" else box.bottom + box.depth
        middle = np.array([0.0, (box.back + box.front) / 2, (box.bottom + top) / 2])
        frame = LocalFrame.from_directions(frame.to_ras(middle), frame.axes[:, 0], frame.axes @ up)
        if tilt < np.radians(3.0):
            break
    return frame


def _describe(shape: VertebraShape, solid: Solid, bone: Bone, section: Section) -> None:
    box = shape.try_part("body", lambda: body_box(solid, section))
    if box is None:
        for part in ("superior", "inferior", "canal", "spinous", "pedicle_left", "pedicle_right"):
            shape.missing[part] = shape.missing["body"]
        return
    if shape.name == "vertebrae_C2":
        shape.missing["superior"] = _DENS
    else:
        shape.superior = shape.try_part("superior", lambda: fit_endplate(solid, box, True))
    shape.inferior = shape.try_part("inferior", lambda: fit_endplate(solid, box, False))
    for which in ("superior", "inferior"):
        if getattr(shape, which) is not None:
            uncertainty = endplate_uncertainty_deg(bone, shape.found_frame, box, getattr(shape, which))
            shape.uncertainties_deg[which] = uncertainty
    for name, upper, anterior in CORNERS:
        plate = shape.superior if upper else shape.inferior
        if plate is not None:
            found = shape.try_part(name, partial(corner, section, box, plate, upper, anterior))
            if found is not None:
                shape.corners[name] = found
    if shape.lent:
        for part in ("canal", "spinous", "pedicle_left", "pedicle_right"):
            shape.missing[part] = f"{NO_ARCH.capitalize()}."
        return
    shape.canal = shape.try_part("canal", lambda: find_canal(solid, section, box))
    _describe_arch(shape, solid, box)


def _describe_arch(shape: VertebraShape, solid: Solid, box: Box) -> None:
    canal = shape.canal
    if canal is None:
        for part in ("spinous", "pedicle_left", "pedicle_right"):
            shape.missing[part] = shape.missing["canal"]
        return
    shape.spinous = shape.try_part("spinous", lambda: find_spinous(solid, canal))
    for side, sign in (("left", -1), ("right", 1)):
        found = shape.try_part(f"pedicle_{side}", partial(find_pedicle, solid, box, canal, sign))
        if found is not None:
            shape.pedicles[side] = found


def _describe_atlas(shape: VertebraShape, solid: Solid, section: Section) -> None:
    for part in ("body", "superior", "inferior", "pedicle_left", "pedicle_right"):
        shape.missing[part] = _NO_BODY
    shape.missing["spinous"] = "The atlas has a tubercle instead of a spinous process."
    if shape.lent:
        for part in ("canal", "spinous", "pedicle_left", "pedicle_right"):
            shape.missing[part] = f"{NO_ARCH.capitalize()}."
        return
    shape.canal = shape.try_part("canal", lambda: find_ring_canal(solid, section))
