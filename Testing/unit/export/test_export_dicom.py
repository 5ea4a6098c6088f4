"""DICOM segmentations: the patient and study of the radiographs, codes of bones, frames at their place."""

import numpy as np
import pydicom
import pytest
from exported_person import BOXES, ID, centre, kinds, middle, radiograph
from pydicom.uid import generate_uid

from SwinX2SLib.anatomy import label_by_id
from SwinX2SLib.errors import InputError
from SwinX2SLib.export.run import run_export
from SwinX2SLib.export.source import ExportSource
from SwinX2SLib.reconstruct.verdict import BoneVerdict, Verdict


def test_a_dicom_segmentation_takes_the_patient_from_the_radiographs_and_codes_every_bone(source, tmp_path):
    study = generate_uid()
    radiographs = {role: radiograph(tmp_path / f"{role}.dcm", study=study) for role in ("ap", "lateral")}
    source = ExportSource(source.labels, source.affine, radiographs=radiographs)
    stored = pydicom.dcmread(run_export(source, ["dicomseg"], tmp_path / "out")["dicomseg"])
    ap = pydicom.dcmread(radiographs["ap"])
    assert (stored.PatientID, str(stored.PatientName), stored.StudyInstanceUID) == ("P1", "Roe^Ann", study)
    assert stored.SeriesInstanceUID != ap.SeriesInstanceUID
    assert stored.FrameOfReferenceUID
    assert not hasattr(ap, "FrameOfReferenceUID")
    named = {
        str(image.ReferencedSOPInstanceUID)
        for series in stored.ReferencedSeriesSequence
        for image in series.ReferencedInstanceSequence
    }
    assert named == {str(pydicom.dcmread(path).SOPInstanceUID) for path in radiographs.values()}
    for segment in stored.SegmentSequence:
        label = label_by_id(ID[segment.TrackingID])
        kind = segment.SegmentedPropertyTypeCodeSequence[0]
        assert (segment.SegmentLabel, kind.CodeValue) == (label.title, label.type.value)
        if label.modifier:
            assert kind.SegmentedPropertyTypeModifierCodeSequence[0].CodeMeaning.lower() == label.side


def test_each_segment_of_a_dicom_segmentation_states_its_verdict_and_the_whole_its_own(source, tmp_path):
    verdict = Verdict("look", {"femur_left": BoneVerdict("believe", 0.956)})
    file = radiograph(tmp_path / "ap.dcm")
    for stated, whole in ((verdict, "Verdict: look. Bones"), (None, "Bones")):
        judged = ExportSource(source.labels, source.affine, radiographs={"ap": file}, verdict=stated)
        stored = pydicom.dcmread(run_export(judged, ["dicomseg"], tmp_path / whole[:4])["dicomseg"])
        assert stored.ContentDescription == f"{whole} from radiographs; research use only"
        assert len(stored.ContentDescription) <= 64
        said = {one.TrackingID: one.get("SegmentDescription") for one in stored.SegmentSequence}
        words = stated and "Verdict: believe: within 5 mm with a probability of 96 %"
        assert said == {"femur_left": words, "hip_right": None, "vertebrae_L1": None}


def test_a_radiograph_of_another_study_is_named_under_its_study(source, tmp_path):
    radiographs = {role: radiograph(tmp_path / f"{role}.dcm") for role in ("ap", "lateral")}
    source = ExportSource(source.labels, source.affine, radiographs=radiographs)
    stored = pydicom.dcmread(run_export(source, ["dicomseg"], tmp_path / "out")["dicomseg"])
    ap, lateral = (pydicom.dcmread(path) for path in radiographs.values())
    assert stored.StudyInstanceUID == ap.StudyInstanceUID
    (other,) = stored.StudiesContainingOtherReferencedInstancesSequence
    assert other.StudyInstanceUID == lateral.StudyInstanceUID
    (image,) = other.ReferencedSeriesSequence[0].ReferencedInstanceSequence
    assert image.ReferencedSOPInstanceUID == lateral.SOPInstanceUID


