"""How long a whole result takes until it is shown in the scene: 54 bones at 128x128x160, films, outlines, table.

`python Testing/bench/importing.py`; needs slicer-core. The modules are loaded beforehand, as they are in a session.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

_HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(_HERE.parents[1]), str(_HERE.parent / "slicer")]

import mrml_boot  # noqa: E402
import numpy as np  # noqa: E402
import slicer  # noqa: E402
import whole_result  # noqa: E402

from SwinX2SLib.geometry.frames import network_affine  # noqa: E402
from SwinX2SLib.phantom import PhantomParameters, build_phantom  # noqa: E402

GRID, REPEATS = (128, 128, 160), 5


def person() -> tuple[np.ndarray, np.ndarray]:
    """Return the phantom's 54 bones in a grid of that size, and its affine."""
    made = build_phantom(PhantomParameters(), 3.0).labels
    places = [
        np.minimum((np.arange(count) * size) // count, size - 1)
        for count, size in zip(GRID, made.shape, strict=True)
    ]
    return np.ascontiguousarray(made[np.ix_(*places)]), network_affine(3.2, GRID)


def main() -> None:
    """Print the medians."""
    with tempfile.TemporaryDirectory() as folder:
        scene = mrml_boot.boot_scene(folder)
        labels, affine = person()
        whole_result.AFFINE = affine
        result = whole_result.write_whole_result(Path(folder) / "result", labels)
        print(f"{len(np.unique(labels)) - 1} bones, {(labels > 0).sum()} voxels of bone")
        figures = [_once(scene, result) for _ in range(REPEATS + 1)][1:]
        for name, seconds in zip(
            ("segments with surfaces [s]", "whole result [s]"), zip(*figures, strict=True), strict=True
        ):
            print(f"{name:<40} {statistics.median(seconds):.2f}  (processor time)")
    sys.stdout.flush()
    # VTK's objects do not care for the order in which Python would take them down.
    os._exit(0)


def _once(scene: slicer.vtkMRMLScene, folder: Path) -> tuple[float, float]:
    from SwinX2SLib.slicerui.result_loading import load_result
    from SwinX2SLib.slicerui.segmentation_import import import_segmentation

    seconds = []
    for work in (
        lambda: import_segmentation(folder / "segmentation.seg.nrrd", "bones"),
        lambda: load_result(folder),
    ):
        scene.Clear(1)
        started = time.process_time()
        work()
        seconds.append(time.process_time() - started)
    return tuple(seconds)


if __name__ == "__main__":
    main()
