"""How far a batch is, as lines of JSON: the worker protocol, and one line more for each case that has ended.

- `{"event": "case", "case": "...", "status": "done" or "failed", "seconds": ..., ...}`, the fields of `CaseOutcome`
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from SwinX2SLib.inference.batch.summary import CaseOutcome
from SwinX2SLib.inference.protocol import Progress, encode
from SwinX2SLib.parallel.tasks import Failure

# Share of the work that is done when all films are read.
CHECKED = 0.05


class TellEvents:
    """Tells one phase of a batch (a `parallel.progress.TaskProgress`).

    Args:
        tell: told lines.
        doing: what is done, such as "Reconstructing".
        start, end: shares of the whole work at which the phase starts and ends.
        outcome: returns the outcome of a case by its key, for those that are to be told; None tells no case.
        clock: gives seconds.
    """

    def __init__(
        self,
        tell: Callable[[str], None],
        doing: str,
        start: float,
        end: float,
        outcome: Callable[[str, Failure | None], CaseOutcome | None],
        clock: Callable[[], float] = time.monotonic,
    ):
        self._tell, self._doing, self._start, self._end = tell, doing, start, end
        self._outcome, self._clock = outcome, clock
        self._total = self._kept = self._ended = 0
        self._began = clock()

    def begin(self, total: int, kept: int) -> None:
        """Tell how much there is."""
        self._total, self._kept, self._began = total, kept, self._clock()
        self._show()

    def finished(self, key: str, failure: Failure | None) -> None:
        """Tell that a case has ended."""
        self._ended += 1
        outcome = self._outcome(key, failure)
        if outcome is not None:
            self._tell(encode_case(outcome))
        self._show()

    def note(self, message: str) -> None:
        """Tell a sentence."""
        self._tell(message)

    def _show(self) -> None:
        done = self._kept + self._ended
        share = done / self._total if self._total else 1.0
        words = f"{self._doing}: {done} of {self._total}"
        if self._ended and done < self._total:
            left = (self._clock() - self._began) / self._ended * (self._total - done)
            words += f", about {_duration(left)} left"
        self._tell(encode(Progress(self._start + (self._end - self._start) * share, words)))


def encode_case(outcome: CaseOutcome) -> str:
    """Return the line that tells how a case ended."""
    return json.dumps({"event": "case", **outcome.as_dict()}, ensure_ascii=False)


def decode_case(line: str) -> Mapping[str, Any] | None:
    """Return what a line tells of a case, or None for any other text."""
    try:
        said = json.loads(line)
    except ValueError:
        return None
    is_case = isinstance(said, dict) and said.get("event") == "case"
    return said if is_case and {"case", "status"} <= said.keys() else None


def _duration(seconds: float) -> str:
    minutes = seconds / 60
    if minutes < 1.5:
        return f"{max(round(seconds), 1)} s"
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"
