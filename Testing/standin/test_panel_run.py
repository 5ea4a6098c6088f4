"""The panel with real child processes: result, cancel, crash, garbage, closed scene, reload."""

import json
import sys
import time
from itertools import pairwise
from pathlib import Path

import psutil
import pytest
import qt
import slicer
from block_bones import block_bones, write_labels
from workers import worker_script

from SwinX2SLib.anatomy import labels

FOREVER = "tell(event='progress', fraction=0.3, message='Waiting')\ntime.sleep(600)\n"


@pytest.fixture(scope="session")
def bones_file(tmp_path_factory):
    return str(write_labels(tmp_path_factory.mktemp("bones") / "labels.nii.gz", block_bones()))


@pytest.fixture
def use_worker(panel, tmp_path):
    """Let the panel's logic start a worker of the test's own."""

    def use(body: str, **values: object):
        panel.logic._make_command = worker_script(tmp_path, body, **values)

    return use


@pytest.fixture
def run_worker(panel, film_pair, use_worker, spin_until):
    """Click Reconstruct with such a worker and wait for the end."""

    def run(body: str, **values: object):
        use_worker(body, **values)
        panel.ui.reconstructButton.click()
        assert panel.ui.faultsLabel.text == ""
        spin_until(lambda: panel.ui.reconstructButton.enabled)

    return run


def segmentations() -> list:
    nodes = slicer.mrmlScene.GetNodesByClass("vtkMRMLSegmentationNode")
    return [nodes.GetItemAsObject(index) for index in range(nodes.GetNumberOfItems())]


def leftovers() -> list[Path]:
    return list(Path(slicer.app.temporaryPath).glob("SwinX2S-*"))


def test_the_bones_arrive_beside_the_films_with_where_they_come_from(
    panel, film_pair, run_worker, bones_file
):
    hierarchy = slicer.mrmlScene.GetSubjectHierarchyNode()
    study = hierarchy.CreateStudyItem(hierarchy.GetSceneItemID(), "Study of 21 November")
    for film in film_pair:
        hierarchy.CreateItem(study, film)
    run_worker(
        """
        tell(event="progress", fraction=0.5, message="Reconstructing")
        films = {role: {"sha256": role + "-hash", "spacing_mm": [1.5, 1.5]} for role in ("ap", "lateral")}
        finish(labels, model={"name": "fused-nano", "sha256": "model-hash"}, inputs=films, device="cpu")
        """,
        labels=bones_file,
    )
    (node,) = segmentations()
    assert node.GetSegmentation().GetNumberOfSegments() == len(labels())
    assert node.GetName() == "film front bones"
    assert hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node)) == study
    expected = {"model": "fused-nano", "model_sha256": "model-hash", "device": "cpu"}
    expected |= {"ap_sha256": "ap-hash", "lateral_sha256": "lateral-hash", "ap_spacing_mm": "[1.5, 1.5]"}
    expected |= {"lateral_volume": "film side", "ap_spacing_source": "from the volume's geometry"}
    assert {name: node.GetAttribute(f"SwinX2S.{name}") for name in expected} == expected
    assert node.GetNodeReference("SwinX2S.lateral") is film_pair[1]
    assert panel.ui.progressBar.value == 100
    assert panel.ui.statusLabel.text == "54 bones were reconstructed: film front bones."
    assert slicer.app.layoutManager().three_d_resets > 0
    assert leftovers() == []


def test_the_job_says_what_the_user_chose(panel, film_pair, run_worker, tmp_path):
    panel.ui.apViewBox.currentIndex = 1
    panel.ui.lateralFacingBox.currentIndex = 1
    panel.ui.deviceBox.currentIndex = 1
    panel.ui.apSpacingBox.value = 1.25
    panel.ui.lateralSpacingBox.value = 1.25
    run_worker("shutil.copy(sys.argv[1], kept)", kept=str(tmp_path / "kept.json"))
    job = json.loads((tmp_path / "kept.json").read_text())
    assert (job["ap_view"], job["device"], job["model"]) == ("pa", "cpu", "default")
    assert job["ap_options"]["spacing_mm"] == job["lateral_options"]["spacing_mm"] == 1.25
    assert (job["ap_options"]["flip"], job["lateral_options"]["flip"]) == ("", "h")


