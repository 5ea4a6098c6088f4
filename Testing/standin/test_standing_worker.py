"""The worker stays alive between runs of the panel: real child processes, and each way in which it ends."""

import psutil
import pytest
import slicer
from scene_state import leftovers, segmentations

# Tells its process, and finishes when it may.
_BODY = """
tell(event="progress", fraction=0.3, message=f"process {os.getpid()}")
while hold and not os.path.exists(hold):
    time.sleep(0.01)
finish(labels)
"""


def children() -> list[psutil.Process]:
    """Return the processes of workers that are there."""
    found = []
    for child in psutil.Process().children(recursive=True):
        try:
            if child.status() != psutil.STATUS_ZOMBIE and "worker" in " ".join(child.cmdline()):
                found.append(child)
        except psutil.NoSuchProcess:
            continue
    return found


@pytest.fixture
def run_once(panel, radiograph_pair, spin_until):
    """Click Reconstruct, wait for the end, and return the process that serves."""

    def run() -> psutil.Process:
        panel.ui.reconstructButton.click()
        spin_until(lambda: not panel.ui.cancelButton.enabled)
        (process,) = children()
        return process

    return run


def test_a_second_run_uses_the_process_of_the_first(panel, run_once, use_worker, bones_file):
    use_worker(_BODY, labels=bones_file, hold="")
    first = run_once()
    assert panel.logic.worker_is_ready()
    assert run_once() == first
    assert len(segmentations()) == 2
    assert leftovers() == []


def test_runs_that_wait_are_served_by_the_same_process(
    panel, radiograph_pair, use_worker, spin_until, bones_file, tmp_path
):
    use_worker(
        _BODY + "open(kept, 'a').write(f'{os.getpid()} ')",
        labels=bones_file,
        hold="",
        kept=str(tmp_path / "pids"),
    )
    for _number in range(3):
        panel.ui.reconstructButton.click()
    spin_until(lambda: not panel.ui.cancelButton.enabled)
    assert len(segmentations()) == 3
    pids = (tmp_path / "pids").read_text().split()
    assert len(set(pids)) == 1


def test_cancel_in_a_second_run_ends_the_process_and_the_next_click_starts_another(
    panel, run_once, use_worker, spin_until, bones_file, tmp_path
):
    use_worker(_BODY, labels=bones_file, hold="")
    run_once()
    use_worker(_BODY, labels=bones_file, hold=str(tmp_path / "go"))
    (tmp_path / "go").touch()
    first = run_once()
    (tmp_path / "go").unlink()
    panel.ui.progressBar.value = 0
    panel.ui.reconstructButton.click()
    spin_until(lambda: panel.ui.progressBar.value == 30)
    panel.ui.cancelButton.click()
    spin_until(lambda: not panel.ui.cancelButton.enabled)
    assert panel.ui.statusLabel.text == "Cancelled."
    assert children() == []
    assert not panel.logic.worker_is_ready()
    (tmp_path / "go").touch()
    assert run_once() != first
    assert len(segmentations()) == 3
    assert leftovers() == []


def test_a_worker_that_is_killed_during_its_second_run_is_told_and_replaced(
    panel, run_once, use_worker, spin_until, bones_file, tmp_path
):
    use_worker(_BODY, labels=bones_file, hold=str(tmp_path / "go"))
    (tmp_path / "go").touch()
    first = run_once()
    (tmp_path / "go").unlink()
    panel.ui.reconstructButton.click()
    spin_until(lambda: panel.ui.progressBar.value == 30)
    first.kill()
    spin_until(lambda: not panel.ui.cancelButton.enabled)
    assert "crashed (SIGKILL)" in panel.ui.statusLabel.text
    (tmp_path / "go").touch()
    assert run_once() != first
    assert len(segmentations()) == 2


def test_a_worker_that_is_killed_while_it_waits_is_replaced_without_a_word(
    panel, run_once, use_worker, spin_until, bones_file
):
    use_worker(_BODY, labels=bones_file, hold="")
    first = run_once()
    first.kill()
    spin_until(lambda: not panel.logic.worker_is_ready())
    assert "bones were reconstructed" in panel.ui.statusLabel.text
    assert run_once() != first
    assert len(segmentations()) == 2


def test_a_job_sent_to_a_worker_that_is_just_ending_for_idleness_runs_in_another(
    panel, radiograph_pair, use_worker, spin_until, bones_file
):
    """The body ends the process between its first job and its second, as a worker does that waited too long."""
    use_worker(_BODY + "tell(event='finished', code=0)\nsys.exit(0)", labels=bones_file, hold="")
    panel.ui.reconstructButton.click()
    panel.ui.reconstructButton.click()
    spin_until(lambda: not panel.ui.cancelButton.enabled)
    assert len(segmentations()) == 2
    assert leftovers() == []


def test_closing_the_scene_ends_a_worker_that_waits(panel, run_once, use_worker, bones_file):
    use_worker(_BODY, labels=bones_file, hold="")
    run_once()
    slicer.mrmlScene.Clear(0)
    assert children() == []


def test_unloading_the_module_ends_a_worker_that_waits(
    module_widget, panel, run_once, use_worker, bones_file
):
    use_worker(_BODY, labels=bones_file, hold="")
    run_once()
    module_widget.cleanup()
    assert children() == []
