"""Where weights lie that the user imported."""

from __future__ import annotations

import os
import sys
from pathlib import Path

VARIABLE = "SWINX2S_CACHE"


def cache_folder() -> Path:
    """Return the user's folder for SwinX2S, which may not exist yet.

    `$SWINX2S_CACHE` if set; else the platform's: `%LOCALAPPDATA%\\SwinX2S`, `~/Library/Caches/SwinX2S` or
    `$XDG_CACHE_HOME/swinx2s` (`~/.cache/swinx2s`).
    """
    if chosen := os.environ.get(VARIABLE):
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "SwinX2S"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "SwinX2S"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "swinx2s"
