"""DICOM radiographs: spacing, orientation and view of the header."""

import numpy as np
import pydicom
import pytest
from dicom_files import fault_kinds, same, write_dicom

from SwinX2SLib.errors import InputError
from SwinX2SLib.radiographs import RadiographOptions, read_radiograph
from SwinX2SLib.radiographs.dicom_geometry import stated_view, view_position


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
def test_the_spacing_comes_from_the_most_trusted_tag(tmp_path, radiograph_values, tags, expected_mm, source):
    radiograph = read_radiograph(write_dicom(tmp_path / "radiograph.dcm", radiograph_values, **tags), "ap")
    assert radiograph.spacing_mm == pytest.approx((expected_mm, expected_mm))
    assert source in radiograph.spacing_source


@pytest.mark.parametrize(
    ("tags", "expected_mm", "source", "words"),
    [
        # A device's default, larger than at the detector.
        (
            {"PixelSpacing": [2, 2], "ImagerPixelSpacing": [0.9, 0.9]},
            0.9,
            "ImagerPixelSpacing (at the detector)",
            ["PixelSpacing (2 x 2 mm) contradicts ImagerPixelSpacing (0.9 x 0.9 mm)", "--spacing-mm"],
        ),
        (
            {
                "PixelSpacing": [2, 2],
                "ImagerPixelSpacing": [0.9, 0.9],
                "EstimatedRadiographicMagnificationFactor": 1.2,
            },
            0.75,
            "ImagerPixelSpacing / 1.2",
            ["contradicts ImagerPixelSpacing"],
        ),
        # A magnification that no radiograph has.
        ({"PixelSpacing": [0.4, 0.4], "ImagerPixelSpacing": [0.9, 0.9]}, 0.9, "at the detector", ["of 2.25"]),
        # A stated calibration is only noted.
        (
            {
                "PixelSpacing": [1, 1],
                "ImagerPixelSpacing": [0.9, 0.9],
                "PixelSpacingCalibrationType": "FIDUCIAL",
            },
            1,
            "calibrated by fiducial",
            ["states its calibration: check it"],
        ),
        (
            {
                "PixelSpacing": [0.8, 0.8],
                "ImagerPixelSpacing": [0.9, 0.9],
                "EstimatedRadiographicMagnificationFactor": 1.3,
            },
            0.8,
            "differs from ImagerPixelSpacing",
            ["magnification of 1.12, but the header states 1.3 (EstimatedRadiographicMagnificationFactor)"],
        ),
        (
            {"ImagerPixelSpacing": [0.9, 0.9], "EstimatedRadiographicMagnificationFactor": 12},
            0.9,
            "at the detector",
            ["EstimatedRadiographicMagnificationFactor in the header (12) is implausible"],
        ),
        (
            {
                "ImagerPixelSpacing": [0.9, 0.9],
                "EstimatedRadiographicMagnificationFactor": 1.2,
                "DistanceSourceToDetector": 1800,
                "DistanceSourceToPatient": 1000,
            },
            0.75,
            "EstimatedRadiographicMagnificationFactor",
            ["(1.2) contradicts DistanceSourceToDetector / DistanceSourceToPatient (1.8)"],
        ),
        (
            {"PixelSpacing": [-0.7, 0.7], "NominalScannedPixelSpacing": [0.7, 0.7]},
            0.7,
            "NominalScannedPixelSpacing",
            [r"PixelSpacing in the header (-0.7\0.7) is not usable"],
        ),
    ],
)
def test_sizes_of_a_header_that_contradict_each_other_are_noted(
    tmp_path, radiograph_values, tags, expected_mm, source, words
):
    radiograph = read_radiograph(write_dicom(tmp_path / "radiograph.dcm", radiograph_values, **tags), "ap")
    assert radiograph.spacing_mm == pytest.approx((expected_mm, expected_mm))
    assert source in radiograph.spacing_source
    notes = " ".join(radiograph.notes)
    assert all(each in notes for each in words), notes


@pytest.mark.parametrize(
    ("vr", "value"), [("DS", "0,9\\0,9"), ("UT", "0.9\\0.9"), ("LO", "0.9"), ("LO", ["abc", "0.9"])]
)
def test_a_malformed_pixel_spacing_is_stated_with_its_text(tmp_path, radiograph_values, vr, value):
    path = write_dicom(tmp_path / "radiograph.dcm", radiograph_values, ImagerPixelSpacing=[1.1, 1.1])
    dataset = pydicom.dcmread(path)
    # No writer of today accepts a decimal comma: it is put into the file.
    dataset.add_new("PixelSpacing", vr, ["0.9", "0.9"] if vr == "DS" else value)
    dataset.save_as(path)
    path.write_bytes(
        path.read_bytes().replace(b"0.9\\0.9", value.encode()) if vr == "DS" else path.read_bytes()
    )
    text = "\\".join([value] if isinstance(value, str) else value)
    radiograph = read_radiograph(path, "ap")
    assert radiograph.spacing_mm == (1.1, 1.1)
    assert any(f"PixelSpacing in the header ({text}) is not usable" in note for note in radiograph.notes)
    path.write_bytes(path.read_bytes().replace(b"1.1\\1.1", b"   \\   "))
    with pytest.raises(InputError) as caught:
        read_radiograph(path, "ap")
    (fault,) = caught.value.faults
    assert fault.kind == "spacing-absent"
    assert text in fault.message


