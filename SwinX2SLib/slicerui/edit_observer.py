"""Detects edits of a segmentation and updates dependent data in the background."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Generic, TypeVar

import qt
import slicer
import vtk
from slicer.util import VTKObservationMixin

from SwinX2SLib.slicerui.bone_voxels import VoxelsError

# A stroke of the Segment Editor's brush is many changes: wait until the hand rests.
REST_MS = 500
_POLL_MS, _TURN_SECONDS = 15, 0.005
_EVENTS = ("SourceRepresentationModified", "RepresentationModified", "SegmentAdded", "SegmentRemoved")
Found = TypeVar("Found")


class EditObserver(VTKObservationMixin, Generic[Found]):
    """Follows the edits of one segmentation at a time.

    A while after the last change the voxels are taken, a thread works with them, and what it found is handed over;
    when the segmentation was changed meanwhile, it is worked out again. Users are never kept waiting.

    Args:
        take: given the segmentation, returns a computation that touches neither Qt nor the scene.
        found: called with the segmentation and the result of the computation.
    """

    def __init__(
        self,
        take: Callable[[slicer.vtkMRMLSegmentationNode], Callable[[], Found]],
        found: Callable[[slicer.vtkMRMLSegmentationNode, Found], None],
    ):
        super().__init__()
        self._take, self._found = take, found
        self._node: slicer.vtkMRMLSegmentationNode | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._computed: Future | None = None
        self._rest, self._poll = (self._timer(react) for react in (self._on_rested, self._on_polled))

    def follow(self, node: slicer.vtkMRMLSegmentationNode | None) -> None:
        """Follow this segmentation from now on, or none; what was edited before is found, too."""
        self.stop()
        self._node = node
        if node is None:
            return
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="SwinX2S edits")
        for name in _EVENTS:
            self.addObserver(node, getattr(slicer.vtkSegmentation, name), self._on_changed)
        self.addObserver(slicer.mrmlScene, slicer.vtkMRMLScene.NodeAboutToBeRemovedEvent, self._on_removed)
        self._rest.start(REST_MS)

    def stop(self) -> None:
        """Let go of the segmentation and of the scene."""
        self.removeObservers()
        self._rest.stop()
        self._poll.stop()
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
        self._node = self._pool = self._computed = None

    def is_settled(self) -> bool:
        """Return whether all changes so far have been worked out."""
        return not self._rest.active and self._computed is None

    def _on_changed(self, *_event: object) -> None:
        # What is being computed no longer holds.
        self._computed = None
        self._poll.stop()
        self._rest.start(REST_MS)

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _on_removed(self, _scene: slicer.vtkMRMLScene, _event: object, node: slicer.vtkMRMLNode) -> None:
        if node is self._node:
            self.stop()

    def _on_rested(self) -> None:
        if self._node is None:
            return
        if slicer.mrmlScene.IsBatchProcessing():
            self._rest.start(REST_MS)
            return
        try:
            self._computed = self._pool.submit(self._take(self._node))
        except VoxelsError as error:
            logging.warning("Edits cannot be tracked: %s", error)
            return
        self._poll.start(_POLL_MS)

    def _on_polled(self) -> None:
        # Waiting gives the interpreter to the thread: Qt's loop may hold on to it.
        if self._computed is None or wait([self._computed], _TURN_SECONDS).not_done:
            self._poll.start(_POLL_MS)
            return
        computed, self._computed = self._computed, None
        try:
            result = computed.result()
        except VoxelsError as error:
            logging.warning("Edits cannot be tracked: %s", error)
            return
        self._found(self._node, result)

    @staticmethod
    def _timer(react: Callable[[], None]) -> qt.QTimer:
        timer = qt.QTimer()
        timer.setSingleShot(True)
        timer.timeout.connect(react)
        return timer
