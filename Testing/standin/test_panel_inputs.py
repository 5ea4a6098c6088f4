"""The panel before a run: what it shows of the radiographs, and all faults at once."""

import subprocess
import sys

import numpy as np
import qt
import slicer
from radiographs import radiograph_array

from SwinX2SLib.slicerui.installer import InstallError


def test_the_module_is_in_the_category_segmentation(desktop):
    assert desktop.parent.title == "SwinX2S: bones from biplanar radiographs"
    assert desktop.parent.categories == ["Segmentation"]
    assert not desktop.parent.icon.isNull()


def test_without_radiographs_both_are_asked_for(panel, shown_faults):
    shown = shown_faults()
    assert "No frontal radiograph is selected" in shown
    assert "No lateral radiograph is selected" in shown


def test_one_volume_for_both_radiographs_is_refused(panel, add_radiograph, shown_faults):
    radiograph = add_radiograph("radiograph")
    panel.ui.apSelector.setCurrentNode(radiograph)
    panel.ui.lateralSelector.setCurrentNode(radiograph)
    assert "Both radiographs use the same volume" in shown_faults()


def test_a_volume_of_many_slices_is_no_radiograph(panel, add_radiograph, shown_faults):
    panel.ui.apSelector.setCurrentNode(add_radiograph("radiograph"))
    panel.ui.lateralSelector.setCurrentNode(add_radiograph("ct", array=np.zeros((20, 64, 64), np.int16)))
    assert "ct: The volume has 64 x 64 x 20 voxels and is not a single radiograph" in shown_faults()
    assert panel.ui.lateralInfoLabel.text == "", "the fault stands in the list only"


def test_size_spacing_and_its_source_are_shown(panel, radiograph_pair):
    assert panel.ui.apInfoLabel.text == "160 x 240 pixels, 1.5 mm, from the volume's geometry"
    panel.ui.apSpacingBox.value = 0.25
    assert panel.ui.apInfoLabel.text == "160 x 240 pixels, 0.25 mm, set manually"
    assert panel.ui.lateralInfoLabel.text == "160 x 240 pixels, 1.5 mm, from the volume's geometry"


def test_an_assumed_millimetre_is_refused_until_the_user_accepts_it(panel, add_radiograph, shown_faults):
    panel.ui.apSelector.setCurrentNode(add_radiograph("front", spacing_mm=1.0, seed=1))
    panel.ui.lateralSelector.setCurrentNode(add_radiograph("side", spacing_mm=1.0, seed=2))
    assert panel.ui.apInfoLabel.text == "160 x 240 pixels", "the fault stands in the list only"
    assert panel.ui.acceptSpacingBox.visible
    shown = shown_faults()
    assert "front: The pixel size is unknown; Slicer assumed 1 mm." in shown
    assert "side: The pixel size is unknown; Slicer assumed 1 mm." in shown
    panel.logic._make_command = lambda: [sys.executable, "-c", "pass"]
    panel.ui.acceptSpacingBox.checked = True
    panel.ui.reconstructButton.click()
    assert panel.logic.is_running()


def test_another_radiograph_withdraws_the_consent(panel, add_radiograph):
    panel.ui.apSelector.setCurrentNode(add_radiograph("front", spacing_mm=1.0))
    panel.ui.acceptSpacingBox.checked = True
    assert panel.parameters.accept_assumed_spacing
    panel.ui.apSelector.setCurrentNode(add_radiograph("another", spacing_mm=1.0))
    assert not panel.parameters.accept_assumed_spacing
    assert not panel.ui.acceptSpacingBox.checked


def test_every_fault_of_both_radiographs_is_told_at_once(panel, add_radiograph, shown_faults):
    broken = radiograph_array().astype(np.float32)
    broken[5, 7] = np.nan
    panel.ui.apSelector.setCurrentNode(add_radiograph("front", spacing_mm=1.0, array=broken))
    panel.ui.lateralSelector.setCurrentNode(add_radiograph("side", array=np.full((240, 160), 9, np.uint16)))
    shown = shown_faults()
    assert "front: The pixel size is unknown; Slicer assumed 1 mm." in shown
    assert "front: 1 pixels are not finite" in shown
    assert "side: The radiograph is empty" in shown
    assert "--" not in shown


def test_radiographs_of_different_height_are_told_in_the_panel_wording(panel, add_radiograph, shown_faults):
    panel.ui.apSelector.setCurrentNode(add_radiograph("front", seed=1))
    panel.ui.lateralSelector.setCurrentNode(add_radiograph("side", array=radiograph_array(rows=200, seed=2)))
    shown = shown_faults()
    assert "side: The frontal radiograph is 360 mm high" in shown
    assert "--" not in shown


