"""3D Slicer module SwinX2S: bones in three dimensions from a frontal and a lateral radiograph.

Slicer looks for the four classes below; what they do is in `SwinX2SLib.slicerui`.
"""

import sys
from pathlib import Path

import qt
import slicer
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

from SwinX2SLib.resources import resource_path  # noqa: E402 - only now on the path

_HELP = """
Reconstructs spine, ribs, pelvis and femora from an AP (or PA) and a lateral radiograph of the same person.
Choose both films, check the pixel sizes, click Reconstruct. The bones arrive as one segmentation.
For research; not a medical device. See the <a href="https://github.com/SwinX2S/SwinX2S">tutorial</a>.
"""
_ACKNOWLEDGEMENT = """
The method follows Liu et al., Swin-X2S: Reconstructing 3D Shape from 2D Biplanar X-ray with Swin Transformers (2025).
"""


class SwinX2S(ScriptedLoadableModule):
    """What Slicer's module list shows."""

    def __init__(self, parent):
        super().__init__(parent)
        parent.title = "SwinX2S"
        parent.categories = ["Segmentation"]
        parent.dependencies = []
        parent.contributors = ["The SwinX2S contributors"]
        parent.helpText = _HELP
        parent.acknowledgementText = _ACKNOWLEDGEMENT
        parent.icon = qt.QIcon(str(resource_path("Icons", "SwinX2S.png")))


class SwinX2SWidget(ScriptedLoadableModuleWidget):
    """The module's panel, between Slicer and `slicerui.panel`."""

    def setup(self):
        """Make the panel."""
        super().setup()
        from SwinX2SLib.slicerui.panel import ReconstructionPanel

        self.logic = SwinX2SLogic()
        self.panel = ReconstructionPanel(self.layout, self.logic.reconstruction, self.logic.getParameterNode)

    def enter(self):
        """Show the parameters of the scene, which may have been replaced since."""
        self.panel.enter()

    def exit(self):
        """Do nothing: a run goes on while the user works in other modules."""

    def cleanup(self):
        """End a run; the module is unloaded or loaded anew."""
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
    """Slicer's self-test: the whole line from two films to segments."""

    def setUp(self):
        """Start from an empty scene."""
        slicer.mrmlScene.Clear(0)

    def runTest(self):
        """Run every part of the self-test."""
        from SwinX2SLib.slicerui.parameters import ReconstructionParameters
        from SwinX2SLib.slicerui.selftest import run_self_test

        self.setUp()
        run_self_test(self.delayDisplay, lambda: ReconstructionParameters(SwinX2SLogic().getParameterNode()))
