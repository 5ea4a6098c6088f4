"""Keeps Slicer responsive during work in its event loop."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

import slicer

# Well below what a person notices.
_HELD_SECONDS = 0.03
# How long a thread may compute before the event loop has its turn.
_TURN_SECONDS = 0.005
_last = [0.0]
Made = TypeVar("Made")


def process_events() -> None:
    """Process paint and timer events if some time has passed; user input is deferred."""
    app = getattr(slicer, "app", None)
    if app is None or time.monotonic() - _last[0] < _HELD_SECONDS:
        return
    import qt

    app.processEvents(qt.QEventLoop.ExcludeUserInputEvents)
    _last[0] = time.monotonic()


def run_in_thread(compute: Callable[[], Made]) -> Made:
    """Run a computation in a thread while Slicer processes events, and return its result.

    Args:
        compute: reads files and computes with arrays; it must not touch Qt, VTK or the scene.

    Raises:
        What the computation raises.
    """
    if getattr(slicer, "app", None) is None:
        return compute()
    with ThreadPoolExecutor(1, thread_name_prefix="SwinX2S") as pool:
        made = pool.submit(compute)
        # Waiting gives the interpreter to the thread: Qt itself may hold on to it.
        while wait([made], _TURN_SECONDS).not_done:
            process_events()
    return made.result()
