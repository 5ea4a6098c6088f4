"""How often intervals hold the true value: `python Testing/bench/intervals.py [--cases 8] [--labels]`.

A Markdown table, by measurement: how many true values there are, the median error, the median half width of the 90 %
intervals, the share of true values in them, and the factor by which the intervals had to be wider for nine of ten.
Without `--labels` of reconstructions: true values are measured on the true labels by the same program. With it of
label volumes: bones of `--cases` people are put on turned and shifted grids of 1, 1.5, 2 and 3 mm; true values are
what each of five raters found ("raters"), and what the program measures on the bones as they are ("grids").
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from people import (
    SHARED,
    Pair,
    cases,
    model_and_cases,
    phantom_pairs,
    population_pairs,
    published_pairs,
    undeformed_pairs,
)
from scipy import ndimage
from scipy.spatial.transform import Rotation
from skeleton_pairs import PEOPLE

from SwinX2SLib.anatomy import ids_by_name
from SwinX2SLib.geometry.frames import voxel_spacing_mm
from SwinX2SLib.measurements import bone_from_mesh, bones_from_labels
from SwinX2SLib.measurements.from_landmarks import key_of
from SwinX2SLib.measurements.label_intervals import with_label_intervals
from SwinX2SLib.measurements.measure import measure, measure_subject
from SwinX2SLib.measurements.pelvis_landmarks import SIDES
from SwinX2SLib.measurements.reading import read_subject
from SwinX2SLib.measurements.results import Measurement
from SwinX2SLib.reconstruct.reconstructor import Reconstructor

sys.path.append(str(Path(__file__).parents[1] / "unit" / "measurements"))
from voxelise import voxelise

MEASUREMENTS = (
    ("femur", ("neck_shaft_angle", "femoral_offset", "head_radius")),
    ("pelvis", ("inter_asis_width", "pelvic_incidence", "pelvic_tilt", "sacral_slope", "pelvic_obliquity")),
    ("spine", ("thoracic_kyphosis", "lumbar_lordosis", "cobb_angle")),
    ("vertebra", ("canal_length", "canal_width", "anterior_body_height", "axial_rotation")),
)
GRIDS_MM = (1.0, 1.5, 2.0, 3.0)
# Standard deviation of the turn of a grid about each axis.
TURN_DEG = 8.0
BONES = {f"{part}_{side}": f"{part.title()}_{side[0].upper()}" for part in ("femur", "hip") for side in SIDES}
BONES["sacrum"] = "Sacrum"
PICKS = {
    "asis": "ASIS",
    "aiis": "AIIS",
    "psis": "PSIS",
    "piis": "PIIS",
    "ischial_spine": "Ischial Spine (IS)",
    "pubic_tubercle": "Pubic Tubercle (PT)",
}
Found = Mapping[str, list[Measurement]]
Row = tuple[str, float, float]
"""Name of a measurement, its error, and half of its interval (of a place: its distance from the true one, and how far
that may lie)."""


def errors(reconstructor: Reconstructor, pair: Pair) -> list[tuple[str, float, float]]:
    """Return name, error and half width of the interval of every value that result and truth have."""
    if pair.labels is None or pair.affine is None:
        return []
    regions = [region for region, _ in MEASUREMENTS]
    found = measure(reconstructor.reconstruct(pair.ap, pair.lateral), only=regions)
    truth = {
        key_of(one): one.value
        for ones in measure((pair.labels, pair.affine), only=regions).values()
        for one in ones
    }
    rows = []
    for region, names in MEASUREMENTS:
        for one in found[region]:
            true = truth.get(key_of(one))
            if one.name in names and one.value is not None and one.interval is not None and true is not None:
                rows.append((one.name, one.value - true, (one.interval[1] - one.interval[0]) / 2))
    return rows


def regridded_hips(folder: Path, names: list[str], rng: np.random.Generator) -> Iterator[Row]:
    """Yield rows of femora and pelves of people with landmarks of raters."""
    for name in names:
        meshes = np.load(folder / f"{name}.npz")
        surfaces = {
            bone: (meshes[f"{key}_vertices"], meshes[f"{key}_faces"])
            for bone, key in BONES.items()
            if f"{key}_vertices" in meshes
        }
        whole = {bone: bone_from_mesh(bone, *surface) for bone, surface in surfaces.items()}
        truth = measure_subject(whole, ("femur", "pelvis"))
        raters = json.loads((folder / f"{name}_landmarks.json").read_text())
        for spacing_mm in GRIDS_MM:
            turn = Rotation.from_rotvec(np.radians(TURN_DEG) * rng.normal(size=3)).as_matrix()
            offset = tuple(spacing_mm * rng.uniform(-0.5, 0.5, 3))
            bones = {}
            for own in whole.values():
                voxels, affine = voxelise(own.vertices_ras_mm @ turn.T, own.faces, spacing_mm, offset)
                back = np.eye(4)
                back[:3, :3] = turn.T
                bones |= bones_from_labels(voxels.astype(np.uint8) * own.label, back @ affine)
            found = with_label_intervals(measure_subject(bones, ("femur", "pelvis")), bones)
            yield from against(found, truth)
            yield from against_raters(found, raters)


def regridded_spines(people: list[Path], rng: np.random.Generator) -> Iterator[Row]:
    """Yield rows of the spines of label volumes, on grids that are no finer than theirs."""
    for folder in people:
        volume = read_subject(folder / "labels.nii.gz").volume
        if volume is None:
            continue
        spine = np.isin(volume.labels, [*range(1, 26), ids_by_name()["sacrum"]])
        labels = np.where(spine, volume.labels, 0).astype(np.uint8)
        truth = measure_subject(bones_from_labels(labels, volume.affine), ("spine", "vertebra"))
        for spacing_mm in GRIDS_MM:
            if spacing_mm >= 0.95 * voxel_spacing_mm(volume.affine).max():
                bones = bones_from_labels(*turned_grid(labels, volume.affine, spacing_mm, rng))
                found = with_label_intervals(measure_subject(bones, ("spine", "vertebra")), bones)
                yield from against(found, truth)


def turned_grid(
    labels: np.ndarray, affine: np.ndarray, spacing_mm: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return labels on a turned and shifted grid, nearest neighbour, and its affine."""
    turn = Rotation.from_rotvec(np.radians(TURN_DEG) * rng.normal(size=3)).as_matrix()
    places = (np.argwhere(labels) @ affine[:3, :3].T + affine[:3, 3]) @ turn
    start = places.min(axis=0) - spacing_mm * rng.uniform(2, 3, 3)
    shape = np.ceil((places.max(axis=0) - start) / spacing_mm).astype(int) + 3
    grid = np.eye(4)
    grid[:3, :3], grid[:3, 3] = spacing_mm * turn, turn @ start
    back = np.linalg.inv(affine) @ grid
    return ndimage.affine_transform(labels, back[:3, :3], back[:3, 3], tuple(shape), order=0), grid


