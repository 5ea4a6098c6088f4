"""Bytes of a pipe, in whatever pieces they arrive, into whole lines of bounded length."""

from __future__ import annotations

# A line of the protocol is far shorter; a worker that never ends its line must not fill the memory of Slicer.
MAX_LINE_BYTES = 1024 * 1024


class LineAssembler:
    """Collects chunks of bytes and gives back the complete lines as text."""

    def __init__(self, max_line_bytes: int = MAX_LINE_BYTES):
        self._pending = b""
        self._max_line_bytes = max_line_bytes

    def feed(self, chunk: bytes) -> list[str]:
        """Return the lines completed by this chunk; a line that grows too long is cut and returned as it is.

        Args:
            chunk: UTF-8; what is not UTF-8 is replaced, not refused.
        """
        *complete, self._pending = (self._pending + chunk).split(b"\n")
        while len(self._pending) > self._max_line_bytes:
            complete.append(self._pending[: self._max_line_bytes])
            self._pending = self._pending[self._max_line_bytes :]
        return [_text(line) for line in complete]

    def rest(self) -> list[str]:
        """Return what is left when the pipe closes: no line, or the one that was never ended."""
        pending, self._pending = self._pending, b""
        return [_text(pending)] if pending else []


def _text(line: bytes) -> str:
    return line.decode("utf-8", errors="replace").rstrip("\r")
