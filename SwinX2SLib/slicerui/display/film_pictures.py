"""The picture of a film: a volume of one slice where the film stands, and the texture of its plane in 3D.

MRML stores no texture with a scene. A plane therefore refers to its picture, and the texture is connected again when
a scene was read. What is stored is a mesh in gray, coarse but right, which shows the film in a Slicer without this
module; where the module is there, the display of the plane is fed with a copy of the mesh in plain white, and the
texture colours it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import slicer
import slicer.util
import vtk
from vtk.util.numpy_support import numpy_to_vtk

from SwinX2SLib.reprojection import detector_points
from SwinX2SLib.slicerui.display.film_places import FilmPlace
from SwinX2SLib.slicerui.display.links import FILM_PICTURE, FILM_PLANE, link, linked, results_in_scene
from SwinX2SLib.slicerui.provenance import PREFIX

# Enough for a whole screen, and no more than any graphics card takes as a texture.
LONG_SIDE = 2048
GRAY = "Film"
_TEXTURE = PREFIX + "texture"
_WINDOW, _LEVEL = 255.0, 127.5


@dataclass(frozen=True, eq=False)
class Picture:
    """A film at no more pixels than a screen shows.

    Attributes:
        gray: uint8 `(rows, columns)`.
        block: side of the squares of the film's pixels of which each one is the mean; what fills no square, at the
            lower and the right edge, is left out.
    """

    gray: np.ndarray
    block: int

    @classmethod
    def of(cls, pixels: np.ndarray) -> Picture:
        """Make one of a film `(rows, columns)`, 0..1."""
        block = math.ceil(max(pixels.shape) / LONG_SIDE)
        rows, columns = (count // block for count in pixels.shape)
        means = pixels
        if block > 1:
            # Whole rows first, which is several times faster than blocks at once.
            sums = pixels[: rows * block].reshape(rows, block, -1).sum(axis=1, dtype=np.float32)
            means = sums[:, : columns * block].reshape(rows, columns, block).mean(axis=2) / block
        return cls(np.clip(np.rint(255 * means), 0, 255).astype(np.uint8), block)

    def coarse(self, long_side: int) -> np.ndarray:
        """Return it, uint8, at no more than so many pixels; each is the mean of what it stands for."""
        scale = max(1.0, max(self.gray.shape) / long_side)
        sums, counts = self.gray.astype(np.float32), []
        for axis, count in enumerate(self.gray.shape):
            starts = np.linspace(0, count, max(2, round(count / scale)), endpoint=False).astype(int)
            sums = np.add.reduceat(sums, starts, axis=axis)
            counts.append(np.diff(np.append(starts, count)))
        return np.rint(sums / np.outer(*counts)).astype(np.uint8)

    def places(self, fractions: np.ndarray) -> np.ndarray:
        """Return pixels (row, column) `(..., 2)` of the film at fractions 0..1 of the way from edge to edge."""
        return fractions * np.multiply(self.gray.shape, self.block) - 0.5


def add_picture(
    result: slicer.vtkMRMLSegmentationNode, place: FilmPlace, picture: Picture, name: str
) -> slicer.vtkMRMLScalarVolumeNode:
    """Add the picture of a film to the scene, as a volume of one slice.

    Args:
        result: the segmentation.
        place: where the film stands.
        picture: of the film.
        name: of the volume.
    """
    array, affine = picture.gray[np.newaxis], _affine(place, picture.block)
    volume = slicer.util.addVolumeFromArray(array, ijkToRAS=affine, name=name)
    volume.CreateDefaultDisplayNodes()
    volume.GetDisplayNode().SetAutoWindowLevel(False)
    volume.GetDisplayNode().SetWindowLevel(_WINDOW, _LEVEL)
    link(result, FILM_PICTURE, volume, film=place.role)
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
    # After the volume's window and level, so that the film looks alike in all views.
    display.SetTextureImageDataConnection(picture.GetDisplayNode().GetImageDataConnection())
    return True


def connect_pictures() -> None:
    """Connect the textures of all films of the scene, for when a scene was read."""
    for result in results_in_scene():
        for model in linked(result, FILM_PLANE):
            connect_picture(model)


def follow_scene(scene: slicer.vtkMRMLScene) -> int:
    """Connect textures whenever something was read into a scene, from now on; return the observer's tag."""
    return scene.AddObserver(scene.EndImportEvent, _on_scene_read)


def _on_scene_read(*_event: object) -> None:
    # The module may have been loaded anew since.
    from SwinX2SLib.slicerui.display import film_pictures

    film_pictures.connect_pictures()


def _affine(place: FilmPlace, block: int) -> np.ndarray:
    """Return the 4x4 matrix (column, row, slice) -> RAS mm of a picture whose pixels are blocks of the film's."""
    first = (block - 1) / 2
    pixels = np.array([[first, first], [first, first + block], [first + block, first]])
    origin, next_column, next_row = detector_points(place.camera, pixels, place.distance_mm)
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1] = next_column - origin, next_row - origin
    normal = np.cross(affine[:3, 0], affine[:3, 1])
    affine[:3, 2] = normal / np.linalg.norm(normal)
    affine[:3, 3] = origin
    return affine
