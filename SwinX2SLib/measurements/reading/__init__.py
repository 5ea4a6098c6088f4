"""Bones of one person from files: label volumes, segmentations of 3D Slicer, meshes."""

from SwinX2SLib.measurements.reading.subject import ReadOptions, Subject, read_subject
from SwinX2SLib.measurements.reading.uncertainty import read_uncertainty

__all__ = ["ReadOptions", "Subject", "read_subject", "read_uncertainty"]
