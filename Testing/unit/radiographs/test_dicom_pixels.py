"""DICOM radiographs: stored bits, padding, rescaling, tables, photometry, display shutter."""

import numpy as np
import pydicom
import pytest
from dicom_files import fault_kinds, same, write_dicom
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.uid import JPEG2000Lossless, RLELossless

from SwinX2SLib.radiographs import RadiographOptions, read_radiograph
from SwinX2SLib.radiographs.dicom import decode_dicom

SIZE = {"PixelSpacing": [0.9, 0.9]}


def bits(allocated: int, stored: int, high: int | None = None, signed: bool = False) -> dict:
    return {
        "BitsAllocated": allocated,
        "BitsStored": stored,
        "HighBit": stored - 1 if high is None else high,
        "PixelRepresentation": int(signed),
    }


def lookup_table(descriptor, data: bytes | list[int] | None) -> pydicom.Dataset:
    table = pydicom.Dataset()
    if descriptor is not None:
        table.add_new("LUTDescriptor", "SS" if min(descriptor) < 0 else "US", descriptor)
    if data is not None:
        table.add_new("LUTData", "OW" if isinstance(data, bytes) else "US", data)
    return table


@st.composite
def layouts(draw) -> tuple[int, int, int, bool]:
    """Bits Allocated, Bits Stored, the lowest stored bit, signedness."""
    allocated = draw(st.sampled_from([8, 16, 32]))
    stored = draw(st.integers(6, min(allocated, 24)))
    return allocated, stored, draw(st.integers(0, allocated - stored)), draw(st.booleans())


@settings(max_examples=60, deadline=None)
@given(layouts(), st.integers(0, 2**32 - 1))
def test_stored_bits_are_read_wherever_they_lie_in_their_cells_and_the_others_left_out(
    tmp_path_factory, layout, seed
):
    allocated, stored, lowest, signed = layout
    rng = np.random.default_rng(seed)
    least = -(1 << stored - 1) if signed else 0
    values = rng.integers(least, least + (1 << stored), (70, 66), dtype=np.int64)
    # The extremes occur, so that no layout can be mistaken for another one.
    values[0, :2] = least, least + (1 << stored) - 1
    others = rng.integers(0, 1 << allocated, values.shape, dtype=np.int64)
    field = ((1 << stored) - 1) << lowest
    cells = ((values << lowest) & field) | (others & ~field & ((1 << allocated) - 1))
    path = write_dicom(
        tmp_path_factory.mktemp("bits") / "radiograph.dcm",
        cells.astype(f"u{allocated // 8}"),
        **bits(allocated, stored, lowest + stored - 1, signed),
    )
    np.testing.assert_array_equal(decode_dicom(path).values, values.astype(np.float32))


@pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless])
def test_a_high_bit_that_contradicts_the_pixels_is_noted_and_the_lowest_bits_are_read(
    tmp_path, radiograph_values, syntax
):
    path = write_dicom(tmp_path / "radiograph.dcm", radiograph_values, syntax, **bits(16, 12), **SIZE)
    dataset = pydicom.dcmread(path)
    dataset.HighBit = 15
    dataset.save_as(path)
    decoded = decode_dicom(path)
    np.testing.assert_array_equal(decoded.values, radiograph_values)
    assert any("HighBit 15 contradicts" in note for note in decoded.notes)


def test_bits_above_the_high_bit_are_noted_unless_they_are_a_stated_overlay(tmp_path, radiograph_values):
    cells = radiograph_values | np.uint16(0x8000)
    path = write_dicom(tmp_path / "radiograph.dcm", cells, **bits(16, 12), **SIZE)
    plain = decode_dicom(path)
    np.testing.assert_array_equal(plain.values, radiograph_values)
    assert any("above HighBit 11" in note for note in plain.notes)
    dataset = pydicom.dcmread(path)
    dataset.add_new(0x60000100, "US", 16)
    dataset.add_new(0x60000102, "US", 15)
    dataset.save_as(path)
    overlaid = decode_dicom(path)
    np.testing.assert_array_equal(overlaid.values, radiograph_values)
    assert not any("HighBit" in note for note in overlaid.notes)


@pytest.mark.parametrize(
    ("stored", "padding", "element"),
    [
        # A value that 12 stored bits cannot hold, in the whole cell.
        (bits(16, 12), 0xFFFF, ("US", 0xFFFF)),
        # -2000 of signed pixels, and written as if they were unsigned.
        (bits(16, 16, signed=True), 63536, ("SS", -2000)),
        (bits(16, 16, signed=True), 63536, ("US", 63536)),
        # An unsigned value, written as a signed one.
        (bits(16, 16), 65535, ("SS", -1)),
    ],
)
def test_padding_is_found_whatever_its_sign_and_range(tmp_path, radiograph_values, stored, padding, element):
    values = radiograph_values.copy()
    values[10:30, 5:25] = padding
    path = write_dicom(tmp_path / "radiograph.dcm", values, **stored, **SIZE)
    dataset = pydicom.dcmread(path)
    dataset.add_new("PixelPaddingValue", *element)
    dataset.save_as(path)
    found = decode_dicom(path).padding
    expected = np.zeros(values.shape, dtype=bool)
    expected[10:30, 5:25] = True
    np.testing.assert_array_equal(found, expected)


