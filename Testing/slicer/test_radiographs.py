"""Radiographs in the scene: what the worker's reader makes of the files that Slicer writes for it."""

import numpy as np
import pytest
import slicer
import slicer.util
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian, generate_uid

from SwinX2SLib.errors import InputError
from SwinX2SLib.radiographs import RadiographOptions, read_radiograph
from SwinX2SLib.radiographs.reading import interpret
from SwinX2SLib.slicerui.inputs.decoding import SceneRadiographs
from SwinX2SLib.slicerui.radiographs import (
    FILE_ATTRIBUTE,
    dicom_file,
    radiograph_axes,
    radiograph_file,
    radiograph_size,
    radiograph_spacing,
)


@pytest.fixture(autouse=True)
def _scene(scene):
    return scene


def picture() -> np.ndarray:
    """A radiograph that differs in every corner: bright at the upper left, darker to the right and to the feet."""
    row, column = np.mgrid[0:200, 0:120]
    return (4000 - 12 * row - 8 * column).astype(np.int16)


def add_radiograph(array: np.ndarray, geometry: np.ndarray, name: str = "radiograph"):
    return slicer.util.addVolumeFromArray(array, ijkToRAS=geometry, name=name)


def assert_same_picture(radiograph, expected: np.ndarray) -> None:
    ranks = np.corrcoef(radiograph.pixels.ravel(), expected.astype(float).ravel())[0, 1]
    assert radiograph.pixels.shape == expected.shape
    assert ranks > 0.99


def test_a_png_loaded_by_slicer_reaches_the_worker_as_it_is_seen(tmp_path):
    node = add_radiograph(picture()[np.newaxis], np.diag([-0.5, -0.5, 0.5, 1.0]))
    assert radiograph_axes(node) == (0, 1)
    assert radiograph_size(node) == "120 x 200 pixels"
    radiograph = read_radiograph(radiograph_file(node, tmp_path, "ap"), "ap")
    assert_same_picture(radiograph, picture())
    assert radiograph.spacing_mm == pytest.approx((0.5, 0.5))


def test_a_radiograph_placed_in_the_coronal_plane_hangs_head_up_and_right_on_the_left(tmp_path):
    # i runs to the patient's left, j runs to the head: upside down as stored
    geometry = np.array([[-0.5, 0, 0, 0], [0, 0, 0.5, 0], [0, 0.5, 0, 0], [0, 0, 0, 1.0]])
    node = add_radiograph(picture()[np.newaxis, ::-1].copy(), geometry)
    radiograph = read_radiograph(radiograph_file(node, tmp_path, "ap"), "ap")
    assert_same_picture(radiograph, picture())


def test_a_radiograph_stored_along_other_axes_keeps_rows_and_columns(tmp_path):
    # one voxel in i; j runs along the columns, k along the rows
    geometry = np.diag([0.5, 0.5, 0.5, 1.0])
    node = add_radiograph(picture()[:, :, np.newaxis], geometry)
    assert radiograph_axes(node) == (1, 2)
    assert radiograph_size(node) == "120 x 200 pixels"


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.uint16, np.float32])
def test_every_kind_of_pixel_is_written(tmp_path, kind):
    array = (picture() / picture().max() * 250).astype(kind)
    node = add_radiograph(array[np.newaxis], np.diag([-0.5, -0.5, 0.5, 1.0]))
    assert_same_picture(read_radiograph(radiograph_file(node, tmp_path, "radiograph"), "lateral"), array)


def test_spacing_says_where_it_comes_from():
    node = add_radiograph(picture()[np.newaxis], np.diag([-0.2, -0.3, 1.0, 1.0]))
    assert str(radiograph_spacing(node, RadiographOptions())) == "0.2 x 0.3 mm, from the volume's geometry"
    assert str(radiograph_spacing(node, RadiographOptions(spacing_mm=0.14))) == "0.14 mm, set manually"
    assumed = radiograph_spacing(
        add_radiograph(picture()[np.newaxis], np.diag([-1.0, -1.0, 1.0, 1.0])), RadiographOptions()
    )
    assert assumed.assumed
    assert "assumed" in str(assumed)
    assert not radiograph_spacing(node, RadiographOptions()).assumed


class Database:
    """As much of `slicer.dicomDatabase` as the radiographs ask."""

    def __init__(self, path, dataset):
        self._path, self._dataset = path, dataset

    def fileForInstance(self, uid):  # noqa: N802 - Slicer's name
        return str(self._path) if uid == self._dataset.SOPInstanceUID else ""

    def instanceValue(self, uid, tag):  # noqa: N802 - Slicer's name
        keyword = {"0028,0010": "Rows", "0028,0011": "Columns"}[tag]
        return str(getattr(self._dataset, keyword)) if uid == self._dataset.SOPInstanceUID else ""


