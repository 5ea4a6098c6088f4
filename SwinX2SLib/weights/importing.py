"""Importing weights, of this library or of the published code: check, convert, store, enter into the manifest."""

from __future__ import annotations

import dataclasses
import datetime
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from SwinX2SLib.errors import Fault, InputError, OutputError
from SwinX2SLib.io.atomic_output import atomic_file, is_full, new_folder
from SwinX2SLib.weights.checkpoint import read_checkpoint
from SwinX2SLib.weights.header import METADATA_KEY, SUFFIX, read_header
from SwinX2SLib.weights.locating import expectation_faults, locate, sha256_of
from SwinX2SLib.weights.manifest import (
    DEFAULT,
    FOLDER,
    MANIFEST,
    add_to_manifest,
    cache_folder,
    stored_weights,
    write_json,
)
from SwinX2SLib.weights.record import WeightsError, WeightsRecord
from SwinX2SLib.weights.storage import content_faults, read_tensors, write_weights
from SwinX2SLib.weights.upstream import convert


def is_own(path: Path) -> bool:
    """Return whether a file says that this library wrote it."""
    if path.suffix.lower() != SUFFIX or not path.is_file():
        return False
    try:
        return METADATA_KEY in read_header(path)[1]
    except WeightsError:
        # Damaged: whoever reads it next says so.
        return False


def store_own(source: Path, target: Path, name: str, half: bool = False, bits: int = 0) -> WeightsRecord:
    """Copy a file of weights, after comparing it with its record and its network.

    Args:
        source: as `is_own` knows it.
        target: the file to write; its record is written beside it.
        name: what to call the weights here.
        half: store as float16.
        bits: of a packed weight; 0 for no packing.

    Returns:
        The record of the copy.

    Raises:
        WeightsError: the file is not what its record says, or does not fit its network; nothing is written.
    """
    path, record = locate(source)
    if faults := content_faults(path, record):
        raise WeightsError(faults)
    origin = record.source or {"file": source.name, "sha256": sha256_of(source)}
    record = dataclasses.replace(record, name=name, file=target.name, source=origin)
    if half or bits:
        return write_weights(read_tensors(path), target, record, half, bits)
    with atomic_file(target) as partial:
        shutil.copyfile(path, partial)
    write_json(target.with_suffix(".json"), record.to_json())
    return record


_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True)
class ImportOptions:
    """How to store imported weights.

    Attributes:
        name: what to call them.
        folder: where to put them; None for the user's cache, where they can be named with `--model`.
        half: store as float16.
        bits: of a packed weight, see `weights.packing`; 0 for no packing.
        replace: overwrite weights of this name.
        licence: licence of the weights, as their source states it.
        notes: a sentence for a person who chooses.
        sha256: of the file that is imported, as its source states it, in hexadecimal; "" where it states none.
    """

    name: str
    folder: Path | None = None
    half: bool = False
    bits: int = 0
    replace: bool = False
    licence: str = "unknown"
    notes: str = ""
    sha256: str = ""

    @property
    def target(self) -> Path:
        """The file that is written."""
        return (self.folder or cache_folder() / FOLDER) / f"{self.name}{SUFFIX}"


def import_weights(source: Path, options: ImportOptions) -> tuple[Path, WeightsRecord]:
    """Take over a file of weights, or convert a checkpoint of the published code.

    Args:
        source: `.safetensors` that this library wrote, or a checkpoint as of `import_upstream`.
        options: how to store them; licence and notes of this library's own files come from the files.

    Returns:
        The file written and its record.

    Raises:
        InputError: the hash is not the expected one, the name cannot be used, or the file cannot be read or does not
            fit; names every fault. Nothing is written then.
    """
    if faults := [*expectation_faults(source, options.sha256), *_name_faults(options)]:
        raise InputError(faults)
    if not is_own(source):
        return import_upstream(source, options)
    return _stored(
        lambda: store_own(source, options.target, options.name, options.half, options.bits), source, options
    )


def import_upstream(source: Path, options: ImportOptions) -> tuple[Path, WeightsRecord]:
    """Convert a checkpoint of the published code into weights of this library.

    Args:
        source: `.pt`, `.pth` or `.safetensors`.
        options: how to store them.

    Returns:
        The file written and its record.

    Raises:
        InputError: the name cannot be used, or the checkpoint cannot be read or does not fit; names every fault.
            Nothing is written then.
    """
    if faults := _name_faults(options):
        raise InputError(faults)
    converted = convert(read_checkpoint(source), str(source))
    record = WeightsRecord(
        name=options.name,
        variant=converted.variant,
        overrides=converted.overrides,
        file="",
        sha256="",
        bytes=0,
        date=datetime.date.today().isoformat(),
        licence=options.licence,
        notes=options.notes or f"Imported from {source.name}.",
        source={"file": source.name, "sha256": sha256_of(source)},
    )
    return _stored(
        lambda: write_weights(converted.state, options.target, record, options.half, options.bits),
        source,
        options,
    )


def _stored(
    write: Callable[[], WeightsRecord], source: Path, options: ImportOptions
) -> tuple[Path, WeightsRecord]:
    target = options.target
    new = [path for path in (target, target.with_suffix(".json")) if not path.exists()]
    try:
        with new_folder(target.parent):
            try:
                record = write()
                if options.folder is None:
                    add_to_manifest(cache_folder() / MANIFEST, record)
            except OSError:
                for path in new:
                    path.unlink(missing_ok=True)
                raise
    except OSError as error:
        hint = "Choose another folder with --out, or free some space."
        sentence = f"The weights {source} cannot be written there ({error.strerror or error})."
        fault = Fault("disk-full" if is_full(error) else "not-writable", sentence, hint, str(target))
        raise (OutputError if is_full(error) else InputError)([fault]) from error
    return target, record


def _name_faults(options: ImportOptions) -> list[Fault]:
    if not _NAME.fullmatch(options.name) or options.name == DEFAULT:
        sentence = f"{options.name!r} is not a valid name for weights."
        return [Fault("name-invalid", sentence, "Use letters, digits, '-', '_' and '.'; not 'default'.")]
    if any(weights.bundled and weights.record.name == options.name for weights in stored_weights()):
        sentence = f"The name {options.name!r} is used by bundled weights."
        return [Fault("name-taken", sentence, "Choose another --name.")]
    taken = [path for path in (options.target, options.target.with_suffix(".json")) if path.exists()]
    if taken and not options.replace:
        hint = "Choose another --name, or add --replace."
        return [Fault("name-taken", "The file already exists.", hint, str(path)) for path in taken]
    return []
