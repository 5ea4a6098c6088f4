"""Ribs that come as one mask are counted."""

import downloads
import numpy as np
import pytest
from prepared_scans import prepared

from SwinX2SLib.datasets.dataset import RawCase
from SwinX2SLib.datasets.prepare import PrepareOptions
from SwinX2SLib.datasets.volumes import name_ribs
from SwinX2SLib.errors import InputError
from SwinX2SLib.geometry.frames import reorient

pytestmark = pytest.mark.usefixtures("work_in_this_process")


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
    assert "connected components from above" in notes[0]


def test_ribs_of_which_some_are_missing_are_not_counted():
    ribs, affine = cage()
    ribs[ribs == 30] = 0
    with pytest.raises(InputError, match="11 components on the left and 12 on the right"):
        name_ribs(ribs > 0, affine)


def test_binary_masks_of_ribseg_become_numbered_ribs(tmp_path):
    ribs, affine = cage()
    ct = np.where(ribs > 0, 700, -900).astype(np.int16)
    mask = downloads.write_volume(tmp_path / "m.nii.gz", ribs > 0, affine, "LPS", np.uint8)
    image = downloads.write_volume(tmp_path / "i.nii.gz", ct, affine, "LPS")
    fine = PrepareOptions(shape=(128, 128, 160))
    result = prepared(RawCase("a", (mask,), image, "val", "x"), tmp_path / "out", fine, "ribseg-v2")
    assert result.entries[0]["labels"] == list(range(26, 50))
    assert "numbered by connected components" in result.entries[0]["note"]
