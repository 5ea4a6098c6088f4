"""3D Slicer module SwinX2S: bones in three dimensions from a frontal and a lateral radiograph.

Slicer looks for the four classes below; what they do is in `SwinX2SLib.slicerui`.

This file, and what it imports at its top, must load in the Python 3.9 of Slicer 5.8, too, to say what is needed.
"""

import sys
from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)

# Slicer puts only this file's folder on the path. Installed, the library lies beside it; in the source tree, above.
_FOLDER = Path(__file__).resolve().parent
for _candidate in (_FOLDER, _FOLDER.parent):
    if (_candidate / "SwinX2SLib").is_dir() and str(_candidate) not in sys.path:
        sys.path.append(str(_candidate))

from SwinX2SLib.resources import resource_path  # noqa: E402 - the library is on the path only from here on

# Slicer 5.10 and later bring 3.12.
_OLDEST_PYTHON = (3, 11)
_TUTORIAL = "https://github.com/SwinX2S/SlicerSwinX2S/blob/main/Docs/tutorial.md"
_HELP = _("""
<p>Reconstructs spine, ribs, pelvis and femora from an AP (or PA) and a lateral radiograph of the same person.
Research use only; not a medical device.</p>
<ol>
<li><b>Radiographs</b>: select or drop both radiographs (or load a sample: File, Download Sample Data); check pixel
sizes, orientation and vertical alignment; click Reconstruct. The reconstruction runs in the background.</li>
<li><b>Result</b>: regions, radiographs and outlines in 3D, confidence of every bone, export.</li>
<li><b>Measurements</b>: neck-shaft angles, pelvis and vertebral canal first; all values with draggable landmarks,
review, report.</li>
<li><b>Research</b>: comparison with a segmented CT; processing of many pairs.</li>
<li><b>Setup</b>: installed packages and models, import of models, installation without internet.</li>
</ol>
<p>The <a href="{0}">tutorial</a> describes every step with screenshots.</p>
""").format(_TUTORIAL)
_ACKNOWLEDGEMENT = _("""
The method is based on Liu et al., Swin-X2S: Reconstructing 3D Shape from 2D Biplanar X-ray with Swin
Transformers (2025).
""")


def unsupported_version():
    """Return a sentence that names the needed version of Slicer, "" where this one is new enough."""
    if sys.version_info[:2] >= _OLDEST_PYTHON:
        return ""
    this = f"{slicer.app.majorVersion}.{slicer.app.minorVersion}"
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return _("SwinX2S needs Slicer 5.10 or newer (this is Slicer {0}, Python {1}).").format(this, python)


class SwinX2S(ScriptedLoadableModule):
    """Entry of the module in Slicer."""

    def __init__(self, parent):
        super().__init__(parent)
        parent.title = _("SwinX2S: bones from biplanar radiographs")
        parent.categories = [translate("qSlicerAbstractCoreModule", "Segmentation")]
        parent.dependencies = []
        parent.contributors = ["The SwinX2S contributors"]
        parent.helpText = _HELP
        parent.acknowledgementText = _ACKNOWLEDGEMENT
        parent.icon = qt.QIcon(str(resource_path("Icons", "SwinX2S.png")))
        if not unsupported_version():
            # The module Sample Data may be loaded after this one.
            slicer.app.connect("startupCompleted()", offer_samples)
            slicer.app.connect("startupCompleted()", follow_scene)


def offer_samples():
    """Put the demo's radiographs into the module Sample Data."""
    from SwinX2SLib.slicerui.samples import register_samples

    register_samples(lambda: SwinX2SLogic().getParameterNode())


def follow_scene():
    """Show the pictures of radiographs whenever a scene was opened, before the module is looked at, too."""
    from SwinX2SLib.slicerui.result import reopening

    reopening.follow_scene(slicer.mrmlScene)


class SwinX2SWidget(ScriptedLoadableModuleWidget):
    """The module's panel, between Slicer and `slicerui.panel`; one sentence where Slicer is too old."""

    panel = None

    def setup(self):
        """Make the panel."""
        super().setup()
        if words := unsupported_version():
            label = qt.QLabel(words)
            label.setWordWrap(True)
            self.layout.addWidget(label)
            self.layout.addStretch(1)
            return
        from SwinX2SLib.slicerui.panel import ReconstructionPanel

        self.logic = SwinX2SLogic()
        self.panel = ReconstructionPanel(self.layout, self.logic.reconstruction, self.logic.getParameterNode)

    def enter(self):
        """Show the parameters of the scene, which may have been replaced since."""
        if self.panel is not None:
            self.panel.enter()

    def exit(self):
        """Give the views back; a run goes on while the user works in other modules."""
        if self.panel is not None:
            self.panel.exit()

    def cleanup(self):
        """End a run; the module is unloaded or loaded anew."""
        if self.panel is not None:
            self.panel.close()

    def onReload(self):
        """Load the library anew too, not only this file."""
        for name in [name for name in sys.modules if name.split(".")[0] == "SwinX2SLib"]:
            del sys.modules[name]
        super().onReload()


class SwinX2SLogic(ScriptedLoadableModuleLogic):
    """Parameter node of the module, and the logic that starts reconstructions."""

    def __init__(self):
        super().__init__()
        from SwinX2SLib.slicerui.logic import ReconstructionLogic

        self.reconstruction = ReconstructionLogic()


class SwinX2STest(ScriptedLoadableModuleTest):
    """Slicer's self-test: the whole workflow, from a sample to a saved scene."""

    def setUp(self):
        """Start from an empty scene."""
        slicer.mrmlScene.Clear(0)

    def runTest(self):
        """Run every part of the self-test, in the module's own panel."""
        if words := unsupported_version():
            raise RuntimeError(words)
        from SwinX2SLib.slicerui.selftest import run_self_test

        self.setUp()
        slicer.modules.swinx2s.widgetRepresentation()
        run_self_test(self.delayDisplay, slicer.modules.SwinX2SWidget.panel)
