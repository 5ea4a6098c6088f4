"""How often radiographs that do not belong together are noticed: `python Testing/bench/pair_check.py --cache FOLDER`.

Simulated pairs as training draws them, each with its own exposure, collimation and view errors: people of the
training set and of the statistical skeleton calibrate, other people and other skeletons judge. The constants of
`radiographs.pair_check` are printed, then a Markdown table of detection rates by kind: by the rows alone, by the
orientation check, and by either. Pictures are kept in the folder; drawing them takes most of the time.
"""

from __future__ import annotations

import argparse
import pickle
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from people import SHARED, Pair, cases, chest_pairs, flipped, magnified

from SwinX2SLib.anatomy import CLASS_COUNT
from SwinX2SLib.geometry.frames import voxel_spacing_mm
from SwinX2SLib.radiographs import Radiograph
from SwinX2SLib.radiographs.pair_check import check_same_person
from SwinX2SLib.reconstruct.reconstructor import Reconstructor
from SwinX2SLib.skeleton.population import random_torso
from SwinX2SLib.training.synthesis import Synthesiser

GRID, ROWS = (128, 128, 160), 160
JUDGES = (
    "ts_s0011", "ts_unknown1", "ts_s0224_spine", "verse014", "ts_pycad_spine000", "z_anatomy", "opensim_gait2392",
    "colonog_0001_pelvis", "x2s_s0561", "x2s_0646", "x2s_0243", "x2s_0532", "ts_s0046_ribs",
)  # fmt: skip
# Their CT does not match their radiographs or their labels.
WITHOUT_CT = ("x2s_0646", "x2s_verse083")
SPLITS, SEEDS, SKELETONS = ("calibration", "others"), (100, 900), 20
# A pair is used where it shows so many bones on so many rows of the volume.
FEWEST_BONES, BONE_ROWS, LEAST_ROWS = 4, 4, 64
SAME_PART, OTHER_PART, MOST = 0.5, 0.2, 200
SCALES = (1.15, 1.4)


