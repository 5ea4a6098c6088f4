"""Fit the statistical skeleton to the silhouettes of bones in a frontal and a lateral radiograph.

Network order on the image side: frontal silhouettes `(X, Z)`, lateral ones `(Y, Z)`, axes right -> left, anterior ->
posterior, superior -> inferior, one pixel size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from SwinX2SLib.skeleton.model import PARTS, log_prior, skeleton_model, zero_weights
from SwinX2SLib.skeleton.projections import blurred

# Silhouettes with less than this area [pixels] say nothing.
LEAST_AREA = 24.0
# A surface covers the pixels that it projects to about twice.
OPACITY = 1.2
SATURATION = 2.4
# Distances of centres are counted in this [mm].
CENTRE_MM = 8.0
PRIOR_WEIGHT = 0.01
ROTATION_RAD, TRANSLATION_MM, SCALE_SD = 0.1, 20.0, 0.2
OFFSET_MM, OFFSET_RAD = 2.0, 0.04


@dataclass(frozen=True)
class Stage:
    """A stage of the descent.

    Attributes:
        bin_px: pixels are compared in bins of so many.
        steps: of Adam.
        rate: in standard deviations.
        blur_px: of both silhouettes of binned pixels.
        centres: weight of the distances of centres.
        parts: of the weights that move.
        alone: whether bones also move on their own.
    """

    bin_px: int
    steps: int
    rate: float
    blur_px: float
    centres: float
    parts: tuple[str, ...]
    alone: bool = False


_SHARED = ("size", "lean", "pelvis_size", "pelvis_pose", "ribs", "rib_slopes", "hips")
STAGES = (
    Stage(2, 40, 0.15, 2.0, 1.0, ("size", "lean", "pelvis_pose")),
    Stage(
        2,
        60,
        0.10,
        1.5,
        0.5,
        (
            *_SHARED,
            "steps",
            "pelvis_stretch",
            "pelvis",
            "femur_size",
            "femur",
            "rib_heads",
            "axial",
            "vertebra",
        ),
    ),
    Stage(1, 120, 0.06, 0.8, 0.05, tuple(PARTS), alone=True),
)


@dataclass(frozen=True)
class SilhouetteTarget:
    """Silhouettes in one radiograph.

    Attributes:
        axis: of the volume that runs across the radiograph: 0 of the frontal, 1 of the lateral one.
        bones: whose each silhouette is, of one or of several together.
        maps: `(S, W, H)`, how probable it is that a ray meets one of these bones.
    """

    axis: int
    bones: tuple[tuple[int, ...], ...]
    maps: Tensor


@dataclass(eq=False)
class Fit:
    """A fitted skeleton.

    Attributes:
        weights: of the model.
        rotation: `(3,)`, about right, front and up, in `ROTATION_RAD`.
        translation: `(3,)` of the hip axis in network order, in `TRANSLATION_MM`.
        scale: `(1,)`, log of the magnification of the radiographs in `SCALE_SD`: pixel sizes are often wrong.
        offsets: `(B, 6)`, shift and small turn of each bone on its own, in `OFFSET_MM` and `OFFSET_RAD`.
        history: the loss at each step.
    """

    weights: dict[str, Tensor]
    rotation: Tensor
    translation: Tensor
    scale: Tensor
    offsets: Tensor
    history: list[float] = field(default_factory=list)

    @property
    def loss(self) -> float:
        """What was left."""
        return self.history[-1]

    @property
    def magnification(self) -> Tensor:
        """How much larger the person is on the radiographs than the pixel size says."""
        return torch.exp(SCALE_SD * self.scale[0])

    def points_mm(self) -> Tensor:
        """Return the vertices of all bones in network order [mm] from the first voxel's centre, `(N, 3)`."""
        points = (
            _moved(skeleton_model()(self.weights).points_mm, self.offsets)
            @ _turn(self.rotation * ROTATION_RAD).T
        )
        return self.translation * TRANSLATION_MM - points * self.magnification


