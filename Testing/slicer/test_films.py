"""Films in the scene: what the worker's reader makes of the files that Slicer writes for it."""

import numpy as np
import pytest
import slicer
import slicer.util
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian, generate_uid

from SwinX2SLib.errors import InputError
from SwinX2SLib.radiographs import FilmOptions, read_radiograph
from SwinX2SLib.radiographs.reading import interpret
from SwinX2SLib.slicerui.films import (
    FILE_ATTRIBUTE,
    dicom_file,
    film_axes,
    film_file,
    film_size,
    film_spacing,
)
from SwinX2SLib.slicerui.inputs.decoding import SceneFilms


@pytest.fixture(autouse=True)
def _scene(scene):
    return scene


def picture() -> np.ndarray:
    """A film that differs in every corner: bright at the upper left, darker to the right and to the feet."""
    row, column = np.mgrid[0:200, 0:120]
    return (4000 - 12 * row - 8 * column).astype(np.int16)


def add_film(array: np.ndarray, geometry: np.ndarray, name: str = "film"):
    return slicer.util.addVolumeFromArray(array, ijkToRAS=geometry, name=name)


def assert_same_picture(film, expected: np.ndarray) -> None:
    ranks = np.corrcoef(film.pixels.ravel(), expected.astype(float).ravel())[0, 1]
    assert film.pixels.shape == expected.shape
    assert ranks > 0.99


def test_a_png_loaded_by_slicer_reaches_the_worker_as_it_is_seen(tmp_path):
    node = add_film(picture()[np.newaxis], np.diag([-0.5, -0.5, 0.5, 1.0]))
    assert film_axes(node) == (0, 1)
    assert film_size(node) == "120 x 200 pixels"
    film = read_radiograph(film_file(node, tmp_path, "ap"), "ap")
    assert_same_picture(film, picture())
    assert film.spacing_mm == pytest.approx((0.5, 0.5))


def test_a_film_placed_in_the_coronal_plane_hangs_head_up_and_right_on_the_left(tmp_path):
    # i runs to the patient's left, j runs to the head: upside down as stored
    geometry = np.array([[-0.5, 0, 0, 0], [0, 0, 0.5, 0], [0, 0.5, 0, 0], [0, 0, 0, 1.0]])
    node = add_film(picture()[np.newaxis, ::-1].copy(), geometry)
    film = read_radiograph(film_file(node, tmp_path, "ap"), "ap")
    assert_same_picture(film, picture())


def test_a_film_stored_along_other_axes_keeps_rows_and_columns(tmp_path):
    # one voxel in i; j runs along the columns, k along the rows
    geometry = np.diag([0.5, 0.5, 0.5, 1.0])
    node = add_film(picture()[:, :, np.newaxis], geometry)
    assert film_axes(node) == (1, 2)
    assert film_size(node) == "120 x 200 pixels"


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.uint16, np.float32])
def test_every_kind_of_pixel_is_written(tmp_path, kind):
    array = (picture() / picture().max() * 250).astype(kind)
    node = add_film(array[np.newaxis], np.diag([-0.5, -0.5, 0.5, 1.0]))
    assert_same_picture(read_radiograph(film_file(node, tmp_path, "film"), "lateral"), array)


def test_spacing_says_where_it_comes_from():
    node = add_film(picture()[np.newaxis], np.diag([-0.2, -0.3, 1.0, 1.0]))
    assert str(film_spacing(node, FilmOptions())) == "0.2 x 0.3 mm, from the volume's geometry"
    assert str(film_spacing(node, FilmOptions(spacing_mm=0.14))) == "0.14 mm, set by you"
    assumed = film_spacing(add_film(picture()[np.newaxis], np.diag([-1.0, -1.0, 1.0, 1.0])), FilmOptions())
    assert assumed.assumed
    assert "assumed" in str(assumed)
    assert not film_spacing(node, FilmOptions()).assumed


class Database:
    """As much of `slicer.dicomDatabase` as the films ask."""

    def __init__(self, path, dataset):
        self._path, self._dataset = path, dataset

    def fileForInstance(self, uid):  # noqa: N802 - Slicer's name
        return str(self._path) if uid == self._dataset.SOPInstanceUID else ""

    def instanceValue(self, uid, tag):  # noqa: N802 - Slicer's name
        keyword = {"0028,0010": "Rows", "0028,0011": "Columns"}[tag]
        return str(getattr(self._dataset, keyword)) if uid == self._dataset.SOPInstanceUID else ""


