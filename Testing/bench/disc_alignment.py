"""What moving vertebrae to the discs seen in the radiographs does: `python Testing/bench/seating.py`.

A Markdown table by kind of pair: how far the discs of the reconstruction lie from those of the truth along the body
axis, and the Dice of the vertebrae, each without and with the move; how many pairs lost or won over a point of Dice.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

import numpy as np
from people import Pair, drawn_pairs, model_and_cases, phantom_pairs, published_pairs

from SwinX2SLib.anatomy import label_ids
from SwinX2SLib.evaluation import score_overlap
from SwinX2SLib.geometry.frames import voxel_spacing_mm
from SwinX2SLib.geometry.resampling import resample_labels
from SwinX2SLib.reconstruct.reconstructor import Reconstructor
from SwinX2SLib.skeleton.discs import find_discs


def main() -> None:
    """Print the table."""
    args = model_and_cases(__doc__, 30)
    reconstructor = Reconstructor(args.model)
    kinds = {
        "published, `val`": published_pairs(("val",)),
        "published, `train`": published_pairs(("train",)),
        "phantoms": chain(*(phantom_pairs(field, 3) for field in ("torso", "chest"))),
        "synthetic subjects": drawn_pairs(args.cases),
    }
    print(
        "| pairs | number | discs | error without [mm] | with [mm] | Dice without | Dice with | worse | better |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for kind, pairs in kinds.items():
        print(_row(kind, reconstructor, pairs), flush=True)


def _row(kind: str, reconstructor: Reconstructor, pairs: Iterable[Pair]) -> str:
    spines = [pair for pair in pairs if pair.labels is not None and "spine" in pair.annotated]
    found = [_both(reconstructor, pair) for pair in spines]
    found = [(plain, aligned) for plain, aligned in found if plain[1] is not None and aligned[1] is not None]
    if not found:
        return f"| {kind} | 0 | | | | | | | |"
    off = [np.concatenate([result[side][0] for result in found]) for side in (0, 1)]
    dice = 100 * np.array([[plain[1], aligned[1]] for plain, aligned in found])
    change = dice[:, 1] - dice[:, 0]
    cells = (
        *(len(found), len(off[0]), f"{off[0].mean():.1f}", f"{off[1].mean():.1f}"),
        *(f"{dice[:, 0].mean():.1f}", f"{dice[:, 1].mean():.1f}", (change < -1).sum(), (change > 1).sum()),
    )
    return f"| {kind} | {' | '.join(map(str, cells))} |"


def _both(reconstructor: Reconstructor, pair: Pair) -> list[tuple[np.ndarray, float | None]]:
    """Return, without and with the move, the errors of the discs [mm] and the Dice of the vertebrae 0..1."""
    finder, results = reconstructor.disc_finder, []
    for used in (None, finder):
        reconstructor.disc_finder = used
        results.append(_scores(reconstructor, pair))
    reconstructor.disc_finder = finder
    return results


def _scores(reconstructor: Reconstructor, pair: Pair) -> tuple[np.ndarray, float | None]:
    result = reconstructor.reconstruct(pair.ap, pair.lateral)
    found = resample_labels(result.labels, result.affine, pair.labels.shape, pair.affine, align_centres=True)
    height_mm = voxel_spacing_mm(pair.affine)[2]
    truth = {disc.upper: disc.height for disc in find_discs(pair.labels)}
    discs = {disc.upper: disc.height for disc in find_discs(found)}
    both = sorted(truth.keys() & discs.keys())
    errors = np.array([abs(truth[upper] - discs[upper]) for upper in both]) * height_mm
    spine = set(label_ids("spine")) & set(np.unique(pair.labels).tolist())
    dice = score_overlap(found, pair.labels, ["spine"]).dice_means().get("spine") if spine else None
    return errors, dice


if __name__ == "__main__":
    main()
