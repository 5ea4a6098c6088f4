"""Which radiographs are pairs: tables with faults, folders of every layout."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from SwinX2SLib.errors import InputError
from SwinX2SLib.radiographs import RadiographOptions
from SwinX2SLib.reconstruct.batch import read_batch_table, read_folder, run_batch
from SwinX2SLib.reconstruct.batch.cases import BatchCase, RadiographDefaults
from SwinX2SLib.reconstruct.batch.summary import decode_case
from SwinX2SLib.reconstruct.job import Job

ROOT = Path(__file__).resolve().parents[3]
HEADER = (
    "case,ap,lateral,spacing_mm,lateral_spacing_mm,ap_magnification,lateral_flip,ap_crop,ap_view,"
    "lateral_shift_mm,note\n"
)


@pytest.fixture
def radiograph(tmp_path):
    """Function that writes a PNG radiograph."""

    def write(name: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.random.default_rng(len(name)).integers(0, 255, (200, 150)).astype(np.uint8)).save(
            path
        )
        return path

    return write


@pytest.fixture
def dicom_radiograph(tmp_path):
    """Function that writes a DICOM radiograph of a study with a view position."""

    def write(name: str, study: str, position: str, patient: str = "P1", **tags) -> Path:
        dataset = Dataset()
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.1"
        dataset.SOPInstanceUID = generate_uid()
        dataset.StudyInstanceUID, dataset.PatientID, dataset.ViewPosition = study, patient, position
        dataset.Rows = dataset.Columns = 200
        for keyword, value in tags.items():
            setattr(dataset, keyword, value)
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pydicom.dcmwrite(path, dataset, enforce_file_format=True)
        return path

    return write


def test_cells_win_over_options_and_empty_cells_take_them(tmp_path, radiograph):
    for name in ("a.png", "b.png"):
        radiograph(name)
    lines = ["one,a.png,b.png,0.2,0.3,,h,,,", 'two,a.png,b.png,,,1.1,,"5%,0%,90%,100%",pa,auto']
    (tmp_path / "t.csv").write_text(HEADER.replace(",note", "") + "\n".join(lines))
    defaults = RadiographDefaults(
        RadiographOptions(spacing_mm=1.0), RadiographOptions(magnification=1.2), lateral_offset_mm=3.0
    )
    (one, two), ignored = read_batch_table(tmp_path / "t.csv", defaults)
    assert (one.radiographs.ap.spacing_mm, one.radiographs.lateral.spacing_mm) == (0.2, 0.3)
    assert (one.radiographs.lateral.magnification, one.radiographs.lateral.flip) == (None, "h")
    assert (one.radiographs.ap_view, one.radiographs.lateral_offset_mm, one.line) == ("ap", 3.0, 2)
    assert (two.radiographs.ap.magnification, two.radiographs.ap.spacing_mm) == (1.1, None)
    assert (two.radiographs.lateral, two.radiographs.ap_view) == (defaults.lateral, "pa")
    assert two.radiographs.ap.crop.percent
    assert two.radiographs.lateral_offset_mm == "auto"
    assert one.ap == tmp_path / "a.png"
    assert ignored == []


def test_distances_of_the_tube_and_a_magnification_exclude_each_other_between_a_cell_and_the_options(
    tmp_path, radiograph
):
    for name in ("a.png", "b.png"):
        radiograph(name)
    lines = "case,ap,lateral,source_to_detector_mm,ap_source_to_patient_mm,lateral_magnification\n"
    (tmp_path / "t.csv").write_text(lines + "one,a.png,b.png,1800,1600,\ntwo,a.png,b.png,,,1.3\n")
    xray_source = RadiographOptions(source_to_detector_mm=1100.0, source_to_patient_mm=1000.0)
    (one, two), ignored = read_batch_table(
        tmp_path / "t.csv", RadiographDefaults(RadiographOptions(magnification=1.2), xray_source)
    )
    assert one.radiographs.ap == RadiographOptions(source_to_detector_mm=1800.0, source_to_patient_mm=1600.0)
    assert one.radiographs.lateral == RadiographOptions(
        source_to_detector_mm=1800.0, source_to_patient_mm=1000.0
    )
    assert (two.radiographs.ap, two.radiographs.lateral) == (
        RadiographOptions(magnification=1.2),
        RadiographOptions(magnification=1.3),
    )
    assert ignored == []


def test_every_fault_of_a_table_is_told_with_its_line(tmp_path, radiograph):
    radiograph("a.png")
    rows = [
        "one,a.png,b.png,0.2,,,,,,,",
        "one,a.png,a.png,zero,,,,,,,",
        ",a.png,,-3,,,sideways,1;2,xy,up,",
        "a/b:.,a.png,a.png,1,,,,,,",
    ]
    (tmp_path / "t.csv").write_text(HEADER + "\n".join(rows))
    with pytest.raises(InputError) as error:
        read_batch_table(tmp_path / "t.csv")
    told = "\n".join(fault.message for fault in error.value.faults)
    for words in (
        "Line 2: the radiograph", "b.png does not exist", "case one",
        "Line 3: spacing_mm", "Line 4: case is empty", "Line 4: lateral is empty",
        "Line 4: lateral_flip: 'sideways'", "Line 4: ap_crop", "Line 4: ap_view: 'xy'", (
            "Line 4: lateral_offset_mm"
        ),
        "Line 5: the row has 10 fields",
    ):  # fmt: skip
        assert words in told
    assert all(fault.path == str(tmp_path / "t.csv") for fault in error.value.faults)


def test_a_table_without_its_columns_is_told(tmp_path):
    (tmp_path / "t.csv").write_text("case;front;side\n1;2;3\n")
    with pytest.raises(InputError, match="columns ap, lateral are missing"):
        read_batch_table(tmp_path / "t.csv")


def test_a_folder_of_all_layouts_yields_its_pairs(tmp_path, radiograph, dicom_radiograph):
    radiograph("smith_ap.png"), radiograph("smith_lateral.png")
    radiograph("PA-jones.png"), radiograph("lat-jones.png")
    radiograph("brown/coronal view.png"), radiograph("brown/sagittal view.png")
    dicom_radiograph("x1.dcm", "1.2.3", "LL", "P7"), dicom_radiograph("x2.dcm", "1.2.3", "PA", "P7")
    dicom_radiograph("green/1.dcm", "1.2.4", "AP"), dicom_radiograph("green/2.dcm", "1.2.4", "")
    (tmp_path / "notes.txt").write_text("no radiograph")
    (tmp_path / ".hidden").write_text("nor this")
    (tmp_path / "empty").mkdir()
    content = read_folder(tmp_path)
    found = {case.name: (case.ap.name, case.lateral.name, case.radiographs.ap_view) for case in content.cases}
    assert found == {
        "smith": ("smith_ap.png", "smith_lateral.png", "ap"),
        "jones": ("PA-jones.png", "lat-jones.png", "pa"),
        "brown": ("coronal view.png", "sagittal view.png", "ap"),
        "P7": ("x2.dcm", "x1.dcm", "pa"),
        "green": ("1.dcm", "2.dcm", "ap"),
    }
    assert set(content.passed_over) == {"notes.txt", "empty"}
    assert content.faults == []


def test_radiographs_that_cannot_be_paired_are_all_told(tmp_path, radiograph, dicom_radiograph):
    radiograph("lonely_ap.png")
    radiograph("stranger.png")
    radiograph("two/one.png"), radiograph("two/other.png")
    radiograph("three/1_ap.png"), radiograph("three/2_ap.png"), radiograph("three/3.png")
    radiograph("same/a_ap.png"), radiograph("same/b_ap.png")
    with pytest.raises(InputError) as error:
        read_folder(tmp_path)
    told = "\n".join(fault.message for fault in error.value.faults)
    for words in (
        "Case lonely has 1 radiograph (lonely_ap.png)", "The case and view of this radiograph",
        "The frontal radiograph of same cannot be identified",
        "3 radiographs",
    ):  # fmt: skip
        assert words in told
    (tmp_path / "nothing").mkdir()
    with pytest.raises(InputError, match="no radiographs"):
        read_folder(tmp_path / "nothing")


def view_code(value: str, meaning: str) -> list[Dataset]:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "SRT", meaning
    return [item]


# Storage classes of objects without a picture, and of one that has pixels but is no radiograph.
DOSE_REPORT, PRESENTATION_STATE = "1.2.840.10008.5.1.4.1.1.88.67", "1.2.840.10008.5.1.4.1.1.11.1"
KEY_OBJECTS, ENCAPSULATED_PDF = "1.2.840.10008.5.1.4.1.1.88.59", "1.2.840.10008.5.1.4.1.1.104.1"
SEGMENTATION, DIRECTORY = "1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.1.3.10"


def test_objects_without_a_picture_and_slices_of_a_ct_do_not_count_as_radiographs(tmp_path, dicom_radiograph):
    dicom_radiograph("1", "1.2.3", "AP"), dicom_radiograph("2", "1.2.3", "LL")
    others = (DOSE_REPORT, PRESENTATION_STATE, KEY_OBJECTS, ENCAPSULATED_PDF, SEGMENTATION, "1.2.3.4.5.6")
    for number, kind in enumerate(others):
        path = dicom_radiograph(f"other{number}", "1.2.3", "", SOPClassUID=kind)
        dataset = pydicom.dcmread(path)
        if kind != SEGMENTATION:
            del dataset.Rows, dataset.Columns
        dataset.save_as(path)
    axial = [1, 0, 0, 0, 1, 0]
    dicom_radiograph("slice", "1.2.3", "", Modality="CT", ImageOrientationPatient=axial)
    dicom_radiograph("frames", "1.2.3", "", NumberOfFrames=20)
    content = read_folder(tmp_path)
    assert [(case.name, case.ap.name, case.lateral.name) for case in content.cases] == [("P1", "1", "2")]
    assert content.faults == []
    assert len(content.passed_over) == len(others) + 2


def test_scouts_of_a_ct_are_a_pair_by_their_image_orientation(tmp_path, dicom_radiograph):
    dicom_radiograph("s/1", "1.2.3", "", Modality="CT", ImageOrientationPatient=[0, 1, 0, 0, 0, -1])
    dicom_radiograph("s/2", "1.2.3", "", Modality="CT", ImageOrientationPatient=[1, 0, 0, 0, 0, -1])
    (case,) = read_folder(tmp_path).cases
    assert (case.name, case.ap.name, case.lateral.name) == ("s", "2", "1")


def test_a_medium_with_a_directory_and_deep_folders_yields_its_pairs(tmp_path, radiograph, dicom_radiograph):
    for number, patient in enumerate(("A", "B")):
        series = f"disc/DICOM/PA{number}/ST1"
        dicom_radiograph(f"{series}/SE1/IM1", f"1.2.{number}", "PA", patient)
        dicom_radiograph(
            f"{series}/SE2/IM1", f"1.2.{number}", "", patient, ViewCodeSequence=view_code("R-10236", "x")
        )
    directory = dicom_radiograph("disc/DICOMDIR", "", "")
    dataset = pydicom.dcmread(directory)
    del dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPClassUID = DIRECTORY
    dataset.save_as(directory)
    for name in ("logo.png", "button.png", "help/page.png"):
        radiograph(f"disc/VIEWER/{name}")
    dicom_radiograph("single/a/b/1", "1.2.9", "AP"), dicom_radiograph("single/a/c/1", "1.2.9", "RL")
    content = read_folder(tmp_path)
    found = {
        case.name: (str(case.ap.relative_to(tmp_path)), case.radiographs.ap_view) for case in content.cases
    }
    assert found == {
        "A": ("disc/DICOM/PA0/ST1/SE1/IM1", "pa"),
        "B": ("disc/DICOM/PA1/ST1/SE1/IM1", "pa"),
        "single": ("single/a/b/1", "ap"),
    }
    assert content.faults == []


def test_anonymous_files_of_one_study_are_paired_within_their_folders(tmp_path, dicom_radiograph):
    for case in ("one", "two"):
        (
            dicom_radiograph(f"{case}/SE1/IM", "1.2.3", "AP", ""),
            dicom_radiograph(f"{case}/SE2/IM", "1.2.3", "LL", ""),
        )
    content = read_folder(tmp_path)
    assert [case.name for case in content.cases] == ["one", "two"]
    assert all(case.ap.parents[1] == case.lateral.parents[1] for case in content.cases)


def test_a_study_of_more_than_two_radiographs_is_a_fault_and_stops_no_other(tmp_path, dicom_radiograph):
    dicom_radiograph("a/1", "1.2.3", "AP"), dicom_radiograph("a/2", "1.2.3", "LL")
    for number, position in enumerate(("AP", "LL", "AP")):
        dicom_radiograph(f"b/{number}/IM", "1.2.4", position, "P2")
    content = read_folder(tmp_path)
    assert [case.name for case in content.cases] == ["a"]
    (fault,) = content.faults
    assert "Case P2 has 3 radiographs (b/0/IM, b/1/IM, b/2/IM)" in fault.message


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\0" * 128 + b"DICM" + bytes(range(256)), id="random"),
        pytest.param(b"\0" * 128 + b"DICM", id="no element"),
    ],
)
def test_a_broken_dicom_file_is_a_fault_and_stops_no_other_case(tmp_path, dicom_radiograph, content):
    dicom_radiograph("a/1", "1.2.3", "AP"), dicom_radiograph("a/2", "1.2.3", "LL")
    (tmp_path / "a" / "broken.dcm").write_bytes(content)
    found = read_folder(tmp_path)
    assert [case.name for case in found.cases] == ["a"]
    (fault,) = found.faults
    assert fault.path == str(tmp_path / "a" / "broken.dcm")


@pytest.mark.parametrize("share", [0.5, 0.7, 0.95])
def test_a_dicom_file_cut_within_its_header_is_a_fault_and_stops_no_other_case(
    tmp_path, dicom_radiograph, share
):
    dicom_radiograph("a/1", "1.2.3", "AP"), dicom_radiograph("a/2", "1.2.3", "LL")
    cut = dicom_radiograph("a/cut", "1.2.4", "AP")
    content = cut.read_bytes()
    cut.write_bytes(content[: int(share * len(content))])
    found = read_folder(tmp_path)
    assert [case.name for case in found.cases] == ["a"]
    (fault,) = found.faults
    assert (fault.kind, fault.path) == ("unreadable-file", str(cut))


def check(folder: Path, *more: str) -> subprocess.CompletedProcess:
    """`swinx2s batch FOLDER --check`, as a process in the folder that holds it."""
    command = ["batch", folder.name, "--out", "out", "--check", "--spacing-mm", "2", *more]
    return subprocess.run(
        [sys.executable, "-m", "SwinX2SLib", *command],
        cwd=folder.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=240,
    )


def test_check_tells_pairs_and_faults_and_writes_nothing(tmp_path, radiograph):
    (
        radiograph("radiographs/a_ap.png"),
        radiograph("radiographs/a_lat.png"),
        radiograph("radiographs/b_ap.png"),
        radiograph("radiographs/lonely_ap.png"),
    )
    (tmp_path / "radiographs" / "b_lat.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    ended = check(tmp_path / "radiographs")
    assert ended.returncode == 6, ended.stderr
    assert "Not used: " in ended.stderr
    assert "Case lonely has 1 radiograph" in ended.stderr
    first, second = ended.stdout.splitlines()
    assert first.startswith("a: a_ap.png (frontal), a_lat.png (lateral)")
    assert second.startswith("b: ")
    assert "b_lat.png" in second
    assert not (tmp_path / "out").exists()


def test_check_as_json_lists_what_cannot_be_paired_as_failed_cases(tmp_path, radiograph):
    for name in ("in/a_ap.png", "in/a_lat.png", "in/sub/lonely.png"):
        radiograph(name)
    ended = check(tmp_path / "in", "--json")
    assert ended.returncode == 6, ended.stderr
    cases = [case for line in ended.stdout.splitlines() if (case := decode_case(line))]
    assert [(case["case"], case["status"]) for case in cases] == [("sub", "failed"), ("a", "ready")]
    assert cases[0]["failure"]["kind"] == "not-a-pair"


@pytest.mark.parametrize("name", ["batch.csv", "Measurements.CSV", "BATCH.csv", "con", "NUL.1"])
def test_a_case_named_like_a_file_of_the_run_is_refused_before_any_work(tmp_path, radiograph, name):
    for view in ("ap", "lateral"):
        radiograph(f"{view}.png")
        radiograph(f"folder/{name}_{view}.png")
    table = tmp_path / "table.csv"
    table.write_text(f"case,ap,lateral,spacing_mm\n{name},ap.png,lateral.png,1\n")
    for read, source in ((read_batch_table, table), (read_folder, tmp_path / "folder")):
        with pytest.raises(InputError, match="is not a valid folder name") as error:
            read(source)
        assert [fault.kind for fault in error.value.faults] == ["key"]
    case = BatchCase(name, tmp_path / "ap.png", tmp_path / "lateral.png")
    with pytest.raises(InputError, match="is not a valid folder name"):
        run_batch([case], tmp_path / "out", Job(case.ap, case.lateral, tmp_path), backend=NoNetwork())
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that takes no files")
def test_a_folder_that_takes_no_files_is_refused_before_any_radiograph_is_read(tmp_path):
    case = BatchCase("one", tmp_path / "missing.png", tmp_path / "missing too.png")
    with pytest.raises(InputError) as error:
        run_batch([case], Path("/proc/out"), Job(case.ap, case.lateral, tmp_path), backend=NoNetwork())
    assert [fault.kind for fault in error.value.faults] == ["output-not-writable"]


class NoNetwork:
    """A backend that finds nothing wrong."""

    def check(self, settings):
        return []


def test_lines_of_cases_are_told_from_others():
    assert decode_case(json.dumps({"event": "case", "case": "x", "status": "done"}))["case"] == "x"
    for line in ("text", "[1]", '{"event": "progress"}', '{"event": "case"}'):
        assert decode_case(line) is None
