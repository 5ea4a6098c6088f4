"""Are the films the right ones, and do they hang as they should? The fused network's own layouts tell.

The 2D half of the fused variant says, for each film alone, on which rays each bone lies. A film that is taken for
the other view, stands on its head or faces the wrong way yields silhouettes that are faint or that contradict those
of the other film in height. So the layouts of all ways to hang the two films are compared, and what is said is a
doubt: the reconstruction itself is never changed.

A frontal film mirrored left to right is not looked for: bones are so nearly alike on both sides, and the network has
learned from mirrored people, that its layouts are as convincing either way.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from SwinX2SLib.models.fused import FusedSwinX2S
from SwinX2SLib.radiographs import Radiograph, prepare_pair

# Another way to hang the films is told when its layouts convince by this much, and so many times more than those of
# the films as given. Set on published and synthetic pairs (`python Testing/bench/hanging.py`).
LEAST_SCORE, LEAST_RATIO = 0.3, 1.1
# So many pixels of faint silhouette count against any film, so that a speck convinces nobody.
_FAINT_PIXELS = 20.0
# Axes of a film `(across, down)` that a flip reverses.
_FLIPS: dict[str, tuple[int, ...]] = {"": (), "h": (-2,), "v": (-1,), "hv": (-2, -1)}
_ORDER = tuple(_FLIPS)
_FLIP_WORDS = {
    "h": "seems to face the wrong way",
    "v": "seems to be upside down, flipped",
    "hv": "seems to be upside down, turned by 180 degrees",
}


@dataclass(frozen=True)
class Hanging:
    """A way to hang both films, seen from how they were given.

    Attributes:
        swapped: each film is the other view.
        ap_flip: how the film given as the frontal one is flipped: one of `radiographs.radiograph.FLIPS`.
        lateral_flip: the same for the film given as the lateral one.
    """

    swapped: bool = False
    ap_flip: str = ""
    lateral_flip: str = ""


AS_GIVEN = Hanging()
# What goes wrong in practice. Of a frontal film on its head it cannot be told whether it was also mirrored.
ALTERNATIVES = (
    Hanging(swapped=True),
    Hanging(swapped=True, ap_flip="h"),
    Hanging(lateral_flip="h"),
    Hanging(lateral_flip="v"),
    Hanging(lateral_flip="hv"),
    Hanging(ap_flip="hv"),
    Hanging(ap_flip="v"),
    Hanging(ap_flip="v", lateral_flip="v"),
    Hanging(ap_flip="hv", lateral_flip="hv"),
)


@dataclass(frozen=True)
class HangingCheck:
    """How convincing the films are as given and in the best other way.

    Attributes:
        given: score of the films as given, 0..1.
        best: score of the best other way, 0..1; 0 where none could have been told.
        alternative: that way, or None.
    """

    given: float
    best: float = 0.0
    alternative: Hanging | None = None

    @property
    def suspected(self) -> Hanging | None:
        """The other way, where it convinces so much more that it must be told."""
        if self.best < LEAST_SCORE or self.best < LEAST_RATIO * self.given:
            return None
        return self.alternative

    def doubt(self) -> str:
        """Return what seems wrong and what to do, in a sentence or two; "" where nothing does."""
        return "" if self.suspected is None else describe(self.suspected)


def describe(hanging: Hanging) -> str:
    """Say what is wrong if the films should hang otherwise, and what to do."""
    wrong, todo = [], []
    if hanging.swapped:
        wrong.append("the frontal and the lateral film seem to be swapped")
        todo.append("swap the two files (with --ignore-orientation if their headers say otherwise)")
    # A film that changes its role is named, and flipped, by its new one.
    frontal, lateral = (
        (hanging.lateral_flip, hanging.ap_flip)
        if hanging.swapped
        else (hanging.ap_flip, hanging.lateral_flip)
    )
    if frontal:
        # Which of the two flips that put it upright is right, its bones do not tell; turning does not mirror it.
        wrong.append(f"the frontal film {_FLIP_WORDS['hv']}")
        todo.append("turn it by --flip ap=hv")
    if lateral:
        wrong.append(f"the lateral film {_FLIP_WORDS[lateral]}")
        todo.append(
            f"turn it by --flip lateral={lateral}"
            if not frontal
            else f"the other by --flip lateral={lateral}"
        )
    return (
        f"Check the films: {' and '.join(wrong)}. If so, {' and '.join(todo)}, beside what was asked already, and "
        "reconstruct again; this result was left as the films were given."
    )


def check_hanging(
    model: torch.nn.Module, ap: Radiograph, lateral: Radiograph, device: torch.device
) -> HangingCheck | None:
    """Compare the films as given with the other ways to hang them.

    Args:
        model: in evaluation mode; only the fused variant has layouts.
        ap: film given as the frontal one.
        lateral: film given as the lateral one.
        device: of the model.

    Returns:
        None for a model without layouts.
    """
    if not isinstance(model, FusedSwinX2S):
        return None
    given = prepare_pair(ap, lateral, model.grid_shape)
    films = [_tensor(picture, device) for picture in (given.coronal, given.sagittal)]
    score = _score(*(_Silhouettes(layout) for layout in _layouts(model, *films)))
    if score * LEAST_RATIO >= 1:
        # Nothing can convince that much more.
        return HangingCheck(score)
    other = prepare_pair(lateral, ap, model.grid_shape)
    swapped = [_tensor(picture, device) for picture in (other.coronal, other.sagittal)]
    plain, exchanged = (_all_flips(model, *pair) for pair in (films, swapped))
    scores = {hanging: _of(hanging, plain, exchanged) for hanging in ALTERNATIVES}
    best = max(scores, key=scores.get)
    return HangingCheck(score, scores[best], best)


class _Silhouettes:
    """What is needed of one film's layout `(K, across, Z)`, logits.

    Attributes:
        heights: how sure it is that a bone lies at a height, `(K, Z)`.
        sharpness: share of the silhouettes' probability that lies in pixels above one half, 0..1.
    """

    def __init__(self, layout: Tensor):
        probability = layout.float().sigmoid()
        self.heights = probability.amax(dim=1)
        sure = (probability * (probability > 0.5)).sum()
        self.sharpness = float(sure / (probability.sum() + _FAINT_PIXELS))


def _score(coronal: _Silhouettes, sagittal: _Silhouettes) -> float:
    """Return how well both films say the same bones at the same heights (Dice), times how sharply they say it."""
    both, either = (
        (coronal.heights * sagittal.heights).sum(),
        (coronal.heights**2 + sagittal.heights**2).sum(),
    )
    agreement = float(2 * both / either.clamp(min=1e-3))
    return agreement * (coronal.sharpness * sagittal.sharpness) ** 0.5


def _of(hanging: Hanging, plain: dict, exchanged: dict) -> float:
    """Return the score of one way from the layouts of all flips: `view -> flip -> silhouettes`."""
    if hanging.swapped:
        return _score(exchanged["coronal"][hanging.lateral_flip], exchanged["sagittal"][hanging.ap_flip])
    return _score(plain["coronal"][hanging.ap_flip], plain["sagittal"][hanging.lateral_flip])


def _all_flips(model: FusedSwinX2S, coronal: Tensor, sagittal: Tensor) -> dict[str, dict[str, _Silhouettes]]:
    """Return the silhouettes of both films in each flip; a film's layout does not depend on the other film."""
    flipped = [torch.cat([film.flip(axes) for axes in _FLIPS.values()]) for film in (coronal, sagittal)]
    return {
        view: {flip: _Silhouettes(layout) for flip, layout in zip(_ORDER, layouts, strict=True)}
        for view, layouts in zip(("coronal", "sagittal"), _layouts(model, *flipped, batch=True), strict=True)
    }


def _layouts(model: FusedSwinX2S, coronal: Tensor, sagittal: Tensor, batch: bool = False) -> list[Tensor]:
    output = model(coronal, sagittal, volumes=0)
    layouts = [output.coronal_layout, output.sagittal_layout]
    return layouts if batch else [layout[0] for layout in layouts]


def _tensor(picture, device: torch.device) -> Tensor:
    return torch.from_numpy(picture)[None, None].to(device)