def fit_skeleton(
    targets: Sequence[SilhouetteTarget], spacing_mm: float, stages: Sequence[Stage] = STAGES
) -> Fit:
    """Return the skeleton whose silhouettes fit best.

    Args:
        targets: of one or both radiographs.
        spacing_mm: of their pixels.
        stages: of the descent.
    """
    with torch.inference_mode(False), torch.enable_grad():
        targets = [_seen(target) for target in targets]
        fit = _started(targets, spacing_mm)
        for stage in stages:
            _descend(fit, targets, spacing_mm, stage)
    return fit


def _seen(target: SilhouetteTarget) -> SilhouetteTarget:
    """Return a target without what is not seen."""
    maps = target.maps.float().clone()
    kept = [number for number in range(len(maps)) if float(maps[number].sum()) >= LEAST_AREA]
    return replace(target, bones=tuple(target.bones[number] for number in kept), maps=maps[kept])


def _centres(maps: Tensor) -> Tensor:
    """Return the centres `(S, 2)` of maps `(S, W, H)` of binned pixels."""
    total = maps.sum((1, 2)).clamp(min=1e-6)
    across = torch.arange(maps.shape[1], dtype=torch.float32)
    down = torch.arange(maps.shape[2], dtype=torch.float32)
    return torch.stack([(maps.sum(2) * across).sum(1) / total, (maps.sum(1) * down).sum(1) / total], dim=1)


def _started(targets: Sequence[SilhouetteTarget], spacing_mm: float) -> Fit:
    """Return the mean skeleton where the centres of whole silhouettes say."""
    weights, model = zero_weights(), skeleton_model()
    points = -model(weights).points_mm
    means: list[list[float]] = [[], [], []]
    seen: list[list[float]] = [[], [], []]
    for target in targets:
        centres = _centres(target.maps) * spacing_mm
        for bones, centre in zip(target.bones, centres.tolist(), strict=True):
            if len(bones) > 1 or bones[0] not in model.slices:
                continue
            mean = points[model.slices[bones[0]]].mean(0).tolist()
            for axis, place in ((target.axis, centre[0]), (2, centre[1])):
                means[axis].append(mean[axis])
                seen[axis].append(place)
    scale = _spread_ratio(means[2], seen[2])
    start = [
        float(np.median(np.array(place) - scale * np.array(mean))) / TRANSLATION_MM if place else 0.0
        for mean, place in zip(means, seen, strict=True)
    ]
    zoom = torch.tensor([float(np.log(scale)) / SCALE_SD])
    return Fit(weights, torch.zeros(3), torch.tensor(start), zoom, torch.zeros(len(model.slices), 6))


def _moved(points: Tensor, offsets: Tensor) -> Tensor:
    """Return points with every bone shifted and turned about its middle by a small angle."""
    bone, count = _bone_of_point()
    middles = torch.zeros(len(count), 3).index_add(0, bone, points) / count[:, None]
    turn = torch.linalg.cross(offsets[bone, 3:] * OFFSET_RAD, points - middles[bone])
    return points + turn + offsets[bone, :3] * OFFSET_MM


@cache
def _bone_of_point() -> tuple[Tensor, Tensor]:
    """Return the place of each point's bone among `SkeletonModel.slices`, and the points of each bone."""
    count = torch.tensor([one.stop - one.start for one in skeleton_model().slices.values()])
    return torch.repeat_interleave(torch.arange(len(count)), count), count


def _spread_ratio(means: Sequence[float], seen: Sequence[float]) -> float:
    """Return how much further apart places are than those of the mean person, by the median of their distances."""
    one, other = (np.array(values)[:, None] - np.array(values) for values in (means, seen))
    far = np.abs(one) > 0.5 * np.abs(one).max() if len(means) > 1 else np.zeros((1, 1), dtype=bool)
    ratios = (other[far] / one[far]) if far.any() else np.ones(1)
    return float(np.clip(np.median(ratios), 0.4, 2.5)) if np.median(ratios) > 0 else 1.0


