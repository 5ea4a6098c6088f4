"""An asymmetric person of three boxes, and films that tell whose bones they are."""

import numpy as np
import pydicom
import pytest
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from SwinX2SLib.anatomy import labels
from SwinX2SLib.geometry.frames import network_affine, transform_points

SHAPE, SPACING_MM, CENTRE = (40, 30, 50), (1.5, 2.0, 2.5), (5.0, -7.0, 11.0)
AFFINE = network_affine(SPACING_MM, SHAPE, CENTRE)
# At the left, front and head; at the right, back and feet; in the middle.
BOXES = {
    "femur_left": (slice(28, 38), slice(3, 9), slice(6, 20)),
    "hip_right": (slice(2, 12), slice(20, 27), slice(30, 46)),
    "vertebrae_L1": (slice(16, 24), slice(12, 18), slice(20, 26)),
}
ID = {label.name: label.id for label in labels()}


def person() -> np.ndarray:
    volume = np.zeros(SHAPE, np.uint8)
    for name, box in BOXES.items():
        volume[box] = ID[name]
    return volume


def centre(name: str) -> np.ndarray:
    """Middle of a bone, RAS mm."""
    return transform_points(AFFINE, [(part.start + part.stop - 1) / 2 for part in BOXES[name]])


def middle(points: np.ndarray) -> np.ndarray:
    return (np.min(points, axis=0) + np.max(points, axis=0)) / 2


def film(path, patient="P1", study=None, series=None, **changes):
    """Write a DICOM radiograph without any place in space, as they come."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1"
    meta.MediaStorageSOPInstanceUID = generate_uid()
    header = pydicom.Dataset()
    header.file_meta = meta
    header.SOPClassUID, header.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    header.StudyInstanceUID, header.SeriesInstanceUID = study or generate_uid(), series or generate_uid()
    header.PatientID, header.PatientName, header.PatientBirthDate = patient, "Roe^Ann", "19500102"
    header.Modality, header.StudyDate = "CR", "20200304"
    header.Rows, header.Columns, header.BitsAllocated, header.BitsStored, header.HighBit = 4, 6, 16, 16, 15
    header.SamplesPerPixel, header.PixelRepresentation = 1, 0
    header.PhotometricInterpretation = "MONOCHROME2"
    header.PixelData = np.arange(24, dtype=np.uint16).tobytes()
    for name, value in changes.items():
        setattr(header, name, value)
    header.save_as(path, enforce_file_format=True)
    return path


def kinds(error: pytest.ExceptionInfo) -> set[str]:
    return {fault.kind for fault in error.value.faults}
