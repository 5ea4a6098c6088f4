"""The panel with real child processes that do well: result, job, progress, cancel, one run after another."""

import json
import sys
import time
from itertools import pairwise

import psutil
import qt
import slicer
from scene_state import leftovers, segmentations
from workers import FOREVER

from SwinX2SLib.anatomy import labels
from SwinX2SLib.reconstruct.verdict import BoneVerdict, Verdict


def test_the_bones_arrive_beside_the_radiographs_with_where_they_come_from(
    panel, radiograph_pair, run_worker, bones_file
):
    hierarchy = slicer.mrmlScene.GetSubjectHierarchyNode()
    study = hierarchy.CreateStudyItem(hierarchy.GetSceneItemID(), "Study of 21 November")
    for radiograph in radiograph_pair:
        hierarchy.CreateItem(study, radiograph)
    run_worker(
        """
        tell(event="progress", fraction=0.5, message="Reconstructing")
        spacing_mm = {"row": 1.5, "column": 1.5}
        radiographs = {role: {"sha256": role + "-hash", "spacing_mm": spacing_mm} for role in ("ap", "lateral")}
        finish(labels, model={"name": "fused-nano", "sha256": "model-hash"}, inputs=radiographs, device="cpu")
        """,
        labels=bones_file,
    )
    (node,) = segmentations()
    assert node.GetSegmentation().GetNumberOfSegments() == len(labels())
    assert node.GetName() == "radiograph front bones"
    assert hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node)) == study
    expected = {"model": "fused-nano", "model_sha256": "model-hash", "device": "cpu"}
    expected |= {"ap_sha256": "ap-hash", "lateral_sha256": "lateral-hash", "ap_spacing_mm_row": "1.5"}
    expected |= {"lateral_volume": "radiograph side", "ap_spacing_source": "from the volume's geometry"}
    assert {name: node.GetAttribute(f"SwinX2S.{name}") for name in expected} == expected
    assert node.GetNodeReference("SwinX2S.lateral") is radiograph_pair[1]
    assert panel.ui.progressBar.value == 100
    assert panel.ui.statusLabel.text == "54 bones were reconstructed: radiograph front bones."
    assert slicer.app.layoutManager().three_d_resets == 0, "it would undo the framed view"
    assert leftovers() == []


def test_a_result_that_must_not_be_relied_on_says_so_once_above_all_tabs(
    panel, radiograph_pair, run_worker, bones_file
):
    run_worker('tell(event="result", files={"labels": labels})', labels=str(bones_file))
    (node,) = segmentations()
    banner, selector = panel.whole.banner, panel.ui.resultSelector
    assert banner.isHidden()
    verdict, other = Verdict("reject", {"sacrum": BoneVerdict("reject", 0.1)}), "Missing vertebrae: T5."
    node.SetAttribute("SwinX2S.remarks", json.dumps([other]))
    node.SetAttribute("SwinX2S.verdict", json.dumps(verdict.to_json()))
    selector.setCurrentNode(None)
    selector.setCurrentNode(node)
    assert (banner.text, banner.isHidden()) == (verdict.alarm, False)
    assert other in panel.ui.remarksLabel.text
    assert "Verdict" not in panel.ui.remarksLabel.text
    assert panel.ui.verdictLabel.text.count(">✕<") == 1
    assert "Verdict: reject" not in panel.ui.verdictLabel.text
    selector.setCurrentNode(None)
    assert banner.isHidden()


def test_notes_of_a_result_are_shown_without_being_looked_for(panel, radiograph_pair, run_worker, bones_file):
    assert panel.ui.logSection.collapsed
    note = "Do not rely on this reconstruction: the network has low confidence in 3 of 5 bones."
    run_worker(
        """
        tell(event="result", files={"labels": labels}, notes=[note])
        """,
        labels=str(bones_file),
        note=note,
    )
    assert panel.ui.statusLabel.text.endswith("Please note: see the log below.")
    assert not panel.ui.logSection.collapsed
    assert note in panel.ui.logEdit.plainText


def test_the_job_says_what_the_user_chose(panel, radiograph_pair, run_worker, tmp_path):
    panel.ui.apViewBox.currentIndex = 1
    panel.ui.lateralFlipSidesButton.click()
    panel.ui.deviceBox.currentIndex = 1
    panel.ui.apSpacingBox.value = 1.25
    panel.ui.lateralSpacingBox.value = 1.25
    run_worker("shutil.copy(sys.argv[1], kept)", kept=str(tmp_path / "kept.json"))
    job = json.loads((tmp_path / "kept.json").read_text())
    assert (job["ap_view"], job["device"], job["model"]) == ("pa", "cpu", "default")
    assert job["ap_options"]["spacing_mm"] == job["lateral_options"]["spacing_mm"] == 1.25
    assert (job["ap_options"]["flip"], job["lateral_options"]["flip"]) == ("", "h")
    assert job["also_ct"] is False


def test_a_ct_can_be_asked_for_where_there_are_weights_for_it(
    panel, radiograph_pair, run_worker, tmp_path, monkeypatch
):
    section = panel.whole.sections["reconstruct"]
    module, box = sys.modules[type(section).__module__], panel.ui.alsoCtBox
    monkeypatch.setattr(module, "has_ct_weights", lambda: False)
    section.refresh()
    assert not box.enabled
    assert "no weights that reconstruct a CT" in box.toolTip
    monkeypatch.setattr(module, "has_ct_weights", lambda: True)
    section.refresh()
    assert box.enabled
    assert "not for diagnosis" in box.toolTip
    box.click()
    run_worker("shutil.copy(sys.argv[1], kept)", kept=str(tmp_path / "kept.json"))
    job = json.loads((tmp_path / "kept.json").read_text())
    assert (job["also_ct"], job["ct_model"]) == (True, "default")


