"""Both radiographs of a result: pictures, places, planes in 3D, slices."""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass

import numpy as np
import slicer
import slicer.util
import vtk
from vtk.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray, vtk_to_numpy

from SwinX2SLib.drr.overlay import detector_points
from SwinX2SLib.geometry.cameras import Camera, ConeCamera, ParallelCamera, view_axes
from SwinX2SLib.slicerui.provenance import PREFIX, set_attribute
from SwinX2SLib.slicerui.result.links import (
    RADIOGRAPH_PICTURE,
    RADIOGRAPH_PLANE,
    add_hidden_node,
    link,
    linked,
    provenance_value,
)

_PLACE = "film_place"
_CAMERAS = {"parallel": ParallelCamera, "cone": ConeCamera}


@dataclass(frozen=True)
class RadiographPlace:
    """A radiograph without its picture.

    Attributes:
        role: "ap" or "lateral".
        camera: how it was taken.
        distance_mm: of the radiograph from the isocentre, for parallel rays.
    """

    role: str
    camera: Camera
    distance_mm: float


def keep_place(model: slicer.vtkMRMLModelNode, place: RadiographPlace) -> None:
    """Keep where a radiograph stands as an attribute of its plane, which is saved with the scene."""
    kind = next(name for name, camera in _CAMERAS.items() if isinstance(place.camera, camera))
    stored = {"camera": kind, **dataclasses.asdict(place.camera), "distance_mm": place.distance_mm}
    set_attribute(model, _PLACE, json.dumps(stored))


def kept_places(result: slicer.vtkMRMLSegmentationNode) -> dict[str, RadiographPlace]:
    """Return the positions of the radiographs of a result, by role; a radiograph of a scene without this record is
    left out."""
    found = {}
    for model in linked(result, RADIOGRAPH_PLANE):
        role, text = provenance_value(model, "radiograph"), provenance_value(model, _PLACE)
        if text:
            stored = json.loads(text)
            kind, distance = _CAMERAS[stored.pop("camera")], stored.pop("distance_mm")
            parts = {name: tuple(part) if isinstance(part, list) else part for name, part in stored.items()}
            found[role] = RadiographPlace(role, kind(**parts), distance)
    return found


def kept_picture(result: slicer.vtkMRMLSegmentationNode, role: str) -> np.ndarray | None:
    """Return a copy of the picture of a radiograph in the scene, uint8 `(rows, columns)`; None where it was
    removed."""
    for volume in linked(result, RADIOGRAPH_PICTURE, radiograph=role):
        image = volume.GetImageData()
        if image is not None and image.GetPointData().GetScalars():
            columns, rows, _ = image.GetDimensions()
            return vtk_to_numpy(image.GetPointData().GetScalars()).reshape(rows, columns).copy()
    return None


# Enough for a whole screen, and no more than any graphics card takes as a texture.
LONG_SIDE = 2048
GRAY = "Radiograph"
_TEXTURE = PREFIX + "texture"
_WINDOW, _LEVEL = 255.0, 127.5


