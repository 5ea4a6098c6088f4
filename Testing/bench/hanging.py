"""How often films that hang wrongly are told, and films that hang well are doubted.

`python Testing/bench/hanging.py` prints a Markdown table by kind of film. A mirrored frontal film counts as well
hung: it is not looked for. The last line tells how well the heart's side could tell it on real films.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

import numpy as np
from people import FIELDS, Pair, chest_pairs, drawn_pairs, flipped, phantom_pairs, published_pairs

from SwinX2SLib.inference.hanging import Hanging, HangingCheck
from SwinX2SLib.inference.reconstructor import Reconstructor

WELL = {"well hung": Hanging(), "frontal mirrored": Hanging(ap_flip="h")}
WRONG = {
    "swapped": Hanging(swapped=True),
    "swapped, lateral turned": Hanging(swapped=True, ap_flip="h"),
    "lateral turned": Hanging(lateral_flip="h"),
    "lateral 180": Hanging(lateral_flip="hv"),
    "lateral upside down": Hanging(lateral_flip="v"),
    "frontal 180": Hanging(ap_flip="hv"),
    "both 180": Hanging(ap_flip="hv", lateral_flip="hv"),
}
# Where the heart lies on a chest film: shares of its height, and of its width from the middle.
HEART_ROWS, HEART_COLUMNS = (0.45, 0.75), (0.05, 0.25)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="default", help="name or path of weights")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--cases", type=int, default=100, help="drawn people")
    parser.add_argument("--views", type=int, default=5, help="phantoms of each field of view")
    options = parser.parse_args()
    reconstructor = Reconstructor(options.model, options.device)
    print(
        "| films | pairs | " + " | ".join([*WELL, *WRONG]) + " |\n|" + "---|" * (len(WELL) + len(WRONG) + 2)
    )
    for name, pairs in sources(options.views, options.cases).items():
        print_row(name, reconstructor, pairs)
    right = [heart_side(pair) for pair in chest_pairs()]
    print(f"\nThe heart's side is right on {sum(s > 0 for s in right)} of {len(right)} real chest films (%):",
          ", ".join(f"{100 * s:.0f}" for s in right))  # fmt: skip


def sources(views: int, drawn: int) -> dict[str, Iterator[Pair]]:
    """Return the pairs by kind."""
    return {
        "published, `val`": published_pairs(),
        "published, `train`": published_pairs(("train",)),
        "real chests": chest_pairs(),
        "phantoms": chain.from_iterable(phantom_pairs(field, views) for field in FIELDS),
        "drawn people": drawn_pairs(drawn),
    }


def print_row(name: str, reconstructor: Reconstructor, pairs: Iterator[Pair]) -> None:
    """Print how many of each kind are told and, behind the stroke, told as what they are."""
    told, right, count = dict.fromkeys([*WELL, *WRONG], 0), dict.fromkeys([*WELL, *WRONG], 0), 0
    for pair in pairs:
        count += 1
        for words, hanging in (WELL | WRONG).items():
            check = reconstructor.check_hanging(*hung_wrongly(pair, hanging))
            told[words] += check.suspected is not None
            right[words] += names(check, hanging)
    cells = [f"{told[words]}" if words in WELL else f"{told[words]} / {right[words]}" for words in told]
    print(f"| {name} | {count} | " + " | ".join(cells) + " |", flush=True)


def hung_wrongly(pair: Pair, hanging: Hanging):
    """Return the films so that `hanging` puts them right."""
    first, second = (pair.lateral, pair.ap) if hanging.swapped else (pair.ap, pair.lateral)
    return (
        replace(flipped(first, hanging.ap_flip), view="ap"),
        replace(flipped(second, hanging.lateral_flip), view="lateral"),
    )


def names(check: HangingCheck, hanging: Hanging) -> bool:
    """Whether a check names the error; the two flips of a frontal film on its head count as one."""
    found = check.suspected
    return found is not None and _kind(found) == _kind(hanging)


def _kind(hanging: Hanging) -> tuple[bool, str, str]:
    ap_flip = hanging.ap_flip if hanging.swapped else hanging.ap_flip[-1:]
    return hanging.swapped, ap_flip, hanging.lateral_flip


def heart_side(pair: Pair) -> float:
    """Return how much brighter, of the film's range, the patient's left is than the right where the heart lies."""
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
