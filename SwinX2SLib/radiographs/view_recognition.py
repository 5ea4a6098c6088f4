"""Detection of the frontal radiograph: from headers, otherwise from names, otherwise from the shape as a guess."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

FRONTAL, LATERAL = "frontal", "lateral"
# PS3.3 C.8.1.1 (CR) and C.8.7.5 (DX); RLD and LLD (decubitus) lie down and are frontal.
VIEW_POSITIONS = {FRONTAL: {"AP", "PA", "RLD", "LLD", "FRONTAL"}, LATERAL: {"LL", "RL", "LAT", "LATERAL"}}
_WORDS = {
    FRONTAL: {"ap", "pa", "frontal", "coronal", "anteroposterior", "posteroanterior", "front"},
    LATERAL: {"lat", "lateral", "sagittal", "profile", "side"},
}
# A person is wider than deep; radiographs of nearly one width say nothing.
_NARROWER = 0.9


class Grounds(IntEnum):
    """What a recognition rests on, from a guess to a statement."""

    NOTHING = 0
    SHAPE = 1
    NAME = 2
    ORIENTATION = 3
    VIEW_POSITION = 4


@dataclass(frozen=True)
class RadiographHints:
    """Evidence for the view of a radiograph.

    Attributes:
        view_position: DICOM View Position (0018,5101), or the view of View Code Sequence (0054,0220) in its terms,
            or "".
        orientation: patient directions of columns and rows, letters of L R A P H F, or None.
        names: words about it: series and protocol description, name of the volume, file name.
        width_mm: in display orientation; in pixels where no size is known of either radiograph.
        height_mm: likewise.
    """

    view_position: str = ""
    orientation: tuple[str, str] | None = None
    names: tuple[str, ...] = ()
    width_mm: float = 0.0
    height_mm: float = 0.0


@dataclass(frozen=True)
class Recognition:
    """Which of two radiographs is the frontal one.

    Attributes:
        frontal: 0 or 1, or None if unknown.
        grounds: what it rests on.
        reason: explanation for the user.
    """

    frontal: int | None
    grounds: Grounds
    reason: str

    @property
    def is_certain(self) -> bool:
        """Whether it may be used without asking: a guess from the shape may not."""
        return self.frontal is not None and self.grounds > Grounds.SHAPE


def view_of(hints: RadiographHints) -> tuple[str, Grounds]:
    """Return "frontal", "lateral" or "" for one radiograph, and the evidence."""
    position = hints.view_position.strip().upper()
    for view, known in VIEW_POSITIONS.items():
        if position in known:
            return view, Grounds.VIEW_POSITION
    across = {"L": FRONTAL, "R": FRONTAL, "A": LATERAL, "P": LATERAL}
    if hints.orientation is not None and {"H", "F"} & set(hints.orientation):
        (sideways,) = [letter for letter in hints.orientation if letter not in "HF"] or [""]
        if sideways in across:
            return across[sideways], Grounds.ORIENTATION
    view = view_in_words(*hints.names)
    return (view, Grounds.NAME) if view else ("", Grounds.NOTHING)


def view_in_words(*texts: str) -> str:
    """Return "frontal" or "lateral" as names or descriptions say; "" for neither, both, or an oblique view."""
    words = _words(texts)
    views = {view for view, known in _WORDS.items() if known & words}
    # A name that says both, as of a folder of both radiographs, says nothing.
    return views.pop() if len(views) == 1 and "oblique" not in words else ""


def recognise(first: RadiographHints, second: RadiographHints) -> Recognition:
    """Detect which of two radiographs is the frontal one.

    The radiograph that states its view best decides; two that state the same contradict each other, and then the
    user does.
    """
    (view_a, grounds_a), (view_b, grounds_b) = view_of(first), view_of(second)
    if view_a and view_a == view_b:
        if grounds_a == grounds_b:
            reason = f"Both radiographs are identified as {view_a}{_by(grounds_a)}."
            return Recognition(None, grounds_a, reason)
        # The better statement holds, so the other radiograph is what is left.
        view_a, view_b = (view_a, "") if grounds_a > grounds_b else ("", view_b)
    if view_a or view_b:
        frontal = 0 if view_a == FRONTAL or view_b == LATERAL else 1
        grounds = max(grounds_a if view_a else Grounds.NOTHING, grounds_b if view_b else Grounds.NOTHING)
        return Recognition(frontal, grounds, f"Recognised{_by(grounds)}.")
    return _by_shape(first, second)


def _by_shape(first: RadiographHints, second: RadiographHints) -> Recognition:
    ratios = [
        radiograph.width_mm / radiograph.height_mm if radiograph.height_mm else 0.0
        for radiograph in (first, second)
    ]
    if min(ratios) > 0 and min(ratios) < _NARROWER * max(ratios):
        frontal = ratios.index(max(ratios))
        return Recognition(
            frontal, Grounds.SHAPE, "Guess: the narrower radiograph is used as the lateral one."
        )
    return Recognition(None, Grounds.NOTHING, "The views cannot be identified from headers, names or shapes.")


def _by(grounds: Grounds) -> str:
    return {
        Grounds.NAME: " by the file name",
        Grounds.ORIENTATION: " by the orientation in the header",
        Grounds.VIEW_POSITION: " by the view in the header",
    }.get(grounds, "")


def _words(names: Iterable[str]) -> set[str]:
    # "ThoraxAP_2" holds AP: a change of case ends a word, as do digits and signs.
    joined = (re.sub(r"(?i)(antero|postero)[- ](?=posterior|anterior)", r"\1", name) for name in names)
    split = (re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name) for name in joined)
    return {word.lower() for name in split for word in re.findall(r"[A-Za-z]+", name)}
