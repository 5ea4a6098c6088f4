"""The header of a file of weights; needs safetensors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError, safe_open

from SwinX2SLib.errors import Fault
from SwinX2SLib.weights.record import Shapes, WeightsError

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
    try:
        with safe_open(path, "numpy") as stream:
            shapes = {key: tuple(stream.get_slice(key).get_shape()) for key in stream.keys()}  # noqa: SIM118
            metadata = stream.metadata() or {}
            return _unpacked(shapes, metadata), metadata
    except (SafetensorError, OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        hint = "Use a .safetensors file; for other checkpoints use `swinx2s weights import`."
        sentence = f"The file cannot be read as safetensors ({error})."
        raise WeightsError([Fault("weights-damaged", sentence, hint, str(path))]) from error


def _unpacked(shapes: Shapes, metadata: Mapping[str, str]) -> Shapes:
    """Return the shapes that the tensors of a file have when they are unpacked."""
    if PACKED_KEY not in metadata:
        return shapes
    packed = {key: tuple(shape) for key, shape in json.loads(metadata[PACKED_KEY])["shapes"].items()}
    return {key: packed.get(key, shape) for key, shape in shapes.items() if not key.endswith(SCALE)}
