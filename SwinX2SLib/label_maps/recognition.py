"""Which numbering a label volume has, recognised by where its values lie in the patient and how large they are.

Every numbering that has all the values is tried: are left bones left, do vertebrae and ribs follow one another
downwards, do the pelvis and the femora lie below them, is nothing larger than such a bone can be? The one that makes
a body is it. Where nobody states a numbering, ours is taken unless the places contradict it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from SwinX2SLib.anatomy import CLASS_COUNT
from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.io.label_volumes import label_values
from SwinX2SLib.label_maps.files import label_mapping
from SwinX2SLib.label_maps.layout import Fit, Piece, bones_of, contradictions, fit, pieces_of
from SwinX2SLib.label_maps.mapping import HIGHEST_VALUE, LabelMapping
from SwinX2SLib.label_maps.numberings import OURS, builtin_mappings

AUTOMATIC = "auto"
"""What a user says for "see for yourself"."""

# A numbering has to pass this share of its checks. Another one that gives other bones is a rival when it passes the
# share of the best one within this lead, and this part of as many checks: a single bone always fits somewhere.
_LEAST_SCORE, _LEAST_LEAD, _LEAST_EVIDENCE = 0.85, 0.02, 0.7
_HINT = "Set the label numbering (--scheme), or provide a label map."
_CONTRADICTED_HINT = (
    f"{_HINT} If the header turns the patient over, correct it; {OURS} takes the labels as they are."
)


@dataclass
class RecognisedMapping:
    """Reads a file in whatever numbering it has (a `label_volumes.NumberedLabels`).

    Attributes:
        assumes_ours: whether our numbering is taken unless the places of the labels contradict it.
        ignore_unknown: whether values that are no bone of ours are left out, where our numbering is taken.
        refuses: whether labels whose places contradict their names, in every numbering, are a fault and not a note.
        names: what names of segments mean.
        scheme: what it was; ours until values had to be looked at.
        notes: as text, by what it was recognised; nothing where ours was taken, or names of segments decided.
    """

    assumes_ours: bool = False
    ignore_unknown: bool = False
    refuses: bool = True
    names: Mapping[str, int] = field(default_factory=dict)
    scheme: LabelMapping = field(default_factory=lambda: builtin_mappings()[OURS])
    notes: tuple[str, ...] = ()

    def to_labels_with_unnamed(self, labels: np.ndarray, affine: np.ndarray) -> np.ndarray:
        """Recognise the numbering and return the labels in ours (see `LabelMapping.to_labels_with_unnamed`).

        Raises:
            InputError: no numbering fits, or several do; ours is assumed, and the places contradict it.
        """
        found = self._unlike_ours(labels, affine) if self.assumes_ours else recognise_mapping(labels, affine)
        if found is None:
            return self._ours(labels, affine)
        self.scheme = found
        self.notes += (f"Label numbering detected from the positions of the labels: {found.title}.",)
        return found.to_labels_with_unnamed(labels, affine)

    def _ours(self, labels: np.ndarray, affine: np.ndarray) -> np.ndarray:
        values, notes = label_values(labels, affine, self.ignore_unknown, Path())
        self.notes += notes
        return values

    def _unlike_ours(self, labels: np.ndarray, affine: np.ndarray) -> LabelMapping | None:
        """Return the other numbering that the labels have, or None where ours is to be taken.

        Raises:
            InputError: the places contradict our numbering, and no other fits.
        """
        labels = np.asarray(labels)
        if labels.size and labels.min() >= 0 and 0 < labels.max() <= HIGHEST_VALUE:
            pieces = pieces_of(labels, affine)
            own = bones_of(builtin_mappings()[OURS], pieces)
            own_fit, has_others = fit(own), max(pieces) >= CLASS_COUNT
            if (has_others or own_fit.failed) and (other := _better(pieces, own_fit)) is not None:
                return other
            if wrong := contradictions(own):
                self._contradicted(
                    wrong, [scheme.name for scheme in _fitting(pieces)[2] if scheme.name != OURS]
                )
        return None

    def _contradicted(self, sentences: Sequence[str], others: Sequence[str]) -> None:
        message = f"The positions of the labels contradict the numbering of SwinX2S: {' '.join(sentences)}"
        if others:
            message += f" They fit {' or '.join(others)}."
        if self.refuses:
            raise InputError([Fault("places-contradict-names", message, _CONTRADICTED_HINT)])
        self.notes += (f"{message} The label numbering may be another, or the header may turn the patient.",)


def numbering(
    scheme: str | Path | None, ignore_unknown: bool = False, refuses: bool = True
) -> LabelMapping | RecognisedMapping:
    """Return what reads a file in a numbering.

    Args:
        scheme: a name of `SCHEME_NAMES`, the path of a map, "auto" to recognise it, or None for ours unless the
            places of the labels contradict it.
        ignore_unknown, refuses: see `RecognisedMapping`.

    Raises:
        InputError: there is no such numbering, or the map cannot be used.
    """
    if scheme is None:
        return RecognisedMapping(True, ignore_unknown, refuses)
    return RecognisedMapping() if scheme == AUTOMATIC else label_mapping(scheme)


def settled(used: LabelMapping | RecognisedMapping | None) -> LabelMapping:
    """Return the numbering that a volume turned out to have, after it was read; None stands for ours."""
    if used is None:
        return builtin_mappings()[OURS]
    return used.scheme if isinstance(used, RecognisedMapping) else used


def recognise_mapping(labels: np.ndarray, affine: np.ndarray) -> LabelMapping:
    """Return the numbering of a label volume.

    Args:
        labels: whole numbers `(I, J, K)`.
        affine: index -> RAS mm.

    Raises:
        InputError: no built-in numbering fits, or several do and give other bones.
    """
    _require_labels(np.asarray(labels))
    pieces = pieces_of(np.asarray(labels), affine)
    possible, fits, fitting = _fitting(pieces)
    if not fitting:
        raise _not_recognised(list(pieces))
    best = fitting[0]
    rivals = _rivals(best, fitting, fits, pieces)
    is_placed = fits[best.name].passed > 0
    if rivals or not is_placed:
        # A size that fits decides nothing: then all that have the values are as good.
        names = ", ".join(scheme.name for scheme in ((best, *rivals) if is_placed else possible))
        message = f"The label numbering is ambiguous ({names}): too few labels to decide."
        raise InputError([Fault("scheme-ambiguous", message, _HINT)])
    return best


def _better(pieces: Mapping[int, Piece], own: Fit) -> LabelMapping | None:
    """Return the one numbering that makes a body of the labels better than ours does, or None."""
    _, fits, fitting = _fitting(pieces)
    fitting = [scheme for scheme in fitting if scheme.name != OURS and fits[scheme.name].passed]
    if not fitting or _rivals(fitting[0], fitting, fits, pieces):
        return None
    best = fits[fitting[0].name]
    is_better = best.share > own.share + _LEAST_LEAD and best.weight > own.weight
    return fitting[0] if is_better and best.weight >= _upside_down(pieces).weight else None


def _upside_down(pieces: Mapping[int, Piece]) -> Fit:
    """Return how well our numbering makes a body of labels whose header turns the patient over."""
    turned = {value: Piece(piece.centre * (1, 1, -1), piece.volume_ml) for value, piece in pieces.items()}
    return fit(bones_of(builtin_mappings()[OURS], turned))


def _fitting(
    pieces: Mapping[int, Piece],
) -> tuple[list[LabelMapping], dict[str, Fit], list[LabelMapping]]:
    """Return the numberings that have all values, how well each makes a body, and those that do, the best first."""
    possible = [scheme for scheme in builtin_mappings().values() if _has_all(scheme, pieces)]
    fits = {scheme.name: fit(bones_of(scheme, pieces)) for scheme in possible}
    fitting = [scheme for scheme in possible if fits[scheme.name].share >= _LEAST_SCORE]
    return possible, fits, sorted(fitting, key=lambda scheme: -fits[scheme.name].weight)


def _rivals(
    best: LabelMapping,
    fitting: Sequence[LabelMapping],
    fits: Mapping[str, Fit],
    pieces: Mapping[int, Piece],
) -> list[LabelMapping]:
    return [
        scheme
        for scheme in fitting
        if fits[scheme.name].share > fits[best.name].share - _LEAST_LEAD
        and fits[scheme.name].passed >= _LEAST_EVIDENCE * fits[best.name].passed
        and _meaning(scheme, pieces) != _meaning(best, pieces)
    ]


def _require_labels(labels: np.ndarray) -> None:
    """Refuse volumes without a label, and values that no numbering has: the largest would fill memory automatically.

    Raises:
        InputError: the volume is such.
    """
    low, high = (labels.min(), labels.max()) if labels.size else (0, 0)
    if low < 0 or high > HIGHEST_VALUE:
        raise _not_recognised([value.item() for value in np.unique(labels) if value])
    if not high:
        raise InputError([Fault("no-bones", "The file has no bones.", "Check that it is the right file.")])


def _not_recognised(values: Sequence[float]) -> InputError:
    shown = ", ".join(f"{value:.6g}" for value in values[:8])
    message = f"The label numbering ({shown}{', ...' if len(values) > 8 else ''}) could not be detected."
    return InputError([Fault("scheme-not-recognised", message, _HINT)])


def _has_all(scheme: LabelMapping, pieces: Mapping[int, Piece]) -> bool:
    known = scheme.targets.keys() | scheme.unnamed.keys() | scheme.others
    return pieces.keys() <= known and bool(pieces.keys() & scheme.targets.keys())


def _meaning(scheme: LabelMapping, pieces: Mapping[int, Piece]) -> list[int | str]:
    return [scheme.unnamed.get(value, scheme.targets.get(value, 0)) for value in pieces]
