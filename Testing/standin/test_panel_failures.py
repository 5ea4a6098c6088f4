"""The panel with real child processes that go wrong, and with a scene or a module that goes away during a run."""

import time
from itertools import pairwise

import pytest
import qt
import slicer
from scene_state import leftovers, segmentations
from workers import FOREVER


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", ["crashed", "SIGSEGV"]),
        ("os.kill(os.getpid(), signal.SIGKILL)", ["SIGKILL", "memory"]),
        ("print('no such layer', file=sys.stderr)\nsys.exit(3)", ["exited with code 3", "no such layer"]),
        ("pass", ["without a result"]),
        ("raise RuntimeError('out of luck')", ["exited with code 1", "out of luck"]),
        ("tell(event='result', files={'report': 'x'})", ["has no segmentation"]),
        (
            "tell(event='result', files={'labels': '/nowhere/labels.nii.gz'})",
            ["/nowhere/labels.nii.gz", "does not exist"],
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
    assert "radiograph front: Odd pixels. Correct Pixel size." in shown
    assert "Too little memory. Choose a smaller model." in shown
    assert panel.ui.statusLabel.text == "The worker reported 2 problems."


def test_a_command_that_does_not_exist_is_told(panel, radiograph_pair, spin_until):
    panel.logic._make_command = lambda: ["/nowhere/python", "worker"]
    panel.ui.reconstructButton.click()
    spin_until(lambda: not panel.ui.cancelButton.enabled)
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
        sys.exit(0)
        """,
        labels=bones_file,
    )
    assert len(segmentations()) == 1
    shown = panel.ui.logEdit.plainText
    assert "plain words" in shown
    assert '{"event": "dance"}' in shown
    assert shown.endswith("no line end")


def test_the_log_keeps_its_newest_256_kib_of_a_flood_and_the_window_lives(
    panel, radiograph_pair, use_worker, spin_until
):
    use_worker("for line in range(60000): print(f'line {line} of a worker that says far too much')")
    beats, beat = [], qt.QTimer()
    beat.timeout.connect(lambda: beats.append(time.monotonic()))
    panel.ui.reconstructButton.click()
    beat.start(10)
    spin_until(lambda: not panel.ui.cancelButton.enabled)
    beat.stop()
    shown = panel.ui.logEdit.plainText
    assert 128 * 1024 < len(shown.encode()) <= 256 * 1024
    assert shown.startswith("[earlier lines were dropped]")
    assert shown.endswith("line 59999 of a worker that says far too much")
    assert max(later - earlier for earlier, later in pairwise(beats)) < 1.0


def test_closing_the_scene_ends_the_run_and_leaves_the_new_scene_alone(
    panel, radiograph_pair, use_worker, spin, spin_until
):
    use_worker(FOREVER)
    panel.ui.reconstructButton.click()
    spin_until(lambda: panel.ui.progressBar.value == 30)
    slicer.mrmlScene.Clear(0)
    spin_until(lambda: not panel.ui.cancelButton.enabled)
    spin(0.1)
    assert not panel.logic.is_running()
    assert "scene was closed" in panel.ui.statusLabel.text
    assert segmentations() == []
    assert leftovers() == []
    assert panel.parameters.ap_volume is None
    assert panel.ui.apSelector.currentNode() is None


def test_radiographs_deleted_during_the_run_do_not_lose_the_result(
    panel, radiograph_pair, use_worker, spin_until, bones_file, tmp_path
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
    for radiograph in radiograph_pair:
        slicer.mrmlScene.RemoveNode(radiograph)
    (tmp_path / "go").touch()
    spin_until(lambda: not panel.ui.cancelButton.enabled)
    assert len(segmentations()) == 1


def test_reloading_the_module_during_a_run_ends_it_and_gives_a_working_panel(
    module_widget, radiograph_pair, use_worker, spin, spin_until, library_kept, seen
):
    use_worker(FOREVER)
    old = seen(module_widget.panel)
    old.ui.reconstructButton.click()
    spin_until(lambda: old.ui.progressBar.value == 30)
    module_widget.onReload()
    assert leftovers() == []
    assert not old.logic.is_running()
    new = seen(slicer.modules.SwinX2SWidget.panel)
    assert new.whole is not old.whole
    assert new.parameters.ap_volume is radiograph_pair[0]
    assert new.ui.apSelector.currentNode() is radiograph_pair[0]
    spin(0.1)


def test_unloading_the_module_ends_the_run_before_it_returns(
    module_widget, radiograph_pair, use_worker, spin_until, seen
):
    use_worker(FOREVER)
    panel = seen(module_widget.panel)
    panel.ui.reconstructButton.click()
    spin_until(lambda: panel.ui.progressBar.value == 30)
    module_widget.cleanup()
    assert not panel.logic.is_running()
    assert leftovers() == []
