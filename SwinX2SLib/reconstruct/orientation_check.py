"""Are the radiographs the right ones, and do they hang as they should? A small network of its own tells, radiograph
by radiograph.

What is said is a doubt: the reconstruction itself is never changed. A frontal radiograph mirrored left to right is
not looked for: bones are nearly alike on both sides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from SwinX2SLib.models.orientation import ORIENTATIONS, Orientation, RadiographOrientationNet, View, hang
from SwinX2SLib.radiographs import Radiograph
from SwinX2SLib.radiographs.registration import place_radiograph

# The weights of that network, which come with the library.
WEIGHTS = "film-orientation-v1"
# Another orientation is told when it is this probable. Set on radiographs that were not learned from
# (`python Testing/bench/hanging.py`), as was how many independent opinions eight looks at a radiograph are worth.
LEAST_PROBABILITY = 0.9
INDEPENDENT = 2
_WORDS = {View.FRONTAL: "the frontal radiograph", View.LATERAL: "the lateral radiograph"}
_OPTION = {View.FRONTAL: "ap", View.LATERAL: "lateral"}


@dataclass(frozen=True)
class ViewPrediction:
    """What one radiograph looks like.

    Attributes:
        given: the view that it was given as.
        seen: its most probable view and orientation.
        probability: of that, 0..1.
    """

    given: View
    seen: Orientation
    probability: float

    @property
    def suspected(self) -> bool:
        """Whether it looks so much like another radiograph, or hung otherwise, that it must be told."""
        return self.seen != Orientation(self.given) and self.probability >= LEAST_PROBABILITY

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
    """What both radiographs look like."""

    ap: ViewPrediction
    lateral: ViewPrediction

    @property
    def suspected(self) -> bool:
        """Whether something must be told."""
        return self.ap.suspected or self.lateral.suspected

    def doubt(self) -> str:
        """Return what seems wrong and what to do, in a sentence or two; "" where nothing does."""
        suspects = [look for look in (self.ap, self.lateral) if look.suspected]
        if not suspects:
            return ""
        mismatched_views = [look for look in suspects if look.seen.view is not look.given]
        wrong, todo = [], []
        if len(mismatched_views) == 2:
            wrong.append("the frontal and the lateral radiograph appear to be swapped")
            todo.append("swap the two files (with --ignore-orientation if their headers state otherwise)")
        elif mismatched_views:
            (look,) = mismatched_views
            wrong.append(f"{_WORDS[look.given]} looks like a {look.seen.view.value} one")
            todo.append(f"use another file for {_WORDS[look.given]}")
        for look in suspects:
            if (look.seen.quarter_turns or look.seen.mirrored) and len(mismatched_views) != 1:
                wrong.append(f"{_WORDS[look.seen.view]} {_how_it_hangs(look.seen)}")
                todo.append(f"correct it with {_remedy(look.seen)}")
        return (
            f"Check the orientation of the radiographs: {' and '.join(wrong)}. If this is correct, "
            f"{' and '.join(todo)} in addition to the options used, and reconstruct again. The radiographs "
            "were not changed for this result."
        )

    def to_json(self) -> dict[str, Any]:
        """Return JSON values, for the provenance."""
        return {"ap": self.ap.to_json(), "lateral": self.lateral.to_json(), "doubt": self.doubt()}


def check_orientation(
    network: RadiographOrientationNet, ap: Radiograph, lateral: Radiograph, device: torch.device
) -> OrientationCheck:
    """Tell what two radiographs look like.

    Args:
        network: a `RadiographOrientationNet` in evaluation mode.
        ap: radiograph given as the frontal one.
        lateral: radiograph given as the lateral one.
        device: of the network.
    """
    looks = []
    for view, radiograph in zip(View, (ap, lateral), strict=True):
        probability, index = _probabilities(
            network, _square(radiograph, network.config.radiograph_px).to(device)
        ).max(dim=0)
        looks.append(ViewPrediction(view, ORIENTATIONS[int(index)], float(probability)))
    return OrientationCheck(*looks)


def _probabilities(network: nn.Module, radiograph: Tensor) -> Tensor:
    """Return the probability of each of `ORIENTATIONS` for a radiograph `(1, S, S)`.

    The network sees the radiograph in all eight ways to hang it; what it says of each is carried back to the
    radiograph as it was given. The eight opinions have errors in common: they count as `INDEPENDENT`.
    """
    turned = torch.stack([hang(radiograph, way) for way in _WAYS])
    opinions = network(turned).float().log_softmax(dim=1)
    carried = torch.stack([opinion[index] for opinion, index in zip(opinions, _CARRIED, strict=True)])
    return (INDEPENDENT * carried.mean(dim=0)).softmax(dim=0)


def _carried(way: Orientation, orientation: Orientation) -> Orientation:
    """Return how a radiograph in an orientation hangs after it was hung once more, in a way."""
    turns = way.quarter_turns + (-orientation.quarter_turns if way.mirrored else orientation.quarter_turns)
    mirrored = orientation.view is View.LATERAL and way.mirrored != orientation.mirrored
    return Orientation(orientation.view, turns % 4, mirrored)


_WAYS = tuple(o for o in ORIENTATIONS if o.view is View.LATERAL)
# For each way, the index of every orientation's name after it.
_CARRIED = tuple([ORIENTATIONS.index(_carried(way, o)) for o in ORIENTATIONS] for way in _WAYS)


def _square(radiograph: Radiograph, side: int) -> Tensor:
    """Return a radiograph as the network takes it: `(1, across, down)`, its proportions in mm, 0 around it."""
    return torch.from_numpy(place_radiograph(radiograph, (side, side), max(radiograph.size_mm) / side))[None]


def _how_it_hangs(seen: Orientation) -> str:
    if seen.quarter_turns == 0:
        return "appears to face the wrong way"
    if seen.quarter_turns == 2:
        return f"appears to be upside down ({'flipped' if seen.mirrored else 'turned by 180 degrees'})"
    direction = "clockwise" if seen.quarter_turns == 1 else "anticlockwise"
    mirrored = "mirrored and " if seen.mirrored else ""
    return f"appears to be rotated ({mirrored}turned {direction} by 90 degrees)"


def _remedy(seen: Orientation) -> str:
    """Return the options of `swinx2s reconstruct` that hang the radiograph as it should: rotated first, then
    flipped."""
    view = _OPTION[seen.view]
    if seen.quarter_turns % 2 == 0:
        # A flip left-right after half a turn is one up-down.
        flip = {(0, True): "h", (2, False): "hv", (2, True): "v"}[seen.quarter_turns, seen.mirrored]
        return f"--flip {view}={flip}"
    rotation = f"--rotate {view}={360 - 90 * seen.quarter_turns}"
    return f"{rotation} --flip {view}=h" if seen.mirrored else rotation
