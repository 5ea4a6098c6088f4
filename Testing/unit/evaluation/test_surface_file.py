"""Surfaces with their distances, written and read again."""

import zipfile

import numpy as np
import pytest

from SwinX2SLib.errors import InputError
from SwinX2SLib.evaluation.surfaces import compared_surfaces, read_surfaces, write_surfaces
from SwinX2SLib.io.label_volumes import LabelVolume

AFFINE = np.diag([2.0, 2.0, 2.0, 1.0])


def boxes(**places) -> LabelVolume:
    """Labels as boxes: `_51=(4, 14)` fills these rows of the last axis."""
    labels = np.zeros((24, 24, 40), np.uint8)
    for name, (low, high) in places.items():
        labels[4:20, 4:20, low:high] = int(name[1:])
    return LabelVolume(labels, AFFINE)


def test_what_is_written_is_read_and_distances_have_their_sign(tmp_path):
    prediction, truth = boxes(_51=(4, 20), _20=(30, 36)), boxes(_51=(4, 16), _52=(22, 28))
    made = compared_surfaces(prediction, truth, (20, 51, 52))
    with (tmp_path / "surfaces.npz").open("wb") as stream:
        write_surfaces(stream, made)
    found = read_surfaces(tmp_path / "surfaces.npz")
    assert list(found.prediction) == ["vertebrae_L1", "hip_right"]
    assert list(found.truth) == ["hip_right", "hip_left"]
    assert found.prediction["vertebrae_L1"].distance_mm is None
    hip = found.prediction["hip_right"]
    assert np.array_equal(hip.faces, made.prediction["hip_right"].faces)
    middle = np.abs(hip.vertices[:, :2] - 23).max(axis=1) < 8
    top = middle & (hip.vertices[:, 2] > 36)
    bottom = middle & (hip.vertices[:, 2] < 10)
    assert hip.distance_mm[top] == pytest.approx(np.full(top.sum(), 8.0), abs=0.3)
    assert hip.distance_mm[bottom] == pytest.approx(np.zeros(bottom.sum()), abs=0.1)
    back = compared_surfaces(truth, prediction, (51,)).prediction["hip_right"]
    inner = (np.abs(back.vertices[:, :2] - 23).max(axis=1) < 6) & (back.vertices[:, 2] > 30)
    assert back.distance_mm[inner].max() < -6


@pytest.mark.parametrize("content", [b"", b"nothing", b"PK\x03\x04 cut off"])
def test_a_damaged_file_is_told(tmp_path, content):
    (tmp_path / "surfaces.npz").write_bytes(content)
    with pytest.raises(InputError, match="surfaces cannot be read"):
        read_surfaces(tmp_path / "surfaces.npz")


@pytest.mark.parametrize(
    "member",
    [
        b"\x93NUMPY\x01\x00\x10\x00{'descr': (((((  \n",
        b"\x93NUMPY\x01\x00\x08\x00'''     ",
        b"\x93NUMPY\x09\x00",
        b"",
        b"text",
    ],
)
def test_an_array_whose_header_is_damaged_is_told(tmp_path, member):
    with zipfile.ZipFile(tmp_path / "surfaces.npz", "w") as archive:
        archive.writestr("truth/hip_left/vertices.npy", member)
    with pytest.raises(InputError, match="surfaces cannot be read"):
        read_surfaces(tmp_path / "surfaces.npz")


def test_a_member_whose_packed_bytes_are_damaged_is_told(tmp_path):
    path = tmp_path / "surfaces.npz"
    np.savez_compressed(path, **{"truth/hip_left/vertices": np.arange(300.0).reshape(100, 3)})
    content = bytearray(path.read_bytes())
    content[80:120] = b"\xff" * 40
    path.write_bytes(content)
    with pytest.raises(InputError, match="surfaces cannot be read"):
        read_surfaces(path)


def test_a_file_of_other_arrays_is_told(tmp_path):
    np.savez(tmp_path / "surfaces.npz", anything=np.zeros(3))
    with pytest.raises(InputError, match="surfaces cannot be read"):
        read_surfaces(tmp_path / "surfaces.npz")
