"""One comparison: what the command `swinx2s evaluate` does, in a separate process."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import slicer

from SwinX2SLib.slicerui.background_process import (
    BackgroundProcess,
    Ending,
    WorkerListener,
    WorkerProcess,
    worker_python,
)
from SwinX2SLib.slicerui.compare.files import node_file

_LAST_WORDS = 20
_SAYS = "swinx2s: "
# What the command calls its options, and the panel its controls.
_WORDS = (
    ("use --align centres or bones", "another Alignment may fix this"),
    (
        "Set the label numbering (--scheme), or provide a label map.",
        "Choose Labels, or a label map.",
    ),
    ("or select other groups with --groups", "or choose other labels"),
    ("(--scheme)", ""),
    ("--groups", "groups"),
)


@dataclass(frozen=True)
class Comparison:
    """What to compare.

    Attributes:
        prediction: the reconstruction.
        truth: node or file.
        scheme: "auto", a numbering of `label_schemes`, or the path of a map.
        align: see `evaluation.EvaluationOptions`.
        measurements: whether both are measured.
    """

    prediction: slicer.vtkMRMLSegmentationNode
    truth: slicer.vtkMRMLDisplayableNode | Path
    scheme: str = "auto"
    align: str = "rigid"
    measurements: bool = True

    @property
    def truth_name(self) -> str:
        """Name of what it is compared with."""
        return self.truth.name if isinstance(self.truth, Path) else self.truth.GetName()


class ComparisonRun(BackgroundProcess):
    """One comparison under way; hears its process (`WorkerListener`).

    Args:
        comparison: what to compare, as it is now.
        on_line: called with each line of progress.
        finished: called once at the end with the folder of the result (removed afterwards) or None, and a message for
            the user.
    """

    def __init__(
        self,
        comparison: Comparison,
        on_line: Callable[[str], None],
        finished: Callable[[Path | None, str], None],
    ):
        self.comparison = comparison
        self._on_line, self._finished = on_line, finished
        self._folder = Path(tempfile.mkdtemp(prefix="SwinX2S-compare-", dir=slicer.app.temporaryPath))
        self._last_words: deque[str] = deque(maxlen=_LAST_WORDS)
        try:
            self._command = self._prepare()
        except Exception:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise

    def start(self, make_process: Callable[[WorkerListener], WorkerProcess]) -> None:
        """Start the process."""
        self._start_process(self._command, make_process)

    def on_line(self, line: str) -> None:
        """Handle standard output of the process: the scores, which come in files, too."""

    def on_log(self, line: str) -> None:
        """Handle standard error of the process: progress, and at last what went wrong."""
        self._last_words.append(line)
        if not line.startswith(_SAYS):
            self._on_line(line)

    def on_ended(self, ending: Ending) -> None:
        """Handle the end of the process."""
        try:
            if ending.cancelled:
                self._finished(None, self._reason)
            elif ending.exit_code == 0:
                self._finished(self._folder / "result", "")
            else:
                self._finished(None, self._why(ending))
        except Exception as error:
            logging.exception("The comparison could not be added to the scene")
            self._finished(None, f"The comparison could not be added to the scene: {error}")
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _why(self, ending: Ending) -> str:
        errors = [line.removeprefix(_SAYS) for line in self._last_words if line.startswith(_SAYS)]
        text = " ".join(errors).replace(f"{self._folder}/", "")
        for option, words in _WORDS:
            text = text.replace(option, words)
        return text or f"{ending.describe()} {' '.join(self._last_words)[-300:]}".strip()

    def _prepare(self) -> list[str]:
        """Write what is compared and return the command."""
        asked = self.comparison
        prediction = node_file(asked.prediction, self._folder, "reconstruction")
        truth = asked.truth if isinstance(asked.truth, Path) else node_file(asked.truth, self._folder, "CT")
        command = [worker_python(), "-m", "SwinX2SLib", "evaluate", str(prediction), str(truth)]
        command += ["--case", asked.prediction.GetName(), "--out", str(self._folder / "result"), "--surfaces"]
        command += ["--scheme", asked.scheme, "--align", asked.align]
        return command + ["--no-measurements"] * (not asked.measurements)
