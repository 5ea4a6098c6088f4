"""Telling those who want to know, without knowing them."""

from __future__ import annotations

from collections.abc import Callable


class Notice:
    """An event with listeners; sections use it to hear of each other."""

    def __init__(self):
        self._listeners: list[Callable[..., None]] = []

    def connect(self, listener: Callable[..., None]) -> None:
        """Call this from now on, once however often it is connected."""
        if listener not in self._listeners:
            self._listeners.append(listener)

    def disconnect(self, listener: Callable[..., None]) -> None:
        """Do not call this any more."""
        if listener in self._listeners:
            self._listeners.remove(listener)

    def tell(self, *arguments: object) -> None:
        """Call every listener, in the order in which they came."""
        for listener in tuple(self._listeners):
            listener(*arguments)
