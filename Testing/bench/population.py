"""Is the statistical skeleton a population? Measurements of its people beside published ones, and pictures.

`python Testing/bench/population.py [--people 1000] [--picture Docs/population.png]`
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import torch

from SwinX2SLib.anatomy import GROUPS, label_by_id, labels
from SwinX2SLib.geometry.tuples import shape3
from SwinX2SLib.geometry.voxelisation import fill_surfaces
from SwinX2SLib.measurements.bones import bone_from_mesh
from SwinX2SLib.measurements.femur import measure_femur
from SwinX2SLib.skeleton.model import Skeleton, skeleton_model
from SwinX2SLib.skeleton.population import label_map, sample_weights, skeleton_surfaces, surfaces
from SwinX2SLib.skeleton.table import FEMUR_RIGHT, skeleton_table

# What is known of adults: mean and standard deviation, and the source.
PUBLISHED = {
    "pelvic incidence [deg]": (
        52.0,
        10.0,
        "Vialle et al. 2005, doi 10.2106/JBJS.D.02043 (300 adults: 55 +- 11)",
    ),
    "sacral slope [deg]": (41.0, 8.0, "Vialle et al. 2005"),
    "femoral head radius [mm]": (
        24.0,
        2.0,
        "diameters of 43 (women) to 52 mm (men), rounded",
    ),
    "neck-shaft angle [deg]": (127.0, 6.0, "Boese et al. 2016, Skeletal Radiol 45 (review, rounded)"),
    "rib 6 chord [mm]": (197.3, 16.2, "Holcombe et al. 2017, doi 10.1111/joa.12632"),
    "rib 6 pump handle [deg]": (57.6, 8.6, "Holcombe et al. 2017"),
    "rib 6 lateral swing [deg]": (28.0, 3.7, "Holcombe et al. 2017"),
    "rib 8 chord [mm]": (209.1, 16.0, "Holcombe et al. 2017"),
    "T8 body height [mm]": (20.0, 1.8, "Panjabi et al. 1991, Spine 16:861 (rounded)"),
    "L3 body height [mm]": (27.0, 2.0, "Panjabi et al. 1992, Spine 17:299 (rounded)"),
    "L1-S1 lordosis [deg]": (60.0, 10.0, "Vialle et al. 2005 (standing; lying less)"),
}


def values(skeleton: Skeleton, femur: bool) -> dict[str, float]:
    """Return the measurements of one person, from the model's own landmarks and surfaces."""
    normal, endplate = skeleton.endplate_mm[1].numpy(), skeleton.endplate_mm[0].numpy()
    heads = skeleton.heads_mm.mean(0).numpy() - endplate
    heads[0], flat = 0.0, np.array([0.0, normal[1], normal[2]])
    cosine = -(heads @ flat) / np.linalg.norm(heads) / np.linalg.norm(flat)
    found = {
        "pelvic incidence [deg]": float(np.degrees(np.arccos(cosine))),
        "sacral slope [deg]": float(np.degrees(np.arctan2(normal[1], normal[2]))),
    }
    curves = skeleton.rib_curves_mm[1].numpy()
    for rib in (6, 8):
        chord = curves[rib - 1, -1] - curves[rib - 1, 0]
        found[f"rib {rib} chord [mm]"] = float(np.linalg.norm(chord))
        found[f"rib {rib} pump handle [deg]"] = float(
            np.degrees(np.arccos(-chord[2] / np.linalg.norm(chord)))
        )
        found[f"rib {rib} lateral swing [deg]"] = float(np.degrees(np.arctan2(chord[0], chord[1])))
    model = skeleton_model()
    points = skeleton.points_mm.numpy()
    for name, level in (("T8", 15), ("L3", 22)):
        template, height = (
            skeleton_table().bones[level].vertices_mm,
            skeleton_table().body_height_mm[level - 1],
        )
        local = (
            points[model.slices[level]] - skeleton.body_centres_mm[level - 1].numpy()
        ) @ skeleton.body_axes[level - 1].numpy()
        found[f"{name} body height [mm]"] = float(height * local[:, 2].std() / template[:, 2].std())
    up = skeleton.body_axes[:, :, 2].numpy()
    lean = np.degrees(np.arctan2(up[:, 1], up[:, 2]))
    found["L1-S1 lordosis [deg]"] = float(found["sacral slope [deg]"] - lean[19])
    if femur:
        surface = skeleton_surfaces(skeleton)[FEMUR_RIGHT]
        bone = bone_from_mesh(label_by_id(FEMUR_RIGHT).name, surface.vertices, surface.faces)
        measured = {one.name: one.value for one in measure_femur(bone, "right")}
        for name, key in (
            ("neck-shaft angle [deg]", "neck_shaft_angle"),
            ("femoral head radius [mm]", "head_radius"),
        ):
            match = next((value for label, value in measured.items() if label.startswith(key)), None)
            if match is not None:
                found[name] = float(match)
    return found


