"""A run's entries for a person: a bar with the time left at a terminal, plain lines elsewhere."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

# Of an entry, what is no part of the loss.
ABOUT = ("step", "phase", "done", "seconds_left", "seconds_per_step", "seconds_waiting")
ABOUT += ("learning_rate", "gradient_norm", "validation", "note")


class RunReport:
    """Tells a run's entries on standard error; a context manager.

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
        self._task = self._bar.add_task("drawing the first samples", total=1.0)

    def __enter__(self) -> RunReport:
        self._bar.start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._bar.stop()

    def say(self, sentence: str) -> None:
        """Print a sentence."""
        self._console.print(escape(sentence))

    def __call__(self, entry: dict) -> None:
        """Tell one entry of the log."""
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
        told = "; ".join(
            f"{name}: " + "  ".join(f"{k} {100 * v:.1f} %" for k, v in s.items()) for name, s in sets
        )
        return f"{step}  validation, Dice: {told}"
    losses = "  ".join(f"{name} {value:.3f}" for name, value in entry.items() if name not in ABOUT)
    left = _duration(entry["seconds_left"])
    return f"{step}  {entry['seconds_per_step']:.2f} s/step  {left} left  {losses}"


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60:02d} min"
