"""What fitting the statistical skeleton changes: `python Testing/bench/skeleton_pairs.py [--cases 8]`.

Two Markdown tables. By kind of pair: the mean Dice of the bones of each region, without the skeleton (the visual hull
of the silhouettes) and with it, and of how many pairs the mean over bones fell or rose by more than a point. By
region: expected against actual Dice, and stated against actual position errors.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import torch
from people import Pair, model_and_cases, phantom_pairs, population_pairs, published_pairs, undeformed_pairs

from SwinX2SLib.anatomy import GROUPS, ids_by_name, label_ids
from SwinX2SLib.evaluation import score_overlap
from SwinX2SLib.geometry.resampling import resample_labels
from SwinX2SLib.radiographs import prepare_pair
from SwinX2SLib.reconstruct.reconstruction import Reconstruction
from SwinX2SLib.reconstruct.reconstructor import Reconstructor
from SwinX2SLib.reconstruct.test_time_augmentation import predict

PEOPLE = ("ts_s0004", "ts_s0006", "ts_s0011", "ts_s0224_spine", "ts_s0328", "ts_unknown1")
LEAST_VOXELS = 30


@dataclass
class Calibration:
    """What was stated and found, of each bone: expected and actual Dice, stated and actual position error [mm]."""

    dice: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: {g: [] for g in GROUPS})
    place_mm: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: {g: [] for g in GROUPS})

    def take(self, result: Reconstruction, labels: np.ndarray, truth: np.ndarray) -> None:
        """Take in one result, on the grid of the truth."""
        for group in GROUPS:
            for label in label_ids(group):
                shown, true = labels == label, truth == label
                name = _NAMES[label]
                if min(shown.sum(), true.sum()) < LEAST_VOXELS or name not in result.position_error_mm:
                    continue
                dice = 2 * (shown & true).sum() / (shown.sum() + true.sum())
                self.dice[group].append((result.expected_dice[name], float(dice)))
                away = np.argwhere(shown).mean(axis=0) - np.argwhere(true).mean(axis=0)
                error = float(np.linalg.norm(away)) * result.spacing_mm
                self.place_mm[group].append((result.position_error_mm[name], error))


_NAMES = {label: name for name, label in ids_by_name().items()}


def main() -> None:
    """Print the tables."""
    args = model_and_cases(__doc__, 8)
    reconstructor, calibration = Reconstructor(args.model), Calibration()
    kinds = {
        "published, `val`": published_pairs(("val",)),
        "undeformed subjects": undeformed_pairs(PEOPLE, 1),
        "people of the skeleton": population_pairs(args.cases),
        "phantoms": phantom_pairs("torso", 3),
    }
    print(
        "| pairs | number | " + " | ".join(f"{g} without | {g} with" for g in GROUPS) + " | worse | better |"
    )
    print("|---|---|" + "---|" * (2 * len(GROUPS) + 2))
    for kind, pairs in kinds.items():
        print(_row(kind, reconstructor, pairs, calibration), flush=True)
    print(
        "\n| region | bones | Dice expected | found | position error stated [mm] | found, root mean square |"
    )
    print("|---|---|---|---|---|---|")
    for group in GROUPS:
        if calibration.dice[group]:
            expected, found = np.mean(calibration.dice[group], axis=0)
            stated, error = np.sqrt(np.mean(np.square(calibration.place_mm[group]), axis=0))
            count = len(calibration.dice[group])
            print(f"| {group} | {count} | {expected:.2f} | {found:.2f} | {stated:.1f} | {error:.1f} |")


def _row(kind: str, reconstructor: Reconstructor, pairs: Iterable[Pair], calibration: Calibration) -> str:
    found = [_both(reconstructor, pair, calibration) for pair in pairs if pair.labels is not None]
    cells = []
    for group in GROUPS:
        both = [(plain[group], fitted[group]) for plain, fitted in found if group in plain]
        cells += [f"{100 * value:.1f}" for value in np.mean(both, axis=0)] if both else ["", ""]
    change = [
        100 * (np.mean(list(fitted.values())) - np.mean(list(plain.values())))
        for plain, fitted in found
        if plain
    ]
    counts = (sum(c < -1 for c in change), sum(c > 1 for c in change))
    return f"| {kind} | {len(found)} | {' | '.join(map(str, (*cells, *counts)))} |"


def _both(reconstructor: Reconstructor, pair: Pair, calibration: Calibration) -> list[dict[str, float]]:
    """Return the Dice of each region that the truth draws, without and with the skeleton."""
    small = prepare_pair(pair.ap, pair.lateral, reconstructor.model.grid_shape)
    with torch.inference_mode():
        hull = predict(
            reconstructor.model,
            *(torch.from_numpy(pixels)[None, None] for pixels in (small.coronal, small.sagittal)),
        )
    result = reconstructor.reconstruct(pair.ap, pair.lateral)
    results = []
    for labels, affine in ((hull.labels, small.affine), (result.labels, result.affine)):
        found = resample_labels(labels, affine, pair.labels.shape, pair.affine, align_centres=True)
        means = score_overlap(found, pair.labels, [g for g in GROUPS if g in pair.annotated]).dice_means()
        results.append({g: means[g] for g in GROUPS if means.get(g) is not None})
    calibration.take(result, found, pair.labels)
    return results


if __name__ == "__main__":
    main()