def test_the_limits_of_a_padding_range_are_part_of_it(tmp_path, radiograph_values):
    values = radiograph_values.copy()
    values[0, :4] = 59999, 60000, 60010, 60011
    path = write_dicom(
        tmp_path / "radiograph.dcm", values, PixelPaddingValue=60010, PixelPaddingRangeLimit=60000, **SIZE
    )
    assert decode_dicom(path).padding[0, :5].tolist() == [False, True, True, False, False]


@pytest.mark.parametrize("slope", ["0", "nonsense"])
def test_a_rescaling_without_meaning_is_noted_and_left_out(tmp_path, radiograph_values, slope):
    path = write_dicom(tmp_path / "radiograph.dcm", radiograph_values, RescaleIntercept="0", **SIZE)
    dataset = pydicom.dcmread(path)
    dataset.add_new("RescaleSlope", "LO", slope)
    dataset.save_as(path)
    radiograph = read_radiograph(path, "ap")
    assert same(radiograph, radiograph_values)
    assert any(f"RescaleSlope {slope}" in note for note in radiograph.notes)


def test_tables_of_every_encoding_give_the_same_contrast(tmp_path, radiograph_values):
    curve = np.rint(255 * (np.arange(4096) / 4095) ** 2).astype(np.uint16)
    tables = {
        "words": lookup_table([4096, 0, 8], curve.tolist()),
        "bytes": lookup_table([4096, 0, 8], curve.astype("<u2").tobytes()),
        "packed": lookup_table([4096, 0, 8], curve.astype(np.uint8).tobytes()),
        "packed words": lookup_table([4096, 0, 8], curve.astype(np.uint8).view("<u2").tolist()),
    }
    for name, table in tables.items():
        path = write_dicom(tmp_path / f"{name}.dcm", radiograph_values, VOILUTSequence=[table], **SIZE)
        decoded = decode_dicom(path)
        np.testing.assert_array_equal(decoded.values, curve[radiograph_values], err_msg=name)
        assert not any("LUT" in note for note in decoded.notes)


def test_pixels_outside_a_table_take_its_ends_and_a_negative_first_value_may_be_written_unsigned(
    tmp_path, radiograph_values
):
    table = [lookup_table([2000, 65536 - 1000, 16], np.arange(2000, dtype=np.uint16).tolist())]
    path = write_dicom(
        tmp_path / "radiograph.dcm", radiograph_values, RescaleSlope=1, RescaleIntercept=-1500, **SIZE
    )
    dataset = pydicom.dcmread(path)
    dataset.VOILUTSequence = table
    dataset.save_as(path)
    expected = np.clip(radiograph_values.astype(int) - 1500 + 1000, 0, 1999)
    np.testing.assert_array_equal(decode_dicom(path).values, expected)


@pytest.mark.parametrize("sequence", ["VOILUTSequence", "ModalityLUTSequence"])
@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (lookup_table([4096, 0, 16], np.arange(1000, dtype="<u2").tobytes()), "1000 of 4096 entries"),
        (lookup_table([4096, 0, 16], [1, 2, 3]), "3 of 4096 entries"),
        (lookup_table([4096, 0, 16], None), "no data"),
        (lookup_table(None, [1, 2, 3]), "descriptor"),
        (lookup_table([4096, 0], [1, 2, 3]), "descriptor"),
        (lookup_table([4096, 0, 16], [7] * 4096), "one value"),
        (lookup_table([16, 5000, 16], list(range(16))), "one value"),
    ],
)
def test_a_table_that_is_not_usable_is_noted_and_left_out(
    tmp_path, radiograph_values, sequence, table, reason
):
    path = write_dicom(tmp_path / "radiograph.dcm", radiograph_values, **{sequence: [table]}, **SIZE)
    radiograph = read_radiograph(path, "ap")
    assert same(radiograph, radiograph_values)
    assert any("LUT in the header is not usable" in note and reason in note for note in radiograph.notes)


