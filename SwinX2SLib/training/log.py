"""The log of a run: a line of JSON for each entry, TensorBoard events if asked for, and a listener."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from SwinX2SLib.errors import Fault, InputError, install_hint
from SwinX2SLib.io.json_files import parse_json
from SwinX2SLib.training.checkpoint import writing

LOG_FILE, TENSORBOARD_FOLDER = "log.jsonl", "tensorboard"
Listener = Callable[[dict], None]


def require_tensorboard() -> None:
    """Check that TensorBoard is installed.

    Raises:
        InputError: it is not.
    """
    if importlib.util.find_spec("tensorboard") is None:
        sentence = "The run requires TensorBoard, which is not installed."
        hint = f"{install_hint('training')} Or set tensorboard = false."
        raise InputError([Fault("tensorboard-absent", sentence, hint)])


class TrainingLog:
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
    for line in (folder / LOG_FILE).read_bytes().splitlines():
        try:
            entry = parse_json(line.decode("utf-8"))
        except ValueError:  # cut short by a kill
            continue
        if isinstance(entry, dict) and type(entry.get("step")) is int:
            entries.setdefault(entry["step"], {}).update(entry)
    return [entries[step] for step in sorted(entries)]


def _scalars(entry: Mapping, prefix: str = "") -> Iterator[tuple[str, float]]:
    for name, value in entry.items():
        if isinstance(value, Mapping):
            yield from _scalars(value, f"{prefix}{name}/")
        elif isinstance(value, (int, float)) and name != "step":
            yield f"{prefix}{name}", value


# Of an entry, what is no part of the loss.
ABOUT = (
    *("step", "phase", "done", "seconds_left", "seconds_per_step", "seconds_waiting"),
    *("learning_rate", "gradient_norm", "validation", "note"),
)


class RunReport:
    """Prints a run's entries on standard error; a context manager.

    Args:
        steps: of the run, for the lines; None if it goes by the clock.
        quiet: say nothing, as all processes but the first.
    """

    def __init__(self, steps: int | None, quiet: bool = False):
        self.steps = steps
        self._console = Console(stderr=True, highlight=False, soft_wrap=True, quiet=quiet)
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        hidden = quiet or not self._console.is_terminal
        self._bar = Progress(*columns, console=self._console, transient=True, disable=hidden)
        self._task = self._bar.add_task("generating the first samples", total=1.0)

    def __enter__(self) -> RunReport:
        self._bar.start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._bar.stop()

    def say(self, sentence: str) -> None:
        """Print a sentence."""
        self._console.print(escape(sentence))

    def __call__(self, entry: dict) -> None:
        """Print one entry of the log."""
        if "seconds_left" in entry:
            left = f"{_duration(entry['seconds_left'])} left"
            self._bar.update(self._task, completed=entry["done"], description=left)
        self.say(entry_line(entry, self.steps))


def entry_line(entry: dict, steps: int | None) -> str:
    """Return an entry of the log as a line of text."""
    step = f"step {entry['step']}" + (f"/{steps}" if steps else "")
    if "note" in entry:
        return f"{step}  {entry['note']}"
    if "validation" in entry:
        sets = entry["validation"].items()
        listed = "; ".join(
            f"{name}: " + "  ".join(f"{k} {100 * v:.1f} %" for k, v in s.items()) for name, s in sets
        )
        return f"{step}  validation, Dice: {listed}"
    losses = "  ".join(f"{name} {value:.3f}" for name, value in entry.items() if name not in ABOUT)
    left = _duration(entry["seconds_left"])
    return f"{step}  {entry['seconds_per_step']:.2f} s/step  {left} left  {losses}"


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60:02d} min"


# Each panel: title, names of the losses in `log.jsonl`; other losses share a panel of their own.
PANELS = (
    ("Silhouettes (cross entropy + Dice)", ("coronal", "sagittal")),
    ("Volume, cross entropy", ("cross_entropy",)),
    ("Volume, Dice loss", ("dice",)),
)


def write_curves(folder: Path) -> Path:
    """Plot the log of a run into `curves.png` beside it.

    Args:
        folder: of the run.

    Returns:
        The picture's path.
    """
    entries = read_log(folder)
    drawn = _panels(entries)
    columns = max(len(drawn), 1)
    # A figure of its own: the program that trains keeps its backend and its pictures.
    figure = Figure(figsize=(4.3 * columns, 3.6), layout="constrained")
    axes = figure.subplots(1, columns, squeeze=False)
    for axis, (title, curves) in zip(axes[0], drawn, strict=False):
        _draw(axis, title, curves)
    path = folder / "curves.png"
    figure.savefig(path, dpi=110)
    return path


Curves = dict[str, list[tuple[int, float]]]


def _panels(entries: Sequence[dict]) -> list[tuple[str, Curves]]:
    """Return title and curves of each panel that has any."""
    named = {name for _, names in PANELS for name in names}
    losses = dict.fromkeys(name for entry in entries for name in entry if name not in ABOUT)
    others = tuple(name for name in losses if name not in named)
    panels = [
        (title, {name: _points(entries, name) for name in names})
        for title, names in (*PANELS, ("Loss", others))
    ]
    panels.append(("Validation, foreground Dice", _validations(entries)))
    panels = [
        (title, {name: points for name, points in curves.items() if points}) for title, curves in panels
    ]
    return [(title, curves) for title, curves in panels if curves]


def _points(entries: Sequence[dict], name: str) -> list[tuple[int, float]]:
    return [(entry["step"], entry[name]) for entry in entries if name in entry]


def _validations(entries: Sequence[dict]) -> Curves:
    curves: Curves = {}
    for entry in entries:
        for group, scores in entry.get("validation", {}).items():
            for name, value in scores.items():
                if name == "mean" or group == "cases":
                    label = group if name == "mean" else name
                    curves.setdefault(label, []).append((entry["step"], value))
    return curves


def _draw(axis: Axes, title: str, curves: Curves) -> None:
    for name, points in curves.items():
        axis.plot(*zip(*points, strict=True), label=name.replace("_", " "), linewidth=1)
    axis.set_title(title)
    axis.set_xlabel("step")
    axis.grid(alpha=0.3)
    if len(curves) > 1:
        axis.legend()
