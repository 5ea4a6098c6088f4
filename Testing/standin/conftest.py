"""Fixtures: Slicer's desktop as far as the module needs it, the module loaded in it, and radiographs."""

import json
import sys
import time
import types
from pathlib import Path

import numpy as np
import pytest

_HERE = Path(__file__).parent
for _folder in (_HERE, _HERE / "desktop", _HERE.parent / "slicer"):
    sys.path.insert(0, str(_folder))

import qt  # noqa: E402
import slicer  # noqa: E402
import slicer.util  # noqa: E402
import slicer_desktop  # noqa: E402
from block_bones import block_bones, write_labels  # noqa: E402
from radiographs import radiograph_array  # noqa: E402
from whole_result import write_whole_result  # noqa: E402
from workers import worker_script  # noqa: E402

PANEL_MODULE = _HERE.parents[1] / "SwinX2S" / "SwinX2S.py"


@pytest.fixture(scope="session")
def desktop(tmp_path_factory):
    slicer_desktop.boot(str(tmp_path_factory.mktemp("slicer")))
    return slicer_desktop.load_module(PANEL_MODULE)


@pytest.fixture
def slot_errors(monkeypatch):
    """Exceptions in slots: Qt prints them and goes on, so the test has to look."""
    errors = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, trace: errors.append(error))
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: errors.append(unraisable.exc_value))
    yield errors
    assert not errors, f"exceptions in slots: {errors}"


@pytest.fixture
def module_widget(desktop, slot_errors):
    """The module's widget, new, on an empty scene; Qt's warnings and missing widgets fail the test."""
    slicer.mrmlScene.Clear(1)
    slicer.app.userSettings().clear()
    qt.messages.clear()
    desktop.widgetRepresentation().show()
    slicer.modules.SwinX2SWidget.enter()
    yield slicer.modules.SwinX2SWidget
    desktop.unload()
    spin(0.05)
    slicer.mrmlScene.Clear(1)
    assert not list(Path(slicer.app.temporaryPath).glob("SwinX2S-*"))
    assert not qt.missing_widgets, f"the .ui file names unknown widgets: {qt.missing_widgets}"
    assert not qt.messages, f"Qt warned: {qt.messages}"


class SeenPanel:
    """The panel as tests use it: the widgets of all its sections, its parameters and its logic."""

    def __init__(self, panel):
        self.whole = panel
        self.ui = types.SimpleNamespace()
        for section in panel.sections.values():
            vars(self.ui).update(vars(section.ui))

    @property
    def parameters(self):
        return self.whole.parameters

    @property
    def logic(self):
        return self.whole.services.logic


@pytest.fixture
def panel(module_widget):
    """The panel; it does not measure by itself, which would start a process after each run."""
    seen = SeenPanel(module_widget.panel)
    seen.ui.measuredAutomaticBox.checked = False
    return seen


@pytest.fixture
def library_kept():
    """Put the library's modules back after they were loaded anew: other tests hold classes of the first ones."""
    kept = {name: module for name, module in sys.modules.items() if name.split(".")[0] == "SwinX2SLib"}
    yield
    for name in [name for name in sys.modules if name.split(".")[0] == "SwinX2SLib"]:
        del sys.modules[name]
    sys.modules.update(kept)


@pytest.fixture
def seen():
    return SeenPanel


def spin(seconds: float) -> None:
    """Let the event loop run."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        qt.QApplication.processEvents()
        time.sleep(0.005)


def spin_until(condition, seconds: float = 20.0) -> None:
    """Let the event loop run until something is so."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        qt.QApplication.processEvents()
        time.sleep(0.005)


@pytest.fixture(name="spin")
def _spin():
    return spin


@pytest.fixture(name="spin_until")
def _spin_until():
    return spin_until


@pytest.fixture
def add_radiograph():
    """Add a radiograph to the scene as Slicer loads a picture: one slice, IJKToRAS diag(-s, -s, s)."""

    def add(name: str, spacing_mm: float = 1.5, array: np.ndarray | None = None, seed: int = 0):
        pixels = radiograph_array(seed=seed) if array is None else array
        geometry = np.diag([-spacing_mm, -spacing_mm, spacing_mm, 1.0])
        volume = pixels[np.newaxis] if pixels.ndim == 2 else pixels
        return slicer.util.addVolumeFromArray(volume, ijkToRAS=geometry, name=name)

    return add


@pytest.fixture
def radiograph_pair(panel, add_radiograph):
    """A frontal and a lateral radiograph of one size, chosen in the panel."""
    radiographs = add_radiograph("radiograph front", seed=1), add_radiograph("radiograph side", seed=2)
    panel.ui.apSelector.setCurrentNode(radiographs[0])
    panel.ui.lateralSelector.setCurrentNode(radiographs[1])
    return radiographs


@pytest.fixture(scope="session")
def bones_file(tmp_path_factory):
    return str(write_labels(tmp_path_factory.mktemp("bones") / "labels.nii.gz", block_bones()))


@pytest.fixture
def use_worker(panel, tmp_path):
    """Let the panel's logic start a worker of the test's own."""

    def use(body: str, **values: object):
        # Another body needs another process.
        panel.logic.stop_idle_worker()
        panel.logic._make_command = worker_script(tmp_path, body, **values)

    return use


@pytest.fixture
def inputs(panel):
    """The section Inputs, showing its radiographs."""
    panel.ui.showRadiographsButton.checked = True
    return panel.whole.sections["inputs"]


@pytest.fixture
def told_job(panel, monkeypatch):
    """What the worker is asked to do."""
    jobs, start = [], panel.logic._worker.start

    def read_and_start(job, run):
        jobs.append(json.loads(job.read_text()))
        start(job, run)

    monkeypatch.setattr(panel.logic._worker, "start", read_and_start)
    panel.logic._make_command = lambda: [sys.executable, "-c", "pass"]
    return jobs


@pytest.fixture
def run_worker(panel, radiograph_pair, use_worker, spin_until):
    """Click Reconstruct with such a worker and wait for the end."""

    def run(body: str, **values: object):
        use_worker(body, **values)
        panel.ui.reconstructButton.click()
        assert panel.ui.faultsLabel.text == ""
        spin_until(lambda: not panel.ui.cancelButton.enabled)

    return run


@pytest.fixture
def slice_views():
    """The slice views of Slicer's application that show a coronal and a sagittal plane, with a background."""
    background = slicer.util.addVolumeFromArray(np.zeros((4, 4, 4), np.uint8), name="background")
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(slicer.mrmlScene)
    for name in ("Green", "Yellow"):
        view = slicer.mrmlScene.CreateNodeByClass("vtkMRMLSliceNode")
        view.UnRegister(None)
        composite = slicer.vtkMRMLSliceCompositeNode()
        for node in (view, composite):
            node.SetLayoutName(name)
            node.SetSingletonTag(name)
            slicer.mrmlScene.AddNode(node)
        composite.SetBackgroundVolumeID(background.GetID())
        view.SetSliceOffset(7.0)
        view.SetFieldOfView(123.0, 45.0, 1.0)
    return background


@pytest.fixture(scope="session")
def result_folder(tmp_path_factory) -> Path:
    """A whole result of block bones as the worker writes it."""
    return write_whole_result(tmp_path_factory.mktemp("whole") / "out", block_bones())


@pytest.fixture
def shown_faults(panel):
    """Return the list of faults that is shown; nothing can be started while there is one."""

    def look() -> str:
        assert not panel.ui.reconstructButton.enabled
        assert not panel.logic.is_running()
        return panel.ui.faultsLabel.text

    return look
