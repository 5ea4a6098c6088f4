"""How probable it is that a reconstructed bone is within 5 mm (`reconstruct.verdict`), without the truth.

Each bone has a few numbers: how it lies on the silhouettes and on the edges of both radiographs, what the fit and the
names are worth, and how the whole result does. A logistic model turns them into the probability; its constants and
the thresholds of the verdicts are in `Resources/verdict.json`, which `python Testing/bench/reliability.py --fit`
writes. Arrays in network order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import ndimage

from SwinX2SLib.anatomy import ids_by_name, label_by_id
from SwinX2SLib.drr.overlay import each_outline, edge_agreement
from SwinX2SLib.geometry.cameras import ParallelCamera
from SwinX2SLib.geometry.frames import transform_points
from SwinX2SLib.geometry.tuples import vector3
from SwinX2SLib.io.json_files import read_json
from SwinX2SLib.reconstruct.verdict import BELIEVE, LOOK, REJECT, VERDICTS, BoneVerdict, Verdict
from SwinX2SLib.resources import resource_path

RESOURCE = "verdict.json"
FEATURES = (
    "silhouette_front", "silhouette_side", "edges_front", "edges_side", "confidence", "position_error", "levels",
    "view_front", "view_side",
)  # fmt: skip
"""Names of the numbers of a bone, in the order of `Evidence.rows`.