@pytest.fixture
def dicom_film(tmp_path, monkeypatch):
    """A MONOCHROME1 film in Slicer's DICOM database, of 0.5 mm pixels, enlarged 1.25 times."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = (
        ComputedRadiographyImageStorage,
        generate_uid(),
    )
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    path = tmp_path / "film.dcm"
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
    node = add_film(picture()[np.newaxis], np.diag([-1.0, -1.0, 1.0, 1.0]))
    node.SetAttribute("DICOM.instanceUIDs", dataset.SOPInstanceUID)
    return node, path


def test_a_dicom_film_is_read_from_its_file_with_its_tags(dicom_film, tmp_path):
    node, path = dicom_film
    assert film_file(node, tmp_path, "ap") == path
    spacing = film_spacing(node, FilmOptions())
    assert not spacing.assumed
    assert spacing.row_mm == pytest.approx(0.4)
    assert "ImagerPixelSpacing" in spacing.source
    # MONOCHROME1: small values are bright
    assert_same_picture(read_radiograph(path, "ap"), -picture())


def test_a_dicom_film_that_was_cropped_is_written_as_it_is_now(dicom_film, tmp_path):
    node, _ = dicom_film
    slicer.util.updateVolumeFromArray(node, picture()[np.newaxis, :150].copy())
    assert dicom_file(node) is None
    assert film_file(node, tmp_path, "ap").suffix == ".nrrd"


def test_a_dicom_file_that_was_dropped_is_read_with_its_tags_and_the_users_magnification(
    dicom_film, monkeypatch
):
    node, path = dicom_film
    monkeypatch.delattr(slicer, "dicomDatabase")
    node.RemoveAttribute("DICOM.instanceUIDs")
    assert dicom_file(node) is None
    node.SetAttribute(FILE_ATTRIBUTE, str(path))
    assert dicom_file(node) == path
    assert str(film_spacing(node, FilmOptions())).startswith("0.4 mm, from DICOM ImagerPixelSpacing / 1.25")
    given = film_spacing(node, FilmOptions(magnification=1.1))
    assert given.row_mm == pytest.approx(0.5 / 1.1)
    assert "ImagerPixelSpacing / 1.1 (magnification given by the user)" in given.source
    slicer.util.updateVolumeFromArray(node, picture()[np.newaxis, :150].copy())
    assert dicom_file(node) is None


def test_a_dicom_film_is_looked_at_as_its_file_is_read(dicom_film):
    node, path = dicom_film
    seen = SceneFilms().decode(node)
    assert not seen.decoded.bone_bright
    looked, faults = interpret(seen.decoded, "ap", FilmOptions())
    read = read_radiograph(path, "ap")
    assert faults == []
    assert looked.spacing_mm == pytest.approx(read.spacing_mm)
    assert np.allclose(looked.pixels, read.pixels, atol=0.01)


def test_a_large_film_is_looked_at_smaller_and_keeps_its_millimetres():
    large = np.kron(picture(), np.ones((16, 16), np.int16))
    seen = SceneFilms().decode(add_film(large[np.newaxis], np.diag([-0.1, -0.1, 1.0, 1.0])))
    assert seen.shape == large.shape
    assert max(seen.decoded.values.shape) <= 1200
    looked, _ = interpret(seen.decoded, "ap", FilmOptions())
    assert looked.size_mm == pytest.approx((320.0, 192.0))


def test_a_film_that_slicers_database_has_lost_is_written(dicom_film, tmp_path):
    node, path = dicom_film
    path.unlink()
    assert film_file(node, tmp_path, "ap").suffix == ".nrrd"


def test_a_dicom_film_whose_file_was_spoilt_has_no_known_spacing(dicom_film):
    node, path = dicom_film
    path.write_bytes(b"no DICOM any more")
    spacing = film_spacing(node, FilmOptions())
    assert spacing.row_mm is None
    assert "cannot be read" in spacing.source


def colour_film(channels: np.ndarray):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLVectorVolumeNode", "picture")
    slicer.util.updateVolumeFromArray(node, channels[np.newaxis])
    node.SetSpacing(0.5, 0.5, 0.5)
    node.SetIJKToRASDirections(-1, 0, 0, 0, -1, 0, 0, 0, 1)
    return node


def test_a_gray_picture_that_was_loaded_as_rgb_is_a_film(tmp_path):
    gray = (picture() / picture().max() * 255).astype(np.uint8)
    node = colour_film(np.stack([gray] * 3, axis=-1))
    assert film_size(node) == "120 x 200 pixels"
    film = read_radiograph(film_file(node, tmp_path, "ap"), "ap")
    assert_same_picture(film, gray)
    assert film.spacing_mm == pytest.approx((0.5, 0.5))


def test_a_colour_picture_is_refused_as_such(tmp_path):
    gray = (picture() / picture().max() * 255).astype(np.uint8)
    node = colour_film(np.stack([gray, gray // 2, 255 - gray], axis=-1))
    with pytest.raises(InputError, match="in colour"):
        read_radiograph(film_file(node, tmp_path, "ap"), "ap")
