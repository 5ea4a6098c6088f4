"""DICOM radiographs that the tests write."""

from pathlib import Path

import lossless_jpeg
import numpy as np
import pytest
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian, JPEGLosslessSV1, generate_uid

from SwinX2SLib.errors import InputError
from SwinX2SLib.radiographs import read_radiograph


def write_dicom(path: Path, values: np.ndarray, transfer_syntax=ExplicitVRLittleEndian, **tags) -> Path:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = ComputedRadiographyImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    radiograph = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    radiograph.SOPClassUID, radiograph.SOPInstanceUID = (
        meta.MediaStorageSOPClassUID,
        meta.MediaStorageSOPInstanceUID,
    )
    radiograph.Modality = "CR"
    radiograph.Rows, radiograph.Columns = values.shape[:2]
    radiograph.SamplesPerPixel, radiograph.PhotometricInterpretation = 1, "MONOCHROME2"
    radiograph.BitsAllocated = radiograph.BitsStored = 16
    radiograph.HighBit, radiograph.PixelRepresentation = 15, 0
    radiograph.PixelData = values.tobytes()
    for name, value in tags.items():
        setattr(radiograph, name, value)
    if transfer_syntax == JPEGLosslessSV1:
        radiograph.PixelData = encapsulate([lossless_jpeg.encode_lossless(values)])
        radiograph["PixelData"].is_undefined_length = True
        radiograph.file_meta.TransferSyntaxUID = JPEGLosslessSV1
    elif transfer_syntax != ExplicitVRLittleEndian:
        radiograph.compress(transfer_syntax, generate_instance_uid=False)
    radiograph.save_as(path, enforce_file_format=True)
    return path


def fault_kinds(path, view="ap", options=None) -> list[str]:
    with pytest.raises(InputError) as caught:
        read_radiograph(path, view, options)
    return [fault.kind for fault in caught.value.faults]


def same(radiograph, values) -> bool:
    return (
        radiograph.pixels.shape == values.shape
        and np.corrcoef(radiograph.pixels.ravel(), values.ravel())[0, 1] > 0.99
    )
