"""Radiographs with their truth for the tables of robustness: published pairs, real chest pairs, phantoms, drawn
people."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

from SwinX2SLib.anatomy import CLASS_COUNT, GROUPS
from SwinX2SLib.datasets import Case, load_case_list
from SwinX2SLib.drr import fit_threshold, project_ct
from SwinX2SLib.geometry.frames import network_affine, voxel_spacing_mm
from SwinX2SLib.phantom import FieldOfView, PhantomParameters, build_phantom
from SwinX2SLib.phantom.build import phantom_ct
from SwinX2SLib.radiographs import Radiograph, RadiographOptions, examine_pair, read_pair
from SwinX2SLib.radiographs.normalise import normalise

SHARED = Path(os.environ.get("SWINX2S_SHARED", Path(__file__).resolve().parents[3] / "shared"))
PHANTOM_SPACING_MM, SAMPLE_SPACING_MM, CHEST_HEIGHT_MM = 3.0, 3.0, 400.0
UNDEFORMED_SPACING_MM = 2.6
# Parts of the default phantom, RAS mm from the middle of its hip axis; random ones are scaled by a tenth or so.
FIELDS = {
    "torso": FieldOfView((-200.0, -150.0, -120.0), (200.0, 180.0, 500.0)),
    "pelvis": FieldOfView((-190.0, -150.0, -130.0), (190.0, 150.0, 110.0)),
    "chest": FieldOfView((-190.0, -150.0, 250.0), (190.0, 180.0, 560.0)),
    "neck": FieldOfView((-110.0, -110.0, 520.0), (110.0, 110.0, 740.0)),
}
# Real lateral chest radiographs on which the patient's front is on the right side of the picture, seen by eye.
FRONT_ON_THE_RIGHT = ("patient022", "patient028", "patient089", "patient092", "patient093")


@dataclass(frozen=True)
class Pair:
    """Two radiographs as they should hang, and what they show.

    Attributes:
        name: of the person.
        ap, lateral: the radiographs.
        labels: truth, uint8 `(X, Y, Z)` in network order, centred on the radiographs; None where there is none.
        affine: of the truth, index -> RAS mm.
        annotated: groups that the truth draws.
        case: where the pair comes from, or None.
    """

    name: str
    ap: Radiograph
    lateral: Radiograph
    labels: np.ndarray | None = None
    affine: np.ndarray | None = None
    annotated: tuple[str, ...] = GROUPS
    case: Case | None = None


def model_and_cases(about: str, drawn: int, **flags: str) -> argparse.Namespace:
    """Read the arguments of a table: `model`, `cases`, how many people (`drawn` unless told), and flags."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--model", default="default", help="name or path of weights")
    parser.add_argument("--cases", type=int, default=drawn, help="people, of some tables synthetic")
    for name, words in flags.items():
        parser.add_argument(f"--{name}", action="store_true", help=words)
    return parser.parse_args()


def cases(splits: tuple[str, ...]) -> list[Case]:
    """Return the cases of the shared data; none where it is absent."""
    manifest = SHARED / "anatomy" / "manifest.json"
    return [case for case in load_case_list(manifest) if case.split in splits] if manifest.is_file() else []


def published_pairs(splits: tuple[str, ...] = ("val",)) -> Iterator[Pair]:
    """Yield the published pairs with their label volumes."""
    for case in cases(splits):
        if case.radiographs is None:
            continue
        radiographs, options = case.radiographs, RadiographOptions(spacing_mm=case.radiographs.spacing_mm)
        ap, lateral = read_pair(
            radiographs.coronal, radiographs.sagittal, options, replace(options, flip="h")
        )
        labels, spacing = case.load_labels()
        affine = network_affine(float(spacing.mean()), labels.shape)
        yield Pair(case.name, ap, lateral, labels, affine, case.annotated, case)


