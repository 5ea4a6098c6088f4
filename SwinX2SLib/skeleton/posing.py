"""The statistical skeleton in front of a detector: its vertices, their normals, and how weights and pose move them.

Frames: the model's is RAS mm from the hip axis; here network order (right -> left, anterior -> posterior, superior ->
inferior) in mm from the first voxel's centre.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np
import torch
from scipy.sparse import csr_matrix
from torch import Tensor

from SwinX2SLib.skeleton.algebra import CROSS
from SwinX2SLib.skeleton.model import (
    FEMUR_SIDES_SD,
    PARTS,
    BoneFrames,
    Skeleton,
    skeleton_model,
    zero_weights,
)
from SwinX2SLib.skeleton.rib_surfaces import SECTION_POINTS, TUBE_VERTICES
from SwinX2SLib.skeleton.table import FEMUR_LEFT, FEMUR_RIGHT, PELVIS, RIB_POINTS, VERTEBRAE

# Standard deviations of the pose: rotation, place, log magnification; and of each bone's own shift and turn.
ROTATION_RAD, TRANSLATION_MM, SCALE_SD = 0.1, 20.0, 0.2
OFFSET_MM, OFFSET_RAD = 1.5, 0.03
POSE_COUNT, OFFSET_COUNT = 7, 6
# Weights that move one bone alone, and all others.
LOCAL = ("vertebra_local", "pelvis_local", "femur_local")
SHARED = tuple(name for name in PARTS if name not in LOCAL)
_SIZES = [int(np.prod(PARTS[name])) for name in SHARED]
SHARED_COUNT = sum(_SIZES)
# Step of the differences by the weights of the ribs' section.
_SECTION_STEP = 0.5
# The same of the other weights; float32 and curvature each leave a few thousandths.
_WEIGHT_STEP = 0.01


def shared_place(name: str) -> int:
    """Return where a part of the weights starts among the shared ones."""
    return sum(_SIZES[: SHARED.index(name)])


@dataclass(eq=False)
class PosedSkeleton:
    """A skeleton and where it stands.

    Attributes:
        weights: of the model.
        pose: `(7,)`: rotation about right, front and up in `ROTATION_RAD`, place of the hip axis in `TRANSLATION_MM`,
            log magnification of the radiographs in `SCALE_SD` (pixel sizes are often wrong).
        offsets: `(B, 6)`, shift and small turn of each bone on its own, in `OFFSET_MM` and `OFFSET_RAD`.
    """

    weights: dict[str, Tensor] = field(default_factory=zero_weights)
    pose: Tensor = field(default_factory=lambda: torch.zeros(POSE_COUNT))
    offsets: Tensor = field(default_factory=lambda: torch.zeros(len(skeleton_model().slices), OFFSET_COUNT))

    @property
    def magnification(self) -> float:
        """How much larger the person is on the radiographs than the pixel size says."""
        return float(torch.exp(SCALE_SD * self.pose[6]))

    @property
    def shared(self) -> Tensor:
        """Shared weights and pose, `(SHARED_COUNT + 7,)`."""
        return torch.cat([*(self.weights[name].flatten() for name in SHARED), self.pose])

    @shared.setter
    def shared(self, vector: Tensor) -> None:
        self.weights.update(_unpacked(vector[:SHARED_COUNT].clone()))
        self.pose = vector[SHARED_COUNT:].clone()

    def own(self, label: int) -> Tensor:
        """Return what moves one bone alone: shift, turn and local deformation."""
        values = [self.offsets[bone_place(label)]]
        if local_functions(label) is not None:
            part, number = _local_place(label)
            values.append(self.weights[part][number].flatten())
        return torch.cat(values)

    def set_own(self, label: int, values: Tensor) -> None:
        """Set what moves one bone alone."""
        self.offsets[bone_place(label)] = values[:OFFSET_COUNT]
        if len(values) > OFFSET_COUNT:
            part, number = _local_place(label)
            self.weights[part][number] = values[OFFSET_COUNT:].view(-1, 3)

    def copy(self) -> PosedSkeleton:
        """Return a copy that can be changed."""
        weights = {name: value.clone() for name, value in self.weights.items()}
        return PosedSkeleton(weights, self.pose.clone(), self.offsets.clone())

    @torch.no_grad()
    def points_mm(self) -> np.ndarray:
        """Return the vertices of all bones, bone by bone as `SkeletonModel.slices` says, `(N, 3)`."""
        return self._moved(skeleton_model()(self.weights))

    @torch.no_grad()
    def state(self) -> State:
        """Return the skeleton and its derivatives."""
        skeleton, matrix = skeleton_model()(self.weights), pose_matrix(self.pose)[0].numpy()
        points = self._moved(skeleton)
        return State(
            points,
            vertex_normals(points),
            skeleton,
            matrix,
            self._frames_jacobian(),
            self._sections(skeleton),
        )

    def _moved(self, skeleton: Skeleton) -> np.ndarray:
        matrix, shift = pose_matrix(self.pose)
        points = (skeleton.points_mm @ matrix.T + shift).numpy().astype(np.float64)
        for own, offset in zip(skeleton_model().slices.values(), self.offsets.numpy(), strict=True):
            away = points[own] - points[own].mean(axis=0)
            points[own] += np.cross(OFFSET_RAD * offset[3:], away) + OFFSET_MM * offset[:3]
        return points

    def _frames_jacobian(self) -> BoneFrames:
        """Return derivatives of the frames and curves by shared weights and pose, their last axis."""
        model = skeleton_model()

        def frames(vector: Tensor) -> tuple[Tensor, Tensor, Tensor]:
            found = model.frames(_unpacked(vector[:SHARED_COUNT]))
            matrix, shift = pose_matrix(vector[SHARED_COUNT:])
            origins, curves = (
                points @ matrix.T + shift for points in (found.origins_mm, found.rib_curves_mm)
            )
            return origins, matrix @ found.matrices, curves

        here, steps = self.shared, _WEIGHT_STEP * torch.eye(SHARED_COUNT + POSE_COUNT)
        # Differences take half the time of forward derivatives, and are as good for a step of the descent.
        moved = torch.vmap(frames)(here + steps)
        origins, matrices, curves = (
            ((there - start) / _WEIGHT_STEP).movedim(0, -1)
            for there, start in zip(moved, frames(here), strict=True)
        )
        return BoneFrames(origins, matrices, curves, torch.zeros(0))

    def _sections(self, skeleton: Skeleton) -> np.ndarray:
        """Return derivatives of the ribs' vertices by the weights of their section, `(2, R, 3)`, RAS."""
        ribs = skeleton.points_mm[len(skeleton.shape_mm) :]
        found = []
        for step in _SECTION_STEP * torch.eye(2):
            changed = {**self.weights, "rib_section": self.weights["rib_section"] + step}
            found.append((skeleton_model().rib_surfaces(changed, skeleton.frames) - ribs) / _SECTION_STEP)
        return torch.stack(found).numpy()


