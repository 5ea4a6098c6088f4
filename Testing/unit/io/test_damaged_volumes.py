"""Damaged files and those cut short are told as text, never read in part; nothing is said on the error stream."""

import contextlib
import gzip

import nibabel
import numpy as np
import pytest
import SimpleITK
from hypothesis import given
from hypothesis import strategies as st
from nrrd_files import write_nrrd

from SwinX2SLib.errors import InputError
from SwinX2SLib.io.volumes import read_header, read_volume, write_volume

ARRAY = np.random.default_rng(3).integers(0, 99, (20, 21, 22)).astype(np.int16)
AFFINE = np.diag([1.5, 2.0, 2.5, 1.0])
SUFFIXES = (".nii", ".nii.gz", ".nrrd", ".mha")


@pytest.fixture(autouse=True)
def nothing_is_printed(capfd, request):
    yield
    # ITK's MetaImage library prints what it then refuses; only a header that is damaged at random comes as far.
    if not request.node.name.endswith("or_a_volume[.mha]"):
        assert capfd.readouterr().err == ""


def faults_of(path):
    with pytest.raises(InputError) as caught:
        read_volume(path)
    assert all(fault.message and fault.hint and fault.path == str(path) for fault in caught.value.faults)
    return [fault.kind for fault in caught.value.faults], str(caught.value)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("kept", [0, 3, 200, 400, 0.5, 0.9, -1, -12])
def test_a_file_that_is_cut_short_is_refused(tmp_path, suffix, kept):
    path = tmp_path / f"a{suffix}"
    write_volume(path, ARRAY, AFFINE)
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content)) if isinstance(kept, float) else kept or 0])
    kinds, _ = faults_of(path)
    assert kinds[0] in ("unreadable-file", "unsupported-format")


@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
def test_voxels_that_are_missing_behind_a_whole_header_are_missed(tmp_path, kind):
    nibabel.save(kind(ARRAY, AFFINE), tmp_path / "a.nii")
    content = (tmp_path / "a.nii").read_bytes()
    (tmp_path / "a.nii").write_bytes(content[:-2])
    assert faults_of(tmp_path / "a.nii")[0] == ["unreadable-file"]
    (tmp_path / "a.nii.gz").write_bytes(gzip.compress(content[:-2]))
    assert "ends after" in faults_of(tmp_path / "a.nii.gz")[1]


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd"])
def test_a_bit_that_fell_over_in_a_compressed_file_is_noticed(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    write_volume(path, ARRAY, AFFINE)
    content = bytearray(path.read_bytes())
    content[len(content) * 3 // 4] ^= 0x10
    path.write_bytes(content)
    assert faults_of(path)[0] == ["unreadable-file"]


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize(
    ("offset", "values", "words"),
    [
        (40, np.array([3, 32767, 32767, 32767], "<i2"), "more than a file of"),
        (40, np.array([3, 0, 20, 22], "<i2"), "0 x 20 x 22"),
        (40, np.array([3, -4, 20, 22], "<i2"), "3 axes"),
        (40, np.array([0], "<i2"), "0 axes"),
        (40, np.array([9], "<i2"), "cannot be read"),
        (70, np.array([1536], "<i2"), "unsupported type"),
        (72, np.array([8], "<i2"), "8 bits"),
        (344, np.array([0], "<i4"), "does not start"),
    ],
)
def test_a_header_that_cannot_be_true_is_told(tmp_path, suffix, offset, values, words):
    path = tmp_path / f"a{suffix}"
    content = bytearray(nibabel.Nifti1Image(ARRAY, AFFINE).to_bytes())
    content[offset : offset + values.nbytes] = values.tobytes()
    path.write_bytes(gzip.compress(bytes(content)) if suffix == ".nii.gz" else bytes(content))
    assert words in faults_of(path)[1]


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("offset", [280, 292])
def test_a_place_that_is_no_number_is_told_when_it_is_asked_for(tmp_path, value, offset):
    content = bytearray(nibabel.Nifti1Image(ARRAY, AFFINE).to_bytes())
    content[offset : offset + 4] = np.float32(value).tobytes()
    (tmp_path / "a.nii").write_bytes(content)
    read = read_volume(tmp_path / "a.nii")
    np.testing.assert_array_equal(read.array, ARRAY)
    with pytest.raises(InputError, match="not finite"):
        read.affine  # noqa: B018


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"sizes: 20 21", "3 axes"),
        (b"sizes: a b c", "invalid literal"),
        (b"type: block", "unsupported type"),
        (b"sizes: 32767 32767 32767", "more than a file of"),
        (b"sizes: 0 21 22", "0 x 21 x 22"),
        (b"space directions: (1,0,0) (0,1,0)", "2 directions"),
        (b"encoding: morse", "morse"),
    ],
)
def test_a_nrrd_header_that_cannot_be_true_is_told(tmp_path, line, words):
    path = tmp_path / "a.nrrd"
    write_volume(path, ARRAY, AFFINE)
    head, _, rest = path.read_bytes().partition(line.split(b":")[0] + b":")
    path.write_bytes(head + line + rest[rest.index(b"\n") :])
    assert words in faults_of(path)[1]


