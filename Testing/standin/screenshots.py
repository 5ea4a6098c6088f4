"""Pictures of the module: `python Testing/standin/screenshots.py FOLDER`.

The panel as the stand-in draws it (empty, with films, with faults, during a run, after it), and the bones in Slicer's
own 3D view, offscreen.
"""

import argparse
import os
import sys
import tempfile
import time
import types
from pathlib import Path

_HERE = Path(__file__).resolve().parent
for _folder in (_HERE, _HERE / "desktop", _HERE.parent / "slicer", _HERE.parents[1]):
    sys.path.insert(0, str(_folder))

import qt  # noqa: E402
import slicer  # noqa: E402
import slicer.util  # noqa: E402
import slicer_desktop  # noqa: E402
from block_bones import block_bones, write_labels  # noqa: E402
from films import film_array  # noqa: E402
from three_d_view import ThreeDView  # noqa: E402
from workers import worker_script  # noqa: E402

WIDTH, HEIGHT = 460, 860
_SLOW_WORKER = """
tell(event="progress", fraction=0.42, message="Reconstructing, layer 17 of 40")
print("loading the model took 1.2 s")
while not os.path.exists(go):
    time.sleep(0.02)
finish(labels)
"""


def wait(condition) -> None:
    until = time.monotonic() + 30
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError("the panel did not get there")
        qt.QApplication.processEvents()
        time.sleep(0.01)


class Photographer:
    """Grabs the module's widget."""

    def __init__(self, widget: qt.QWidget, folder: Path):
        self._widget, self._folder = widget, folder
        widget.resize(WIDTH, HEIGHT)

    def shoot(self, name: str) -> None:
        for _ in range(5):
            qt.QApplication.processEvents()
        self._widget.grab().save(str(self._folder / f"{name}.png"))
        print(self._folder / f"{name}.png")


def add_film(name: str, spacing_mm: float, seed: int, rows: int = 240):
    import numpy as np

    geometry = np.diag([-spacing_mm, -spacing_mm, spacing_mm, 1.0])
    return slicer.util.addVolumeFromArray(
        film_array(rows, seed=seed)[np.newaxis], ijkToRAS=geometry, name=name
    )


def photograph_panel(panel, camera: Photographer, folder: Path) -> None:
    ui = types.SimpleNamespace()
    for section in panel.sections.values():
        vars(ui).update(vars(section.ui))
    camera.shoot("panel_empty")
    ui.apSelector.setCurrentNode(add_film("Spine AP standing", 1.0, seed=1))
    ui.lateralSelector.setCurrentNode(add_film("Spine lateral standing", 1.43, seed=2, rows=250))
    camera.shoot("panel_films")
    ui.reconstructButton.click()
    camera.shoot("panel_faults")
    ui.filmTabs.currentIndex = 2
    camera.shoot("panel_heights")
    ui.filmTabs.currentIndex = 0
    ui.apSpacingBox.value = 1.43
    ui.lateralSpacingBox.value = 1.4
    labels = write_labels(folder / "labels.nii.gz", block_bones())
    panel.services.logic._make_command = worker_script(
        folder, _SLOW_WORKER, labels=str(labels), go=str(folder / "go")
    )
    ui.reconstructButton.click()
    ui.logSection.collapsed = False
    wait(lambda: ui.progressBar.value == 42 and ui.logEdit.plainText)
    camera.shoot("panel_running")
    (folder / "go").touch()
    wait(lambda: not ui.cancelButton.enabled)
    camera.shoot("panel_done")


def photograph_bones(folder: Path) -> None:
    view = ThreeDView()
    for name, direction in (("front", "Anterior"), ("left", "Left")):
        view.look_from(getattr(slicer.vtkMRMLCameraNode, direction))
        view.save(folder / f"bones_{name}.png")
        print(folder / f"bones_{name}.png")
    view.close()


def compose_cover(folder: Path) -> None:
    """Put the panel and the bones side by side."""
    from PIL import Image

    panel, bones = (
        Image.open(folder / f"{name}.png").convert("RGB") for name in ("panel_done", "bones_front")
    )
    height = panel.height
    bones = bones.resize((round(bones.width * height / bones.height), height))
    cover = Image.new("RGB", (panel.width + bones.width, height))
    cover.paste(panel, (0, 0))
    cover.paste(bones, (panel.width, 0))
    cover.save(folder / "cover.png", optimize=True)
    print(folder / "cover.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--labels", type=Path, help="show these bones in 3D (a label volume, ids of anatomy)")
    parsed = parser.parse_args()
    parsed.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        slicer_desktop.boot(temporary)
        module = slicer_desktop.load_module(_HERE.parents[1] / "SwinX2S" / "SwinX2S.py")
        module.widgetRepresentation().show()
        camera = Photographer(module.widgetRepresentation(), parsed.folder)
        photograph_panel(slicer.modules.SwinX2SWidget.panel, camera, Path(temporary))
        if parsed.labels:
            from SwinX2SLib.slicerui.segmentation_import import import_segmentation

            slicer.mrmlScene.Clear(1)
            import_segmentation(parsed.labels, "Bones")
        photograph_bones(parsed.folder)
        compose_cover(parsed.folder)
        module.unload()
    sys.stdout.flush()
    # VTK's and Qt's objects do not care for the order in which Python would take them down.
    os._exit(0)


if __name__ == "__main__":
    main()
