"""People drawn from the statistical skeleton: their weights, surfaces, label maps and landmarks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from SwinX2SLib.anatomy import label_ids
from SwinX2SLib.geometry.frames import network_affine
from SwinX2SLib.geometry.surfaces import Surface
from SwinX2SLib.geometry.tuples import shape3, vector3
from SwinX2SLib.geometry.voxelisation import fill_surfaces
from SwinX2SLib.skeleton.model import PARTS, RIB_SHARED, SIZE_SD, Skeleton, Weights, skeleton_model
from SwinX2SLib.skeleton.table import RIB_COLUMNS, skeleton_table

# Weights are drawn within so many standard deviations.
LIMIT = 2.5
MARGIN_MM = 12.0
_T1 = 7
# The mean skeleton is that of a middle-aged adult of this height and weight.
MEAN_AGE_YEARS, MEAN_HEIGHT_M, MEAN_WEIGHT_KG = 50.0, 1.70, 77.0
# Heights [m] by sex, mean and standard deviation, and body mass index (NHANES, rounded).
HEIGHT_M = {"female": (1.62, 0.07), "male": (1.76, 0.075)}
BODY_MASS_INDEX = (27.0, 4.5)
AGES_YEARS = (18.0, 90.0)


@dataclass(frozen=True)
class Demographics:
    """Who a skeleton belongs to.

    Attributes:
        sex: "female" or "male".
        age_years: of an adult.
        height_m: body height.
        weight_kg: body weight.
    """

    sex: str
    age_years: float
    height_m: float
    weight_kg: float

    @classmethod
    def random(cls, rng: np.random.Generator) -> Demographics:
        """Draw an adult."""
        sex = "female" if rng.random() < 0.5 else "male"
        height = float(rng.normal(*HEIGHT_M[sex]))
        weight = float(max(rng.normal(*BODY_MASS_INDEX), 17.0)) * height**2
        return cls(sex, float(rng.uniform(*AGES_YEARS)), height, weight)


def sample_weights(rng: np.random.Generator, person: Demographics | None = None) -> dict[str, Tensor]:
    """Return the weights of a random person.

    Args:
        rng: of the weights.
        person: sex, age, height and weight; drawn when None.
    """
    person = person or Demographics.random(rng)
    weights = {
        name: torch.from_numpy(rng.normal(0, 1, shape).clip(-LIMIT, LIMIT).astype(np.float32))
        for name, shape in PARTS.items()
    }
    # Half of the size's variance is that of the body height.
    size = np.log(person.height_m / MEAN_HEIGHT_M) / SIZE_SD
    weights["size"] = torch.tensor([float(size)]) + 0.4 * weights["size"]
    weights["ribs"] = weights["ribs"] + _rib_expectation(person, float(size))
    return weights


def _rib_expectation(person: Demographics, size: float) -> Tensor:
    """Return by how much a person's sex, age, height and weight shift what all ribs share, in standard deviations."""
    ribs = skeleton_table().ribs
    who = np.array([1.0, person.age_years, float(person.sex == "female"), person.height_m, person.weight_kg])
    middle = np.array([1.0, MEAN_AGE_YEARS, 0.5, MEAN_HEIGHT_M, MEAN_WEIGHT_KG])
    shift = ribs.regression @ (who - middle)
    # The chord grows with the whole skeleton already.
    shift[:, RIB_COLUMNS.index("chord")] -= ribs.mean[:, 0] * (np.exp(SIZE_SD * size) - 1)
    return torch.from_numpy(((shift / ribs.sd).mean(axis=0) / RIB_SHARED).astype(np.float32))


def surfaces(weights: Weights) -> dict[int, Surface]:
    """Return the closed surface of every bone in RAS mm from the middle of the hip axis."""
    return skeleton_surfaces(_skeleton(weights))


def skeleton_surfaces(skeleton: Skeleton) -> dict[int, Surface]:
    """Return the surfaces of a skeleton by label."""
    model = skeleton_model()
    points = skeleton.points_mm.detach().double().numpy()
    return {label: Surface(points[model.slices[label]], faces) for label, faces in model.faces.items()}


def label_map(weights: Weights, spacing_mm: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the label volume of a person, uint8 `(X, Y, Z)` in network order, and its affine, index -> RAS mm.

    Where bones overlap, vertebrae go before ribs and the pelvis before femora.

    Args:
        weights: of the person.
        spacing_mm: edge of the voxels.
    """
    return _label_map(_skeleton(weights), spacing_mm)


def _skeleton(weights: Weights) -> Skeleton:
    with torch.no_grad():
        return skeleton_model()(weights)


def _label_map(skeleton: Skeleton, spacing_mm: float) -> tuple[np.ndarray, np.ndarray]:
    bones = skeleton_surfaces(skeleton)
    points = np.concatenate([bone.vertices for bone in bones.values()])
    lower, upper = points.min(axis=0) - MARGIN_MM, points.max(axis=0) + MARGIN_MM
    shape = shape3(np.ceil((upper - lower) / spacing_mm))
    affine = network_affine(spacing_mm, shape, vector3((lower + upper) / 2))
    ribs = set(label_ids("ribs"))
    order = sorted(bones, key=lambda label: (label in ribs, label))
    return fill_surfaces({label: bones[label] for label in order}, shape, affine), affine


# How much of the femora and how much above T1 a scan of a torso shows [mm].
BELOW_HIPS_MM, ABOVE_T1_MM = (40.0, 200.0), (-60.0, 150.0)


def random_torso(rng: np.random.Generator, spacing_mm: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the label map of a random person as a scan of the torso shows it, and its affine; see `label_map`."""
    skeleton = _skeleton(sample_weights(rng))
    below, above = rng.uniform(*BELOW_HIPS_MM), rng.uniform(*ABOVE_T1_MM)
    labels, affine = _label_map(skeleton, spacing_mm)
    top = float(skeleton.body_centres_mm[_T1, 2])
    heights = affine[2, 3] + affine[2, 2] * np.arange(labels.shape[2])
    shown = np.flatnonzero((heights > -below) & (heights < top + above))
    cropped = affine.copy()
    cropped[2, 3] = heights[shown[0]]
    return np.ascontiguousarray(labels[:, :, shown[0] : shown[-1] + 1]), cropped