`silhouette_*`: overlap (Dice) of its projection with the network's silhouette of it; `edges_*`: share of its outline
at which the radiograph is brighter inside, 0.5 by chance; `confidence`: mean probability of its voxels;
`position_error`: logarithm of the standard deviation of its place [mm]; `levels`: probability that all vertebrae are
off by a level; `view_*`: probability that the radiograph shows what it is given as, in standard display orientation.
"""
WORSE = ("position_error", "levels")
"""Those of them that speak against a bone; the others speak for it."""
# A bone that the skeleton does not explain may lie anywhere [mm].
UNFITTED_MM = 30.0


@dataclass(frozen=True, eq=False)
class Evidence:
    """What is known of the bones of a result.

    Attributes:
        bones: their names.
        rows: float64 `(bones, FEATURES)`.
    """

    bones: tuple[str, ...]
    rows: np.ndarray


@dataclass(frozen=True, eq=False)
class Observed:
    """A result and what it was made from.

    Attributes:
        labels: uint8 `(X, Y, Z)`.
        uncertainty: `(X, Y, Z)`, 1 minus the probability of the label given.
        affine: 4x4, index -> RAS mm.
        silhouettes: how probable it is that a ray meets each bone: frontal `(54, X, Z)` and lateral `(54, Y, Z)`.
        radiographs: frontal `(X, Z)` and lateral one `(Y, Z)`.
        spacing_mm: of voxels and pixels.
        position_error_mm: by label of each bone that the skeleton explains.
        shifted: probability that the names of all vertebrae are off.
        views: probability that each radiograph shows what it is given as, in standard display orientation.
    """

    labels: np.ndarray
    uncertainty: np.ndarray
    affine: np.ndarray
    silhouettes: tuple[np.ndarray, np.ndarray]
    radiographs: tuple[np.ndarray, np.ndarray]
    spacing_mm: float
    position_error_mm: Mapping[int, float]
    shifted: float = 0.0
    views: tuple[float, float] = (1.0, 1.0)


def evidence_of(seen: Observed) -> Evidence:
    """Return what is known of each bone of a result."""
    boxes = {i: box for i, box in enumerate(ndimage.find_objects(seen.labels), start=1) if box is not None}
    if not boxes:
        return Evidence((), np.zeros((0, len(FEATURES))))
    edges = [_edges(seen, axis) for axis in (0, 1)]
    rows = []
    for label, box in boxes.items():
        bone = seen.labels[box] == label
        overlaps = [
            _overlap(seen.silhouettes[axis][label - 1], bone.any(axis=1 - axis), box[axis], box[2])
            for axis in (0, 1)
        ]
        confidence = 1 - float(seen.uncertainty[box][bone].mean(dtype=np.float64))
        error_mm = seen.position_error_mm.get(label, UNFITTED_MM)
        rows.append(
            [
                *overlaps,
                *(of_view.get(label, 0.5) for of_view in edges),
                confidence,
                np.log(max(error_mm, 0.1)),
                seen.shifted,
                *seen.views,
            ]
        )
    names = tuple(label_by_id(label).name for label in boxes)
    return Evidence(names, np.array(rows))


def _overlap(silhouette: np.ndarray, shadow: np.ndarray, across: slice, down: slice) -> float:
    """Return the Dice of a silhouette `(W, H)` and the shadow of a bone in a part of it."""
    both = float(silhouette[across, down][shadow].sum(dtype=np.float64))
    return 2 * both / max(float(silhouette.sum(dtype=np.float64)) + float(shadow.sum()), 1.0)


def _edges(seen: Observed, axis: int) -> dict[int, float]:
    """Return how well each bone lies on the edges of a radiograph, where enough of it is on it."""
    shape, view = seen.labels.shape, ("ap", "lateral")[axis]
    middle = vector3(transform_points(seen.affine, (np.array(shape) - 1) / 2))
    camera = ParallelCamera(view, middle, (seen.spacing_mm, seen.spacing_mm), (shape[2], shape[axis]))
    picture = np.asarray(seen.radiographs[axis].T, dtype=np.float64)
    found = {
        label: edge_agreement(picture, camera.pixel_mm, outline)
        for label, outline in each_outline(seen.labels, seen.affine, camera)
    }
    return {label: share for label, share in found.items() if share is not None}


@dataclass(frozen=True)
class Calibration:
    """The logistic model, and from which probabilities on a verdict is given.

    Attributes:
        weights: by name of the numbers of `FEATURES`.
        offsets: by region.
        believe_from, look_from: least probabilities for the verdicts of a bone.
        whole_believe_from, whole_look_from: the same for the whole, of the mean over its bones.
        calibrated_for: name of the weights whose results the model was fitted to.
    """

    weights: Mapping[str, float]
    offsets: Mapping[str, float]
    believe_from: float
    look_from: float
    whole_believe_from: float
    whole_look_from: float
    calibrated_for: str

    def probabilities(self, evidence: Evidence) -> np.ndarray:
        """Return how probable it is that each bone is within 5 mm, `(bones,)`."""
        score = evidence.rows @ np.array([self.weights[name] for name in FEATURES])
        score += np.array([self.offsets[_group(name)] for name in evidence.bones])
        return 1 / (1 + np.exp(-np.clip(score, -30.0, 30.0)))


@cache
def calibration() -> Calibration:
    """Return the calibration that belongs to this copy of the library.

    Raises:
        FileNotFoundError: the installation is incomplete.
    """
    stored = read_json(resource_path(RESOURCE))
    return Calibration(**{name: stored[name] for name in Calibration.__dataclass_fields__})


def judge(evidence: Evidence, constants: Calibration, at_most: str = BELIEVE, reason: str = "") -> Verdict:
    """Return the verdict on a result.

    Args:
        evidence: of its bones.
        constants: of the model.
        at_most: the best verdict on the whole that the radiographs allow.
        reason: why, a sentence.
    """
    if not evidence.bones:
        return Verdict(REJECT, {}, constants.calibrated_for, "No bone was found.")
    probability = constants.probabilities(evidence)
    bones = {
        name: BoneVerdict(_verdict(one, constants.believe_from, constants.look_from), float(one))
        for name, one in zip(evidence.bones, probability, strict=True)
    }
    # The mean is the share of its bones that is probably right.
    whole = _verdict(float(np.mean(probability)), constants.whole_believe_from, constants.whole_look_from)
    if VERDICTS.index(at_most) > VERDICTS.index(whole):
        return Verdict(at_most, bones, constants.calibrated_for, reason)
    return Verdict(whole, bones, constants.calibrated_for)


def _verdict(probability: float, believe_from: float, look_from: float) -> str:
    return BELIEVE if probability >= believe_from else LOOK if probability >= look_from else REJECT


@cache
def _group(name: str) -> str:
    return label_by_id(ids_by_name()[name]).group