def test_what_the_user_says_wins_over_the_header_and_both_are_recorded(tmp_path, radiograph_values):
    path = write_dicom(tmp_path / "radiograph.dcm", radiograph_values, PixelSpacing=[0.9, 0.9])
    radiograph = read_radiograph(path, "ap", RadiographOptions(spacing_mm=1.1))
    assert radiograph.spacing_mm == (1.1, 1.1)
    assert radiograph.spacing_source.startswith("specified by the user")
    assert "0.9" in radiograph.spacing_source


def test_a_spacing_of_zero_is_absent(tmp_path, radiograph_values):
    path = write_dicom(tmp_path / "radiograph.dcm", radiograph_values, PixelSpacing=["0.000", "0.000"])
    with pytest.raises(InputError) as caught:
        read_radiograph(path, "ap")
    (fault,) = caught.value.faults
    assert fault.kind == "spacing-absent"
    assert "no valid PixelSpacing (zero," in fault.message


def test_rows_and_columns_of_unequal_size_are_refused_and_turn_with_the_radiograph(
    tmp_path, radiograph_values
):
    path = write_dicom(tmp_path / "radiograph.dcm", radiograph_values, PixelSpacing=[0.9, 0.8])
    with pytest.raises(InputError, match=r"0\.9 mm high and 0\.8 mm wide"):
        read_radiograph(path, "ap")
    with pytest.raises(InputError, match=r"0\.8 mm high and 0\.9 mm wide"):
        read_radiograph(path, "ap", RadiographOptions(rotate_deg=90))


@pytest.mark.parametrize(
    ("view", "orientation", "stored"),
    [
        ("ap", ["L", "F"], lambda orientation_check: orientation_check),
        ("pa", ["L", "F"], lambda orientation_check: orientation_check),
        ("ap", ["R", "F"], lambda orientation_check: orientation_check[:, ::-1]),
        ("ap", ["R", "H"], lambda orientation_check: orientation_check[::-1, ::-1]),
        ("ap", ["F", "L"], lambda orientation_check: orientation_check.T),
        ("ap", ["H", "L"], lambda orientation_check: orientation_check[::-1].T),
        ("lateral", ["P", "F"], lambda orientation_check: orientation_check),
        ("lateral", ["A", "F"], lambda orientation_check: orientation_check[:, ::-1]),
    ],
)
def test_the_patient_orientation_brings_a_radiograph_to_hang(
    tmp_path, radiograph_values, view, orientation, stored
):
    values = np.ascontiguousarray(stored(radiograph_values))
    path = write_dicom(
        tmp_path / "radiograph.dcm", values, PatientOrientation=orientation, PixelSpacing=[0.9, 0.9]
    )
    radiograph = read_radiograph(path, view)
    assert same(radiograph, radiograph_values)
    assert any("patient orientation" in note for note in radiograph.notes) == (
        values.tobytes() != radiograph_values.tobytes()
    )


@pytest.mark.parametrize(
    ("view", "directions", "stored"),
    [
        ("ap", [1, 0, 0, 0, 0, -1], lambda values: values),
        ("ap", [-1, 0, 0, 0, 0, -1], lambda values: values[:, ::-1]),
        ("ap", [1, 0, 0, 0, 0, 1], lambda values: values[::-1]),
        ("pa", [0, 0, -1, 1, 0, 0], lambda values: values.T),
        ("lateral", [0, -1, 0, 0, 0, -1], lambda values: values[:, ::-1]),
        ("lateral", [0, 0.966, 0.259, 0, -0.259, 0.966], lambda values: values[::-1]),
        # Axial, as programs write around any picture: it states nothing.
        ("ap", [1, 0, 0, 0, 1, 0], lambda values: values),
        ("lateral", [-1, 0, 0, 0, -1, 0], lambda values: values),
    ],
)
def test_an_upright_image_orientation_turns_a_radiograph_without_patient_orientation(
    tmp_path, radiograph_values, view, directions, stored
):
    values = np.ascontiguousarray(stored(radiograph_values))
    tags = {"PixelSpacing": [0.9, 0.9], "ImageOrientationPatient": directions}
    path = write_dicom(tmp_path / "radiograph.dcm", values, **tags)
    assert same(read_radiograph(path, view), radiograph_values)
    empty = write_dicom(tmp_path / "empty.dcm", values, PatientOrientation="", **tags)
    assert same(read_radiograph(empty, view), radiograph_values)


@pytest.mark.parametrize("directions", [[0, 0, 1, 0, 0, 1], [0] * 6, [1, 0, 0], [1, 0, 0, 0, 0, -5]])
def test_an_image_orientation_without_meaning_is_noted_and_ignored(tmp_path, radiograph_values, directions):
    path = write_dicom(
        tmp_path / "radiograph.dcm",
        radiograph_values,
        PixelSpacing=[0.9, 0.9],
        ImageOrientationPatient=directions,
    )
    radiograph = read_radiograph(path, "ap")
    assert same(radiograph, radiograph_values)
    assert any("ImageOrientationPatient in the header" in note for note in radiograph.notes)