class SpacedSynthesiser(Synthesiser):
    """Also states the spacing of the last sample, and which rows its volume fills: where it ends, both radiographs
    would show the end at one height."""

    spacing_mm, rows = 0.0, np.zeros(0, bool)

    def _coordinates(self, source, rng):
        coordinates, self.spacing_mm = super()._coordinates(source, rng)
        x, y = (slice(n // 4, n - n // 4) for n in coordinates.shape[1:3])
        height = coordinates[2, x, y]
        inside = ((height >= -0.5) & (height <= source.labels.shape[2] - 0.5)).float().mean((0, 1)).numpy()
        fine, coarse = ((np.arange(n) + 0.5) / n for n in (GRID[2], len(inside)))
        self.rows = np.interp(fine, coarse, inside) > 0.97
        return coordinates, self.spacing_mm


@dataclass(frozen=True)
class Drawn:
    """A simulated pair and the bones that it shows, bool `(55,)`."""

    pair: Pair
    bones: np.ndarray


def people(split: str) -> Iterator[tuple]:
    """Yield name, labels, spacing, known classes, CT and its kind of everyone of a split."""
    judges = split == SPLITS[1]
    own = [c for c in cases(("train", "val", "evaluation only")) if (c.name in JUDGES) == judges]
    for case in own:
        ct = None if case.name in WITHOUT_CT else case.load_ct()
        yield case.name, *case.load_labels(), case.known_classes, ct, case.ct_kind
    everything = np.ones(CLASS_COUNT, dtype=bool)
    for number in range(SKELETONS):
        labels, affine = random_torso(np.random.default_rng((SEEDS[judges], number)), 2.5)
        yield f"skeleton {number}", labels, voxel_spacing_mm(affine), everything, None, None


def draw(split: str, path: Path, each: int) -> None:
    """Draw the pairs of a split and keep them in a file."""
    with path.open("wb") as stream:
        for number, (name, labels, spacing, known, ct, kind) in enumerate(people(split)):
            synthesiser = SpacedSynthesiser(GRID, published_look=0.5)
            synthesiser.add_volume(labels, spacing, known, 1.0, ct, kind)
            for k in range(each):
                sample = synthesiser.draw(np.random.default_rng((11, number, k)))
                counts = [
                    np.bincount(plane.ravel(), minlength=CLASS_COUNT) for plane in sample.labels.numpy().T
                ]
                stored = {
                    "person": name, "spacing": synthesiser.spacing_mm, "rows": synthesiser.rows,
                    "ap": sample.coronal.numpy().T.astype(np.float16),
                    "lat": sample.sagittal.numpy().T.astype(np.float16),
                    "lrows": np.stack(counts).astype(np.int32),
                }  # fmt: skip
                pickle.dump(stored, stream)


def drawn(path: Path) -> Iterator[Drawn]:
    """Yield the pairs of a file that show enough bones, cut to the rows that the volume fills."""
    with path.open("rb") as stream:
        while stream.peek(1):
            stored = pickle.load(stream)
            filled = np.flatnonzero(np.diff(np.pad(stored["rows"].astype(int), 1)))
            start, stop = max(filled.reshape(-1, 2), key=np.ptp, default=(0, 0))
            bones = (stored["lrows"][start:stop] > 0).sum(axis=0) >= BONE_ROWS
            bones[0] = False
            if stop - start < LEAST_ROWS or bones.sum() < FEWEST_BONES:
                continue
            ap, lateral = (
                Radiograph(
                    stored[key][start:stop].astype(np.float32), (stored["spacing"],) * 2, "computed", view
                )
                for key, view in (("ap", "ap"), ("lat", "lateral"))
            )
            yield Drawn(Pair(stored["person"], ap, lateral), bones)


def kinds(found: list[Drawn], rng: np.random.Generator) -> dict[str, list[tuple[Radiograph, Radiograph]]]:
    """Return pairs as they should be and pairs with one fault, by kind."""
    one = [each.pair for each in found]
    factors = np.exp(rng.choice([-1, 1], len(one)) * rng.uniform(*np.log(SCALES), len(one)))
    flips = [
        (flipped(p.ap, "v"), p.lateral) if k % 2 else (p.ap, flipped(p.lateral, "v"))
        for k, p in enumerate(one)
    ]
    mixed = [(a, b) for a in found for b in found if a.pair.name != b.pair.name]
    share = np.array([(a.bones & b.bones).sum() / (a.bones | b.bones).sum() for a, b in mixed])

    def strangers(chosen: np.ndarray) -> list[tuple[Radiograph, Radiograph]]:
        numbers = rng.permutation(np.flatnonzero(chosen))[:MOST]
        return [equally_high(mixed[k][0].pair.ap, mixed[k][1].pair.lateral) for k in numbers]

    return {
        "one person": [(p.ap, p.lateral) for p in one],
        "another person": strangers(share > SAME_PART),
        "another part of the body": strangers(share < OTHER_PART),
        "another scale": [(p.ap, magnified(p.lateral, f)) for p, f in zip(one, factors, strict=True)],
        "views swapped": [(replace(p.lateral, view="ap"), replace(p.ap, view="lateral")) for p in one],
        "lateral flipped left-right": [(p.ap, flipped(p.lateral, "h")) for p in one],
        "frontal flipped left-right": [(flipped(p.ap, "h"), p.lateral) for p in one],
        "one upside down": flips,
    }


def equally_high(ap: Radiograph, lateral: Radiograph) -> tuple[Radiograph, Radiograph]:
    """Return radiographs of two people with the stated size of the pixels changed so that both are as high: of
    unequal ones the heights would be refused already."""
    factor = ap.size_mm[0] / lateral.size_mm[0]
    return ap, replace(lateral, spacing_mm=(lateral.spacing_mm[0] * factor, lateral.spacing_mm[1] * factor))


def values(pairs: list[tuple[Radiograph, Radiograph]]) -> np.ndarray:
    """Return the features of pairs, `(N, 3)`, without those of which nothing is stated."""
    checks = [check_same_person(*pair) for pair in pairs]
    return np.array([(c.brightness, c.edges, c.scale_lead) for c in checks if c is not None]).reshape(-1, 3)


def fitted(good: np.ndarray, bad: np.ndarray, ridge: float = 0.5) -> tuple[float, np.ndarray]:
    """Return constant and weights of a logistic regression in which both kinds count the same."""
    both = np.concatenate([good, bad])
    mean, deviation = both.mean(axis=0), both.std(axis=0)
    design = np.c_[np.ones(len(both)), (both - mean) / deviation]
    wrong = np.r_[np.zeros(len(good)), np.ones(len(bad))]
    weight = 100 * np.where(wrong == 1, 1 / len(bad), 1 / len(good))
    penalty = ridge * np.diag([0.0, *np.ones(both.shape[1])])
    solution = np.zeros(design.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-design @ solution))
        hessian = design.T @ (design * (weight * p * (1 - p))[:, None]) + penalty
        solution += np.linalg.solve(hessian, design.T @ (weight * (wrong - p)) - penalty @ solution)
    weights = solution[1:] / deviation
    return float(solution[0] - weights @ mean), weights


def calibrate(pairs: dict[str, list[tuple[Radiograph, Radiograph]]]) -> None:
    """Print the constants that the pairs give."""
    good = values(pairs["one person"])
    scales = values(pairs["another scale"])
    bad = [values(pairs[kind]) for kind in ("another person", "another part of the body")]
    constant, weights = fitted(good, np.concatenate([*bad, scales, scales]))
    p = 1 / (1 + np.exp(-(constant + good @ weights)))
    print(f"\nCONSTANT = {constant:.2f}, WEIGHTS = {tuple(weights.round(2).tolist())}; limits with 5 and 2 % false "
          f"alarms on {len(good)} pairs: {np.quantile(p, 0.95):.3f}, {np.quantile(p, 0.98):.3f}\n")  # fmt: skip


class OrientationCheck:
    """The orientation check, which looks at every picture once as each view."""

    def __init__(self, network: Reconstructor):
        self.network = network
        self.seen: dict[tuple[int, str], tuple[bool, np.ndarray]] = {}

    def suspects(self, ap: Radiograph, lateral: Radiograph) -> bool:
        """Return whether there is a warning about either radiograph."""
        keys = (id(ap.pixels), "ap"), (id(lateral.pixels), "lateral")
        if not all(key in self.seen for key in keys):
            check = self.network.check_orientation(ap, lateral)
            # The pictures are kept, so that no other one gets their number.
            self.seen[keys[0]] = check.ap.suspected, ap.pixels
            self.seen[keys[1]] = check.lateral.suspected, lateral.pixels
        return any(self.seen[key][0] for key in keys)


def row(kind: str, pairs: list[tuple[Radiograph, Radiograph]], network: OrientationCheck) -> str:
    """Return a line of the table."""
    checks = [check_same_person(*pair) for pair in pairs]
    rows = np.array([check is not None and check.suspected for check in checks])
    severe = np.array([check is not None and check.severe for check in checks])
    turned = np.array([network.suspects(*pair) for pair in pairs])
    cells = [f"{100 * share.mean():.0f}" for share in (rows, severe, turned, rows | turned)]
    return f"| {kind} | {len(pairs)} | {' | '.join(cells)} |"


def main() -> None:
    """Print the constants and the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cache", type=Path, required=True, help="folder for the drawn pairs")
    parser.add_argument("--each", type=int, default=4, help="pairs of every person")
    parser.add_argument("--model", default="default", help="name or path of weights")
    args = parser.parse_args()
    if not SHARED.is_dir():
        parser.error(f"There is no {SHARED}: set SWINX2S_SHARED.")
    args.cache.mkdir(parents=True, exist_ok=True)
    everyone = {}
    for split in SPLITS:
        path = args.cache / f"{split}.pkl"
        if not path.is_file():
            draw(split, path, args.each)
        everyone[split] = kinds(list(drawn(path)), np.random.default_rng(0))
    calibrate(everyone[SPLITS[0]])
    chests = list(chest_pairs())
    others = [(a.ap, b.lateral) for a in chests for b in chests if a.name != b.name]
    everyone["others"]["real chests, one person"] = [(pair.ap, pair.lateral) for pair in chests]
    everyone["others"]["real chests, another person"] = others
    network = OrientationCheck(Reconstructor(args.model, "cpu"))
    print(
        "| pairs | number | rows [%] | severe [%] | orientation [%] | either [%] |\n|---|---|---|---|---|---|"
    )
    for kind, pairs in everyone["others"].items():
        print(row(kind, pairs, network), flush=True)


if __name__ == "__main__":
    main()
