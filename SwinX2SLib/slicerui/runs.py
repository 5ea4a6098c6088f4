"""Reconstructions in the background, one after the other, and what came of each."""

from __future__ import annotations

import logging
import shutil
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import slicer
from slicer.i18n import tr as _

from SwinX2SLib.errors import Fault
from SwinX2SLib.reconstruct.protocol import Error, Progress, Result, decode
from SwinX2SLib.slicerui.background_process import BackgroundProcess, Ending
from SwinX2SLib.slicerui.messages import panel_fault, panel_wording
from SwinX2SLib.slicerui.result_loading import ViewRadiographs, add_result, notes_of
from SwinX2SLib.slicerui.segmentation_import import ResultError
from SwinX2SLib.slicerui.standing_worker import StandingWorker
from SwinX2SLib.slicerui.translation import translated


class RunQueue:
    """One run at a time; the others wait in the order in which they came."""

    def __init__(self):
        self._running: ReconstructionRun | None = None
        # A run ends inside a signal of its own process, which must live until it has returned.
        self._ended: ReconstructionRun | None = None
        self._waiting: deque[tuple[ReconstructionRun, Callable[[], None]]] = deque()

    def add(self, run: ReconstructionRun, start: Callable[[], None]) -> None:
        """Start a run now, or when those before it have ended."""
        self._waiting.append((run, start))
        self.start_next()

    def release(self) -> None:
        """Handle the end of the active run; it calls this before its observer is notified."""
        self._ended, self._running = self._running, None

    def start_next(self) -> None:
        """Start the next run, if one waits and none runs."""
        if self._running is None and self._waiting:
            self._running, start = self._waiting.popleft()
            try:
                start()
            except Exception:
                # It never ran; those behind it are not to wait for it.
                self._running = None
                raise

    def cancel(self, reason: str) -> None:
        """Cancel the active run; the next one follows."""
        if self._running is not None:
            self._running.cancel(reason)

    def cancel_all(self, reason: str) -> None:
        """Cancel the active run and discard the queue."""
        waiting, self._waiting = self._waiting, deque()
        for run, _start in waiting:
            run.discard(reason)
        self.cancel(reason)

    def cancel_and_wait(self, reason: str) -> None:
        """End everything and return when it is gone."""
        self.cancel_all(reason)
        if self._running is not None:
            self._running.cancel_and_wait(reason)

    def is_running(self) -> bool:
        """Return whether a run is there."""
        return self._running is not None

    def waiting(self) -> int:
        """Return how many runs wait."""
        return len(self._waiting)


@dataclass(frozen=True)
class Outcome:
    """What came of a run.

    Attributes:
        message: what happened, in a sentence.
        hint: what to do about it, or "".
        node: the segmentation, when all went well.
        cancelled: the user (or closing the scene) ended it.
        faults: faults reported by the worker.
    """

    message: str
    hint: str = ""
    node: slicer.vtkMRMLSegmentationNode | None = None
    cancelled: bool = False
    faults: tuple[Fault, ...] = ()


class RunObserver(Protocol):
    """Who watches a run."""

    def on_started(self, name: str) -> None:
        """See that its turn has come; the name is that of its frontal radiograph."""

    def on_seconds(self, seconds: Mapping[str, float]) -> None:
        """See how long its phases took, where all went well."""

    def on_progress(self, fraction: float, message: str) -> None:
        """See how far it is, 0..1."""

    def on_log(self, line: str) -> None:
        """See a line for the log."""

    def on_finished(self, outcome: Outcome) -> None:
        """See, once and last, what came of it."""


# Lines of a crashed worker's standard error shown with the crash.
_LAST_WORDS = 5
_KILLED = 9


class ReconstructionRun(BackgroundProcess):
    """A run of the worker and its temporary folder; hears the worker (`WorkerListener`) and notifies the observer."""

    def __init__(self, folder: Path, radiographs: ViewRadiographs, observer: RunObserver, queue: RunQueue):
        self._folder, self._radiographs, self._observer, self._queue = folder, radiographs, observer, queue
        self._result: Result | None = None
        self._errors: list[Error] = []
        self._last_words: deque[str] = deque(maxlen=_LAST_WORDS)

    def start(self, job: Path, worker: StandingWorker) -> None:
        """Start the run in the worker, which is started with it where there is none."""
        self._observer.on_started(self._radiographs["ap"].name)
        self._process = worker
        worker.start(job, self)

    def discard(self, reason: str) -> None:
        """Forget a run that was never started."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._observer.on_finished(Outcome(reason, cancelled=True))

    def on_line(self, line: str) -> None:
        """Handle standard output of the worker."""
        event = decode(line)
        if isinstance(event, Progress):
            self._observer.on_progress(event.fraction, event.message)
        elif isinstance(event, Result):
            self._result = event
            for note in event.notes:
                self._observer.on_log(panel_wording(note))
        elif isinstance(event, Error):
            self._errors.append(event)
            self._observer.on_log(f"{event.kind}: {event.message} {event.hint}".strip())
        else:
            self._observer.on_log(line)

    def on_log(self, line: str) -> None:
        """Handle standard error of the worker."""
        self._last_words.append(line)
        self._observer.on_log(line)

    def on_ended(self, ending: Ending) -> None:
        """Handle the end of the worker: import its result or report the failure."""
        try:
            outcome = self._outcome(ending)
        except ResultError as error:
            outcome = Outcome(str(error))
        except Exception as error:
            logging.exception("The result of the reconstruction could not be added to the scene")
            outcome = Outcome(
                _("Adding the result to the scene failed: {0}").format(error), _("See the log below.")
            )
            self._observer.on_log(str(error))
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._queue.release()
        try:
            self._observer.on_finished(outcome)
        finally:
            # The queue must continue even if an observer fails.
            self._queue.start_next()

    def _outcome(self, ending: Ending) -> Outcome:
        if ending.cancelled:
            return Outcome(self._reason, cancelled=True)
        if self._errors:
            return self._refused()
        if ending.exit_code != 0 or self._result is None:
            return self._unexplained(ending)
        self._observer.on_seconds(self._result.seconds)
        node = add_result(self._result, self._radiographs)
        for note in notes_of(node):
            self._observer.on_log(note)
        count = node.GetSegmentation().GetNumberOfSegments()
        # Notes are warnings about the result and must be visible.
        hint = _("Please note: see the log below.") if self._result.notes or notes_of(node) else ""
        return Outcome(_("{0} bones were reconstructed: {1}.").format(count, node.GetName()), hint, node=node)

    def _refused(self) -> Outcome:
        reported = [Fault(error.kind, error.message, error.hint, error.path) for error in self._errors]
        names = {radiograph.file: radiograph.name for radiograph in self._radiographs.values()}
        faults = tuple(translated(panel_fault(fault, names)) for fault in reported)
        # They stand in the list above.
        if len(faults) == 1:
            return Outcome(_("The worker reported a problem."), faults=faults)
        return Outcome(_("The worker reported {0} problems.").format(len(faults)), faults=faults)

    def _unexplained(self, ending: Ending) -> Outcome:
        if ending.exit_code == 0:
            return Outcome(_("The worker exited without a result."), _("See the log below."))
        last = " ".join(self._last_words)[-500:]
        hint = _("See the log below for details.")
        if ending.signal_number == _KILLED:
            hint = _(
                "It was terminated by the operating system, usually because memory ran out: close other "
                "programs or use a smaller model."
            )
        return Outcome(f"{ending.describe()} {last}".strip(), hint)