def against(found: Found, truth: Found) -> Iterator[Row]:
    """Yield the rows of what the program measures on the bones as they are."""
    true = {key_of(one): one for ones in truth.values() for one in ones}
    for one in (one for ones in found.values() for one in ones if one.interval is not None):
        other = true.get(key_of(one))
        if other is None or not other.is_present or one.interval is None:
            continue
        name = next(
            (family for family in ("listhesis", "cobb_angle") if one.name.startswith(family)), one.name
        )
        half = (one.interval[1] - one.interval[0]) / 2
        if one.value is not None and other.value is not None:
            yield f"{name}, grids", one.value - other.value, half
        elif one.unit == "point" and one.landmarks and other.landmarks:
            yield f"{name}, grids", _apart(one, other.landmarks[0].position_ras_mm), 2 * half


def against_raters(found: Found, raters: dict) -> Iterator[Row]:
    """Yield the rows of what each rater found: landmarks, femoral heads, and necks against the shaft measured."""
    for one in found["pelvis"]:
        if one.name in PICKS and one.is_present and one.interval is not None:
            pick = f"{(one.side or '').title()} {PICKS[one.name]}"
            for rated in raters["pelvis"].values():
                yield f"{one.name}, raters", _apart(one, np.array(rated[pick])), one.interval[1]
    for one in found["femur"]:
        if one.name not in ("head_radius", "neck_shaft_angle") or one.interval is None or one.value is None:
            continue
        for rated in raters.get(one.structure, {}).values():
            centre, radius = _sphere(np.array([rated[pick] for pick in rated if "Femoral Head" in pick]))
            rating = radius
            if one.name == "neck_shaft_angle":
                isthmus = np.mean([rated[pick] for pick in rated if "Neck Isthmus" in pick], axis=0)
                shaft = next(axis for axis in one.axes if axis.name.startswith("shaft_axis")).direction_ras
                neck = (centre - isthmus) / np.linalg.norm(centre - isthmus)
                rating = float(np.degrees(np.arccos(neck @ shaft)))
            yield f"{one.name}, raters", one.value - rating, (one.interval[1] - one.interval[0]) / 2


