"""Letting Slicer draw and its timers tick in the middle of work that has to be done in its event loop."""

from __future__ import annotations

import time

import slicer

# Well below what a person notices.
_HELD_SECONDS = 0.03
_last = [0.0]


def breathe() -> None:
    """Let Slicer draw, if it has not for a moment; clicks wait, so that nothing is pulled away meanwhile."""
    app = getattr(slicer, "app", None)
    if app is None or time.monotonic() - _last[0] < _HELD_SECONDS:
        return
    import qt

    app.processEvents(qt.QEventLoop.ExcludeUserInputEvents)
    _last[0] = time.monotonic()
