"""How robust a network is to wrong geometry, wrong radiographs and anatomy out of view.

`python Testing/bench/robustness.py`.

Three tables in Markdown: Dice by group under view-angle, magnification and hanging errors; bones claimed that are not
in view; left and right on drawn people.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from people import (
    FIELDS,
    Pair,
    drawn_pairs,
    flipped,
    magnified,
    phantom_pairs,
    published_pairs,
    radiograph_of,
    retaken,
)

from SwinX2SLib.anatomy import GROUPS, label_ids, labels
from SwinX2SLib.evaluation import score_overlap
from SwinX2SLib.geometry.frames import network_affine, transform_points
from SwinX2SLib.geometry.resampling import resample_labels
from SwinX2SLib.reconstruct.reconstructor import Reconstructor

# A bone near the midplane may cross it by this much.
CROSSING_MM = 15.0
ERRORS: dict[str, Callable[[Pair], Pair | None]] = {
    "as published": lambda pair: pair,
    **{
        f"simulated from the CT, {a} degrees view angle error": lambda pair, a=a: retaken(pair, a)
        for a in (0, 5, 10)
    },
    **{
        f"lateral radiograph {p} % too large": lambda pair, p=p: replace(
            pair, lateral=magnified(pair.lateral, 1 + p / 100)
        )
        for p in (5, 10)
    },
    **{
        f"both radiographs {p} % too large": lambda pair, p=p: replace(
            pair, ap=magnified(pair.ap, 1 + p / 100), lateral=magnified(pair.lateral, 1 + p / 100)
        )
        for p in (5, 10)
    },
    "radiographs swapped": lambda pair: replace(
        pair, ap=replace(pair.lateral, view="ap"), lateral=replace(pair.ap, view="lateral")
    ),
    "lateral radiograph mirrored": lambda pair: replace(pair, lateral=flipped(pair.lateral, "h")),
    "lateral radiograph upside down": lambda pair: replace(pair, lateral=flipped(pair.lateral, "hv")),
    "frontal radiograph upside down": lambda pair: replace(pair, ap=flipped(pair.ap, "hv")),
    "frontal radiograph mirrored": lambda pair: replace(pair, ap=flipped(pair.ap, "h")),
}  # fmt: skip


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="default", help="name or path of weights")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--cases", type=int, default=200, help="synthetic subjects of the left-right table")
    parser.add_argument("--views", type=int, default=5, help="phantoms of each field of view")
    parser.add_argument("--tta", type=int, default=1)
    options = parser.parse_args()
    reconstructor = Reconstructor(options.model, options.device, options.tta)
    print_rows(("acquisition error", "person", *GROUPS, "detected"), error_rows(reconstructor))
    print_rows(("view", "absent bones [% of foreground]", "absent groups [%]"),
               absence_rows(reconstructor, options.views))  # fmt: skip
    print_rows(("subjects", "lateralised bones", "on the wrong side", "voxels on the wrong side [%]"),
               [side_row(reconstructor, options.cases)])  # fmt: skip


def print_rows(head: tuple[str, ...], rows: Iterator[tuple] | list[tuple]) -> None:
    """Print a Markdown table, row by row as they come."""
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head), flush=True)
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |", flush=True)
    print(flush=True)


def error_rows(reconstructor: Reconstructor) -> Iterator[tuple]:
    """Dice by group of the published `val` pairs under each error, and whether the radiographs' check told it."""
    pairs = list(published_pairs())
    for words, spoil in ERRORS.items():
        for pair in pairs:
            spoilt = spoil(pair)
            if spoilt is None:
                yield words, pair.name, *("no CT" for _ in GROUPS), ""
                continue
            scores = score_overlap(prediction(reconstructor, spoilt), pair.labels, pair.annotated)
            groups = scores.dice_means()
            check = reconstructor.check_orientation(spoilt.ap, spoilt.lateral)
            cells = (f"{100 * groups[group]:.1f}" if group in groups else "" for group in GROUPS)
            yield words, pair.name, *cells, "yes" if check.suspected else ""


def prediction(reconstructor: Reconstructor, pair: Pair) -> np.ndarray:
    """Return the reconstruction on the truth's grid, centre on centre."""
    found = reconstructor.reconstruct(pair.ap, pair.lateral)
    return resample_labels(found.labels, found.affine, pair.labels.shape, pair.affine, align_centres=True)


