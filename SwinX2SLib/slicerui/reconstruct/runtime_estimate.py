"""Runtime estimate of a reconstruction on this machine.

What was measured on this machine counts; before the first run the time is estimated from the work of the network and
a quick look at how fast this processor multiplies matrices.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from slicer.i18n import tr as _

from SwinX2SLib.slicerui.settings import Settings

# Work of a reconstruction of one pair [GFLOP]. Measured for swinx2s-tiny (711), the silhouettes, and the fused kind,
# which passes its decoder once instead of twice; wider networks grow with the square of their channels and with their
# voxels.
_TINY_GFLOP = 711.0
_GFLOP = {
    "silhouettes": 11.6,
    "fused-tiny": 0.5 * _TINY_GFLOP,
    "swinx2s-tiny": _TINY_GFLOP,
    "swinx2s-small": 4 * 2.22 * _TINY_GFLOP,
    "swinx2s-base": 9 * 2.22 * _TINY_GFLOP,
    "swinx2s-large": 16 * 2.22 * _TINY_GFLOP,
}
# Three-dimensional convolutions reach this share of what matrix products reach; measured on two cores.
_SHARE_OF_MATMUL = 0.4
# Python, PyTorch, reading and writing take so long whatever the network.
_OVERHEAD_SECONDS = 8.0
# From here on a run on the CPU is marked as slow.
SLOW_SECONDS = 60.0
_PROBE_SIZE = 384


@dataclass(frozen=True)
class Expectation:
    """How long a run will take.

    Attributes:
        seconds: None where nothing is known.
        measured: whether it was measured in an earlier run on this machine.
    """

    seconds: float | None
    measured: bool = False

    @property
    def is_slow(self) -> bool:
        """Whether the user should know before it starts."""
        return self.seconds is not None and self.seconds > SLOW_SECONDS

    def words(self) -> str:
        """Return the time as text."""
        if self.seconds is None:
            return _("duration not known yet")
        source = _("as in the last run") if self.measured else _("estimated")
        return _("about {0} ({1})").format(duration(self.seconds), source)


class Expectations:
    """Remembers how long runs took, by model and device."""

    def __init__(self, settings: Settings):
        self._settings = settings
        self._gflop_per_second: float | None = None

    def expect(self, model: str, variant: str, device: str, is_loaded: bool = False) -> Expectation:
        """Return how long the next run will take.

        Args:
            model: name of the weights.
            variant: of the network.
            device: "cpu" or "cuda".
            is_loaded: whether a worker waits with its model loaded.
        """
        measured = self._settings.get(_key(model, device))
        if is_loaded:
            measured = self._settings.get(_key(model, device, is_loaded), measured)
        if isinstance(measured, int | float):
            return Expectation(float(measured), measured=True)
        if device != "cpu" or variant not in _GFLOP:
            return Expectation(None)
        return Expectation(_OVERHEAD_SECONDS + _GFLOP[variant] / (_SHARE_OF_MATMUL * self._speed()))

    def remember(self, model: str, device: str, seconds: Mapping[str, float]) -> None:
        """Take over how long the phases of a run took."""
        if seconds.get("total", 0) > 0:
            was_loaded = seconds.get("load") == 0
            self._settings.set(_key(model, device, was_loaded), round(seconds["total"], 2))

    def _speed(self) -> float:
        if self._gflop_per_second is None:
            self._gflop_per_second = _matmul_gflop_per_second()
        return self._gflop_per_second


class TimeLeft:
    """How long a run still takes, from what was expected and how far it is."""

    def __init__(self, expected_seconds: float | None, now: float | None = None):
        self._expected, self._started = expected_seconds, time.monotonic() if now is None else now

    def seconds(self, fraction: float, now: float | None = None) -> float | None:
        """Return the seconds left, or None if unknown yet.

        Args:
            fraction: share of the work that is done, 0..1.
            now: monotonic time [s]; the present by default.
        """
        elapsed = (time.monotonic() if now is None else now) - self._started
        by_plan = None if self._expected is None else max(self._expected - elapsed, 0.0)
        if fraction < 0.05:
            return by_plan
        by_pace = elapsed * (1 - fraction) / fraction
        # The measured pace gets more weight as the run progresses.
        return by_pace if by_plan is None else fraction * by_pace + (1 - fraction) * by_plan


def duration(seconds: float) -> str:
    """Return a duration as text, with suitable precision."""
    if seconds < 90:
        return f"{max(round(seconds), 1)} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"


def _key(model: str, device: str, is_loaded: bool = False) -> str:
    return f"seconds/{model}/{device}" + "/loaded" * is_loaded


def _matmul_gflop_per_second() -> float:
    """Multiply matrices for a few hundredths of a second; the best of three, since others use the machine, too."""
    square = np.ones((_PROBE_SIZE, _PROBE_SIZE), np.float32)
    times = []
    for _attempt in range(3):
        started = time.perf_counter()
        square @ square
        times.append(time.perf_counter() - started)
    return 2 * _PROBE_SIZE**3 / max(min(times), 1e-9) / 1e9
