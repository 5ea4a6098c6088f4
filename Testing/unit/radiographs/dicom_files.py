"""DICOM films that the tests write."""

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
    film = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    film.SOPClassUID, film.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    film.Modality = "CR"
    film.Rows, film.Columns = values.shape[:2]
    film.SamplesPerPixel, film.PhotometricInterpretation = 1, "MONOCHROME2"
    film.BitsAllocated = film.BitsStored = 16
    film.HighBit, film.PixelRepresentation = 15, 0
    film.PixelData = values.tobytes()
    for name, value in tags.items():
        setattr(film, name, value)
    if transfer_syntax == JPEGLosslessSV1:
        film.PixelData = encapsulate([lossless_jpeg.encode_lossless(values)])
        film["PixelData"].is_undefined_length = True
        film.file_meta.TransferSyntaxUID = JPEGLosslessSV1
    elif transfer_syntax != ExplicitVRLittleEndian:
        film.compress(transfer_syntax, generate_instance_uid=False)
    film.save_as(path, enforce_file_format=True)
    return path


def fault_kinds(path, view="ap", options=None) -> list[str]:
    with pytest.raises(InputError) as caught:
        read_radiograph(path, view, options)
    return [fault.kind for fault in caught.value.faults]


def same(film, values) -> bool:
    return film.pixels.shape == values.shape and np.corrcoef(film.pixels.ravel(), values.ravel())[0, 1] > 0.99
