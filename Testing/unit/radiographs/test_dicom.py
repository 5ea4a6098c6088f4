"""DICOM films that the tests write: photometry, compression, spacing, orientation, faults."""

import importlib.util
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    ComputedRadiographyImageStorage,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    RLELossless,
    generate_uid,
)

from SwinX2SLib.errors import InputError
from SwinX2SLib.radiographs import FilmOptions, examine_pair, read_radiograph

_specification = importlib.util.spec_from_file_location(
    "lossless_jpeg", Path(__file__).with_name("lossless_jpeg.py")
)
lossless_jpeg = importlib.util.module_from_spec(_specification)
_specification.loader.exec_module(lossless_jpeg)


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


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, RLELossless, JPEG2000Lossless, JPEGLosslessSV1])
def test_every_compression_yields_the_same_film(tmp_path, film_values, syntax):
    path = write_dicom(tmp_path / "film.dcm", film_values, syntax, PixelSpacing=[0.9, 0.9])
    film = read_radiograph(path, "ap")
    plain = read_radiograph(write_dicom(tmp_path / "plain.dcm", film_values, PixelSpacing=[0.9, 0.9]), "ap")
    np.testing.assert_array_equal(film.pixels, plain.pixels)
    assert same(film, film_values)


def test_monochrome1_is_inverted_so_that_bone_is_bright(tmp_path, film_values):
    path = write_dicom(
        tmp_path / "film.dcm",
        4095 - film_values,
        PhotometricInterpretation="MONOCHROME1",
        PixelSpacing=[0.9, 0.9],
    )
    assert same(read_radiograph(path, "ap"), film_values)
    inverted = read_radiograph(path, "ap", FilmOptions(invert=True))
    assert same(inverted, 4095 - film_values.astype(int))
    assert any("swapped as asked" in note for note in inverted.notes)


def test_a_negative_rescale_slope_turns_the_values(tmp_path, film_values):
    path = write_dicom(
        tmp_path / "film.dcm",
        4095 - film_values,
        RescaleSlope=-1,
        RescaleIntercept=4095,
        PixelSpacing=[0.9, 0.9],
    )
    assert same(read_radiograph(path, "ap"), film_values)


def test_a_voi_table_shapes_the_contrast_and_a_window_does_not_cut(tmp_path, film_values):
    table = pydicom.Dataset()
    table.LUTDescriptor = [4096, 0, 16]
    table.LUTData = (65535 * (np.arange(4096) / 4095.0) ** 2).astype(np.uint16).tolist()
    table["LUTDescriptor"].VR, table["LUTData"].VR = "US", "US"
    path = write_dicom(tmp_path / "film.dcm", film_values, VOILUTSequence=[table], PixelSpacing=[0.9, 0.9])
    assert same(read_radiograph(path, "ap"), film_values.astype(float) ** 2)
    windowed = write_dicom(
        tmp_path / "window.dcm", film_values, WindowCenter=600, WindowWidth=10, PixelSpacing=[0.9, 0.9]
    )
    assert same(read_radiograph(windowed, "ap"), film_values)


def test_padding_is_air_and_no_bone(tmp_path, film_values):
    values = film_values.copy()
    values[10:30, 5:25] = 65535
    path = write_dicom(
        tmp_path / "film.dcm",
        values,
        PixelPaddingValue=65535,
        PixelPaddingRangeLimit=65000,
        PixelSpacing=[0.9, 0.9],
    )
    film = read_radiograph(path, "ap")
    assert film.pixels[10:30, 5:25].max() == 0
    assert film.pixels[:, 70:90].mean() > 0.7


