"""How often intervals of measurements hold the true value: `python Testing/bench/intervals.py [--cases 8]`.

A Markdown table, by measurement: how many true values there are (measured on the true labels by the same program),
the median error, the median half width of the 90 % intervals, the share of true values in them, and the factor by
which the intervals had to be wider for nine of ten.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from people import Pair, model_and_cases, phantom_pairs, population_pairs, published_pairs, undeformed_pairs
from skeleton_pairs import PEOPLE

from SwinX2SLib.measurements.from_landmarks import key_of
from SwinX2SLib.measurements.measure import measure
from SwinX2SLib.reconstruct.reconstructor import Reconstructor

MEASUREMENTS = (
    ("femur", ("neck_shaft_angle", "femoral_offset", "head_radius")),
    ("pelvis", ("inter_asis_width", "pelvic_incidence", "pelvic_tilt", "sacral_slope", "pelvic_obliquity")),
    ("spine", ("thoracic_kyphosis", "lumbar_lordosis", "cobb_angle")),
    ("vertebra", ("canal_length", "canal_width", "anterior_body_height", "axial_rotation")),
)


def errors(reconstructor: Reconstructor, pair: Pair) -> list[tuple[str, float, float]]:
    """Return name, error and half width of the interval of every value that result and truth have."""
    if pair.labels is None or pair.affine is None:
        return []
    regions = [region for region, _ in MEASUREMENTS]
    found = measure(reconstructor.reconstruct(pair.ap, pair.lateral), only=regions)
    truth = {
        key_of(one): one.value
        for ones in measure((pair.labels, pair.affine), only=regions).values()
        for one in ones
    }
    rows = []
    for region, names in MEASUREMENTS:
        for one in found[region]:
            true = truth.get(key_of(one))
            if one.name in names and one.value is not None and one.interval is not None and true is not None:
                rows.append((one.name, one.value - true, (one.interval[1] - one.interval[0]) / 2))
    return rows


def main() -> None:
    """Print the table."""
    args = model_and_cases(__doc__, 8)
    reconstructor = Reconstructor(args.model)
    rows = defaultdict(list)
    for pairs in (
        published_pairs(("val",)),
        undeformed_pairs(PEOPLE, 1),
        population_pairs(args.cases),
        phantom_pairs("torso", 2),
    ):
        for pair in pairs:
            for name, error, half in errors(reconstructor, pair):
                rows[name].append((abs(error), half))
    print("| measurement | values | median error | median half width | covered | factor for 90 % |")
    print("|---|---|---|---|---|---|")
    for region, names in MEASUREMENTS:
        for name in (*names, region):
            own = np.array(rows[name] if name != region else [row for one in names for row in rows[one]])
            if len(own):
                error, half = own.T
                factor = np.quantile(error / np.maximum(half, 1e-6), 0.9)
                print(
                    f"| {name} | {len(own)} | {np.median(error):.1f} | {np.median(half):.1f} | "
                    f"{100 * (error <= half).mean():.0f} % | {factor:.2f} |"
                )


if __name__ == "__main__":
    main()
