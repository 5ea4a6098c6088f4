"""Bones as surfaces, from a label volume or a mesh."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage
from scipy.sparse import csgraph
from scipy.spatial import cKDTree

from SwinX2SLib.anatomy import ids_by_name
from SwinX2SLib.anatomy import labels as anatomy_labels
from SwinX2SLib.geometry.components import connected_components
from SwinX2SLib.geometry.frames import orientation_of, transform_points, voxel_spacing_mm
from SwinX2SLib.geometry.label_surfaces import mask_surface
from SwinX2SLib.geometry.surfaces import Surface, unit
from SwinX2SLib.geometry.tuples import vector3

# A loose piece belongs to the bone when it has this share of the largest piece and lies within this gap of what
# is kept: thin bones break into pieces at coarse voxels, while specks and pieces of another bone lie apart.
PIECE_FRACTION = 0.02
PIECE_GAP_MM = 8.0
# Fewer voxels of a bone on the border of the volume are a touch, not a cut.
CUT_VOXELS = 3
# A volume may be padded beyond its field of view: where so many bones end in one layer beyond which none lies, and it
# holds this part of the next layer's voxels, they were cut there. Bones end in tips, of half as many at most.
CUT_BONES = 3
CUT_LAYER_PART = 0.7
_FACES = {"R": "right", "L": "left", "A": "anterior", "P": "posterior", "S": "superior", "I": "inferior"}
_OPPOSITE = {"R": "L", "L": "R", "A": "P", "P": "A", "S": "I", "I": "S"}
_DIRECTIONS = {
    "right": (1.0, 0.0, 0.0),
    "left": (-1.0, 0.0, 0.0),
    "anterior": (0.0, 1.0, 0.0),
    "posterior": (0.0, -1.0, 0.0),
    "superior": (0.0, 0.0, 1.0),
    "inferior": (0.0, 0.0, -1.0),
}


@dataclass(frozen=True, eq=False)
class Bone:
    """One bone.

    Attributes:
        name: label name, `femur_left`.
        label: its id, 1..54.
        vertices_ras_mm: `(V, 3)` of the closed, smoothed surface.
        faces: `(F, 3)` int, vertex indices, counter-clockwise from outside.
        volume_mm3: of the voxels kept, or enclosed by the mesh.
        cut: faces of the field of view that cut it ("right", "left", "anterior", "posterior", "superior",
            "inferior"), those of a padded volume too; always empty for meshes, if unknown.
        spacing_mm: voxel size along the array axes, or None for meshes.
        kept_fraction: part of the label's voxels (or of the mesh's area) that is the bone; the rest lay loose.
        mask: boolean `(X, Y, Z)`, the voxels kept in their bounding box with holes filled, or None for meshes.
        affine: 4x4, index in `mask` -> RAS mm, or None for meshes.
    """

    name: str
    label: int
    vertices_ras_mm: np.ndarray
    faces: np.ndarray
    volume_mm3: float
    cut: tuple[str, ...] = ()
    spacing_mm: tuple[float, float, float] | None = None
    kept_fraction: float = 1.0
    mask: np.ndarray | None = None
    affine: np.ndarray | None = None

    @cached_property
    def surface(self) -> Surface:
        """The surface with its normals, areas and sections."""
        return Surface(self.vertices_ras_mm, self.faces)

    @property
    def voxel_count(self) -> int | None:
        """Number of voxels of the bone, or None for meshes."""
        return None if self.mask is None else int(np.count_nonzero(self.mask))

    def cut_near(self, places_ras_mm: Sequence[np.ndarray], margin_mm: float) -> list[str]:
        """Return the faces of the field of view that cut the bone within a margin of one of the places."""
        near = []
        for face in self.cut if len(places_ras_mm) else ():
            outwards = self._outwards(face)
            limit = float((self.vertices_ras_mm @ outwards).max()) - margin_mm
            if float((np.asarray(places_ras_mm) @ outwards).max()) > limit:
                near.append(face)
        return near

    def _outwards(self, face: str) -> np.ndarray:
        """Return the normal of a face of the field of view, `(3,)` in RAS; those of an oblique volume are oblique."""
        if self.affine is None:
            return np.array(_DIRECTIONS[face])
        # Along a face run the steps of the two other axes: square to both is a row of the inverse.
        rows = np.linalg.inv(self.affine[:3, :3])
        for code, row in zip(orientation_of(self.affine), rows, strict=True):
            if face in (_FACES[code], _FACES[_OPPOSITE[code]]):
                return unit(row if face == _FACES[code] else -row)
        raise ValueError(f"A volume has no face {face!r}.")


def bones_from_labels(
    labels: np.ndarray, affine: np.ndarray, names: tuple[str, ...] | None = None
) -> dict[str, Bone]:
    """Return the bones of a label volume by label name; labels without a voxel, and unknown ones, are left out.

    Args:
        labels: integers `(X, Y, Z)`, 0 or a label id, any orientation.
        affine: 4x4, index -> RAS mm.
        names: bones wanted; all when None.

    Raises:
        ValueError: the volume has not three axes, or the affine is singular.
    """
    labels = np.asarray(labels)
    if labels.ndim != 3:
        raise ValueError(f"A label volume must have three axes, not {labels.ndim}.")
    orientation_of(affine)
    if not np.issubdtype(labels.dtype, np.integer):
        labels = np.rint(labels).astype(np.int32)
    known = np.where((labels > 0) & (labels <= len(anatomy_labels())), labels, 0).astype(np.uint8)
    boxes = ndimage.find_objects(known)
    affine = np.asarray(affine, np.float64)
    masks = {}
    for label in anatomy_labels():
        box = boxes[label.id - 1] if label.id <= len(boxes) else None
        if box is not None:
            masks[label.name] = _filled(known[box] == label.id, box, voxel_spacing_mm(affine))
    view = _field_of_view(masks.values(), known.shape)
    return {
        name: _bone_from_mask(name, ids_by_name()[name], mask, view, affine)
        for name, mask in masks.items()
        if names is None or name in names
    }


def bone_from_mesh(name: str, vertices_ras_mm: np.ndarray, faces: np.ndarray) -> Bone:
    """Return the bone of a triangle mesh; loose pieces far from the largest one are left out.

    Args:
        name: label name.
        vertices_ras_mm: `(V, 3)`.
        faces: `(F, 3)` vertex indices.

    Raises:
        ValueError: the name is no label, or the mesh has no faces, or faces name vertices that are not there.
    """
    label = next((label for label in anatomy_labels() if label.name == name), None)
    if label is None:
        raise ValueError(f"{name!r} is not the name of a bone.")
    vertices = np.asarray(vertices_ras_mm, dtype=np.float64).reshape(-1, 3)
    faces = np.asarray(faces, dtype=np.int64).reshape(-1, 3)
    if not len(faces) or faces.min() < 0 or faces.max() >= len(vertices):
        raise ValueError(f"The mesh of {name} has no faces, or its faces refer to missing vertices.")
    if not np.isfinite(vertices).all():
        raise ValueError(f"The mesh of {name} has vertices that are not finite.")
    vertices, faces, kept = _joined_pieces(vertices, faces)
    surface = Surface(vertices, faces).turned_outwards()
    return Bone(name, label.id, surface.vertices, surface.faces, surface.volume_mm3, kept_fraction=kept)


@dataclass(frozen=True, eq=False)
class _Mask:
    """Voxels of a bone: boolean in their bounding box, the index of its first voxel, and the part kept."""

    filled: np.ndarray
    start: np.ndarray
    kept: float


def _filled(mask: np.ndarray, box: tuple, spacing_mm: np.ndarray) -> _Mask:
    mask, kept = _bone_voxels(mask, spacing_mm)
    extent = ndimage.find_objects(mask.astype(np.uint8))[0]
    start = np.array([outer.start + inner.start for outer, inner in zip(box, extent, strict=True)])
    return _Mask(ndimage.binary_fill_holes(mask[extent]), start, kept)


def _field_of_view(masks: Collection[_Mask], shape: tuple[int, ...]) -> np.ndarray:
    """Return the first voxel of the field of view along each axis, and the one after its last, `(3, 2)`."""
    view = np.array([[0, count] for count in shape])
    for axis, end in itertools.product(range(3), range(2)) if len(masks) >= CUT_BONES else ():
        ends = [mask.start[axis] + end * mask.filled.shape[axis] for mask in masks]
        outermost = max(ends) if end else min(ends)
        touching = [mask for mask, own in zip(masks, ends, strict=True) if own == outermost]
        layers = np.array([[_layer(mask.filled, axis, end, depth) for mask in touching] for depth in (0, 1)])
        cut = np.count_nonzero(layers[0] >= CUT_VOXELS) >= CUT_BONES
        if cut and layers[0].sum() >= CUT_LAYER_PART * layers[1].sum():
            view[axis, end] = outermost
    return view


def _layer(mask: np.ndarray, axis: int, end: int, depth: int) -> int:
    """Return the voxels of a layer, counted from one end of an axis."""
    if depth >= mask.shape[axis]:
        return 0
    return int(np.count_nonzero(np.take(mask, -1 - depth if end else depth, axis=axis)))


def _bone_from_mask(name: str, label: int, voxels: _Mask, view: np.ndarray, affine: np.ndarray) -> Bone:
    mask, local = voxels.filled, affine.copy()
    local[:3, 3] = transform_points(affine, voxels.start)
    surface = mask_surface(mask, local)
    return Bone(
        name=name,
        label=label,
        vertices_ras_mm=surface.vertices,
        faces=surface.faces,
        volume_mm3=float(mask.sum() * abs(np.linalg.det(affine[:3, :3]))),
        cut=_cut_faces(voxels, view, affine),
        spacing_mm=vector3(voxel_spacing_mm(affine)),
        kept_fraction=voxels.kept,
        mask=mask,
        affine=local,
    )


def _bone_voxels(mask: np.ndarray, spacing_mm: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the largest piece with the sizeable pieces near it, and the part of the voxels that these are."""
    pieces = connected_components(mask)
    if pieces.count == 1:
        return mask, 1.0
    kept = {pieces.largest}
    waiting = {int(piece) for piece in pieces.at_least(PIECE_FRACTION)} - kept
    while waiting:
        distance = ndimage.distance_transform_edt(~pieces.mask(list(kept)), sampling=spacing_mm)
        gap = ndimage.minimum(distance, pieces.numbers, list(waiting))
        reach = PIECE_GAP_MM + float(np.max(spacing_mm))
        near = {piece for piece, away in zip(waiting, gap, strict=True) if away <= reach}
        if not near:
            break
        kept, waiting = kept | near, waiting - near
    chosen = pieces.mask(list(kept))
    return chosen, float(chosen.sum() / mask.sum())


