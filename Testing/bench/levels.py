"""How often vertebrae bear their own name, without and with the chain of levels (`skeleton.levels`).

`python Testing/bench/levels.py [--views 8] [--drawn 8]` prints, for people seen through random fields of view, how
many vertebrae the network's silhouettes name rightly by themselves, how many bodies lie in the rows that the chain
gives to their level, and the probability of a shift that the chain states. Only whole vertebrae count.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np
import torch
from people import cases

from SwinX2SLib.anatomy import CLASS_COUNT
from SwinX2SLib.geometry.frames import voxel_spacing_mm
from SwinX2SLib.reconstruct.level_assignment import disc_log_odds
from SwinX2SLib.reconstruct.reconstructor import Reconstructor
from SwinX2SLib.reconstruct.test_time_augmentation import mean_silhouettes
from SwinX2SLib.skeleton.levels import LEVELS, assign_levels, column_evidence
from SwinX2SLib.skeleton.population import random_torso
from SwinX2SLib.training.synthesis import Synthesiser
from SwinX2SLib.training.synthesis.deformation import DeformationLimits

PEOPLE = (
    "ts_s0011",
    "ts_s0224_spine",
    "ts_unknown1",
    "ts_pycad_spine000",
    "x2s_s0561",
    "ts_s0006",
    "ts_s0328",
)
STILL = {"bend_fraction": 0.0, "stretch": 0.0, "warp_mm": 0.0, "anatomical": 0.0}
LIMITS = DeformationLimits(rotation_deg=3.0, turn_deg=5.0, scale=0.05, full_view=0.15, **STILL)
LEAST_VOXELS = 300
# The pixel size of a sample is stated for adults of this height of L3 [mm], wrong by up to so much (log).
L3_STEP_MM, SPACING_ERROR = 36.3, 0.12


def whole_vertebrae(truth: np.ndarray) -> dict[int, float]:
    """Return the row of the body of every vertebra that the border does not cut, by label."""
    found = {}
    for label in range(1, LEVELS + 1):
        places = np.argwhere(truth == label)
        if len(places) < LEAST_VOXELS or places[:, 2].min() == 0 or places[:, 2].max() == truth.shape[2] - 1:
            continue
        front = places[:, 1] <= np.quantile(places[:, 1], 0.4)
        found[label] = float(places[front, 2].mean())
    return found


@torch.inference_mode()
def named(reconstructor: Reconstructor, sample, spacing_mm: float) -> tuple[int, int, int, float]:
    """Return the vertebrae, those named rightly without and with the chain, and the probability of a shift."""
    pair = sample.coronal[None, None], sample.sagittal[None, None]
    with torch.autocast("cpu", torch.bfloat16, enabled=reconstructor.half_precision):
        views = mean_silhouettes(reconstructor.model, pair, reconstructor.model.grid_shape)
        discs = disc_log_odds(reconstructor.disc_finder, *pair)
    chain = assign_levels(column_evidence(*views, discs), spacing_mm)
    alone = views[0][:LEVELS].sum(axis=1).argmax(axis=0) + 1
    vertebrae = whole_vertebrae(sample.labels.numpy())
    own = sum(int(alone[min(round(row), len(alone) - 1)] == label) for label, row in vertebrae.items())
    levels = chain.levels if chain else ()
    chained = sum(
        any(one.label == label and one.start <= row < one.stop for one in levels)
        for label, row in vertebrae.items()
    )
    return len(vertebrae), own, chained, chain.shift_probability if chain else 0.0


def people(drawn: int) -> Iterator[tuple[str, Synthesiser]]:
    """Yield people by name, and people drawn from the statistical skeleton."""
    grid = Reconstructor().model.grid_shape
    for case in (case for case in cases(("train", "val")) if case.name in PEOPLE):
        synthesiser = Synthesiser(grid, limits=LIMITS, published_look=0.8, ct_share=1.0)
        synthesiser.add_cases([case], [1.0])
        yield case.name, synthesiser
    for number in range(drawn):
        labels, affine = random_torso(np.random.default_rng((5, number)), 2.0)
        synthesiser = Synthesiser(grid, limits=LIMITS, published_look=0.8)
        synthesiser.add_volume(labels, voxel_spacing_mm(affine), np.ones(CLASS_COUNT, dtype=bool), 1.0)
        yield f"drawn {number}", synthesiser


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--views", type=int, default=8, help="fields of view of every person")
    parser.add_argument("--drawn", type=int, default=8, help="people drawn from the statistical skeleton")
    args = parser.parse_args()
    views, drawn, reconstructor = args.views, args.drawn, Reconstructor()
    print(
        "| person | sacrum | vertebrae | named without | with | probability of a shift |\n|---|---|---|---|---|---|"
    )
    total = np.zeros(3, dtype=int)
    for name, synthesiser in people(drawn):
        for view in range(views):
            rng = np.random.default_rng((11, view))
            sample = synthesiser.draw(rng)
            rows = whole_vertebrae(sample.labels.numpy())
            steps = [rows[label + 1] - rows[label] for label in rows if label + 1 in rows]
            if not steps:
                continue
            usual = L3_STEP_MM * np.interp(np.mean(list(rows)), [2, 8, 19, 22], [0.46, 0.5, 0.93, 1.0])
            spacing_mm = usual / np.median(steps) * np.exp(rng.normal(0, SPACING_ERROR))
            count, own, chained, shift = named(reconstructor, sample, float(spacing_mm))
            total += (count, own, chained)
            sacrum = "yes" if (sample.labels == 50).sum() > 500 else "no"
            print(f"| {name} {view} | {sacrum} | {count} | {own} | {chained} | {shift:.2f} |", flush=True)
    print(f"| all | | {total[0]} | {total[1]} | {total[2]} | |")


if __name__ == "__main__":
    main()