def chest_pairs() -> Iterator[Pair]:
    """Yield the real chest pairs, at an assumed height since they state no spacing; laterals with the front left."""
    for frontal in sorted((SHARED / "radiographs" / "pairs").glob("*_frontal_*")):
        name = frontal.name.split("_")[0]
        lateral = next(frontal.parent.glob(f"{name}_lateral.*"))
        options = [
            RadiographOptions(spacing_mm=CHEST_HEIGHT_MM / Image.open(path).height)
            for path in (frontal, lateral)
        ]
        options[1] = replace(options[1], flip="h" if name in FRONT_ON_THE_RIGHT else "")
        ap, other, faults = examine_pair(frontal, lateral, *options, "pa")
        if not faults:
            yield Pair(name, ap, other)


def phantom_pairs(field: str, count: int, seed: int = 0) -> Iterator[Pair]:
    """Yield random phantoms, seen through one of `FIELDS`."""
    rng = np.random.default_rng((seed, list(FIELDS).index(field)))
    for number in range(count):
        phantom = build_phantom(PhantomParameters.random(rng), PHANTOM_SPACING_MM, FIELDS[field])
        ct = phantom_ct(phantom)
        ap, lateral = (
            radiograph_of(project_ct(ct, phantom.affine, view), PHANTOM_SPACING_MM, view)
            for view in ("ap", "lateral")
        )
        affine = network_affine(PHANTOM_SPACING_MM, phantom.labels.shape)
        yield Pair(f"phantom {field} {number}", ap, lateral, phantom.labels, affine)


def drawn_pairs(count: int, seed: int = 0) -> Iterator[Pair]:
    """Yield people as training draws them (deformed, random radiographs) from all cases and ten phantoms."""
    from SwinX2SLib.training.synthesis import Synthesiser

    grid, rng = (96, 96, 128), np.random.default_rng(seed)
    synthesiser = Synthesiser(grid)
    people = cases(("train", "val"))
    synthesiser.add_cases(people, [1.0] * len(people))
    for _ in range(10):
        phantom = build_phantom(PhantomParameters.random(rng), PHANTOM_SPACING_MM)
        known = np.ones(CLASS_COUNT, dtype=bool)
        synthesiser.add_volume(phantom.labels, voxel_spacing_mm(phantom.affine), known, 1.0)
    for number in range(count):
        sample = synthesiser.draw(rng)
        radiographs = (radiograph_of(f.numpy().T, SAMPLE_SPACING_MM, v) for f, v in
                 ((sample.coronal, "ap"), (sample.sagittal, "lateral")))  # fmt: skip
        affine = network_affine(SAMPLE_SPACING_MM, grid)
        yield Pair(f"drawn {number}", *radiographs, sample.labels.numpy(), affine)


def undeformed_pairs(names: tuple[str, ...], each: int, seed: int = 0) -> Iterator[Pair]:
    """Yield people as they are, turned and scaled a little, in radiographs that look as the published ones.

    Args:
        names: of cases; those that are absent are left out.
        each: pairs of every person.
        seed: of the turns and the radiographs.
    """
    from SwinX2SLib.training.synthesis import Synthesiser
    from SwinX2SLib.training.synthesis.deformation import DeformationLimits

    grid, still = (128, 128, 160), {"bend_fraction": 0.0, "stretch": 0.0, "warp_mm": 0.0, "anatomical": 0.0}
    limits = DeformationLimits(rotation_deg=3.0, turn_deg=10.0, scale=0.05, full_view=1.0, **still)
    for case in (case for case in cases(("train", "val")) if case.name in names):
        synthesiser = Synthesiser(grid, limits=limits, published_look=1.0)
        synthesiser.add_cases([case], [1.0])
        for number in range(each):
            sample = synthesiser.draw(np.random.default_rng((seed, number)))
            radiographs = (radiograph_of(f.numpy().T, UNDEFORMED_SPACING_MM, v) for f, v in
                     ((sample.coronal, "ap"), (sample.sagittal, "lateral")))  # fmt: skip
            affine = network_affine(UNDEFORMED_SPACING_MM, grid)
            yield Pair(
                f"{case.name}, {number}", *radiographs, sample.labels.numpy(), affine, case.annotated, case
            )


