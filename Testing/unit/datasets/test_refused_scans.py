"""Broken scans, and those that the paper leaves out, are told."""

import gzip

import downloads
import nibabel as nib
import numpy as np
import pytest
from prepared_scans import OPTIONS, load, prepared, scan, told

from SwinX2SLib.anatomy import label_ids, mirrored_ids
from SwinX2SLib.datasets import load_case_list
from SwinX2SLib.datasets.catalogue import DATASETS
from SwinX2SLib.datasets.dataset import Contents, RawCase
from SwinX2SLib.datasets.prepare import PrepareOptions
from SwinX2SLib.datasets.prepare_case import layout_faults

pytestmark = pytest.mark.usefixtures("work_in_this_process")


def refused(tmp_path, **changes):
    return told(scan(tmp_path, **changes), tmp_path / "out")


def test_labels_that_do_not_exist_in_the_numbering_are_told(tmp_path):
    labels = downloads.pelvis_numbers(downloads.person(upper=200.0).labels)
    labels[0, 0, 0] = 9
    assert "are not part of the label numbering" in refused(tmp_path, labels=labels)
    labels = labels.astype(np.float32)
    labels[0, 0, 0] = 0.5
    assert "0.5" in refused(tmp_path / "b", labels=labels, label_header={"dtype": np.float32})


def test_swapped_and_turned_people_are_found_by_their_bones(tmp_path):
    shown = downloads.person(upper=200.0)
    mirrored = np.array(mirrored_ids(), np.uint8)[shown.labels]
    assert "Left bones are to the right" in refused(tmp_path / "a", labels=downloads.pelvis_numbers(mirrored))
    turned = np.diag([-1.0, -1.0, 1.0, 1.0]) @ shown.affine  # LPS read as RAS
    both = {"affine": turned}
    message = refused(tmp_path / "b", label_header=both, image_header=both)
    assert "Left bones are to the right" in message
    assert "sacrum is in front" in message


@pytest.mark.parametrize("part", ["spine", "ribs", "femur"])
def test_people_on_their_heads_are_found_by_the_order_of_their_bones(part):
    shown = downloads.person()
    kept = np.isin(shown.labels, [*label_ids(part), *(label_ids("pelvis") if part == "femur" else ())])
    labels = np.where(kept, shown.labels, 0).astype(np.uint8)
    assert layout_faults(labels, shown.affine) == []
    headless = np.diag([1.0, 1.0, -1.0, 1.0]) @ shown.affine
    assert any("craniocaudal order" in sentence for sentence in layout_faults(labels, headless))


def test_labels_and_ct_that_lie_apart_are_told_and_may_be_put_together(tmp_path, reference):
    shown = downloads.person(upper=200.0)
    case = scan(tmp_path, label_header={"affine": shown.affine @ np.diag([2.0, 2.0, 1.0, 1.0])})
    assert "a different position in the header" in told(case, tmp_path / "out")
    result = prepared(case, tmp_path / "out", PrepareOptions(OPTIONS.shape, labels_on_image_grid=True))
    assert "was replaced by the header of the CT" in result.entries[0]["note"]
    np.testing.assert_array_equal(load(tmp_path / "out")[1], reference[1])


def test_labels_of_their_own_grid_are_taken_by_their_header_when_they_lie_in_the_ct(tmp_path, reference):
    shown = downloads.person(upper=200.0)
    values = downloads.pelvis_numbers(shown.labels)
    cut = shown.affine.copy()
    cut[:3, 3] = shown.affine[:3, :3] @ (3, 3, 3) + shown.affine[:3, 3]
    inner = values[3:-3, 3:-3, 3:-3]
    assert np.isin(inner, (1, 2, 3)).sum() == np.isin(values, (1, 2, 3)).sum()
    result = prepared(scan(tmp_path, labels=inner, label_header={"affine": cut}), tmp_path / "out")
    np.testing.assert_array_equal(load(tmp_path / "out")[1], reference[1])
    assert "different grids" in result.entries[0]["note"]
    away = np.eye(4)
    away[0, 3] = 300
    elsewhere = scan(tmp_path / "b", labels=inner, label_header={"affine": away @ cut})
    assert "outside the CT" in told(elsewhere, tmp_path / "b" / "out")


def test_files_without_orientation_are_refused_unless_the_user_knows_it(tmp_path, reference):
    none = {"codes": (0, 0), "orientation": "LPS"}
    case = scan(tmp_path, label_header=none, image_header=none)
    assert "does not define the position of the volume" in told(case, tmp_path / "out")
    known = PrepareOptions(OPTIONS.shape, assumed_orientation="LPS")
    assert not prepared(case, tmp_path / "out", known).failed
    np.testing.assert_array_equal(load(tmp_path / "out")[1], reference[1])
    wrong = prepared(case, tmp_path / "wrong", PrepareOptions(OPTIONS.shape, assumed_orientation="RAS"))
    assert "Left bones are to the right" in wrong.failed[0].message


