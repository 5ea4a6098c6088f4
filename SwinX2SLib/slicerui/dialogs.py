"""Questions to the user, and a log of bounded length."""

from __future__ import annotations

from collections import deque

import slicer


def confirm(text: str) -> bool:
    """Return whether the user agrees; during tests of Slicer the answer is no."""
    return not slicer.app.testingEnabled() and slicer.util.confirmOkCancelDisplay(text, windowTitle="SwinX2S")


LOG_LIMIT_BYTES = 256 * 1024
DROPPED = "[earlier lines were dropped]"


class BoundedLog:
    """Lines of text that together never take more than a limit, counted in UTF-8 bytes with their line ends."""

    def __init__(self, limit_bytes: int = LOG_LIMIT_BYTES):
        self._room = limit_bytes - len(DROPPED) - 1
        self._lines: deque[bytes] = deque()
        self._size = 0
        self._dropped = False

    def append(self, line: str) -> None:
        """Add one line; the oldest lines go when there is no room, and the head of a line that alone is too long."""
        encoded = line.encode("utf-8", errors="replace")
        self._dropped |= len(encoded) >= self._room
        encoded = encoded[-(self._room - 1) :]
        self._lines.append(encoded)
        self._size += len(encoded) + 1
        while self._size > self._room:
            self._size -= len(self._lines.popleft()) + 1
            self._dropped = True

    def clear(self) -> None:
        """Forget everything."""
        self._lines.clear()
        self._size, self._dropped = 0, False

    @property
    def text(self) -> str:
        """All that is kept, after a note where something was dropped."""
        kept = b"\n".join(self._lines).decode("utf-8", errors="ignore")
        return f"{DROPPED}\n{kept}" if self._dropped else kept
