"""Volumes of segments, by Slicer's module Segment Statistics."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np
import slicer
from vtk.util.numpy_support import vtk_to_numpy

_PLUGIN = "LabelmapSegmentStatisticsPlugin"


def segment_volumes(
    result: slicer.vtkMRMLSegmentationNode, segments: Iterable[str]
) -> dict[str, tuple[int, float]]:
    """Return how many voxels segments have and their volumes [ml], by id; empty segments have none.

    Outside Slicer, where there is no such module, the voxels are counted.
    """
    logic = _statistics_logic(result)
    volumes = {}
    for segment in segments:
        if logic is None:
            volumes[segment] = _counted(result, segment)
            continue
        logic.updateStatisticsForSegment(segment)
        found = logic.getStatistics()
        voxels, volume_ml = (
            found.get((segment, f"{_PLUGIN}.{key}"), 0) for key in ("voxel_count", "volume_cm3")
        )
        volumes[segment] = int(voxels), float(volume_ml)
    return volumes


def _statistics_logic(result: slicer.vtkMRMLSegmentationNode) -> Any:
    try:
        from SegmentStatistics import SegmentStatisticsLogic
    except ImportError:
        return None
    logic = _make_logic(SegmentStatisticsLogic)
    logic.reset()
    parameters = logic.getParameterNode()
    parameters.SetParameter("Segmentation", result.GetID())
    for plugin in logic.plugins:
        name = type(plugin).__name__
        parameters.SetParameter(f"{name}.enabled", str(name == _PLUGIN))
    return logic


# Once: its plugins make widgets, which connect to them and so never go.
@cache
def _make_logic(base: type) -> Any:
    class Logic(base):
        """Segment Statistics with parameters that are not in the scene: those there are the user's."""

        def getParameterNode(self) -> slicer.vtkMRMLScriptedModuleNode:
            if not self.parameterNode:
                self.setParameterNode(slicer.vtkMRMLScriptedModuleNode())
            return self.parameterNode

    return Logic()


def _counted(result: slicer.vtkMRMLSegmentationNode, segment: str) -> tuple[int, float]:
    image = slicer.vtkOrientedImageData()
    result.GetBinaryLabelmapRepresentation(segment, image)
    scalars = image.GetPointData().GetScalars()
    voxels = int(np.count_nonzero(vtk_to_numpy(scalars))) if scalars is not None else 0
    return voxels, voxels * float(np.prod(image.GetSpacing())) / 1000
