"""Bones come out of label volumes and segmentations under their own names, or a fault says why not."""

import re

import nibabel
import numpy as np
import pytest
from nrrd_files import read_nrrd, write_nrrd
from scipy.spatial.transform import Rotation

from SwinX2SLib.anatomy import labels, terminology_entry
from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.geometry.frames import ras_to_lps, reorient
from SwinX2SLib.io.label_volumes import read_label_volume, read_uncertainty
from SwinX2SLib.io.segmentations import segments_of, write_segmentation
from SwinX2SLib.io.volumes import read_volume, write_volume

ID = {label.name: label.id for label in labels()}
BY_NAME = {label.name: label for label in labels()}
NAMES = ("femur_left", "vertebrae_L3")
SHAPE = (24, 20, 28)
OBLIQUE = np.eye(4)
OBLIQUE[:3, :3] = Rotation.from_euler("xyz", (12, -20, 31), degrees=True).as_matrix() @ np.diag(
    (1.5, 2.0, 2.5)
)
OBLIQUE[:3, 3] = (-31.0, 12.0, 500.0)


def volume(dtype=np.uint8):
    array = np.zeros(SHAPE, dtype=dtype)
    array[3:10, 3:10, 4:13] = ID["femur_left"]
    array[14:19, 10:15, 16:21] = ID["vertebrae_L3"]
    return array


def segmentation(path, array, segments, at=None, space="left-posterior-superior"):
    """Write a segmentation as Slicer does, layers along axis `at`."""
    frame = ras_to_lps(OBLIQUE) if space.startswith("left") else OBLIQUE
    steps, kinds = frame[:3, :3].T, ["domain"] * 3
    if at is not None:
        steps = np.insert(steps, at, np.nan, axis=0)
        kinds.insert(at, "list")
    header = {"space": space, "space directions": steps, "space origin": frame[:3, 3], "kinds": kinds}
    for index, told in enumerate(segments):
        header.update({f"Segment{index}_{key}": str(value) for key, value in told.items()})
    write_nrrd(path, array, header)
    return path


def faults_of(path, **options):
    with pytest.raises(InputError) as caught:
        read_label_volume(path, **options)
    assert {fault.path for fault in caught.value.faults} == {str(path)}
    return [fault.kind for fault in caught.value.faults]


@pytest.mark.parametrize("order", ["RAS", "LPI", "SAR", "PIR"])
@pytest.mark.parametrize("suffix", [".seg.nrrd", ".nii.gz"])
def test_a_segmentation_and_a_label_volume_are_read_as_written(tmp_path, order, suffix):
    array, affine = reorient(volume(), OBLIQUE, order)
    path = tmp_path / f"a{suffix}"
    (write_segmentation if suffix == ".seg.nrrd" else write_volume)(path, array, affine)
    read = read_label_volume(path)
    np.testing.assert_array_equal(read.labels, array)
    np.testing.assert_allclose(read.affine, affine, atol=1e-4)
    assert read.labels.dtype == np.uint8
    assert read.notes == ()


def test_our_segmentation_names_every_bone_for_slicer_and_for_others(tmp_path):
    write_segmentation(tmp_path / "a.seg.nrrd", volume(), OBLIQUE)
    data, header = read_nrrd(tmp_path / "a.seg.nrrd")
    np.testing.assert_array_equal(data, volume())
    assert header["space"] == "left-posterior-superior"
    steps = [float(text) for text in re.findall(r"[-+.\de]+", header["space directions"])]
    np.testing.assert_allclose(steps, ras_to_lps(OBLIQUE)[:3, :3].T.ravel())
    assert header["Segmentation_ContainedRepresentationNames"] == "Binary labelmap|"
    for index, label in enumerate(labels()):
        told = {
            key: header[f"Segment{index}_{key}"] for key in ("ID", "Name", "LabelValue", "Layer", "Extent")
        }
        assert (told["ID"], told["Name"], told["LabelValue"], told["Layer"]) == (
            label.name, label.title, str(label.id), "0",
        )  # fmt: skip
        assert f"TerminologyEntry:{terminology_entry(label)}|" in header[f"Segment{index}_Tags"]
        empty = told["Extent"] == "0 -1 0 -1 0 -1"
        assert empty is (label.name not in NAMES)
        assert ("notstarted" in header[f"Segment{index}_Tags"]) is empty
    fields = read_volume(tmp_path / "a.seg.nrrd").header.fields
    assert [segment.structure().label for segment in segments_of(fields, False)] == list(labels())