def test_progress_moves_while_the_event_loop_lives(
    panel, radiograph_pair, use_worker, spin_until, bones_file
):
    use_worker(
        """
        for step in range(1, 5):
            tell(event="progress", fraction=step / 5, message=f"Step {step}")
            time.sleep(0.15)
        finish(labels)
        """,
        labels=bones_file,
    )
    seen, beats, beat = [], [], qt.QTimer()
    panel.ui.progressBar.valueChanged.connect(seen.append)
    beat.timeout.connect(lambda: beats.append(time.monotonic()))
    panel.ui.reconstructButton.click()
    beat.start(10)
    assert panel.logic.is_running()
    assert panel.ui.reconstructButton.text == "Add to queue"
    assert panel.ui.cancelButton.enabled
    spin_until(lambda: panel.ui.progressBar.value >= 80)
    waits = [later - earlier for earlier, later in pairwise(beats)]
    spin_until(lambda: not panel.ui.cancelButton.enabled)
    beat.stop()
    assert [value for value in seen if value] == [20, 40, 60, 80, 100]
    assert len(beats) > 20
    assert max(waits) < 0.5


def test_cancel_ends_the_whole_process_tree(panel, radiograph_pair, use_worker, spin_until, tmp_path):
    use_worker(
        """
        code = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(600)"
        child = subprocess.Popen([sys.executable, "-c", code, pid_file + ".part"])
        while not os.path.exists(pid_file + ".part") or not open(pid_file + ".part").read():
            time.sleep(0.01)
        os.rename(pid_file + ".part", pid_file)
        time.sleep(600)
        """,
        pid_file=str(tmp_path / "pid"),
    )
    panel.ui.reconstructButton.click()
    spin_until((tmp_path / "pid").exists)
    grandchild = psutil.Process(int((tmp_path / "pid").read_text()))
    child = grandchild.parent()
    panel.ui.cancelButton.click()
    spin_until(lambda: not panel.ui.cancelButton.enabled)
    spin_until(lambda: not any(_alive(process) for process in (child, grandchild)))
    assert panel.ui.statusLabel.text == "Cancelled."
    assert panel.ui.progressBar.value == 0
    assert segmentations() == []
    assert leftovers() == []


def _alive(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_second_run_follows_a_cancelled_one(
    panel, radiograph_pair, use_worker, run_worker, spin_until, bones_file
):
    use_worker(FOREVER)
    panel.ui.reconstructButton.click()
    spin_until(lambda: panel.ui.progressBar.value == 30)
    panel.ui.cancelButton.click()
    spin_until(lambda: not panel.ui.cancelButton.enabled)
    run_worker("finish(labels)", labels=bones_file)
    run_worker("finish(labels)", labels=bones_file)
    assert [node.GetName() for node in segmentations()] == [
        "radiograph front bones",
        "radiograph front bones_1",
    ]


def test_runs_queue_and_take_the_radiographs_as_they_were_when_asked(
    panel, radiograph_pair, use_worker, spin_until, bones_file, tmp_path
):
    use_worker(
        """
        seen = Path(kept) / (str(len(os.listdir(kept))) + ".json")
        shutil.copy(sys.argv[1], seen)
        while not os.path.exists(go):
            time.sleep(0.01)
        finish(labels)
        """,
        labels=bones_file,
        go=str(tmp_path / "go"),
        kept=str(tmp_path / "kept"),
    )
    (tmp_path / "kept").mkdir()
    panel.ui.reconstructButton.click()
    panel.ui.apFlipSidesButton.click()
    panel.ui.reconstructButton.click()
    panel.ui.apFlipSidesButton.click()
    assert panel.ui.queueLabel.text == "1 waiting"
    (tmp_path / "go").touch()
    spin_until(lambda: len(segmentations()) == 2)
    spin_until(lambda: not panel.ui.cancelButton.enabled)
    jobs = [json.loads((tmp_path / "kept" / f"{number}.json").read_text()) for number in range(2)]
    assert [job["ap_options"]["flip"] for job in jobs] == ["", "h"]
    assert not panel.ui.queueLabel.visible
    assert leftovers() == []


def test_closing_the_scene_gives_up_the_runs_that_wait(panel, radiograph_pair, use_worker, spin_until):
    use_worker(FOREVER)
    panel.ui.reconstructButton.click()
    panel.ui.reconstructButton.click()
    slicer.mrmlScene.Clear(0)
    spin_until(lambda: not panel.ui.cancelButton.enabled)
    assert panel.logic.waiting() == 0
    assert leftovers() == []


def test_how_long_it_takes_is_told_before_and_remembered_after(
    panel, radiograph_pair, run_worker, bones_file
):
    assert "CPU" in panel.ui.expectationLabel.text
    assert "estimated" in panel.ui.expectationLabel.text
    run_worker(
        """
        out = Path(job["out"])
        out.mkdir(parents=True)
        shutil.copy(labels, out / "labels.nii.gz")
        tell(event="result", files={"labels": str(out / "labels.nii.gz")}, seconds={"total": 301.0})
        """,
        labels=bones_file,
    )
    assert "about 5 min (as in the last run)" in panel.ui.expectationLabel.text
    assert "This is slow" in panel.ui.expectationLabel.text


def test_a_card_that_does_not_answer_is_told_and_nothing_else_is_taken(panel, radiograph_pair):
    panel.ui.deviceBox.currentIndex = 2
    assert "no NVIDIA GPU is available" in panel.ui.expectationLabel.text