@pytest.mark.parametrize(
    ("tags", "expected_mm", "source"),
    [
        ({"PixelSpacing": [0.9, 0.9]}, 0.9, "PixelSpacing (not calibrated)"),
        (
            {"PixelSpacing": [0.8, 0.8], "PixelSpacingCalibrationType": "FIDUCIAL"},
            0.8,
            "calibrated by fiducial",
        ),
        (
            {"PixelSpacing": [0.8, 0.8], "ImagerPixelSpacing": [0.9, 0.9]},
            0.8,
            "differs from ImagerPixelSpacing",
        ),
        ({"ImagerPixelSpacing": [0.9, 0.9]}, 0.9, "at the detector"),
        ({"PixelSpacing": [0.9, 0.9], "ImagerPixelSpacing": [0.9, 0.9]}, 0.9, "at the detector"),
        (
            {"ImagerPixelSpacing": [0.9, 0.9], "EstimatedRadiographicMagnificationFactor": 1.2},
            0.75,
            "EstimatedRadiographicMagnificationFactor",
        ),
        (
            {
                "ImagerPixelSpacing": [0.9, 0.9],
                "DistanceSourceToDetector": 1800,
                "DistanceSourceToPatient": 1500,
            },
            0.75,
            "DistanceSourceToDetector / DistanceSourceToPatient",
        ),
        (
            {"PixelSpacing": [0, 0], "NominalScannedPixelSpacing": [0.7, 0.7]},
            0.7,
            "NominalScannedPixelSpacing",
        ),
    ],
)
def test_the_spacing_comes_from_the_most_trusted_tag(tmp_path, film_values, tags, expected_mm, source):
    film = read_radiograph(write_dicom(tmp_path / "film.dcm", film_values, **tags), "ap")
    assert film.spacing_mm == pytest.approx((expected_mm, expected_mm))
    assert source in film.spacing_source


def test_what_the_user_says_wins_over_the_header_and_both_are_recorded(tmp_path, film_values):
    path = write_dicom(tmp_path / "film.dcm", film_values, PixelSpacing=[0.9, 0.9])
    film = read_radiograph(path, "ap", FilmOptions(spacing_mm=1.1))
    assert film.spacing_mm == (1.1, 1.1)
    assert film.spacing_source.startswith("given by the user")
    assert "0.9" in film.spacing_source


def test_a_spacing_of_zero_is_absent(tmp_path, film_values):
    path = write_dicom(tmp_path / "film.dcm", film_values, PixelSpacing=["0.000", "0.000"])
    with pytest.raises(InputError) as caught:
        read_radiograph(path, "ap")
    (fault,) = caught.value.faults
    assert fault.kind == "spacing-absent"
    assert "no usable PixelSpacing (0," in fault.message


def test_rows_and_columns_of_unequal_size_are_refused_and_turn_with_the_film(tmp_path, film_values):
    path = write_dicom(tmp_path / "film.dcm", film_values, PixelSpacing=[0.9, 0.8])
    with pytest.raises(InputError, match=r"0\.9 mm high and 0\.8 mm wide"):
        read_radiograph(path, "ap")
    with pytest.raises(InputError, match=r"0\.8 mm high and 0\.9 mm wide"):
        read_radiograph(path, "ap", FilmOptions(rotate_deg=90))


@pytest.mark.parametrize(
    ("view", "orientation", "stored"),
    [
        ("ap", ["L", "F"], lambda hanging: hanging),
        ("pa", ["L", "F"], lambda hanging: hanging),
        ("ap", ["R", "F"], lambda hanging: hanging[:, ::-1]),
        ("ap", ["R", "H"], lambda hanging: hanging[::-1, ::-1]),
        ("ap", ["F", "L"], lambda hanging: hanging.T),
        ("ap", ["H", "L"], lambda hanging: hanging[::-1].T),
        ("lateral", ["P", "F"], lambda hanging: hanging),
        ("lateral", ["A", "F"], lambda hanging: hanging[:, ::-1]),
    ],
)
def test_the_patient_orientation_brings_a_film_to_hang(tmp_path, film_values, view, orientation, stored):
    values = np.ascontiguousarray(stored(film_values))
    path = write_dicom(tmp_path / "film.dcm", values, PatientOrientation=orientation, PixelSpacing=[0.9, 0.9])
    film = read_radiograph(path, view)
    assert same(film, film_values)
    assert any("patient orientation" in note for note in film.notes) == (
        values.tobytes() != film_values.tobytes()
    )


def test_swapped_views_are_noticed_and_the_check_can_be_turned_off(tmp_path, film_values):
    path = write_dicom(
        tmp_path / "film.dcm", film_values, PatientOrientation=["P", "F"], PixelSpacing=[0.9, 0.9]
    )
    assert fault_kinds(path) == ["view-mismatch"]
    assert same(read_radiograph(path, "ap", FilmOptions(trust_orientation=False)), film_values)


