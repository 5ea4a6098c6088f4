"""Installing without internet: from a folder of wheels that was filled on another machine."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from packaging.requirements import Requirement

from SwinX2SLib.errors import Fault

_PACKAGES = ("*.whl", "*.tar.gz", "*.zip")


def install_arguments(folder: Path, missing: Sequence[Requirement]) -> list[str]:
    """Return the arguments of the interpreter that install packages from a folder, and from nowhere else.

    Args:
        folder: with wheels.
        missing: what is to be installed; what is there already stays as it is unless another package needs it newer.
    """
    options = ["--no-index", "--find-links", str(folder), "--disable-pip-version-check", "--no-input"]
    return ["-m", "pip", "install", *options, *map(str, missing)]


def folder_faults(folder: Path) -> list[Fault]:
    """Return why nothing can be installed from a folder; empty where it holds packages."""
    try:
        found = any(next(folder.glob(pattern), None) for pattern in _PACKAGES)
    except OSError as error:
        return [
            Fault(
                "folder-unreadable", f"The folder cannot be read ({error}).", "Choose another.", str(folder)
            )
        ]
    if found:
        return []
    return [Fault("no-wheels", "The folder holds no packages (.whl).", filling_words(), str(folder))]


def filling_words() -> str:
    """Say how to fill such a folder on a machine with internet."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return (
        f"On a machine with internet, the same system and Python {version}, run: "
        "python -m pip download -d WHEELS -r requirements.txt torch "
        "(requirements.txt lies in the folder Resources of SwinX2S)."
    )
