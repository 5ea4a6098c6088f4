"""Measurements of one segmentation while they are being looked at: dragged markups change values, and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from datetime import datetime

import slicer
from slicer.util import VTKObservationMixin

from SwinX2SLib.measurements.editing import EditableMeasurements
from SwinX2SLib.measurements.from_landmarks import Key
from SwinX2SLib.measurements.stored import (
    Review,
    digest_of,
    holds,
    measured_content,
    measured_digest,
    review_words,
)
from SwinX2SLib.slicerui.event_loop import process_events
from SwinX2SLib.slicerui.measurements import nodes
from SwinX2SLib.slicerui.measurements.markups import (
    make_markup,
    markup_specs,
    places_of,
    read_markup,
    show_markup,
    write_markup,
)
from SwinX2SLib.slicerui.measurements.nodes import COLOURS, region_of, region_of_structure
from SwinX2SLib.slicerui.measurements.outdated import rests_on
from SwinX2SLib.slicerui.measurements.table import fill_table, table_rows, update_table
from SwinX2SLib.slicerui.measurements.value_labels import show_values
from SwinX2SLib.slicerui.result.links import linked
from SwinX2SLib.slicerui.signals import Signal


class MeasuringSession(VTKObservationMixin):
    """Keeps values, markups, table and document of one segmentation in step.

    Markups of a bone are made when they are first shown: those of all bones would slow every view.

    Args:
        segmentation: with a document of measurements.

    Attributes:
        segmentation: as given.
        document: its node.
        edited: the measurements.
        rows: the lines of the table.
        outdated: names of the bones that were edited since they were measured.
        changed: emitted with the measurements `set[Key]` whose values may have changed.

    Raises:
        InputError: the document cannot be read.
    """

    def __init__(self, segmentation: slicer.vtkMRMLSegmentationNode):
        super().__init__()
        self.segmentation, self.document = segmentation, nodes.document_of(segmentation)
        content = nodes.whole_document(self.document)
        self.edited = EditableMeasurements(measured_content(content))
        self._measured_digest = measured_digest(content["measurements"])
        self.rows = table_rows(self.edited)
        self._row_of = {key: number for number, row in enumerate(self.rows) for key in row.keys.values()}
        self.outdated: list[str] = []
        self._written: list[Key] = []
        self.changed = Signal()
        self._writing = False
        self._dragged: slicer.vtkMRMLMarkupsNode | None = None
        for node in linked(segmentation, nodes.MARKUP):
            self._follow(node)
        self._write_markups(None)
        fill_table(nodes.table_of(segmentation), self.rows, self.edited)

    def close(self) -> None:
        """Let go of the scene; what is written in the views goes."""
        self.removeObservers()
        if self.segmentation.GetScene() is not None:
            self._write_values([])

    # What is shown

    def show(self, keys: Iterable[Key]) -> None:
        """Show the markups of some measurements, their values written in the views, and hide all others."""
        keys = [key for key in keys if key in self.edited.geometry.bindings]
        wanted = set().union(*(self.edited.geometry.keys(key) for key in keys))
        scene = slicer.mrmlScene
        # One refresh of all lists and views, not one for each node.
        scene.StartState(scene.BatchProcessState)
        try:
            for structure in dict.fromkeys(structure for structure, _, _ in keys):
                self.ensure_markups(structure)
                process_events()
            # Within this state, or Slicer would place new points of the user among the values.
            self._write_values(keys)
        finally:
            scene.EndState(scene.BatchProcessState)
        with self._quietly():
            for node in linked(self.segmentation, nodes.MARKUP):
                show_markup(node, wanted)
                process_events()

    def _write_values(self, keys: list[Key]) -> None:
        self._written = keys
        show_values(self.segmentation, self.edited, keys, self.outdated_keys)

    def ensure_markups(self, structure: str) -> None:
        """Make the markups of a bone, or of a group of bones, where they are missing."""
        there = {
            tuple(places_of(node)) for node in linked(self.segmentation, nodes.MARKUP, structure=structure)
        }
        missing = [spec for spec in markup_specs(self.edited.geometry, structure) if spec.places not in there]
        if not missing:
            return
        colour = COLOURS[region_of_structure(structure)]
        with self._quietly():
            for spec in missing:
                node = make_markup(spec, colour)
                write_markup(node, self.edited, spec.labels)
                nodes.add_markup(self.segmentation, node, structure)
                self._follow(node)

    def keys_of_region(self, region: str) -> list[Key]:
        """Return all measurements of a region of the body."""
        reviewed = {key: self.edited.reviewed(key) for key in self.edited.keys}
        return [key for key, one in reviewed.items() if region_of(one.stored.region) == region]

    # Changes

    def undo(self) -> None:
        """Take the last change back."""
        self._after(self.edited.undo())

    def redo(self) -> None:
        """Make the change again that was taken back last."""
        self._after(self.edited.redo())

    def reset(self, keys: Iterable[Key] | None = None) -> None:
        """Put measurements, or all, back to what was computed."""
        self._after(self.edited.reset(keys))

    @property
    def outdated_keys(self) -> set[Key]:
        """The measurements that rest on bones that were edited since."""
        return {key for row in self.rows if row.outdated for key in row.keys.values()}

    def set_outdated(self, bones: Sequence[str]) -> None:
        """Mark what rests on bones that were edited since they were measured."""
        if list(bones) == self.outdated:
            return
        self.outdated = list(bones)
        touched = set()
        for row in self.rows:
            was, row.outdated = row.outdated, any(rests_on(key) & {*bones} for key in row.keys.values())
            touched |= set(row.keys.values()) if row.outdated != was else set()
        self._notify(touched)

    def _after(self, touched: set[Key]) -> None:
        self._write_markups(None)
        self._notify(touched)
        self._keep()

    def _follow(self, node: slicer.vtkMRMLMarkupsNode) -> None:
        events = {
            node.PointStartInteractionEvent: self._on_drag_started,
            node.PointModifiedEvent: self._on_moved,
            node.PointEndInteractionEvent: self._on_drag_ended,
        }
        for event, reaction in events.items():
            self.addObserver(node, event, reaction)

    def _on_drag_started(self, node: slicer.vtkMRMLMarkupsNode, _event: object) -> None:
        self._dragged = node
        self.edited.remember()

    def _on_moved(self, node: slicer.vtkMRMLMarkupsNode, _event: object) -> None:
        found = None if self._writing else read_markup(node, self.edited)
        if found is None:
            return
        now = {**self.edited.places, **self.edited.normals}
        moved = {key: place for key, place in found.items() if abs(place - now[key]).max() > 1e-6}
        if not moved:
            return
        alone = self._dragged is not node
        if alone:
            self.edited.remember()
        touched: set[Key] = set()
        for key, place in moved.items():
            change = self.edited.move if key in self.edited.places else self.edited.turn
            touched |= change(key, place)
        self._write_markups(node, set(moved))
        self._notify(touched)
        if alone:
            self._keep()

    def _on_drag_ended(self, _node: slicer.vtkMRMLMarkupsNode, _event: object) -> None:
        self._dragged = None
        self.edited.forget_unchanged()
        self._keep()
        self.changed.emit(set())

    def _write_markups(self, source: slicer.vtkMRMLMarkupsNode | None, moved: set[str] | None = None) -> None:
        """Put all markups, or those that hold what was moved, where the places are; `source` is there already."""
        origins = self.edited.geometry.origins
        with self._quietly():
            for node in linked(self.segmentation, nodes.MARKUP):
                keys = {key for place in places_of(node) for key in (place, origins.get(place, place))}
                if node is not source and (moved is None or not moved.isdisjoint(keys)):
                    write_markup(node, self.edited)

    def _notify(self, touched: set[Key]) -> None:
        numbers = sorted({self._row_of[key] for key in touched})
        if numbers:
            update_table(nodes.table_of(self.segmentation), self.rows, self.edited, numbers)
        if not touched.isdisjoint(self._written):
            self._write_values(self._written)
        self.changed.emit(touched)

    def _keep(self) -> None:
        nodes.keep(self.document, nodes.EDITS, self.edited.edits)

    @contextmanager
    def _quietly(self):
        """Change markups without taking this for an edit."""
        before, self._writing = self._writing, True
        try:
            yield
        finally:
            self._writing = before

    # Review

    @property
    def review(self) -> Review | None:
        """The sign-off, whether it still holds or not."""
        return Review.from_dict(nodes.kept(self.document, nodes.REVIEW))

    @property
    def is_worked_on(self) -> bool:
        """Whether a person has corrected or signed anything."""
        return bool(self.edited.edits) or self.review is not None

    @property
    def is_reviewed(self) -> bool:
        """Whether a person has signed just these values, of just these bones."""
        return holds(self.review, self._digest()) and not self.outdated

    def review_words(self) -> str:
        """Return the state of the review, as text."""
        words = review_words(self.review, self._digest())
        return f"{words}; bones were edited after the measurement" if self.outdated else words

    def sign(self, name: str, now: datetime | None = None) -> None:
        """Sign the values as they are now.

        Raises:
            ValueError: there is no name.
        """
        if not name.strip():
            raise ValueError("Enter the name of the reviewer.")
        date = (now or datetime.now().astimezone()).isoformat(timespec="minutes")
        nodes.keep(self.document, nodes.REVIEW, Review(name.strip(), date, self._digest()).to_dict())
        self.changed.emit(set())

    def withdraw(self) -> None:
        """Take the sign-off back."""
        nodes.keep(self.document, nodes.REVIEW, None)
        self.changed.emit(set())

    def _digest(self) -> str:
        return digest_of(self._measured_digest, self.edited.edits)
