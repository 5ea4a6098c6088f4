"""The numbering of a volume is told by where its values lie."""

import nibabel as nib
import numpy as np
import pytest

from SwinX2SLib.errors import InputError
from SwinX2SLib.evaluation import EvaluationOptions, evaluate_case
from SwinX2SLib.geometry.frames import network_affine, reorient
from SwinX2SLib.label_maps import label_mapping, recognise_mapping

SHAPE, MM = (64, 48, 96), 4.0
AFFINE = network_affine(MM, SHAPE)
SPINE, RIBS, PELVIS, FEMORA = range(1, 25), range(26, 50), range(50, 53), range(53, 55)


def body(labels=range(1, 55)) -> np.ndarray:
    """Our labels as blocks where such bones lie, network order."""
    volume = np.zeros(SHAPE, np.uint8)
    for label in range(1, 25):
        volume[30:34, 26:31, 2 * label : 2 * label + 2] = label
    for rib in range(12):
        volume[50:52, 10:30, 18 + 3 * rib : 20 + 3 * rib] = 26 + rib
        volume[12:14, 10:30, 18 + 3 * rib : 20 + 3 * rib] = 38 + rib
    volume[29:35, 30:36, 52:60] = 50
    volume[12:25, 14:30, 54:68] = 51
    volume[39:52, 14:30, 54:68] = 52
    volume[46:50, 20:25, 68:94] = 53
    volume[14:18, 20:25, 68:94] = 54
    return np.where(np.isin(volume, list(labels)), volume, 0)


def numbered(name: str, labels) -> np.ndarray:
    """The body as another numbering writes it."""
    values = {target: value for value, target in label_mapping(name).targets.items()}
    ours = body(labels)
    result = np.zeros(ours.shape, np.int16)
    for label in np.unique(ours[ours > 0]):
        result[ours == label] = values[int(label)]
    return result


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("swinx2s", range(1, 55)),
        ("swinx2s", [*PELVIS, *FEMORA]),
        ("totalsegmentator_v1", [*SPINE, *RIBS, *PELVIS, *FEMORA]),
        ("totalsegmentator_v2", [*SPINE, *RIBS, *PELVIS, *FEMORA]),
        ("totalsegmentator_v2", [*range(18, 25), *PELVIS]),
        ("verse", [*SPINE, 50]),
        ("ctpelvic1k", PELVIS),
        ("ribseg", RIBS),
    ],
)
@pytest.mark.parametrize("orientation", ["LPI", "RAS"])
def test_a_body_tells_its_numbering(name, labels, orientation):
    ours = body(labels)
    volume, affine = reorient(numbered(name, labels), AFFINE, orientation)
    found = recognise_mapping(volume, affine)
    expected, _ = reorient(ours, AFFINE, orientation)
    assert np.array_equal(found.to_swinx2s(volume, affine), expected), found.name


def test_left_called_right_is_not_taken_for_any_numbering_of_the_whole_body():
    volume = numbered("totalsegmentator_v2", [*PELVIS, *FEMORA])
    mirrored = volume[::-1]
    with pytest.raises(InputError, match=r"could not be detected|is ambiguous"):
        recognise_mapping(mirrored, AFFINE)


def test_too_little_is_said_to_be_ambiguous_and_nonsense_not_to_be_recognised():
    lone = np.where(body() == 20, 20, 0)
    with pytest.raises(InputError, match="is ambiguous"):
        recognise_mapping(lone, AFFINE)
    with pytest.raises(InputError, match="could not be detected"):
        recognise_mapping(np.where(lone > 0, 900, 0), AFFINE)


def test_a_lone_bone_of_fitting_size_beside_organs_is_not_taken_for_one_numbering():
    """Value 20 is L3 and 53 an organ for TotalSegmentator v1; nothing but the size of one block speaks for it."""
    volume = np.where(body() == 20, 20, 0)
    volume[30:34, 26:31, 60:62] = 53
    with pytest.raises(InputError, match="is ambiguous"):
        recognise_mapping(volume, AFFINE)


def test_a_pelvis_of_which_the_scan_shows_the_top_is_not_taken_for_cervical_vertebrae():
    """CTPelvic1K's 1 to 3 are C1 to C3 elsewhere, and pieces of hips are small; but hips lie side by side."""
    volume = numbered("ctpelvic1k", PELVIS)[:, :, :58]
    assert recognise_mapping(volume, AFFINE).name == "ctpelvic1k"


def test_an_evaluation_recognises_the_truth_and_compares_what_it_draws(tmp_path):
    for name, volume in (("truth", numbered("totalsegmentator_v2", PELVIS)), ("prediction", body())):
        nib.save(nib.Nifti1Image(volume, AFFINE), tmp_path / f"{name}.nii.gz")
    options = EvaluationOptions(scheme="auto", measurements=False)
    found = evaluate_case(tmp_path / "prediction.nii.gz", tmp_path / "truth.nii.gz", options)
    assert found.annotated_groups == ("pelvis",)
    assert found.scheme == "totalsegmentator_v2"
    assert found.foreground.dice == 1.0
    assert found.foreground.invented == ()
    assert "detected" in found.notes[0]
