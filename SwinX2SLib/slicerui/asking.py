"""Asking the user before something is done that takes long or cannot be undone."""

from __future__ import annotations

import slicer


def confirmed(text: str) -> bool:
    """Return whether the user agrees; where Slicer is being tested nobody is there, and nothing is done."""
    return not slicer.app.testingEnabled() and slicer.util.confirmOkCancelDisplay(text, windowTitle="SwinX2S")
