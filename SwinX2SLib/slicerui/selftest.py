"""The module's self-test: the same in a real Slicer (Reload and Test, or CTest) and on the project's stand-in."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import vtk_to_numpy

from SwinX2SLib.anatomy import labels
from SwinX2SLib.geometry.frames import network_affine
from SwinX2SLib.resources import resource_path
from SwinX2SLib.slicerui.installer import torch_is_installed
from SwinX2SLib.slicerui.logic import ReconstructionLogic
from SwinX2SLib.slicerui.outcome import Outcome
from SwinX2SLib.slicerui.parameters import ReconstructionParameters
from SwinX2SLib.slicerui.segmentation_import import import_segmentation, segment_ids
from SwinX2SLib.weights.manifest import default_name

_TIMEOUT_SECONDS = 900.0


def run_self_test(
    say: Callable[[str], None],
    new_parameters: Callable[[], ReconstructionParameters],
    logic: ReconstructionLogic | None = None,
) -> None:
    """Run the whole line: bones into segments, faults told, and the demo films into bones.

    Args:
        say: shows a line to whoever watches.
        new_parameters: gives fresh parameters of the present scene.
        logic: starts the reconstruction.

    Raises:
        AssertionError: something is not as it should be.
    """
    logic = logic or ReconstructionLogic()
    say("All 54 bones become segments")
    _bones_become_segments()
    say("Inputs are checked before anything is started")
    _nothing_chosen_is_refused(logic, new_parameters())
    if not torch_is_installed() or (new_parameters().model == "default" and default_name() is None):
        say("No reconstruction was made: PyTorch or a default model is not installed here")
    else:
        say("The demo films become bones")
        _demo_films_become_bones(logic, new_parameters())
    say("SwinX2S self-test passed")


def demo_film(view: str, name: str = "phantom") -> slicer.vtkMRMLScalarVolumeNode:
    """Add a demo film to the scene, with the pixel size that comes with it.

    Args:
        view: "ap" or "lateral".
        name: "phantom" or "chest".
    """
    about = json.loads(resource_path("Demo", f"{name}.json").read_text(encoding="utf-8"))["views"][view]
    reader = vtk.vtkPNGReader()
    reader.SetFileName(str(resource_path("Demo", about["file"])))
    reader.Update()
    columns, rows, _ = reader.GetOutput().GetDimensions()
    # VTK counts rows from the bottom, films from the top.
    pixels = vtk_to_numpy(reader.GetOutput().GetPointData().GetScalars()).reshape(rows, columns)[::-1]
    geometry = np.diag([-about["spacing_mm"], -about["spacing_mm"], about["spacing_mm"], 1.0])
    return slicer.util.addVolumeFromArray(pixels[np.newaxis].copy(), ijkToRAS=geometry, name=f"{name} {view}")


def _bones_become_segments() -> None:
    blocks = np.zeros((55, 4, 4), np.uint8)
    blocks[1:] = np.arange(1, 55, dtype=np.uint8)[:, np.newaxis, np.newaxis]
    blocks = np.repeat(blocks, 3, axis=0)
    volume = slicer.util.addVolumeFromArray(
        blocks.transpose(2, 1, 0).copy(),
        ijkToRAS=network_affine(3.0, blocks.shape),
        nodeClassName="vtkMRMLLabelMapVolumeNode",
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "labels.nrrd"
        storage = slicer.vtkMRMLNRRDStorageNode()
        storage.SetFileName(str(path))
        assert storage.WriteData(volume)
        node = import_segmentation(path, "Self-test")
    assert segment_ids(node) == [label.name for label in labels()]
    assert node.GetDisplayNode().GetVisibility3D()


def _nothing_chosen_is_refused(logic: ReconstructionLogic, parameters: ReconstructionParameters) -> None:
    faults = logic.start(parameters, _Watcher(print))
    assert {fault.kind for fault in faults} == {"film-missing"}
    assert not logic.is_running()


def _demo_films_become_bones(logic: ReconstructionLogic, parameters: ReconstructionParameters) -> None:
    parameters.ap_volume, parameters.lateral_volume = demo_film("ap"), demo_film("lateral")
    # The phantom's films really have pixels of 1 mm.
    parameters.accept_assumed_spacing = True
    watcher = _Watcher(print)
    faults = logic.start(parameters, watcher)
    assert not faults, faults
    until = time.monotonic() + _TIMEOUT_SECONDS
    while watcher.outcome is None:
        assert time.monotonic() < until, "the reconstruction took too long"
        slicer.app.processEvents()
        time.sleep(0.02)
    assert watcher.outcome.node is not None, watcher.outcome.message
    assert watcher.fractions == sorted(watcher.fractions)
    assert watcher.outcome.node.GetAttribute("SwinX2S.ap_sha256")


class _Watcher:
    """Remembers what a run tells (`RunObserver`)."""

    def __init__(self, say: Callable[[str], None]):
        self._say = say
        self.fractions: list[float] = []
        self.outcome: Outcome | None = None

    def on_started(self, name: str) -> None:
        self._say(f"Started: {name}")

    def on_seconds(self, seconds: Mapping[str, float]) -> None:
        self._say(f"It took {seconds.get('total', 0):.1f} s")

    def on_progress(self, fraction: float, message: str) -> None:
        self.fractions.append(fraction)
        self._say(f"{fraction:.0%} {message}")

    def on_log(self, line: str) -> None:
        self._say(line)

    def on_finished(self, outcome: Outcome) -> None:
        self.outcome = outcome
