"""What part of a person is seen: views as radiographs and the published cases have them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from SwinX2SLib.anatomy import ids_by_name

SPACING_LIMITS_MM = (0.8, 4.2)
PRESENT_SHARE = 0.7  # a preset needs this share of its bones
FEWEST_VERTEBRAE = 4
# Volumes that are taller are not seen whole.
TALLEST_MM = 700.0
_IDS = ids_by_name()
_RIBS = [i for name, i in _IDS.items() if name.startswith("rib")]
_PELVIS = [_IDS[name] for name in ("sacrum", "hip_left", "hip_right")]
_FEMORA = [_IDS["femur_left"], _IDS["femur_right"]]
VERTEBRAE = tuple(i for name, i in _IDS.items() if name.startswith("vertebrae"))


@dataclass(frozen=True)
class Preset:
    """A usual view.

    Attributes:
        bones: that it is about.
        weight: how often it is drawn among the presets that a person allows.
        width_share: limits of how much of the bones' width is seen; the sides may be cut.
        margin_mm: limits of what is seen above and below them.
    """

    bones: tuple[int, ...]
    weight: float
    width_share: tuple[float, float]
    margin_mm: tuple[float, float]


# The published cases: torsos of 415 and 500 mm, a pelvis of 416 mm, stretches of the spine of 164 and 193 mm height.
PRESETS = {
    "torso": Preset((*range(8, 25), *_RIBS, *_PELVIS), 3.0, (0.9, 1.15), (-10.0, 40.0)),
    "chest": Preset((*range(8, 21), *_RIBS), 0.6, (0.85, 1.2), (-20.0, 60.0)),
    "pelvis": Preset((24, *_PELVIS, *_FEMORA), 1.0, (0.9, 1.25), (-20.0, 90.0)),
    "neck": Preset(tuple(range(1, 10)), 1.0, (0.9, 2.0), (-10.0, 50.0)),
    "lumbar": Preset((*range(19, 25), _IDS["sacrum"]), 1.0, (0.9, 2.6), (-20.0, 60.0)),
    "spine": Preset(VERTEBRAE[:24], 0.8, (0.9, 3.5), (-8.0, 40.0)),
}
STRETCH_WEIGHT = 1.0


@dataclass(frozen=True)
class View:
    """A grid's place in a source volume.

    Attributes:
        centre_mm: its middle, index order [mm], from the outer corner of the first voxel.
        spacing_mm: of its voxels.
    """

    centre_mm: np.ndarray
    spacing_mm: float


def whole_view(extent_mm: np.ndarray, grid_shape: tuple[int, ...]) -> View:
    """Return the view of the whole volume with one spacing on all axes, as in section 4.4 of the paper."""
    return View(extent_mm / 2, float((extent_mm / np.array(grid_shape)).max()))


def random_view(
    bones_mm: dict[int, np.ndarray],
    extent_mm: np.ndarray,
    grid_shape: tuple[int, ...],
    full_view: float,
    rng: np.random.Generator,
) -> View:
    """Choose a view: the whole volume, one of the presets that the person allows, or a stretch of any height.

    Args:
        bones_mm: two corners `(2, 3)` of the box of every bone that is there.
        extent_mm: size of the volume `(3,)`.
        grid_shape: of the network.
        full_view: probability of the whole.
    """
    if rng.random() < full_view and extent_mm[2] <= TALLEST_MM:
        view = whole_view(extent_mm, grid_shape)
        return View(view.centre_mm, view.spacing_mm * float(rng.uniform(0.95, 1.1)))
    allowed = [name for name, preset in PRESETS.items() if _is_shown(preset, bones_mm)]
    weights = np.array([PRESETS[name].weight for name in allowed] + [STRETCH_WEIGHT])
    choice = int(rng.choice(len(weights), p=weights / weights.sum()))
    if choice == len(allowed):
        return _stretch(extent_mm, grid_shape, rng)
    preset = PRESETS[allowed[choice]]
    bones = [bone for bone in preset.bones if bone in bones_mm]
    if allowed[choice] == "spine":
        count = int(rng.integers(FEWEST_VERTEBRAE, len(bones) + 1))
        first = int(rng.integers(0, len(bones) - count + 1))
        bones = bones[first : first + count]
    return _around(np.stack([bones_mm[bone] for bone in bones]), preset, grid_shape, rng)


def _is_shown(preset: Preset, bones_mm: dict[int, np.ndarray]) -> bool:
    there = sum(bone in bones_mm for bone in preset.bones)
    if preset is PRESETS["spine"]:
        return there >= FEWEST_VERTEBRAE
    return there >= PRESENT_SHARE * len(preset.bones)


def _around(boxes: np.ndarray, preset: Preset, grid_shape: tuple[int, ...], rng: np.random.Generator) -> View:
    """Return a view of bones whose boxes are given, `(N, 2, 3)`."""
    low, high = boxes[:, 0].min(0), boxes[:, 1].max(0)
    size = high - low
    above, below = rng.uniform(*preset.margin_mm, 2)
    wanted = size * rng.uniform(*preset.width_share)
    wanted[2] = max(size[2] + above + below, 0.6 * size[2])
    spacing = float(np.clip((wanted / np.array(grid_shape)).max(), *SPACING_LIMITS_MM))
    centre = (low + high) / 2
    centre[2] += (below - above) / 2
    centre += rng.normal(0, 0.025, 3) * spacing * np.array(grid_shape)
    return View(centre, spacing)


def _stretch(extent_mm: np.ndarray, grid_shape: tuple[int, ...], rng: np.random.Generator) -> View:
    seen = extent_mm[2] * rng.uniform(0.35, 1.0)
    centre = extent_mm / 2
    centre[2] += rng.uniform(-0.5, 0.5) * (extent_mm[2] - seen)
    centre[:2] += rng.normal(0, 0.03, 2) * extent_mm[:2]
    wanted = np.array([min(extent_mm[0], seen * 1.1), min(extent_mm[1], seen * 1.1), seen])
    return View(centre, float(np.clip((wanted / np.array(grid_shape)).max(), *SPACING_LIMITS_MM)))