def _unpacked(vector: Tensor) -> dict[str, Tensor]:
    parts = vector.split(_SIZES)
    return {name: part.view(PARTS[name]) for name, part in zip(SHARED, parts, strict=True)}


def pose_matrix(pose: Tensor) -> tuple[Tensor, Tensor]:
    """Return the matrix `(3, 3)` and the shift `(3,)` from RAS mm to network order mm."""
    turn = torch.matrix_exp(torch.einsum("kij,k->ij", CROSS, ROTATION_RAD * pose[:3]))
    return -torch.exp(SCALE_SD * pose[6:7]) * turn, TRANSLATION_MM * pose[3:6]


@dataclass(frozen=True, eq=False)
class State:
    """A posed skeleton and what is needed of its derivatives.

    Attributes:
        points: vertices of all bones [mm], `(N, 3)`.
        normals: outward normals of the surfaces, `(N, 3)`.
        skeleton: in the model's frame.
        matrix: of the pose, `(3, 3)`.
        jacobian: of frames and curves by shared weights and pose.
        sections: of the ribs' vertices by the weights of their section, `(2, R, 3)`, RAS.
    """

    points: np.ndarray
    normals: np.ndarray
    skeleton: Skeleton
    matrix: np.ndarray
    jacobian: BoneFrames
    sections: np.ndarray

    def shared_factors(
        self, vertex: np.ndarray, direction: np.ndarray, label: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return derivatives of places of one bone along directions by shared weights and pose, as a product.

        The places of a bone depend on its frame or its curve alone, and on few modes of its shape. So the normal
        equations of many places need products of few factors, never their rows.

        Args:
            vertex: of the bone, `(M,)`.
            direction: `(M, 3)`.
            label: of the bone.

        Returns:
            Factors `(M, D)` and matrix `(D, SHARED_COUNT + 7)`; their product is the rows `(M, SHARED_COUNT + 7)`.
        """
        frame = frame_of_vertex()[vertex[0]]
        if frame < 0:
            return self._rib_factors(vertex, direction, label)
        shape = self.skeleton.shape_mm.numpy()[vertex]
        factors = [direction, (direction[:, :, None] * shape[:, None, :]).reshape(len(vertex), 9)]
        matrices = [
            self.jacobian.origins_mm[frame].numpy(),
            self.jacobian.matrices[frame].numpy().reshape(9, -1),
        ]
        if columns := _mode_columns().get(label):
            own = skeleton_model().modes_mm(label)[:, vertex - skeleton_model().slices[label].start]
            local = direction @ (self.matrix @ self.skeleton.frames.matrices[frame].numpy())
            factors.append(np.einsum("ma,kma->mk", local, own))
            matrices.append(_at_columns(len(own), columns))
        return np.concatenate(factors, axis=1), np.concatenate(matrices)

    def _rib_factors(
        self, vertex: np.ndarray, direction: np.ndarray, label: int
    ) -> tuple[np.ndarray, np.ndarray]:
        first, start = len(self.skeleton.shape_mm), skeleton_model().slices[label].start
        place, number = vertex - start, (start - first) // TUBE_VERTICES
        # The last two vertices of a tube are its ends.
        ring = np.select(
            [place < RIB_POINTS * SECTION_POINTS, place == RIB_POINTS * SECTION_POINTS],
            [place // SECTION_POINTS, 0],
            RIB_POINTS - 1,
        )
        of_curve = np.zeros((len(vertex), RIB_POINTS, 3))
        of_curve[np.arange(len(vertex)), ring] = direction
        moved = self.sections[:, vertex - first] @ self.matrix.T
        of_section = (direction * moved).sum(axis=2).T
        curve = self.jacobian.rib_curves_mm.numpy().reshape(24, 3 * RIB_POINTS, -1)[number]
        section = _at_columns(len(moved), ((shared_place("rib_section"), 1.0),))
        factors = np.concatenate([of_curve.reshape(len(vertex), -1), of_section], axis=1)
        return factors, np.concatenate([curve, section])

    def own_rows(self, vertex: np.ndarray, direction: np.ndarray, label: int) -> np.ndarray:
        """Return derivatives by one bone's own shift, turn and local deformation, float32 `(M, 6 + 3 K)`."""
        part, functions = skeleton_model().slices[label], local_functions(label)
        away = self.points[vertex] - self.points[part].mean(axis=0)
        rows = [OFFSET_MM * direction, OFFSET_RAD * np.cross(away, direction)]
        if functions is not None:
            matrix = self.matrix @ self.skeleton.frames.matrices[frame_of_vertex()[part.start]].numpy()
            local = (direction @ matrix)[:, None, :] * functions[vertex - part.start][:, :, None]
            rows.append(local.reshape(len(vertex), -1))
        return np.concatenate(rows, axis=1).astype(np.float32)


def local_functions(label: int) -> np.ndarray | None:
    """Return the functions of a bone's local deformation, `(V, K)`; None of ribs."""
    return skeleton_model().local_functions.get(label)


def _local_place(label: int) -> tuple[str, int]:
    """Return the part of the weights and the place in it of a bone's local deformation."""
    if label in VERTEBRAE:
        return "vertebra_local", label - 1
    return ("pelvis_local", PELVIS.index(label)) if label in PELVIS else ("femur_local", label - FEMUR_LEFT)


@cache
def _mode_columns() -> dict[int, tuple[tuple[int, float], ...]]:
    """Return by label where the weights of a bone's modes of shape start among the shared ones, and their factor."""
    sides, count = shared_place("femur_sides"), PARTS["femur"][0]
    found: dict[int, tuple[tuple[int, float], ...]] = {
        label: ((shared_place("pelvis"), 1.0),) for label in PELVIS
    }
    for number, label in enumerate((FEMUR_LEFT, FEMUR_RIGHT)):
        found[label] = ((shared_place("femur"), 1.0), (sides + number * count, FEMUR_SIDES_SD))
    return found


def _at_columns(count: int, columns: tuple[tuple[int, float], ...]) -> np.ndarray:
    """Return what puts so many numbers, times a factor, from each column on, `(count, SHARED_COUNT + 7)`."""
    matrix = np.zeros((count, SHARED_COUNT + POSE_COUNT))
    for start, factor in columns:
        matrix[:, start : start + count] += factor * np.eye(count)
    return matrix


@cache
def bone_of_vertex() -> np.ndarray:
    """Return the label of each vertex' bone, `(N,)`."""
    slices = skeleton_model().slices
    return np.concatenate([np.full(part.stop - part.start, label) for label, part in slices.items()])


@cache
def frame_of_vertex() -> np.ndarray:
    """Return the number of each vertex' frame in `BoneFrames`, `(N,)`; -1 of ribs, which have curves."""
    frame = np.full(len(bone_of_vertex()), -1)
    frame[: len(skeleton_model().frame_of_vertex)] = skeleton_model().frame_of_vertex.numpy()
    return frame


@cache
def _bone_places() -> dict[int, int]:
    return {label: place for place, label in enumerate(skeleton_model().slices)}


def bone_place(label: int) -> int:
    """Return a bone's place among `SkeletonModel.slices`."""
    return _bone_places()[label]


@cache
def _all_faces() -> tuple[np.ndarray, csr_matrix]:
    """Return the faces of all bones and the matrix that adds up their normals at the vertices."""
    model = skeleton_model()
    faces = np.concatenate([faces + model.slices[label].start for label, faces in model.faces.items()])
    index = (faces.T.ravel(), np.tile(np.arange(len(faces)), 3))
    return faces, csr_matrix((np.ones(3 * len(faces)), index), shape=(len(bone_of_vertex()), len(faces)))


def vertex_normals(points: np.ndarray) -> np.ndarray:
    """Return the outward normals `(N, 3)` at vertices in network order."""
    faces, adding = _all_faces()
    corners = points[faces]
    # Network order turns all three axes round: faces run clockwise in it.
    total = adding @ np.cross(corners[:, 2] - corners[:, 0], corners[:, 1] - corners[:, 0])
    return total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-9)
