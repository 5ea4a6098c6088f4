"""Looking at a measurement: slices through the middle of its places."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import slicer
import vtk

from SwinX2SLib.measurements.from_landmarks import Key
from SwinX2SLib.slicerui.measuring.session import MeasuringSession


def jump_to_places(session: MeasuringSession, keys: Iterable[Key]) -> None:
    """Centre all slice views on the places of measurements, where there are any."""
    geometry, places = session.edited.geometry, session.edited.places
    found = {place for key in keys if key in geometry.bindings for place in geometry.own_keys(key)}
    points = [places[place] for place in found if place in places]
    if not points:
        return
    middle = np.mean(points, axis=0)
    if (transform := session.segmentation.GetParentTransformNode()) is not None:
        general = vtk.vtkGeneralTransform()
        slicer.vtkMRMLTransformNode.GetTransformBetweenNodes(transform, None, general)
        middle = np.array(general.TransformPoint(*middle))
    for index in range(slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSliceNode")):
        slicer.mrmlScene.GetNthNodeByClass(index, "vtkMRMLSliceNode").JumpSliceByCentering(*middle)
