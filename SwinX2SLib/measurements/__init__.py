"""Measurements of bones: pure geometry on label volumes and meshes, each value with landmarks and a quality."""

from SwinX2SLib.measurements.bones import Bone, bone_from_mesh, bones_from_labels
from SwinX2SLib.measurements.results import Axis, Curve, Landmark, Measurement, Plane, absent

__all__ = [
    "Axis",
    "Bone",
    "Curve",
    "Landmark",
    "Measurement",
    "Plane",
    "absent",
    "bone_from_mesh",
    "bones_from_labels",
]
