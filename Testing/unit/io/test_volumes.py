"""Volumes come out of every format as they went in, where they lie in the patient; nibabel is the judge."""

import contextlib
import errno
import gzip
import os
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK
from hypothesis import given
from hypothesis import strategies as st
from nrrd_files import write_nrrd
from scipy.spatial.transform import Rotation

from SwinX2SLib.errors import InputError
from SwinX2SLib.geometry.frames import orientation_of, ras_to_lps, reorient
from SwinX2SLib.io import volumes
from SwinX2SLib.io.volumes import assumed_affine, read_header, read_three_axes, read_volume, write_volume

SHAPE = (5, 6, 7)
OBLIQUE = np.eye(4)
OBLIQUE[:3, :3] = Rotation.from_euler("xyz", (12, -20, 31), degrees=True).as_matrix() @ np.diag(
    (1.5, 2.0, 2.5)
)
OBLIQUE[:3, 3] = (-31.25, 12.5, 500.0)
SHEARED = np.array([[1.5, 0.1, 0, -123.4567], [0, 1.2, 0.3, 45.6789], [0, 0, 2, 777.1234], [0, 0, 0, 1]])
ORDERS = [first + second + third for first in "RL" for second in "AP" for third in "SI"] + [
    "SAR",
    "PIR",
    "ILA",
]
TYPES = (
    np.uint8,
    np.int8,
    np.int16,
    np.uint16,
    np.int32,
    np.uint32,
    np.int64,
    np.uint64,
    np.float32,
    np.float64,
)


def numbers(dtype=np.int16, shape=SHAPE):
    return np.arange(np.prod(shape)).reshape(shape, order="F").astype(dtype)


def nifti(path, array, affine, kind=nibabel.Nifti1Image, **header):
    image = kind(array, affine, dtype=array.dtype)
    for name, value in header.items():
        image.header[name] = value
    nibabel.save(image, path)
    return path


def edited(path, *edits):
    """Write bytes of a NIfTI header over those that are there."""
    content = path.read_bytes()
    packed = content.startswith(b"\x1f\x8b")
    content = bytearray(gzip.decompress(content) if packed else content)
    for offset, values in edits:
        content[offset : offset + values.nbytes] = values.tobytes()
    path.write_bytes(gzip.compress(bytes(content)) if packed else bytes(content))
    return path


def nrrd_file(path, array, affine, **header):
    lps = ras_to_lps(affine)
    told = {"space": "left-posterior-superior", "space directions": lps[:3, :3].T, "space origin": lps[:3, 3]}
    write_nrrd(path, array, told | header)
    return path


def fault_of(path, read=read_volume):
    with pytest.raises(InputError) as caught:
        read(path)
    (fault,) = caught.value.faults
    assert fault.path == str(path)
    return fault


@given(
    angles=st.tuples(*[st.floats(-180, 180)] * 3),
    spacing=st.tuples(*[st.floats(0.1, 10)] * 3),
    origin=st.tuples(*[st.floats(-1000, 1000)] * 3),
    mirrored=st.booleans(),
    suffix=st.sampled_from((".nii", ".nii.gz", ".nrrd", ".mha")),
    dtype=st.sampled_from(TYPES),
)
def test_what_is_written_is_read_at_its_place(
    tmp_path_factory, angles, spacing, origin, mirrored, suffix, dtype
):
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("xyz", angles, degrees=True).as_matrix() @ np.diag(spacing)
    affine[:3, 0] *= -1 if mirrored else 1
    affine[:3, 3] = origin
    path = tmp_path_factory.mktemp("round") / f"volume{suffix}"
    write_volume(path, numbers(dtype), affine)
    read = read_volume(path)
    assert read.array.dtype == dtype
    np.testing.assert_array_equal(read.array, numbers(dtype))
    np.testing.assert_allclose(read.affine, affine, atol=1e-3 if "nii" in suffix else 1e-6, rtol=1e-5)
    np.testing.assert_allclose(read.header.spacing_mm, spacing, rtol=1e-5)
    if "nii" in suffix:
        judge = nibabel.load(path)
        np.testing.assert_array_equal(np.asarray(judge.dataobj), numbers(dtype))
        np.testing.assert_allclose(judge.affine, read.affine, atol=1e-9)
        np.testing.assert_allclose(judge.get_qform(), affine, atol=2e-2)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("suffix", [".nii.gz", ".nii", ".nrrd", ".mha"])