def test_progress_moves_while_the_event_loop_lives(panel, film_pair, use_worker, spin_until, bones_file):
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
    assert not panel.ui.reconstructButton.enabled
    assert panel.ui.cancelButton.enabled
    spin_until(lambda: panel.ui.progressBar.value >= 80)
    waits = [later - earlier for earlier, later in pairwise(beats)]
    spin_until(lambda: panel.ui.reconstructButton.enabled)
    beat.stop()
    assert [value for value in seen if value] == [20, 40, 60, 80, 100]
    assert len(beats) > 20
    assert max(waits) < 0.5


def test_cancel_ends_the_whole_process_tree(panel, film_pair, use_worker, spin_until, tmp_path):
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
    spin_until(lambda: panel.ui.reconstructButton.enabled)
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
    panel, film_pair, use_worker, run_worker, spin_until, bones_file
):
    use_worker(FOREVER)
    panel.ui.reconstructButton.click()
    spin_until(lambda: panel.ui.progressBar.value == 30)
    panel.ui.cancelButton.click()
    spin_until(lambda: panel.ui.reconstructButton.enabled)
    run_worker("finish(labels)", labels=bones_file)
    run_worker("finish(labels)", labels=bones_file)
    assert [node.GetName() for node in segmentations()] == ["film front bones", "film front bones_1"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", ["crashed", "SIGSEGV"]),
        ("os.kill(os.getpid(), signal.SIGKILL)", ["SIGKILL", "memory"]),
        ("print('no such layer', file=sys.stderr)\nsys.exit(3)", ["exit code 3", "no such layer"]),
        ("pass", ["without a result"]),
        ("raise RuntimeError('out of luck')", ["exit code 1", "out of luck"]),
        ("tell(event='result', files={'report': 'x'})", ["names no segmentation"]),
        (
            "tell(event='result', files={'labels': '/nowhere/labels.nii.gz'})",
            ["/nowhere/labels.nii.gz", "no such"],
        ),
        ("tell(event='result', files={'segmentation': __file__})", ["cannot be read"]),
    ],
)
def test_a_worker_that_fails_is_told_in_words(panel, run_worker, body, told):
    run_worker(body)
    for words in told:
        assert words in panel.ui.statusLabel.text
    assert segmentations() == []
    assert leftovers() == []
    assert not panel.ui.logSection.collapsed
    assert not panel.ui.cancelButton.enabled


def test_all_faults_that_the_worker_tells_are_listed_in_the_modules_words(panel, run_worker):
    run_worker(
        """
        tell(event="error", kind="spacing", message="Odd pixels.", hint="Correct --spacing-mm.", path=job["ap"])
        tell(event="error", kind="memory", message="Too little memory.", hint="Choose a smaller model (--model).")
        sys.exit(3)
        """
    )
    shown = panel.ui.faultsLabel.text
    assert "film front: Odd pixels. Correct Pixel size." in shown
    assert "Too little memory. Choose a smaller model." in shown
    assert panel.ui.statusLabel.text == "The worker found 2 faults."


def test_a_command_that_does_not_exist_is_told(panel, film_pair, spin_until):
    panel.logic._make_command = lambda _job: ["/nowhere/python", "worker"]
    panel.ui.reconstructButton.click()
    spin_until(lambda: panel.ui.reconstructButton.enabled)
    assert "could not be started" in panel.ui.statusLabel.text
    assert leftovers() == []


