"""How long Slicer's event loop is kept from its other work: gaps between the beats of a timer."""

import time
from dataclasses import dataclass

import qt

_INTERVAL_MS = 5


@dataclass(frozen=True)
class Gap:
    """Between two beats.

    Attributes:
        started: monotonic clock [s].
        ended: likewise.
        busy: processor time of this thread in between [s]: what the module itself took, however busy the machine is.
    """

    started: float
    ended: float
    busy: float

    @property
    def seconds(self) -> float:
        return self.ended - self.started


class Heartbeat:
    """Beats from `start` to `stop`."""

    def __init__(self):
        self.gaps: list[Gap] = []
        self._last = (0.0, 0.0)
        self._timer = qt.QTimer()
        self._timer.setInterval(_INTERVAL_MS)
        self._timer.timeout.connect(self._beat)

    def start(self) -> None:
        self._last = (time.monotonic(), time.thread_time())
        self._timer.start()

    def stop(self) -> list[Gap]:
        self._timer.stop()
        return self.gaps

    def _beat(self) -> None:
        now = (time.monotonic(), time.thread_time())
        self.gaps.append(Gap(self._last[0], now[0], now[1] - self._last[1]))
        self._last = now


def longest(gaps: list[Gap]) -> Gap:
    return max(gaps, key=lambda gap: gap.busy)
