"""What a run tells: a line of JSON for each entry, TensorBoard events if asked for, and a listener."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.training.checkpoint import writing

LOG_FILE, TENSORBOARD_FOLDER = "log.jsonl", "tensorboard"
Listener = Callable[[dict], None]


def require_tensorboard() -> None:
    """Check that TensorBoard is installed.

    Raises:
        InputError: it is not.
    """
    if importlib.util.find_spec("tensorboard") is None:
        sentence = "The run asks for TensorBoard, which is not installed."
        hint = "Run `pip install tensorboard`, or set tensorboard = false."
        raise InputError([Fault("tensorboard-absent", sentence, hint)])


class Journal:
    """Log of a run.

    Args:
        folder: of the run; receives `log.jsonl`.
        listener: receives each entry.
        tensorboard: also write events.
        step: at which the run goes on; events of later steps, of a run that was killed, are no longer shown.
    """

    def __init__(self, folder: Path, listener: Listener, tensorboard: bool, step: int):
        self.folder, self.listener = folder, listener
        self._events = None
        if tensorboard:
            require_tensorboard()
            from torch.utils.tensorboard import SummaryWriter

            with writing(folder / TENSORBOARD_FOLDER):
                self._events = SummaryWriter(folder / TENSORBOARD_FOLDER, purge_step=step)

    def write(self, entry: dict) -> None:
        """Append an entry, which holds at least `step`.

        Raises:
            OutputError: the disk is full or cannot be written.
        """
        path = self.folder / LOG_FILE
        with writing(path):
            self.folder.mkdir(parents=True, exist_ok=True)
            with path.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(entry) + "\n")
            if self._events is not None:
                for name, value in _scalars(entry):
                    self._events.add_scalar(name, value, entry["step"])
                self._events.flush()
        self.listener(entry)

    def close(self) -> None:
        """Close the events."""
        if self._events is not None:
            self._events.close()


def read_log(folder: Path) -> list[dict]:
    """Return a run's entries in the order of their steps, the losses and the validation of one step joined.

    A run that was killed repeats the steps since its last checkpoint: the last word counts.
    """
    entries: dict[int, dict] = {}
    for line in (folder / LOG_FILE).read_text(encoding="utf-8").splitlines():
        try:
            entry = json.loads(line)
        except ValueError:  # cut short by a kill
            continue
        entries.setdefault(entry["step"], {}).update(entry)
    return [entries[step] for step in sorted(entries)]


def _scalars(entry: Mapping, prefix: str = "") -> Iterator[tuple[str, float]]:
    for name, value in entry.items():
        if isinstance(value, Mapping):
            yield from _scalars(value, f"{prefix}{name}/")
        elif isinstance(value, (int, float)) and name != "step":
            yield f"{prefix}{name}", value
