"""Where the files of `Resources/` lie: in the source tree, in an installed wheel, in an installed Slicer module."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def resources_root() -> Path:
    """Return the folder `Resources` that belongs to this copy of the library.

    Beside the package (source tree, installed Slicer module) or inside it (wheel).

    Raises:
        FileNotFoundError: none of the places holds `labels.json`; the installation is incomplete.
    """
    candidates = (_PACKAGE / "Resources", _PACKAGE.parent / "Resources")
    for folder in candidates:
        if (folder / "labels.json").is_file():
            return folder
    raise FileNotFoundError(
        "SwinX2S is installed without its Resources folder (looked in "
        + ", ".join(str(folder) for folder in candidates)
        + "). Reinstall the extension or the wheel."
    )


def resource_path(*parts: str) -> Path:
    """Return the path of one file or folder below `Resources`, which must exist.

    Raises:
        FileNotFoundError: the resource is missing from the installation.
    """
    path = resources_root().joinpath(*parts)
    if not path.exists():
        raise FileNotFoundError(
            f"SwinX2S is installed without {'/'.join(parts)} (expected at {path}). Reinstall it."
        )
    return path
