"""Devices of this machine, queried without importing PyTorch and without blocking."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import qt
from slicer.i18n import tr as _

from SwinX2SLib.slicerui.parameters import DEFAULT_MODEL
from SwinX2SLib.weights.manifest import default_name, usable_weights
from SwinX2SLib.weights.record import WeightsRecord

_COMMAND = ("nvidia-smi", ["--query-gpu=name,memory.free,memory.total", "--format=csv,noheader,nounits"])
_MIB = 1024**2


@dataclass(frozen=True)
class Devices:
    """What there is.

    Attributes:
        cpu_count: cores of the processor.
        memory_free: bytes of main memory that can be had, or None if unknown.
        card: name of the graphics card, or "".
        card_free: bytes of its memory that are free.
        card_total: bytes of its memory.
    """

    cpu_count: int = 1
    memory_free: int | None = None
    card: str = ""
    card_free: int = 0
    card_total: int = 0

    def chosen(self, device: str) -> str:
        """Return where "auto", "cpu" or "cuda" runs: "cpu" or "cuda"."""
        return "cuda" if device == "cuda" or (device == "auto" and self.card) else "cpu"

    def words(self, device: str) -> str:
        """Describe the device and its free memory."""
        if self.chosen(device) == "cpu":
            words = _("CPU, {0} cores").format(self.cpu_count)
            if self.memory_free is None:
                return words
            return words + _(", {0:.1f} GB of memory free").format(self.memory_free / 1024**3)
        if not self.card:
            return _("no NVIDIA GPU is available: the run will be rejected; there is no fallback to the CPU")
        gb_free, gb_total = (size / 1024**3 for size in (self.card_free, self.card_total))
        return _("{0}, {1:.1f} of {2:.1f} GB free").format(self.card, gb_free, gb_total)


class DeviceWatch:
    """Queries the devices asynchronously; the answer arrives in the event loop.

    Args:
        on_answer: called when the devices are known.
    """

    def __init__(self, on_answer: Callable[[], None]):
        self._on_answer = on_answer
        self._process: qt.QProcess | None = qt.QProcess()
        self._process.finished.connect(self._on_finished)
        self.devices = _without_card()

    def ask(self) -> None:
        """Query again, unless a query is running."""
        if self._process is not None and self._process.state() == qt.QProcess.NotRunning:
            self.devices = _without_card(self.devices)
            # Where the program is missing there is no driver, and the card stays unknown.
            self._process.start(*_COMMAND)

    def close(self) -> None:
        """Wait for no answer any more; a second time nothing happens."""
        process, self._process = self._process, None
        if process is None:
            return
        process.finished.disconnect(self._on_finished)
        if process.state() != qt.QProcess.NotRunning:
            process.kill()
            process.waitForFinished(1000)

    def _on_finished(self, *_signal_arguments: object) -> None:
        text = bytes(self._process.readAllStandardOutput().data()).decode("utf-8", "replace")
        self.devices = with_card(_without_card(), text)
        self._on_answer()


def with_card(devices: Devices, answer: str) -> Devices:
    """Return the devices with the card that `nvidia-smi` names first; without one where it names none."""
    parts = [part.strip() for part in answer.strip().splitlines()[0].split(",")] if answer.strip() else []
    try:
        name, free, total = parts
        return Devices(devices.cpu_count, devices.memory_free, name, int(free) * _MIB, int(total) * _MIB)
    except ValueError:
        return devices


def _without_card(known: Devices | None = None) -> Devices:
    card = (known.card, known.card_free, known.card_total) if known is not None else ("", 0, 0)
    return Devices(os.cpu_count() or 1, _free_memory(), *card)


def _free_memory() -> int | None:
    try:
        import psutil
    except ImportError:
        # It comes with the packages of the first run.
        return None
    return int(psutil.virtual_memory().available)


@dataclass(frozen=True)
class CatalogueEntry:
    """One choice of the model list.

    Attributes:
        name: that the worker knows.
        about: a sentence for a person.
        weights: name of the weights that stand behind it, "" where there are none.
        variant: of the network, likewise.
    """

    name: str
    about: str
    weights: str = ""
    variant: str = ""


def catalogue() -> tuple[CatalogueEntry, ...]:
    """Return the default first, then every model of the library and those that the user imported.

    Helper networks and those of CT numbers are left out. A damaged list of imported models is skipped here; the
    section Models reports it.
    """
    stored, faults = usable_weights()
    for fault in faults:
        logging.error("SwinX2S: %s", fault)
    records = [
        weights.record
        for weights in stored
        if weights.record.reconstructs and not weights.record.reconstructs_ct
    ]
    models = (CatalogueEntry(record.name, _about(record), record.name, record.variant) for record in records)
    return (_default(records), *models)


def has_ct_weights() -> bool:
    """Return whether there are weights that reconstruct CT numbers, of the library or imported."""
    return any(weights.record.reconstructs_ct for weights in usable_weights()[0])


def _default(records: Sequence[WeightsRecord]) -> CatalogueEntry:
    recommended = default_name()
    if recommended is None:
        return CatalogueEntry(DEFAULT_MODEL, _("this version has no default model; choose one"))
    variant = next((record.variant for record in records if record.name == recommended), "")
    return CatalogueEntry(DEFAULT_MODEL, _("default: {0}").format(recommended), recommended, variant)


def _about(record: WeightsRecord) -> str:
    return f"{record.variant}, {record.bytes / 1e6:.0f} MB, {record.date}. {record.notes}".strip()
