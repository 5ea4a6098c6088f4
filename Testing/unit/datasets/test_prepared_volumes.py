"""Headers of every kind give the same person; broken scans are told; grid and films are the paper's."""

import gzip
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from SwinX2SLib.anatomy import label_ids, mirrored_ids
from SwinX2SLib.datasets import load_case_list
from SwinX2SLib.datasets.catalogue import DATASETS
from SwinX2SLib.datasets.dataset import Contents, RawCase
from SwinX2SLib.datasets.grid import paper_grid
from SwinX2SLib.datasets.layout import layout_faults
from SwinX2SLib.datasets.prepare import PrepareOptions, prepare
from SwinX2SLib.datasets.rib_regions import name_ribs
from SwinX2SLib.errors import InputError
from SwinX2SLib.geometry.frames import orientation_of, reorient

sys.path.insert(0, str(Path(__file__).parent))
import downloads

OPTIONS = PrepareOptions(shape=(64, 64, 80))


@pytest.fixture(autouse=True)
def work_in_this_process(monkeypatch):
    monkeypatch.setattr("SwinX2SLib.datasets.prepare.run_resumable", downloads.run_here)


def scan(folder, labels=None, ct=None, name="a", suffix=".nii.gz", label_header=None, image_header=None):
    """Write a pelvic scan in the numbering of CTPelvic1K, and return it as a case of the data set."""
    shown = downloads.person(upper=200.0)
    values = downloads.pelvis_numbers(shown.labels) if labels is None else labels
    label_header = {"dtype": np.uint8, "affine": shown.affine, **(label_header or {})}
    image_header = {"affine": shown.affine, **(image_header or {})}
    mask = downloads.write_volume(folder / f"{name}_mask{suffix}", values, **label_header)
    image = downloads.write_volume(
        folder / f"{name}_ct{suffix}", shown.ct if ct is None else ct, **image_header
    )
    return RawCase(name, (mask,), image, "train", "CC0")


def prepared(case, out, options=OPTIONS, data_set="ctpelvic1k"):
    return prepare(DATASETS[data_set], [case], out, options)


def told(case, out, options=OPTIONS, data_set="ctpelvic1k"):
    result = prepared(case, out, options, data_set)
    assert not result.entries
    assert not (out / "volumes").exists()
    return result.failed[0].message


def load(out):
    (case,) = load_case_list(out / "manifest.json")
    coronal, sagittal = (
        np.asarray(Image.open(p)).astype(float) for p in (case.radiographs.coronal, case.radiographs.sagittal)
    )
    return case, case.load_labels()[0], case.load_ct(), coronal, sagittal


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reference")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("SwinX2SLib.datasets.prepare.run_resumable", downloads.run_here)
        result = prepared(scan(folder), folder / "out")
    assert not result.failed
    return load(folder / "out")


@pytest.mark.parametrize(
    ("suffix", "label_header", "image_header"),
    [
        (".nii.gz", {"orientation": "LAS"}, {"orientation": "LAS"}),
        (".nii.gz", {"orientation": "LPI"}, {"orientation": "LPI"}),
        (".nii", {"orientation": "PIR"}, {"orientation": "PIR"}),
        (".nii.gz", {"orientation": "SAL"}, {"orientation": "RPI"}),
        (".nii", {"dtype": np.int16}, {"dtype": np.float32}),
        (".nii.gz", {"dtype": np.float64}, {"dtype": np.int32}),
        (".nii.gz", {"dtype": np.uint16, "singleton": True}, {"singleton": True}),
        (".nii.gz", {"slope": 0.5}, {"dtype": np.uint16, "slope": 1.0, "inter": -1024.0}),
        (".nii", {"codes": (0, 1)}, {"codes": (2, 0)}),
    ],
)
def test_the_same_person_comes_out_of_every_kind_of_file(
    tmp_path, reference, suffix, label_header, image_header
):
    case = scan(tmp_path, suffix=suffix, label_header=label_header, image_header=image_header)
    result = prepared(case, tmp_path / "out")
    assert not result.failed
    _, labels, ct, coronal, sagittal = load(tmp_path / "out")
    np.testing.assert_array_equal(labels, reference[1])
    np.testing.assert_allclose(ct, reference[2], atol=1)
    np.testing.assert_allclose(coronal, reference[3], atol=1)
    np.testing.assert_allclose(sagittal, reference[4], atol=1)