def population_pairs(count: int, seed: int = 7) -> Iterator[Pair]:
    """Yield people of the statistical skeleton as scans show them, in radiographs that look as the published ones."""
    from SwinX2SLib.skeleton.population import random_torso
    from SwinX2SLib.training.synthesis import Synthesiser
    from SwinX2SLib.training.synthesis.deformation import DeformationLimits

    grid, still = (128, 128, 160), {"bend_fraction": 0.0, "stretch": 0.0, "warp_mm": 0.0, "anatomical": 0.0}
    limits = DeformationLimits(rotation_deg=3.0, turn_deg=5.0, scale=0.05, full_view=0.6, **still)
    for number in range(count):
        rng = np.random.default_rng((seed, number))
        labels, affine = random_torso(rng, 2.0)
        synthesiser = Synthesiser(grid, limits=limits, published_look=0.7)
        synthesiser.add_volume(labels, voxel_spacing_mm(affine), np.ones(CLASS_COUNT, dtype=bool), 1.0)
        sample = synthesiser.draw(rng)
        radiographs = (radiograph_of(f.numpy().T, UNDEFORMED_SPACING_MM, v) for f, v in
                 ((sample.coronal, "ap"), (sample.sagittal, "lateral")))  # fmt: skip
        affine = network_affine(UNDEFORMED_SPACING_MM, grid)
        yield Pair(f"population {number}", *radiographs, sample.labels.numpy(), affine)


def radiograph_of(picture: np.ndarray, spacing_mm: float, view: str) -> Radiograph:
    """Return a computed picture `(rows, columns)` as a radiograph."""
    pixels = normalise(picture.astype(np.float32), bone_bright=True).pixels
    return Radiograph(pixels, (spacing_mm, spacing_mm), "computed", view)


def flipped(radiograph: Radiograph, flip: str) -> Radiograph:
    """Return a radiograph flipped "h", "v" or "hv"."""
    pixels = radiograph.pixels[:: -1 if "v" in flip else 1, :: -1 if "h" in flip else 1]
    return replace(radiograph, pixels=np.ascontiguousarray(pixels))


def magnified(radiograph: Radiograph, factor: float) -> Radiograph:
    """Return a radiograph on which everything is larger about its middle, at the same stated spacing."""
    middle = (np.array(radiograph.pixels.shape) - 1) / 2
    pixels = ndimage.affine_transform(
        radiograph.pixels, np.full(2, 1 / factor), middle * (1 - 1 / factor), order=1
    )
    return replace(radiograph, pixels=pixels)


def retaken(pair: Pair, angle_deg: float) -> Pair | None:
    """Return the pair projected again from its CT, the lateral radiograph off the right angle; None without a CT.

    Args:
        pair: a published one.
        angle_deg: by which the patient was turned about the long axis between the two radiographs.
    """
    ct = pair.case.load_ct() if pair.case else None
    if ct is None:
        return None
    spacing = float(voxel_spacing_mm(pair.affine)[0])
    shown = {radiograph.view: radiograph.pixels for radiograph in (pair.ap, pair.lateral)}
    fits = all(
        shown[view].shape == (ct.shape[2], ct.shape[axis]) for view, axis in (("ap", 0), ("lateral", 1))
    )
    threshold = fit_threshold(ct, pair.affine, shown).threshold if fits else float(np.median(ct))
    turned = ndimage.rotate(ct, angle_deg, axes=(0, 1), reshape=False, order=1, cval=float(ct.min()))
    ap, lateral = (
        radiograph_of(project_ct(volume, pair.affine, view, threshold), spacing, view)
        for volume, view in ((ct, "ap"), (turned, "lateral"))
    )
    return replace(pair, ap=ap, lateral=lateral)
