"""How long Slicer's event loop is held while a person of 54 bones at 128x128x160 is reconstructed and shown.

`python Testing/bench/event_loop.py`; needs slicer-core and PySide6. The worker is a small one that talks as the real
one does and ends with a whole result; panel, scene and import are the real ones. Two numbers for every phase: seconds
on the clock (on a busy machine they tell of the others, too) and processor seconds of the event loop's thread.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

_HERE = Path(__file__).resolve().parent
for _folder in ("slicer", "standin", "standin/desktop"):
    sys.path.insert(0, str(_HERE.parent / _folder))
sys.path[:0] = [str(_HERE.parents[1]), str(_HERE)]

import qt  # noqa: E402
import slicer  # noqa: E402
import slicer_desktop  # noqa: E402
from heartbeat import Gap, Heartbeat, longest  # noqa: E402
from workers import worker_script  # noqa: E402

_WORKER = """
for step in range(100):
    tell(event="progress", fraction=step / 100, message=f"Step {step}")
    print(f"step {step} of the network", flush=True)
    time.sleep(0.02)
files = {"segmentation": "segmentation.seg.nrrd", "labels": "labels.nii.gz",
         "uncertainty": "uncertainty.nii.gz", "provenance": "provenance.json"}
tell(event="result", files={role: str(Path(made) / name) for role, name in files.items()})
"""


def main() -> None:
    """Print the longest time without an answer, for each phase."""
    with tempfile.TemporaryDirectory() as folder:
        slicer_desktop.boot(folder)
        panel = _panel()
        made = _write_person(Path(folder) / "person")
        panel.services.logic._make_command = worker_script(Path(folder), _WORKER, made=str(made))
        rested = time.monotonic() + 2
        idle = _watch(lambda: time.monotonic() > rested)
        told: list[float] = []
        panel.sections["reconstruct"].ui.progressBar.valueChanged.connect(
            lambda _value: told.append(time.monotonic())
        )
        panel.sections["reconstruct"].reconstruct()
        run = _watch(lambda: not panel.services.logic.is_running())
        # The worker's last progress; what it does after that takes no moment.
        last = told[-2]
        _tell("idle", idle)
        _tell("while the worker works", [gap for gap in run if gap.started <= last])
        shown = [gap for gap in run if gap.started > last]
        _tell("while the bones are shown", shown)
        print(f"showing them took {sum(gap.busy for gap in shown):.2f} s of processor time")
        sys.stdout.flush()
    # VTK's and Qt's objects do not care for the order in which Python would take them down.
    os._exit(0)


def _panel():
    from SwinX2SLib.slicerui.samples import open_sample

    module = slicer_desktop.load_module(_HERE.parents[1] / "SwinX2S" / "SwinX2S.py")
    module.widgetRepresentation().show()
    panel = slicer.modules.SwinX2SWidget.panel
    open_sample("phantom", panel.parameters.parameterNode)
    return panel


def _write_person(folder: Path) -> Path:
    import importing
    import whole_result

    labels, whole_result.AFFINE = importing.person()
    return whole_result.write_whole_result(folder, labels)


def _watch(ended) -> list[Gap]:
    heartbeat = Heartbeat()
    heartbeat.start()
    while not ended():
        qt.QApplication.processEvents()
        time.sleep(0.001)
    # One more beat closes the last gap.
    beats = len(heartbeat.gaps)
    while len(heartbeat.gaps) == beats:
        qt.QApplication.processEvents()
    return heartbeat.stop()


def _tell(name: str, gaps: list[Gap]) -> None:
    gap = longest(gaps)
    slowest = max(each.seconds for each in gaps)
    print(
        f"event loop held, {name:<28} {1000 * gap.busy:7.0f} ms of processor time, {1000 * slowest:7.0f} ms in all"
    )


if __name__ == "__main__":
    main()
