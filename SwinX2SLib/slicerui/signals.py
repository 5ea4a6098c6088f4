"""Signals between the sections of the panel."""

from __future__ import annotations

from collections.abc import Callable


class Signal:
    """An event that sections emit and other sections connect to."""

    def __init__(self):
        self._listeners: list[Callable[..., None]] = []

    def connect(self, listener: Callable[..., None]) -> None:
        """Call a function at each emit; connecting it again has no effect."""
        if listener not in self._listeners:
            self._listeners.append(listener)

    def disconnect(self, listener: Callable[..., None]) -> None:
        """Remove a function."""
        if listener in self._listeners:
            self._listeners.remove(listener)

    def emit(self, *arguments: object) -> None:
        """Call all connected functions in the order of their connection."""
        for listener in tuple(self._listeners):
            listener(*arguments)