def test_cts_that_hold_no_hounsfield_units_are_told(tmp_path):
    shown = downloads.person(upper=200.0)
    grey = ((shown.ct.astype(float) + 1000) / 4000 * 255).astype(np.int16)
    assert "not Hounsfield units" in refused(tmp_path / "a", ct=grey)
    holes = shown.ct.astype(np.float32)
    holes[0, 0, 0] = np.nan
    assert "NaN values" in refused(tmp_path / "b", ct=holes, image_header={"dtype": np.float32})


def test_damaged_files_of_one_scan_are_told_together(tmp_path):
    case = scan(tmp_path)
    for path in (*case.labels, case.image):
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    message = told(case, tmp_path / "out")
    assert case.labels[0].name in message
    assert case.image.name in message
    case.image.write_bytes(gzip.compress(b"no image"))
    assert case.image.name in told(case, tmp_path / "out")


def test_more_than_one_volume_in_a_file_is_told(tmp_path):
    case = scan(tmp_path)
    image = nib.load(case.image)
    two = np.stack([np.asarray(image.dataobj)] * 2, axis=-1)
    nib.save(nib.Nifti1Image(two, image.affine), case.image)
    assert "which is not a volume" in told(case, tmp_path / "out")


def test_scans_that_the_paper_leaves_out_are_left_out_and_not_faulty(tmp_path):
    empty = np.zeros(downloads.person(upper=200.0).labels.shape, np.uint8)
    result = prepared(scan(tmp_path, labels=empty), tmp_path / "out")
    assert result.excluded == {"a": "It has none of the bones."}
    assert not result.failed
    assert load_case_list(tmp_path / "out" / "manifest.json") == []


@pytest.mark.parametrize(
    ("data_set", "present", "extent", "words"),
    [
        ("totalsegmentator-femur", {53}, (1, 1, 1), "at least 2"),
        ("totalsegmentator-femur", {53, 54}, (1, 1, 1), None),
        ("totalsegmentator-pelvic", {50, 51}, (1, 1, 1), "at least 3"),
        ("totalsegmentator-rib", {26, 27, 28, 29, 30}, (1, 1, 1), "at least 6"),
        ("totalsegmentator-spine", {20, 21, 23}, (1, 1, 1), "L3"),
        ("totalsegmentator-spine", {20, 21, 22, 23, 24, 25}, (1, 1, 1), "sixth"),
        ("totalsegmentator-spine", {20, 21, 22, 23, 24}, (1, 1, 1), None),
        ("totalsegmentator-all", set(), (1, 1, 1), "none"),
        ("verse19", {20}, (400, 300, 120), "cropped"),
        ("verse19", {20}, (350, 300, 120), None),
        ("ctspine1k", {20, 25}, (400, 300, 120), None),
    ],
)
def test_the_papers_exclusions(data_set, present, extent, words):
    reason = DATASETS[data_set].excluded(Contents(frozenset(present), extent))
    assert reason is None if words is None else words in reason


def test_labels_alone_make_cases_to_learn_from_where_the_cts_were_not_downloaded(tmp_path, reference):
    case = scan(tmp_path)
    case.image.unlink()
    lone = RawCase(case.name, case.labels, None, "train", "CC0")
    assert "--labels-only" in told(lone, tmp_path / "out")
    assert not prepared(lone, tmp_path / "out", PrepareOptions(OPTIONS.shape, labels_only=True)).failed
    (found,) = load_case_list(tmp_path / "out" / "manifest.json")
    assert found.radiographs is None
    assert found.load_ct() is None
    np.testing.assert_array_equal(found.load_labels()[0], reference[1])


def test_bone_beyond_the_papers_grid_is_told(tmp_path):
    shown = downloads.person()
    wide = np.pad(shown.labels, [(60, 0), (0, 0), (0, 0)])
    air = np.pad(shown.ct, [(60, 0), (0, 0), (0, 0)], constant_values=-1000)
    moved = shown.affine.copy()
    moved[:3, 3] = shown.affine[:3, :3] @ (-60, 0, 0) + shown.affine[:3, 3]
    header = {"affine": moved}
    case = scan(
        tmp_path, labels=downloads.pelvis_numbers(wide), ct=air, label_header=header, image_header=header
    )
    narrow = PrepareOptions(shape=(32, 64, 80))
    (entry,) = prepared(case, tmp_path / "out", narrow).entries
    assert "outside the grid" in entry["note"]