def test_a_colour_secondary_capture_is_refused_and_a_gray_one_accepted(tmp_path, film_values):
    gray = (film_values // 16).astype(np.uint8)
    colour = {
        "SamplesPerPixel": 3,
        "PhotometricInterpretation": "RGB",
        "PlanarConfiguration": 0,
        "BitsAllocated": 8,
        "BitsStored": 8,
        "HighBit": 7,
        "PixelSpacing": [0.9, 0.9],
    }
    grayish = write_dicom(tmp_path / "gray.dcm", np.stack([gray] * 3, axis=-1), **colour)
    assert same(read_radiograph(grayish, "ap"), film_values)
    coloured = write_dicom(
        tmp_path / "colour.dcm", np.stack([gray, gray // 2, 255 - gray], axis=-1), **colour
    )
    assert fault_kinds(coloured) == ["colour-picture"]


def test_several_frames_no_picture_and_a_cut_file_are_told_apart(tmp_path, film_values):
    frames = np.stack([film_values, film_values])
    several = write_dicom(
        tmp_path / "several.dcm",
        frames,
        NumberOfFrames=2,
        Rows=film_values.shape[0],
        Columns=film_values.shape[1],
    )
    assert fault_kinds(several) == ["multi-frame"]
    cut = write_dicom(tmp_path / "cut.dcm", film_values, PixelSpacing=[0.9, 0.9])
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    assert fault_kinds(cut) == ["unreadable-file"]
    cut_jpeg = write_dicom(tmp_path / "cut2.dcm", film_values, JPEG2000Lossless, PixelSpacing=[0.9, 0.9])
    cut_jpeg.write_bytes(cut_jpeg.read_bytes()[: cut_jpeg.stat().st_size // 2])
    assert fault_kinds(cut_jpeg) == ["unreadable-file"]
    dataset = pydicom.dcmread(write_dicom(tmp_path / "none.dcm", film_values))
    del dataset.PixelData, dataset.Rows, dataset.Columns
    dataset.save_as(tmp_path / "none.dcm")
    assert fault_kinds(tmp_path / "none.dcm") == ["not-a-picture"]


def test_real_computed_radiographs_in_jpeg_2000_are_read(shared_data):
    folder = shared_data / "radiographs" / "dicom"
    # The chest is MONOCHROME1 with a PixelSpacing of 0.000, the hip MONOCHROME2 with 0.2 mm.
    chest, hip, faults = examine_pair(folder / "RG1_J2KI.dcm", folder / "RG2_J2KI.dcm", ap_view="pa")
    assert [fault.kind for fault in faults] == ["spacing-absent"]
    assert hip.spacing_mm == (0.2, 0.2)
    rows, cols = chest.pixels.shape
    spine = chest.pixels[rows // 3 : rows // 2, cols // 2 - 50 : cols // 2 + 50].mean()
    lung = chest.pixels[rows // 3 : rows // 2, cols // 4 - 50 : cols // 4 + 50].mean()
    assert spine > lung + 0.2


@pytest.mark.parametrize(("position", "view"), [("LL", "ap"), ("LATERAL", "pa"), ("PA", "lateral")])
def test_a_view_position_of_the_other_view_is_noticed(tmp_path, film_values, position, view):
    path = write_dicom(tmp_path / "film.dcm", film_values, PixelSpacing=[1.2, 1.2], ViewPosition=position)
    assert fault_kinds(path, view) == ["view-mismatch"]
    assert read_radiograph(path, view, FilmOptions(trust_orientation=False)).view == view


def test_a_pa_film_used_as_ap_is_told(tmp_path, film_values):
    path = write_dicom(tmp_path / "film.dcm", film_values, PixelSpacing=[1.2, 1.2], ViewPosition="PA")
    assert any("--ap-view" in note for note in read_radiograph(path, "ap").notes)
    assert not any("--ap-view" in note for note in read_radiograph(path, "pa").notes)


def test_an_orientation_without_meaning_is_left_aside_and_told(tmp_path, film_values):
    path = write_dicom(
        tmp_path / "film.dcm", film_values, PixelSpacing=[1.2, 1.2], PatientOrientation=["X", "Y"]
    )
    film = read_radiograph(path, "ap")
    assert same(film, film_values)
    assert any("X\\Y" in note for note in film.notes)


def test_what_the_reader_warns_of_is_a_note(tmp_path, film_values):
    path = write_dicom(tmp_path / "film.dcm", film_values, PixelSpacing=[1.2, 1.2], NumberOfFrames=0)
    assert any("Number of Frames" in note for note in read_radiograph(path, "ap").notes)