def test_every_order_of_axes_is_kept(tmp_path, order, suffix):
    array, affine = reorient(numbers(), OBLIQUE, order)
    write_volume(tmp_path / f"a{suffix}", array, affine)
    read = read_volume(tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(read.array, array)
    np.testing.assert_allclose(read.affine, affine, atol=1e-4)
    write_volume(tmp_path / f"b{suffix}", array, affine, orientation="RAS")
    assert orientation_of(read_volume(tmp_path / f"b{suffix}").affine) == "RAS"
    back = reorient(
        read_volume(tmp_path / f"b{suffix}").array, read_volume(tmp_path / f"b{suffix}").affine, order
    )
    np.testing.assert_array_equal(back[0], array)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
@pytest.mark.parametrize("codes", [(1, 0), (0, 1), (2, 1), (4, 4)])
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_nifti_agrees_with_nibabel(tmp_path, dtype, kind, codes, suffix):
    image = kind(numbers(dtype), OBLIQUE, dtype=dtype)
    image.set_sform(OBLIQUE, codes[0])
    image.set_qform(OBLIQUE, codes[1])
    nibabel.save(image, tmp_path / f"a{suffix}")
    judge, read = nibabel.load(tmp_path / f"a{suffix}"), read_volume(tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(read.array, np.asarray(judge.dataobj))
    np.testing.assert_allclose(read.affine, judge.affine, atol=1e-6)
    assert read.header.notes == ()


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_big_endian_files_are_read(tmp_path, suffix):
    image = nibabel.Nifti1Image(numbers(">i2"), OBLIQUE, header=nibabel.Nifti1Header(endianness=">"))
    nibabel.save(image, tmp_path / f"a{suffix}")
    read = read_volume(tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(read.array, numbers())
    np.testing.assert_allclose(read.affine, OBLIQUE, atol=1e-4)


@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_a_sheared_volume_keeps_its_shear(tmp_path, kind, suffix, capfd):
    path = nifti(tmp_path / f"a{suffix}", numbers(), SHEARED, kind)
    read = read_volume(path)
    np.testing.assert_array_equal(read.array, numbers())
    np.testing.assert_allclose(read.affine, SHEARED, atol=1e-4)
    write_volume(tmp_path / f"b{suffix}", read.array, read.affine)
    np.testing.assert_allclose(nibabel.load(tmp_path / f"b{suffix}").affine, SHEARED, atol=1e-4)
    np.testing.assert_allclose(read_volume(tmp_path / f"b{suffix}").affine, SHEARED, atol=1e-4)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("suffix", [".nrrd", ".mha"])
def test_formats_that_can_tell_of_shear_do_so_exactly(tmp_path, suffix):
    write_volume(tmp_path / f"a{suffix}", numbers(), SHEARED)
    np.testing.assert_allclose(read_volume(tmp_path / f"a{suffix}").affine, SHEARED, rtol=1e-6, atol=1e-6)


def test_scaled_numbers_come_as_they_are_meant(tmp_path):
    path = nifti(tmp_path / "a.nii", numbers(np.uint8), OBLIQUE)
    edited(path, (112, np.array([0.5, -3], "<f4")))
    read = read_volume(path)
    assert read.array.dtype == np.float32
    np.testing.assert_allclose(read.array, numbers(np.float32) * 0.5 - 3)
    for slope in (0.0, np.nan):
        edited(path, (112, np.array([slope, 7], "<f4")))
        np.testing.assert_array_equal(read_volume(path).array, numbers(np.uint8))
    edited(path, (112, np.array([2, np.nan], "<f4")))
    assert "scaling" in fault_of(path).message


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".mha"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers_that_are_not_finite_stay_what_they_are(tmp_path, suffix, dtype):
    array = numbers(dtype)
    array[1], array[2], array[3] = np.nan, np.inf, -np.inf
    write_volume(tmp_path / f"a{suffix}", array, OBLIQUE)
    np.testing.assert_array_equal(read_volume(tmp_path / f"a{suffix}").array, array)


@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.uint8, np.float32, np.float64])
def test_scaled_numbers_agree_with_nibabel(tmp_path, dtype):
    path = edited(
        nifti(tmp_path / "a.nii.gz", numbers(dtype), OBLIQUE), (112, np.array([0.37, -1024], "<f4"))
    )
    read, judge = read_volume(path).array, np.asarray(nibabel.load(path).dataobj)
    assert read.dtype == np.float32
    np.testing.assert_allclose(read, judge, rtol=1e-6)


def test_steps_of_a_slope_are_written_as_whole_numbers(tmp_path):
    write_volume(tmp_path / "a.nii.gz", numbers(np.uint8), OBLIQUE, slope=1 / 255)
    assert nibabel.load(tmp_path / "a.nii.gz").dataobj.get_unscaled().dtype == np.uint8
    np.testing.assert_allclose(read_volume(tmp_path / "a.nii.gz").array, numbers(np.uint8) / 255, atol=1e-6)
    with pytest.raises(ValueError, match="slope"):
        write_volume(tmp_path / "a.nrrd", numbers(), OBLIQUE, slope=2)


def test_the_same_volume_is_the_same_file(tmp_path):
    for name in ("a.nii.gz", "b.nii.gz"):
        write_volume(tmp_path / name, numbers(), OBLIQUE)
    assert (tmp_path / "a.nii.gz").read_bytes() == (tmp_path / "b.nii.gz").read_bytes()


@pytest.mark.parametrize(("unit", "factor"), [("meter", 1000), ("micron", 0.001), ("mm", 1), ("unknown", 1)])
def test_lengths_come_in_millimetres_and_their_unit_is_told(tmp_path, unit, factor):
    affine = np.diag([1 / factor, 1 / factor, 1 / factor, 1]) @ OBLIQUE
    image = nibabel.Nifti1Image(numbers(), affine)
    image.header.set_xyzt_units(unit)
    nibabel.save(image, tmp_path / "a.nii")
    read = read_volume(tmp_path / "a.nii")
    np.testing.assert_allclose(read.affine, OBLIQUE, atol=1e-3)
    assert read.header.unit == ("" if unit == "unknown" else unit)


def test_nrrd_lengths_come_in_millimetres(tmp_path):
    units = {"space units": ["cm", "cm", "cm"]}
    path = nrrd_file(tmp_path / "a.nrrd", numbers(), np.diag([0.1, 0.1, 0.1, 1]) @ OBLIQUE, **units)
    read = read_volume(path)
    np.testing.assert_allclose(read.affine, OBLIQUE, atol=1e-9)
    assert read.header.unit == "cm"
    assert read_header(nrrd_file(tmp_path / "b.nrrd", numbers(), OBLIQUE)).unit == ""


def test_a_volume_that_its_header_does_not_place_says_so_and_keeps_its_spacing(tmp_path):
    image = nibabel.Nifti1Image(numbers(), None)
    image.header.set_zooms((1.5, 2, 2.5))
    nibabel.save(image, tmp_path / "a.nii")
    write_nrrd(tmp_path / "a.nrrd", numbers(), {"spacings": [1.5, 2, 2.5]})
    for name in ("a.nii", "a.nrrd"):
        header = read_header(tmp_path / name)
        assert header.affine is None
        assert header.spacing_mm == pytest.approx((1.5, 2, 2.5))
        assert fault_of(tmp_path / name, read_three_axes).kind == "orientation-absent"
        array, affine = read_three_axes(tmp_path / name, "LPS")
        np.testing.assert_array_equal(array, numbers())
        assert orientation_of(affine) == "LPS"
        np.testing.assert_allclose(affine @ [2, 2.5, 3, 1], [0, 0, 0, 1])
    write_nrrd(tmp_path / "b.nrrd", numbers(), {})
    header = read_header(tmp_path / "b.nrrd")
    assert header.spacing_mm == (None, None, None)
    with pytest.raises(InputError, match="no spacing"):
        assumed_affine(header, "LPS")


def test_a_spacing_of_zero_counts_as_unknown(tmp_path):
    image = nibabel.Nifti1Image(numbers(), None)
    nibabel.save(image, tmp_path / "a.nii")
    edited(tmp_path / "a.nii", (80, np.zeros(3, "<f4")))
    read = read_volume(tmp_path / "a.nii")
    assert read.header.spacing_mm == (None, None, None)
    np.testing.assert_array_equal(read.array, numbers())


def test_a_metaimage_without_spacing_or_matrix_says_so(tmp_path):
    write_volume(tmp_path / "a.mha", numbers(), OBLIQUE)
    content = (tmp_path / "a.mha").read_bytes()
    for name in (b"ElementSpacing", b"TransformMatrix"):
        head, _, rest = content.partition(name)
        (tmp_path / "b.mha").write_bytes(head + rest.partition(b"\n")[2])
        read = read_volume(tmp_path / "b.mha")
        assert read.header.affine is None
        assert (None in read.header.spacing_mm) is (name == b"ElementSpacing")
        np.testing.assert_array_equal(read.array, numbers())


def test_forms_that_contradict_each_other_are_told_and_the_sform_counts(tmp_path):
    image = nibabel.Nifti1Image(numbers(), OBLIQUE)
    moved = OBLIQUE.copy()
    moved[0, 3] += 12
    image.set_sform(OBLIQUE, 1)
    image.set_qform(moved, 1)
    nibabel.save(image, tmp_path / "a.nii.gz")
    read = read_volume(tmp_path / "a.nii.gz")
    np.testing.assert_allclose(read.affine, OBLIQUE, atol=1e-4)
    assert "differ by up to 12.0 mm" in read.header.notes[0]


@pytest.mark.parametrize("count", [4, 5, 6])
def test_further_axes_of_length_one_are_left_out(tmp_path, count):
    path = nifti(tmp_path / "a.nii", numbers().reshape(*SHAPE, *[1] * (count - 3)), OBLIQUE)
    assert read_volume(path).array.shape == SHAPE


def test_moments_layers_colours_and_pictures_are_no_volume(tmp_path):
    moments = np.stack([numbers(), numbers() + 1], axis=-1)
    path = nifti(tmp_path / "a.nii", moments, OBLIQUE)
    np.testing.assert_array_equal(read_volume(path).array, moments)
    assert fault_of(path, read_three_axes).kind == "not-a-volume"
    nifti(path, numbers().astype(np.complex64), OBLIQUE)
    assert np.iscomplexobj(read_volume(path).array)
    assert "complex" in fault_of(path, read_three_axes).message
    nifti(path, numbers()[..., 0], OBLIQUE)
    assert read_volume(path).array.shape == SHAPE[:2]
    assert fault_of(path, read_three_axes).kind == "not-a-volume"
    colours = np.zeros(SHAPE, [("R", "u1"), ("G", "u1"), ("B", "u1")])
    colours["G"] = numbers(np.uint8)
    nifti(path, colours, OBLIQUE)
    read = read_volume(path)
    assert read.header.is_colour
    np.testing.assert_array_equal(read.array[..., 1], colours["G"])
    assert "colours" in fault_of(path, read_three_axes).message


@pytest.mark.parametrize("at", [0, 1, 3])
@pytest.mark.parametrize("kind", ["list", "none"])
def test_layers_of_a_nrrd_come_last_wherever_they_stand(tmp_path, at, kind):
    layers = [numbers(), numbers() + 1000]
    steps = np.insert(ras_to_lps(OBLIQUE)[:3, :3].T, at, np.nan, axis=0)
    kinds = ["domain"] * 3
    kinds.insert(at, {"list": "list", "none": "???"}[kind])
    path = nrrd_file(
        tmp_path / "a.nrrd", np.stack(layers, axis=at), OBLIQUE, kinds=kinds, **{"space directions": steps}
    )
    read = read_volume(path)
    np.testing.assert_array_equal(read.array, np.stack(layers, axis=-1))
    np.testing.assert_allclose(read.affine, OBLIQUE)


@pytest.mark.parametrize("space", ["right-anterior-superior", "left-anterior-superior", "RAS", "LPS"])
def test_every_anatomical_space_of_nrrd_ends_in_ras(tmp_path, space):
    signs = {"r": 1, "l": -1, "a": 1, "p": -1}
    letters = space.lower()[:2] if len(space) == 3 else "".join(part[0] for part in space.split("-")[:2])
    own = np.diag([signs[letters[0]], signs[letters[1]], 1, 1]) @ OBLIQUE
    header = {"space directions": own[:3, :3].T, "space origin": own[:3, 3], "space": space}
    write_nrrd(tmp_path / "a.nrrd", numbers(), header)
    np.testing.assert_allclose(read_volume(tmp_path / "a.nrrd").affine, OBLIQUE)
    header["space"] = "scanner-xyz"
    write_nrrd(tmp_path / "a.nrrd", numbers(), header)
    assert read_volume(tmp_path / "a.nrrd").header.affine is None


@pytest.mark.parametrize("encoding", ["raw", "gzip", "bzip2", "ascii"])
@pytest.mark.parametrize("detached", [False, True])
def test_every_encoding_of_nrrd_is_read(tmp_path, encoding, detached):
    if encoding == "bzip2" and detached:
        pytest.skip("ITK knows no bzip2, and the data of another file are not rewritten")
    name = tmp_path / ("a.nhdr" if detached else "a.nrrd")
    write_nrrd(name, numbers(), {"encoding": encoding}, detached=detached)
    np.testing.assert_array_equal(read_volume(name).array, numbers())


@pytest.mark.parametrize("spacings", [(np.nan, 0.8, 1), (np.inf, 0.8, 1), (0.8, np.inf, 1)])
def test_a_nrrd_spacing_that_is_no_number_counts_as_unknown(tmp_path, spacings):
    write_nrrd(tmp_path / "a.nrrd", numbers()[..., 0], {"spacings": spacings[:2]})
    read = read_volume(tmp_path / "a.nrrd")
    assert [value is None for value in read.header.spacing_mm] == [not np.isfinite(s) for s in spacings[:2]]
    np.testing.assert_array_equal(read.array, numbers()[..., 0])


def test_metaimage_agrees_with_itk(tmp_path):
    image = SimpleITK.GetImageFromArray(numbers().T.copy())
    image.SetSpacing((1.5, 2, 2.5))
    image.SetOrigin((1, 2, 3))
    turn = Rotation.from_euler("xyz", (12, -20, 31), degrees=True).as_matrix()
    image.SetDirection(turn.ravel())
    for name, packed in (("a.mha", False), ("b.mha", True), ("c.mhd", False), ("d.mhd", True)):
        SimpleITK.WriteImage(image, str(tmp_path / name), packed)
        read = read_volume(tmp_path / name)
        np.testing.assert_array_equal(read.array, numbers())
        for index in ((0, 0, 0), (4, 5, 6), (1, 5, 0)):
            there = np.array(image.TransformIndexToPhysicalPoint(index))
            np.testing.assert_allclose((read.affine @ [*index, 1])[:3], ras_to_lps(there), atol=1e-5)


@pytest.mark.parametrize(
    "name", ["ü ñ 骨.nii.gz", "plain.png", "none", "gz.nii", os.fsdecode(b"bad\xff.nii.gz"), "LOUD.NII.GZ"]
)
def test_a_name_that_says_nothing_or_lies_does_not_matter(tmp_path, name):
    folder = tmp_path / "Müller 骨"
    folder.mkdir()
    path = nifti(tmp_path / "a.nii.gz", numbers(), OBLIQUE).rename(folder / name)
    np.testing.assert_array_equal(read_volume(path).array, numbers())
    path.write_bytes(gzip.decompress(path.read_bytes()))
    np.testing.assert_array_equal(read_volume(path).array, numbers())
    nrrd_file(tmp_path / "b.nrrd", numbers(), OBLIQUE).rename(path)
    np.testing.assert_array_equal(read_volume(path).array, numbers())


@pytest.mark.parametrize("folder", ["Müller 骨", os.fsdecode(b"bad\xff")])
@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha"])
def test_any_folder_is_written_to(tmp_path, folder, suffix):
    (tmp_path / folder).mkdir()
    path = tmp_path / folder / f"a{suffix}"
    write_volume(path, numbers(), OBLIQUE)
    np.testing.assert_array_equal(read_volume(path).array, numbers())
    assert list((tmp_path / folder).iterdir()) == [path]


def test_a_pair_of_header_and_image_is_read(tmp_path):
    for kind in (nibabel.Nifti1Pair, nibabel.Nifti2Pair):
        nibabel.save(kind(numbers(), OBLIQUE), tmp_path / "a.hdr")
        np.testing.assert_array_equal(read_volume(tmp_path / "a.hdr").array, numbers())
    (tmp_path / "a.img").unlink()
    assert "a.img does not exist" in fault_of(tmp_path / "a.hdr").message


def test_an_array_that_no_file_holds_is_refused(tmp_path):
    write_volume(tmp_path / "a.nii", numbers() > 7, OBLIQUE)
    assert read_volume(tmp_path / "a.nii").array.dtype == np.uint8
    write_volume(tmp_path / "a.nii", numbers(np.float16), OBLIQUE)
    assert read_volume(tmp_path / "a.nii").array.dtype == np.float32
    for array, affine in (
        (numbers()[0], OBLIQUE),
        (numbers(), np.zeros((4, 4))),
        (numbers(), OBLIQUE * np.nan),
    ):
        with pytest.raises(ValueError, match="affine"):
            write_volume(tmp_path / "b.nii", array, affine)
    with pytest.raises(ValueError, match="Unknown volume format"):
        write_volume(tmp_path / "b.png", numbers(), OBLIQUE)
    assert not list(tmp_path.glob("b*"))


def test_a_folder_that_takes_no_files_is_an_error_of_the_system(tmp_path):
    for name in ("a.nii.gz", "a.nrrd"):
        with pytest.raises(OSError):
            write_volume(tmp_path / "gone" / name, numbers(), OBLIQUE)


def test_bzip2_that_is_damaged_is_told(tmp_path):
    write_nrrd(tmp_path / "a.nrrd", numbers(), {"encoding": "bzip2"})
    content = (tmp_path / "a.nrrd").read_bytes()
    (tmp_path / "a.nrrd").write_bytes(content[:-20])
    assert fault_of(tmp_path / "a.nrrd").kind == "unreadable-file"


FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".mha"])
def test_a_full_disk_is_an_error_of_the_system_that_says_so(tmp_path, suffix, monkeypatch):
    @contextlib.contextmanager
    def on_a_full_disk(path):
        partial = path.with_name(f".partial{suffix}")
        partial.symlink_to(FULL)
        yield partial

    monkeypatch.setattr(volumes, "atomic_file", on_a_full_disk)
    with pytest.raises(OSError) as caught:
        write_volume(tmp_path / f"a{suffix}", numbers(shape=(60, 60, 60)), OBLIQUE)
    assert caught.value.errno == errno.ENOSPC
    assert not (tmp_path / f"a{suffix}").exists()
