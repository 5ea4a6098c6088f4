"""Which weights there are: those that come with the library, then those that the user imported.

A manifest is `{"default": name or null, "models": [record, ...]}`. `Resources/models.json` lists the files in
`Resources/Models`; `models.json` in the user's cache folder lists those in `Models` beside it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from SwinX2SLib.errors import Fault
from SwinX2SLib.io.atomic_output import atomic_write
from SwinX2SLib.io.json_files import read_json
from SwinX2SLib.resources import resources_root
from SwinX2SLib.weights.record import WeightsError, WeightsRecord

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


MANIFEST, FOLDER = "models.json", "Models"
DEFAULT = "default"
# A manifest is changed in milliseconds.
LOCK_TIMEOUT_S = 30


@dataclass(frozen=True)
class StoredWeights:
    """Weights of a manifest, and where their file should be.

    Attributes:
        record: what the manifest says.
        path: the file; `integrity` checks whether it is there and complete.
        bundled: they come with the library (not imported by the user).
    """

    record: WeightsRecord
    path: Path
    bundled: bool


def stored_weights() -> list[StoredWeights]:
    """Return all weights of both manifests, those of the library first.

    Returns:
        For each its record (name, licence, training data, scores...), the path of its file, and whether it comes with
        the library.

    Raises:
        WeightsError: a manifest is damaged.

    Examples:
        >>> from SwinX2SLib import stored_weights
        >>> [weights.record.variant for weights in stored_weights() if weights.record.name == "spine-discs-v2"]
        ['spine-discs']
    """
    return [*_stored_in(resources_root(), True), *_stored_in(cache_folder(), False)]


def usable_weights() -> tuple[list[StoredWeights], list[Fault]]:
    """Return all weights that can be listed, and what is wrong with a manifest that cannot be read.

    A damaged list of imported weights must not keep anyone from those that come with the library.
    """
    stored: list[StoredWeights] = []
    faults: list[Fault] = []
    for root, bundled in ((resources_root(), True), (cache_folder(), False)):
        try:
            stored += _stored_in(root, bundled)
        except WeightsError as error:
            faults += error.faults
    return stored, faults


def _stored_in(root: Path, bundled: bool) -> list[StoredWeights]:
    records = read_manifest(root / MANIFEST)[1]
    return [StoredWeights(record, root / FOLDER / record.file, bundled) for record in records]


def default_name() -> str | None:
    """Return the name of the weights that this version recommends, or None when it has none."""
    return read_manifest(resources_root() / MANIFEST)[0]


def find_weights(name: str) -> StoredWeights:
    """Return the weights of a name; "default" stands for the recommended ones.

    Raises:
        WeightsError: there are none of that name; lists those that there are.
    """
    stored = stored_weights()
    wanted = default_name() if name == DEFAULT else name
    if wanted is None:
        hint = "Choose weights shown by `swinx2s weights list`, or import some with `swinx2s weights import`."
        raise WeightsError([Fault("no-default-weights", "This version has no default weights.", hint)])
    for weights in stored:
        if weights.record.name == wanted:
            return weights
    names = ", ".join(weights.record.name for weights in stored) or "none"
    hint = f"Available: {names}. Import others with `swinx2s weights import`."
    raise WeightsError([Fault("unknown-weights", f"Unknown weights {wanted!r}.", hint)])


def read_manifest(path: Path) -> tuple[str | None, list[WeightsRecord]]:
    """Return the default name and the records of a manifest; a manifest that does not exist is empty.

    Raises:
        WeightsError: the manifest is damaged; names every fault.
    """
    if not path.exists():
        return None, []
    try:
        content = read_json(path)
    except (OSError, ValueError) as error:
        raise _damaged(path, f"The file cannot be read ({error}).") from error
    if not isinstance(content, dict) or not isinstance(content.get("models"), list):
        raise _damaged(path, 'It is not an object with a list "models".')
    records: list[WeightsRecord] = []
    faults: list[Fault] = []
    for entry in content["models"]:
        try:
            records.append(WeightsRecord.from_json(entry, str(path)))
        except WeightsError as error:
            faults.extend(error.faults)
    if faults:
        raise WeightsError(faults)
    return content.get(DEFAULT), records


def add_to_manifest(path: Path, record: WeightsRecord) -> None:
    """Add a record to a manifest, in place of one of the same name; creates the manifest.

    Raises:
        WeightsError: the manifest is damaged; it is left as it is.
    """
    with _changing(path):
        default, records = read_manifest(path)
        kept = [existing for existing in records if existing.name != record.name]
        write_json(path, {DEFAULT: default, "models": [entry.to_json() for entry in (*kept, record)]})


def remove_from_manifest(path: Path, name: str) -> None:
    """Take the record of a name out of a manifest.

    Raises:
        WeightsError: the manifest is damaged; it is left as it is.
    """
    with _changing(path):
        default, records = read_manifest(path)
        kept = [record.to_json() for record in records if record.name != name]
        write_json(path, {DEFAULT: default, "models": kept})


@contextmanager
def _changing(path: Path) -> Iterator[None]:
    """Keep other processes from changing a manifest; a process that dies lets go of it."""
    # The panel lists weights before the packages are installed.
    from filelock import FileLock

    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(str(path.with_name(f".{path.name}.lock")), timeout=LOCK_TIMEOUT_S):
        yield


def write_json(path: Path, content: Any) -> None:
    """Write JSON so that the file is whole, old or new, at any moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def _damaged(path: Path, sentence: str) -> WeightsError:
    hint = "Reinstall SwinX2S, or delete the file if it is in the cache folder, and import again."
    return WeightsError([Fault("manifest-damaged", sentence, hint, str(path))])


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
        sentence = f"The weights {name} are bundled with SwinX2S."
        raise WeightsError([Fault("weights-bundled", sentence, "Only imported weights can be removed.")])
    files = [path for path in (stored.path, stored.path.with_suffix(".json")) if path.is_file()]
    try:
        # First the entry: what it names must be there at any moment.
        remove_from_manifest(cache_folder() / MANIFEST, stored.record.name)
        for path in files:
            path.unlink()
    except OSError as error:
        sentence = f"The weights {name} cannot be removed ({error.strerror or error})."
        hint = "Close programs that use them, and check the permissions of the folder."
        raise WeightsError([Fault("not-removable", sentence, hint, str(stored.path))]) from error
    return files
