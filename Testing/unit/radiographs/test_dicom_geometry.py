"""DICOM radiographs: spacing, orientation and view of the header."""

import numpy as np
import pytest
from dicom_files import fault_kinds, same, write_dicom

from SwinX2SLib.errors import InputError
from SwinX2SLib.radiographs import RadiographOptions, read_radiograph


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
