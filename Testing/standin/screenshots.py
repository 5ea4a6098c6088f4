"""Pictures of the module: `make screenshots`, or `python Testing/standin/screenshots.py FOLDER`.

The running panel as the stand-in draws it, section by section, while the real worker reconstructs a sample; and
the bones in Slicer's own 3D view, offscreen. Look at them after a change.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

_HERE = Path(__file__).resolve().parent
for _folder in (_HERE, _HERE / "desktop", _HERE.parent / "slicer", _HERE.parents[1]):
    sys.path.insert(0, str(_folder))

import qt  # noqa: E402
import slicer  # noqa: E402
import slicer.util  # noqa: E402
import slicer_desktop  # noqa: E402
from PIL import Image  # noqa: E402
from radiographs import radiograph_array  # noqa: E402
from three_d_view import ThreeDView  # noqa: E402

from SwinX2SLib.slicerui.panel import TABS, Tabs  # noqa: E402
from SwinX2SLib.weights.manifest import default_name  # noqa: E402

WIDTH = 400
LARGEST_BYTES = 300_000
# Of the README's bench.
USUAL_SECONDS = 8.2
_TIMEOUT_SECONDS = 1200


def wait(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + _TIMEOUT_SECONDS
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError("the panel did not get there")
        settle(1)
        time.sleep(0.01)


def settle(rounds: int = 8) -> None:
    """Let layouts and folds find their places."""
    for _ in range(rounds):
        qt.QApplication.processEvents()
        qt.QApplication.sendPostedEvents(None, qt.QEvent.DeferredDelete)


class Photographer:
    """Takes pictures of the panel's tabs, as wide as a docked panel is."""

    def __init__(self, widget: qt.QWidget, tabs: Tabs, folder: Path):
        self._widget, self._tabs, self._folder = widget, tabs, folder

    def shoot(self, tab: str, name: str, section: str = "", inner: tuple = ()) -> None:
        """Take a picture of the panel with one tab in front.

        Args:
            tab: its name.
            name: of the picture.
            section: the only one that is unfolded; all where none is named.
            inner: collapsible parts of a section that are open, too.
        """
        self._tabs.show(tab)
        page = self._tabs.widget.currentWidget()
        layout = page.layout()
        if len(TABS[tab]) > 1:
            for index, shown in enumerate(TABS[tab]):
                layout.itemAt(index).widget().collapsed = section not in ("", shown)
        for part in inner:
            part.collapsed = False
        self._fit()
        self._save(self._widget.grab(), name)

    def _fit(self) -> None:
        # Words that wrap know their height only once they have their width.
        for _ in range(3):
            layout = self._widget.layout()
            height = (
                layout.heightForWidth(WIDTH) if layout.hasHeightForWidth() else layout.sizeHint().height()
            )
            self._widget.resize(WIDTH, max(height, 200) + 12)
            settle()

    def _save(self, picture: qt.QPixmap, name: str) -> None:
        path = self._folder / f"{name}.png"
        picture.save(str(path))
        tell(path)


def tell(path: Path) -> None:
    """Save a picture with 256 colours, and say how large it is."""
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(256, dither=Image.Dither.FLOYDSTEINBERG).save(path, optimize=True)
    size = path.stat().st_size
    if size > LARGEST_BYTES:
        raise SystemExit(f"{path} takes {size} bytes; {LARGEST_BYTES} are allowed.")
    print(f"{path} ({size // 1024} KiB)", flush=True)


def photograph_faults(panel, camera: Photographer) -> None:
    """A user's first try: two radiographs without a pixel size."""
    import numpy as np

    for role, seed in (("ap", 1), ("lateral", 2)):
        pixels = radiograph_array(240, seed=seed)[np.newaxis]
        radiograph = slicer.util.addVolumeFromArray(
            pixels, ijkToRAS=np.diag([-1.0, -1, 1, 1]), name=f"Spine {role}"
        )
        setattr(panel.parameters, f"{role}_volume", radiograph)
    settle()
    camera.shoot("radiographs", "faults")
    slicer.mrmlScene.Clear(0)
    panel.enter()