@pytest.mark.parametrize("space", ["left-posterior-superior", "right-anterior-superior"])
def test_segments_are_known_by_their_names_whatever_their_values(tmp_path, space):
    array = np.where(volume() == ID["femur_left"], 1, np.where(volume() > 0, 7, 0)).astype(np.uint8)
    array[0, 0, 0] = 3
    told = [
        {"ID": "Segment_1", "Name": "left femur", "LabelValue": 1, "Layer": 0},
        {"ID": "Segment_2", "Name": "L3", "LabelValue": 7, "Layer": 0},
        {"ID": "Segment_3", "Name": "Liver", "LabelValue": 3, "Layer": 0},
    ]
    read = read_label_volume(segmentation(tmp_path / "s.seg.nrrd", array, told, space=space))
    np.testing.assert_array_equal(read.labels, volume())
    np.testing.assert_allclose(read.affine, OBLIQUE)
    assert "Liver" in read.notes[0]


@pytest.mark.parametrize("at", [0, 3])
def test_overlapping_layers_are_read_by_terminology(tmp_path, at):
    femur, vertebra = (volume() == ID[name] for name in NAMES)
    second = (vertebra | femur).astype(np.uint8)
    second[femur] = 2
    second[femur & (np.indices(SHAPE)[0] == 3)] = 1
    told = [
        {"ID": letter, "Name": "some", "LabelValue": 1, "Layer": layer,
         "Tags": f"Segmentation.Status:inprogress|TerminologyEntry:{terminology_entry(BY_NAME[name])}|"}
        for layer, (letter, name) in enumerate(zip("ab", NAMES, strict=True))
    ]  # fmt: skip
    layers = np.stack([femur.astype(np.uint8), second], axis=at)
    read = read_label_volume(segmentation(tmp_path / "s.seg.nrrd", layers, told, at))
    expected = volume()
    expected[femur & (np.indices(SHAPE)[0] == 3)] = ID["vertebrae_L3"]
    np.testing.assert_array_equal(read.labels, expected)
    assert "overlap in 63 voxels" in read.notes[0]


@pytest.mark.parametrize("count", [1, 2])
def test_old_files_with_a_binary_layer_for_each_segment_are_read(tmp_path, count):
    layers = np.stack([volume() == ID[name] for name in NAMES[:count]]).astype(np.uint8)
    told = [{"ID": name, "Name": name} for name in NAMES[:count]]
    read = read_label_volume(segmentation(tmp_path / "s.seg.nrrd", layers, told, 0))
    np.testing.assert_array_equal(
        read.labels, np.where(np.isin(volume(), [ID[n] for n in NAMES[:count]]), volume(), 0)
    )


def test_all_faults_of_segments_are_told_at_once(tmp_path):
    tags = f"TerminologyEntry:{terminology_entry(BY_NAME['femur_right'])}|"
    told = [
        {"ID": "x", "Name": "Left femur", "LabelValue": 53, "Layer": 0, "Tags": tags},
        {"ID": "y", "Name": "L3", "LabelValue": 22, "Layer": 0},
        {"ID": "z", "Name": "vertebrae_L3", "LabelValue": 22, "Layer": 0},
        {"ID": "u", "Name": "L4", "LabelValue": 22, "Layer": 2},
    ]
    path = segmentation(tmp_path / "s.seg.nrrd", volume(), told)
    assert faults_of(path) == ["segment-contradiction", "segment-twice", "layer-missing"]
    assert faults_of(segmentation(path, volume(), [{**told[1], "LabelValue": "one"}])) == ["unreadable-file"]


S1_TERM = "TerminologyEntry:DICOM~SCT^123037004^Anatomical Structure~SCT^65985001^S1 vertebra~^^|"


