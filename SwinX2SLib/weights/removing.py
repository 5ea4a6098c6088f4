"""Removing weights that the user imported."""

from __future__ import annotations

from pathlib import Path

from SwinX2SLib.errors import Fault
from SwinX2SLib.weights.cache import cache_folder
from SwinX2SLib.weights.manifest import MANIFEST, find_weights, remove_from_manifest
from SwinX2SLib.weights.record import WeightsError


def remove_imported(name: str) -> list[Path]:
    """Take imported weights out of the manifest and delete their files.

    Args:
        name: of the weights.

    Returns:
        The files that were deleted; none where they were gone already.

    Raises:
        WeightsError: there are no weights of that name, they belong to the library, or they cannot be deleted.
    """
    stored = find_weights(name)
    if stored.bundled:
        sentence = f"The weights {name} belong to SwinX2S itself."
        raise WeightsError([Fault("weights-bundled", sentence, "Only imported weights can be removed.")])
    files = [path for path in (stored.path, stored.path.with_suffix(".json")) if path.is_file()]
    try:
        # First the entry: what it names must be there at any moment.
        remove_from_manifest(cache_folder() / MANIFEST, stored.record.name)
        for path in files:
            path.unlink()
    except OSError as error:
        sentence = f"The weights {name} cannot be removed ({error.strerror or error})."
        hint = "Close what uses them, and check the permissions of the folder."
        raise WeightsError([Fault("not-removable", sentence, hint, str(stored.path))]) from error
    return files
