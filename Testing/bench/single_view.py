"""Bones from one frontal radiograph: surface distances of depth maps and of their completion by the skeleton.

`python Testing/bench/single_view.py --people 12 --weights single=RUN1.safetensors dual=RUN2.safetensors
casi=RUN3.safetensors` prints the average symmetric surface distance [mm] of each bone, mean over held-out people with
95 % intervals: people drawn from the skeleton whom no training has seen, and the cases set apart for validation. The
weights are those of three runs of equal length: `faces = 1` and `centre_aligned = false`, `faces = 2` and
`centre_aligned = false`, `faces = 2`. Depth maps of every run are shown twice: at the depth that the network gives
them, and with the mean depth known. "truth" is the limit of the method: true depth maps; it needs no weights.

`--calibrate` prints what the errors of a reconstruction of one radiograph are to the stated ones, by region, in the
radiograph's plane and along its rays (`reconstruct.skeleton_fit.FRONTAL_ERROR_FACTORS`).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from people import cases, population_pairs, published_pairs, undeformed_pairs
from scipy.spatial import cKDTree

from SwinX2SLib.anatomy import CLASS_COUNT, GROUPS, ids_by_name, label_by_id
from SwinX2SLib.drr.depth import Rays, camera_rays, face_points, filled_between
from SwinX2SLib.evaluation.statistics.intervals import mean_estimate
from SwinX2SLib.geometry.cameras import ParallelCamera
from SwinX2SLib.geometry.distances import border_points_mm
from SwinX2SLib.geometry.frames import network_affine, transform_points, voxel_spacing_mm
from SwinX2SLib.models.depth_maps import REFERENCE_MM, DepthMapConfig, DepthMapNet
from SwinX2SLib.reconstruct.reconstructor import Reconstructor
from SwinX2SLib.reconstruct.single_view import reconstruct_frontal
from SwinX2SLib.reconstruct.skeleton_fit import (
    BEHIND_MIDDLE,
    FRONTAL_ERROR_FACTORS,
    FrontalView,
    fit_to_frontal,
)
from SwinX2SLib.skeleton.depth_points import BonePoints
from SwinX2SLib.skeleton.population import random_torso
from SwinX2SLib.training.synthesis import Synthesiser
from SwinX2SLib.training.synthesis.deformation import DeformationLimits
from SwinX2SLib.training.synthesis.sample import Sample
from SwinX2SLib.weights import load_weights

GRID, SEED, LEAST_VOXELS, LEAST_POINTS = (96, 96, 128), 77, 400, 60
STILL = DeformationLimits(
    rotation_deg=3.0, turn_deg=5.0, scale=0.05, full_view=1.0, bend_fraction=0.0, stretch=0.0, warp_mm=0.0,
    anatomical=0.0,
)  # fmt: skip
# Errors of true depth maps, and of predicted ones, that the fit takes them to have [mm].
TRUE_ERROR_MM, NETWORK_ERROR_MM = 2.0, 8.0


@dataclass(frozen=True, eq=False)
class Person:
    """A held-out person in a frontal radiograph with parallel rays.

    Attributes:
        name: of the person.
        sample: radiograph, labels and true depths.
        rays: of the radiograph, from the patient's front to the back, RAS mm about the middle of the volume.
        affine: of the labels.
    """

    name: str
    sample: Sample
    rays: Rays
    affine: np.ndarray

    @property
    def spacing_mm(self) -> float:
        """Edge of pixels and voxels."""
        return float(voxel_spacing_mm(self.affine)[0])


def held_out(count: int, bones: Sequence[int]) -> Iterator[Person]:
    """Yield drawn people, then cases of the split `val`, in radiographs that look as the published ones."""
    volumes = [(case.name, *case.load_labels(), case.known_classes) for case in cases(("val",))]
    for number in range(count):
        labels, affine = random_torso(np.random.default_rng((SEED, number)), 2.0)
        volumes.append(
            (f"drawn {number}", labels, voxel_spacing_mm(affine), np.ones(CLASS_COUNT, dtype=bool))
        )
    for name, labels, spacing, known in volumes:
        if not any((labels == bone).sum() > LEAST_VOXELS and known[bone] for bone in bones):
            continue
        synthesiser = Synthesiser(GRID, limits=STILL, published_look=1.0, depth_bones=tuple(bones))
        synthesiser.add_volume(labels, spacing, known, 1.0)
        sample = synthesiser.draw(np.random.default_rng((SEED, len(name), labels.shape[0])))
        affine = network_affine(float(sample.depths.spacing_mm), GRID)
        yield Person(name, sample, camera_rays(ParallelCamera.on_grid("ap", GRID, affine)), affine)


@dataclass(frozen=True, eq=False)
class Maps:
    """Depth maps of one person.

    Attributes:
        depth_mm: from the plane through the middle, `(faces * N, X, Z)`.
        masks: bool `(N, X, Z)`.
    """

    depth_mm: np.ndarray
    masks: np.ndarray

    def at_mean(self, true: Maps) -> Maps:
        """Return the maps moved along the rays so that their mean is that of the truth on the same pixels."""
        count = len(self.depth_mm)
        mask = true.masks.repeat(1, axis=0)[np.arange(count) % len(true.masks)]
        mask = mask & self.masks[np.arange(count) % len(self.masks)]
        shift = (true.depth_mm[:count] - self.depth_mm)[mask].mean() if mask.any() else 0.0
        return Maps(self.depth_mm + shift, self.masks)


def true_maps(person: Person) -> Maps:
    """Return the true depth maps."""
    depth = person.sample.depths.depth_mm.numpy().astype(np.float64)
    return Maps(depth - REFERENCE_MM, depth[: len(depth) // 2] > 0)


@torch.inference_mode()
def predicted_maps(network: DepthMapNet, person: Person) -> Maps:
    """Return the depth maps that a network predicts, at the depth that its plain head gives them."""
    depths = person.sample.depths
    output = network(
        person.sample.coronal_radiographs[None], depths.spacing_mm[None], depths.divergence[None]
    )
    depth = output.aligned_mm()[0].numpy().astype(np.float64) - REFERENCE_MM
    return Maps(depth, (output.masks[0] > 0).numpy())


def sheets(maps: Maps, number: int, person: Person) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return places and normals of the points on each face of a bone, RAS mm."""
    found = []
    for face in range(len(maps.depth_mm) // len(maps.masks)):
        depth = maps.depth_mm[face * len(maps.masks) + number]
        points = face_points(person.rays, depth.T, maps.masks[number].T, face == 0)
        found.append((points.places_ras_mm, points.normals))
    return found


def closed(maps: Maps, number: int, person: Person) -> np.ndarray:
    """Return the voxels between both faces of a bone."""
    front, back = (maps.depth_mm[face * len(maps.masks) + number].T for face in (0, 1))
    camera = ParallelCamera.on_grid("ap", GRID, person.affine)
    return filled_between(front, back, maps.masks[number].T, camera, GRID, person.affine)


def completed(
    maps: Maps | None, bones: Sequence[int], person: Person, error_mm: float
) -> dict[int, np.ndarray]:
    """Return surfaces of the skeleton fitted to silhouettes and faces, RAS mm by label; None: silhouettes alone."""
    masks = true_maps(person).masks if maps is None else maps.masks
    silhouettes = np.zeros((CLASS_COUNT - 1, *masks.shape[1:]), np.float32)
    silhouettes[[bone - 1 for bone in bones]] = masks
    points, spacing = [], person.spacing_mm
    for number, bone in enumerate(bones if maps is not None else ()):
        for places, normals in sheets(maps, number, person):
            if len(places) >= LEAST_POINTS:
                network = transform_points(np.linalg.inv(person.affine), places) * spacing
                every = max(len(network) // 600, 1)
                points.append(
                    BonePoints(bone, network[::every], -normals[::every], every * spacing**2, error_mm)
                )
    whole = (slice(0, GRID[0]), slice(0, GRID[2]))
    seen = FrontalView(silhouettes, person.sample.coronal.numpy(), spacing, whole, GRID[1])
    fit = fit_to_frontal(seen, {}, points)
    return {bone.label: _border(bone.part, bone.solid.numpy(), person.affine) for bone in fit.bones}


def _border(part: tuple[slice, slice, slice], solid: np.ndarray, affine: np.ndarray) -> np.ndarray:
    moved = affine.copy()
    moved[:3, 3] = transform_points(affine, np.array([axis.start for axis in part]))
    return transform_points(moved, np.argwhere(solid)) if solid.sum() < 8 else border_points_mm(solid, moved)


def assd_mm(found: np.ndarray, truth: np.ndarray) -> float:
    """Return the average symmetric distance of two sets of surface points `(N, 3)`."""
    there, back = cKDTree(truth).query(found)[0], cKDTree(found).query(truth)[0]
    return float(np.concatenate([there, back]).mean())


def distances(bones: Sequence[int], person: Person, runs: dict[str, Maps]) -> dict[tuple[str, int], float]:
    """Return the distances by method and bone."""
    labels, true = person.sample.labels.numpy(), true_maps(person)
    found: dict[tuple[str, int], float] = {}
    for name, maps in {**runs, "truth": true}.items():
        versions = {name: maps, f"{name}, mean depth known": maps.at_mean(true)}
        for words, version in versions.items() if name != "truth" else ((name, maps),):
            error = TRUE_ERROR_MM if name == "truth" else NETWORK_ERROR_MM
            whole = completed(version, bones, person, error) if len(version.depth_mm) > len(bones) else {}
            for number, bone in enumerate(bones):
                truth = _truth(labels, bone, person)
                if truth is None:
                    continue
                points = np.concatenate([places for places, _ in sheets(version, number, person)])
                if len(points) >= LEAST_POINTS:
                    found[words, bone] = assd_mm(points, truth)
                if whole and (solid := closed(version, number, person)).any():
                    found[f"{words}, closed between its faces", bone] = assd_mm(
                        border_points_mm(solid, person.affine), truth
                    )
                if bone in whole:
                    found[f"{words} + skeleton", bone] = assd_mm(whole[bone], truth)
    alone = completed(None, bones, person, NETWORK_ERROR_MM)
    for bone, points in alone.items():
        if (truth := _truth(labels, bone, person)) is not None:
            middle = truth.mean(axis=0)[1] - points.mean(axis=0)[1]
            found["skeleton alone, depth of the bone known", bone] = assd_mm(
                points + np.array([0.0, middle, 0.0]), truth
            )
    return found


def _truth(labels: np.ndarray, bone: int, person: Person) -> np.ndarray | None:
    mask = labels == bone
    return border_points_mm(mask, person.affine) if mask.sum() >= LEAST_VOXELS else None


def table(people: int, weights: dict[str, Path]) -> None:
    """Print the table of distances."""
    networks = {name: load_weights(path)[0].eval() for name, path in weights.items()}
    bones = DepthMapConfig().labels
    every: dict[tuple[str, int], list[float]] = {}
    for person in held_out(people, bones):
        runs = {name: predicted_maps(network, person) for name, network in networks.items()}
        for key, value in distances(bones, person, runs).items():
            every.setdefault(key, []).append(value)
        print(f"{person.name} done", flush=True)
    names = [label_by_id(bone).title for bone in bones]
    print("| method | " + " | ".join(names) + " | people |\n|---|" + "---|" * (len(bones) + 1))
    for method in dict.fromkeys(method for method, _ in every):
        cells = [_cell(every.get((method, bone), [])) for bone in bones]
        most = max(len(every.get((method, bone), [])) for bone in bones)
        print(f"| {method} | " + " | ".join(cells) + f" | {most} |")


def _cell(values: list[float]) -> str:
    if not values:
        return ""
    estimate = mean_estimate(values)
    ends = f" ({estimate.low:.1f} to {estimate.high:.1f})" if estimate.has_interval else ""
    return f"{estimate.value:.1f}{ends}"


def calibrate(people: int) -> None:
    """Print found over stated errors of reconstructions of one radiograph."""
    reconstructor, ids = Reconstructor(), ids_by_name()
    ratios: dict[tuple[str, int], list[float]] = {}
    pairs = [*published_pairs(), *undeformed_pairs(("ts_s0011", "ts_s0327", "ts_s0006"), 1)]
    for pair in [*pairs, *population_pairs(people, SEED)]:
        found = reconstruct_frontal(pair.ap, reconstructor)
        away: dict[str, np.ndarray] = {}
        for name in found.depth_error_mm:
            mine, true = (np.argwhere(volume == ids[name]) for volume in (found.labels, pair.labels))
            group = label_by_id(ids[name]).group
            if min(len(mine), len(true)) < LEAST_VOXELS // 4 or group not in pair.annotated:
                continue
            middles = [transform_points(affine, places).mean(axis=0)
                       for affine, places in ((found.affine, mine), (pair.affine, true))]  # fmt: skip
            away[name] = middles[0] - middles[1]
        common = np.median([own[1] for own in away.values()]) if away else 0.0
        for name, own in away.items():
            group = label_by_id(ids[name]).group
            along = found.depth_error_mm[name]
            across = float(np.sqrt(max(found.position_error_mm[name] ** 2 - along**2, 0.01)))
            ratios.setdefault((group, 0), []).append(float(np.hypot(own[0], own[2])) / across)
            ratios.setdefault((group, 1), []).append(abs(float(own[1] - common)) / along)
        print(f"{pair.name} done", flush=True)
    print(f"common depth by convention: {BEHIND_MIDDLE} of the volume's depth behind its middle")
    print("| region | bones | in the plane: found / stated (factor) | along the rays |\n|---|---|---|---|")
    for group in GROUPS:
        if (group, 0) not in ratios:
            continue
        # The ends of a column of names that are one level off would decide a root mean square alone.
        rms = [float(np.sqrt(np.mean(np.minimum(ratios[group, k], 4.0) ** 2))) for k in (0, 1)]
        now = FRONTAL_ERROR_FACTORS[group]
        cells = [f"{value:.2f} ({value * factor:.1f})" for value, factor in zip(rms, now, strict=True)]
        print(f"| {group} | {len(ratios[group, 0])} | " + " | ".join(cells) + " |")


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=12, help="people drawn from the skeleton")
    parser.add_argument("--weights", nargs="*", default=[], metavar="NAME=FILE", help="runs to compare")
    parser.add_argument("--calibrate", action="store_true", help="errors found over errors stated")
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.calibrate:
        calibrate(args.people)
    else:
        table(args.people, {name: Path(path) for name, path in (one.split("=", 1) for one in args.weights)})


if __name__ == "__main__":
    main()
