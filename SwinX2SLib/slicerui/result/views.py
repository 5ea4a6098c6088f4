"""Looking at the bones: 3D views framed on them, slices that jump to one of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import slicer

from SwinX2SLib.slicerui.result.links import FILM_PLANE, linked

_MARGIN = 1.03
_VIEW_ANGLE_DEG = 30.0
# From the front, a little from the right and above: both films are seen, and left stays right in the picture.
_TOWARDS_VIEWER = np.array([0.30, 0.94, 0.16]) / np.linalg.norm([0.30, 0.94, 0.16])


def frame_result(result: slicer.vtkMRMLSegmentationNode) -> None:
    """Turn every 3D view to the patient's front, with bones and films in the picture."""
    corners = np.stack(np.meshgrid(*np.stack(scene_bounds(result), axis=1), indexing="ij"), axis=-1).reshape(
        -1, 3
    )
    centre = corners.mean(axis=0)
    distance = _MARGIN * _distance_that_shows(corners - centre)
    for camera in _nodes("vtkMRMLCameraNode"):
        camera.SetFocalPoint(*centre)
        camera.SetPosition(*(centre + distance * _TOWARDS_VIEWER))
        camera.SetViewUp(0.0, 0.0, 1.0)
        camera.SetViewAngle(_VIEW_ANGLE_DEG)
        camera.ResetClippingRange()


def _distance_that_shows(corners_mm: np.ndarray) -> float:
    """Return how far off a camera has to be for points `(N, 3)`, relative to its focus, to lie in the picture."""
    side = np.cross([0.0, 0.0, 1.0], _TOWARDS_VIEWER)
    side /= np.linalg.norm(side)
    up = np.cross(_TOWARDS_VIEWER, side)
    reach = np.maximum(np.abs(corners_mm @ side), np.abs(corners_mm @ up))
    return float((corners_mm @ _TOWARDS_VIEWER + reach / np.tan(np.radians(_VIEW_ANGLE_DEG / 2))).max())


def jump_to(result: slicer.vtkMRMLSegmentationNode, bone: str) -> np.ndarray | None:
    """Centre all slice views, and the 3D views' centre of rotation, on a bone.

    Returns:
        Its centre, RAS mm; None where the segment is no longer there, or empty.
    """
    if result.GetSegmentation().GetSegment(bone) is None:
        return None
    found = result.GetSegmentCenterRAS(bone)
    if found is None:
        return None
    centre = np.array(found, dtype=np.float64)
    for view in _nodes("vtkMRMLSliceNode"):
        view.JumpSliceByCentering(*centre)
    for camera in _nodes("vtkMRMLCameraNode"):
        moved = centre - np.array(camera.GetFocalPoint())
        camera.SetPosition(*(np.array(camera.GetPosition()) + moved))
        camera.SetFocalPoint(*centre)
        camera.ResetClippingRange()
    return centre


def scene_bounds(result: slicer.vtkMRMLSegmentationNode) -> tuple[np.ndarray, np.ndarray]:
    """Return the corners (RAS mm) of the box round the bones and their films."""
    nodes = [result, *(model for model in linked(result, FILM_PLANE) if model.GetDisplayVisibility())]
    boxes = []
    for node in nodes:
        bounds = np.zeros(6)
        node.GetRASBounds(bounds)
        boxes.append(bounds.reshape(3, 2))
    return np.min([box[:, 0] for box in boxes], axis=0), np.max([box[:, 1] for box in boxes], axis=0)


def _nodes(class_name: str) -> Iterator[slicer.vtkMRMLNode]:
    nodes = slicer.mrmlScene.GetNodesByClass(class_name)
    nodes.UnRegister(None)
    for index in range(nodes.GetNumberOfItems()):
        yield nodes.GetItemAsObject(index)
