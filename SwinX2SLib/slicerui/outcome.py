"""What came of a run, and who wants to know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import slicer

from SwinX2SLib.errors import Fault


@dataclass(frozen=True)
class Outcome:
    """What came of a run.

    Attributes:
        message: what happened, in a sentence.
        hint: what to do about it, or "".
        node: the segmentation, when all went well.
        cancelled: the user (or closing the scene) ended it.
        faults: what the worker found wrong, where it said so.
    """

    message: str
    hint: str = ""
    node: slicer.vtkMRMLSegmentationNode | None = None
    cancelled: bool = False
    faults: tuple[Fault, ...] = ()


class RunObserver(Protocol):
    """Who watches a run."""

    def on_started(self, name: str) -> None:
        """See that its turn has come; the name is that of its frontal film."""

    def on_seconds(self, seconds: Mapping[str, float]) -> None:
        """See how long its phases took, where all went well."""

    def on_progress(self, fraction: float, message: str) -> None:
        """See how far it is, 0..1."""

    def on_log(self, line: str) -> None:
        """See a line for the log."""

    def on_finished(self, outcome: Outcome) -> None:
        """See, once and last, what came of it."""