def test_a_tilted_header_turns_the_person_and_not_its_sides(tmp_path, reference):
    shown = downloads.person(upper=200.0)
    turned = {"affine": downloads.tilted(shown.affine)}
    result = prepared(scan(tmp_path, label_header=turned, image_header=turned), tmp_path / "out")
    assert not result.failed
    case, labels, *_ = load(tmp_path / "out")
    stored = nib.load(case.folder / "labels.nii.gz")
    np.testing.assert_allclose(
        np.abs(stored.affine[:3, :3]), case.radiographs.spacing_mm * np.eye(3), atol=1e-5
    )
    # Every bone is where its own voxels say, in the patient's frame.
    for bone in label_ids("pelvis"):
        there = np.argwhere(shown.labels == bone).mean(axis=0)
        here = np.argwhere(np.asarray(stored.dataobj) == bone).mean(axis=0)
        expected = turned["affine"][:3, :3] @ there + turned["affine"][:3, 3]
        np.testing.assert_allclose(stored.affine[:3, :3] @ here + stored.affine[:3, 3], expected, atol=2.0)
    assert set(np.unique(labels)) == {0, 50, 51, 52}


def test_bones_lie_where_they_lay_in_the_patient(reference):
    case = reference[0]
    shown = downloads.person(upper=200.0)
    stored = nib.load(case.folder / "labels.nii.gz")
    assert orientation_of(stored.affine) == "RAS"
    assert stored.get_data_dtype() == np.uint8
    for bone in label_ids("pelvis"):
        there = shown.affine[:3, :3] @ np.argwhere(shown.labels == bone).mean(axis=0) + shown.affine[:3, 3]
        here = np.argwhere(np.asarray(stored.dataobj) == bone).mean(axis=0)
        np.testing.assert_allclose(stored.affine[:3, :3] @ here + stored.affine[:3, 3], there, atol=1.5)