@dataclass(frozen=True, eq=False)
class Picture:
    """A radiograph at no more pixels than a screen shows.

    Attributes:
        gray: uint8 `(rows, columns)`.
        block: side of the squares of the radiograph's pixels of which each one is the mean; what fills no square,
            at the lower and the right edge, is left out.
    """

    gray: np.ndarray
    block: int

    @classmethod
    def of(cls, pixels: np.ndarray) -> Picture:
        """Make one of a radiograph `(rows, columns)`, 0..1."""
        block = math.ceil(max(pixels.shape) / LONG_SIDE)
        rows, columns = (count // block for count in pixels.shape)
        means = pixels
        if block > 1:
            # Whole rows first, which is several times faster than blocks at once.
            sums = pixels[: rows * block].reshape(rows, block, -1).sum(axis=1, dtype=np.float32)
            means = sums[:, : columns * block].reshape(rows, columns, block).mean(axis=2) / block
        return cls(np.clip(np.rint(255 * means), 0, 255).astype(np.uint8), block)

    def coarse(self, long_side: int) -> np.ndarray:
        """Return it, uint8, at no more than so many pixels; each is the mean of the pixels it represents."""
        scale = max(1.0, max(self.gray.shape) / long_side)
        sums, counts = self.gray.astype(np.float32), []
        for axis, count in enumerate(self.gray.shape):
            starts = np.linspace(0, count, max(2, round(count / scale)), endpoint=False).astype(int)
            sums = np.add.reduceat(sums, starts, axis=axis)
            counts.append(np.diff(np.append(starts, count)))
        return np.rint(sums / np.outer(*counts)).astype(np.uint8)

    def places(self, fractions: np.ndarray) -> np.ndarray:
        """Return pixels (row, column) `(..., 2)` of the radiograph at fractions 0..1 of the way from edge to edge."""
        return fractions * np.multiply(self.gray.shape, self.block) - 0.5


def add_picture(
    result: slicer.vtkMRMLSegmentationNode, place: RadiographPlace, picture: Picture, name: str
) -> slicer.vtkMRMLScalarVolumeNode:
    """Add the picture of a radiograph to the scene, as a volume of one slice.

    Args:
        result: the segmentation.
        place: position of the radiograph.
        picture: of the radiograph.
        name: of the volume.
    """
    array, affine = picture.gray[np.newaxis], _affine(place, picture.block)
    volume = slicer.util.addVolumeFromArray(array, ijkToRAS=affine, name=name)
    volume.CreateDefaultDisplayNodes()
    volume.GetDisplayNode().SetAutoWindowLevel(False)
    volume.GetDisplayNode().SetWindowLevel(_WINDOW, _LEVEL)
    link(result, RADIOGRAPH_PICTURE, volume, radiograph=place.role)
    return volume


def refer_to_picture(model: slicer.vtkMRMLModelNode, picture: slicer.vtkMRMLScalarVolumeNode) -> None:
    """Let a plane, whose mesh has texture coordinates, show a picture from now on."""
    model.SetNodeReferenceID(_TEXTURE, picture.GetID())
    connect_picture(model)


def connect_picture(model: slicer.vtkMRMLModelNode) -> bool:
    """Connect the texture of a plane; return whether there is a picture, else it stays as it is stored."""
    picture, display = model.GetNodeReference(_TEXTURE), model.GetDisplayNode()
    if picture is None or picture.GetDisplayNode() is None or display is None or model.GetPolyData() is None:
        return False
    white = vtk.vtkPolyData()
    white.ShallowCopy(model.GetPolyData())
    shade = numpy_to_vtk(np.full(white.GetNumberOfPoints(), 255, np.uint8), deep=True)
    shade.SetName(GRAY)
    white.GetPointData().SetScalars(shade)
    producer = vtk.vtkTrivialProducer()
    producer.SetOutput(white)
    display.SetInputMeshConnection(producer.GetOutputPort())
    display.SetInterpolateTexture(True)
    # After the volume's window and level, so that the radiograph looks the same in all views.
    display.SetTextureImageDataConnection(picture.GetDisplayNode().GetImageDataConnection())
    return True


# From the isocentre; no patient reaches further.
_PATIENT_MM = 400.0


def _affine(place: RadiographPlace, block: int) -> np.ndarray:
    """Return the 4x4 matrix (column, row, slice) -> RAS mm of a picture whose pixels are blocks of the radiograph's.

    Its one slice is so thick that the picture is seen in every slice of the patient, not only in its own plane.
    """
    first = (block - 1) / 2
    pixels = np.array([[first, first], [first, first + block], [first + block, first]])
    origin, next_column, next_row = detector_points(place.camera, pixels, place.distance_mm)
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1] = next_column - origin, next_row - origin
    normal = np.cross(affine[:3, 0], affine[:3, 1])
    normal /= np.linalg.norm(normal)
    distance_mm = abs(float((origin - np.asarray(place.camera.isocentre_ras_mm)) @ normal))
    affine[:3, 2] = normal * 2 * (distance_mm + _PATIENT_MM)
    affine[:3, 3] = origin
    return affine


# Of the mesh that is stored; the texture on it is finer, see `film_pictures`.
PLANE_LONG_SIDE = 256
TITLES = {"ap": "Frontal radiograph", "lateral": "Lateral radiograph"}
# Between the bones and a radiograph of parallel rays, which may stand anywhere.
_GAP_MM = 40.0
_GRAY = "vtkMRMLColorTableNodeGrey"


@dataclass(frozen=True, eq=False)
class PlacedRadiograph:
    """A radiograph in display orientation, and its position.

    Attributes:
        role: "ap" or "lateral".
        pixels: float32 `(rows, columns)`, 0..1, bone bright.
        camera: how it was taken.
        distance_mm: of the radiograph from the isocentre, for parallel rays.
    """

    role: str
    pixels: np.ndarray
    camera: Camera
    distance_mm: float


