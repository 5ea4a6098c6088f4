"""Measurements of ribs: centreline from the vertebra to the front end, length, curvature.

The length is that of the bone along its centreline, without cartilage. The curvature is the mean over the length of
1 / radius, between chords of 3 cm.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from SwinX2SLib.anatomy import label_ids, labels
from SwinX2SLib.measurements.bones import Bone
from SwinX2SLib.measurements.polylines import mean_curvature
from SwinX2SLib.measurements.results import Curve, Landmark, Measurement, NotFoundError, absent
from SwinX2SLib.measurements.rib_centreline import find_centreline
from SwinX2SLib.measurements.vertebra_frame import SUPERIOR

LEAST_KEPT_FRACTION = 0.9
# A jump between pieces longer than this hides an unknown course.
MOST_BRIDGED_MM = 8.0
# Usual length [mm] of the bony rib, least of small and most of tall adults, after Mohr et al., J Anat 194 (1999) and
# Holcombe et al., J Anat 231 (2017); rib 12 may be a stump.
USUAL_LENGTH_MM = {
    1: (65, 150),
    2: (115, 250),
    3: (160, 310),
    4: (185, 350),
    5: (205, 380),
    6: (215, 400),
    7: (215, 410),
    8: (205, 390),
    9: (180, 360),
    10: (140, 330),
    11: (80, 290),
    12: (25, 220),
}


def measure_ribs(bones: dict[str, Bone], superior: np.ndarray = SUPERIOR) -> list[Measurement]:
    """Measure each rib among the bones; what is not there or not whole is absent, with a reason.

    Args:
        bones: by label name; the vertebrae tell which end of a rib is which.
        superior: the patient's upward direction in RAS, used where no vertebra is in view: ribs hang down.
    """
    spine = [bones[label.name].vertices_ras_mm for label in _vertebrae() if label.name in bones]
    column = cKDTree(np.concatenate(spine)) if spine else None
    results = []
    for label in labels():
        if label.group == "ribs" and label.name in bones:
            results += _measure(bones[label.name], label.side, column, superior)
    return results


def _vertebrae() -> list:
    ids = set(label_ids("spine"))
    return [label for label in labels() if label.id in ids and label.name.startswith("vertebrae_")]


def _measure(bone: Bone, side: str, column: cKDTree | None, superior: np.ndarray) -> list[Measurement]:
    units = (("rib_length", "mm"), ("rib_curvature", "1/m"))
    try:
        found = find_centreline(bone)
    except NotFoundError as error:
        return [absent(name, bone.name, side, unit, str(error)) for name, unit in units]
    points = _from_vertebra(found.points_ras_mm, column, superior)
    curve = Curve("centreline", points)
    marks = (Landmark("vertebral_end", points[0]), Landmark("front_end", points[-1]))
    geometry = {"landmarks": marks, "curves": (curve,)}
    doubts = _doubts(bone, found.bridged_mm, found.length_mm)
    cut = bone.cut_near(points[[0, -1]], 2.5 * max(bone.spacing_mm or (1.0,)) + 2.0)
    if cut:
        reason = (
            f"The field of view cuts the rib ({', '.join(cut)}); {found.length_mm:.0f} mm of it are in view."
        )
        length = Measurement(
            "rib_length", bone.name, side, None, "mm", quality="absent", reasons=(reason,), **geometry
        )
        doubts.append(reason)
    else:
        # A part of a rib is bent otherwise than the whole.
        doubts += _unusual(bone.name, found.length_mm)
        length = Measurement("rib_length", bone.name, side, found.length_mm, "mm", **geometry).doubted(doubts)
    curvature = Measurement("rib_curvature", bone.name, side, mean_curvature(points), "1/m", **geometry)
    return [length, curvature.doubted(doubts)]


def _from_vertebra(points: np.ndarray, column: cKDTree | None, superior: np.ndarray) -> np.ndarray:
    """Return the line from its vertebral end on: the end nearer to a vertebra, or else the higher one."""
    ends = points[[0, -1]]
    away = column.query(ends)[0] if column is not None else -ends @ superior
    return points if away[0] <= away[1] else points[::-1]


def _doubts(bone: Bone, bridged_mm: float, length_mm: float) -> list[str]:
    doubts = []
    if bridged_mm > MOST_BRIDGED_MM:
        doubts.append(f"The rib is in pieces; {bridged_mm:.0f} mm between them were bridged.")
    if bone.kept_fraction < LEAST_KEPT_FRACTION:
        doubts.append(f"{1 - bone.kept_fraction:.0%} of the label lies loose and was left out.")
    section = bone.volume_mm3 / max(length_mm, 1.0)
    if section > 400:
        doubts.append(f"The bone is {section:.0f} mm² thick, too much for a rib.")
    return doubts


def _unusual(name: str, length_mm: float) -> list[str]:
    least, most = USUAL_LENGTH_MM[int(name.rsplit("_", 1)[1])]
    if least <= length_mm <= most:
        return []
    return [f"{length_mm:.0f} mm is outside what is usual for this rib ({least} to {most} mm)."]
