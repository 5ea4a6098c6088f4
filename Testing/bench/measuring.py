"""Neck-shaft angle and head radius of twenty random phantoms at 1 mm, too slow for a test: run it by hand."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from SwinX2SLib.measurements.femur import measure_femur
from SwinX2SLib.phantom import PhantomParameters

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "measurements"))
from people import phantom_bones

SPACING_MM, SHAPES = 1.0, 20
LIMITS = {"neck_shaft_angle": 1.5, "head_radius": 0.5}


def main() -> int:
    """Print the errors, and return 1 when one is beyond its limit."""
    rng, errors = np.random.default_rng(11), {name: [] for name in LIMITS}
    for _ in range(SHAPES):
        parameters, side = PhantomParameters.random(rng), str(rng.choice(["left", "right"]))
        name = f"femur_{side}"
        bones, truth = phantom_bones(parameters, SPACING_MM, {name}, rng.uniform(-1, 1, 3))
        found = {m.name: m.value for m in measure_femur(bones[name], side)}
        femur = truth.femora[side]
        errors["neck_shaft_angle"].append(found["neck_shaft_angle"] - femur.neck_shaft_angle_deg)
        errors["head_radius"].append(found["head_radius"] - femur.head_radius_mm)
    for name, limit in LIMITS.items():
        values = np.abs(errors[name])
        print(f"{name:20s} median {np.median(values):.2f}  greatest {values.max():.2f}  limit {limit}")
    return int(any(np.abs(errors[name]).max() > limit for name, limit in LIMITS.items()))


if __name__ == "__main__":
    sys.exit(main())
