"""The header of a file of weights; needs safetensors."""

from __future__ import annotations

from pathlib import Path

from safetensors import SafetensorError, safe_open

from SwinX2SLib.errors import Fault
from SwinX2SLib.weights.record import Shapes, WeightsError

SUFFIX = ".safetensors"


# Key of the file's metadata under which the record lies (without the file's own size and hash).
METADATA_KEY = "swinx2s"


def read_header(path: Path) -> tuple[Shapes, dict[str, str]]:
    """Return the shapes of the tensors of a file and its metadata, without reading the tensors.

    Raises:
        WeightsError: the file is no safetensors file, or a damaged one.
    """
    try:
        with safe_open(path, "numpy") as stream:
            shapes = {key: tuple(stream.get_slice(key).get_shape()) for key in stream.keys()}  # noqa: SIM118
            return shapes, stream.metadata() or {}
    except (SafetensorError, OSError) as error:
        hint = "Use a .safetensors file; for other checkpoints use `swinx2s weights import`."
        sentence = f"The file cannot be read as safetensors ({error})."
        raise WeightsError([Fault("weights-damaged", sentence, hint, str(path))]) from error
