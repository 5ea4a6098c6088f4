"""What the sections of the panel share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from SwinX2SLib.slicerui.logic import ReconstructionLogic
from SwinX2SLib.slicerui.notice import Notice
from SwinX2SLib.slicerui.parameters import ReconstructionParameters
from SwinX2SLib.slicerui.settings import Settings


@dataclass(frozen=True)
class Services:
    """Everything that a section may use of the rest.

    Attributes:
        logic: starts, queues and cancels reconstructions.
        reconstruction: gives the films and choices of the present scene; None while a scene is closed.
        settings: remembered beyond the scene.
        result_added: told `(segmentation node)` when the bones of a run are in the scene.
        inputs_changed: told `(inputs.examination.Examination)` when the films, or what is wrong with them, changed.
        models_changed: told when a model was imported or removed.
        about_to_run: told when Reconstruct was clicked, before anything is looked at: work on the films ends.
    """

    logic: ReconstructionLogic
    reconstruction: Callable[[], ReconstructionParameters | None]
    settings: Settings = field(default_factory=Settings)
    result_added: Notice = field(default_factory=Notice)
    inputs_changed: Notice = field(default_factory=Notice)
    models_changed: Notice = field(default_factory=Notice)
    about_to_run: Notice = field(default_factory=Notice)
