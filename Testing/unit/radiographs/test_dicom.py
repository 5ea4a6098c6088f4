"""DICOM radiographs: photometry, compression, faults."""

import numpy as np
import pydicom
import pytest
from dicom_files import fault_kinds, same, write_dicom
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless, JPEGLosslessSV1, RLELossless

from SwinX2SLib.radiographs import RadiographOptions, examine_pair, read_radiograph


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, RLELossless, JPEG2000Lossless, JPEGLosslessSV1])
def test_every_compression_yields_the_same_radiograph(tmp_path, radiograph_values, syntax):
    path = write_dicom(tmp_path / "radiograph.dcm", radiograph_values, syntax, PixelSpacing=[0.9, 0.9])
    radiograph = read_radiograph(path, "ap")
    plain = read_radiograph(
        write_dicom(tmp_path / "plain.dcm", radiograph_values, PixelSpacing=[0.9, 0.9]), "ap"
    )
    np.testing.assert_array_equal(radiograph.pixels, plain.pixels)
    assert same(radiograph, radiograph_values)


def test_monochrome1_is_inverted_so_that_bone_is_bright(tmp_path, radiograph_values):
    path = write_dicom(
        tmp_path / "radiograph.dcm",
        4095 - radiograph_values,
        PhotometricInterpretation="MONOCHROME1",
        PixelSpacing=[0.9, 0.9],
    )
    assert same(read_radiograph(path, "ap"), radiograph_values)
    inverted = read_radiograph(path, "ap", RadiographOptions(invert=True))
    assert same(inverted, 4095 - radiograph_values.astype(int))
    assert any("Gray levels inverted" in note for note in inverted.notes)


def test_a_negative_rescale_slope_turns_the_values(tmp_path, radiograph_values):
    path = write_dicom(
        tmp_path / "radiograph.dcm",
        4095 - radiograph_values,
        RescaleSlope=-1,
        RescaleIntercept=4095,
        PixelSpacing=[0.9, 0.9],
    )
    assert same(read_radiograph(path, "ap"), radiograph_values)


def test_a_voi_table_shapes_the_contrast_and_a_window_does_not_cut(tmp_path, radiograph_values):
    table = pydicom.Dataset()
    table.LUTDescriptor = [4096, 0, 16]
    table.LUTData = (65535 * (np.arange(4096) / 4095.0) ** 2).astype(np.uint16).tolist()
    table["LUTDescriptor"].VR, table["LUTData"].VR = "US", "US"
    path = write_dicom(
        tmp_path / "radiograph.dcm", radiograph_values, VOILUTSequence=[table], PixelSpacing=[0.9, 0.9]
    )
    assert same(read_radiograph(path, "ap"), radiograph_values.astype(float) ** 2)
    windowed = write_dicom(
        tmp_path / "window.dcm", radiograph_values, WindowCenter=600, WindowWidth=10, PixelSpacing=[0.9, 0.9]
    )
    assert same(read_radiograph(windowed, "ap"), radiograph_values)


def test_padding_is_air_and_no_bone(tmp_path, radiograph_values):
    values = radiograph_values.copy()
    values[10:30, 5:25] = 65535
    path = write_dicom(
        tmp_path / "radiograph.dcm",
        values,
        PixelPaddingValue=65535,
        PixelPaddingRangeLimit=65000,
        PixelSpacing=[0.9, 0.9],
    )
    radiograph = read_radiograph(path, "ap")
    assert radiograph.pixels[10:30, 5:25].max() == 0
    assert radiograph.pixels[:, 70:90].mean() > 0.7


def test_a_colour_secondary_capture_is_refused_and_a_gray_one_accepted(tmp_path, radiograph_values):
    gray = (radiograph_values // 16).astype(np.uint8)
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
    assert same(read_radiograph(grayish, "ap"), radiograph_values)
    coloured = write_dicom(
        tmp_path / "colour.dcm", np.stack([gray, gray // 2, 255 - gray], axis=-1), **colour
    )
    assert fault_kinds(coloured) == ["colour-picture"]


def test_several_frames_no_picture_and_a_cut_file_are_told_apart(tmp_path, radiograph_values):
    frames = np.stack([radiograph_values, radiograph_values])
    several = write_dicom(
        tmp_path / "several.dcm",
        frames,
        NumberOfFrames=2,
        Rows=radiograph_values.shape[0],
        Columns=radiograph_values.shape[1],
    )
    assert fault_kinds(several) == ["multi-frame"]
    cut = write_dicom(tmp_path / "cut.dcm", radiograph_values, PixelSpacing=[0.9, 0.9])
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    assert fault_kinds(cut) == ["unreadable-file"]
    cut_jpeg = write_dicom(
        tmp_path / "cut2.dcm", radiograph_values, JPEG2000Lossless, PixelSpacing=[0.9, 0.9]
    )
    cut_jpeg.write_bytes(cut_jpeg.read_bytes()[: cut_jpeg.stat().st_size // 2])
    assert fault_kinds(cut_jpeg) == ["unreadable-file"]
    dataset = pydicom.dcmread(write_dicom(tmp_path / "none.dcm", radiograph_values))
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


def test_what_the_reader_warns_of_is_a_note(tmp_path, radiograph_values):
    path = write_dicom(
        tmp_path / "radiograph.dcm", radiograph_values, PixelSpacing=[1.2, 1.2], NumberOfFrames=0
    )
    assert any("Number of Frames" in note for note in read_radiograph(path, "ap").notes)


@pytest.mark.parametrize(
    ("numbers", "noted"),
    [(("17", "18"), True), (("17", "17"), False), (("17", ""), False), ((" 17", "17 "), False)],
)
def test_headers_of_two_patients_are_noted_without_naming_them(tmp_path, numbers, noted):
    rng = np.random.default_rng(0)
    files = [
        write_dicom(
            tmp_path / f"{view}.dcm",
            rng.integers(0, 4000, (128, 96)).astype(np.uint16),
            PatientID=number,
            PixelSpacing=[2.0, 2.0],
        )
        for view, number in zip(("ap", "lateral"), numbers, strict=True)
    ]
    _, lateral, _ = examine_pair(*files)
    notes = [note for note in lateral.notes if "two patients" in note]
    assert bool(notes) == noted
    assert not any(number.strip() in note for note in notes for number in numbers)
