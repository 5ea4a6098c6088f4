"""Where a film stands and how it was taken, kept with its picture in the scene: outlines can be drawn anew on it."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass

import numpy as np
import slicer
from vtk.util.numpy_support import vtk_to_numpy

from SwinX2SLib.geometry.cameras import Camera, ConeCamera, ParallelCamera
from SwinX2SLib.slicerui.display.links import FILM_PICTURE, FILM_PLANE, linked, told_of
from SwinX2SLib.slicerui.provenance import set_attribute

_PLACE = "film_place"
_CAMERAS = {"parallel": ParallelCamera, "cone": ConeCamera}


@dataclass(frozen=True)
class FilmPlace:
    """A film without its picture.

    Attributes:
        role: "ap" or "lateral".
        camera: how it was taken.
        distance_mm: of the film from the isocentre, for parallel rays.
    """

    role: str
    camera: Camera
    distance_mm: float


def keep_place(model: slicer.vtkMRMLModelNode, place: FilmPlace) -> None:
    """Keep where a film stands as an attribute of its plane, which is saved with the scene."""
    kind = next(name for name, camera in _CAMERAS.items() if isinstance(place.camera, camera))
    told = {"camera": kind, **dataclasses.asdict(place.camera), "distance_mm": place.distance_mm}
    set_attribute(model, _PLACE, json.dumps(told))


def kept_places(result: slicer.vtkMRMLSegmentationNode) -> dict[str, FilmPlace]:
    """Return where the films of a result stand, by role; a film of a scene that does not tell it is left out."""
    found = {}
    for model in linked(result, FILM_PLANE):
        role, text = told_of(model, "film"), told_of(model, _PLACE)
        if text:
            told = json.loads(text)
            kind, distance = _CAMERAS[told.pop("camera")], told.pop("distance_mm")
            parts = {name: tuple(part) if isinstance(part, list) else part for name, part in told.items()}
            found[role] = FilmPlace(role, kind(**parts), distance)
    return found


def kept_picture(result: slicer.vtkMRMLSegmentationNode, role: str) -> np.ndarray | None:
    """Return a copy of the picture of a film in the scene, uint8 `(rows, columns)`; None where it was removed."""
    for volume in linked(result, FILM_PICTURE, film=role):
        image = volume.GetImageData()
        if image is not None and image.GetPointData().GetScalars():
            columns, rows, _ = image.GetDimensions()
            return vtk_to_numpy(image.GetPointData().GetScalars()).reshape(rows, columns).copy()
    return None
