"""The numbering of a volume is told by where its values lie."""

import nibabel as nib
import numpy as np
import pytest

from SwinX2SLib import evaluate
from SwinX2SLib.errors import InputError
from SwinX2SLib.evaluation import EvaluationOptions, evaluate_case
from SwinX2SLib.export.run import export_bones
from SwinX2SLib.geometry.frames import network_affine, reorient
from SwinX2SLib.label_maps import label_mapping, recognise_mapping
from SwinX2SLib.measurements.reading import ReadOptions
from SwinX2SLib.measurements.sources import subject_of
from SwinX2SLib.phantom import build_phantom

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


@pytest.fixture(scope="module")
def person():
    phantom = build_phantom(spacing_mm=4.0)
    return phantom.labels, phantom.affine


def renumbered(labels, name, kept):
    """Some bones of ours as another numbering writes them."""
    values = {target: value for value, target in label_mapping(name).targets.items()}
    table = np.zeros(55, np.uint8)
    for label in kept:
        table[label] = values[label]
    return table[labels]


FOREIGN = [
    ("totalsegmentator_v1", SPINE),
    ("totalsegmentator_v1", range(18, 25)),
    ("totalsegmentator_v2", [*SPINE, 50]),
    ("totalsegmentator_v2", range(1, 8)),
    ("verse", [*SPINE, 50]),
    ("verse", [*range(20, 25), 50]),
    ("ctpelvic1k", PELVIS),
    ("ribseg", RIBS),
]


@pytest.mark.parametrize(("name", "kept"), FOREIGN)
def test_values_that_all_could_be_ours_are_read_as_their_places_say(person, name, kept):
    labels, affine = person
    values = renumbered(labels, name, kept)
    assert values.max() < 55
    read = subject_of((values, affine))
    assert read.scheme.name == name
    assert "detected" in read.notes[0]
    assert np.array_equal(read.volume.labels, np.where(np.isin(labels, list(kept)), labels, 0))


@pytest.mark.parametrize(
    "kept", [range(1, 55), SPINE, range(20, 25), [20], RIBS, range(26, 38), PELVIS, FEMORA, [24, *PELVIS]]
)
@pytest.mark.parametrize("mirrored", [False, True])
def test_our_own_numbering_is_taken_as_it_is_even_of_exchanged_sides(person, kept, mirrored):
    labels, affine = person
    values = np.where(np.isin(labels, list(kept)), labels, 0)
    read = subject_of((values, np.diag([-1.0 if mirrored else 1.0, 1, 1, 1]) @ affine))
    assert (read.scheme.name, read.notes) == ("swinx2s", ())
    assert np.array_equal(read.volume.labels, values)


@pytest.mark.parametrize(
    ("name", "kept", "sentence"),
    [
        ("totalsegmentator_v1", range(1, 8), "7 of 7 ribs lie on the midline"),
        ("totalsegmentator_v2", range(20, 25), "Left rib 2 lies below Left rib 6"),
    ],
)
def test_names_that_places_contradict_are_refused_where_no_one_numbering_fits(person, name, kept, sentence):
    labels, affine = person
    values = renumbered(labels, name, kept)
    with pytest.raises(InputError, match=sentence) as caught:
        subject_of((values, affine))
    assert "totalsegmentator_v1 or totalsegmentator_v2" in str(caught.value)
    stated = subject_of((values, affine), ReadOptions(scheme=name))
    assert np.array_equal(stated.volume.labels, np.where(np.isin(labels, list(kept)), labels, 0))
    assert np.array_equal(subject_of((values, affine), ReadOptions(scheme="swinx2s")).volume.labels, values)


@pytest.mark.parametrize(
    "kept", [range(1, 55), SPINE, range(1, 8), [*range(20, 25), *PELVIS], [*PELVIS, *FEMORA]]
)
def test_a_header_that_turns_the_patient_upside_down_is_refused(person, kept):
    labels, affine = person
    values = np.where(np.isin(labels, list(kept)), labels, 0)
    with pytest.raises(InputError, match=r"lies below|lie above"):
        subject_of((values, np.diag([1.0, 1, -1, 1]) @ affine))


def test_an_own_spine_numbered_from_below_is_refused(person):
    """L5 is 1, and so upwards, as some data sets have it: no numbering that is known."""
    labels, affine = person
    values = np.where((labels > 0) & (labels < 25), 25 - labels.astype(int), 0)
    with pytest.raises(InputError, match="C1 vertebra lies below L5 vertebra"):
        subject_of((values, affine))


def test_an_evaluation_reads_both_files_by_their_places_and_says_when_names_differ(person):
    labels, affine = person
    foreign = renumbered(labels, "totalsegmentator_v2", [*SPINE, 50])
    ours = np.where(np.isin(labels, [*SPINE, 50]), labels, 0)
    found = evaluate((ours, affine), (foreign, affine), measurements=False)
    assert (found.scheme, found.foreground.dice) == ("totalsegmentator_v2", 1.0)
    found = evaluate((foreign, affine), (ours, affine), measurements=False)
    assert (found.scheme, found.foreground.dice) == ("swinx2s", 1.0)
    found = evaluate((foreign, affine), (ours, affine), prediction_scheme="swinx2s", measurements=False)
    assert found.foreground.dice == 0.0
    assert "bear other labels" in found.notes[-1]
    moved = np.eye(4)
    moved[0, 3] = 150.0
    found = evaluate((ours, moved @ affine), (ours, affine), measurements=False)
    assert "hardly overlap" in found.notes[-1]


def test_an_export_names_the_bones_of_another_numbering(person, tmp_path):
    labels, affine = person
    foreign = renumbered(labels, "totalsegmentator_v2", [*range(1, 8), 50])
    export_bones((foreign, affine), tmp_path / "out", "stl")
    names = {path.stem for path in (tmp_path / "out" / "stl").iterdir()}
    assert names == {*(f"vertebrae_C{i}" for i in range(1, 8)), "sacrum"}


def test_bone_without_a_name_is_left_out_with_a_note(person):
    labels, affine = person
    values = renumbered(labels, "ctpelvic1k", PELVIS)
    values[np.isin(labels, range(20, 25))] = 4
    read = subject_of((values, affine))
    assert read.scheme.name == "ctpelvic1k"
    assert set(np.unique(read.volume.labels)) == {0, *PELVIS}
    assert "Bone of the spine without an individual label" in read.notes[-1]
