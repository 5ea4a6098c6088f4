"""Which trainings and evaluations the tables ask for, and which rows cannot be run and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.paper.published import BenchmarkConfig, PublishedTables, Row
from SwinX2SLib.training.config import TrainingConfig, parse_config

ViewRadiographs = Literal["given", "projected"]

# What a row of table 5 lacks, as parameters of its training.
CHANGES: dict[str, dict[str, Any]] = {
    "no-transformer-skip": {"transformer_skip": False},
    "no-cross-loss": {"cross_loss": False},
    "no-pretraining": {"pretrained": False},
    "no-augmentation": {"augmentation": False},
}
UNTRAINABLE = "Not available: the paper reports that this network collapsed during training."


@dataclass(frozen=True)
class Training:
    """One training, which several rows may share.

    Attributes:
        name: unique; a user may name weights for it.
        data_set: on which.
        config: its parameters.
        notes: what a reader must know about them.
    """

    name: str
    data_set: str
    config: TrainingConfig
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cell:
    """A row and what it needs.

    Attributes:
        row: of the paper.
        training: None where it cannot be run.
        radiographs: "given", those of the case list; "projected", made from its volumes at any angle.
        reason: why it is not run; "" where it is.
    """

    row: Row
    training: Training | None
    radiographs: ViewRadiographs = "given"
    reason: str = ""


def plan(config: BenchmarkConfig, published: PublishedTables) -> list[Cell]:
    """Return a cell for every row of the chosen tables.

    Raises:
        InputError: the parameters of a training are unknown or impossible; names all.
    """
    rows = [row for row in published.rows if row.table in config.tables]
    cells = [_cell(row, config, published) for row in rows]
    _check_weights(config, [cell.training for cell in cells if cell.training])
    return cells


def _cell(row: Row, config: BenchmarkConfig, published: PublishedTables) -> Cell:
    if reason := _reason(row, config, published):
        return Cell(row, None, reason=reason)
    # Other angles are not among the radiographs of a case list; for a fair comparison one pair is projected likewise.
    return Cell(row, training_of(row, config), "projected" if row.table == "4" else "given")


def _reason(row: Row, config: BenchmarkConfig, published: PublishedTables) -> str:
    """Return why a row is not run, or ""."""
    if row.change == "no-convolution-skip":
        return UNTRAINABLE
    if row.data_set not in config.data:
        return f"No case list of {published.data_sets[row.data_set]} is set under [data]."
    if row.model not in config.chosen_models(published):
        return "Not in the selected models."
    if config.views and row.views not in config.views:
        return "Not in the selected numbers of radiographs."
    if row.change == "no-pretraining" and not _values(row, config).get("pretrained"):
        return "Pre-training is disabled (set pretrained = true under [training]): same as the row Base."
    return ""


def training_of(row: Row, config: BenchmarkConfig) -> Training:
    """Return the training of a row."""
    values = _values(row, config)
    notes = []
    if values.get("pretrained") and not _can_be_pretrained(row.model, values):
        values["pretrained"] = False
        notes.append("Random initialisation: no ImageNet weights of this size are available.")
    values |= CHANGES.get(row.change or "", {})
    if row.views > 1:
        values["network"] = {**values.get("network", {}), "views_per_plane": row.views}
    parts = [row.data_set, row.model]
    parts += [f"n{row.views}"] if row.views > 1 else []
    parts += [row.change] if row.change else []
    return Training("-".join(parts), row.data_set, parse_config(values, config.path), tuple(notes))


def _values(row: Row, config: BenchmarkConfig) -> dict[str, Any]:
    """Return the parameters of a row's network before the row's own change."""
    own = config.model.get(row.model, {})
    values = {**config.training, **own, "model": row.model}
    if network := {**config.training.get("network", {}), **own.get("network", {})}:
        values["network"] = network
    if config.minutes:
        return values | {"minutes": float(config.minutes)}
    # A short run must not spend itself on warming up.
    values.setdefault("warmup_steps", min(TrainingConfig().warmup_steps, max(config.steps // 10, 1)))
    return values | {"steps": config.steps}


def _can_be_pretrained(model: str, values: dict[str, Any]) -> bool:
    from SwinX2SLib.models.builder import variant_config
    from SwinX2SLib.training.pretrained import has_imagenet_weights

    return has_imagenet_weights(variant_config(model, **values.get("network", {})))


def _check_weights(config: BenchmarkConfig, trainings: Sequence[Training]) -> None:
    names = sorted({training.name for training in trainings})
    hint = f"Available trainings: {', '.join(names) or 'none'}."
    faults = [
        Fault(
            "unknown-training",
            f"Unknown training {name!r}, so weights cannot be loaded for it.",
            hint,
            str(config.path),
        )
        for name in config.weights
        if name not in names
    ]
    if faults:
        raise InputError(faults)
