"""Exports of an asymmetric person: every format says where left, front and head are, and is read back there."""

import json
import os

import nibabel
import numpy as np
import pydicom
import pytest
import trimesh
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from SwinX2SLib.anatomy import label_by_id, labels
from SwinX2SLib.cli import main
from SwinX2SLib.errors import InputError
from SwinX2SLib.exporting.formats import FORMATS
from SwinX2SLib.exporting.run import run_export
from SwinX2SLib.exporting.source import ExportSource, read_source
from SwinX2SLib.exporting.surfaces import bone_meshes
from SwinX2SLib.geometry.frames import network_affine, reorient, transform_points
from SwinX2SLib.inference.segmentation_file import write_segmentation
from SwinX2SLib.measurements.reading import ReadOptions, read_subject

SHAPE, SPACING_MM, CENTRE = (40, 30, 50), (1.5, 2.0, 2.5), (5.0, -7.0, 11.0)
AFFINE = network_affine(SPACING_MM, SHAPE, CENTRE)
# At the left, front and head; at the right, back and feet; in the middle.
BOXES = {
    "femur_left": (slice(28, 38), slice(3, 9), slice(6, 20)),
    "hip_right": (slice(2, 12), slice(20, 27), slice(30, 46)),
    "vertebrae_L1": (slice(16, 24), slice(12, 18), slice(20, 26)),
}
ID = {label.name: label.id for label in labels()}


def person() -> np.ndarray:
    volume = np.zeros(SHAPE, np.uint8)
    for name, box in BOXES.items():
        volume[box] = ID[name]
    return volume


def centre(name: str) -> np.ndarray:
    """Middle of a bone, RAS mm."""
    return transform_points(AFFINE, [(part.start + part.stop - 1) / 2 for part in BOXES[name]])


@pytest.fixture
def source() -> ExportSource:
    return ExportSource(person(), AFFINE, "Someone")


def middle(points: np.ndarray) -> np.ndarray:
    return (np.min(points, axis=0) + np.max(points, axis=0)) / 2