@pytest.mark.parametrize(
    ("name", "tags"),
    [
        ("vertebrae_S1", ""),
        ("S1 vertebra", ""),
        ("S1", S1_TERM),
        ("Segment_2", S1_TERM),
        ("First sacral vertebra", ""),
    ],
)
def test_s1_drawn_apart_is_part_of_the_sacrum(tmp_path, name, tags):
    """TotalSegmentator v2 and Slicer draw S1 by itself; the sacrum is both."""
    array = np.zeros(SHAPE, np.uint8)
    array[5:15, 5:15, 5:10], array[5:15, 5:15, 10:14] = 1, 2
    told = [
        {"ID": "Segment_1", "Name": "Sacrum", "LabelValue": 1, "Layer": 0},
        {"ID": "Segment_2", "Name": name, "LabelValue": 2, "Layer": 0, "Tags": tags},
    ]
    read = read_label_volume(segmentation(tmp_path / "s.seg.nrrd", array, told))
    np.testing.assert_array_equal(read.labels, np.where(array > 0, ID["sacrum"], 0))
    assert read.notes == ()
    told.append({**told[1], "ID": "again"})
    assert faults_of(segmentation(tmp_path / "s.seg.nrrd", array, told)) == ["segment-twice"]
    told[1:] = [{**told[1], "Name": "L5", "Tags": S1_TERM}]
    assert faults_of(segmentation(tmp_path / "s.seg.nrrd", array, told)) == ["segment-contradiction"]


class Halves:
    """A mapping by which 1 is the left femur, and the segments "head" and "shaft" are parts of it."""

    names = {"head": ID["femur_left"], "shaft": ID["femur_left"], "skin": 0}  # noqa: RUF012
    notes = ()

    def to_labels_with_unnamed(self, values, affine):
        if values.max() > 1:
            raise InputError([Fault("unknown-labels", "There is a 2.", "Renumber it.")])
        return (values * ID["femur_left"]).astype(np.uint8)


def test_a_mapping_says_what_values_and_segments_mean(tmp_path):
    write_volume(tmp_path / "a.nii.gz", (volume() > 0).astype(np.uint8), OBLIQUE)
    read = read_label_volume(tmp_path / "a.nii.gz", mapping=Halves())
    assert set(np.unique(read.labels)) == {0, ID["femur_left"]}
    write_volume(tmp_path / "a.nii.gz", volume(), OBLIQUE)
    assert faults_of(tmp_path / "a.nii.gz", mapping=Halves()) == ["unknown-labels"]
    array = np.where(volume() > 0, 1, 0).astype(np.uint8)
    array[0, 0, 0], array[volume() == ID["vertebrae_L3"]] = 3, 2
    told = [
        {"ID": n, "Name": n, "LabelValue": i, "Layer": 0} for i, n in ((1, "Head"), (2, "shaft"), (3, "Skin"))
    ]
    read = read_label_volume(segmentation(tmp_path / "s.seg.nrrd", array, told), mapping=Halves())
    np.testing.assert_array_equal(read.labels, np.where(volume() > 0, ID["femur_left"], 0))
    assert read.notes == ()


def test_values_that_are_no_bone_are_named_and_left_out_on_demand(tmp_path):
    array = volume(np.int16)
    array[0, 0, 0], array[1, 0, 0] = 117, -3
    write_volume(tmp_path / "a.nii.gz", array, OBLIQUE)
    with pytest.raises(InputError, match=r"-3, 117"):
        read_label_volume(tmp_path / "a.nii.gz")
    read = read_label_volume(tmp_path / "a.nii.gz", ignore_unknown=True)
    np.testing.assert_array_equal(read.labels, volume())
    assert "117" in read.notes[0]


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.uint64, np.float32, np.float64])
def test_labels_of_any_type_are_the_same_labels(tmp_path, dtype):
    write_volume(tmp_path / "a.nii", volume(dtype), OBLIQUE)
    np.testing.assert_array_equal(read_label_volume(tmp_path / "a.nii").labels, volume())


