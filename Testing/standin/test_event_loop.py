"""While a worker works, the event loop goes on, and the module never waits in it; `bench/event_loop.py` times it."""

import threading
import time

import pytest
import qt
from block_bones import block_bones
from heartbeat import Heartbeat, longest
from whole_result import write_whole_result

from SwinX2SLib.slicerui.event_loop import run_in_thread
from SwinX2SLib.slicerui.result_loading import load_result

# A worker that tells its progress, and writes as much to its log as a library gone mad.
_TALKATIVE = """
for step in range(60):
    tell(event="progress", fraction=step / 60, message=f"Step {step}")
    print("\\n".join(f"line {step}.{number} " + 60 * "x" for number in range(200)), flush=True)
    time.sleep(0.02)
files = {"segmentation": "segmentation.seg.nrrd", "labels": "labels.nii.gz",
         "uncertainty": "uncertainty.nii.gz", "provenance": "provenance.json"}
tell(event="result", files={role: str(Path(made) / name) for role, name in files.items()})
"""


@pytest.fixture
def waits(monkeypatch):
    """Calls that would keep Slicer waiting."""
    told = []
    for name in ("waitForStarted", "waitForFinished", "waitForReadyRead"):
        monkeypatch.setattr(qt.QProcess, name, lambda *_arguments, name=name: told.append(name))
    yield told
    monkeypatch.undo()


@pytest.fixture(scope="session")
def whole_result(tmp_path_factory):
    return write_whole_result(tmp_path_factory.mktemp("whole") / "out", block_bones())


def test_the_event_loop_is_never_held_for_long_during_a_run(
    panel, radiograph_pair, use_worker, spin_until, whole_result, waits
):
    # What is loaded with the first result of a session is loaded now.
    load_result(whole_result)
    use_worker(_TALKATIVE, made=str(whole_result))
    heartbeat, told = Heartbeat(), []
    panel.ui.progressBar.valueChanged.connect(lambda value: told.append((value, time.monotonic())))
    panel.ui.reconstructButton.click()
    heartbeat.start()
    spin_until(lambda: not panel.ui.cancelButton.enabled, seconds=120)
    beats = len(heartbeat.gaps)
    spin_until(lambda: len(heartbeat.gaps) > beats)
    gaps = heartbeat.stop()
    assert told[-1][0] == 100, panel.ui.statusLabel.text
    last = told[-2][1]
    during = [gap for gap in gaps if gap.ended <= last]
    shown = [gap for gap in gaps if gap.started >= last]
    assert len(during) > 20
    # Surfaces, radiographs, outlines and the table are made in pieces, with room for drawing in between.
    assert len(shown) > 5
    assert waits == []


def test_cancelling_waits_for_nothing(panel, radiograph_pair, use_worker, spin_until, waits):
    use_worker("time.sleep(600)")
    panel.ui.reconstructButton.click()
    heartbeat = Heartbeat()
    heartbeat.start()
    spin_until(panel.logic.is_running)
    panel.ui.cancelButton.click()
    spin_until(lambda: not panel.ui.cancelButton.enabled)
    heartbeat.stop()
    assert waits == []


def test_a_held_event_loop_would_be_noticed(desktop, spin):
    heartbeat = Heartbeat()
    heartbeat.start()
    spin(0.05)
    until = time.thread_time() + 0.15
    while time.thread_time() < until:
        pass
    spin(0.05)
    assert longest(heartbeat.stop()).busy > 0.14


def test_what_is_computed_beside_comes_back_and_timers_tick_meanwhile(desktop):
    ticks = []
    timer = qt.QTimer()
    timer.timeout.connect(lambda: ticks.append(threading.current_thread()))
    timer.start(10)
    thread = run_in_thread(lambda: time.sleep(0.3) or threading.current_thread())
    timer.stop()
    assert thread is not threading.current_thread()
    assert len(ticks) >= 2
    assert set(ticks) == {threading.current_thread()}


def test_what_goes_wrong_beside_is_raised(desktop):
    with pytest.raises(ZeroDivisionError):
        run_in_thread(lambda: 1 / 0)
