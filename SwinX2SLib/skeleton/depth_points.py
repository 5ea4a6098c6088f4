"""What depth says to a fit of the skeleton: points on faces of bones, or a convention where one view shows none.

Frame: network order in mm from the first voxel's centre, as in `skeleton.posing`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from SwinX2SLib.skeleton.matching import (
    CORRELATION_MM,
    LEAST_REACH_MM,
    NORMAL_MM,
    REACH,
    Matches,
    cauchy_weights,
)
from SwinX2SLib.skeleton.model import skeleton_model
from SwinX2SLib.skeleton.posing import State

_DEPTH_AXIS = 1
# Points whose bone the fit has not reached yet may lie further off than contours.
_POINT_REACH_MM = 40.0
# So many vertices of each bone stand for its place along the rays.
_MIDDLE_VERTICES = 40


@dataclass(frozen=True, eq=False)
class BonePoints:
    """Points on the faces of one bone.

    Attributes:
        label: of the bone.
        places: `(M, 3)` [mm].
        normals: unit vectors out of the bone, `(M, 3)`.
        area_mm2: of the face that each point stands for.
        error_mm: standard deviation of a point's depth.
    """

    label: int
    places: np.ndarray
    normals: np.ndarray
    area_mm2: float
    error_mm: float


@dataclass(frozen=True, eq=False)
class FacePointEvidence:
    """Points on the faces of bones draw the nearest vertices whose normals are alike, along the points' normals."""

    bones: Sequence[BonePoints]

    def __call__(self, state: State, error_mm: float) -> Matches:
        """Return the matches with a posed skeleton.

        Args:
            state: the skeleton.
            error_mm: of contours at this step; errors of depth add to it.
        """
        return Matches.joined([_matches(state, one, error_mm) for one in self.bones if len(one.places)])


def _matches(state: State, bone: BonePoints, error_mm: float) -> Matches:
    part = skeleton_model().slices.get(bone.label)
    if part is None:
        return Matches.joined([])
    vertices, normals = state.points[part], state.normals[part]
    error = float(np.hypot(error_mm, bone.error_mm))
    reach = max(REACH * error, LEAST_REACH_MM, _POINT_REACH_MM)
    tree = cKDTree(np.column_stack([vertices, NORMAL_MM * normals]))
    away, found = tree.query(
        np.column_stack([bone.places, NORMAL_MM * bone.normals]), distance_upper_bound=reach
    )
    near = np.isfinite(away)
    vertex, direction = found[near], bone.normals[near]
    distance = ((bone.places[near] - vertices[vertex]) * direction).sum(axis=1)
    weight = np.full(len(vertex), bone.area_mm2 / CORRELATION_MM**2 / error**2)
    return Matches(part.start + vertex, direction, distance, weight * cauchy_weights(distance, error))


@dataclass(frozen=True, eq=False)
class MiddleDepthEvidence:
    """Holds the mean depth of some bones where a convention has it, as nothing in the radiograph says it.

    Attributes:
        labels: of the bones.
        middle_mm: where their vertices lie on average along the rays.
        error_mm: standard deviation.
    """

    labels: Sequence[int]
    middle_mm: float
    error_mm: float

    def __call__(self, state: State, error_mm: float) -> Matches:
        """Return the matches with a posed skeleton; the same at every step."""
        slices = skeleton_model().slices
        parts = [slices[label] for label in self.labels if label in slices]
        if not parts:
            return Matches.joined([])
        steps = [max((part.stop - part.start) // _MIDDLE_VERTICES, 1) for part in parts]
        vertex = np.concatenate(
            [np.arange(part.start, part.stop, step) for part, step in zip(parts, steps, strict=True)]
        )
        away = self.middle_mm - state.points[vertex, _DEPTH_AXIS].mean()
        direction = np.zeros((len(vertex), 3))
        direction[:, _DEPTH_AXIS] = 1
        weight = np.full(len(vertex), 1 / len(vertex) / self.error_mm**2)
        return Matches(vertex, direction, np.full(len(vertex), away), weight)
