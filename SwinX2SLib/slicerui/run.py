"""One reconstruction: from a started worker to its result in the scene, or to the words why there is none.

Imported when a run starts: the protocol comes with packages that are installed before the first run.
"""

from __future__ import annotations

import logging
import shutil
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from slicer.i18n import tr as _

from SwinX2SLib.errors import Fault
from SwinX2SLib.inference.protocol import Error, Progress, Result, decode
from SwinX2SLib.slicerui.fault_words import translated
from SwinX2SLib.slicerui.heard_process import HeardProcess
from SwinX2SLib.slicerui.outcome import Outcome, RunObserver
from SwinX2SLib.slicerui.process import Ending, WorkerListener, WorkerProcess
from SwinX2SLib.slicerui.queue import RunQueue
from SwinX2SLib.slicerui.result import Films, add_result, notes_of
from SwinX2SLib.slicerui.segmentation_import import ResultError
from SwinX2SLib.slicerui.words import fault_of_the_module, words_of_the_module

# Lines of a crashed worker's standard error that are told with the crash.
_LAST_WORDS = 5
_KILLED = 9


class ReconstructionRun(HeardProcess):
    """A worker and its temporary folder; hears the worker (`WorkerListener`) and tells the observer."""

    def __init__(self, folder: Path, films: Films, observer: RunObserver, queue: RunQueue):
        self._folder, self._films, self._observer, self._queue = folder, films, observer, queue
        self._result: Result | None = None
        self._errors: list[Error] = []
        self._last_words: deque[str] = deque(maxlen=_LAST_WORDS)

    def start(self, command: Sequence[str], make_process: Callable[[WorkerListener], WorkerProcess]) -> None:
        """Start the worker."""
        self._observer.on_started(self._films["ap"].name)
        self._start_process(command, make_process)

    def give_up(self, reason: str) -> None:
        """Forget a run that was never started."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._observer.on_finished(Outcome(reason, cancelled=True))

    def on_line(self, line: str) -> None:
        """Hear the worker's standard output."""
        event = decode(line)
        if isinstance(event, Progress):
            self._observer.on_progress(event.fraction, event.message)
        elif isinstance(event, Result):
            self._result = event
            for note in event.notes:
                self._observer.on_log(words_of_the_module(note))
        elif isinstance(event, Error):
            self._errors.append(event)
            self._observer.on_log(f"{event.kind}: {event.message} {event.hint}".strip())
        else:
            self._observer.on_log(line)

    def on_log(self, line: str) -> None:
        """Hear the worker's standard error."""
        self._last_words.append(line)
        self._observer.on_log(line)

    def on_ended(self, ending: Ending) -> None:
        """Hear that the worker has ended: import its result or say why there is none."""
        try:
            outcome = self._outcome(ending)
        except ResultError as error:
            outcome = Outcome(str(error))
        except Exception as error:
            logging.exception("The result of the reconstruction could not be added to the scene")
            outcome = Outcome(
                _("The result could not be added to the scene: {0}").format(error), _("See the log below.")
            )
            self._observer.on_log(str(error))
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._queue.release()
        try:
            self._observer.on_finished(outcome)
        finally:
            # Those that wait are not to wait for ever, whatever went wrong in telling of this one.
            self._queue.start_next()

    def _outcome(self, ending: Ending) -> Outcome:
        if ending.cancelled:
            return Outcome(self._reason, cancelled=True)
        if self._errors:
            return self._refused()
        if ending.exit_code != 0 or self._result is None:
            return self._unexplained(ending)
        self._observer.on_seconds(self._result.seconds)
        node = add_result(self._result, self._films)
        for note in notes_of(node):
            self._observer.on_log(note)
        count = node.GetSegmentation().GetNumberOfSegments()
        # Notes say how far to trust the result: nobody should have to look for them.
        hint = _("To be known: see the log below.") if self._result.notes or notes_of(node) else ""
        return Outcome(_("{0} bones were reconstructed: {1}.").format(count, node.GetName()), hint, node=node)

    def _refused(self) -> Outcome:
        told = [Fault(error.kind, error.message, error.hint, error.path) for error in self._errors]
        names = {film.file: film.name for film in self._films.values()}
        faults = tuple(translated(fault_of_the_module(fault, names)) for fault in told)
        if len(faults) == 1:
            return Outcome(faults[0].message, faults[0].hint, faults=faults)
        return Outcome(_("The worker found {0} faults.").format(len(faults)), faults=faults)

    def _unexplained(self, ending: Ending) -> Outcome:
        if ending.exit_code == 0:
            return Outcome(_("The worker ended without a result."), _("The log below says what it did."))
        last = " ".join(self._last_words)[-500:]
        hint = _("The log below says more.")
        if ending.signal_number == _KILLED:
            hint = _(
                "The system ended it, mostly for want of memory: close other programs or take a smaller model."
            )
        return Outcome(f"{ending.describe()} {last}".strip(), hint)
