"""Which weights a reconstruction can use; looked at without loading them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from SwinX2SLib.anatomy import CLASS_COUNT
from SwinX2SLib.errors import Fault, InputError, ModelError
from SwinX2SLib.weights.locating import locate
from SwinX2SLib.weights.record import WeightsRecord

if TYPE_CHECKING:
    pass


def require_model(name_or_path: str | Path) -> WeightsRecord:
    """Return the record of weights that a reconstruction can use; the network is not loaded, nor is torch.

    Raises:
        ModelError: they are missing, damaged, or of a network for something else; names every fault.
    """
    try:
        path, record = locate(name_or_path)
    except InputError as error:
        raise ModelError(error.faults) from error
    if faults := unfit_faults(record, path):
        raise ModelError(faults)
    return record


def unfit_faults(record: WeightsRecord, path: str | Path | None = None) -> list[Fault]:
    """Return why whole weights cannot be used for a reconstruction.

    Args:
        record: what is known about them.
        path: the file, for the message.
    """
    classes = record.overrides.get("out_channels", CLASS_COUNT)
    radiographs = record.overrides.get("views_per_plane", 1)
    sentences = []
    if not record.reconstructs:
        sentences.append(
            f"The network of {record.name} analyses single radiographs and cannot reconstruct bones."
        )
    if classes != CLASS_COUNT:
        sentences.append(
            f"The network of {record.name} has {classes} classes; a reconstruction needs the {CLASS_COUNT} "
            "classes of Resources/labels.json (54 bones and background)."
        )
    if radiographs != 1:
        sentences.append(
            f"The network of {record.name} needs {radiographs} radiographs per view; a pair has one."
        )
    hint = "Choose other weights with --model; `swinx2s weights list` shows them."
    return [Fault("model-unfit", sentence, hint, str(path) if path else None) for sentence in sentences]
