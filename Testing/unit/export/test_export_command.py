"""What an export refuses, replaces, reads and says."""

import json
import os

import nibabel
import numpy as np
import pytest
from exported_person import AFFINE, BOXES, kinds, person, radiograph

from SwinX2SLib.cli import main
from SwinX2SLib.errors import InputError
from SwinX2SLib.export.formats import FORMATS
from SwinX2SLib.export.run import run_export
from SwinX2SLib.export.source import read_source
from SwinX2SLib.io.segmentations import write_segmentation
from SwinX2SLib.measurements.reading import ReadOptions


def test_all_faults_are_told_at_once(source, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "letter.txt").write_text("mine")
    with pytest.raises(InputError) as error:
        run_export(source, ["ply", "dicomseg"], out)
    assert kinds(error) == {"unknown-format", "output-in-use", "no-dicom-radiograph"}


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

    monkeypatch.setattr("SwinX2SLib.export.run.write_segmentation", fail)
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
    assert "Neither radiograph is a DICOM file" in capsys.readouterr().err


def test_a_result_folder_knows_its_radiographs(tmp_path, source):
    run_export(source, ["nifti"], tmp_path / "result")
    path = radiograph(tmp_path / "ap.dcm")
    inputs = {"ap": {"path": os.fspath(path), "sha256": "ab"}, "lateral": {"sha256": "cd"}}
    (tmp_path / "result" / "provenance.json").write_text(json.dumps({"inputs": inputs}))
    read = read_source(tmp_path / "result")
    assert read.radiographs == {"ap": path}
    assert read.radiograph_hashes == {"ap": "ab", "lateral": "cd"}
    assert read_source(tmp_path / "result", radiographs={"ap": path}).radiograph_hashes == {}


def test_meshes_alone_cannot_be_exported(source, tmp_path):
    meshes = run_export(source, ["stl"], tmp_path / "out")["stl"]
    with pytest.raises(InputError, match="not a label volume"):
        read_source(meshes)


def test_the_reader_may_leave_out_what_is_no_bone(tmp_path):
    volume = person().astype(np.uint8)
    volume[0, 0, 0] = 99
    nibabel.save(nibabel.Nifti1Image(volume, AFFINE), tmp_path / "a.nii.gz")
    with pytest.raises(InputError):
        read_source(tmp_path / "a.nii.gz")
    assert "were ignored" in read_source(tmp_path / "a.nii.gz", ignore_unknown=True).notes[0]
    assert ReadOptions().ignore_unknown is False


@pytest.mark.parametrize("content", ["[]", '{"inputs": []}', "{", "\udcff"])
def test_a_damaged_provenance_is_told_by_its_name(tmp_path, source, capsys, content):
    result = tmp_path / "result"
    run_export(source, ["nifti"], result)
    (result / "provenance.json").write_text(content, encoding="utf-8", errors="surrogateescape")
    assert main(["export", str(result), "--out", str(tmp_path / "out")]) == 3
    told = capsys.readouterr().err
    assert told.startswith(f"swinx2s: {result / 'provenance.json'}: The file cannot be read")
    assert not (tmp_path / "out").exists()