def film(path, patient="P1", study=None, series=None, **changes):
    """Write a DICOM radiograph without any place in space, as they come."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1"
    meta.MediaStorageSOPInstanceUID = generate_uid()
    header = pydicom.Dataset()
    header.file_meta = meta
    header.SOPClassUID, header.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    header.StudyInstanceUID, header.SeriesInstanceUID = study or generate_uid(), series or generate_uid()
    header.PatientID, header.PatientName, header.PatientBirthDate = patient, "Roe^Ann", "19500102"
    header.Modality, header.StudyDate = "CR", "20200304"
    header.Rows, header.Columns, header.BitsAllocated, header.BitsStored, header.HighBit = 4, 6, 16, 16, 15
    header.SamplesPerPixel, header.PixelRepresentation = 1, 0
    header.PhotometricInterpretation = "MONOCHROME2"
    header.PixelData = np.arange(24, dtype=np.uint16).tobytes()
    for name, value in changes.items():
        setattr(header, name, value)
    header.save_as(path, enforce_file_format=True)
    return path


def test_surfaces_lie_on_their_voxels_and_look_outwards():
    for mesh in bone_meshes(person(), AFFINE):
        np.testing.assert_allclose(middle(mesh.vertices_ras_mm), centre(mesh.label.name), atol=0.3)
        solid = trimesh.Trimesh(mesh.vertices_ras_mm, mesh.faces, process=False)
        voxels = np.prod([part.stop - part.start for part in BOXES[mesh.label.name]])
        assert solid.is_watertight
        assert solid.volume == pytest.approx(voxels * np.prod(SPACING_MM), rel=0.12)


def test_surfaces_of_any_order_of_axes_are_the_same():
    turned, affine = reorient(person(), AFFINE, "RAS")
    for one, other in zip(bone_meshes(person(), AFFINE), bone_meshes(turned, affine), strict=True):
        np.testing.assert_allclose(middle(one.vertices_ras_mm), middle(other.vertices_ras_mm), atol=0.02)
        assert trimesh.Trimesh(other.vertices_ras_mm, other.faces, process=False).volume > 0


def test_every_bone_becomes_an_stl_in_lps_that_this_project_reads_back_in_ras(source, tmp_path):
    written = run_export(source, ["stl"], tmp_path / "out")
    assert {path.stem for path in written["stl"].iterdir()} == set(BOXES)
    for name in BOXES:
        path = written["stl"] / f"{name}.stl"
        assert path.read_bytes()[:80].startswith(b"SPACE=LPS")
        stored = middle(trimesh.load(path).vertices)
        np.testing.assert_allclose(stored, centre(name) * [-1, -1, 1], atol=0.3)
    read = read_subject(written["stl"])
    for name in BOXES:
        np.testing.assert_allclose(middle(read.bones[name].vertices_ras_mm), centre(name), atol=0.3)


def test_the_obj_has_an_object_and_a_colour_for_each_bone_in_lps(source, tmp_path):
    path = run_export(source, ["obj"], tmp_path / "out")["obj"]
    assert "SPACE=LPS" in path.read_text()[:100]
    scene = trimesh.load(path, split_objects=True, group_material=False)
    assert set(scene.geometry) == set(BOXES)
    for name, mesh in scene.geometry.items():
        np.testing.assert_allclose(middle(mesh.vertices), centre(name) * [-1, -1, 1], atol=0.3)
        assert tuple(mesh.visual.material.diffuse[:3]) == label_by_id(ID[name]).colour


def test_the_gltf_stands_upright_with_the_front_towards_the_viewer(source, tmp_path):
    path = run_export(source, ["gltf"], tmp_path / "out")["gltf"]
    scene = trimesh.load(path)
    for name in BOXES:
        right, front, up = centre(name) / 1000
        np.testing.assert_allclose(middle(scene.geometry[name].vertices), [-right, up, front], atol=0.0004)
    tree = json.loads(path.read_bytes()[20 : 20 + int.from_bytes(path.read_bytes()[12:16], "little")])
    nodes = {node.get("name"): node for node in tree["nodes"]}
    below = {tree["nodes"][child]["name"] for child in nodes["spine"]["children"]}
    assert below == {"L1 vertebra"}


def test_label_volumes_are_read_back_voxel_for_voxel(source, tmp_path):
    written = run_export(source, ["nifti", "nrrd"], tmp_path / "out")
    for path in written.values():
        volume = read_subject(path).volume
        back, affine = reorient(volume.labels, volume.affine)
        np.testing.assert_array_equal(back, person())
        np.testing.assert_allclose(affine, AFFINE, atol=1e-4)
    assert nibabel.aff2axcodes(nibabel.load(written["nifti"]).affine) == ("R", "A", "S")


def test_a_dicom_segmentation_takes_the_patient_from_the_films_and_codes_every_bone(source, tmp_path):
    study = generate_uid()
    films = {role: film(tmp_path / f"{role}.dcm", study=study) for role in ("ap", "lateral")}
    source = ExportSource(source.labels, source.affine, films=films)
    stored = pydicom.dcmread(run_export(source, ["dicomseg"], tmp_path / "out")["dicomseg"])
    ap = pydicom.dcmread(films["ap"])
    assert (stored.PatientID, str(stored.PatientName), stored.StudyInstanceUID) == ("P1", "Roe^Ann", study)
    assert stored.SeriesInstanceUID != ap.SeriesInstanceUID
    assert stored.FrameOfReferenceUID
    assert not hasattr(ap, "FrameOfReferenceUID")
    named = {
        str(image.ReferencedSOPInstanceUID)
        for series in stored.ReferencedSeriesSequence
        for image in series.ReferencedInstanceSequence
    }
    assert named == {str(pydicom.dcmread(path).SOPInstanceUID) for path in films.values()}
    for segment in stored.SegmentSequence:
        label = label_by_id(ID[segment.TrackingID])
        kind = segment.SegmentedPropertyTypeCodeSequence[0]
        assert (segment.SegmentLabel, kind.CodeValue) == (label.title, label.type.value)
        if label.modifier:
            assert kind.SegmentedPropertyTypeModifierCodeSequence[0].CodeMeaning.lower() == label.side


def test_the_frames_of_a_dicom_segmentation_lie_where_the_bones_do(source, tmp_path):
    source = ExportSource(source.labels, source.affine, films={"ap": film(tmp_path / "ap.dcm")})
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
    source = ExportSource(source.labels, source.affine, films={"ap": film(tmp_path / "ap.dcm")})
    frames = {
        str(
            pydicom.dcmread(run_export(source, ["dicomseg"], tmp_path / name)["dicomseg"]).FrameOfReferenceUID
        )
        for name in ("one", "two")
    }
    assert len(frames) == 1


def test_a_film_without_the_optional_parts_of_a_header_will_do(source, tmp_path):
    path = film(tmp_path / "ap.dcm")
    header = pydicom.dcmread(path)
    del header.PatientBirthDate, header.StudyDate, header.PatientName
    header.save_as(path)
    source = ExportSource(source.labels, source.affine, films={"ap": path})
    assert run_export(source, ["dicomseg"], tmp_path / "out")["dicomseg"].is_file()


def test_the_shared_films_lend_their_patient(source, shared_data, tmp_path):
    path = shared_data / "radiographs" / "dicom" / "RG2_J2KI.dcm"
    source = ExportSource(source.labels, source.affine, films={"ap": path})
    stored = pydicom.dcmread(run_export(source, ["dicomseg"], tmp_path / "out")["dicomseg"])
    assert stored.PatientID == "10RG2"


def kinds(error: pytest.ExceptionInfo) -> set[str]:
    return {fault.kind for fault in error.value.faults}


def test_without_a_dicom_film_there_is_no_dicom_segmentation_and_nothing_at_all(source, tmp_path):
    (tmp_path / "ap.png").write_bytes(b"no film")
    source = ExportSource(
        source.labels, source.affine, films={"ap": tmp_path / "ap.png", "lateral": tmp_path / "gone"}
    )
    with pytest.raises(InputError, match="Neither film is a DICOM file") as error:
        run_export(source, ["stl", "dicomseg"], tmp_path / "out")
    assert kinds(error) == {"no-dicom-film"}
    assert not (tmp_path / "out").exists()


def test_films_of_two_patients_are_refused(source, tmp_path):
    films = {"ap": film(tmp_path / "ap.dcm"), "lateral": film(tmp_path / "lateral.dcm", patient="P2")}
    with pytest.raises(InputError) as error:
        run_export(ExportSource(source.labels, source.affine, films=films), ["dicomseg"], tmp_path / "out")
    assert kinds(error) == {"two-patients"}


def test_a_film_that_was_changed_since_is_refused(source, tmp_path):
    films = {"ap": film(tmp_path / "ap.dcm")}
    source = ExportSource(source.labels, source.affine, films=films, film_hashes={"ap": "0" * 64})
    with pytest.raises(InputError) as error:
        run_export(source, ["dicomseg"], tmp_path / "out")
    assert kinds(error) == {"film-changed"}


def test_all_faults_are_told_at_once(source, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "letter.txt").write_text("mine")
    with pytest.raises(InputError) as error:
        run_export(source, ["ply", "dicomseg"], out)
    assert kinds(error) == {"unknown-format", "output-in-use", "no-dicom-film"}


def test_an_earlier_export_is_replaced_only_when_asked_and_other_files_stay(source, tmp_path):
    out = tmp_path / "out"
    run_export(source, ["stl", "obj"], out)
    (out / "letter.txt").write_text("mine")
    with pytest.raises(InputError) as error:
        run_export(source, ["nifti"], out)
    assert kinds(error) == {"output-exists"}
    run_export(source, ["nifti"], out, overwrite=True)
    assert {path.name for path in out.iterdir()} == {"labels.nii.gz", "export.json", "letter.txt"}


def test_a_failure_half_way_leaves_nothing(source, tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("SwinX2SLib.exporting.run.write_segmentation", fail)
    with pytest.raises(InputError, match="No space left"):
        run_export(source, ["stl", "nrrd"], tmp_path / "out")
    assert not any(tmp_path.iterdir())


def test_the_document_names_frames_and_bones(source, tmp_path):
    run_export(source, list(FORMATS)[:5], tmp_path / "out")
    document = json.loads((tmp_path / "out" / "export.json").read_text())
    assert set(document["files"]) == {"stl", "obj", "gltf", "nifti", "nrrd"}
    assert set(document["bones"]) == set(BOXES)
    assert all((tmp_path / "out" / entry["path"]).exists() for entry in document["files"].values())


def test_the_command_exports_a_segmentation_of_slicer(tmp_path, capsys):
    write_segmentation(tmp_path / "s.seg.nrrd", person(), AFFINE)
    assert (
        main(
            ["export", str(tmp_path / "s.seg.nrrd"), "--format", "stl, gltf", "--out", str(tmp_path / "out")]
        )
        == 0
    )
    assert "bones.glb" in capsys.readouterr().out
    assert (tmp_path / "out" / "stl" / "femur_left.stl").is_file()


def test_the_command_tells_faults_in_words(tmp_path, capsys):
    write_segmentation(tmp_path / "s.seg.nrrd", person(), AFFINE)
    code = main(
        ["export", str(tmp_path / "s.seg.nrrd"), "--format", "dicomseg", "--out", str(tmp_path / "out")]
    )
    assert code == 3
    assert "Neither film is a DICOM file" in capsys.readouterr().err


def test_a_result_folder_knows_its_films(tmp_path, source):
    run_export(source, ["nifti"], tmp_path / "result")
    path = film(tmp_path / "ap.dcm")
    inputs = {"ap": {"path": os.fspath(path), "sha256": "ab"}, "lateral": {"sha256": "cd"}}
    (tmp_path / "result" / "provenance.json").write_text(json.dumps({"inputs": inputs}))
    read = read_source(tmp_path / "result")
    assert read.films == {"ap": path}
    assert read.film_hashes == {"ap": "ab", "lateral": "cd"}
    assert read_source(tmp_path / "result", films={"ap": path}).film_hashes == {}


def test_meshes_alone_cannot_be_exported(source, tmp_path):
    meshes = run_export(source, ["stl"], tmp_path / "out")["stl"]
    with pytest.raises(InputError, match="no label volume"):
        read_source(meshes)


def test_the_reader_may_leave_out_what_is_no_bone(tmp_path):
    volume = person().astype(np.uint8)
    volume[0, 0, 0] = 99
    nibabel.save(nibabel.Nifti1Image(volume, AFFINE), tmp_path / "a.nii.gz")
    with pytest.raises(InputError):
        read_source(tmp_path / "a.nii.gz")
    assert "left out" in read_source(tmp_path / "a.nii.gz", ignore_unknown=True).notes[0]
    assert ReadOptions().ignore_unknown is False
