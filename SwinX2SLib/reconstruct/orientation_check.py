"""Check of the view and the orientation of both radiographs, with a separate small network.

The check only produces a warning; the radiographs and the reconstruction are not changed. A mirrored frontal
radiograph cannot be detected, because the bones are nearly symmetric.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from SwinX2SLib.models.orientation import (
    ORIENTATIONS,
    Orientation,
    RadiographOrientationNet,
    View,
    reorient,
)
from SwinX2SLib.radiographs import Radiograph
from SwinX2SLib.radiographs.registration import place_radiograph

# Bundled weights of the network.
WEIGHTS = "film-orientation-v2"
# Least probability of another orientation for a warning, and the effective number of independent predictions among
# the eight orientations of a radiograph. Both were selected on radiographs outside the training set
# (`python Testing/bench/orientation_check.py`).
LEAST_PROBABILITY = 0.9
INDEPENDENT = 2
_NAMES = {View.FRONTAL: "the frontal radiograph", View.LATERAL: "the lateral radiograph"}
_OPTION = {View.FRONTAL: "ap", View.LATERAL: "lateral"}


@dataclass(frozen=True)
class ViewPrediction:
    """Predicted view and orientation of one radiograph.

    Attributes:
        given: the view it is used as.
        seen: most probable view and orientation.
        probability: of `seen`, 0..1.
    """

    given: View
    seen: Orientation
    probability: float

    @property
    def suspected(self) -> bool:
        """Whether another view or orientation is probable enough for a warning."""
        return self.seen != Orientation(self.given) and self.probability >= LEAST_PROBABILITY

    @property
    def as_given(self) -> float:
        """How probable the given view in standard display orientation is, 0..1, at most."""
        return self.probability if self.seen == Orientation(self.given) else 1 - self.probability

    def to_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return {
            "given_as": self.given.value,
            "looks": self.seen.view.value,
            "quarter_turns_clockwise": self.seen.quarter_turns,
            "mirrored": self.seen.mirrored,
            "probability": round(self.probability, 4),
        }


@dataclass(frozen=True)
class OrientationCheck:
    """Predicted views and orientations of both radiographs, or of the frontal one alone."""

    ap: ViewPrediction
    lateral: ViewPrediction | None = None

    @property
    def views(self) -> tuple[ViewPrediction, ...]:
        """The predictions of all radiographs."""
        return (self.ap,) if self.lateral is None else (self.ap, self.lateral)

    @property
    def suspected(self) -> bool:
        """Whether there is a warning."""
        return any(view.suspected for view in self.views)

    def warning(self) -> str:
        """Return a warning with a suggested fix, or "" if nothing is suspected."""
        suspects = [view for view in self.views if view.suspected]
        if not suspects:
            return ""
        mismatched_views = [view for view in suspects if view.seen.view is not view.given]
        problems, fixes = [], []
        if len(mismatched_views) == 2:
            problems.append("the frontal and the lateral radiograph appear to be swapped")
            fixes.append("swap the two files (with --ignore-orientation if their headers state otherwise)")
        elif mismatched_views:
            (view,) = mismatched_views
            problems.append(f"{_NAMES[view.given]} looks like a {view.seen.view.value} one")
            fixes.append(f"use another file for {_NAMES[view.given]}")
        for view in suspects:
            if (view.seen.quarter_turns or view.seen.mirrored) and len(mismatched_views) != 1:
                problems.append(f"{_NAMES[view.seen.view]} {_orientation_problem(view.seen)}")
                fixes.append(f"correct it with {_fix(view.seen)}")
        return (
            f"Check the orientation of the radiographs: {' and '.join(problems)}. To fix this, "
            f"{' and '.join(fixes)} in addition to the options used, and reconstruct again. The radiographs "
            "were not changed for this result."
        )

    def to_json(self) -> dict[str, Any]:
        """Return JSON values, for the provenance."""
        views = {"ap": self.ap} | ({} if self.lateral is None else {"lateral": self.lateral})
        return {**{name: view.to_json() for name, view in views.items()}, "warning": self.warning()}


def check_orientation(
    network: RadiographOrientationNet,
    ap: Radiograph,
    lateral: Radiograph | None,
    device: torch.device,
) -> OrientationCheck:
    """Predict the view and the orientation of radiographs.

    Args:
        network: a `RadiographOrientationNet` in evaluation mode.
        ap: radiograph used as the frontal one.
        lateral: radiograph used as the lateral one, if there is one.
        device: of the network.
    """
    predictions = []
    for view, radiograph in ((View.FRONTAL, ap), (View.LATERAL, lateral)):
        if radiograph is None:
            continue
        probability, index = _probabilities(
            network, _square(radiograph, network.config.radiograph_px).to(device)
        ).max(dim=0)
        predictions.append(ViewPrediction(view, ORIENTATIONS[int(index)], float(probability)))
    return OrientationCheck(*predictions)


def _probabilities(network: nn.Module, radiograph: Tensor) -> Tensor:
    """Return the probability of each of `ORIENTATIONS` for a radiograph `(1, S, S)`.

    The network is evaluated for all eight orientations of the radiograph; each prediction is transformed back to the
    original orientation. The errors of the eight predictions are correlated: they count as `INDEPENDENT` predictions.
    """
    turned = torch.stack([reorient(radiograph, way) for way in _WAYS])
    predictions = network(turned).float().log_softmax(dim=1)
    transformed = torch.stack([one[index] for one, index in zip(predictions, _RESULTING, strict=True)])
    return (INDEPENDENT * transformed.mean(dim=0)).softmax(dim=0)


def _resulting(way: Orientation, orientation: Orientation) -> Orientation:
    """Return the orientation that results from applying `way` to a radiograph in `orientation`."""
    turns = way.quarter_turns + (-orientation.quarter_turns if way.mirrored else orientation.quarter_turns)
    mirrored = orientation.view is View.LATERAL and way.mirrored != orientation.mirrored
    return Orientation(orientation.view, turns % 4, mirrored)


_WAYS = tuple(o for o in ORIENTATIONS if o.view is View.LATERAL)
# For each way, the index of the resulting orientation for every orientation.
_RESULTING = tuple([ORIENTATIONS.index(_resulting(way, o)) for o in ORIENTATIONS] for way in _WAYS)


def _square(radiograph: Radiograph, side: int) -> Tensor:
    """Return the input of the network: `(1, across, down)`, isotropic, padded with 0 to a square."""
    return torch.from_numpy(place_radiograph(radiograph, (side, side), max(radiograph.size_mm) / side))[None]


def _orientation_problem(seen: Orientation) -> str:
    if seen.quarter_turns == 0:
        return "appears to face the wrong way"
    if seen.quarter_turns == 2:
        return f"appears to be upside down ({'flipped' if seen.mirrored else 'rotated by 180 degrees'})"
    direction = "clockwise" if seen.quarter_turns == 1 else "anticlockwise"
    mirrored = "mirrored and " if seen.mirrored else ""
    return f"appears to be rotated ({mirrored}{direction} by 90 degrees)"


def _fix(seen: Orientation) -> str:
    """Return the options of `swinx2s reconstruct` that correct the orientation: rotation first, then flip."""
    view = _OPTION[seen.view]
    if seen.quarter_turns % 2 == 0:
        # A left-right flip after a rotation by 180 degrees is an up-down flip.
        flip = {(0, True): "h", (2, False): "hv", (2, True): "v"}[seen.quarter_turns, seen.mirrored]
        return f"--flip {view}={flip}"
    rotation = f"--rotate {view}={360 - 90 * seen.quarter_turns}"
    return f"{rotation} --flip {view}=h" if seen.mirrored else rotation
