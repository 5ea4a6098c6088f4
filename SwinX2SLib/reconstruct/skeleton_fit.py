"""Fit the statistical skeleton (`skeleton.fitting`) to one or two radiographs, and let it say where the bones are.

The network tells which bone lies where in each radiograph; what radiographs cannot show, the anatomy of people in
general knows. Arrays in network order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from scipy.ndimage import gaussian_filter

from SwinX2SLib.anatomy import label_by_id, label_ids
from SwinX2SLib.geometry.surfaces import Surface
from SwinX2SLib.geometry.voxelisation import fill_surfaces
from SwinX2SLib.measurements.bone_motions import bone_motion, in_frame
from SwinX2SLib.reconstruct.label_assignment import NEGLIGIBLE, BonePart, Part
from SwinX2SLib.skeleton.contours import View
from SwinX2SLib.skeleton.depth_points import BonePoints, FacePointEvidence, MiddleDepthEvidence
from SwinX2SLib.skeleton.fitting import Fit, fit_skeleton
from SwinX2SLib.skeleton.model import rib_label, skeleton_model
from SwinX2SLib.skeleton.table import FEMUR_LEFT, FEMUR_RIGHT, HIP_LEFT, HIP_RIGHT

# A bone is seen in a radiograph where its silhouette is somewhere as probable as this.
LEAST_SEEN = 0.3
# Bones that lie over each other in a lateral radiograph, which a network cannot tell apart there.
PAIRS = (
    (HIP_LEFT, HIP_RIGHT),
    (FEMUR_LEFT, FEMUR_RIGHT),
    *((rib_label(number, "left"), rib_label(number, "right")) for number in range(1, 13)),
)
# Probability that a rib is called by the name of the one above, or below.
NEIGHBOURS = 0.15
# From so many ribs seen on, all that lie in view are drawn.
CAGE = 6
# A fitted bone is believed where its silhouettes overlap with those of the network so much (Dice).
LEAST_AGREEMENT = 0.3
SAMPLES, SEED = 20, 0
# Errors of the posterior are those of contours. With shape and names they are so many times larger, root mean square
# over 17 people, published, as they are and drawn (`Testing/bench/skeleton_pairs.py` prints both errors).
ERROR_FACTORS = {"spine": 2.6, "ribs": 4.1, "pelvis": 3.6, "femur": 2.6}
# The same for the movement to random skeletons, so that nine of ten intervals of measurements hold the true value.
MOTION_FACTORS = {"spine": 5.8, "ribs": 4.2, "pelvis": 3.7, "femur": 4.2}
# Relative error of width, depth and height of bones whose shape the model knows only as a mean.
SHAPE_ERRORS = {"spine": 0.15}
# By how much errors are larger than the posterior's where there is the frontal radiograph alone: in its plane and
# along its rays. They are those of two radiographs with former weights; `Testing/bench/single_view.py --calibrate`
# prints how far off they are (Docs/single_view.md).
FRONTAL_ERROR_FACTORS = {"spine": (2.2, 2.2), "ribs": (4.1, 4.1), "pelvis": (3.4, 3.4), "femur": (2.0, 2.0)}
# Nothing in one radiograph says how deep all bones lie together. Their mean is held so far behind the middle of the
# volume, as a share of its depth: in scans of whole bodies they lie there (12 people: 0.05 to 0.15).
BEHIND_MIDDLE, CONVENTION_MM = 0.1, 1.0
# What of a position error makes the surface soft, so that the expected overlap is the one found.
SOFTNESS = {"spine": 0.37, "ribs": 0.33, "pelvis": 0.62, "femur": 0.67}
# Softness of a surface that is where it should be [voxels], and the most; bone thinner than that does not fade.
BLUR_VOXELS, MOST_BLUR_VOXELS, THIN = 0.8, 4.0, 0.6
MOST_DEPTH_BLUR_VOXELS = 8.0


Silhouettes = tuple[np.ndarray, np.ndarray]
"""How probable it is that a ray meets each bone: frontal `(54, X, Z)` and lateral `(54, Y, Z)`."""


@dataclass(frozen=True)
class SkeletonFit:
    """What silhouettes and skeleton say of the bones.

    Attributes:
        bones: their probability; of those that the skeleton does not explain, the visual hull of their silhouettes.
        position_error_mm: by label of each bone taken from the skeleton, standard deviation of its place.
        motions: by label of these, affine maps to random skeletons `(samples, 3, 4)` in network order [mm], from the
            centre of the first voxel.
        depth_error_mm: by label, what of the position error lies along the rays of the only radiograph.
    """

    bones: list[BonePart] = field(default_factory=list)
    position_error_mm: dict[int, float] = field(default_factory=dict)
    motions: dict[int, np.ndarray] = field(default_factory=dict)
    depth_error_mm: dict[int, float] = field(default_factory=dict)


def fit_to_radiographs(
    silhouettes: Silhouettes,
    radiographs: tuple[np.ndarray, np.ndarray],
    spacing_mm: float,
    heights_mm: Mapping[int, float],
    field: tuple[slice, slice, slice],
) -> SkeletonFit:
    """Fit the skeleton and return how probable each bone is where.

    Args:
        silhouettes: how probable it is that a ray meets each bone, `(54, X, Z)` and `(54, Y, Z)`.
        radiographs: frontal `(X, Z)` and lateral one `(Y, Z)`.
        spacing_mm: of pixels and voxels.
        heights_mm: by label, of the middles of vertebral bodies along the body axis, where discs tell them.
        field: the part of the volume `(X, Y, Z)` that both radiographs show; there are no bones elsewhere, and no
            contour where it ends.
    """
    x, y, z = field
    start = np.array([axis.start or 0 for axis in field])
    lower_mm = float(start[2] * spacing_mm)
    found = _fit_to_whole(
        (silhouettes[0][:, x, z], silhouettes[1][:, y, z]),
        (radiographs[0][x, z], radiographs[1][y, z]),
        spacing_mm,
        {label: height - lower_mm for label, height in heights_mm.items()},
    )
    frame = np.eye(4)
    frame[:3, 3] = start * spacing_mm
    return SkeletonFit(
        [_moved(bone, start) for bone in found.bones],
        found.position_error_mm,
        {label: in_frame(maps, frame) for label, maps in found.motions.items()},
    )


@dataclass(frozen=True, eq=False)
class FrontalView:
    """The only radiograph of a person, on the grid of the result.

    Attributes:
        silhouettes: how probable it is that a ray meets each bone, `(54, X, Z)`.
        pixels: the radiograph `(X, Z)`.
        spacing_mm: of pixels and voxels.
        field: the part of the grid `(X, Z)` that the radiograph shows.
        depth: voxels of the grid along Y.
        source_mm: place of the X-ray source along Y from the middle of the volume, negative in front; None for
            parallel rays.
        central_ray_px: where its central ray meets the grid (across, down); None for the middle.
    """

    silhouettes: np.ndarray
    pixels: np.ndarray
    spacing_mm: float
    field: tuple[slice, slice]
    depth: int
    source_mm: float | None = None
    central_ray_px: tuple[float, float] | None = None


def fit_to_frontal(
    seen: FrontalView, heights_mm: Mapping[int, float], points: Sequence[BonePoints] = ()
) -> SkeletonFit:
    """Fit the skeleton to a frontal radiograph alone and return how probable each bone is where.

    Without points the mean depth of the bones is a convention (`BEHIND_MIDDLE`): their depths among each other are
    those of people in general with such a frontal radiograph.

    Args:
        seen: the radiograph.
        heights_mm: by label, of the middles of vertebral bodies from the first row, where discs tell them.
        points: on the faces of bones, network order [mm] from the first voxel's centre, where depths are known.
    """
    x, z = seen.field
    start_mm = np.array([x.start or 0, 0, z.start or 0]) * seen.spacing_mm
    shown = replace(seen, silhouettes=seen.silhouettes[:, x, z], pixels=seen.pixels[x, z])
    # Along the rays the fit counts from a volume as deep as the radiograph is wide.
    middle_mm = (shown.pixels.shape[0] - 1) / 2 * seen.spacing_mm
    start_mm[1] = (seen.depth - 1) / 2 * seen.spacing_mm - middle_mm
    fit = _fit_of_frontal(shown, start_mm, middle_mm, heights_mm, points)
    if fit.posterior is None:
        return SkeletonFit()
    vertices, samples = (
        fit.points_mm() + start_mm,
        fit.samples_mm(np.random.default_rng(SEED), SAMPLES) + start_mm,
    )
    shape = (seen.pixels.shape[0], seen.depth, seen.pixels.shape[1])
    wanted = sorted(_seen(seen.silhouettes) & set(skeleton_model().slices))
    drawn = _drawn_bones(vertices / seen.spacing_mm, shape, (seen.silhouettes,), wanted)
    errors = _frontal_errors_mm(vertices, samples, np.array(shape) * seen.spacing_mm)
    bones = []
    for label in [label for label in drawn if label in errors]:
        part, mask = drawn[label]
        across, along = np.multiply(SOFTNESS[label_by_id(label).group] / seen.spacing_mm, errors[label])
        soft = _softened(mask, np.array([across, along, across]))
        bones.append(BonePart(label, part, torch.from_numpy(soft), torch.from_numpy(mask)))
    found = {bone.label: errors[bone.label] for bone in bones}
    return SkeletonFit(
        bones,
        {label: float(np.hypot(*both)) for label, both in found.items()},
        _motions(vertices, samples, found),
        {label: along for label, (_, along) in found.items()},
    )


def _fit_of_frontal(
    shown: FrontalView,
    start_mm: np.ndarray,
    middle_mm: float,
    heights_mm: Mapping[int, float],
    points: Sequence[BonePoints],
) -> Fit:
    """Return the fit to a radiograph that fills its array, which starts at `start_mm` of the grid."""
    ray = shown.central_ray_px
    view = replace(
        _view(0, shown.silhouettes, shown.pixels),
        source_mm=shown.source_mm,
        central_ray_mm=None
        if ray is None
        else (ray[0] * shown.spacing_mm - start_mm[0], ray[1] * shown.spacing_mm - start_mm[2]),
    )
    labels = [label for bones in view.bones for label in bones]
    bones_mm = middle_mm + BEHIND_MIDDLE * shown.depth * shown.spacing_mm
    placed = [replace(one, places=one.places - start_mm) for one in points]
    depth = FacePointEvidence(placed) if placed else MiddleDepthEvidence(labels, bones_mm, CONVENTION_MM)
    heights = {label: height - float(start_mm[2]) for label, height in heights_mm.items()}
    return fit_skeleton([view], shown.spacing_mm, heights, more=[depth], unseen_mm=bones_mm)


def _frontal_errors_mm(
    points: np.ndarray, samples: np.ndarray, size_mm: np.ndarray
) -> dict[int, tuple[float, float]]:
    """Return standard deviations of the middle of what is in view of each bone, in the radiograph's plane and along
    its rays; arguments as of `_position_errors_mm`."""
    found = {}
    for label, (across, along, down) in _position_variances(points, samples, size_mm).items():
        factors = FRONTAL_ERROR_FACTORS[label_by_id(label).group]
        found[label] = (factors[0] * float(np.sqrt(across + down)), factors[1] * float(np.sqrt(along)))
    return found


def _moved(bone: BonePart, start: np.ndarray) -> BonePart:
    """Return a bone of a part of the volume that starts there as one of the whole."""
    x, y, z = (
        slice(axis.start + int(by), axis.stop + int(by)) for axis, by in zip(bone.part, start, strict=True)
    )
    return replace(bone, part=(x, y, z))


def _fit_to_whole(
    silhouettes: Silhouettes,
    radiographs: tuple[np.ndarray, np.ndarray],
    spacing_mm: float,
    heights_mm: Mapping[int, float],
) -> SkeletonFit:
    """Fit the skeleton to radiographs that fill their arrays; arguments as of `fit_to_radiographs`."""
    found = _explained(silhouettes, radiographs, spacing_mm, heights_mm)
    rest = _seen_in_both(silhouettes) - set(found.position_error_mm)
    hulls = [_hull(label, silhouettes) for label in sorted(rest)]
    return SkeletonFit([*found.bones, *hulls], found.position_error_mm, found.motions)


def _explained(
    silhouettes: Silhouettes,
    radiographs: tuple[np.ndarray, np.ndarray],
    spacing_mm: float,
    heights_mm: Mapping[int, float],
) -> SkeletonFit:
    """Return the bones that the fitted skeleton explains; arguments as of `fit_to_radiographs`."""
    views = [_view(axis, silhouettes[axis], radiographs[axis]) for axis in (0, 1)]
    if not all(view.bones for view in views):
        return SkeletonFit()
    fit = fit_skeleton(views, spacing_mm, heights_mm)
    if fit.posterior is None:
        return SkeletonFit()
    shape = (radiographs[0].shape[0], *radiographs[1].shape)
    points, samples = fit.points_mm(), fit.samples_mm(np.random.default_rng(SEED), SAMPLES)
    errors_mm = _position_errors_mm(points, samples, np.array(shape) * spacing_mm)
    drawn = _drawn_bones(points / spacing_mm, shape, silhouettes, _wanted(silhouettes))
    errors_mm = {label: errors_mm[label] for label in drawn if label in errors_mm}
    bones = []
    for label, error_mm in errors_mm.items():
        part, mask = drawn[label]
        soft = _softened(mask, SOFTNESS[label_by_id(label).group] * error_mm / spacing_mm)
        bones.append(BonePart(label, part, torch.from_numpy(soft), torch.from_numpy(mask)))
    return SkeletonFit(bones, errors_mm, _motions(points, samples, errors_mm))


def _drawn_bones(
    points: np.ndarray, shape: tuple[int, int, int], silhouettes: Sequence[np.ndarray], wanted: Iterable[int]
) -> dict[int, tuple[Part, np.ndarray]]:
    """Return the bones of a fitted skeleton that the radiographs show, from its vertices [voxels]."""
    found = {}
    for label in wanted:
        drawn = _drawn(points, label, shape)
        if drawn is not None and _agrees(*drawn, label, silhouettes):
            found[label] = drawn
    return found


def _seen(silhouettes: np.ndarray) -> set[int]:
    """Return the labels of the bones, modelled or not, that one radiograph shows."""
    return set((np.flatnonzero(silhouettes.max(axis=(1, 2)) > LEAST_SEEN) + 1).tolist())


def _seen_in_both(silhouettes: Silhouettes) -> set[int]:
    """Return the labels of bones, modelled or not, that both radiographs show."""
    return _seen(silhouettes[0]) & _seen(silhouettes[1])


def _hull(label: int, silhouettes: Silhouettes) -> BonePart:
    """Return the visual hull of a bone that both radiographs show: as probable as both rays together."""
    front, side = (view[label - 1] for view in silhouettes)
    parts = [_span(front.max(axis=1)), _span(side.max(axis=1)), _span(front.max(axis=0) * side.max(axis=0))]
    x, y, z = parts
    product = front[x, None, z] * side[None, y, z]
    return BonePart(label, (x, y, z), torch.from_numpy(product))


def _span(line: np.ndarray) -> slice:
    """Return where a line is more than negligible; empty where it is nowhere."""
    places = np.flatnonzero(line > NEGLIGIBLE)
    return slice(int(places[0]), int(places[-1]) + 1) if len(places) else slice(0, 0)


def _view(axis: int, silhouettes: np.ndarray, pixels: np.ndarray) -> View:
    """Return what one radiograph shows, silhouettes `(54, W, H)`."""
    shown = _seen(silhouettes)
    seen = [label for label in skeleton_model().slices if label in shown]
    bones: list[tuple[int, ...]] = [(label,) for label in seen]
    if axis == 1:
        for pair in PAIRS:
            if set(pair) & set(seen):
                bones = [own for own in bones if own[0] not in pair] + [pair]
    maps = [1 - np.prod([1 - silhouettes[label - 1] for label in own], axis=0) for own in bones]
    return View(axis, tuple(bones), np.array(maps), pixels, NEIGHBOURS)


def _wanted(silhouettes: Silhouettes) -> list[int]:
    """Return the bones that are drawn: those seen in both radiographs, and all ribs where some are seen in one."""
    ribs = set(label_ids("ribs"))
    cage = ribs if any(len(_seen(view) & ribs) >= CAGE for view in silhouettes) else set()
    return sorted((_seen_in_both(silhouettes) & set(skeleton_model().slices)) | cage)


def _position_errors_mm(points: np.ndarray, samples: np.ndarray, size_mm: np.ndarray) -> dict[int, float]:
    """Return the standard deviation of the middle of what is in view of each bone.

    Args:
        points: vertices of the fit `(N, 3)` [mm].
        samples: of random skeletons `(S, N, 3)`.
        size_mm: of the volume.
    """
    return {
        label: ERROR_FACTORS[label_by_id(label).group] * float(np.sqrt(variances.sum()))
        for label, variances in _position_variances(points, samples, size_mm).items()
    }


def _position_variances(
    points: np.ndarray, samples: np.ndarray, size_mm: np.ndarray
) -> dict[int, np.ndarray]:
    """Return the variances `(3,)` of the middle of what is in view of each bone; see `_position_errors_mm`."""
    inside = np.asarray(((points > 0) & (points < size_mm)).all(axis=1))
    found = {}
    for label, part in skeleton_model().slices.items():
        shown = samples[:, part][:, inside[part]]
        if shown.shape[1]:
            found[label] = shown.mean(axis=1).var(axis=0, ddof=1)
    return found


def _motions(points: np.ndarray, samples: np.ndarray, labels: Iterable[int]) -> dict[int, np.ndarray]:
    """Return affine maps `(S, 3, 4)` of bones from the fit `(N, 3)` to random skeletons `(S, N, 3)`."""
    slices, found, rng = skeleton_model().slices, {}, np.random.default_rng(SEED)
    for label in labels:
        part, group = slices[label], label_by_id(label).group
        maps = np.stack([bone_motion(points[part], one[part], MOTION_FACTORS[group]) for one in samples])
        stretched = maps.copy()
        stretched[..., :3] *= 1 + SHAPE_ERRORS.get(group, 0.0) * rng.normal(size=(len(samples), 1, 3))
        # About the middle of the bone.
        stretched[..., 3] += (maps[..., :3] - stretched[..., :3]) @ points[part].mean(axis=0)
        found[label] = stretched
    return found


def _drawn(vertices: np.ndarray, label: int, shape: tuple[int, int, int]) -> tuple[Part, np.ndarray] | None:
    """Return the part of the volume around a bone and which of its voxels are bone; None of a bone out of view.

    Args:
        vertices: of all bones [voxels].
        label: of the bone.
        shape: of the volume.
    """
    model = skeleton_model()
    points = vertices[model.slices[label]]
    margin = round(3 * BLUR_VOXELS) + 1
    low = np.clip(np.floor(points.min(axis=0)).astype(int) - margin, 0, shape)
    high = np.clip(np.ceil(points.max(axis=0)).astype(int) + margin + 1, 0, shape)
    if (high - low < 1).any():
        return None
    # Faces run clockwise in network order.
    surface = Surface(points - low, model.faces[label][:, ::-1])
    size = (int(high[0] - low[0]), int(high[1] - low[1]), int(high[2] - low[2]))
    mask = fill_surfaces({1: surface}, size, np.eye(4)) > 0
    part = (slice(low[0], high[0]), slice(low[1], high[1]), slice(low[2], high[2]))
    return (part, mask) if mask.any() else None


def _agrees(part: Part, mask: np.ndarray, label: int, silhouettes: Sequence[np.ndarray]) -> bool:
    """Whether a bone lies where the network sees it; ribs are believed in any case, being named anew."""
    if label in label_ids("ribs"):
        return True
    overlaps = []
    for axis, view in enumerate(silhouettes):
        drawn = mask.any(axis=1 - axis)
        seen = view[label - 1] > LEAST_SEEN
        both = (drawn & seen[part[axis], part[2]]).sum()
        overlaps.append(2 * both / max(drawn.sum() + seen.sum(), 1))
    return bool(np.mean(overlaps) >= LEAST_AGREEMENT)


def _softened(mask: np.ndarray, error_voxels: float | np.ndarray) -> np.ndarray:
    """Return how probable bone is where the surface may be off by an error, of all axes or of each `(3,)`."""
    most = MOST_BLUR_VOXELS if np.ndim(error_voxels) == 0 else MOST_DEPTH_BLUR_VOXELS
    blur = np.clip(np.hypot(BLUR_VOXELS, error_voxels), BLUR_VOXELS, most)
    solid = mask.astype(np.float32)
    thin = THIN * BLUR_VOXELS / np.max(blur)
    return np.maximum(gaussian_filter(solid, blur, truncate=2.5), thin * solid)
