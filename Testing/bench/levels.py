"""How often vertebrae bear their own name, without and with the chain of levels (`skeleton.levels`).

`python Testing/bench/levels.py [--views 5]` prints, for people seen through random fields of view, how many vertebrae
the network names rightly by itself, how many bodies lie in the rows that the chain gives to their level, and the
probability of a shift that the chain states. Only whole vertebrae count.
"""

from __future__ import annotations

import argparse

import numpy as np
import torch
from people import cases

from SwinX2SLib.reconstruct.disc_alignment import disc_log_odds
from SwinX2SLib.reconstruct.label_assignment import assign_labels
from SwinX2SLib.reconstruct.reconstructor import Reconstructor
from SwinX2SLib.reconstruct.test_time_augmentation import mean_probability
from SwinX2SLib.skeleton.levels import LEVELS, assign_levels, column_evidence
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
LEAST_VOXELS, LEAST_OVERLAP = 300, 30
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
    coronal, sagittal = sample.coronal[None, None], sample.sagittal[None, None]
    with torch.autocast("cpu", torch.bfloat16, enabled=reconstructor.half_precision):
        probability = mean_probability(reconstructor.model, coronal, sagittal, 1)
    labels, truth = assign_labels(probability).labels, sample.labels.numpy()
    views = (probability[1:].amax(dim=axis).float().numpy() for axis in (2, 1))
    chain = assign_levels(
        column_evidence(*views, disc_log_odds(reconstructor.disc_finder, coronal, sagittal)), spacing_mm
    )
    vertebrae = whole_vertebrae(truth)
    own = chained = 0
    for label, row in vertebrae.items():
        overlap = np.bincount(labels[truth == label], minlength=55)[1 : LEVELS + 2]
        own += bool(overlap.sum() >= LEAST_OVERLAP and overlap.argmax() + 1 == label)
        chained += (
            any(one.label == label for one in chain.levels if one.start <= row < one.stop) if chain else 0
        )
    return len(vertebrae), own, chained, sum(chain.shift_odds.values()) if chain else 0.0


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--views", type=int, default=5, help="fields of view of every person")
    views, reconstructor = parser.parse_args().views, Reconstructor()
    print(
        "| person | sacrum | vertebrae | named without | with | probability of a shift |\n|---|---|---|---|---|---|"
    )
    total = np.zeros(3, dtype=int)
    for case in (case for case in cases(("train", "val")) if case.name in PEOPLE):
        synthesiser = Synthesiser(
            reconstructor.model.grid_shape, limits=LIMITS, published_look=0.8, ct_share=1.0
        )
        synthesiser.add_cases([case], [1.0])
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
            print(
                f"| {case.name} {view} | {sacrum} | {count} | {own} | {chained} | {shift:.2f} |", flush=True
            )
    print(f"| all | | {total[0]} | {total[1]} | {total[2]} | |")


if __name__ == "__main__":
    main()