def _descend(fit: Fit, targets: Sequence[SilhouetteTarget], spacing_mm: float, stage: Stage) -> None:
    moving = [fit.weights[name].requires_grad_(True) for name in stage.parts]
    moving += [one.requires_grad_(True) for one in (fit.rotation, fit.translation, fit.scale)]
    if stage.alone:
        moving.append(fit.offsets.requires_grad_(True))
    optimiser = torch.optim.Adam(moving, lr=stage.rate, betas=(0.8, 0.99))
    wanted = [
        replace(target, maps=blurred(_saturated(avg_pool2d(target.maps, stage.bin_px)), stage.blur_px))
        for target in targets
    ]
    bin_mm = spacing_mm * stage.bin_px
    sources = [_Source.of(target) for target in wanted]
    for step in range(stage.steps):
        for group in optimiser.param_groups:
            group["lr"] = stage.rate * (1 - 0.7 * step / stage.steps)
        optimiser.zero_grad()
        points = fit.points_mm()
        enlarged = float(fit.magnification.detach()) ** 2
        loss = -PRIOR_WEIGHT * log_prior(fit.weights) + PRIOR_WEIGHT * 0.5 * (
            (fit.rotation**2).sum() + (fit.offsets**2).sum()
        )
        for target, source in zip(wanted, sources, strict=True):
            loss = loss + _mismatch(points, source, enlarged, target, bin_mm, stage)
        loss.backward()
        optimiser.step()
        fit.history.append(float(loss.detach()))
    for tensor in moving:
        tensor.requires_grad_(False)


@dataclass(frozen=True)
class _Source:
    """Points of the surfaces that make the silhouettes of a target, dense enough to leave no holes.

    Attributes:
        corners: `(M, 3)`, the vertices between which each point lies.
        shares: `(M, 3)`, of these vertices.
        number: `(M,)`, of the silhouette.
        area_mm2: `(M,)`, what each stands for of the mean person's surface.
    """

    corners: Tensor
    shares: Tensor
    number: Tensor
    area_mm2: Tensor

    @classmethod
    def of(cls, target: SilhouetteTarget) -> _Source:
        points, slices = _surface_points(), skeleton_model().slices
        chosen = [
            (points[bone], place)
            for place, bones in enumerate(target.bones)
            for bone in bones
            if bone in slices
        ]
        corners, shares, areas = (torch.cat([one[part] for one, _ in chosen]) for part in range(3))
        number = torch.cat([torch.full((len(one[0]),), place) for one, place in chosen])
        return cls(corners, shares, number, areas)

    def places(self, points: Tensor, axes: list[int]) -> Tensor:
        """Return the points' places along two axes, `(M, 2)`, of the skeleton's vertices `(N, 3)`."""
        flat = points[:, axes]
        return (self.shares[:, :, None] * flat[self.corners]).sum(1)


def _mismatch(
    points: Tensor,
    source: _Source,
    enlarged: float,
    target: SilhouetteTarget,
    bin_mm: float,
    stage: Stage,
) -> Tensor:
    """Return the sum over silhouettes of one minus their overlap (Dice) and of their centres' distances."""
    width, height = target.maps.shape[1:]
    places = source.places(points, [target.axis, 2]) / bin_mm + 0.5 / stage.bin_px - 0.5
    weights = source.area_mm2 * (enlarged / bin_mm**2)
    drawn = _splat(places, weights, source.number, (len(target.bones), width, height))
    met = blurred(1 - torch.exp(-OPACITY * drawn), stage.blur_px)
    both = (met * target.maps).sum((1, 2))
    dice = (2 * both + 1e-3) / ((met**2).sum((1, 2)) + (target.maps**2).sum((1, 2)) + 1e-3)
    loss = (1 - dice).sum()
    if stage.centres > 0:
        apart = (_centres(met) - _centres(target.maps)) * bin_mm / CENTRE_MM
        seen = met.sum((1, 2)).detach() > LEAST_AREA / stage.bin_px**2
        loss = loss + stage.centres * torch.log1p((apart**2).sum(1))[seen].sum()
    return loss


