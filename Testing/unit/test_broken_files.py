"""Damaged and odd files at the command line: every one is told as text, with its name, and nothing is written."""

import gzip
import struct

import nibabel
import numpy as np
import pytest

from SwinX2SLib.cli import main
from SwinX2SLib.io.segmentations import write_segmentation

AFFINE = np.diag([3.0, 3.0, 3.0, 1.0])
# Offsets of the NIfTI-1 header.
DIM, SROW = 40, 280


def hips() -> np.ndarray:
    volume = np.zeros((24, 20, 22), np.uint8)
    volume[14:21, 4:12, 5:15], volume[3:10, 4:12, 5:15] = 51, 52
    return volume


def write(path, values, affine=AFFINE):
    nibabel.save(nibabel.Nifti1Image(values, affine, dtype=values.dtype), path)
    return path


@pytest.fixture
def good(tmp_path):
    return write(tmp_path / "good.nii.gz", hips())


def with_header(path, offset: int, form: str, *values):
    """Write a whole file whose header tells something else."""
    content = bytearray(nibabel.Nifti1Image(hips(), AFFINE).to_bytes())
    struct.pack_into(form, content, offset, *values)
    path.write_bytes(gzip.compress(bytes(content)) if path.suffix == ".gz" else bytes(content))
    return path


def faulty(tmp_path, name):
    """A file of each kind of damage."""
    origin = b"space origin: (nan,0,0)"
    if name == "header of 35 terabytes":
        return with_header(tmp_path / "large.nii.gz", DIM, "<4h", 3, 32767, 32767, 32767)
    if name == "header of 35 terabytes, as it is":
        return with_header(tmp_path / "large.nii", DIM, "<4h", 3, 32767, 32767, 32767)
    if name == "no voxel":
        return with_header(tmp_path / "none.nii", DIM, "<4h", 3, 0, 20, 22)
    if name == "infinite axis":
        return with_header(tmp_path / "axis.nii", SROW, "<f", np.inf)
    if name == "place that is no number":
        return with_header(tmp_path / "place.nii.gz", SROW + 12, "<f", np.nan)
    if name == "long name":
        return tmp_path / ("x" * 300 + ".nii.gz")
    path = tmp_path / "origin.seg.nrrd"
    write_segmentation(path, hips(), AFFINE)
    head, _, rest = path.read_bytes().partition(b"space origin:")
    path.write_bytes(head + origin + rest[rest.index(b"\n") :])
    return path


FAULTS = {
    "header of 35 terabytes": "more than a file of",
    "header of 35 terabytes, as it is": "more than a file of",
    "no voxel": "0 x 20 x 22",
    "infinite axis": "not finite",
    "place that is no number": "not finite",
    "long name": "does not exist|too long",
    "origin that is no number": "not finite",
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", FAULTS)
def test_what_is_wrong_with_a_file_is_told_by_every_command_that_reads_it(tmp_path, good, name, capsys):
    path = faulty(tmp_path, name)
    before = sorted(tmp_path.iterdir())
    for arguments in (
        ["evaluate", path, good],
        ["evaluate", good, path, "--scheme", "auto", "--out", tmp_path / "out"],
        ["measure", path, "--out", tmp_path / "out"],
        ["export", path, "--out", tmp_path / "out"],
    ):
        assert main([str(argument) for argument in arguments]) == 3
        (told,) = capsys.readouterr().err.splitlines()
        assert told.startswith(f"swinx2s: {path}: ")
        assert any(words in told for words in FAULTS[name].split("|")), told
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("values", "words"),
    [
        (hips().astype(np.uint64) * 2**57, "(7.34987e+18, 7.49399e+18) could not be detected"),
        (-hips().astype(np.int16), "(-52, -51) could not be detected"),
        (hips().astype(np.float64) * 1e300, "(5.1e+301, 5.2e+301) could not be detected"),
        (hips() * np.uint8(0), "has no bones"),
    ],
    ids=["huge", "negative", "beyond whole numbers", "nothing"],
)
def test_values_of_no_numbering_are_named_when_it_is_to_be_recognised(tmp_path, good, values, words, capsys):
    path = write(tmp_path / "odd.nii.gz", values)
    assert main(["evaluate", str(good), str(path), "--scheme", "auto"]) == 3
    told = capsys.readouterr().err
    assert words in told
    assert str(path) in told


def test_a_number_of_hundreds_of_digits_is_told_by_its_size(tmp_path, capsys):
    path = write(tmp_path / "odd.nii.gz", hips().astype(np.float64) * 1e300)
    assert main(["export", str(path), "--out", str(tmp_path / "out")]) == 3
    assert "not bones: 5.1e+301, 5.2e+301" in capsys.readouterr().err


def test_a_table_with_a_name_that_no_system_takes_tells_its_line(tmp_path, good, capsys):
    table = tmp_path / "table.csv"
    table.write_text(f"case,prediction,truth\na,{good},{'x' * 5000}\n", encoding="utf-8")
    assert main(["evaluate", "--cohort", str(table), "--out", str(tmp_path / "out")]) == 3
    assert "Line 2: the truth" in capsys.readouterr().err