def test_images_pictures_and_colours_are_no_labels(tmp_path):
    path = tmp_path / "a.nii"
    for array, kind in (
        (volume(np.float32) + 0.25, "not-labels"),
        (np.where(volume() > 0, np.nan, 0).astype(np.float32), "not-labels"),
        (volume().astype(np.complex64), "not-labels"),
        (np.zeros(SHAPE, [("R", "u1"), ("G", "u1"), ("B", "u1")]), "not-labels"),
        (np.stack([volume()] * 2, axis=-1), "not-a-volume"),
        (volume()[0], "not-a-volume"),
    ):
        nibabel.save(nibabel.Nifti1Image(array, OBLIQUE), path)
        assert faults_of(path) == [kind]
    nibabel.save(nibabel.Nifti1Image(volume(), None), path)
    assert faults_of(path) == ["orientation-absent"]


def test_a_volume_that_is_placed_twice_is_noted(tmp_path):
    image = nibabel.Nifti1Image(volume(), OBLIQUE)
    image.set_qform(np.eye(4), 1)
    image.set_sform(OBLIQUE, 1)
    nibabel.save(image, tmp_path / "a.nii")
    assert "qform and sform" in read_label_volume(tmp_path / "a.nii").notes[0]


def test_an_uncertainty_map_in_another_order_lies_on_the_same_voxels(tmp_path):
    path = tmp_path / "u.nii.gz"
    write_volume(tmp_path / "labels.nii.gz", volume(), OBLIQUE)
    whose = read_label_volume(tmp_path / "labels.nii.gz")
    doubt = np.random.default_rng(1).random(SHAPE, dtype=np.float32)
    write_volume(path, *reorient(doubt, OBLIQUE, "SAR"))
    np.testing.assert_array_equal(read_uncertainty(path, whose), doubt)
    steps = np.rint(doubt * 255).astype(np.uint8)
    steps[0, 0, 0] = 255
    write_volume(path, steps, OBLIQUE, orientation="RAS", slope=1 / 255)
    np.testing.assert_allclose(read_uncertainty(path, whose), steps / 255, atol=1e-6)
    moved = OBLIQUE.copy()
    moved[0, 3] += 1
    for array, place, kind in ((doubt, moved, "grid-mismatch"), (doubt * 2, OBLIQUE, "not-uncertainty")):
        write_volume(path, array, place)
        with pytest.raises(InputError) as caught:
            read_uncertainty(path, whose)
        assert [fault.kind for fault in caught.value.faults] == [kind]


def packed_nifti(path, array, dtype):
    """Save as nibabel does when a program hands it labels as float64 under a header of whole numbers."""
    image = nibabel.Nifti1Image(array.astype(np.float64), OBLIQUE)
    image.header.set_data_dtype(dtype)
    nibabel.save(image, path)
    return float(nibabel.load(path).dataobj.slope)


@pytest.mark.parametrize(("dtype", "highest"), [(np.int16, 54), (np.uint8, 54), (np.uint8, 117)])
def test_labels_packed_by_a_slope_are_rounded_and_it_is_said(tmp_path, dtype, highest):
    array = np.arange(np.prod(SHAPE)).reshape(SHAPE) % 55
    array[0, 0, 0] = highest
    slope = packed_nifti(tmp_path / "a.nii.gz", array, dtype)
    assert 0 < slope < 0.5
    read = read_label_volume(tmp_path / "a.nii.gz", ignore_unknown=True)
    np.testing.assert_array_equal(read.labels, np.where(array < 55, array, 0))
    assert "rounded" in read.notes[0]


def test_numbers_too_far_from_whole_ones_are_not_rounded(tmp_path):
    image = np.linspace(0, 54, int(np.prod(SHAPE))).reshape(SHAPE)
    packed_nifti(tmp_path / "image.nii.gz", image, np.uint8)
    assert faults_of(tmp_path / "image.nii.gz") == ["not-labels"]
    write_volume(tmp_path / "half.nii", volume(np.float32) * 1.01, OBLIQUE)
    assert faults_of(tmp_path / "half.nii") == ["not-labels"]
    write_volume(tmp_path / "a.nii", volume(np.float32) * np.float32(1 + 1e-6), OBLIQUE)
    np.testing.assert_array_equal(read_label_volume(tmp_path / "a.nii").labels, volume())


