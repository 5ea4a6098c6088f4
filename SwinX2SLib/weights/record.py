"""The record of weights: what they are, where from, and how it lies in a file of weights."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from SwinX2SLib.errors import Fault, InputError

# Variants that reconstruct nothing but look at single radiographs: its orientation, where its spine's discs lie, and
# which rib is which, how deep bones lie.
HELPERS = ("film-orientation", "spine-discs", "bone-names", "depth-maps")
# Variants that reconstruct CT numbers.
CT_VARIANTS = ("implicit-ct",)
# Bits that a weight may have in a file of packed weights, see `weights.packing`.
BITS = range(4, 9)


class WeightsError(InputError):
    """Weights cannot be found, trusted or used; carries all faults found."""

    # The exit code of `swinx2s` for a model or weights that cannot be used.
    exit_code = 4


@dataclass(frozen=True)
class WeightsRecord:
    """One entry of a manifest of weights; plain JSON values.

    Attributes:
        name: what users call the weights.
        variant: name of the network, see `models.builder`.
        overrides: arguments of the builder that differ from the variant's.
        file: name of the file, in the folder of weights that belongs to the manifest.
        sha256: of the file, in hexadecimal.
        bytes: size of the file.
        date: ISO date of the training or import.
        licence: licence of the weights.
        training_data: what they were trained on, each with its licence.
        scores: test scores by name.
        notes: a sentence for a person who chooses.
        source: for imported weights, name and sha256 of the file that they came from.
        disc_finder: name of the weights that find discs, by which vertebrae are named and placed; "" for none.
        bone_namer: name of the weights that name bones by their places about the vertebrae; "" for none.
    """

    name: str
    variant: str
    file: str
    sha256: str
    bytes: int
    date: str
    licence: str
    overrides: dict[str, Any] = field(default_factory=dict)
    training_data: list[Any] = field(default_factory=list)
    scores: dict[str, Any] = field(default_factory=dict)
    notes: str = ""
    source: dict[str, str] | None = None
    disc_finder: str = ""
    bone_namer: str = ""

    @property
    def reconstructs(self) -> bool:
        """Whether the network reconstructs bones; helpers look at single radiographs."""
        return self.variant not in HELPERS

    @property
    def reconstructs_ct(self) -> bool:
        """Whether the network reconstructs CT numbers."""
        return self.variant in CT_VARIANTS

    def to_json(self) -> dict[str, Any]:
        """Return the record as JSON values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, entry: Any, path: str) -> WeightsRecord:
        """Read a record.

        Args:
            entry: a JSON value.
            path: the file that it comes from, for the message.

        Raises:
            WeightsError: the entry is no record; names every fault.
        """
        faults = _entry_faults(entry, path)
        if faults:
            raise WeightsError(faults)
        return cls(**entry)


_TYPES = {
    "name": str,
    "variant": str,
    "file": str,
    "sha256": str,
    "bytes": int,
    "date": str,
    "licence": str,
    "overrides": dict,
    "training_data": list,
    "scores": dict,
    "notes": str,
    "source": dict | None,
    "disc_finder": str,
    "bone_namer": str,
}
_REQUIRED = ("name", "variant", "file", "sha256", "bytes", "date", "licence")
_HINT = "Correct the entry, or reinstall or import the weights again."


def _entry_faults(entry: Any, path: str) -> list[Fault]:
    if not isinstance(entry, Mapping):
        return [Fault("manifest-damaged", "An entry of the manifest is not an object.", _HINT, path)]
    label = f"The entry {entry.get('name', '(without a name)')!r}"
    sentences = [f"{label} has no {key!r}." for key in _REQUIRED if key not in entry]
    sentences += [f"{label} has the unknown entry {key!r}." for key in entry if key not in _TYPES]
    sentences += [
        f"{label} has a {key!r} of the wrong type: {value!r}."
        for key, value in entry.items()
        if key in _TYPES and not isinstance(value, _TYPES[key])
    ]
    file = entry.get("file")
    if isinstance(file, str) and (file in ("", ".", "..") or "/" in file or "\\" in file):
        sentences.append(f"{label} has a file that is not a plain file name: {file!r}.")
    return [Fault("manifest-damaged", sentence, _HINT, path) for sentence in sentences]


Shapes = Mapping[str, tuple[int, ...]]
_KEYS_HINT = "Check that the file belongs to this network and these sizes."


def key_faults(expected: Shapes, found: Shapes, path: str) -> list[Fault]:
    """Return one fault for every tensor that is missing, unexpected or of another shape.

    Args:
        expected: name -> shape in the network.
        found: name -> shape in the file.
        path: the file, for the message.
    """
    missing = [
        Fault("weights-missing-key", f"{key} of shape {shape} is missing.", _KEYS_HINT, path)
        for key, shape in expected.items()
        if key not in found
    ]
    unexpected = [
        Fault("weights-unexpected-key", f"{key} of shape {shape} is unexpected.", _KEYS_HINT, path)
        for key, shape in found.items()
        if key not in expected
    ]
    misshapen = [
        Fault("weights-shape", f"{key} has shape {found[key]} instead of {shape}.", _KEYS_HINT, path)
        for key, shape in expected.items()
        if key in found and found[key] != shape
    ]
    return missing + unexpected + misshapen
