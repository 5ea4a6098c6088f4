"""The voxels of a segmentation's bones as arrays, and whether a person has changed them since."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import vtk_to_numpy

from SwinX2SLib.anatomy import Structure, ids_by_name, structure_named, structure_of_term
from SwinX2SLib.slicerui.provenance import PREFIX, set_attribute

Digests = Mapping[str, str]
"""By the bones' names: what is the same as long as no voxel of the bone has changed."""

_LABELS = slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()
_IDS = ids_by_name()
_DIGEST_BYTES = 8
# Of a voxel: grids that differ by less are the same grid.
_SAME = 1e-2
# Places are rounded before they are digested. No spacing is a multiple of this, so that no voxel lies just between.
_ROUNDING_MM = np.pi / 1000


class VoxelsError(RuntimeError):
    """A segmentation has no voxels, or none on a common grid; the message states why."""


@dataclass(frozen=True, eq=False)
class Layer:
    """One label volume of a segmentation; bones that do not overlap share one.

    Attributes:
        voxels: a copy, `(K, J, I)`.
        affine: 4x4, index `(i, j, k)` of `voxels` -> mm in the segmentation's own frame (RAS).
        bones: names of the bones, by their values; several values may be parts of one bone.
    """

    voxels: np.ndarray
    affine: np.ndarray
    bones: Mapping[int, str]


def bone_segments(segmentation: slicer.vtkSegmentation) -> dict[str, list[str]]:
    """Return the ids of the segments of each bone, by the bones' names in the order of their ids.

    A segment with a bone's name as its id is that bone. Others mean what their name or their terminology says, as for
    `swinx2s measure` (`io.segmentations.Segment`): parts (S1 to S5 of the sacrum), which belong to their bone, and
    bones that have no segment yet. What means no bone is a user's own.
    """
    found: dict[str, list[str]] = {}
    others: list[tuple[str, Structure]] = []
    for index in range(segmentation.GetNumberOfSegments()):
        segment_id = segmentation.GetNthSegmentID(index)
        if segment_id in _IDS:
            found[segment_id] = [segment_id]
        elif meant := _structure(segmentation.GetSegment(segment_id)):
            others.append((segment_id, meant))
    for segment_id, meant in others:
        if meant.part or meant.label.name not in found:
            found.setdefault(meant.label.name, []).append(segment_id)
    return {name: found[name] for name in _IDS if name in found}


def _structure(segment: slicer.vtkSegment) -> Structure | None:
    term = vtk.reference("")
    has_term = segment.GetTag(slicer.vtkSegment.GetTerminologyEntryTagName(), term)
    named = structure_named(segment.GetName() or "")
    return named or (structure_of_term(str(term)) if has_term else None)


def bone_layers(node: slicer.vtkMRMLSegmentationNode) -> list[Layer]:
    """Return copies of the volumes that hold bones; segments of a user's own are left out.

    Raises:
        VoxelsError: Slicer cannot make voxels of the segmentation.
    """
    segmentation = node.GetSegmentation()
    if segmentation.GetNumberOfSegments() and not segmentation.CreateRepresentation(_LABELS):
        raise VoxelsError(f"{node.GetName()} could not be converted to voxels.")
    bones: dict[str, dict[int, str]] = {}
    images: dict[str, slicer.vtkOrientedImageData] = {}
    for name, segments in bone_segments(segmentation).items():
        for segment in map(segmentation.GetSegment, segments):
            image = segment.GetRepresentation(_LABELS)
            if image is not None and image.GetNumberOfPoints() and image.GetPointData().GetScalars():
                shared = image.GetAddressAsString("")
                images[shared] = image
                bones.setdefault(shared, {})[segment.GetLabelValue()] = name
    return [_layer(image, bones[shared]) for shared, image in images.items()]


def _layer(image: slicer.vtkOrientedImageData, bones: Mapping[int, str]) -> Layer:
    voxels = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions()[::-1]).copy()
    matrix, extent = vtk.vtkMatrix4x4(), image.GetExtent()
    image.GetImageToWorldMatrix(matrix)
    affine = np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])
    # Slicer cuts and widens volumes while they are edited: indices start at the extent's, not at 0.
    affine[:3, 3] += affine[:3, :3] @ extent[::2]
    return Layer(voxels, affine, bones)


