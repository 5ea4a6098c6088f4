"""Where the X-ray source stood: from the header or the user, to magnification and to the cone of the rays."""

import numpy as np
import pytest
from dicom_files import fault_kinds, write_dicom

from SwinX2SLib.radiographs import Crop, RadiographOptions, read_radiograph
from SwinX2SLib.radiographs.registration import match_heights

AT_DETECTOR = {"ImagerPixelSpacing": [1.2, 1.2]}


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"DistanceSourceToDetector": 1800, "DistanceSourceToPatient": 1600}, (1800, 1600)),
        ({"DistanceSourceToDetector": 1100, "EstimatedRadiographicMagnificationFactor": 1.1}, (1100, 1000)),
        ({"DistanceSourceToDetector": 1800}, None),
        ({"DistanceSourceToDetector": 0, "DistanceSourceToPatient": 0}, None),
        ({"DistanceSourceToDetector": 180, "DistanceSourceToPatient": 160}, None),
        ({"DistanceSourceToDetector": 1600, "DistanceSourceToPatient": 1800}, None),
    ],
)
def test_the_header_tells_where_the_tube_stood(tmp_path, radiograph_values, tags, expected):
    radiograph = read_radiograph(
        write_dicom(tmp_path / "radiograph.dcm", radiograph_values, **AT_DETECTOR, **tags), "ap"
    )
    found = radiograph.xray_source and (
        radiograph.xray_source.source_to_detector_mm,
        radiograph.xray_source.source_to_patient_mm,
    )
    assert found == (None if expected is None else pytest.approx(expected))
    implausible = len(tags) == 2 and expected is None and 0 not in tags.values()
    assert any("implausible" in note for note in radiograph.notes) == implausible


def test_the_users_distances_give_the_magnification_and_are_told(tmp_path, radiograph_values):
    path = write_dicom(tmp_path / "radiograph.dcm", radiograph_values, **AT_DETECTOR)
    radiograph = read_radiograph(
        path, "ap", RadiographOptions(source_to_detector_mm=1500.0, source_to_patient_mm=1250.0)
    )
    assert radiograph.spacing_mm == pytest.approx((1.0, 1.0))
    assert radiograph.xray_source.magnification == pytest.approx(1.2)
    for words in ("ImagerPixelSpacing / 1.2", "1500 mm", "1250 mm", "specified by the user"):
        assert words in radiograph.spacing_source


def test_one_distance_may_come_from_the_header_and_the_other_one_from_the_user(tmp_path, radiograph_values):
    path = write_dicom(
        tmp_path / "radiograph.dcm", radiograph_values, **AT_DETECTOR, DistanceSourceToDetector=1800
    )
    radiograph = read_radiograph(path, "ap", RadiographOptions(source_to_patient_mm=1500.0))
    assert radiograph.spacing_mm == pytest.approx((1.0, 1.0))
    assert radiograph.xray_source.source == "patient specified by the user"


def test_a_size_that_was_calibrated_at_the_patient_stays(tmp_path, radiograph_values):
    path = write_dicom(
        tmp_path / "radiograph.dcm",
        radiograph_values,
        PixelSpacing=[0.9, 0.9],
        PixelSpacingCalibrationType="FIDUCIAL",
    )
    radiograph = read_radiograph(
        path, "ap", RadiographOptions(source_to_detector_mm=1500.0, source_to_patient_mm=1250.0)
    )
    assert radiograph.spacing_mm == (0.9, 0.9)
    assert radiograph.xray_source.magnification == pytest.approx(1.2)


def test_distances_that_cannot_be_are_faults_of_the_user(tmp_path, radiograph_values):
    path = write_dicom(tmp_path / "radiograph.dcm", radiograph_values, **AT_DETECTOR)
    assert fault_kinds(path, "ap", RadiographOptions(source_to_detector_mm=1500.0)) == ["tube-incomplete"]
    swapped = RadiographOptions(source_to_detector_mm=1000.0, source_to_patient_mm=1500.0)
    assert fault_kinds(path, "ap", swapped) == ["tube-implausible"]
    with pytest.raises(ValueError, match="not both"):
        RadiographOptions(magnification=1.1, source_to_patient_mm=1500.0)
    with pytest.raises(ValueError, match="more than 0"):
        RadiographOptions(source_to_patient_mm=-1.0)


def test_the_central_ray_stays_where_it_was_whatever_is_cropped_turned_and_cut(tmp_path, radiograph_values):
    rows, cols = radiograph_values.shape
    marked = radiograph_values // 8
    # A square around the middle of the image as stored, large enough to be no speck.
    marked[rows // 2 - 20 : rows // 2 + 20, cols // 2 - 20 : cols // 2 + 20] = 4000
    path = write_dicom(tmp_path / "radiograph.dcm", marked, PixelSpacing=[1.0, 1.0])
    distances = {"source_to_detector_mm": 1500.0, "source_to_patient_mm": 1400.0, "spacing_mm": 1.0}
    for options in (
        RadiographOptions(**distances),
        RadiographOptions(**distances, crop=Crop(30, 40, 120, 110)),
        RadiographOptions(**distances, crop=Crop(30, 40, 120, 110), rotate_deg=90),
        RadiographOptions(**distances, crop=Crop(10, 0, 120, 150), rotate_deg=270, flip="h"),
    ):
        radiograph = read_radiograph(path, "ap", options)
        brightest = np.argwhere(radiograph.pixels > 0.9).mean(axis=0)
        np.testing.assert_allclose(radiograph.central_ray_px, brightest)
    whole = read_radiograph(path, "ap", RadiographOptions(**distances))
    cut, _, faults = match_heights(whole, whole, 31.0)
    assert not faults
    assert cut.pixels.shape[0] < rows
    brightest = np.argwhere(cut.pixels > 0.9).mean(axis=0)
    np.testing.assert_allclose(cut.central_ray_px, brightest)