def table(people: int, seed: int = 1) -> str:
    """Return the table, in Markdown, of so many people; femora are measured of every tenth."""
    rng, rows = np.random.default_rng(seed), []
    for number in range(people):
        with torch.no_grad():
            skeleton = skeleton_model()(sample_weights(rng))
        rows.append(values(skeleton, number % 10 == 0))
    lines = ["| measurement | model: mean (SD) | published: mean (SD) | source |", "|---|---|---|---|"]
    for name, (mean, deviation, source) in PUBLISHED.items():
        own = np.array([row[name] for row in rows if name in row])
        lines.append(f"| {name} | {own.mean():.1f} ({own.std():.1f}) | {mean} ({deviation}) | {source} |")
    return "\n".join(lines)


def overlap_table(people: int, seed: int = 2, spacing_mm: float = 2.0) -> str:
    """Return a table, in Markdown, of how much of bones lies inside others, by region, over so many people."""
    rng, shares = np.random.default_rng(seed), {group: [] for group in GROUPS}
    for _ in range(people):
        bones = surfaces(sample_weights(rng))
        points = np.concatenate([bone.vertices for bone in bones.values()])
        low = points.min(axis=0) - spacing_mm
        shape = shape3(np.ceil((points.max(axis=0) + spacing_mm - low) / spacing_mm))
        affine = np.diag([spacing_mm] * 3 + [1.0])
        affine[:3, 3] = low
        masks = {
            label: np.flatnonzero(fill_surfaces({1: bone}, shape, affine)) for label, bone in bones.items()
        }
        count = np.bincount(np.concatenate(list(masks.values())), minlength=int(np.prod(shape)))
        for label, mask in masks.items():
            shares[label_by_id(label).group].append(float((count[mask] > 1).mean()))
    lines = ["| region | of a bone inside others: mean | nine of ten below | most |", "|---|---|---|---|"]
    for group, own in shares.items():
        mean, most, ninth = 100 * np.mean(own), 100 * np.max(own), 100 * np.quantile(own, 0.9)
        lines.append(f"| {group} | {mean:.1f} % | {ninth:.1f} % | {most:.1f} % |")
    return "\n".join(lines)


def picture(path: Path, seed: int = 0) -> None:
    """Draw twelve people from the front and from the side."""
    colours = np.zeros((256, 3))
    for label in labels():
        colours[label.id] = np.array(label.colour) / 255
    rng, (figure, axes) = np.random.default_rng(seed), plt.subplots(2, 12, figsize=(18, 9))
    for column in axes.T:
        volume, _ = label_map(sample_weights(rng), 2.5)
        for plot, axis in zip(column, (1, 0), strict=True):
            first = (volume > 0).argmax(axis=axis)
            seen = np.take_along_axis(volume, np.expand_dims(first, axis), axis).squeeze(axis)
            shade = 1 - 0.6 * first / volume.shape[axis]
            plot.imshow((colours[seen] * shade[..., None]).transpose(1, 0, 2))
            plot.axis("off")
    figure.subplots_adjust(0.005, 0.005, 0.995, 0.995, 0.02, 0.02)
    figure.savefig(path, dpi=48, facecolor="black")


def main() -> None:
    """Print the table and draw the picture."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument(
        "--overlaps", type=int, default=20, help="people whose bones are looked at for overlaps"
    )
    parser.add_argument("--picture", type=Path)
    args = parser.parse_args()
    print(table(args.people))
    print(overlap_table(args.overlaps))
    if args.picture:
        picture(args.picture)


if __name__ == "__main__":
    main()
