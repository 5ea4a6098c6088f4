"""The demo's radiographs in Slicer's module Sample Data; they come with the extension, so nothing is downloaded."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable

import numpy as np
import slicer
import vtk
from slicer.i18n import tr as _
from vtk.util.numpy_support import vtk_to_numpy

from SwinX2SLib.resources import resource_path
from SwinX2SLib.slicerui.parameters import ReconstructionParameters
from SwinX2SLib.slicerui.radiographs import SPACING_ATTRIBUTE
from SwinX2SLib.weights.locating import sha256_of

CATEGORY = "SwinX2S"
PAIRS = ("torso", "phantom", "chest")
ROLES = ("ap", "lateral")
_VIEW_WORDS = {"ap": "frontal", "lateral": "lateral"}

ViewRadiographs = dict[str, slicer.vtkMRMLScalarVolumeNode]


class SampleError(RuntimeError):
    """A sample cannot be opened; the message states why and how to fix it."""


def register_samples(parameter_node: Callable[[], slicer.vtkMRMLScriptedModuleNode]) -> None:
    """Offer the pairs in the module Sample Data.

    Args:
        parameter_node: gives this module's parameter node of the present scene, in which an opened pair is chosen.
    """
    try:
        import SampleData
    except ImportError:
        logging.info(
            "SwinX2S: the Sample Data module is not available, so the sample data sets are not registered."
        )
        return
    checksums = _checksums()
    for pair in PAIRS:
        about = _about(pair)
        files = [about["views"][role]["file"] for role in ROLES]
        SampleData.SampleDataLogic.registerCustomSampleDataSource(
            category=CATEGORY,
            sampleName=about["title"],
            uris=[resource_path("Demo", file).as_uri() for file in files],
            fileNames=files,
            nodeNames=[_node_name(pair, role) for role in ROLES],
            checksums=[f"SHA256:{checksums[file]}" for file in files],
            thumbnailFileName=str(resource_path("Demo", "Thumbnails", f"{pair}.png")),
            customDownloader=lambda _source, pair=pair: open_sample(pair, parameter_node()),
        )


def open_sample(pair: str, parameter_node: slicer.vtkMRMLScriptedModuleNode) -> list[slicer.vtkMRMLNode]:
    """Load both radiographs of a pair and choose them as frontal and lateral radiograph.

    Args:
        pair: of `PAIRS`.
        parameter_node: of this module.

    Returns:
        The frontal and the lateral radiograph.

    Raises:
        SampleError: a file was altered.
    """
    radiographs = load_sample(pair)
    parameters = ReconstructionParameters(parameter_node)
    with slicer.util.NodeModify(parameter_node):
        parameters.ap_volume, parameters.lateral_volume = radiographs["ap"], radiographs["lateral"]
    slicer.util.showStatusMessage(_("Both radiographs are selected in the SwinX2S module."), 5000)
    return [radiographs[role] for role in ROLES]


def load_sample(pair: str) -> ViewRadiographs:
    """Add both radiographs of a pair to the scene, after comparing their hashes.

    Raises:
        SampleError: a file was altered.
    """
    checksums = _checksums()
    for role in ROLES:
        path = resource_path("Demo", _about(pair)["views"][role]["file"])
        if sha256_of(path) != checksums[path.name]:
            raise SampleError(_("{0} was modified. Reinstall SwinX2S.").format(path))
    return {role: demo_radiograph(role, pair) for role in ROLES}


def demo_radiograph(role: str, pair: str = PAIRS[0]) -> slicer.vtkMRMLScalarVolumeNode:
    """Add a radiograph to the scene, with the pixel size that comes with it.

    Args:
        role: "ap" or "lateral".
        pair: of `PAIRS`.
    """
    view = _about(pair)["views"][role]
    reader = vtk.vtkPNGReader()
    reader.SetFileName(str(resource_path("Demo", view["file"])))
    reader.Update()
    columns, rows, _slices = reader.GetOutput().GetDimensions()
    # VTK counts rows from the bottom, radiographs from the top.
    pixels = vtk_to_numpy(reader.GetOutput().GetPointData().GetScalars()).reshape(rows, columns)[::-1]
    geometry = np.diag([-view["spacing_mm"], -view["spacing_mm"], view["spacing_mm"], 1.0])
    node = slicer.util.addVolumeFromArray(
        pixels[np.newaxis].copy(), ijkToRAS=geometry, name=_node_name(pair, role)
    )
    node.SetAttribute(SPACING_ATTRIBUTE, "the sample's description")
    return node


def _node_name(pair: str, role: str) -> str:
    return f"{pair} {_VIEW_WORDS[role]}"


def _about(pair: str) -> dict:
    return json.loads(resource_path("Demo", f"{pair}.json").read_text(encoding="utf-8"))


def _checksums() -> dict[str, str]:
    return json.loads(resource_path("Demo", "checksums.json").read_text(encoding="utf-8"))
