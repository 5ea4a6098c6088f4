"""Only a frontal radiograph, in the panel: what is asked for, the job, and the real worker's result."""

import json
import shutil

from scene_state import segmentations

from SwinX2SLib.slicerui.measurements.commands import PROVENANCE, SegmentationCommand
from SwinX2SLib.slicerui.result.links import RADIOGRAPH_PLANE, linked, remarks_of
from SwinX2SLib.slicerui.samples import demo_radiograph


def test_a_lateral_radiograph_is_asked_for_only_where_it_is_used(panel, add_radiograph):
    panel.ui.apSelector.setCurrentNode(add_radiograph("front", seed=1))
    assert "No lateral radiograph is selected" in panel.ui.faultsLabel.text
    panel.ui.onlyFrontalBox.checked = True
    assert panel.parameters.only_frontal
    assert panel.ui.faultsLabel.text == ""
    assert panel.ui.reconstructButton.enabled
    offered = ("lateralSelector", "swapButton", "lateralPage", "heightsPage")
    assert not any(getattr(panel.ui, name).enabled for name in offered)
    panel.ui.onlyFrontalBox.checked = False
    assert all(getattr(panel.ui, name).enabled for name in offered)
    assert "No lateral radiograph is selected" in panel.ui.faultsLabel.text


def test_what_is_wrong_with_an_unused_lateral_radiograph_does_not_matter(panel, add_radiograph):
    panel.ui.apSelector.setCurrentNode(add_radiograph("front", seed=1))
    panel.ui.lateralSelector.setCurrentNode(add_radiograph("side", spacing_mm=1.0, seed=2))
    assert panel.ui.faultsLabel.text != ""
    panel.ui.onlyFrontalBox.checked = True
    assert panel.ui.faultsLabel.text == ""


def test_the_job_has_no_lateral_radiograph(
    panel, radiograph_pair, use_worker, spin_until, bones_file, tmp_path
):
    panel.ui.onlyFrontalBox.checked = True
    panel.parameters.lateral_flip = "h"
    kept = tmp_path / "kept.json"
    use_worker("shutil.copy(sys.argv[1], kept)\nfinish(labels)", labels=bones_file, kept=str(kept))
    panel.ui.reconstructButton.click()
    spin_until(lambda: not panel.ui.cancelButton.enabled)
    job = json.loads(kept.read_text("utf-8"))
    assert job["lateral"] is None
    assert job["lateral_options"]["flip"] == ""
    (node,) = segmentations()
    assert node.GetAttribute("SwinX2S.ap_volume") == "radiograph front"
    assert node.GetAttribute("SwinX2S.lateral_volume") is None


def test_the_real_worker_shows_bones_on_the_only_radiograph(panel, spin_until, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    panel.ui.apSelector.setCurrentNode(demo_radiograph("ap", "torso"))
    panel.ui.onlyFrontalBox.checked = True
    panel.ui.reconstructButton.click()
    assert panel.ui.faultsLabel.text == ""
    spin_until(lambda: not panel.ui.cancelButton.enabled, seconds=900)
    (node,) = segmentations()
    assert node is not None, panel.ui.statusLabel.text + panel.ui.logEdit.plainText
    assert node.GetSegmentation().GetNumberOfSegments() > 10
    assert json.loads(node.GetAttribute("SwinX2S.views")) == ["ap"]
    assert linked(node, RADIOGRAPH_PLANE, radiograph="ap")
    assert not linked(node, RADIOGRAPH_PLANE, radiograph="lateral")
    assert any("Only a frontal radiograph was used" in words for words in remarks_of(node))
    # The process that measures gets to know it, too.
    seen = {}
    command = SegmentationCommand(node, lambda line: None, lambda *ending: None)

    def start(self, arguments):
        seen.update(json.loads((self._folder / PROVENANCE).read_text("utf-8")))

    monkeypatch.setattr(SegmentationCommand, "_start", start)
    command.measure()
    assert seen["views"] == ["ap"]
    shutil.rmtree(command._folder)
