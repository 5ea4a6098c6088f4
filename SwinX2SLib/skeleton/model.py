"""The statistical skeleton: 53 bones from weights that are standard normal in people, differentiable.

Built from below: pelvis around the hip axis, femora in the sockets, L5 on the sacrum, the column upwards along modes
of its course, ribs on their vertebrae. Frame: patient RAS, mm, from the middle of the hip axis. L6 is not modelled.

Sources: hips, sacrum and femora, LLP26 (26 adults, MPL-2.0); course of the spine, 2116 scans (ImFusion VID, CC BY-SA
4.0); vertebrae, means of `bone_shapes`; ribs, Holcombe et al. 2017 (doi 10.1111/joa.12632).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import sqrt

import numpy as np
import torch
from torch import Tensor

from SwinX2SLib.anatomy import ids_by_name
from SwinX2SLib.skeleton.algebra import fitted_ball, plane_normal, rotation, smooth_functions
from SwinX2SLib.skeleton.discs import ADULT_SIZE, BODY_STEPS_MM, SACRUM
from SwinX2SLib.skeleton.rib_surfaces import DEGREE, TUBE_VERTICES, placed_ribs, rib_tubes, tube_faces
from SwinX2SLib.skeleton.table import (
    FEMUR_LEFT,
    FEMUR_RIGHT,
    HIP_LEFT,
    HIP_RIGHT,
    PELVIS,
    VERTEBRAE,
    SkeletonTable,
    skeleton_table,
)

# Shapes of the parts of the weights.
PARTS: dict[str, tuple[int, ...]] = {
    "size": (1,),
    "lean": (12,),
    "axial": (5,),
    "steps": (23,),
    "vertebra": (3,),
    "vertebra_own": (24, 3),
    "vertebra_tilt": (24, 2),
    "pelvis_size": (1,),
    "pelvis_stretch": (3,),
    "pelvis": (20,),
    "pelvis_pose": (3,),
    "femur_size": (2,),
    "femur": (8,),
    "femur_sides": (2, 8),
    "hips": (2, 3),
    "ribs": (8,),
    "rib_slopes": (2,),
    "rib_levels": (12, 8),
    "rib_sides": (2, 12, 4),
    "rib_heads": (3,),
    "rib_section": (2,),
    # What the modes of a few people leave: smooth local deformation of each bone on its own.
    "vertebra_local": (24, 8, 3),
    "pelvis_local": (3, 20, 3),
    "femur_local": (2, 14, 3),
    # By how much the left ribs differ from the right ones; last, so that random people of a seed stay the same.
    "rib_asymmetry": (4,),
}
Weights = Mapping[str, Tensor]

C1_STEP_MM = 15.5
# Share of the distance of two bodies' middles that is bone, by rounded heights of bodies and discs: cervical,
# thoracic, lumbar (Busscher et al. 2010, Eur Spine J 19:1104).
BODY_SHARE = (*(0.74,) * 7, *np.linspace(0.83, 0.84, 12).tolist(), *(0.77,) * 5)
L5_DISC_MM = 9.0
# Standard deviations. Sizes as logs, angles in degrees.
SIZE_SD, STEP_SD, PELVIS_OWN_SIZE_SD, PELVIS_STRETCH_SD = 0.05, 0.03, 0.025, 0.03
VERTEBRA_SD, VERTEBRA_OWN_SD, VERTEBRA_TILT_SD_DEG = (0.06, 0.06, 0.03), 0.025, 2.5
AXIAL_SD_DEG = 3.0
# Pitch, obliquity and rotation of the pelvis; its mean is turned so that the sacral slope is about 40 degrees.
PELVIS_MEAN_PITCH_DEG, PELVIS_SD_DEG = -8.0, (7.0, 2.0, 3.0)
# How far the pelvis follows the lean of L4-L5.
PELVIS_FOLLOWS = 0.5
FEMUR_SIDES_SD = 0.3
# Between the surfaces of a femoral head and its socket, mean and deviation.
JOINT_SPACE_MM, JOINT_SPACE_SD_MM = 1.7, 0.5
# Local deformation, a Gaussian process on the mean surface (Luethi et al. 2018, IEEE TPAMI 40:1860): deviation and
# correlation length [mm] of vertebrae, pelvis and femora.
VERTEBRA_LOCAL_MM, PELVIS_LOCAL_MM, FEMUR_LOCAL_MM = (1.0, 18.0), (2.0, 40.0), (1.5, 40.0)
# How far from the middle of a hip joint it is small [mm].
JOINT_MM = 25.0
# Flexion, abduction, outward rotation.
HIP_SD_DEG = (6.0, 4.0, 9.0)
# Correlation of the angles of both hips: the legs of a person who lies or stands still lie much alike.
HIPS_ALIKE = 0.8
# Part of a rib parameter's deviation that the whole cage shares, that a level has, that a rib has
# (measured: a person's pump handle is nearly one number for all levels), and by which all ribs of a side differ from
# their mean with the other side.
RIB_SHARED, RIB_LEVEL, RIB_SIDE, RIB_ASYMMETRY = 0.85, 0.45, 0.2, 0.3
RIB_SLOPE_SD_DEG = (4.0, 4.0)
RIB_HEAD_SD_MM = (2.0, 2.5, 2.5)
# Half height, half thickness [mm] and their log standard deviations.
RIB_SECTION_MM, RIB_SECTION_SD = (6.0, 3.5), (0.2, 0.2)
_CHORD, _PUMP, _SWING, _BUCKET = 0, 5, 6, 7
_SIDED = (_CHORD, _PUMP, _SWING, _BUCKET)


@dataclass(frozen=True, eq=False)
class BoneFrames:
    """Where bones are, how turned and stretched: a point x of a bone's own shape lies at origin + matrix x.

    Attributes:
        origins_mm: `(27, 3)` of C1 to L5, the pelvis, the left and the right femur.
        matrices: `(27, 3, 3)`.
        rib_curves_mm: `(2, 12, RIB_POINTS, 3)`, left and right, from the head forwards.
        rib_normals: of the ribs' planes, `(2, 12, 3)`.
    """

    origins_mm: Tensor
    matrices: Tensor
    rib_curves_mm: Tensor
    rib_normals: Tensor


@dataclass(frozen=True, eq=False)
class Skeleton:
    """One skeleton in RAS mm.

    Attributes:
        points_mm: vertices of all bones, `(N, 3)`, bone by bone as `SkeletonModel.slices` says.
        shape_mm: the same but of ribs, each bone in its own frame.
        frames: of the bones.
        body_centres_mm: `(24, 3)` of C1 to L5.
        body_axes: `(24, 3, 3)`, columns right, front and up of each vertebra.
        heads_mm: centres of the left and right femoral head, `(2, 3)`.
        endplate_mm: `(2, 3)`, centre of the sacral endplate and its normal.
    """

    points_mm: Tensor
    shape_mm: Tensor
    frames: BoneFrames
    body_centres_mm: Tensor
    body_axes: Tensor
    heads_mm: Tensor
    endplate_mm: Tensor

    @property
    def rib_curves_mm(self) -> Tensor:
        """Centrelines of the ribs, `(2, 12, RIB_POINTS, 3)`, left and right, from the head forwards."""
        return self.frames.rib_curves_mm


def zero_weights() -> dict[str, Tensor]:
    """Return the weights of the mean person."""
    return {name: torch.zeros(shape) for name, shape in PARTS.items()}


def log_prior(weights: Weights) -> Tensor:
    """Return the log of the density of weights, up to a constant."""
    return -0.5 * sum(((value**2).sum() for value in weights.values()), torch.zeros(()))


def rib_label(number: int, side: str) -> int:
    """Return the label of rib 1 to 12 of the side "left" or "right"."""
    return ids_by_name()[f"rib_{side}_{number}"]


class SkeletonModel:
    """Skeletons from weights."""

    def __init__(self, table: SkeletonTable | None = None):
        self.table = table or skeleton_table()
        self._mean = {label: _tensor(bone.vertices_mm) for label, bone in self.table.bones.items()}
        self._modes = {label: _tensor(bone.modes_mm) for label, bone in self.table.bones.items()}
        self._lean_mean, self._lean_modes = _tensor(self.table.lean_mean), _tensor(self.table.lean_modes)
        steps = np.array([C1_STEP_MM, *BODY_STEPS_MM[:22]]) * ADULT_SIZE
        self._steps_mm = _tensor(steps)
        around = np.concatenate([steps[:1], (steps[1:] + steps[:-1]) / 2, steps[-1:]])
        scale = np.array(BODY_SHARE) * around / self.table.body_height_mm
        scale[:2] = scale[2]
        self._vertebra_scale = scale
        self._body = np.stack(
            [
                _body_size(self.table.bones[label].vertices_mm, height)
                for label, height in zip(VERTEBRAE, self.table.body_height_mm, strict=True)
            ]
        )
        self._axial_basis = _tensor(_cosines(24, PARTS["axial"][0]))
        self._rib = {
            name: _tensor(getattr(self.table.ribs, name)) for name in ("mean", "sd", "curves", "curve_modes")
        }
        self._vertebrae = torch.cat([self._mean[label] for label in VERTEBRAE])
        self._level = torch.repeat_interleave(
            torch.arange(24), torch.tensor([len(self._mean[label]) for label in VERTEBRAE])
        )
        self.slices = self._slices()
        self.local_functions = {
            label: self._local_functions(label).numpy() for label in (*VERTEBRAE, *PELVIS, FEMUR_LEFT)
        }
        self.local_functions[FEMUR_RIGHT] = self.local_functions[FEMUR_LEFT]
        self._basis = {label: torch.from_numpy(basis) for label, basis in self.local_functions.items()}
        self._vertebra_basis = torch.cat([self._basis[label] for label in VERTEBRAE])
        femur = len(self._mean[FEMUR_LEFT])
        counts = torch.tensor([sum(len(self._mean[label]) for label in PELVIS), femur, femur])
        self.frame_of_vertex = torch.cat([self._level, torch.repeat_interleave(torch.arange(24, 27), counts)])

    def modes_mm(self, label: int) -> np.ndarray:
        """Return the modes of a bone of the pelvis or of a femur in its own frame, `(K, V, 3)`."""
        return self._modes[FEMUR_LEFT if label == FEMUR_RIGHT else label].numpy()

    def _local_functions(self, label: int) -> Tensor:
        """Return the smoothest functions on a bone's vertices, `(V, K)`, as large as their process has them."""
        part, process = (
            ("vertebra", VERTEBRA_LOCAL_MM)
            if label in VERTEBRAE
            else ("pelvis", PELVIS_LOCAL_MM)
            if label in PELVIS
            else ("femur", FEMUR_LOCAL_MM)
        )
        vertices = self.table.bones[label].vertices_mm
        functions = smooth_functions(vertices, *process, PARTS[f"{part}_local"][1])
        ball = self.table.head if label == FEMUR_LEFT else self.table.sockets.get(label)
        if ball is not None:
            # The joint keeps its place.
            away = np.linalg.norm(vertices - fitted_ball(_tensor(vertices[ball]))[0].numpy(), axis=1)
            functions *= 1 - np.exp(-(away[:, None] ** 2) / (2 * JOINT_MM**2))
        return _tensor(functions)

    def _slices(self) -> dict[int, slice]:
        """Return where the vertices of each bone lie in `Skeleton.points_mm`."""
        counts = {label: len(self._mean[label]) for label in (*VERTEBRAE, *PELVIS, FEMUR_LEFT)}
        counts[FEMUR_RIGHT] = counts[FEMUR_LEFT]
        counts |= {
            rib_label(number, side): TUBE_VERTICES for side in ("left", "right") for number in range(1, 13)
        }
        ends = np.cumsum(list(counts.values())).tolist()
        return {label: slice(end - counts[label], end) for label, end in zip(counts, ends, strict=True)}

    @property
    def faces(self) -> dict[int, np.ndarray]:
        """Faces of every bone, `(F, 3)`, counter-clockwise from outside."""
        found = {label: bone.faces for label, bone in self.table.bones.items()}
        found[FEMUR_RIGHT] = found[FEMUR_LEFT][:, ::-1]
        tube = tube_faces()
        for number in range(1, 13):
            for side in ("left", "right"):
                found[rib_label(number, side)] = tube
        return dict(sorted(found.items()))

    def __call__(self, weights: Weights) -> Skeleton:
        """Return the skeleton of weights, as `PARTS` names and shapes them."""
        frames, places = self._frames(weights)
        shape = self._shapes(weights)
        bone = self.frame_of_vertex
        moved = frames.origins_mm[bone] + torch.einsum("nij,nj->ni", frames.matrices[bone], shape)
        points = torch.cat([moved, self.rib_surfaces(weights, frames)])
        return Skeleton(points, shape, frames, *places)

    def frames(self, weights: Weights) -> BoneFrames:
        """Return the frames of the bones and the curves of the ribs; local deformation does not move them."""
        return self._frames(weights)[0]

    def _frames(self, weights: Weights) -> tuple[BoneFrames, tuple[Tensor, Tensor, Tensor, Tensor]]:
        """Return the frames, and centres and axes of the vertebrae, heads of the femora and the sacral endplate."""
        size = torch.exp(SIZE_SD * weights["size"][0])
        lean = self._lean_mean + torch.tensordot(weights["lean"], self._lean_modes, dims=1)
        pelvis, heads, radii, endplate = self._pelvis(weights, size, lean)
        centres, axes, scales = self._spine(weights, size, lean, endplate)
        ribs = self._ribs(weights, size, centres, axes, scales)
        parts = [(centres, axes * scales[:, None]), pelvis, *self._femora(weights, heads, radii)]
        origins = torch.cat([origin.reshape(-1, 3) for origin, _ in parts])
        matrices = torch.cat([matrix.reshape(-1, 3, 3) for _, matrix in parts])
        return BoneFrames(origins, matrices, *ribs), (centres, axes, heads, endplate)

    def _shapes(self, weights: Weights) -> Tensor:
        """Return the vertices of all bones but ribs, each in its own frame, `(N, 3)`."""
        local = torch.einsum("nkj,nk->nj", weights["vertebra_local"][self._level], self._vertebra_basis)
        found = [self._vertebrae + local]
        for number, label in enumerate(PELVIS):
            modes = torch.tensordot(weights["pelvis"], self._modes[label], dims=1)
            found.append(self._mean[label] + modes + self._basis[label] @ weights["pelvis_local"][number])
        for number in range(2):
            modes = torch.tensordot(self._femur_weights(weights, number), self._modes[FEMUR_LEFT], dims=1)
            local = self._basis[FEMUR_LEFT] @ weights["femur_local"][number]
            found.append(self._mean[FEMUR_LEFT] + modes + local)
        return torch.cat(found)

    def _femur_weights(self, weights: Weights, number: int) -> Tensor:
        return weights["femur"] + FEMUR_SIDES_SD * weights["femur_sides"][number]

    def _landmarks(self, label: int, modes: Tensor, vertices: np.ndarray) -> Tensor:
        """Return some vertices of a bone, moved by its modes."""
        return self._mean[label][vertices] + torch.tensordot(modes, self._modes[label][:, vertices], dims=1)

    def _pelvis(
        self, weights: Weights, size: Tensor, lean: Tensor
    ) -> tuple[tuple[Tensor, Tensor], Tensor, Tensor, Tensor]:
        """Return the pelvis' frame, centres and radii of both sockets and the sacral endplate."""
        own = size * torch.exp(
            PELVIS_OWN_SIZE_SD * weights["pelvis_size"] + PELVIS_STRETCH_SD * weights["pelvis_stretch"]
        )
        balls = [
            fitted_ball(own * self._landmarks(label, weights["pelvis"], self.table.sockets[label]))
            for label in (HIP_LEFT, HIP_RIGHT)
        ]
        sockets, radii = (torch.stack(values) for values in zip(*balls, strict=True))
        # Lean is positive where the lower body lies further back.
        follows = PELVIS_FOLLOWS * (lean[-1, 1] - self._lean_mean[-1, 1]) / DEGREE
        pose = torch.tensor([-1.0, 1.0, 1.0]) * torch.tensor(PELVIS_SD_DEG) * weights["pelvis_pose"]
        turn = rotation(pose + torch.tensor([1.0, 0.0, 0.0]) * (follows - PELVIS_MEAN_PITCH_DEG))
        middle = sockets.mean(0)
        plate = (own * self._landmarks(SACRUM, weights["pelvis"], self.table.endplate) - middle) @ turn.T
        normal = plane_normal(plate)
        towards = turn @ _tensor(self.table.endplate_mm[1])
        normal = normal * torch.sign((normal * towards).sum())
        heads, endplate = (sockets - middle) @ turn.T, torch.stack([plate.mean(0), normal])
        return (-turn @ middle, turn * own), heads, radii, endplate

    def _femora(self, weights: Weights, heads: Tensor, radii: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Return the frames of the left and the right femur, whose heads lie in sockets of given radii."""
        found = []
        alike, apart = (weights["hips"][0] + way * weights["hips"][1] for way in (1.0, -1.0))
        alike, apart = alike * sqrt(1 + HIPS_ALIKE) / 2, apart * sqrt(1 - HIPS_ALIKE) / 2
        for number, side in enumerate((-1.0, 1.0)):
            ball, radius = fitted_ball(
                self._landmarks(FEMUR_LEFT, self._femur_weights(weights, number), self.table.head)
            )
            turn = rotation(torch.tensor(HIP_SD_DEG) * (alike - side * apart))
            # The head is as large as its socket lets it be.
            own = (
                radii[number] - JOINT_SPACE_MM - JOINT_SPACE_SD_MM * weights["femur_size"][number]
            ) / radius
            matrix = torch.tensor([-side, 1.0, 1.0])[:, None] * turn * own
            found.append((heads[number] - matrix @ ball, matrix))
        return found

    def _spine(
        self, weights: Weights, size: Tensor, lean: Tensor, endplate: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return centres `(24, 3)`, axes `(24, 3, 3)` and scales `(24, 3)` of the vertebrae."""
        steps = self._steps_mm * size * torch.exp(STEP_SD * weights["steps"])
        up = torch.cat([torch.tan(lean), torch.ones(len(lean), 1)], dim=1)
        up = up / up.norm(dim=1, keepdim=True)
        ups = torch.cat([up[:1], (up[1:] + up[:-1]) / 2, (up[-1:] + endplate[1:]) / 2])
        angles = VERTEBRA_TILT_SD_DEG * DEGREE * weights["vertebra_tilt"]
        ups = ups + torch.cat([angles, torch.zeros(len(angles), 1)], dim=1)
        ups = ups / ups.norm(dim=1, keepdim=True)
        height = float(self._vertebra_scale[-1] * self.table.body_height_mm[-1]) * size
        rise = endplate[1] + ups[-1]
        last = endplate[0] + L5_DISC_MM * size * rise / rise.norm() + height / 2 * ups[-1]
        above = torch.flip(torch.cumsum(torch.flip(up * steps[:, None], (0,)), 0), (0,))
        centres = torch.cat([last + above, last[None]])
        axial = AXIAL_SD_DEG * DEGREE * self._axial_basis @ weights["axial"]
        right = torch.stack([torch.cos(axial), torch.sin(axial), torch.zeros_like(axial)], dim=1)
        right = right - ups * (right * ups).sum(1, keepdim=True)
        right = right / right.norm(dim=1, keepdim=True)
        axes = torch.stack([right, torch.linalg.cross(ups, right), ups], dim=2)
        own = torch.tensor(VERTEBRA_SD) * weights["vertebra"] + VERTEBRA_OWN_SD * weights["vertebra_own"]
        return centres, axes, _tensor(self._vertebra_scale)[:, None] * size * torch.exp(own)

    def _ribs(
        self, weights: Weights, size: Tensor, centres: Tensor, axes: Tensor, scales: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return centrelines `(2, 12, N, 3)` of the left and right ribs and normals of their planes `(2, 12, 3)`."""
        shared = RIB_SHARED * weights["ribs"] + RIB_LEVEL * weights["rib_levels"]
        apart = RIB_ASYMMETRY * torch.stack([weights["rib_asymmetry"], -weights["rib_asymmetry"]])[:, None]
        sides = RIB_SIDE * weights["rib_sides"] + apart
        own = torch.zeros(2, 12, 8).index_copy(2, torch.tensor(_SIDED), sides)
        level = torch.linspace(-1, 1, 12)
        slope = torch.outer(level, torch.tensor(RIB_SLOPE_SD_DEG) * weights["rib_slopes"])
        values = self._rib["mean"] + self._rib["sd"] * (shared + own)
        values = values.index_add(2, torch.tensor([_PUMP, _SWING]), slope.expand(2, 12, 2))
        plane = self._rib["curves"] + torch.einsum("rk,rknc->rnc", shared[:, 1:5], self._rib["curve_modes"])
        curve, normal = placed_ribs(
            plane * (values[..., _CHORD] * size)[..., None, None],
            values[..., _PUMP],
            values[..., _SWING],
            values[..., _BUCKET],
        )
        sides = torch.tensor([[-1.0, 1.0, 1.0], [1.0, 1.0, 1.0]])[:, None]
        thoracic = slice(7, 19)
        body = _tensor(self._body[thoracic]) * scales[thoracic]
        place = torch.tensor(_HEAD_PLACES) * body + torch.tensor(RIB_HEAD_SD_MM) * weights["rib_heads"] * size
        heads = centres[thoracic] + torch.einsum("rij,srj->sri", axes[thoracic], place * sides)
        frames = _half_turned(axes[thoracic])
        placed = heads[:, :, None] + torch.einsum("rij,srnj->srni", frames, curve * sides[:, :, None])
        # A mirrored plane's normal is a cross product: it keeps its side.
        return placed, torch.einsum("rij,srj->sri", frames, normal * sides)

    def rib_surfaces(self, weights: Weights, frames: BoneFrames) -> Tensor:
        """Return the surfaces of the left and right ribs around their curves, `(24 * TUBE_VERTICES, 3)`."""
        size = torch.exp(SIZE_SD * weights["size"][0])
        spread = torch.exp(torch.tensor(RIB_SECTION_SD) * weights["rib_section"])
        section = torch.tensor(RIB_SECTION_MM) * size * spread
        return rib_tubes(frames.rib_curves_mm, frames.rib_normals, section).reshape(-1, 3)


# Where the heads of the ribs lie on the bodies of their vertebrae, relative to half width, half depth, half height:
# at the upper edge, but of ribs 1, 11 and 12 on the body itself.
_HEAD_PLACES = (
    (1.0, -0.65, 0.1),
    *((1.05, -0.75, 0.75),) * 9,
    (1.05, -0.75, 0.2),
    (1.05, -0.75, 0.1),
)


@cache
def skeleton_model() -> SkeletonModel:
    """Return the model, made once; its tensors serve derivatives, wherever it is made."""
    with torch.inference_mode(False):
        return SkeletonModel()


def _tensor(array: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32))


def _cosines(count: int, terms: int) -> np.ndarray:
    """Return smooth curves `(count, terms)` whose variances decrease and add up to 1."""
    place = np.arange(count) / (count - 1)
    basis = np.stack([np.cos(np.pi * k * place) / (1 + k) for k in range(terms)], axis=1)
    return basis / np.sqrt((basis**2).sum(1).mean())


def _body_size(vertices: np.ndarray, height: float) -> np.ndarray:
    """Return half width, half depth and half height of a vertebra's body, from its surface around its centre."""
    waist = vertices[np.abs(vertices[:, 2]) < 0.3 * height]
    depth = np.percentile(waist[:, 1], 99)
    beside = waist[np.abs(waist[:, 1]) < 0.5 * depth]
    return np.array([np.percentile(np.abs(beside[:, 0]), 90), depth, height / 2])


def _half_turned(axes: Tensor) -> Tensor:
    """Return frames `(R, 3, 3)` half-way between the patient's and those of the vertebrae."""
    half = axes + torch.eye(3)
    up = half[..., 2] / half[..., 2].norm(dim=-1, keepdim=True)
    right = half[..., 0] - up * (half[..., 0] * up).sum(-1, keepdim=True)
    right = right / right.norm(dim=-1, keepdim=True)
    return torch.stack([right, torch.linalg.cross(up, right), up], dim=-1)
