"""Pairs on which verdicts are calibrated: people kept apart from training, drawn people, and nothing at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from people import (
    SHARED,
    UNDEFORMED_SPACING_MM,
    Pair,
    cases,
    flipped,
    magnified,
    phantom_pairs,
    population_pairs,
    published_pairs,
    radiograph_of,
    retaken,
)
from PIL import Image, ImageDraw
from scipy import ndimage

from SwinX2SLib.anatomy import CLASS_COUNT, ids_by_name
from SwinX2SLib.geometry.frames import network_affine, voxel_spacing_mm
from SwinX2SLib.geometry.surfaces import Surface
from SwinX2SLib.geometry.voxelisation import fill_surfaces

GRID, PICTURE = (128, 128, 160), (160, 128)
HELD_OUT = ("val", "evaluation only")
MESH_BONES = {
    "Femur_L": "femur_left", "Femur_R": "femur_right", "Hip_L": "hip_left", "Hip_R": "hip_right", "Sacrum": "sacrum",
}  # fmt: skip
REAL, DRAWN, NOTHING = "people", "synthetic", "nothing"


@dataclass(frozen=True)
class Task:
    """A pair to reconstruct.

    Attributes:
        kind: `REAL`, `DRAWN` or `NOTHING`.
        name: unique.
        half: 0 to fit, 1 to judge.
        make: the pair.
        person: who is shown, the same in several pairs of one person.
    """

    kind: str
    name: str
    half: int
    make: Callable[[], Pair | None]
    person: str


def tasks(drawn: int, pictures: Path | None) -> list[Task]:
    """Return all pairs, from every kind in turn, so that an interrupted run has something of each."""
    lists = [
        list(_published()),
        list(_meshes()),
        list(_drawn(drawn)),
        list(_spoilt(drawn // 3)),
        list(_nothing(pictures)),
    ]
    longest = max(map(len, lists))
    return [one[index] for index in range(longest) for one in lists if index < len(one)]


def _published() -> Iterator[Task]:
    """Yield published pairs of people kept apart from training, as they are, with mistakes, and simulated again."""
    for number, case in enumerate(case for case in cases(HELD_OUT)):
        half = number % 2
        if case.radiographs is not None:
            for title, spoil in PUBLISHED.items():
                yield Task(
                    REAL, f"{case.name}{title}", half, partial(_of_published, case.name, spoil), case.name
                )
        yield Task(REAL, f"{case.name} simulated", half, partial(_simulated, case.name), case.name)


def _of_published(name: str, spoil: Callable[[Pair], Pair | None]) -> Pair | None:
    return spoil(next(pair for pair in published_pairs(HELD_OUT) if pair.name == name))


def _enlarged(pair: Pair) -> Pair:
    return replace(pair, lateral=magnified(pair.lateral, 1.06))


PUBLISHED: dict[str, Callable[[Pair], Pair | None]] = {
    "": replace,
    ", lateral 6 % too large": _enlarged,
    ", 6 degrees off": partial(retaken, angle_deg=6),
}


def _simulated(name: str) -> Pair:
    (case,) = (case for case in cases(HELD_OUT) if case.name == name)
    labels, spacing = case.load_labels()
    ct = (case.load_ct(), case.ct_kind)
    pair = _synthesised(labels, spacing, np.random.default_rng(11), case.known_classes, *ct)
    return replace(pair, annotated=case.annotated, case=case)


def _synthesised(
    labels: np.ndarray,
    spacing: np.ndarray,
    rng: np.random.Generator,
    known: np.ndarray | None = None,
    ct: np.ndarray | None = None,
    ct_kind: str | None = None,
) -> Pair:
    """Return a person as it is, turned and scaled a little, in radiographs as training makes them."""
    from SwinX2SLib.training.synthesis import Synthesiser
    from SwinX2SLib.training.synthesis.deformation import DeformationLimits

    still = {"bend_fraction": 0.0, "stretch": 0.0, "warp_mm": 0.0, "anatomical": 0.0}
    limits = DeformationLimits(rotation_deg=3.0, turn_deg=10.0, scale=0.05, full_view=1.0, **still)
    synthesiser = Synthesiser(GRID, limits=limits, published_look=0.7)
    known = np.ones(CLASS_COUNT, dtype=bool) if known is None else known
    synthesiser.add_volume(labels, spacing, known, 1.0, ct, ct_kind)
    sample = synthesiser.draw(rng)
    ap, lateral = (
        radiograph_of(picture.numpy().T, UNDEFORMED_SPACING_MM, view)
        for picture, view in ((sample.coronal, "ap"), (sample.sagittal, "lateral"))
    )
    return Pair("", ap, lateral, sample.labels.numpy(), network_affine(UNDEFORMED_SPACING_MM, GRID))


def _meshes() -> Iterator[Task]:
    """Yield pelves and femora of people of whom there are surfaces alone."""
    for number, file in enumerate(sorted((SHARED / "anatomy" / "meshes").glob("vsd_*.npz"))):
        yield Task(REAL, file.stem, number % 2, partial(_of_meshes, file, number), file.stem)


def _of_meshes(file: Path, number: int) -> Pair:
    stored, ids, rng = np.load(file), ids_by_name(), np.random.default_rng((12, number))
    surfaces = {
        ids[name]: Surface(stored[f"{key}_vertices"].astype(float), stored[f"{key}_faces"])
        for key, name in MESH_BONES.items()
        if f"{key}_vertices" in stored
    }
    points = np.concatenate([surface.vertices for surface in surfaces.values()])
    low, high = points.min(axis=0) - 20, points.max(axis=0) + 20
    low[2] = max(low[2], high[2] - rng.uniform(280, 420))
    x, y, z = (int(count) for count in np.ceil((high - low) / 2))
    affine = network_affine(2.0, (x, y, z), tuple((low + high) / 2))
    labels = fill_surfaces(surfaces, (x, y, z), affine)
    return replace(_synthesised(labels, voxel_spacing_mm(affine), rng), annotated=("pelvis", "femur"))


def _drawn(count: int) -> Iterator[Task]:
    """Yield people of the statistical skeleton, and a phantom for every eighth."""
    for number in range(count):
        name, make = f"population {number}", partial(_one, population_pairs, 1, 1000 + number)
        yield Task(DRAWN, name, number % 2, make, name)
        if number < count // 8:
            field = ("torso", "pelvis", "chest")[number % 3]
            name, make = f"phantom {number}", partial(_one, phantom_pairs, field, 1, 50 + number)
            yield Task(DRAWN, name, number % 2, make, name)


def _one(pairs: Callable[..., Iterator[Pair]], *given: object) -> Pair:
    return next(pairs(*given))


def _spoilt(count: int) -> Iterator[Task]:
    """Yield people of the statistical skeleton with mistakes of acquisition."""
    for number in range(count):
        title, spoil = list(MISTAKES.items())[number // 2 % len(MISTAKES)]
        yield Task(
            DRAWN,
            f"population, {title} {number}",
            number % 2,
            partial(_with_mistake, number, spoil),
            f"spoilt {number}",
        )


def _with_mistake(number: int, spoil: Callable[[Pair], Pair]) -> Pair:
    return spoil(_one(population_pairs, 1, 2000 + number))


def _exchanged(pair: Pair) -> Pair:
    return replace(pair, ap=replace(pair.lateral, view="ap"), lateral=replace(pair.ap, view="lateral"))


def _mirrored(pair: Pair) -> Pair:
    return replace(pair, lateral=flipped(pair.lateral, "h"))


def _shifted(pair: Pair) -> Pair:
    return replace(pair, lateral=replace(pair.lateral, pixels=np.roll(pair.lateral.pixels, 12, axis=0)))


def _blurred(pair: Pair) -> Pair:
    rng = np.random.default_rng(4)
    ap, lateral = (
        replace(
            one,
            pixels=_unit(ndimage.gaussian_filter(one.pixels, 1.5) + rng.normal(0, 0.12, one.pixels.shape)),
        )
        for one in (pair.ap, pair.lateral)
    )
    return replace(pair, ap=ap, lateral=lateral)


MISTAKES: dict[str, Callable[[Pair], Pair]] = {
    "lateral 6 % too large": _enlarged,
    "blurred and noisy": _blurred,
    "lateral mirrored": _mirrored,
    "lateral shifted": _shifted,
    "exchanged": _exchanged,
}


def _nothing(pictures: Path | None) -> Iterator[Task]:
    """Yield pairs of pictures that are no radiographs of a trunk; hands and photographs serve to judge alone."""
    import matplotlib

    photograph = Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"
    relief = photograph.with_name("topobathy.npz")
    makers: dict[str, tuple[int, Callable[[np.random.Generator], np.ndarray]]] = {
        "noise": (0, lambda rng: rng.random(PICTURE)),
        "clouds": (0, lambda rng: ndimage.gaussian_filter(rng.normal(size=PICTURE), rng.uniform(4, 12))),
        "pink noise": (1, _pink),
        "blobs": (0, lambda rng: ndimage.gaussian_filter((rng.random(PICTURE) > 0.997).astype(float), 3)),
        "stripes": (
            0,
            lambda rng: (
                np.sin(np.arange(PICTURE[0])[:, None] / rng.uniform(2, 6)) + rng.normal(0, 0.3, PICTURE)
            ),
        ),
        "relief": (0, lambda rng: np.load(relief)["topo"][: PICTURE[0], : PICTURE[1]].astype(float)),
        "hand": (1, _hand),
        "hand, again": (1, _hand),
        "photograph": (1, partial(_cut_out, photograph)),
    }
    files = sorted(pictures.iterdir()) if pictures else []
    makers |= {file.name: (1, partial(_cut_out, file)) for file in files}
    for number, (name, (half, make)) in enumerate(makers.items()):
        yield Task(NOTHING, name, half, partial(_of_nothing, make, number), name)


def _of_nothing(make: Callable[[np.random.Generator], np.ndarray], number: int) -> Pair:
    rng = np.random.default_rng((3, number))
    ap, lateral = (radiograph_of(_unit(make(rng)), UNDEFORMED_SPACING_MM, view) for view in ("ap", "lateral"))
    return Pair("", ap, lateral)


def _unit(picture: np.ndarray) -> np.ndarray:
    return ((picture - picture.min()) / max(np.ptp(picture), 1e-9)).astype(np.float32)


def _pink(rng: np.random.Generator) -> np.ndarray:
    return np.sum(
        [ndimage.gaussian_filter(rng.normal(size=PICTURE), s) * s for s in (1, 2, 4, 8, 16, 32)], axis=0
    )


def _cut_out(file: Path, rng: np.random.Generator) -> np.ndarray:
    """Return a part of a photograph, as large as it allows."""
    picture = Image.open(file).convert("L")
    scale = max(PICTURE[1] / picture.width, PICTURE[0] / picture.height)
    size = [int(np.ceil(scale * side)) for side in picture.size]
    pixels = np.asarray(picture.resize(size), dtype=float)
    row, column = (rng.integers(0, have - want + 1) for have, want in zip(pixels.shape, PICTURE, strict=True))
    return pixels[row : row + PICTURE[0], column : column + PICTURE[1]]


def _hand(rng: np.random.Generator) -> np.ndarray:
    """Return a drawing of a hand's bones in soft tissue."""
    height, width = 2 * PICTURE[0], 2 * PICTURE[1]
    picture = Image.new("F", (width, height), 0)
    pen, x, y = ImageDraw.Draw(picture), width / 2, 0.75 * height
    pen.ellipse((x - 55, y - 50, x + 55, y + 60), fill=0.35)
    angles = np.deg2rad([-50, -22, -7, 8, 24]) + rng.normal(0, 0.04, 5)
    for angle, length in zip(angles, (60, 105, 120, 110, 85), strict=True):
        way = np.array([np.sin(angle), -np.cos(angle)])
        root = np.array([x, y]) + way * (50, 40)
        pen.line([*root, *(root + length * way)], fill=0.4, width=26)
        for start, end in ((0.0, 0.45), (0.5, 0.75), (0.8, 1.0)):
            pen.line([*(root + length * start * way), *(root + length * end * way)], fill=1.0, width=13)
        pen.line([x + 10 * way[0], y + 20 + 10 * way[1], *root], fill=0.9, width=12)
    for _ in range(8):
        u, v = x + rng.normal(0, 22), y + 35 + rng.normal(0, 9)
        pen.ellipse((u - 11, v - 9, u + 11, v + 9), fill=0.85)
    for left, right in ((-40, -8), (8, 36)):
        pen.rectangle((x + left, y + 60, x + right, height), fill=0.9)
    smooth = ndimage.gaussian_filter(np.asarray(picture), 1.5)[::2, ::2]
    return smooth + rng.normal(0, 0.02, smooth.shape)
