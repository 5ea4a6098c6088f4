"""A part of `Testing/bench/fuzz.py`, always the same inputs: damaged files are read well or refused in words."""

import subprocess
import sys

import pytest

READERS = (
    "volumes*,uncertainty*,Slicer*,meshes*,skeleton*,compared*,radiographs*,DICOM series*,tables*,label maps,splits*,"
    "job*,lines*"
)


@pytest.mark.skipif(sys.platform != "linux", reason="fork, limits of POSIX, /proc")
def test_a_hundred_and_fifty_damaged_files_are_read_or_refused_in_words(repository):
    fuzz = repository / "Testing" / "bench" / "fuzz.py"
    ended = subprocess.run(
        [sys.executable, str(fuzz), "--count", "150", "--of", READERS],
        capture_output=True, text=True, check=False, cwd=repository,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr[-4000:]
    (total,) = (line for line in ended.stdout.splitlines() if line.startswith("| **all**"))
    inputs, read, refused, defects = (int(cell) for cell in total.split("|")[2:6])
    assert (inputs, defects) == (150, 0)
    # Neither all nor nothing: the files are damaged, and not beyond all recognition.
    assert min(read, refused) > 20
