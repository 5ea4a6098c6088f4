"""Radiographs made by the tests, and what is shown of them."""

import numpy as np
import slicer.util


def radiograph_array(rows: int = 240, columns: int = 160, seed: int = 0) -> np.ndarray:
    """A radiograph of smooth blobs, uint16, (rows, columns)."""
    row, column = np.mgrid[0:rows, 0:columns]
    generator = np.random.default_rng(seed)
    radiograph = np.zeros((rows, columns))
    for _ in range(12):
        centre_row, centre_column, radius = generator.uniform((0, 0, 10), (rows, columns, 40))
        radiograph += np.exp(-((row - centre_row) ** 2 + (column - centre_column) ** 2) / radius**2)
    return np.round(3000 * radiograph / radiograph.max()).astype(np.uint16)


def shown(inputs, role: str) -> np.ndarray:
    """What the preview of a radiograph shows, (rows, columns)."""
    return slicer.util.arrayFromVolume(inputs.viewing._preview.node(role))[0]


def helpers() -> list[str]:
    """Names of the nodes that only help to look at radiographs."""
    kinds = ("vtkMRMLScalarVolumeNode", "vtkMRMLMarkupsNode")
    nodes = [node for kind in kinds for node in slicer.util.getNodesByClass(kind)]
    return sorted(node.GetName() for node in nodes if not node.GetSaveWithScene())
