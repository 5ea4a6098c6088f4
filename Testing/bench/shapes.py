"""What laying known shapes onto the radiographs does: `python Testing/bench/shapes.py`.

A Markdown table by kind of pair: the mean Dice of the bones of each region, without and with the shapes, and of how
many pairs the mean over bones fell or rose by more than a point.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

import numpy as np
from people import Pair, drawn_pairs, model_and_cases, phantom_pairs, published_pairs, undeformed_pairs

from SwinX2SLib.evaluation import score_overlap
from SwinX2SLib.geometry.resampling import resample_labels
from SwinX2SLib.reconstruct.reconstructor import Reconstructor

REGIONS = ("spine", "pelvis", "femur")
PEOPLE = (
    *("ts_s0000", "ts_s0001", "ts_s0004", "ts_s0006", "ts_s0009", "ts_s0327", "ts_s0328"),
    *("verse004", "verse009", "x2s_s0561", "x2s_0646", "x2s_0243"),
)


def main() -> None:
    """Print the table."""
    args = model_and_cases(__doc__, 16)
    reconstructor = Reconstructor(args.model)
    kinds = {
        "published, `val`": published_pairs(("val",)),
        "published, `train`": published_pairs(("train",)),
        "undeformed subjects": undeformed_pairs(PEOPLE, 2),
        "phantoms": chain(*(phantom_pairs(field, 2) for field in ("torso", "chest", "pelvis"))),
        "synthetic subjects": drawn_pairs(args.cases),
    }
    print(
        "| pairs | number | " + " | ".join(f"{r} without | {r} with" for r in REGIONS) + " | worse | better |"
    )
    print("|---|---|" + "---|" * (2 * len(REGIONS) + 2))
    for kind, pairs in kinds.items():
        print(_row(kind, reconstructor, pairs), flush=True)


def _row(kind: str, reconstructor: Reconstructor, pairs: Iterable[Pair]) -> str:
    found = [_both(reconstructor, pair) for pair in pairs if pair.labels is not None]
    cells = []
    for region in REGIONS:
        both = [
            (plain[region], fitted_shapes[region])
            for plain, fitted_shapes in found
            if region in plain and region in fitted_shapes
        ]
        cells += [f"{100 * value:.1f}" for value in np.mean(both, axis=0)] if both else ["", ""]
    change = [
        100 * (np.mean([fitted_shapes[r] for r in plain]) - np.mean(list(plain.values())))
        for plain, fitted_shapes in found
        if plain.keys() and plain.keys() == fitted_shapes.keys()
    ]
    counts = (sum(c < -1 for c in change), sum(c > 1 for c in change))
    return f"| {kind} | {len(found)} | {' | '.join(map(str, (*cells, *counts)))} |"


def _both(reconstructor: Reconstructor, pair: Pair) -> list[dict[str, float]]:
    """Return the Dice of each region that the truth draws, without and with the shapes."""
    results = []
    for used in (False, True):
        reconstructor.lays_shapes = used
        result = reconstructor.reconstruct(pair.ap, pair.lateral)
        labels = resample_labels(
            result.labels, result.affine, pair.labels.shape, pair.affine, align_centres=True
        )
        scored = score_overlap(labels, pair.labels, [r for r in REGIONS if r in pair.annotated])
        results.append(
            {r: dice for r, dice in scored.dice_means().items() if r in REGIONS and dice is not None}
        )
    return results


if __name__ == "__main__":
    main()
