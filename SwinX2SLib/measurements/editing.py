"""Measurements that a person corrects: places are moved, values follow, and every step can be taken back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.measurements.from_landmarks import (
    Key,
    UndefinedValueError,
    can_be_settled,
    companions,
    key_of,
    value_from_landmarks,
)
from SwinX2SLib.measurements.results import Measurement, Quality
from SwinX2SLib.measurements.shared_geometry import shared_geometry
from SwinX2SLib.measurements.stored import MeasuredDocument, StoredMeasurement

# Closer than this to where it was computed, a place has not been moved.
SAME_MM = 1e-5
MOST_STEPS = 200
_OUTSIDE = "outside"
State = dict[str, tuple[float, ...]]
"""Where moved places are and how turned planes face, by key; what is missing is as computed."""


@dataclass(frozen=True, eq=False)
class ReviewedMeasurement:
    """A measurement as it stands now, beside what was computed.

    Attributes:
        stored: as it was computed, with its region and what is usual.
        present: as it stands now.
        is_edited: whether a place on which it rests was moved.
    """

    stored: StoredMeasurement
    present: Measurement
    is_edited: bool


class EditableMeasurements:
    """The measurements of a person with their places.

    Args:
        document: as measured; edits that it holds are taken over.

    Attributes:
        document: as given.
        geometry: the places as computed.
        places: where they are now, RAS mm `(3,)` by key.
        normals: how planes face now, unit `(3,)` by key.
    """

    def __init__(self, document: MeasuredDocument):
        self.document = document
        self._stored = {key_of(item.computed): item for item in document.measurements}
        self.geometry = shared_geometry(item.computed for item in document.measurements)
        self.places, self.normals = dict(self.geometry.places), dict(self.geometry.normals)
        self._dependent: dict[str, list[Key]] = {}
        for key in self.geometry.bindings:
            for place in self.geometry.keys(key):
                self._dependent.setdefault(place, []).append(key)
        self._present = {key: item.computed for key, item in self._stored.items()}
        self._undo: list[State] = []
        self._redo: list[State] = []
        self._take_over(document.content.get("edits", {}))

    @property
    def keys(self) -> list[Key]:
        """All measurements, in the order of the document."""
        return list(self._stored)

    def reviewed(self, key: Key) -> ReviewedMeasurement:
        """Return a measurement as it stands now."""
        stored = self._stored[key]
        return ReviewedMeasurement(stored, self._present[key], self.is_edited(key))

    def is_edited(self, key: Key) -> bool:
        """Return whether a place of the measurement was moved, or its value changed with that of another."""
        if key not in self.geometry.bindings:
            return False
        computed, present = self._stored[key].computed.value, self._present[key].value
        if computed is None or present is None:
            changed = computed is not present
        else:
            changed = abs(computed - present) > SAME_MM
        return changed or any(self._is_moved(place) for place in self.geometry.own_keys(key))

    @property
    def edits(self) -> State:
        """What was moved, ready for JSON."""
        now = {**self.places, **self.normals}
        return {key: tuple(float(number) for number in now[key]) for key in now if self._is_moved(key)}

    # Changes

    def remember(self) -> None:
        """Let `undo` come back to what is now; call this before a change."""
        self._undo = [*self._undo, self.edits][-MOST_STEPS:]
        self._redo = []

    def forget_unchanged(self) -> None:
        """Drop the last remembered state where nothing has changed since."""
        if self._undo and self._undo[-1] == self.edits:
            self._undo.pop()

    def move(self, key: str, position_ras_mm: np.ndarray) -> set[Key]:
        """Move a place, and return the measurements that rest on it."""
        return self._change({key: position_ras_mm})

    def turn(self, key: str, normal_ras: np.ndarray) -> set[Key]:
        """Turn a plane, and return the measurements that rest on it."""
        return self._change({key: normal_ras / np.linalg.norm(normal_ras)})

    def reset(self, keys: Iterable[Key] | None = None) -> set[Key]:
        """Put the places of measurements, or of all, back to where they were computed; `undo` brings them back."""
        wanted = set(self.edits)
        if keys is not None:
            wanted &= set().union(*(self.geometry.keys(key) for key in keys if key in self.geometry.bindings))
        if not wanted:
            return set()
        self.remember()
        return self._change({key: self._computed(key) for key in wanted})

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to take back."""
        return bool(self._undo)

    @property
    def can_redo(self) -> bool:
        """Whether there is a change that was taken back."""
        return bool(self._redo)

    def undo(self) -> set[Key]:
        """Take the last change back, and return the measurements that it touches."""
        return self._step(self._undo, self._redo)

    def redo(self) -> set[Key]:
        """Make the change again that was taken back last."""
        return self._step(self._redo, self._undo)

    def _step(self, source: list[State], target: list[State]) -> set[Key]:
        if not source:
            return set()
        target.append(self.edits)
        wanted = source.pop()
        back = {key: self._computed(key) for key in self.edits if key not in wanted}
        return self._change(back | {key: np.array(value) for key, value in wanted.items()})

    def _change(self, values: Mapping[str, np.ndarray]) -> set[Key]:
        for key, value in values.items():
            value = np.array(value, dtype=np.float64).reshape(3)
            if not np.isfinite(value).all():
                raise ValueError(f"{key} cannot be moved to {value}.")
            (self.places if key in self.places else self.normals)[key] = value
        touched = {dependent for key in values for dependent in self._dependent.get(key, [])}
        for dependent in touched:
            self._settle(dependent)
        return touched

    def _settle(self, key: Key) -> None:
        computed = self._stored[key].computed
        if not any(self._is_moved(place) for place in self.geometry.keys(key)):
            self._present[key] = computed
            return
        others = {
            other: self.geometry.placed(other, self.places, self.normals)
            for other in companions(computed)
            if other in self.geometry.bindings
        }
        found = self.geometry.placed(key, self.places, self.normals)
        if not can_be_settled(found):
            return
        try:
            self._present[key] = self._judged(value_from_landmarks(found, others), key)
        except UndefinedValueError as error:
            self._present[key] = replace(
                found, value=None, quality="absent", reasons=(str(error),), interval=None
            )

    def _judged(self, found: Measurement, key: Key) -> Measurement:
        """Return a changed measurement with what still holds of its flags, held against what is usual."""
        stored = self._stored[key]
        # Whether a value is unusual was said of another value; what is wrong with the bone still holds.
        reasons = [reason for reason in stored.computed.reasons if _OUTSIDE not in reason]
        if stored.usual and found.value is not None and not stored.usual[0] <= found.value <= stored.usual[1]:
            least, most = stored.usual
            reasons.append(
                f"{found.value:.1f} {found.unit} is outside the reference range ({least:.0f} to {most:.0f})."
            )
        quality: Quality = "check" if reasons else "good"
        return replace(found, quality=quality, reasons=tuple(reasons), interval=None)

    def _computed(self, key: str) -> np.ndarray:
        return self.geometry.places[key] if key in self.geometry.places else self.geometry.normals[key]

    def _is_moved(self, key: str) -> bool:
        now = self.places[key] if key in self.places else self.normals[key]
        return bool(np.abs(now - self._computed(key)).max() > SAME_MM)

    def _take_over(self, edits: Any) -> None:
        if not isinstance(edits, Mapping):
            message = "The edits are not a JSON object."
            raise InputError([Fault("edits-broken", message, "Measure the bones again.")])
        unknown = [key for key in edits if key not in self.places and key not in self.normals]
        if unknown:
            message = (
                f"The edits refer to landmarks that are not in the measurements: {', '.join(unknown[:5])}."
            )
            raise InputError([Fault("edits-broken", message, "Measure the bones again.")])
        try:
            self._change({key: np.array(value, dtype=np.float64) for key, value in edits.items()})
        except (TypeError, ValueError) as error:
            message = f"An edit is not a valid position ({error})."
            raise InputError([Fault("edits-broken", message, "Measure the bones again.")]) from error