def _apart(one: Measurement, place: np.ndarray) -> float:
    return float(np.linalg.norm(one.landmarks[0].position_ras_mm - place))


def _sphere(points: np.ndarray) -> tuple[np.ndarray, float]:
    solution = np.linalg.lstsq(
        np.column_stack([2 * points, np.ones(len(points))]), (points**2).sum(axis=1), rcond=None
    )[0]
    return solution[:3], float(np.sqrt(solution[3] + solution[:3] @ solution[:3]))


def label_rows(count: int) -> Iterator[Row]:
    """Yield the rows of so many people with raters' landmarks and of so many with spines."""
    rng = np.random.default_rng(7)
    meshes, volumes = SHARED / "anatomy" / "meshes", SHARED / "anatomy" / "volumes"
    yield from regridded_hips(meshes, sorted(path.stem for path in meshes.glob("vsd_*.npz"))[:count], rng)
    names = {case.name for case in cases(("train", "val")) if "spine" in case.annotated}
    yield from regridded_spines(
        [path for path in sorted(volumes.iterdir()) if path.name in names][:count], rng
    )


def print_table(rows: Mapping[str, list[tuple[float, float]]]) -> None:
    """Print a Markdown table of errors and half widths by name."""
    print("| measurement | values | median error | median half width | covered | factor for 90 % |")
    print("|---|---|---|---|---|---|")
    for name, values in rows.items():
        error, half = np.array(values).T
        factor = np.quantile(error / np.maximum(half, 1e-6), 0.9)
        print(
            f"| {name} | {len(error)} | {np.median(error):.1f} | {np.median(half):.1f} | "
            f"{100 * (error <= half).mean():.0f} % | {factor:.2f} |"
        )


def main() -> None:
    """Print the table."""
    args = model_and_cases(__doc__, 8, labels="intervals of label volumes instead of reconstructions")
    rows: dict[str, list[tuple[float, float]]] = defaultdict(list)
    if args.labels:
        for name, error, half in label_rows(args.cases):
            rows[name].append((abs(error), half))
        return print_table(rows)
    reconstructor = Reconstructor(args.model)
    for pairs in (
        published_pairs(("val",)),
        undeformed_pairs(PEOPLE, 1),
        population_pairs(args.cases),
        phantom_pairs("torso", 2),
    ):
        for pair in pairs:
            for name, error, half in errors(reconstructor, pair):
                rows[name].append((abs(error), half))
    for region, names in MEASUREMENTS:
        rows[region] = [row for name in names for row in rows[name]]
    order = [name for region, names in MEASUREMENTS for name in (*names, region)]
    return print_table({name: rows[name] for name in order if rows[name]})


if __name__ == "__main__":
    main()
