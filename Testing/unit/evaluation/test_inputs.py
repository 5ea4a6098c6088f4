"""A prediction and a truth of other grids, places and numberings; boxes stand for bones."""

import nibabel as nib
import numpy as np
import pytest

from SwinX2SLib.errors import InputError
from SwinX2SLib.evaluation import EvaluationOptions, evaluate_case
from SwinX2SLib.geometry.frames import network_affine, reorient

SHAPE, MM = (30, 24, 36), 2.0
QUICK = {"measurements": False}


def bones(scale: int = 1) -> np.ndarray:
    """A vertebra, both hips and a sacrum as boxes, in network order."""
    volume = np.zeros([scale * size for size in SHAPE], np.uint8)
    for label, (x, y, z) in {
        20: ((13, 17), (10, 16), (4, 9)),
        24: ((13, 17), (10, 16), (12, 17)),
        50: ((12, 18), (14, 18), (20, 27)),
        51: ((4, 10), (8, 14), (20, 30)),
        52: ((20, 26), (8, 14), (20, 30)),
    }.items():
        volume[tuple(slice(scale * a, scale * b) for a, b in (x, y, z))] = label
    return volume


def saved(path, labels, spacing_mm=MM, centre=(5, -20, 300), orientation="LPI", dtype=np.uint8):
    turned, affine = reorient(labels, network_affine(spacing_mm, labels.shape, centre), orientation)
    nib.save(nib.Nifti1Image(np.ascontiguousarray(turned).astype(dtype), affine), path)
    return path


@pytest.fixture
def prediction(tmp_path):
    return saved(tmp_path / "prediction.nii.gz", bones())


@pytest.mark.parametrize("orientation", ["RAS", "LPS", "PIR"])
def test_a_finer_truth_of_another_orientation_and_type_is_the_same_person(tmp_path, prediction, orientation):
    truth = saved(tmp_path / "truth.nii", bones(2), MM / 2, orientation=orientation, dtype=np.float32)
    result = evaluate_case(prediction, truth, EvaluationOptions(**QUICK))
    assert result.foreground.dice == 1.0
    assert result.foreground.localisation_error_mm == pytest.approx(0, abs=1e-6)
    assert result.spacing_mm == (1.0, 1.0, 1.0)
    assert result.case == "prediction"


def test_sides_are_never_exchanged(tmp_path, prediction):
    mirrored = bones()[::-1]
    truth = saved(tmp_path / "truth.nii.gz", mirrored, orientation="RAS")
    labels = evaluate_case(prediction, truth, EvaluationOptions(**QUICK)).labels
    assert labels["hip_left"].dice == labels["hip_right"].dice == 0.0
    assert labels["sacrum"].dice == 1.0


def test_only_groups_that_the_truth_draws_are_scored(tmp_path, prediction):
    drawn = np.where(np.isin(bones(), (50, 51, 52)), bones(), 0)
    truth = saved(tmp_path / "truth.nii.gz", drawn)
    everything = evaluate_case(prediction, truth, EvaluationOptions(**QUICK))
    assert everything.foreground.invented == ("vertebrae_L1", "vertebrae_L5")
    pelvis = evaluate_case(prediction, truth, EvaluationOptions(groups=("pelvis",), **QUICK))
    assert pelvis.foreground.invented == ()
    assert pelvis.annotated_groups == ("pelvis",)
    assert pelvis.paper["dice"] == 1.0


def test_another_numbering_says_what_it_draws(tmp_path, prediction):
    ours = bones()
    theirs = np.select([ours == 50, ours == 51, ours == 52, ours == 24], [1, 2, 3, 4], 0)
    truth = saved(tmp_path / "truth.nii.gz", theirs.astype(np.uint8), dtype=np.int16)
    result = evaluate_case(prediction, truth, EvaluationOptions(scheme="ctpelvic1k", **QUICK))
    assert result.annotated_groups == ("pelvis",)
    assert result.foreground.dice == 1.0
    assert result.scheme == "ctpelvic1k"


def test_bone_without_a_name_counts_neither_for_nor_against(tmp_path):
    """A thirteenth thoracic vertebra (VerSe 28), which a prediction can only give another name."""
    truth_labels, guess = np.zeros((2, *SHAPE), np.uint8)
    truth_labels[13:17, 10:16, 4:9], truth_labels[13:17, 10:16, 12:17] = 19, 28
    guess[13:17, 10:16, 4:9], guess[13:17, 10:16, 12:20] = 19, 20
    truth, prediction = saved(tmp_path / "t.nii.gz", truth_labels), saved(tmp_path / "p.nii.gz", guess)
    result = evaluate_case(prediction, truth, EvaluationOptions(scheme="verse", **QUICK))
    assert result.labels["vertebrae_T12"].dice == 1.0
    outside = result.labels["vertebrae_L1"]
    assert outside.status == "invented"
    assert outside.prediction_ml == pytest.approx(4 * 6 * 3 * MM**3 / 1000)  # beyond the unnamed bone only
    assert any("without a specific label" in note for note in result.notes)


def test_a_prediction_may_come_in_another_numbering_too(tmp_path):
    ours = bones()
    v2 = np.select([ours == 20, ours == 24, ours == 50, ours == 51, ours == 52], [31, 27, 25, 78, 77], 0)
    v2[0, 0, 0] = 5  # liver
    prediction = saved(tmp_path / "p.nii.gz", v2.astype(np.uint8))
    truth = saved(tmp_path / "t.nii.gz", ours)
    options = EvaluationOptions(prediction_scheme="totalsegmentator_v2", **QUICK)
    assert evaluate_case(prediction, truth, options).foreground.dice == 1.0


