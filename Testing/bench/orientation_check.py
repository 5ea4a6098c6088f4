"""How often radiographs of a wrong orientation get a warning, and how often those of the right one do.

`python Testing/bench/orientation_check.py` prints a Markdown table by kind of radiograph. A mirrored frontal
radiograph counts as well oriented: the check does not look for it. The last line says how well the heart's side could
show it on real radiographs.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

import numpy as np
import torch
from people import FIELDS, Pair, chest_pairs, drawn_pairs, phantom_pairs, published_pairs

from SwinX2SLib.models.orientation import ORIENTATIONS, Orientation, View, reorient
from SwinX2SLib.radiographs import Radiograph
from SwinX2SLib.reconstruct.orientation_check import ViewPrediction
from SwinX2SLib.reconstruct.reconstructor import Reconstructor

FRONTAL, LATERAL = View.FRONTAL, View.LATERAL
# Words for how one radiograph is given: what it is given as, and its orientation.
WELL = {
    "frontal": (FRONTAL, Orientation(FRONTAL)),
    "frontal mirrored": (FRONTAL, Orientation(FRONTAL, 0, True)),
    "lateral": (LATERAL, Orientation(LATERAL)),
}
WRONG = {
    "frontal given as lateral": (LATERAL, Orientation(FRONTAL)),
    "lateral given as frontal": (FRONTAL, Orientation(LATERAL)),
    "frontal 180": (FRONTAL, ORIENTATIONS[2]),
    "frontal rotated by 90": (FRONTAL, ORIENTATIONS[1]),
    "lateral mirrored": (LATERAL, Orientation(LATERAL, 0, True)),
    "lateral 180": (LATERAL, Orientation(LATERAL, 2)),
    "lateral flipped up-down": (LATERAL, Orientation(LATERAL, 2, True)),
    "lateral rotated by 90": (LATERAL, Orientation(LATERAL, 1)),
}
# Where the heart lies on a chest radiograph: shares of its height, and of its width from the middle.
HEART_ROWS, HEART_COLUMNS = (0.45, 0.75), (0.05, 0.25)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="default", help="name or path of weights")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--cases", type=int, default=100, help="synthetic subjects")
    parser.add_argument("--views", type=int, default=5, help="phantoms of each field of view")
    options = parser.parse_args()
    reconstructor = Reconstructor(options.model, options.device)
    print(
        "| radiographs | pairs | "
        + " | ".join([*WELL, *WRONG])
        + " |\n|"
        + "---|" * (len(WELL) + len(WRONG) + 2)
    )
    for name, pairs in sources(options.views, options.cases).items():
        print_row(name, reconstructor, pairs)
    right = [heart_side(pair) for pair in chest_pairs()]
    print(f"\nThe heart's side is right on {sum(s > 0 for s in right)} of {len(right)} real chest radiographs (%):",
          ", ".join(f"{100 * s:.0f}" for s in right))  # fmt: skip


def sources(views: int, drawn: int) -> dict[str, Iterator[Pair]]:
    """Return the pairs by kind."""
    return {
        "published, `val`": published_pairs(),
        "published, `train`": published_pairs(("train",)),
        "real chests": chest_pairs(),
        "phantoms": chain.from_iterable(phantom_pairs(field, views) for field in FIELDS),
        "synthetic subjects": drawn_pairs(drawn),
    }


def print_row(name: str, reconstructor: Reconstructor, pairs: Iterator[Pair]) -> None:
    """Print how many radiographs of each kind are told and, behind the stroke, told as what they are."""
    told, right, count = dict.fromkeys([*WELL, *WRONG], 0), dict.fromkeys([*WELL, *WRONG], 0), 0
    for pair in pairs:
        count += 1
        for words, (given, orientation) in (WELL | WRONG).items():
            look = looked_at(reconstructor, pair, given, orientation)
            told[words] += look.suspected
            right[words] += look.suspected and look.seen == orientation
    cells = [f"{told[words]}" if words in WELL else f"{told[words]} / {right[words]}" for words in told]
    print(f"| {name} | {count} | " + " | ".join(cells) + " |", flush=True)


def looked_at(
    reconstructor: Reconstructor, pair: Pair, given: View, orientation: Orientation
) -> ViewPrediction:
    """Return what a radiograph of a pair looks like when it hangs in an orientation and is given as some view."""
    shown = hung(pair.ap if orientation.view is FRONTAL else pair.lateral, orientation)
    if given is FRONTAL:
        return reconstructor.check_orientation(replace(shown, view="ap"), pair.lateral).ap
    return reconstructor.check_orientation(pair.ap, replace(shown, view="lateral")).lateral


def hung(radiograph: Radiograph, orientation: Orientation) -> Radiograph:
    """Return a radiograph that hangs as it should in display orientation in an orientation."""
    pixels = reorient(torch.from_numpy(radiograph.pixels.T.copy()), orientation).numpy().T
    spacing_mm = radiograph.spacing_mm[::-1] if orientation.quarter_turns % 2 else radiograph.spacing_mm
    return replace(radiograph, pixels=np.ascontiguousarray(pixels), spacing_mm=spacing_mm)


def heart_side(pair: Pair) -> float:
    """Return how much brighter, of the radiograph's range, the patient's left is than the right where the heart
    lies."""
    pixels = pair.ap.pixels
    rows, columns = pixels.shape
    band = pixels[int(HEART_ROWS[0] * rows) : int(HEART_ROWS[1] * rows)]
    # The middle of what is bright: the spine.
    inner = band.mean(axis=0)[columns // 3 : 2 * columns // 3]
    middle = int(np.argmax(np.convolve(inner, np.ones(9), "same"))) + columns // 3
    near, far = (int(share * columns) for share in HEART_COLUMNS)
    return float(band[:, middle + near : middle + far].mean() - band[:, middle - far : middle - near].mean())


if __name__ == "__main__":
    main()