def test_a_nrrd_whose_data_file_is_gone_names_it(tmp_path):
    write_nrrd(tmp_path / "a.nhdr", ARRAY, {"encoding": "raw"}, detached=True)
    (tmp_path / "a.raw").unlink()
    _, told = faults_of(tmp_path / "a.nhdr")
    assert "a.raw" in told
    assert "Copy the data file beside its header." in told


def test_axes_that_run_the_same_way_place_nothing(tmp_path):
    same = np.array([[1, 0, 0], [1, 0, 0], [0, 0, 1.0]])
    header = {"space": "left-posterior-superior", "space directions": same, "space origin": [0, 0, 0]}
    write_nrrd(tmp_path / "a.nrrd", ARRAY, header)
    with pytest.raises(InputError, match="does not define valid voxel positions"):
        read_volume(tmp_path / "a.nrrd").affine  # noqa: B018


@pytest.mark.parametrize("suffix", SUFFIXES)
@given(data=st.data())
def test_no_damage_ends_in_anything_but_a_fault_or_a_volume(tmp_path_factory, suffix, data):
    path = tmp_path_factory.mktemp("damage") / f"a{suffix}"
    write_volume(path, ARRAY[:4, :4, :4], AFFINE)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    with contextlib.suppress(InputError):
        assert read_volume(path).array.size >= 0


def test_what_is_no_volume_at_all_is_told(tmp_path):
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(700))
    assert faults_of(tmp_path / "a.png")[0] == ["unsupported-format"]
    assert faults_of(tmp_path / "gone.nii")[0] == ["missing-file"]
    with pytest.raises(InputError, match="folder"):
        read_header(tmp_path)
    long = tmp_path / ("x" * 300 + ".nii.gz")
    assert "long" in faults_of(long)[1]


@pytest.mark.parametrize("name", ["a.nhdr", "b.nhdr", "a.mhd", "b.mhd", "a.hdr"])
@pytest.mark.parametrize("kept", [0, 0.5, -2])
def test_a_data_file_that_is_cut_short_is_refused(tmp_path, name, kept):
    packed = name.startswith("b")
    if name.endswith("nhdr"):
        encoding = {"encoding": "gzip" if packed else "raw"}
        write_nrrd(tmp_path / name, ARRAY, encoding, detached=True)
    elif name.endswith("mhd"):
        SimpleITK.WriteImage(SimpleITK.GetImageFromArray(ARRAY), str(tmp_path / name), packed)
    else:
        nibabel.save(nibabel.Nifti1Pair(ARRAY, AFFINE), tmp_path / name)
    (data,) = (path for path in tmp_path.iterdir() if path.name != name)
    content = data.read_bytes()
    data.write_bytes(content[: int(kept * len(content)) if isinstance(kept, float) else kept or 0])
    assert faults_of(tmp_path / name)[0] == ["unreadable-file"]


@pytest.mark.parametrize(
    "line",
    [
        b"A" * 100_000,
        b"kinds" + b"A" * 100_000 + b": x",
        b"encoding: " + b"A" * 100_000,
        b"space units: " + b"A" * 5000,
    ],
    ids=["no field", "unknown field", "value that is refused", "value that is not parsed"],
)
def test_a_line_of_a_nrrd_header_that_would_end_the_process_is_refused(tmp_path, line):
    path = tmp_path / "a.nrrd"
    write_volume(path, ARRAY, AFFINE)
    head, _, rest = path.read_bytes().partition(b"\n")
    path.write_bytes(head + b"\n" + line + b"\n" + rest)
    assert f"a line of {len(line)} characters" in faults_of(path)[1]
    path.write_bytes(head + line + b"\n" + rest)
    assert "a line of" in faults_of(path)[1]


def test_comments_keys_and_the_content_of_a_nrrd_may_have_any_length(tmp_path):
    path = tmp_path / "a.nrrd"
    write_volume(path, ARRAY, AFFINE)
    head, _, rest = path.read_bytes().partition(b"\n\n")
    long = b"A" * 100_000
    path.write_bytes(head + b"\n# " + long + b"\ncontent: " + long + b"\nkey:=" + long + b"\n\n" + rest)
    read = read_volume(path)
    np.testing.assert_array_equal(read.array, ARRAY)
    assert read.header.fields["key"] == long.decode()