def bone_digests(layers: Collection[Layer]) -> dict[str, str]:
    """Return a digest of every bone that has voxels: of its own voxels, whatever volume holds them."""
    from scipy import ndimage

    parts: dict[str, list[str]] = {}
    for layer in layers:
        boxes = ndimage.find_objects(layer.voxels)
        for value, name in layer.bones.items():
            box = boxes[value - 1] if 0 < value <= len(boxes) else None
            if box is not None:
                parts.setdefault(name, []).append(_digest(layer, box, value))
    return {name: " ".join(sorted(digests)) for name, digests in parts.items()}


def _digest(layer: Layer, box: tuple[slice, ...], value: int) -> str:
    mask = layer.voxels[box] == value
    corner = layer.affine @ [*(part.start for part in box[::-1]), 1.0]
    place = np.rint(np.concatenate([corner[:3], layer.affine[:3, :3].ravel()]) / _ROUNDING_MM).astype(
        np.int64
    )
    digest = hashlib.blake2b(np.packbits(mask).tobytes(), digest_size=_DIGEST_BYTES)
    digest.update(place.tobytes() + np.array(mask.shape, np.int64).tobytes())
    return digest.hexdigest()


def changed_bones(before: Digests, now: Digests) -> list[str]:
    """Return the names of the bones that were changed, removed or added, in the order of their ids."""
    return [name for name in _IDS if before.get(name) != now.get(name)]


def label_volume(
    layers: Collection[Layer], bones: Collection[str] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return some bones, or all, as one volume.

    Returns:
        Labels uint8 `(I, J, K)` (ids of `anatomy`; 0 where none of these bones is; the bone of the higher id where
        two overlap), and the affine 4x4, index -> mm.

    Raises:
        VoxelsError: there is no volume, or the volumes do not lie on one grid.
    """
    if not layers:
        raise VoxelsError("The segmentation has no bones.")
    first = next(iter(layers))
    starts = [_start_on(first, layer) for layer in layers]
    shapes = [np.array(layer.voxels.shape[::-1]) for layer in layers]
    low = np.min(starts, axis=0)
    high = np.max([start + shape for start, shape in zip(starts, shapes, strict=True)], axis=0)
    found = np.zeros((high - low)[::-1], np.uint8)
    for layer, start, shape in zip(layers, starts, shapes, strict=True):
        part = found[tuple(slice(a, a + n) for a, n in zip((start - low)[::-1], shape[::-1], strict=True))]
        np.maximum(part, _ids_of(layer, bones), out=part)
    affine = first.affine.copy()
    affine[:3, 3] += affine[:3, :3] @ low
    return np.ascontiguousarray(found.transpose(2, 1, 0)), affine


def _ids_of(layer: Layer, bones: Collection[str] | None) -> np.ndarray:
    """Return a layer's volume with the ids of `anatomy`."""
    ids = np.zeros(max(int(layer.voxels.max()), 0) + 1, np.uint8)
    for value, name in layer.bones.items():
        if 0 < value < len(ids) and (bones is None or name in bones):
            ids[value] = _IDS[name]
    return ids[np.maximum(layer.voxels, 0)]


def _start_on(grid: Layer, layer: Layer) -> np.ndarray:
    """Return the index in a layer's grid at which another layer starts."""
    start = np.linalg.solve(grid.affine, layer.affine[:, 3])[:3]
    steps = np.linalg.solve(grid.affine[:3, :3], layer.affine[:3, :3])
    if np.abs(start - np.rint(start)).max() > _SAME or np.abs(steps - np.eye(3)).max() > _SAME:
        raise VoxelsError(
            "The bones are not on the same grid. Merge them in the Segmentations module, or measure them "
            "again."
        )
    return np.rint(start).astype(int)


def keep_digests(node: slicer.vtkMRMLNode, name: str, digests: Digests) -> None:
    """Keep the digests of the bones (`bone_voxels.bone_digests`) under a name."""
    set_attribute(node, name, json.dumps(digests))


def kept_digests(node: slicer.vtkMRMLNode, name: str) -> dict[str, str] | None:
    """Return what was kept under a name, or None where nothing was."""
    text = node.GetAttribute(PREFIX + name)
    return json.loads(text) if text else None