def test_faults_go_away_when_they_are_corrected(panel, radiograph_pair, shown_faults):
    panel.ui.apSpacingBox.value = 9.0
    assert "front" in shown_faults()
    panel.ui.apSpacingBox.value = 0.0
    assert panel.ui.faultsLabel.text == ""
    assert not panel.ui.faultsLabel.visible
    assert panel.ui.reconstructButton.enabled


def test_choices_are_kept_in_the_parameter_node(panel, radiograph_pair):
    panel.ui.deviceBox.currentIndex = 2
    panel.ui.lateralSpacingBox.value = 0.4
    node = slicer.mrmlScene.GetSingletonNode("SwinX2S", "vtkMRMLScriptedModuleNode")
    assert node.GetParameter("device") == "CUDA"
    assert float(node.GetParameter("lateral_spacing_mm")) == 0.4
    assert node.GetNodeReference("ap_volume") is radiograph_pair[0]
    node.SetParameter("device", "CPU")
    assert panel.ui.deviceBox.currentText == "CPU"


def test_a_model_that_is_not_here_any_more_becomes_the_default(panel):
    panel.parameters.model = "long-gone"
    assert panel.parameters.model == "default"
    assert panel.ui.modelBox.currentText == "default"


def test_refusing_the_installation_is_told_and_nothing_is_left(panel, radiograph_pair):
    class Refusing:
        def ensure(self):
            raise InstallError("The Python packages were not installed.", "Click again and confirm.")

    panel.logic._installer = Refusing()
    panel.ui.reconstructButton.click()
    assert panel.ui.statusLabel.text == "The Python packages were not installed. Click again and confirm."
    assert not panel.logic.is_running()
    assert panel.ui.reconstructButton.enabled


_LOAD_WITH_BLOCKED_PACKAGES = """
import sys
from pathlib import Path
repository, temporary = Path(sys.argv[1]), sys.argv[2]
for folder in ("Testing/standin/desktop", "Testing/slicer"):
    sys.path.insert(0, str(repository / folder))

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in BLOCKED:
            raise ModuleNotFoundError(f"{name} is blocked", name=name)

BLOCKED = {"torch", "timm", "monai", "nrrd", "nibabel", "trimesh", "psutil", "rich", "jinja2", "safetensors"}
BLOCKED |= {"pydicom", "matplotlib", "PIL", "pylibjpeg", "scipy"}
sys.meta_path.insert(0, Blocker())
import slicer_desktop
slicer_desktop.boot(temporary)
slicer_desktop.load_module(repository / "SwinX2S" / "SwinX2S.py").widgetRepresentation()
import slicer
ui = slicer.modules.SwinX2SWidget.panel.sections["reconstruct"].ui
print(ui.faultsLabel.text)
import os
sys.stdout.flush()
os._exit(0)
"""


def test_the_module_loads_before_any_of_its_packages_are_installed(repository, tmp_path):
    command = [sys.executable, "-c", _LOAD_WITH_BLOCKED_PACKAGES, str(repository), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "No frontal radiograph is selected" in done.stdout, done.stderr


def _words_shown(panel) -> str:
    """Return all that the labels of the tab Radiographs say."""
    sections = (panel.whole.sections[name] for name in ("inputs", "reconstruct"))
    widgets = [widget for section in sections for widget in vars(section.ui).values()]
    return "\n".join(widget.text for widget in widgets if isinstance(widget, qt.QLabel) and widget.visible)


def test_each_fault_stands_in_one_place_only(panel, add_radiograph):
    panel.ui.apSelector.setCurrentNode(add_radiograph("front", spacing_mm=1.0, seed=1))
    panel.ui.lateralSelector.setCurrentNode(add_radiograph("ct", array=np.zeros((20, 64, 64), np.int16)))
    words = _words_shown(panel)
    assert words.count("assumed") == 1
    assert words.count("not a single radiograph") == 1
    panel.ui.acceptSpacingBox.checked = True
    assert "assumed by Slicer" in panel.ui.apInfoLabel.text
    assert "The pixel size is unknown" not in _words_shown(panel)


def test_a_fault_that_the_worker_reports_stands_in_the_list_only(panel, run_worker):
    run_worker('tell(event="error", kind="spacing", message="Odd pixels.", hint="Measure.", path=job["ap"])')
    assert _words_shown(panel).count("Odd pixels.") == 1
    assert panel.ui.statusLabel.text == "The worker reported a problem."
