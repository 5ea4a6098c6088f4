"""Hip bones as boxes, for pictures."""

import numpy as np

from SwinX2SLib.io.label_volumes import LabelVolume


def boxes(shift: int = 0, without: tuple[int, ...] = (), flip: bool = False) -> LabelVolume:
    """A right and a left hip bone (51, 52) as boxes, 3 mm voxels, RAS; `flip` stores the first axis backwards."""
    volume = np.zeros((40, 24, 30), dtype=np.uint8)
    volume[26 + shift : 36 + shift, 6:18, 6:24], volume[4:14, 6:18, 6:24] = 51, 52
    volume[np.isin(volume, without)] = 0
    affine = np.diag([3.0, 3.0, 3.0, 1.0])
    affine[:3, 3] = -60, -30, -40
    if flip:
        volume, affine = (
            volume[::-1],
            affine @ np.array([[-1, 0, 0, 39], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]),
        )
    return LabelVolume(volume, affine)