def test_garbage_on_the_workers_output_is_log_and_does_no_harm(panel, run_worker, bones_file):
    run_worker(
        r"""
        out = sys.stdout.buffer
        out.write(b"plain words\n\xff\xfe\x00\n{\n[]\n{\"event\": \"progress\"}\n{\"event\": \"dance\"}\n")
        out.write(b"{\"event\": \"progress\", \"fraction\": NaN, \"message\": \"\"}\nnull\n" + b"[" * 100000 + b"\n")
        out.flush()
        finish(labels)
        print("no line end", end="")
        """,
        labels=bones_file,
    )
    assert len(segmentations()) == 1
    shown = panel.ui.logEdit.plainText
    assert "plain words" in shown
    assert '{"event": "dance"}' in shown
    assert shown.endswith("no line end")


def test_the_log_keeps_its_newest_256_kib_of_a_flood_and_the_window_lives(
    panel, film_pair, use_worker, spin_until
):
    use_worker("for line in range(60000): print(f'line {line} of a worker that says far too much')")
    beats, beat = [], qt.QTimer()
    beat.timeout.connect(lambda: beats.append(time.monotonic()))
    panel.ui.reconstructButton.click()
    beat.start(10)
    spin_until(lambda: panel.ui.reconstructButton.enabled)
    beat.stop()
    shown = panel.ui.logEdit.plainText
    assert 128 * 1024 < len(shown.encode()) <= 256 * 1024
    assert shown.startswith("[earlier lines were dropped]")
    assert shown.endswith("line 59999 of a worker that says far too much")
    assert max(later - earlier for earlier, later in pairwise(beats)) < 1.0


def test_closing_the_scene_ends_the_run_and_leaves_the_new_scene_alone(
    panel, film_pair, use_worker, spin, spin_until
):
    use_worker(FOREVER)
    panel.ui.reconstructButton.click()
    spin_until(lambda: panel.ui.progressBar.value == 30)
    slicer.mrmlScene.Clear(0)
    spin_until(lambda: panel.ui.reconstructButton.enabled)
    spin(0.1)
    assert not panel.logic.is_running()
    assert "scene was closed" in panel.ui.statusLabel.text
    assert segmentations() == []
    assert leftovers() == []
    assert panel.parameters.ap_volume is None
    assert panel.ui.apSelector.currentNode() is None


def test_films_deleted_during_the_run_do_not_lose_the_result(
    panel, film_pair, use_worker, spin_until, bones_file, tmp_path
):
    use_worker(
        """
        while not os.path.exists(go):
            time.sleep(0.01)
        finish(labels)
        """,
        labels=bones_file,
        go=str(tmp_path / "go"),
    )
    panel.ui.reconstructButton.click()
    for film in film_pair:
        slicer.mrmlScene.RemoveNode(film)
    (tmp_path / "go").touch()
    spin_until(lambda: panel.ui.reconstructButton.enabled)
    assert len(segmentations()) == 1


@pytest.fixture
def library_kept():
    """Put the library's modules back after they were loaded anew: other tests hold classes of the first ones."""
    kept = {name: module for name, module in sys.modules.items() if name.split(".")[0] == "SwinX2SLib"}
    yield
    for name in [name for name in sys.modules if name.split(".")[0] == "SwinX2SLib"]:
        del sys.modules[name]
    sys.modules.update(kept)


def test_reloading_the_module_during_a_run_ends_it_and_gives_a_working_panel(
    module_widget, film_pair, use_worker, spin, spin_until, library_kept
):
    use_worker(FOREVER)
    old = module_widget.panel
    old.ui.reconstructButton.click()
    spin_until(lambda: old.ui.progressBar.value == 30)
    module_widget.onReload()
    assert leftovers() == []
    assert not old.logic.is_running()
    new = slicer.modules.SwinX2SWidget.panel
    assert new is not old
    assert new.parameters.ap_volume is film_pair[0]
    assert new.ui.apSelector.currentNode() is film_pair[0]
    spin(0.1)


def test_unloading_the_module_ends_the_run_before_it_returns(
    module_widget, film_pair, use_worker, spin_until
):
    use_worker(FOREVER)
    panel = module_widget.panel
    panel.ui.reconstructButton.click()
    spin_until(lambda: panel.ui.progressBar.value == 30)
    module_widget.cleanup()
    assert not panel.logic.is_running()
    assert leftovers() == []
