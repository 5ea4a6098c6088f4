"""Every data set in every layout in which it is distributed: what is found, split, named and licensed."""

import json
import pickle
import sys
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest

from SwinX2SLib.anatomy import label_ids
from SwinX2SLib.datasets import load_case_list
from SwinX2SLib.datasets.catalogue import DATASETS
from SwinX2SLib.datasets.prepare import PrepareOptions, find_cases, prepare
from SwinX2SLib.datasets.raw_files import read_split
from SwinX2SLib.errors import InputError

sys.path.insert(0, str(Path(__file__).parent))
import downloads

SMALL = PrepareOptions(shape=(32, 32, 40))


@pytest.fixture(autouse=True)
def work_in_this_process(monkeypatch):
    monkeypatch.setattr("SwinX2SLib.datasets.prepare.run_resumable", downloads.run_here)


def prepared(name, raw, out, options=SMALL, **finding):
    cases, left_out = find_cases(DATASETS[name], raw, **finding)
    return prepare(DATASETS[name], cases, out, options, left_out=left_out)


def splits(result):
    return {entry["case"]: entry["split"] for entry in result.entries}


@pytest.mark.parametrize(
    ("part", "groups"),
    [
        ("femur", ["femur"]),
        ("pelvic", ["pelvis"]),
        ("spine", ["spine"]),
        ("rib", ["ribs"]),
        ("all", ["spine", "ribs", "pelvis", "femur"]),
    ],
)
def test_each_part_of_totalsegmentator_holds_its_own_bones_and_knows_no_others(tmp_path, part, groups):
    raw = downloads.write_totalsegmentator(tmp_path / "raw", {"s0001": "train"})
    result = prepared(f"totalsegmentator-{part}", raw, tmp_path / "out")
    assert not result.failed
    (entry,) = result.entries
    assert entry["annotated"] == groups
    wanted = {i for group in groups for i in label_ids(group)} - {25}
    shown = set(np.unique(downloads.person().labels).tolist()) & wanted
    assert set(entry["labels"]) <= shown
    # Some ribs are thinner than the coarse voxels of this test.
    assert len(shown - set(entry["labels"])) <= 4
    assert len(shown) > 0
    (case,) = load_case_list(tmp_path / "out" / "manifest.json")
    assert case.known_classes[list(wanted)].all()
    assert case.known_classes.sum() == 1 + sum(len(label_ids(group)) for group in groups)


def test_the_sacrum_of_totalsegmentator_v2_has_its_first_vertebra_again(tmp_path):
    sizes = {}
    for version in (1, 2):
        raw = tmp_path / f"v{version}"
        downloads.write_totalsegmentator(raw, {"s0001": "val"}, v2=version == 2)
        result = prepared("totalsegmentator-pelvic", raw, tmp_path / f"out{version}")
        (case,) = load_case_list(tmp_path / f"out{version}" / "manifest.json")
        sizes[version] = np.bincount(case.load_labels()[0].ravel())[50]
        assert splits(result) == {"s0001": "val"}
    assert sizes[1] == sizes[2] > 0


def test_missing_masks_and_scans_that_meta_does_not_list_are_told(tmp_path):
    raw = downloads.write_totalsegmentator(tmp_path / "raw", {"s0001": "train", "s0002": "test"})
    (raw / "s0001" / "segmentations" / "hip_left.nii.gz").unlink()
    (raw / "meta.csv").write_text("image_id;split\ns0001;train\n")
    result = prepared("totalsegmentator-pelvic", raw, tmp_path / "out")
    told = {failure.key: failure.message for failure in result.failed}
    assert "hip_left" in told["s0001"]
    assert "training, validation or test" in told["s0002"]
    assert json.loads((tmp_path / "out" / "manifest.json").read_text()) == []


def test_ctpelvic1k_finds_the_cts_of_all_six_sources_and_leaves_metal_out(tmp_path):
    raw = downloads.write_ctpelvic1k(tmp_path / "raw")
    result = prepared("ctpelvic1k", raw, tmp_path / "out")
    assert not result.failed
    assert splits(result) == {
        "dataset1_img0001": "train",
        "dataset2_1.3.6.1.4.1.9328.50.4.0001": "train",
        "dataset3_colon_001": "train",
        "dataset4_case_00014": "val",
        "dataset5_0507688_Image": "val",
        "dataset6_CLINIC_0001": "test",
    }
    assert all(entry["labels"] == [50, 51, 52] for entry in result.entries)
    assert all("was ignored" in entry["note"] or not entry["note"] for entry in result.entries)
    assert not any(
        case.may_train_default_weights for case in load_case_list(tmp_path / "out" / "manifest.json")
    )


def test_ctpelvic1k_takes_the_folds_of_nnunet(tmp_path):
    raw = downloads.write_ctpelvic1k(tmp_path / "raw")
    (raw / "data_list.json").unlink()
    fold = OrderedDict(
        train=np.array(["train_dataset6_CLINIC_0001", "train_dataset1_img0001"]),
        val=np.array(["train_dataset4_case_00014"]),
        test=np.array(["test_dataset2_1.3.6.1.4.1.9328.50.4.0001_3_325"]),
    )
    (raw / "splits_final.pkl").write_bytes(pickle.dumps([fold]))
    cases, _ = find_cases(DATASETS["ctpelvic1k"], raw)
    found = {case.name: case.split for case in cases}
    assert found["dataset6_CLINIC_0001"] == found["dataset1_img0001"] == "train"
    assert found["dataset4_case_00014"] == "val"
    assert found["dataset2_1.3.6.1.4.1.9328.50.4.0001"] == "test"
    assert found["dataset3_colon_001"] is None