def test_the_frames_of_a_dicom_segmentation_lie_where_the_bones_do(source, tmp_path):
    source = ExportSource(source.labels, source.affine, radiographs={"ap": radiograph(tmp_path / "ap.dcm")})
    stored = pydicom.dcmread(run_export(source, ["dicomseg"], tmp_path / "out")["dicomseg"])
    shared = stored.SharedFunctionalGroupsSequence[0]
    across, down = np.reshape(
        [float(part) for part in shared.PlaneOrientationSequence[0].ImageOrientationPatient], (2, 3)
    )
    spacing = [float(part) for part in shared.PixelMeasuresSequence[0].PixelSpacing]
    # By the standard's own formula, PS3.3 C.7.6.2.1.1, in LPS.
    places = {segment.SegmentNumber: [] for segment in stored.SegmentSequence}
    for picture, frame in zip(stored.pixel_array, stored.PerFrameFunctionalGroupsSequence, strict=True):
        corner = np.array([float(part) for part in frame.PlanePositionSequence[0].ImagePositionPatient])
        row, column = np.nonzero(picture)
        number = frame.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        places[number].append(
            corner + np.outer(row, down) * spacing[0] + np.outer(column, across) * spacing[1]
        )
    for segment in stored.SegmentSequence:
        found = np.concatenate(places[segment.SegmentNumber])
        np.testing.assert_allclose(middle(found), centre(segment.TrackingID) * [-1, -1, 1], atol=1e-3)
        assert len(found) == np.prod([part.stop - part.start for part in BOXES[segment.TrackingID]])


def test_two_exports_of_one_result_share_their_frame_of_reference(source, tmp_path):
    source = ExportSource(source.labels, source.affine, radiographs={"ap": radiograph(tmp_path / "ap.dcm")})
    frames = {
        str(
            pydicom.dcmread(run_export(source, ["dicomseg"], tmp_path / name)["dicomseg"]).FrameOfReferenceUID
        )
        for name in ("one", "two")
    }
    assert len(frames) == 1


def test_a_radiograph_without_the_optional_parts_of_a_header_will_do(source, tmp_path):
    path = radiograph(tmp_path / "ap.dcm")
    header = pydicom.dcmread(path)
    del header.PatientBirthDate, header.StudyDate, header.PatientName
    header.save_as(path)
    source = ExportSource(source.labels, source.affine, radiographs={"ap": path})
    assert run_export(source, ["dicomseg"], tmp_path / "out")["dicomseg"].is_file()


def test_the_shared_radiographs_lend_their_patient(source, shared_data, tmp_path):
    path = shared_data / "radiographs" / "dicom" / "RG2_J2KI.dcm"
    source = ExportSource(source.labels, source.affine, radiographs={"ap": path})
    stored = pydicom.dcmread(run_export(source, ["dicomseg"], tmp_path / "out")["dicomseg"])
    assert stored.PatientID == "10RG2"


def test_without_a_dicom_radiograph_there_is_no_dicom_segmentation_and_nothing_at_all(source, tmp_path):
    (tmp_path / "ap.png").write_bytes(b"no radiograph")
    source = ExportSource(
        source.labels, source.affine, radiographs={"ap": tmp_path / "ap.png", "lateral": tmp_path / "gone"}
    )
    with pytest.raises(InputError, match="Neither radiograph is a DICOM file") as error:
        run_export(source, ["stl", "dicomseg"], tmp_path / "out")
    assert kinds(error) == {"no-dicom-radiograph"}
    assert not (tmp_path / "out").exists()


def test_radiographs_of_two_patients_are_refused(source, tmp_path):
    radiographs = {
        "ap": radiograph(tmp_path / "ap.dcm"),
        "lateral": radiograph(tmp_path / "lateral.dcm", patient="P2"),
    }
    with pytest.raises(InputError) as error:
        run_export(
            ExportSource(source.labels, source.affine, radiographs=radiographs),
            ["dicomseg"],
            tmp_path / "out",
        )
    assert kinds(error) == {"two-patients"}


def test_a_radiograph_that_was_changed_since_is_refused(source, tmp_path):
    radiographs = {"ap": radiograph(tmp_path / "ap.dcm")}
    source = ExportSource(
        source.labels, source.affine, radiographs=radiographs, radiograph_hashes={"ap": "0" * 64}
    )
    with pytest.raises(InputError) as error:
        run_export(source, ["dicomseg"], tmp_path / "out")
    assert kinds(error) == {"radiograph-changed"}