@pytest.mark.parametrize(
    ("photometric", "shape", "noted"),
    [
        ("MONOCHROME2", "INVERSE", True),
        ("MONOCHROME1", "IDENTITY", True),
        ("MONOCHROME2", "IDENTITY", False),
        ("MONOCHROME1", "INVERSE", False),
        ("MONOCHROME2", None, False),
    ],
)
def test_a_presentation_lut_shape_of_the_other_photometric_interpretation_is_noted(
    tmp_path, radiograph_values, photometric, shape, noted
):
    tags = {} if shape is None else {"PresentationLUTShape": shape}
    values = radiograph_values if photometric == "MONOCHROME2" else 4095 - radiograph_values
    path = write_dicom(
        tmp_path / "radiograph.dcm", values, PhotometricInterpretation=photometric, **tags, **SIZE
    )
    radiograph = read_radiograph(path, "ap")
    assert same(radiograph, radiograph_values)
    assert any("dark and bright" in note and "--invert" in note for note in radiograph.notes) == noted


RECTANGLE = {
    "ShutterUpperHorizontalEdge": 11,
    "ShutterLowerHorizontalEdge": 190,
    "ShutterLeftVerticalEdge": 6,
    "ShutterRightVerticalEdge": 150,
}
CIRCLE = {"CenterOfCircularShutter": [101, 81], "RadiusOfCircularShutter": 60}
# A right-angled triangle: rows and columns 21 to 141, open below its diagonal.
TRIANGLE = {"VerticesOfThePolygonalShutter": [21, 21, 141, 21, 141, 141]}
ROW, COL = np.mgrid[:200, :160]
IN_RECTANGLE = (ROW >= 10) & (ROW < 190) & (COL >= 5) & (COL < 150)
IN_CIRCLE = np.hypot(ROW - 100, COL - 80) <= 60
IN_TRIANGLE = (COL >= 20) & (ROW <= 140) & (ROW >= COL)


@pytest.mark.parametrize(
    ("shape", "tags", "is_open"),
    [
        ("RECTANGULAR", RECTANGLE, IN_RECTANGLE),
        ("CIRCULAR", CIRCLE, IN_CIRCLE),
        ("POLYGONAL", TRIANGLE, IN_TRIANGLE),
        (["RECTANGULAR", "CIRCULAR"], RECTANGLE | CIRCLE, IN_RECTANGLE & IN_CIRCLE),
    ],
)
def test_what_lies_outside_a_display_shutter_is_black_and_does_not_change_the_rest(
    tmp_path, radiograph_values, shape, tags, is_open
):
    values = np.where(is_open, radiograph_values, 65000).astype(np.uint16)
    path = write_dicom(tmp_path / "radiograph.dcm", values, ShutterShape=shape, **tags, **SIZE)
    radiograph = read_radiograph(path, "ap")
    assert radiograph.pixels[~is_open].max() == 0
    inside = radiograph_values[is_open]
    low, high = np.percentile(inside, (0.5, 99.5))
    expected = np.clip((inside - low) / (high - low), 0, 1)
    # Lines at the edge that are open at a few pixels count as covered.
    assert np.isclose(radiograph.pixels[is_open], expected, atol=0.01).mean() > 0.995
    assert any("display shutter" in note for note in radiograph.notes)


@pytest.mark.parametrize(
    ("shape", "tags"),
    [
        ("RECTANGULAR", RECTANGLE | {"ShutterLeftVerticalEdge": 170}),
        ("RECTANGULAR", {"ShutterLeftVerticalEdge": 5}),
        ("CIRCULAR", {"CenterOfCircularShutter": [101, 81]}),
        ("POLYGONAL", {"VerticesOfThePolygonalShutter": [1, 1, 9, 9]}),
        ("STAR", {}),
    ],
)
def test_a_display_shutter_without_meaning_is_noted_and_ignored(tmp_path, radiograph_values, shape, tags):
    path = write_dicom(tmp_path / "radiograph.dcm", radiograph_values, ShutterShape=shape, **tags, **SIZE)
    radiograph = read_radiograph(path, "ap")
    assert same(radiograph, radiograph_values)
    assert any("not usable and was ignored" in note for note in radiograph.notes)


@pytest.mark.parametrize(
    "options", [RadiographOptions(spacing_mm=2.0), RadiographOptions()], ids=["size set", "no size"]
)
def test_pixels_that_are_not_square_by_their_aspect_ratio_are_refused_with_a_set_size_as_well(
    tmp_path, radiograph_values, options
):
    path = write_dicom(tmp_path / "radiograph.dcm", radiograph_values, PixelAspectRatio=[2, 1])
    assert "spacing-anisotropic" in fault_kinds(path, options=options)
    square = write_dicom(tmp_path / "square.dcm", radiograph_values, PixelAspectRatio=[3, 3])
    assert read_radiograph(square, "ap", RadiographOptions(spacing_mm=2.0)).spacing_mm == (2.0, 2.0)
