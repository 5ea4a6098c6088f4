"""Which weights a reconstruction can use; looked at without loading them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from SwinX2SLib.anatomy import CLASS_COUNT
from SwinX2SLib.errors import Fault, InputError, ModelError
from SwinX2SLib.reconstruct.job import AUTO_DEPTH, NO_DEPTH, ReconstructionSettings
from SwinX2SLib.weights.locating import locate
from SwinX2SLib.weights.manifest import DEFAULT, stored_weights, usable_weights
from SwinX2SLib.weights.record import WeightsRecord

if TYPE_CHECKING:
    from SwinX2SLib.radiographs import Radiograph

# Default weights of depth maps, where a version has them.
DEPTH_WEIGHTS = "depth-maps-v1"
DEPTH_VARIANT = "depth-maps"
HOW_TO_GET_DEPTH = (
    "train them with `swinx2s train Docs/training/depth-maps.toml --cases MANIFEST.json --out RUN`, or import some "
    "with `swinx2s weights import`, and name them with --depth-model"
)


def require_model(name_or_path: str | Path) -> WeightsRecord:
    """Return the record of weights that a reconstruction can use; the network is not loaded, nor is torch.

    Raises:
        ModelError: they are missing, damaged, or of a network for something else; names every fault.
    """
    path, record = _located(name_or_path)
    if faults := unfit_faults(record, path):
        raise ModelError(faults)
    return record


def _located(name_or_path: str | Path) -> tuple[Path, WeightsRecord]:
    """Return the file and the record of weights.

    Raises:
        ModelError: they are missing or damaged; names every fault.
    """
    try:
        return locate(name_or_path)
    except InputError as error:
        raise ModelError(error.faults) from error


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
    if name_or_path == DEFAULT:
        try:
            names = [each.record.name for each in stored_weights() if each.record.reconstructs_ct]
        except InputError as error:
            raise ModelError(error.faults) from error
        if not names:
            raise ModelError([_NO_CT])
        name_or_path = names[0]
    path, record = _located(name_or_path)
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


def depth_weights(name: str) -> WeightsRecord | None:
    """Return the record of weights of depth maps, or None where none are wanted or this version has none.

    Args:
        name: of weights, a path, "auto" or "none".

    Raises:
        ModelError: they are missing, damaged, or those of another network.
    """
    if name == NO_DEPTH:
        return None
    if name == AUTO_DEPTH:
        if DEPTH_WEIGHTS not in [weights.record.name for weights in usable_weights()[0]]:
            return None
        name = DEPTH_WEIGHTS
    path, record = _located(name)
    if record.variant != DEPTH_VARIANT:
        sentence = f"The weights {record.name} are those of {record.variant}, not of depth maps."
        raise ModelError(
            [Fault("model-other-task", sentence, f"To get some, {HOW_TO_GET_DEPTH}.", str(path))]
        )
    return record


def frontal_faults(ap: Radiograph | None, settings: ReconstructionSettings) -> list[Fault]:
    """Return why a frontal radiograph alone cannot be reconstructed as asked, without loading a network.

    Args:
        ap: the radiograph, as far as it could be read.
        settings: of the job.
    """
    try:
        record = depth_weights(settings.depth_model)
    except ModelError as error:
        return list(error.faults)
    if not settings.absolute_depth:
        return []
    faults = []
    if record is None:
        sentence = "Absolute depth needs depth maps, and there are no weights for them."
        hint = f"Leave --absolute-depth out; or {HOW_TO_GET_DEPTH}."
        faults.append(Fault("depth-no-weights", sentence, hint))
    if ap is not None and ap.xray_source is None:
        sentence = "Absolute depth needs the distances of the X-ray source, which are unknown."
        hint = "Set --source-to-detector-mm and --source-to-patient-mm, or leave --absolute-depth out."
        path = None if ap.path is None else str(ap.path)
        faults.append(Fault("depth-distances-unknown", sentence, hint, path))
    return faults