@pytest.fixture
def dicom_radiograph(tmp_path, monkeypatch):
    """A MONOCHROME1 radiograph in Slicer's DICOM database, of 0.5 mm pixels, enlarged 1.25 times."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = (
        ComputedRadiographyImageStorage,
        generate_uid(),
    )
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    path = tmp_path / "radiograph.dcm"
    dataset = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID, dataset.SOPInstanceUID = (
        meta.MediaStorageSOPClassUID,
        meta.MediaStorageSOPInstanceUID,
    )
    dataset.Modality, dataset.PhotometricInterpretation = "CR", "MONOCHROME1"
    dataset.Rows, dataset.Columns = picture().shape
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.SamplesPerPixel, dataset.PixelRepresentation = 15, 1, 0
    dataset.ImagerPixelSpacing = [0.5, 0.5]
    dataset.EstimatedRadiographicMagnificationFactor = 1.25
    dataset.PixelData = picture().astype(np.uint16).tobytes()
    dataset.save_as(path)
    monkeypatch.setattr(slicer, "dicomDatabase", Database(path, dataset), raising=False)
    node = add_radiograph(picture()[np.newaxis], np.diag([-1.0, -1.0, 1.0, 1.0]))
    node.SetAttribute("DICOM.instanceUIDs", dataset.SOPInstanceUID)
    return node, path


def test_a_dicom_radiograph_is_read_from_its_file_with_its_tags(dicom_radiograph, tmp_path):
    node, path = dicom_radiograph
    assert radiograph_file(node, tmp_path, "ap") == path
    spacing = radiograph_spacing(node, RadiographOptions())
    assert not spacing.assumed
    assert spacing.row_mm == pytest.approx(0.4)
    assert "ImagerPixelSpacing" in spacing.source
    # MONOCHROME1: small values are bright
    assert_same_picture(read_radiograph(path, "ap"), -picture())


def test_a_dicom_radiograph_that_was_cropped_is_written_as_it_is_now(dicom_radiograph, tmp_path):
    node, _ = dicom_radiograph
    slicer.util.updateVolumeFromArray(node, picture()[np.newaxis, :150].copy())
    assert dicom_file(node) is None
    assert radiograph_file(node, tmp_path, "ap").suffix == ".nrrd"


def test_a_dicom_file_that_was_dropped_is_read_with_its_tags_and_the_users_magnification(
    dicom_radiograph, monkeypatch
):
    node, path = dicom_radiograph
    monkeypatch.delattr(slicer, "dicomDatabase")
    node.RemoveAttribute("DICOM.instanceUIDs")
    assert dicom_file(node) is None
    node.SetAttribute(FILE_ATTRIBUTE, str(path))
    assert dicom_file(node) == path
    assert str(radiograph_spacing(node, RadiographOptions())).startswith(
        "0.4 mm, from DICOM ImagerPixelSpacing / 1.25"
    )
    given = radiograph_spacing(node, RadiographOptions(magnification=1.1))
    assert given.row_mm == pytest.approx(0.5 / 1.1)
    assert "ImagerPixelSpacing / 1.1 (magnification specified by the user)" in given.source
    slicer.util.updateVolumeFromArray(node, picture()[np.newaxis, :150].copy())
    assert dicom_file(node) is None


def test_a_dicom_radiograph_is_looked_at_as_its_file_is_read(dicom_radiograph):
    node, path = dicom_radiograph
    seen = SceneRadiographs().decode(node)
    assert not seen.decoded.bone_bright
    looked, faults = interpret(seen.decoded, "ap", RadiographOptions())
    read = read_radiograph(path, "ap")
    assert faults == []
    assert looked.spacing_mm == pytest.approx(read.spacing_mm)
    assert np.allclose(looked.pixels, read.pixels, atol=0.01)


def test_a_large_radiograph_is_looked_at_smaller_and_keeps_its_millimetres():
    large = np.kron(picture(), np.ones((16, 16), np.int16))
    seen = SceneRadiographs().decode(add_radiograph(large[np.newaxis], np.diag([-0.1, -0.1, 1.0, 1.0])))
    assert seen.shape == large.shape
    assert max(seen.decoded.values.shape) <= 1200
    looked, _ = interpret(seen.decoded, "ap", RadiographOptions())
    assert looked.size_mm == pytest.approx((320.0, 192.0))


def test_a_radiograph_that_slicers_database_has_lost_is_written(dicom_radiograph, tmp_path):
    node, path = dicom_radiograph
    path.unlink()
    assert radiograph_file(node, tmp_path, "ap").suffix == ".nrrd"


def test_a_dicom_radiograph_whose_file_was_spoilt_has_no_known_spacing(dicom_radiograph):
    node, path = dicom_radiograph
    path.write_bytes(b"no DICOM any more")
    spacing = radiograph_spacing(node, RadiographOptions())
    assert spacing.row_mm is None
    assert "cannot be read" in spacing.source


def colour_radiograph(channels: np.ndarray):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLVectorVolumeNode", "picture")
    slicer.util.updateVolumeFromArray(node, channels[np.newaxis])
    node.SetSpacing(0.5, 0.5, 0.5)
    node.SetIJKToRASDirections(-1, 0, 0, 0, -1, 0, 0, 0, 1)
    return node


def test_a_gray_picture_that_was_loaded_as_rgb_is_a_radiograph(tmp_path):
    gray = (picture() / picture().max() * 255).astype(np.uint8)
    node = colour_radiograph(np.stack([gray] * 3, axis=-1))
    assert radiograph_size(node) == "120 x 200 pixels"
    radiograph = read_radiograph(radiograph_file(node, tmp_path, "ap"), "ap")
    assert_same_picture(radiograph, gray)
    assert radiograph.spacing_mm == pytest.approx((0.5, 0.5))


def test_a_colour_picture_is_refused_as_such(tmp_path):
    gray = (picture() / picture().max() * 255).astype(np.uint8)
    node = colour_radiograph(np.stack([gray, gray // 2, 255 - gray], axis=-1))
    with pytest.raises(InputError, match="in colour"):
        read_radiograph(radiograph_file(node, tmp_path, "ap"), "ap")