@pytest.mark.parametrize("align", ["centres", "bones"])
def test_places_apart_are_a_fault_that_alignment_mends(tmp_path, prediction, align):
    truth = saved(tmp_path / "truth.nii.gz", bones(), centre=(5, -20, 1300))
    with pytest.raises(InputError, match="--align"):
        evaluate_case(prediction, truth, EvaluationOptions(**QUICK))
    result = evaluate_case(prediction, truth, EvaluationOptions(align=align, **QUICK))
    assert result.foreground.dice == 1.0
    assert any("1000.0) mm" in note for note in result.notes)


def test_predicted_bone_beyond_the_scan_is_told_and_not_scored(tmp_path, prediction):
    cut = bones()[:, :, :24]
    whole_affine = network_affine(MM, SHAPE, (5, -20, 300))
    nib.save(nib.Nifti1Image(np.ascontiguousarray(cut), whole_affine), tmp_path / "truth.nii.gz")
    result = evaluate_case(prediction, tmp_path / "truth.nii.gz", EvaluationOptions(**QUICK))
    assert result.foreground.dice == 1.0
    assert any("outside the volume of the ground truth" in note for note in result.notes)


def test_bone_that_is_not_compared_may_lie_anywhere(tmp_path):
    """Hips beyond the truth's volume are nobody's concern where only the spine is compared."""
    cut = bones()[:, :, :19]
    nib.save(nib.Nifti1Image(np.ascontiguousarray(cut), network_affine(MM, SHAPE)), tmp_path / "truth.nii.gz")
    spine = EvaluationOptions(groups=("spine",), **QUICK)
    for labels, dice in ((bones(), 1.0), (np.where(bones() > 50, bones(), 0), 0.0)):
        prediction = saved(tmp_path / "prediction.nii.gz", labels, centre=(0, 0, 0))
        result = evaluate_case(prediction, tmp_path / "truth.nii.gz", spine)
        assert result.foreground.dice == dice
        assert not any("outside" in note for note in result.notes)
    assert "The prediction has no bones of the groups compared." in result.notes


def test_an_empty_prediction_is_a_result_and_an_empty_truth_a_fault(tmp_path, prediction):
    empty = saved(tmp_path / "empty.nii.gz", np.zeros(SHAPE, np.uint8))
    result = evaluate_case(empty, prediction, EvaluationOptions(**QUICK))
    assert result.foreground.dice == 0.0
    assert "The prediction has no bones." in result.notes
    with pytest.raises(InputError, match="no bone"):
        evaluate_case(prediction, empty, EvaluationOptions(**QUICK))
    with pytest.raises(InputError, match="no bones of the compared groups \\(ribs\\)"):
        evaluate_case(prediction, prediction, EvaluationOptions(groups=("ribs",), **QUICK))


def test_all_faults_are_told_at_once(tmp_path):
    damaged = tmp_path / "damaged.nii.gz"
    damaged.write_bytes(b"\x1f\x8b not a volume")
    options = EvaluationOptions(groups=("teeth",), tolerances_mm=(-1.0, float("nan")), align="guess")
    with pytest.raises(InputError) as error:
        evaluate_case(tmp_path / "absent.nii.gz", damaged, options)
    kinds = {fault.kind for fault in error.value.faults}
    assert kinds == {"unknown-group", "tolerance", "alignment", "missing-file", "unreadable-file"}


def test_faults_name_what_the_command_can_do(tmp_path, prediction):
    """A folder of something else, numbers that are none, and values that another numbering may have."""
    values = np.where(bones() > 0, np.nan, 0).astype(np.float32)
    truth = saved(tmp_path / "nan.nii.gz", values, dtype=np.float32)
    with pytest.raises(InputError) as error:
        evaluate_case(tmp_path, truth, EvaluationOptions(**QUICK))
    assert "not finite" in str(error.value)
    assert "not a result of `swinx2s reconstruct`" in str(error.value)
    strange = saved(tmp_path / "strange.nii.gz", np.where(bones() > 0, 90, 0).astype(np.uint8))
    with pytest.raises(InputError, match="--scheme") as error:
        evaluate_case(strange, prediction, EvaluationOptions(**QUICK))
    assert "--ignore-unknown" not in str(error.value)


def test_values_of_another_numbering_are_told_with_their_file(tmp_path, prediction):
    truth = saved(tmp_path / "truth.nii.gz", np.where(bones() > 0, 90, 0).astype(np.uint8))
    for scheme, word in (("verse", "90"), ("swinx2s", "90")):
        with pytest.raises(InputError, match=word) as error:
            evaluate_case(prediction, truth, EvaluationOptions(scheme=scheme, **QUICK))
        assert str(truth) in str(error.value)


def test_a_numbering_cannot_be_asked_for_groups_that_it_does_not_name(prediction):
    with pytest.raises(InputError) as error:
        evaluate_case(prediction, prediction, EvaluationOptions(scheme="ctspine1k", groups=("ribs", "spine")))
    # Beside the values of the file, which are told as well.
    assert "has no bones of ribs" in str(error.value)
    assert "50, 51, 52" in str(error.value)
