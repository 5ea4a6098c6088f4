"""A CT as a folder of slices lies where its headers say, or a fault tells what is wrong with the series."""

import numpy as np
import pydicom
import pytest
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid
from scipy.spatial.transform import Rotation

from SwinX2SLib.errors import InputError
from SwinX2SLib.geometry.frames import ras_to_lps
from SwinX2SLib.io.dicom_series import read_dicom_series
from SwinX2SLib.io.volumes import read_three_axes, read_volume

SHAPE = (6, 5, 4)
HU = (np.arange(np.prod(SHAPE)).reshape(SHAPE, order="F") * 10 - 500).astype(np.int16)
TURN = Rotation.from_euler("xyz", (5, -8, 11), degrees=True).as_matrix()


def write_series(folder, step=None, left_out=(), uid=None, places=True):
    """Write slices by pydicom, in no order of names; returns the affine (index -> RAS mm)."""
    folder.mkdir(exist_ok=True)
    uid = uid or generate_uid()
    steps = np.array([TURN[:, 0] * 0.7, TURN[:, 1] * 0.8, TURN[:, 2] * 2.5 if step is None else step])
    origin = np.array([-20.0, 30.0, 400.0])
    for index in set(range(SHAPE[2])) - set(left_out):
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = CTImageStorage, generate_uid()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        slice_ = FileDataset(None, {}, file_meta=meta, preamble=bytes(128))
        slice_.SOPClassUID, slice_.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
        slice_.SeriesInstanceUID, slice_.StudyInstanceUID = uid, uid
        slice_.Modality, slice_.InstanceNumber = "CT", index + 1
        slice_.Columns, slice_.Rows = SHAPE[:2]
        slice_.PixelSpacing = [0.8, 0.7]
        slice_.SliceThickness = 2.5
        if places:
            slice_.ImageOrientationPatient = [f"{value:.10g}" for value in TURN[:, :2].T.ravel()]
            slice_.ImagePositionPatient = [f"{value:.10g}" for value in origin + index * steps[2]]
        slice_.SamplesPerPixel, slice_.PhotometricInterpretation = 1, "MONOCHROME2"
        slice_.BitsAllocated = slice_.BitsStored = 16
        slice_.HighBit, slice_.PixelRepresentation = 15, 0
        slice_.RescaleSlope, slice_.RescaleIntercept = 1, -1024
        slice_.PixelData = (HU[:, :, index].T + 1024).astype(np.uint16).tobytes()
        slice_.save_as(folder / f"{(index * 7) % 5}.dcm", enforce_file_format=True)
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = steps.T, origin
    return ras_to_lps(affine)


def fault_of(folder):
    with pytest.raises(InputError) as caught:
        read_volume(folder)
    (fault,) = caught.value.faults
    assert fault.path == str(folder)
    return fault


def test_hounsfield_units_come_at_their_places(tmp_path):
    affine = write_series(tmp_path / "ct ü")
    array, own = read_three_axes(tmp_path / "ct ü")
    for index in np.ndindex(*SHAPE):
        place = affine @ [*index, 1]
        there = np.rint(np.linalg.inv(own) @ place)[:3].astype(int)
        np.testing.assert_allclose(own @ [*there, 1], place, atol=1e-4)
        assert array[tuple(there)] == HU[index]
    assert read_volume(tmp_path / "ct ü").header.spacing_mm == pytest.approx((0.7, 0.8, 2.5))


def test_a_tilted_gantry_shears_the_affine(tmp_path):
    affine = write_series(tmp_path / "ct", step=TURN[:, 2] * 2.5 + TURN[:, 1] * 0.6)
    array, own = read_three_axes(tmp_path / "ct")
    np.testing.assert_allclose(own, affine, atol=1e-4)
    np.testing.assert_array_equal(array, HU)


def test_what_is_wrong_with_a_series_is_told(tmp_path):
    write_series(tmp_path / "hole", left_out=(1,))
    assert fault_of(tmp_path / "hole").kind == "slices-uneven"
    write_series(tmp_path / "one", left_out=(1, 2, 3))
    assert fault_of(tmp_path / "one").kind == "not-a-volume"
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "letter.txt").write_text("x")
    assert fault_of(tmp_path / "none").kind == "no-series"


def test_of_two_series_one_has_to_be_named(tmp_path):
    write_series(tmp_path / "two", left_out=(1, 3))
    uid = generate_uid()
    for path in (tmp_path / "two").iterdir():
        copy = pydicom.dcmread(path)
        copy.SeriesInstanceUID = uid
        copy.SOPInstanceUID = copy.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        copy.save_as(path.with_name(f"b{path.name}"))
    assert fault_of(tmp_path / "two").kind == "several-series"
    from SimpleITK import ImageSeriesReader

    named = next(
        one for one in ImageSeriesReader.GetGDCMSeriesIDs(str(tmp_path / "two")) if one.startswith(uid)
    )
    header, array = read_dicom_series(tmp_path / "two", named)
    assert array.shape == (6, 5, 2)
    assert header.fields["series"] == named