def test_patient_orientation_goes_before_an_image_orientation_that_contradicts_it(
    tmp_path, radiograph_values
):
    path = write_dicom(
        tmp_path / "radiograph.dcm",
        radiograph_values,
        PixelSpacing=[0.9, 0.9],
        PatientOrientation=["L", "F"],
        ImageOrientationPatient=[-1, 0, 0, 0, 0, -1],
    )
    radiograph = read_radiograph(path, "ap")
    assert same(radiograph, radiograph_values)
    assert any("contradicts ImageOrientationPatient" in note for note in radiograph.notes)


def test_a_view_that_contradicts_the_patient_orientation_is_noted(tmp_path, radiograph_values):
    path = write_dicom(
        tmp_path / "radiograph.dcm",
        radiograph_values,
        PixelSpacing=[0.9, 0.9],
        PatientOrientation=["L", "F"],
        ViewPosition="LL",
    )
    assert any("not swapped" in note for note in read_radiograph(path, "ap").notes)
    assert fault_kinds(path, "lateral") == ["view-mismatch"]


def code(value: str, scheme: str, meaning: str) -> pydicom.Dataset:
    item = pydicom.Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


@pytest.mark.parametrize(
    ("item", "position", "view"),
    [
        (code("R-10206", "SRT", "antero-posterior"), "AP", "AP"),
        (code("272479007", "SCT", "postero-anterior"), "PA", "PA"),
        (code("R-10236", "SNM3", "left lateral"), "LATERAL", "lateral"),
        (code("399198007", "SCT", ""), "LATERAL", "lateral"),
        (code("399033003", "SCT", "frontal"), "FRONTAL", "frontal"),
        (code("V12", "99VENDOR", "Lateral standing"), "LATERAL", "lateral"),
        (code("V13", "99VENDOR", "Antero-posterior"), "FRONTAL", "frontal"),
        (code("399135007", "SCT", "left anterior oblique"), "", ""),
        (code("260427002", "SCT", "lateral oblique"), "", ""),
        (code("V14", "99VENDOR", "axial"), "", ""),
    ],
)
def test_the_view_code_states_the_view_where_view_position_is_missing(item, position, view):
    dataset = pydicom.Dataset()
    dataset.ViewCodeSequence = [item]
    assert (view_position(dataset), stated_view(dataset)) == (position, view)
    dataset.ViewPosition = ""
    assert view_position(dataset) == position
    dataset.ViewPosition = "RL"
    assert stated_view(dataset) == "lateral"


def test_a_lateral_radiograph_by_its_view_code_is_refused_as_the_frontal_one(tmp_path, radiograph_values):
    lateral = [code("R-10236", "SRT", "left lateral")]
    path = write_dicom(
        tmp_path / "radiograph.dcm", radiograph_values, PixelSpacing=[1.2, 1.2], ViewCodeSequence=lateral
    )
    assert fault_kinds(path) == ["view-mismatch"]
    assert read_radiograph(path, "lateral").view == "lateral"


def test_swapped_views_are_noticed_and_the_check_can_be_turned_off(tmp_path, radiograph_values):
    path = write_dicom(
        tmp_path / "radiograph.dcm", radiograph_values, PatientOrientation=["P", "F"], PixelSpacing=[0.9, 0.9]
    )
    assert fault_kinds(path) == ["view-mismatch"]
    assert same(read_radiograph(path, "ap", RadiographOptions(trust_orientation=False)), radiograph_values)


@pytest.mark.parametrize(("position", "view"), [("LL", "ap"), ("LATERAL", "pa"), ("PA", "lateral")])
def test_a_view_position_of_the_other_view_is_noticed(tmp_path, radiograph_values, position, view):
    path = write_dicom(
        tmp_path / "radiograph.dcm", radiograph_values, PixelSpacing=[1.2, 1.2], ViewPosition=position
    )
    assert fault_kinds(path, view) == ["view-mismatch"]
    assert read_radiograph(path, view, RadiographOptions(trust_orientation=False)).view == view


def test_a_pa_radiograph_used_as_ap_is_told(tmp_path, radiograph_values):
    path = write_dicom(
        tmp_path / "radiograph.dcm", radiograph_values, PixelSpacing=[1.2, 1.2], ViewPosition="PA"
    )
    assert any("--ap-view" in note for note in read_radiograph(path, "ap").notes)
    assert not any("--ap-view" in note for note in read_radiograph(path, "pa").notes)


def test_an_orientation_without_meaning_is_left_aside_and_told(tmp_path, radiograph_values):
    path = write_dicom(
        tmp_path / "radiograph.dcm", radiograph_values, PixelSpacing=[1.2, 1.2], PatientOrientation=["X", "Y"]
    )
    radiograph = read_radiograph(path, "ap")
    assert same(radiograph, radiograph_values)
    assert any("X\\Y" in note for note in radiograph.notes)
