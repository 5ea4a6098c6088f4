"""From a finished run to weights that can be given away: float16 safetensors and their record."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path

from torch import Tensor

from SwinX2SLib.datasets import Case
from SwinX2SLib.training.config import TrainingConfig
from SwinX2SLib.weights.record import WeightsRecord
from SwinX2SLib.weights.storage import write_weights


def export_weights(
    state: Mapping[str, Tensor],
    config: TrainingConfig,
    cases: Sequence[Case],
    folder: Path,
    name: str,
    step: int,
) -> WeightsRecord:
    """Write `<name>.safetensors` and its record into a folder.

    Args:
        state: averaged weights of the run.
        config: of the run.
        cases: that it learned from; their names and licences go into the record.
        folder: receives both files.
        name: what users will call the weights.
        step: after which they are taken.

    Returns:
        The record, complete with hash and size.
    """
    share = all(case.may_train_default_weights for case in cases)
    record = WeightsRecord(
        name=name,
        variant=config.model,
        file="",
        sha256="",
        bytes=0,
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        licence="CC BY-SA 4.0"
        if share
        else "not to be given away: trained on cases whose licence forbids it",
        overrides=config.network_overrides,
        training_data=[{"case": case.name, "licence": case.licence} for case in cases],
        notes=f"{step} steps on label maps and CTs turned into radiographs on the fly, seed {config.seed}.",
    )
    return write_weights(state, folder / f"{name}.safetensors", record, half=True)