def _cut_faces(voxels: _Mask, view: np.ndarray, affine: np.ndarray) -> tuple[str, ...]:
    faces = []
    for axis, code in enumerate(orientation_of(affine)):
        last = voxels.start[axis] + voxels.filled.shape[axis]
        for end, touches, face in (
            (0, voxels.start[axis] <= view[axis, 0], _OPPOSITE[code]),
            (1, last >= view[axis, 1], code),
        ):
            if touches and _layer(voxels.filled, axis, end, 0) >= CUT_VOXELS:
                faces.append(_FACES[face])
    return tuple(sorted(faces))


def _joined_pieces(vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the mesh without pieces that lie apart, without unused vertices, and the part of the area kept."""
    count, piece = csgraph.connected_components(Surface(vertices, faces).adjacency, directed=False)
    corners = vertices[faces]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2
    areas = np.bincount(piece[faces[:, 0]], weights=area, minlength=count)
    largest = int(areas.argmax())
    tree = cKDTree(vertices[piece == largest])
    kept = [largest]
    for other in np.flatnonzero(areas >= PIECE_FRACTION * areas[largest]):
        if other != largest and tree.query(vertices[piece == other])[0].min() <= PIECE_GAP_MM:
            kept.append(int(other))
    faces = faces[np.isin(piece[faces[:, 0]], kept)]
    used, renumbered = np.unique(faces, return_inverse=True)
    part = float(areas[kept].sum() / max(areas.sum(), 1e-12))
    return vertices[used], renumbered.reshape(-1, 3), part