def radiograph_distance_mm(camera: Camera, points_ras_mm: np.ndarray) -> float:
    """Return how far from the isocentre a radiograph has to stand to clear points `(N, 3)`, the corners of the
    bones."""
    along_rays = (points_ras_mm - np.asarray(camera.isocentre_ras_mm)) @ view_axes(camera.view)[2]
    return float(along_rays.max()) + _GAP_MM


def add_radiograph_plane(
    result: slicer.vtkMRMLSegmentationNode, radiograph: PlacedRadiograph
) -> slicer.vtkMRMLModelNode:
    """Add a radiograph to the 3D view as a textured plane, unlit, and its picture as a volume."""
    model = add_hidden_node("vtkMRMLModelNode", TITLES[radiograph.role])
    picture = Picture.of(radiograph.pixels)
    place = RadiographPlace(radiograph.role, radiograph.camera, radiograph.distance_mm)
    model.SetAndObservePolyData(_mesh(place, picture))
    model.CreateDefaultDisplayNodes()
    display = model.GetDisplayNode()
    display.SetActiveScalarName(GRAY)
    display.SetScalarRangeFlag(slicer.vtkMRMLDisplayNode.UseManualScalarRange)
    display.SetScalarRange(0, 255)
    display.SetAndObserveColorNodeID(_GRAY)
    display.SetScalarVisibility(True)
    display.SetLighting(False)
    # From behind, where it would hide the bones, a radiograph is not seen.
    display.SetBackfaceCulling(True)
    display.SetVisibility2D(False)
    model.SetSelectable(False)
    link(result, RADIOGRAPH_PLANE, model, radiograph=radiograph.role)
    keep_place(model, place)
    name = f"{result.GetName()}: {TITLES[radiograph.role].lower()}"
    refer_to_picture(model, add_picture(result, place, picture, name))
    return model


def show_radiograph(result: slicer.vtkMRMLSegmentationNode, role: str, shown: bool) -> None:
    """Show or hide a radiograph in 3D."""
    for model in linked(result, RADIOGRAPH_PLANE, radiograph=role):
        model.GetDisplayNode().SetVisibility(shown)


def set_radiograph_opacity(result: slicer.vtkMRMLSegmentationNode, opacity: float) -> None:
    """Set the opacity, 0..1, of both radiographs."""
    for model in linked(result, RADIOGRAPH_PLANE):
        model.GetDisplayNode().SetOpacity(opacity)


def _mesh(radiograph: RadiographPlace, picture: Picture) -> vtk.vtkPolyData:
    """Return a radiograph as a mesh: gray values on coarse points, and the place of each point in the radiograph's
    picture."""
    coarse = picture.coarse(PLANE_LONG_SIDE)
    rows, columns = coarse.shape
    # The outermost points lie on the radiograph's edges.
    steps = np.meshgrid(np.linspace(0, 1, rows), np.linspace(0, 1, columns), indexing="ij")
    fractions = np.stack(steps, axis=-1)
    points = detector_points(radiograph.camera, picture.places(fractions), radiograph.distance_mm)
    mesh, corners = vtk.vtkPolyData(), vtk.vtkPoints()
    corners.SetData(numpy_to_vtk(points.reshape(-1, 3).astype(np.float32), deep=True))
    mesh.SetPoints(corners)
    mesh.SetStrips(_strips(rows, columns, _turns_away(radiograph.camera)))
    gray = numpy_to_vtk(coarse.ravel(), deep=True)
    gray.SetName(GRAY)
    mesh.GetPointData().SetScalars(gray)
    # Across, then down: a picture's first pixel is its upper left one.
    in_picture = numpy_to_vtk(fractions[..., ::-1].reshape(-1, 2).astype(np.float32), deep=True)
    in_picture.SetName("TextureCoordinates")
    mesh.GetPointData().SetTCoords(in_picture)
    return mesh


def redraw_plane(result: slicer.vtkMRMLSegmentationNode, model: slicer.vtkMRMLModelNode) -> None:
    """Make the mesh of a plane again from its place and picture, where both are kept."""
    role = provenance_value(model, "radiograph")
    place, gray = kept_places(result).get(role), kept_picture(result, role)
    if place is not None and gray is not None:
        block = max(1, max(place.camera.shape) // max(gray.shape))
        model.SetAndObservePolyData(_mesh(place, Picture(gray, block)))


def _turns_away(camera: Camera) -> bool:
    """Return whether triangles that run down, then along the columns, face away from the X-ray source."""
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
