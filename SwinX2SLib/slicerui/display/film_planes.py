"""The films as pictures in space, behind the patient as the detector was."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray

from SwinX2SLib.geometry.cameras import Camera, view_axes
from SwinX2SLib.reprojection import detector_points
from SwinX2SLib.slicerui.display.film_pictures import GRAY, Picture, add_picture, refer_to_picture
from SwinX2SLib.slicerui.display.film_places import FilmPlace
from SwinX2SLib.slicerui.display.links import FILM_PLANE, link, linked

# Of the mesh that is stored; the texture on it is finer, see `film_pictures`.
LONG_SIDE = 256
TITLES = {"ap": "Frontal film", "lateral": "Lateral film"}
# Between the bones and a film of parallel rays, which may stand anywhere.
_GAP_MM = 40.0
_GRAY = "vtkMRMLColorTableNodeGrey"


@dataclass(frozen=True, eq=False)
class PlacedFilm:
    """A film as it hangs, and where it stands.

    Attributes:
        role: "ap" or "lateral".
        pixels: float32 `(rows, columns)`, 0..1, bone bright.
        camera: how it was taken.
        distance_mm: of the film from the isocentre, for parallel rays.
    """

    role: str
    pixels: np.ndarray
    camera: Camera
    distance_mm: float


def film_distance_mm(camera: Camera, points_ras_mm: np.ndarray) -> float:
    """Return how far from the isocentre a film has to stand to clear points `(N, 3)`, the corners of the bones."""
    along_rays = (points_ras_mm - np.asarray(camera.isocentre_ras_mm)) @ view_axes(camera.view)[2]
    return float(along_rays.max()) + _GAP_MM


def add_film_plane(result: slicer.vtkMRMLSegmentationNode, film: PlacedFilm) -> slicer.vtkMRMLModelNode:
    """Add a film to the 3D view as a textured plane, unlit, and its picture as a volume."""
    model = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLModelNode", TITLES[film.role])
    picture = Picture.of(film.pixels)
    model.SetAndObservePolyData(_mesh(film, picture))
    model.CreateDefaultDisplayNodes()
    display = model.GetDisplayNode()
    display.SetActiveScalarName(GRAY)
    display.SetScalarRangeFlag(slicer.vtkMRMLDisplayNode.UseManualScalarRange)
    display.SetScalarRange(0, 255)
    display.SetAndObserveColorNodeID(_GRAY)
    display.SetScalarVisibility(True)
    display.SetLighting(False)
    # From behind, where it would hide the bones, a film is not seen.
    display.SetBackfaceCulling(True)
    display.SetVisibility2D(False)
    model.SetSelectable(False)
    link(result, FILM_PLANE, model, film=film.role)
    place = FilmPlace(film.role, film.camera, film.distance_mm)
    name = f"{result.GetName()}: {TITLES[film.role].lower()}"
    refer_to_picture(model, add_picture(result, place, picture, name))
    return model


def show_film(result: slicer.vtkMRMLSegmentationNode, role: str, shown: bool) -> None:
    """Show or hide a film in 3D."""
    for model in linked(result, FILM_PLANE, film=role):
        model.GetDisplayNode().SetVisibility(shown)


def set_film_opacity(result: slicer.vtkMRMLSegmentationNode, opacity: float) -> None:
    """Set the opacity, 0..1, of both films."""
    for model in linked(result, FILM_PLANE):
        model.GetDisplayNode().SetOpacity(opacity)


def _mesh(film: PlacedFilm, picture: Picture) -> vtk.vtkPolyData:
    """Return a film as a mesh: gray values on coarse points, and the place of each point in the film's picture."""
    coarse = picture.coarse(LONG_SIDE)
    rows, columns = coarse.shape
    # The outermost points lie on the film's edges.
    steps = np.meshgrid(np.linspace(0, 1, rows), np.linspace(0, 1, columns), indexing="ij")
    fractions = np.stack(steps, axis=-1)
    points = detector_points(film.camera, picture.places(fractions), film.distance_mm)
    mesh, corners = vtk.vtkPolyData(), vtk.vtkPoints()
    corners.SetData(numpy_to_vtk(points.reshape(-1, 3).astype(np.float32), deep=True))
    mesh.SetPoints(corners)
    mesh.SetStrips(_strips(rows, columns, _turns_away(film.camera)))
    gray = numpy_to_vtk(coarse.ravel(), deep=True)
    gray.SetName(GRAY)
    mesh.GetPointData().SetScalars(gray)
    # Across, then down: a picture's first pixel is its upper left one.
    in_picture = numpy_to_vtk(fractions[..., ::-1].reshape(-1, 2).astype(np.float32), deep=True)
    in_picture.SetName("TextureCoordinates")
    mesh.GetPointData().SetTCoords(in_picture)
    return mesh


def _turns_away(camera: Camera) -> bool:
    """Return whether triangles that run down, then along the columns, face away from the tube."""
    columns, rows, rays = view_axes(camera.view)
    return float(np.cross(rows, columns) @ rays) > 0


def _strips(rows: int, columns: int, turned: bool) -> vtk.vtkCellArray:
    """Return one strip of triangles between each two rows of a grid of points; `turned` ones face the other way."""
    number = np.arange(rows * columns, dtype=np.int64).reshape(rows, columns)
    upper, lower = (number[1:], number[:-1]) if turned else (number[:-1], number[1:])
    pairs = np.stack([upper, lower], axis=-1).reshape(rows - 1, 2 * columns)
    offsets = np.arange(rows, dtype=np.int64) * 2 * columns
    strips = vtk.vtkCellArray()
    strips.SetData(
        numpy_to_vtkIdTypeArray(offsets, deep=True), numpy_to_vtkIdTypeArray(pairs.ravel(), deep=True)
    )
    return strips