def test_a_file_is_read_by_its_bytes_and_not_by_its_name(tmp_path):
    write_volume(tmp_path / "a.nii", volume(), OBLIQUE)
    write_volume(tmp_path / "b.nii.gz", volume(), OBLIQUE)
    (tmp_path / "a.nii").rename(tmp_path / "plain.nii.gz")
    (tmp_path / "b.nii.gz").rename(tmp_path / "packed.nii")
    for name, word in (("plain.nii.gz", "is not compressed"), ("packed.nii", "is compressed")):
        read = read_label_volume(tmp_path / name)
        np.testing.assert_array_equal(read.labels, volume())
        assert word in read.notes[0]


@pytest.mark.parametrize("at", [-8, -4])
@pytest.mark.parametrize("name", ["a.nii.gz", "a.seg.nrrd"])
def test_a_wrong_check_sum_or_length_of_the_compressed_bytes_is_refused(tmp_path, name, at):
    """The last eight bytes of a gzip stream are the check sum and the length of what was packed."""
    path = tmp_path / name
    (write_segmentation if name.endswith("nrrd") else write_volume)(path, volume(), OBLIQUE)
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(bytes(content))
    assert faults_of(path) == ["unreadable-file"]


def test_segments_that_slicer_named_itself_are_read_by_their_codes_or_refused(tmp_path):
    array = np.where(volume() == ID["femur_left"], 1, np.where(volume() > 0, 2, 0)).astype(np.uint8)
    told = [
        {"ID": f"Segment_{i}", "Name": f"Segment_{i}", "LabelValue": i, "Layer": 0,
         "Tags": f"TerminologyEntry:{terminology_entry(BY_NAME[name])}|"}
        for i, name in ((1, "femur_left"), (2, "vertebrae_L3"))
    ]  # fmt: skip
    read = read_label_volume(segmentation(tmp_path / "s.seg.nrrd", array, told))
    np.testing.assert_array_equal(read.labels, volume())
    plain = [{**one, "Tags": ""} for one in told]
    assert faults_of(segmentation(tmp_path / "s.seg.nrrd", array, plain)) == ["segments-unnamed"]
    read = read_label_volume(segmentation(tmp_path / "s.seg.nrrd", array, [told[0], plain[1]]))
    np.testing.assert_array_equal(read.labels, np.where(array == 1, ID["femur_left"], 0))
    assert "Segment_2" in read.notes[0]


@pytest.mark.parametrize(
    ("axis", "word"), [(0, "mirror"), (2, "mirror"), ((0, 1), "opposite"), ((1, 2), "opposite")]
)
def test_a_header_whose_two_positions_mirror_or_turn_each_other_is_refused(tmp_path, axis, word):
    image = nibabel.Nifti1Image(volume(), OBLIQUE)
    flip = np.eye(4)
    flip[list(np.atleast_1d(axis)), list(np.atleast_1d(axis))] = -1
    image.set_sform(OBLIQUE, 1)
    image.set_qform(OBLIQUE @ flip, 1)
    nibabel.save(image, tmp_path / "a.nii.gz")
    with pytest.raises(InputError, match=word) as caught:
        read_label_volume(tmp_path / "a.nii.gz")
    assert [fault.kind for fault in caught.value.faults] == ["forms-contradict"]
    image.set_qform(None, 0)
    nibabel.save(image, tmp_path / "a.nii.gz")
    assert read_label_volume(tmp_path / "a.nii.gz").notes == ()


def test_a_header_whose_two_positions_differ_in_size_is_noted_with_both_sizes(tmp_path):
    image = nibabel.Nifti1Image(volume(), np.diag([2.0, 2, 2, 1]))
    image.set_qform(np.diag([2.5, 2.5, 2.5, 1]), 1)
    image.set_sform(np.diag([2.0, 2, 2, 1]), 1)
    nibabel.save(image, tmp_path / "a.nii.gz")
    read = read_label_volume(tmp_path / "a.nii.gz")
    assert "2 x 2 x 2 mm (sform)" in read.notes[0]
    assert "2.5 x 2.5 x 2.5 mm (qform)" in read.notes[0]
    np.testing.assert_allclose(read.affine, np.diag([2.0, 2, 2, 1]))
