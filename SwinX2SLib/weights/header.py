"""The header of a file of weights; needs safetensors."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError, safe_open

from SwinX2SLib.errors import Fault
from SwinX2SLib.weights.record import Shapes, WeightsError

_AGAIN = "Download the weights themselves again, and compare size and SHA-256 with those of their source."
_BEGINNING_BYTES = 4096

SUFFIX = ".safetensors"


# Key of the file's metadata under which the record lies (without the file's own size and hash).
METADATA_KEY = "swinx2s"
# Key of the metadata under which bits and shapes of packed tensors lie (`weights.packing`), and how names of their
# scales end.
PACKED_KEY, SCALE = "packed", "#scale"


def read_header(path: Path) -> tuple[Shapes, dict[str, str]]:
    """Return the shapes of the tensors of a file, unpacked, and its metadata, without reading the tensors.

    Raises:
        WeightsError: the file is no safetensors file, or a damaged one.
    """
    if faults := text_faults(path):
        raise WeightsError(faults)
    try:
        with safe_open(path, "numpy") as stream:
            shapes = {key: tuple(stream.get_slice(key).get_shape()) for key in stream.keys()}  # noqa: SIM118
            metadata = stream.metadata() or {}
            return _unpacked(shapes, metadata), metadata
    except (SafetensorError, OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        hint = "Use a .safetensors file; for other checkpoints use `swinx2s weights import`."
        sentence = f"The file cannot be read as safetensors ({error})."
        raise WeightsError([Fault("weights-damaged", sentence, hint, str(path))]) from error


def text_faults(path: Path) -> list[Fault]:
    """Return that a file is text instead of weights, and which: what downloads leave behind; empty for others.

    Args:
        path: an existing file.
    """
    with path.open("rb") as stream:
        beginning = stream.read(_BEGINNING_BYTES)
    what = _text_in_place_of_weights(beginning)
    return [Fault("weights-are-text", f"The file is {what}, not weights.", _AGAIN, str(path))] if what else []


def _text_in_place_of_weights(beginning: bytes) -> str:
    if not beginning:
        return "empty"
    try:
        # The last letter may be cut in two.
        text = beginning.decode(
            "utf-8-sig", "strict" if len(beginning) < _BEGINNING_BYTES else "ignore"
        ).strip()
    except UnicodeDecodeError:
        return ""
    if not all(letter.isprintable() or letter in "\t\r\n\f" for letter in text):
        return ""
    if text.startswith("version https://git-lfs.github.com/spec/"):
        return "a pointer of Git LFS"
    if re.match(r"(\.\./)*(\.git)?/?annex/objects/", text):
        return "a pointer of git-annex"
    if text.startswith("<"):
        return "a web page or the answer of a server"
    return "a text"


def _unpacked(shapes: Shapes, metadata: Mapping[str, str]) -> Shapes:
    """Return the shapes that the tensors of a file have when they are unpacked."""
    if PACKED_KEY not in metadata:
        return shapes
    packed = {key: tuple(shape) for key, shape in json.loads(metadata[PACKED_KEY])["shapes"].items()}
    return {key: packed.get(key, shape) for key, shape in shapes.items() if not key.endswith(SCALE)}
