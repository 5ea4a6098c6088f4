"""Reconstructed bones back on the films: silhouettes, outlines, where films stand in space, how well both agree."""

from SwinX2SLib.reprojection.agreement import edge_agreement
from SwinX2SLib.reprojection.detector import detector_corners, detector_points
from SwinX2SLib.reprojection.outlines import BoneOutline, bone_outlines, each_outline
from SwinX2SLib.reprojection.result_cameras import result_cameras
from SwinX2SLib.reprojection.silhouettes import Silhouettes, silhouettes

__all__ = [
    "BoneOutline",
    "Silhouettes",
    "bone_outlines",
    "detector_corners",
    "detector_points",
    "each_outline",
    "edge_agreement",
    "result_cameras",
    "silhouettes",
]