def photograph_run(panel, camera: Photographer) -> None:
    """Open the sample as a user does, and reconstruct it."""
    sample = slicer.modules.sampleDataSources["SwinX2S"][0]
    sample.customDownloader(sample)
    settle()
    camera.shoot("radiographs", "inputs")
    section = panel.sections["reconstruct"]
    # As after a first run on an idle machine; the one that makes the pictures may be busy.
    panel.services.settings.set(f"seconds/{default_name()}/cpu", USUAL_SECONDS)
    section.refresh()
    section.ui.reconstructButton.click()
    wait(lambda: section.ui.progressBar.value >= 20 or not panel.services.logic.is_running())
    camera.shoot("radiographs", "running", "reconstruct")
    wait(lambda: not panel.services.logic.is_running())
    if panel.sections["result"].parameters.result_segmentation is None:
        raise SystemExit(section.ui.statusLabel.text)
    panel.services.settings.set(f"seconds/{default_name()}/cpu", USUAL_SECONDS)
    measurements = panel.sections["measurements"]
    measurements.measure()
    wait(lambda: measurements.ui.measureButton.enabled)
    if measurements.session is None:
        raise SystemExit(measurements.ui.measureStatusLabel.text)


def photograph_sections(panel, camera: Photographer) -> None:
    """Every section as it stands when a result is there."""
    models = panel.sections["models"].ui
    models.modelsTable.selectRow(0)
    for tab, sections in TABS.items():
        for section in sections if tab != "radiographs" else ():
            camera.shoot(tab, section, section, inner=(models.importSection,))


def photograph_bones(panel, folder: Path) -> None:
    from SwinX2SLib.slicerui.result.views import frame_result

    result = panel.sections["result"]
    view = ThreeDView(640, 760)
    view.window.Render()
    switches = [
        result.ui.apRadiographBox,
        result.ui.lateralRadiographBox,
        result.ui.apOutlinesBox,
        result.ui.lateralOutlinesBox,
    ]
    for name, radiographs, confidence, turn in (
        ("bones", False, False, 0),
        ("bones_radiographs", True, False, -35),
        ("bones_confidence", False, True, 0),
    ):
        for box in switches:
            box.checked = radiographs
        result.ui.confidenceBox.checked = confidence
        settle()
        frame_result(result.parameters.result_segmentation)
        view.renderer.GetActiveCamera().Azimuth(turn)
        view.renderer.ResetCamera()
        view.renderer.ResetCameraClippingRange()
        view.save(folder / f"{name}.png")
        tell(folder / f"{name}.png")
    result.ui.confidenceBox.checked = False
    view.close()


def compose_cover(folder: Path) -> None:
    """Put the panel and the bones side by side."""
    panel, bones = (
        Image.open(folder / f"{name}.png").convert("RGB") for name in ("result", "bones_radiographs")
    )
    panel = panel.resize(
        (round(panel.width * bones.height / panel.height), bones.height), Image.Resampling.LANCZOS
    )
    cover = Image.new("RGB", (panel.width + bones.width, bones.height), "white")
    cover.paste(panel, (0, 0))
    cover.paste(bones, (panel.width, 0))
    # The background's smooth gradient takes most of the room.
    cover.quantize(256, dither=Image.Dither.NONE).save(folder / "cover.png", optimize=True)
    tell(folder / "cover.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        # Nobody's imported models are to be in the pictures, and no machine's folders; this one is not made.
        os.environ["SWINX2S_CACHE"] = "/home/you/.cache/swinx2s"
        slicer_desktop.boot(temporary)
        module = slicer_desktop.load_module(_HERE.parents[1] / "SwinX2S" / "SwinX2S.py")
        slicer.app.complete_startup()
        module.widgetRepresentation().show()
        panel = slicer.modules.SwinX2SWidget.panel
        panel.enter()
        camera = Photographer(module.widgetRepresentation(), panel.tabs, folder)
        photograph_faults(panel, camera)
        photograph_run(panel, camera)
        photograph_bones(panel, folder)
        photograph_sections(panel, camera)
        compose_cover(folder)
        module.unload()
    sys.stdout.flush()
    # VTK's and Qt's objects do not care for the order in which Python would take them down.
    os._exit(0)


if __name__ == "__main__":
    main()