def _splat(places: Tensor, weights: Tensor, number: Tensor, shape: tuple[int, int, int]) -> Tensor:
    """Return what points `(M, 2)` leave in the maps of their numbers, each shared among the four pixels around it."""
    count, width, height = shape
    corner = places.detach().floor()
    part = places - corner
    corner = corner.long()
    base = number * (width * height)
    result = torch.zeros(count * width * height)
    for across in (0, 1):
        for down in (0, 1):
            x, z = corner[:, 0] + across, corner[:, 1] + down
            inside = ((x >= 0) & (x < width) & (z >= 0) & (z < height)).float() * weights
            share = (part[:, 0] if across else 1 - part[:, 0]) * (part[:, 1] if down else 1 - part[:, 1])
            index = base + x.clamp(0, width - 1) * height + z.clamp(0, height - 1)
            result = result.index_add(0, index, inside * share)
    return result.view(shape)


def _saturated(maps: Tensor) -> Tensor:
    """Return silhouettes as points draw them: shared among neighbouring pixels, then saturated, so a little wider."""
    kernel = torch.tensor([0.25, 0.5, 0.25])
    for axis in (1, 2):
        padded = torch.nn.functional.pad(maps, (1, 1, 0, 0) if axis == 2 else (0, 0, 1, 1))
        shifted = [kernel[k] * padded.narrow(axis, k, maps.shape[axis]) for k in range(3)]
        maps = shifted[0] + shifted[1] + shifted[2]
    return (1 - torch.exp(-SATURATION * maps)) / (1 - np.exp(-SATURATION))


# Faces are sampled by so many points for each of these areas [mm²] that they have.
_POINT_MM2, _MOST_POINTS = 12.0, 4
_INSIDE = {
    1: [[1 / 3, 1 / 3, 1 / 3]],
    2: [[1 / 2, 1 / 4, 1 / 4], [1 / 6, 5 / 12, 5 / 12]],
    3: [[2 / 3, 1 / 6, 1 / 6], [1 / 6, 2 / 3, 1 / 6], [1 / 6, 1 / 6, 2 / 3]],
    4: [[1 / 3, 1 / 3, 1 / 3], [2 / 3, 1 / 6, 1 / 6], [1 / 6, 2 / 3, 1 / 6], [1 / 6, 1 / 6, 2 / 3]],
}


@cache
def _surface_points() -> dict[int, tuple[Tensor, Tensor, Tensor]]:
    """Return by bone the corners `(M, 3)`, shares `(M, 3)` and areas `(M,)` [mm²] of points on its surface."""
    model = skeleton_model()
    vertices = model(zero_weights()).points_mm
    found = {}
    for label, faces in model.faces.items():
        index = torch.from_numpy(np.ascontiguousarray(faces)) + model.slices[label].start
        corners = vertices[index]
        area = (
            torch.linalg.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]).norm(dim=1) / 2
        )
        count = (area / _POINT_MM2).ceil().clamp(1, _MOST_POINTS).long()
        parts = [
            (
                index[own].repeat_interleave(points, 0),
                torch.tensor(_INSIDE[points]).repeat(int(own.sum()), 1),
                (area[own] / points).repeat_interleave(points),
            )
            for points in range(1, _MOST_POINTS + 1)
            if bool((own := count == points).any())
        ]
        corners_of, shares, areas = (torch.cat([part[k] for part in parts]) for k in range(3))
        found[label] = corners_of, shares, areas
    return found


def _turn(angles: Tensor) -> Tensor:
    """Return the rotation by a vector of angles (exponential map), `(3, 3)`."""
    zero = torch.zeros(())
    x, y, z = angles
    return torch.matrix_exp(torch.stack([zero, -z, y, z, zero, -x, -y, x, zero]).reshape(3, 3))