def test_films_show_the_right_side_left_and_the_front_right_as_the_published_ones_do(reference):
    _, labels, _, coronal, sagittal = reference
    # The dense block lies at the right, the front and the head of the scan.
    rows = coronal.shape[0]
    upper = [film[: rows // 4] for film in (coronal, sagittal)]
    brightest = [np.unravel_index(film.argmax(), film.shape) for film in upper]
    assert brightest[0][1] < coronal.shape[1] / 2
    assert brightest[1][1] > sagittal.shape[1] / 2
    # Pixel for voxel: where a column of voxels has bone, the film is brighter than where it has none.
    bone = (labels > 0).any(axis=1).T
    assert coronal[bone].mean() > 1.2 * coronal[~bone & (coronal > 0)].mean()


def test_the_grid_is_the_papers():
    affine = np.diag([0.8, 0.7, 2.0, 1.0])
    affine[:3, 3] = (10.0, 20.0, 30.0)
    grid = paper_grid((500, 400, 100), affine)
    assert grid.shape == (128, 128, 160)
    assert grid.spacing_mm == pytest.approx(500 * 0.8 / 160)  # the longest side, here right-left
    assert orientation_of(grid.affine) == "LPI"
    middle = grid.affine[:3, :3] @ ((np.array(grid.shape) - 1) / 2) + grid.affine[:3, 3]
    np.testing.assert_allclose(middle, affine[:3, :3] @ [249.5, 199.5, 49.5] + affine[:3, 3])
    assert paper_grid((10, 10, 10), affine, (96, 96, 128), 1.5).spacing_mm == 1.5


def test_the_films_of_the_published_cases_have_this_geometry(shared_data):
    """Its published volume has the longest side / 160, and its films are pixel-aligned with it."""
    (case,) = [
        c for c in load_case_list(shared_data / "anatomy" / "manifest.json") if c.name == "x2s_verse083"
    ]
    labels, spacing = case.load_labels()
    assert labels.shape == (128, 128, 160)
    np.testing.assert_allclose(spacing, case.radiographs.spacing_mm, rtol=1e-3)


def test_thin_bone_beside_air_keeps_its_attenuation_on_a_coarse_grid(tmp_path):
    ct = np.full((64, 64, 64), -1000, np.int16)
    ct[20:44, 31:33, 20:44] = 1000  # a plate of 2 mm
    labels = np.zeros(ct.shape, np.uint8)
    labels[30:34, 30:34, 30:34] = 1
    files = {"affine": np.diag([-1.0, -1.0, -1.0, 1.0])}
    case = scan(tmp_path, labels=labels, ct=ct, label_header=files, image_header=files)
    result = prepared(case, tmp_path / "out", PrepareOptions(shape=(16, 16, 16)))
    assert not result.failed
    _, _, _, coronal, sagittal = load(tmp_path / "out")
    assert coronal[8, 8] == 255
    assert sagittal.max() == 255


def refused(tmp_path, **changes):
    return told(scan(tmp_path, **changes), tmp_path / "out")


def test_labels_that_do_not_exist_in_the_numbering_are_told(tmp_path):
    labels = downloads.pelvis_numbers(downloads.person(upper=200.0).labels)
    labels[0, 0, 0] = 9
    assert "do not exist in the numbering" in refused(tmp_path, labels=labels)
    labels = labels.astype(np.float32)
    labels[0, 0, 0] = 0.5
    assert "0.5" in refused(tmp_path / "b", labels=labels, label_header={"dtype": np.float32})


def test_swapped_and_turned_people_are_found_by_their_bones(tmp_path):
    shown = downloads.person(upper=200.0)
    mirrored = np.array(mirrored_ids(), np.uint8)[shown.labels]
    assert "Bones called left lie to the right" in refused(
        tmp_path / "a", labels=downloads.pelvis_numbers(mirrored)
    )
    turned = np.diag([-1.0, -1.0, 1.0, 1.0]) @ shown.affine  # LPS read as RAS
    both = {"affine": turned}
    message = refused(tmp_path / "b", label_header=both, image_header=both)
    assert "left lie to the right" in message
    assert "sacrum lies in front" in message


@pytest.mark.parametrize("part", ["spine", "ribs", "femur"])
def test_people_on_their_heads_are_found_by_the_order_of_their_bones(part):
    shown = downloads.person()
    kept = np.isin(shown.labels, [*label_ids(part), *(label_ids("pelvis") if part == "femur" else ())])
    labels = np.where(kept, shown.labels, 0).astype(np.uint8)
    assert layout_faults(labels, shown.affine) == []
    headless = np.diag([1.0, 1.0, -1.0, 1.0]) @ shown.affine
    assert any("above others" in sentence for sentence in layout_faults(labels, headless))


def test_labels_and_ct_that_lie_apart_are_told_and_may_be_put_together(tmp_path, reference):
    shown = downloads.person(upper=200.0)
    case = scan(tmp_path, label_header={"affine": shown.affine @ np.diag([2.0, 2.0, 1.0, 1.0])})
    assert "their header puts them elsewhere" in told(case, tmp_path / "out")
    result = prepared(case, tmp_path / "out", PrepareOptions(OPTIONS.shape, labels_on_image_grid=True))
    assert "was replaced by that of the CT" in result.entries[0]["note"]
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
    assert "grids of their own" in result.entries[0]["note"]
    away = np.eye(4)
    away[0, 3] = 300
    elsewhere = scan(tmp_path / "b", labels=inner, label_header={"affine": away @ cut})
    assert "outside the CT" in told(elsewhere, tmp_path / "b" / "out")


def test_files_without_orientation_are_refused_unless_the_user_knows_it(tmp_path, reference):
    none = {"codes": (0, 0), "orientation": "LPS"}
    case = scan(tmp_path, label_header=none, image_header=none)
    assert "does not say how the volume lies" in told(case, tmp_path / "out")
    known = PrepareOptions(OPTIONS.shape, assumed_orientation="LPS")
    assert not prepared(case, tmp_path / "out", known).failed
    np.testing.assert_array_equal(load(tmp_path / "out")[1], reference[1])
    wrong = prepared(case, tmp_path / "wrong", PrepareOptions(OPTIONS.shape, assumed_orientation="RAS"))
    assert "left lie to the right" in wrong.failed[0].message


def test_cts_that_hold_no_hounsfield_units_are_told(tmp_path):
    shown = downloads.person(upper=200.0)
    grey = ((shown.ct.astype(float) + 1000) / 4000 * 255).astype(np.int16)
    assert "no Hounsfield units" in refused(tmp_path / "a", ct=grey)
    holes = shown.ct.astype(np.float32)
    holes[0, 0, 0] = np.nan
    assert "no number" in refused(tmp_path / "b", ct=holes, image_header={"dtype": np.float32})


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
    assert "which is no volume" in told(case, tmp_path / "out")


def test_scans_that_the_paper_leaves_out_are_left_out_and_not_faulty(tmp_path):
    empty = np.zeros(downloads.person(upper=200.0).labels.shape, np.uint8)
    result = prepared(scan(tmp_path, labels=empty), tmp_path / "out")
    assert result.excluded == {"a": "It shows none of the bones."}
    assert not result.failed
    assert load_case_list(tmp_path / "out" / "manifest.json") == []


@pytest.mark.parametrize(
    ("data_set", "present", "extent", "words"),
    [
        ("totalsegmentator-femur", {53}, (1, 1, 1), "fewer than 2"),
        ("totalsegmentator-femur", {53, 54}, (1, 1, 1), None),
        ("totalsegmentator-pelvic", {50, 51}, (1, 1, 1), "fewer than 3"),
        ("totalsegmentator-rib", {26, 27, 28, 29, 30}, (1, 1, 1), "fewer than 6"),
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
    assert "beyond the grid" in entry["note"]


def cage(shape=(140, 100, 130), spacing=2.0):
    """Return 24 sloping arches that touch nowhere, in our labels, and the affine (RAS)."""
    ribs = np.zeros(shape, np.uint8)
    middle = np.array(shape) / 2
    for i in range(12):
        for side, first in ((-1, 26), (1, 38)):
            angle = np.linspace(0.1, 0.8 * np.pi - 0.04 * i, 400)
            width, depth = 30 + 2.5 * i, 28 + 1.2 * i
            right = middle[0] + side * (4 + width * np.sin(angle))
            front = middle[1] - depth * np.cos(angle)
            height = shape[2] - 8 - 7 * i - 25 * (1 - np.cos(angle)) / 2
            for offset in np.ndindex(2, 2, 2):
                index = tuple(
                    (np.round(axis).astype(int) + o)
                    for axis, o in zip((right, front, height), offset, strict=True)
                )
                ribs[index] = first + i
    return ribs, np.diag([spacing, spacing, spacing, 1.0])


@pytest.mark.parametrize("orientation", ["RAS", "LPI", "PSL"])
def test_ribs_that_no_number_tells_apart_are_counted_from_above(orientation):
    truth, affine = reorient(*cage(), orientation)
    named, notes = name_ribs(truth > 0, affine)
    np.testing.assert_array_equal(named, truth)
    assert "counted" in notes[0]


def test_ribs_of_which_some_are_missing_are_not_counted():
    ribs, affine = cage()
    ribs[ribs == 30] = 0
    with pytest.raises(InputError, match="11 regions on the left and 12 on the right"):
        name_ribs(ribs > 0, affine)


def test_binary_masks_of_ribseg_become_numbered_ribs(tmp_path):
    ribs, affine = cage()
    ct = np.where(ribs > 0, 700, -900).astype(np.int16)
    mask = downloads.write_volume(tmp_path / "m.nii.gz", ribs > 0, affine, "LPS", np.uint8)
    image = downloads.write_volume(tmp_path / "i.nii.gz", ct, affine, "LPS")
    fine = PrepareOptions(shape=(128, 128, 160))
    result = prepared(RawCase("a", (mask,), image, "val", "x"), tmp_path / "out", fine, "ribseg-v2")
    assert result.entries[0]["labels"] == list(range(26, 50))
    assert "counted by connected regions" in result.entries[0]["note"]
