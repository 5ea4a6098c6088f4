"""Which weights a reconstruction can use; looked at without loading them."""

from __future__ import annotations

from pathlib import Path

from SwinX2SLib.anatomy import CLASS_COUNT
from SwinX2SLib.errors import Fault, InputError, ModelError
from SwinX2SLib.weights.locating import locate
from SwinX2SLib.weights.manifest import DEFAULT, stored_weights
from SwinX2SLib.weights.record import WeightsRecord


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


_NO_CT = Fault(
    "no-ct-weights",
    "This version has no default weights of a network that reconstructs a CT (implicit-ct).",
    "Train some (`swinx2s train Docs/training/implicit-ct.toml --cases MANIFEST.json --out RUN`, see Docs/ct.md) and "
    "name the file with --ct-model, or import weights with `swinx2s weights import`.",
)


def require_ct_model(name_or_path: str | Path) -> tuple[Path, WeightsRecord]:
    """Return the file and the record of weights that reconstruct a CT; the network is not loaded, nor is torch.

    Args:
        name_or_path: "default" stands for the first such weights, those of the library before imported ones.

    Raises:
        ModelError: there are none, or they are missing, damaged, or of another network; names every fault.
    """
    try:
        if name_or_path == DEFAULT:
            names = [each.record.name for each in stored_weights() if each.record.reconstructs_ct]
            if not names:
                raise ModelError([_NO_CT])
            name_or_path = names[0]
        path, record = locate(name_or_path)
    except ModelError:
        raise
    except InputError as error:
        raise ModelError(error.faults) from error
    if not record.reconstructs_ct:
        sentence = f"The network of {record.name} ({record.variant}) reconstructs no CT numbers."
        hint = "Choose weights of the network implicit-ct with --ct-model."
        raise ModelError([Fault("ct-model-unfit", sentence, hint, str(path))])
    return path, record


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