@pytest.mark.parametrize("copy", [False, True])
def test_ctspine1k_is_read_as_its_authors_and_as_its_copy_lay_it_out(tmp_path, copy):
    raw = downloads.write_ctspine1k(tmp_path / "raw", copy)
    result = prepared("ctspine1k", raw, tmp_path / "out")
    assert not result.failed
    assert splits(result) == {
        "1.3.6.1.4.1.9328.50.4.0001": "train",
        "liver_110": "val",
        "volume-covid19-A-0319": "test",
    }
    assert {tuple(entry["annotated"]) for entry in result.entries} == {("spine",)}


def test_verse19_by_subject_takes_the_parts_from_the_folders_and_no_scan_of_verse20(tmp_path):
    raw = downloads.write_verse19(tmp_path / "raw")
    result = prepared("verse19", raw, tmp_path / "out")
    assert not result.failed
    assert splits(result) == {
        "sub-verse004": "train",
        "sub-verse400_split-verse155": "val",
        "sub-verse012_dir-ax": "test",
    }
    cases = load_case_list(tmp_path / "out" / "manifest.json")
    assert all(case.may_train_default_weights for case in cases)


def test_verse19_of_the_challenge_is_read_too_and_its_part_may_be_the_download_itself(tmp_path):
    raw = downloads.write_verse19_challenge(tmp_path / "raw")
    assert splits(prepared("verse19", raw, tmp_path / "out")) == {
        "verse004": "train",
        "verse010": "val",
        "verse012": "test",
    }
    alone, _ = find_cases(DATASETS["verse19"], raw / "validation")
    assert [(case.name, case.split) for case in alone] == [("verse010", "val")]


def test_ribseg_finds_its_cts_elsewhere_and_the_sides_by_where_the_ribs_lie(tmp_path):
    raw = downloads.write_ribseg(tmp_path / "raw", tmp_path / "ribfrac")
    without, _ = find_cases(DATASETS["ribseg-v2"], raw)
    assert all(case.image is None for case in without)
    result = prepared("ribseg-v2", raw, tmp_path / "out", images=[tmp_path / "ribfrac"])
    assert not result.failed
    assert splits(result) == {"RibFrac7": "train", "RibFrac421": "val", "RibFrac501": "test"}
    volumes = [case.load_labels()[0] for case in load_case_list(tmp_path / "out" / "manifest.json")]
    np.testing.assert_array_equal(volumes[0], volumes[1])  # one of them numbers the right side first


def test_a_ct_without_its_mask_is_told_where_the_download_should_have_one(tmp_path):
    pelvic = downloads.write_ctpelvic1k(tmp_path / "pelvic")
    next(pelvic.rglob("dataset6_*_mask_4label.nii.gz")).unlink()
    spine = downloads.write_ctspine1k(tmp_path / "spine")
    next(spine.rglob("liver_110_seg.nii.gz")).unlink()
    verse = downloads.write_verse19(tmp_path / "verse")
    next(verse.rglob("sub-verse004_seg-vert_msk.nii.gz")).unlink()
    for name, raw, case in (
        ("ctpelvic1k", pelvic, "dataset6_CLINIC_0001"),
        ("ctspine1k", spine, "liver_110"),
        ("verse19", verse, "sub-verse004"),
    ):
        result = prepared(name, raw, tmp_path / f"out-{name}", only=[case])
        assert [failure.key for failure in result.failed] == [case]
        assert "mask is missing" in result.failed[0].message


def test_a_split_file_replaces_that_of_the_download_and_leaves_the_others_out(tmp_path):
    raw = downloads.write_verse19(tmp_path / "raw")
    chosen = tmp_path / "data_list.json"
    chosen.write_text(json.dumps({"training": [], "test": [{"img": "sub-verse004_ct_image.npy"}]}))
    result = prepared("verse19", raw, tmp_path / "out", split=chosen)
    assert splits(result) == {"sub-verse004": "test"}
    assert set(result.excluded) == {"sub-verse400_split-verse155", "sub-verse012_dir-ax"}
    chosen.write_text(json.dumps({"train": ["somebody_else"]}))
    with pytest.raises(InputError, match="none of these scans"):
        find_cases(DATASETS["verse19"], raw, split=chosen)


class Malicious:
    def __reduce__(self):
        return (print, ("this must not be printed",))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("split.pkl", pickle.dumps([{"train": [Malicious()]}]), "not a list of names"),
        ("split.json", b"{", "cannot be read"),
        ("split.json", b'{"train": ["a"], "test": ["a_ct.nii.gz"]}', "in two splits"),
        ("split.csv", b"one;two\n1;2\n", "no column"),
        ("split.txt", b"a\nb\n", "no scan"),
        ("split.xlsx", b"", "xlsx"),
    ],
)
def test_split_files_that_cannot_be_used_are_refused_in_words(tmp_path, capsys, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError, match=words):
        read_split(path)
    assert "must not" not in capsys.readouterr().out


def test_a_folder_of_something_else_is_refused_with_where_to_get_the_data(tmp_path):
    (tmp_path / "holiday.nii.gz").write_bytes(b"")
    for data_set in DATASETS.values():
        if data_set.name in ("verse19",):
            continue  # a lone NIfTI file might be one of its scans
        with pytest.raises(InputError, match="No files of"):
            find_cases(data_set, tmp_path)
