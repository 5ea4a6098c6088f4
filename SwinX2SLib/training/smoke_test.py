"""A complete tiny run on phantoms: does all work, from synthesis to a reconstruction with the exported weights?"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.geometry.tuples import shape3
from SwinX2SLib.models.builder import variant_config
from SwinX2SLib.radiographs import RadiographOptions, read_pair
from SwinX2SLib.reconstruct.reconstructor import Reconstructor
from SwinX2SLib.resources import resource_path
from SwinX2SLib.training.config import TrainingConfig
from SwinX2SLib.training.data import Batch, BatchDataset, load_sources
from SwinX2SLib.training.distributed import Process
from SwinX2SLib.training.log import Listener
from SwinX2SLib.training.objectives import Phase, objective_for
from SwinX2SLib.training.run import train
from SwinX2SLib.training.setup import build_network
from SwinX2SLib.weights import load_weights

CONFIG = TrainingConfig(
    model="fused-nano",
    network={"grid_shape": [32, 32, 64]},
    steps=100,
    layout_steps=50,
    batch_size=4,
    layout_batch_size=4,
    learning_rate=6e-3,
    warmup_steps=10,
    ema_decay=0.9,
    phantoms=1,
    augmentation=False,
    phantom_weight=1.0,
    validate_every=50,
    validation_samples=4,
    checkpoint_seconds=10.0,
)
# Small sizes of the other networks, of which as many steps are wanted.
SIZES: dict[str, dict[str, object]] = {
    "implicit-ct": {"widths": [16, 32], "features": 32, "octaves": 4, "hidden": [64, 64]},
    "swinx2s-tiny": {"embed_dim": 8, "depths": [1, 1, 1, 1], "heads": [1, 1, 2, 2]},
    "tl-embedding": {"latent": 32},
    "1dconcat": {"channels": [8, 8, 16, 16, 32, 64], "vector": 32},
    "multiscale-2dconcat": {"fused": 16},
    "2dconcat": {"width": 4},
    "unetr": {"feature_size": 8, "hidden_size": 48, "mlp_dim": 96, "heads": 4},
    "unet": {},
    "attention-unet": {},
    "swin-unetr": {"feature_size": 12, "depths": [1, 1, 1, 1]},
}
NAME = "smoke"


@dataclass(frozen=True)
class Trial:
    """What a trial run found.

    Attributes:
        before: loss of the untrained network on samples that are no part of the training.
        after: loss of the exported weights on the same samples.
        bones: how many bones these weights find in the demo's phantom.
    """

    before: float
    after: float
    bones: int

    @property
    def learned(self) -> bool:
        """Whether the loss fell by half."""
        return self.after <= self.before / 2

    def sentence(self) -> str:
        """Return what was found, as text."""
        verdict = "Passed" if self.learned else "Failed: the loss did not decrease by half"
        losses = f"loss {self.before:.2f} before, {self.after:.2f} after"
        return f"{verdict}: {losses}; {self.bones} bones found in the demo."


def smoke_config(model: str) -> TrainingConfig:
    """Return the parameters of a trial run of a network, which is made small for it."""
    if model == CONFIG.model:
        return CONFIG
    network = {**CONFIG.network, **SIZES[model]}
    return dataclasses.replace(CONFIG, model=model, network=network, layout_steps=0)


def try_out(
    folder: Path, listener: Listener, process: Process, config: TrainingConfig = CONFIG
) -> Trial | None:
    """Train, or go on training after an interruption, validate, save, export, load and reconstruct.

    Args:
        folder: receives the run; it must not hold a finished one.
        listener: receives each entry of the log.
        process: this process among those of the run.
        config: see `smoke_config`.

    Returns:
        What was found, None in other processes than the first.

    Raises:
        InputError: the folder holds a finished run, or see `train`.
    """
    if (folder / f"{NAME}.safetensors").exists():
        raise InputError(
            [
                Fault(
                    "run-exists",
                    "The folder already contains a finished run.",
                    "Choose another.",
                    str(folder),
                )
            ]
        )
    result = train(config, [], [], folder, NAME, listener, process)
    if result is None:
        return None
    batch = _unseen_batch(config)
    untrained, _ = build_network(config, torch.device("cpu"), fresh=True)
    trained, _ = load_weights(result.weights, "cpu")
    return Trial(
        _loss(untrained, batch, config),
        _loss(trained, batch, config),
        _bones_of_demo(result.weights, process),
    )


def _unseen_batch(config: TrainingConfig) -> Batch:
    shape = shape3(variant_config(config.model, **config.network_overrides).grid_shape)
    return BatchDataset(load_sources(config, [], shape), 4, config.seed + 1)[0]


@torch.inference_mode()
def _loss(model: nn.Module, batch: Batch, config: TrainingConfig) -> float:
    model.eval()
    return float(sum(objective_for(model, config)(model, batch, Phase.VOLUME).values()))


def _bones_of_demo(weights: Path, process: Process) -> int:
    views = json.loads(resource_path("Demo", "phantom.json").read_text(encoding="utf-8"))["views"]
    ap, lateral = (resource_path("Demo", views[view]["file"]) for view in ("ap", "lateral"))
    of_ap, of_lateral = (
        RadiographOptions(spacing_mm=views[view]["spacing_mm"]) for view in ("ap", "lateral")
    )
    pair = read_pair(ap, lateral, of_ap, of_lateral)
    found = Reconstructor(weights, process.device.type).reconstruct(*pair)
    return len(np.unique(found.labels[found.labels > 0]))