def absence_rows(reconstructor: Reconstructor, count: int) -> Iterator[tuple]:
    """Share of the predicted foreground that belongs to bones, and to whole groups, that are not in view."""
    pairs = list(published_pairs())
    for pair in pairs:
        yield (pair.name, *absence(reconstructor, [pair]))
    whole = [pair for pair in pairs if set(pair.annotated) == set(GROUPS)]
    for name, ids in (("pelvis", label_ids("pelvis")), ("chest", range(8, 17))):
        for pair in whole:
            yield (f"{pair.name}, cropped to the {name}", *absence(reconstructor, [cut_to(pair, tuple(ids))]))
    for field in FIELDS:
        yield (f"{count} phantoms, {field}", *absence(reconstructor, list(phantom_pairs(field, count))))


def absence(reconstructor: Reconstructor, pairs: list[Pair]) -> tuple[str, str]:
    """Return both shares [%] over all pairs; only annotated groups are judged."""
    bones = groups = foreground = 0
    for pair in pairs:
        sizes = np.bincount(prediction(reconstructor, pair).ravel(), minlength=55)
        present = set(np.unique(pair.labels).tolist())
        foreground += int(sizes[1:].sum())
        for group in pair.annotated:
            absent = [label for label in label_ids(group) if label not in present]
            bones += int(sizes[absent].sum())
            groups += int(sizes[absent].sum()) if len(absent) == len(label_ids(group)) else 0
    return f"{100 * bones / max(foreground, 1):.2f}", f"{100 * groups / max(foreground, 1):.2f}"


def cut_to(pair: Pair, ids: tuple[int, ...]) -> Pair:
    """Return the radiographs and the truth between the highest and the lowest voxel of some bones."""
    rows = np.flatnonzero(np.isin(pair.labels, ids).any(axis=(0, 1)))
    share = np.array([rows[0], rows[-1] + 1]) / pair.labels.shape[2]
    labels_cut = np.ascontiguousarray(pair.labels[:, :, rows[0] : rows[-1] + 1])
    radiographs = []
    for radiograph in (pair.ap, pair.lateral):
        first, last = np.rint(share * radiograph.pixels.shape[0]).astype(int)
        radiographs.append(
            radiograph_of(radiograph.pixels[first:last], radiograph.spacing_mm[0], radiograph.view)
        )
    spacing = float(np.abs(pair.affine[0, 0]))
    return replace(pair, ap=radiographs[0], lateral=radiographs[1], labels=labels_cut,
                   affine=network_affine(spacing, labels_cut.shape))  # fmt: skip


def side_row(reconstructor: Reconstructor, count: int) -> tuple:
    """Count sided bones of which most voxels lie across the midplane of the truth, over drawn people."""
    people = bones = swapped = voxels = wrong = 0
    for pair in drawn_pairs(count):
        midline = midline_of(pair)
        if midline is None:
            continue
        people += 1
        predicted = prediction(reconstructor, pair)
        for label in labels():
            places = np.argwhere(predicted == label.id)
            if label.side is None or not len(places):
                continue
            points = transform_points(pair.affine, places)
            # RAS: right is where x grows.
            across = (points[:, 0] - np.polyval(midline, points[:, 2])) * (1 if label.side == "right" else -1)
            beyond = int((across < -CROSSING_MM).sum())
            bones, swapped = bones + 1, swapped + (2 * beyond > len(places))
            voxels, wrong = voxels + len(places), wrong + beyond
    return people, bones, swapped, f"{100 * wrong / max(voxels, 1):.3f}"


def midline_of(pair: Pair) -> np.ndarray | None:
    """Return slope and offset of x over z [RAS mm] of the truth's vertebrae and sacrum; None if there are none."""
    points = [
        transform_points(pair.affine, np.argwhere(pair.labels == i)).mean(axis=0)
        for i in (*label_ids("spine"), 50)
        if (pair.labels == i).any()
    ]
    if not points:
        return None
    x, _, z = np.array(points).T
    return np.polyfit(z, x, 1) if len(points) > 1 else np.array([0.0, x[0]])


if __name__ == "__main__":
    main()
